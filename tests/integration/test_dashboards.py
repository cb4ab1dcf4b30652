"""Every query of every dashboard and alert, as Grafana would send it, against a real InfluxDB that holds a plant."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from floor import Floor
from given_server import Databases, LocalServer, given_server
from grafana_floor import filled, say_status
from grafana_plant import SERIAL, plant

from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_contract.record import FIRST_SCHEMA, SCHEMA

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "config" / "grafana"
BOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
ALERTS = json.loads((GRAFANA / "provisioning" / "alerting" / "gaugetrail.json").read_text("utf-8"))
NOW = datetime.now(UTC)
VARIABLES = {"identifier": SERIAL}

pytestmark = pytest.mark.influxdb


NOT_IN_THE_FIRST = {
    *("machine", "operation", "shift", "customer", "order_line", "verifier", "override", "bypass", "unit_state"),
    *("again_reason", "conditions", "instruction", "interruptions"),
    *("class", "requirement", "lcl", "cl", "ucl", "control_version", "signal_rules", "subgroup", "skipped", "found"),
    *("earlier", "typed_twice", "uncertainty", "certificate", "gauge_check", "checked"),
    *("by", "role", "reason_code", "reason", "approved_by", "attachments", "subjects"),
}
"""Columns that may be empty where all records are of the first schema."""
ONLY_OF_THE_SECOND = {"Signals", "Overrides and bypasses", "Overridden or bypassed"}
"""Panels that have no rows there."""


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    """An InfluxDB with two hours of inspections, and what agents and collector said of themselves: `gaugetrail` as it
    is written today, `first` as 0.1 wrote it.
    """
    with Floor(tmp_path_factory.mktemp("grafana")) as floor:
        given = given_server()
        if given is None:
            floor.influxd()
        server: Databases = LocalServer(floor) if given is None else given
        for database, schema in (("gaugetrail", SCHEMA), ("first", FIRST_SCHEMA)):
            server.make(database)
            store = InfluxStore(server.address(database))
            store.open()
            store.write(plant(NOW, schema=schema))
            say_status(store, NOW)
            store.close()
        yield server
        for database in ("gaugetrail", "first", "streak") if given is not None else ():
            given.drop(database)


def table(server: Databases, query: str, database: str = "gaugetrail", **variables: str) -> list[dict[str, object]]:
    """The rows that Grafana would show: tags and columns by name."""
    asked = filled(query, VARIABLES | variables, NOW - timedelta(hours=6), NOW + timedelta(minutes=1))
    (result,) = server.influx(asked, database)["results"]  # type: ignore[misc]
    assert "error" not in result, (asked, result)
    return [
        series.get("tags", {}) | dict(zip(series["columns"], row, strict=True))
        for series in result.get("series", ())
        for row in series["values"]
    ]


def empty(found: list[dict[str, object]]) -> set[str]:
    """The columns that no row has a value in."""
    return {name for name in found[0] if all(row[name] is None for row in found)}


def panels() -> list[tuple[str, str, str]]:
    return [
        (uid, panel["title"], target["query"])
        for uid, board in BOARDS.items()
        for panel in board["panels"]
        for target in panel["targets"]
    ]


def query_of(board: str, title: str) -> str:
    (found,) = [query for uid, name, query in panels() if (uid, name) == (board, title)]
    return found


@pytest.mark.parametrize(("board", "title", "query"), panels(), ids=lambda value: str(value)[:40])
def test_each_column_of_each_panel_has_a_value(grafana: Databases, board: str, title: str, query: str) -> None:
    found = table(grafana, query)
    assert found, f"{board}, {title}: {query}"
    assert set() == empty(found), f"{board}, {title}: empty columns"


@pytest.mark.parametrize(("board", "title", "query"), panels(), ids=lambda value: str(value)[:40])
def test_records_of_the_first_schema_show_as_before(grafana: Databases, board: str, title: str, query: str) -> None:
    """What they don't say is an empty column; only panels of what they can't say have no rows."""
    found = table(grafana, query, "first")
    assert bool(found) is (title not in ONLY_OF_THE_SECOND), f"{board}, {title}: {query}"
    assert set() == (empty(found) if found else set()) - NOT_IN_THE_FIRST, f"{board}, {title}: empty columns"


@pytest.mark.parametrize("uid", BOARDS)
def test_each_named_column_is_asked_for(grafana: Databases, uid: str) -> None:
    for panel in BOARDS[uid]["panels"]:
        for change in panel.get("transformations", ()):
            named = set(change["options"].get("renameByName", ())) - {"Time"}
            assert named <= set(table(grafana, panel["targets"][0]["query"])[0]), (uid, panel["title"])


def test_run_charts_draw_the_control_limits_as_used(grafana: Databases) -> None:
    for board, title in (
        ("gaugetrail-characteristic", "Values and limits"),
        ("gaugetrail-station", "Measurements: $characteristic"),
    ):
        bores = [row for row in table(grafana, query_of(board, title)) if row["characteristic"] == "bore"]
        assert len(bores) == 120
        assert all((row["lcl"], row["cl"], row["ucl"]) == (73.99, 74.01, 74.06) for row in bores)
        (panel,) = [one for one in BOARDS[board]["panels"] if one["title"] == title]
        drawn = {one["matcher"]["options"].split()[-1].strip("$") for one in panel["fieldConfig"]["overrides"]}
        assert drawn == {"lsl", "usl", "nominal", "lcl", "cl", "ucl"}


def test_a_line_of_a_run_chart_matches_its_column_alone() -> None:
    """`cl` is the end of `lcl` and `ucl`, too."""
    (panel,) = [one for one in BOARDS["gaugetrail-station"]["panels"] if one["title"].startswith("Measurements")]
    for one in panel["fieldConfig"]["overrides"]:
        names = [f"OP20 bore {column}" for column in ("value", "lsl", "usl", "nominal", "lcl", "cl", "ucl")]
        assert len([name for name in names if re.fullmatch(one["matcher"]["options"], name)]) == 1


def test_signals_name_their_rule_and_the_limits(grafana: Databases) -> None:
    found = table(grafana, query_of("gaugetrail-characteristic", "Signals"))
    assert len([number for number in range(120) if number % 7 == 0]) == len(found)
    assert {("beyond limits", "v3", "CC")} == {
        (row["signal_rules"], row["control_version"], row["class"]) for row in found
    }


def test_overrides_say_who_and_why(grafana: Databases) -> None:
    found = table(grafana, query_of("gaugetrail-audit", "Overrides and bypasses"))
    assert [row["serial"] for row in found] == ["SN000105", "SN000084", SERIAL, "SN000042", "SN000021", "SN000000"]
    assert found[0]["override"] == "who QE-1, why sample for the customer, approved by QM"
    assert (found[0]["bypass"], found[0]["unit_state"], found[0]["verifier"]) == ("BY-2", "hold", "OP-31")
    (count,) = table(grafana, query_of("gaugetrail-audit", "Overridden or bypassed"))
    assert count["count"] == 6


def test_a_unit_is_found_in_an_event_about_its_lot(grafana: Databases) -> None:
    found = table(grafana, query_of("gaugetrail-trace", "Events"))
    assert [(row["type"], row["subject"], row["by"]) for row in found] == [
        ("lot.held", "L7", "QE-1"),
        ("unit.blocked", SERIAL, None),
    ]
    assert table(grafana, query_of("gaugetrail-trace", "Events"), identifier=SERIAL[:-1]) == []


@pytest.mark.parametrize(
    ("identifier", "count"),
    [(SERIAL, 1), ("L7", 120), ("O-1", 120), ("OP-12", 120), ("C-100", 120), ("OP-31", 6), ("MC-4", 0), ("", 0)],
)
def test_traceability_finds_inspections_by_what_they_carry(grafana: Databases, identifier: str, count: int) -> None:
    for title in ("Inspections", "Circumstances"):
        assert count == len(table(grafana, query_of("gaugetrail-trace", title), identifier=identifier))


def test_traceability_finds_nothing_for_an_empty_word_where_no_record_names_a_customer(grafana: Databases) -> None:
    for title in ("Inspections", "Circumstances", "Measurements", "Events", "Filed under"):
        assert table(grafana, query_of("gaugetrail-trace", title), "first", identifier="") == []


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "' OR 1=1 --",
            "' OR '1'='1",
            "x'; DROP MEASUREMENT inspection --",
            "\\",
            "\\' OR 1=1 --",
            "/.*/",
            ".*",
            "(.*)",
        ),
        *(
            '$/ OR time > 0 OR "serial" =~ /.',
            "SN.*",
            "SN00006.",
            "$timeFilter",
            "${identifier:regex}",
            '{"regex":".*"}',
        ),
    ],
)
def test_a13_what_is_typed_into_a_dashboard_is_taken_literally(grafana: Databases, typed: str) -> None:
    """No quote, slash or sign of a regular expression finds, or asks for, anything but itself."""
    before = len(table(grafana, "SELECT seq FROM inspection"))
    for title in ("Inspections", "Circumstances", "Measurements", "Events", "Filed under"):
        assert table(grafana, query_of("gaugetrail-trace", title), identifier=typed) == []
    assert before == len(table(grafana, "SELECT seq FROM inspection")) > 0


def test_a13_no_query_takes_a_variable_as_it_was_typed() -> None:
    """Each stands behind `:regex`, which Grafana escapes, and in a regular expression; and what a link hands on is
    encoded for an address.
    """
    own = ("$timeFilter", "$__interval", "$/")
    for uid, title, query in panels():
        bare = [part for part in re.findall(r"\$\{?[\w:]*\}?/?", query) if part not in own]
        assert all(re.fullmatch(r"\$\{\w+:regex\}/?", part) for part in bare), (uid, title, bare)
    for name in re.findall(r"var-[a-z]+=\$\{([^}]*)\}", json.dumps(list(BOARDS.values()))):
        assert name.endswith(":percentencode")


@pytest.mark.parametrize("uid", BOARDS)
def test_each_variable_has_values(grafana: Databases, uid: str) -> None:
    for variable in BOARDS[uid]["templating"]["list"]:
        if variable["type"] == "query":
            assert table(grafana, variable["query"]), (uid, variable["name"])


@pytest.mark.parametrize("rule", ALERTS["groups"][0]["rules"], ids=lambda rule: rule["uid"])
def test_each_alert_has_a_series_to_watch(grafana: Databases, rule: dict[str, object]) -> None:
    (asked, *_) = rule["data"]  # type: ignore[misc]
    assert table(grafana, asked["model"]["query"]), rule["title"]


def test_streak_is_the_last_five_of_a_station(grafana: Databases) -> None:
    """The query behind the alert counts rejects among the last five inspections, station by station; whose rows they
    are by other tags (part, verdict) is all the same to it.
    """
    (rule,) = [rule for rule in ALERTS["groups"][0]["rules"] if rule["uid"] == "gaugetrail-streak"]
    query = rule["data"][0]["model"]["query"]
    last: dict[str, list[bool]] = {}
    for opened in plant(NOW):
        if opened.record.kind == "inspection":
            last.setdefault(opened.record.station, []).append(opened.record.verdict == "fail")
    expected = {station: sum(failed[-5:]) for station, failed in last.items()}
    assert len(set(expected.values())) > 1
    assert expected == {row["station"]: round(float(str(row["failed"])), 6) for row in table(grafana, query)}


def test_streak_of_three_rejects_in_five_fires(grafana: Databases) -> None:
    """Three of the last five rise above the rule's threshold, two don't; each station counts its own."""
    (rule,) = [rule for rule in ALERTS["groups"][0]["rules"] if rule["uid"] == "gaugetrail-streak"]
    asked, _, beyond = rule["data"]
    (above,) = beyond["model"]["conditions"][0]["evaluator"]["params"]
    grafana.make("streak")
    at = int(NOW.timestamp()) * 10**9
    oks = {"OP10": (1, 1, 1, 0, 1, 0, 0), "OP20": (0, 0, 0, 1, 1, 1, 0, 0), "OP30": (1, 0, 0, 0)}
    lines = [
        f"inspection,site=s,line=l,station={station},part=P{place % 2},verdict={'pass' if ok else 'fail'} "
        f"ok={ok}i {at - (20 - place) * 60 * 10**9}"
        for station, row in oks.items()
        for place, ok in enumerate(row)
    ]
    grafana.write_lines("streak", "\n".join(lines))
    found = {
        row["station"]: float(str(row["failed"])) > above for row in table(grafana, asked["model"]["query"], "streak")
    }
    assert found == {"OP10": True, "OP20": False}


def test_links_lead_to_dashboards_that_are_there() -> None:
    text = json.dumps(list(BOARDS.values()))
    named = {part.split("?")[0].split('"')[0] for part in text.split("/d/")[1:]}
    assert named <= set(BOARDS)
    assert named >= {"gaugetrail-trace", "gaugetrail-station"}
