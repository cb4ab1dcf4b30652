"""Every query of every dashboard and alert, as Grafana would send it, against a real InfluxDB that holds a plant."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grafana_floor as plant_of
import pytest
from floor import Floor

from gaugetrail_collector.stores.influx import InfluxStore
from gaugetrail_collector.stores.influx_http import InfluxAddress

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "config" / "grafana"
BOARDS = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))}
ALERTS = json.loads((GRAFANA / "provisioning" / "alerting" / "gaugetrail.json").read_text("utf-8"))
NOW = datetime.now(UTC)
VARIABLES = {"identifier": plant_of.SERIAL}

pytestmark = pytest.mark.influxdb


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """An InfluxDB with two hours of inspections, and what agents and collector said of themselves."""
    with Floor(tmp_path_factory.mktemp("grafana")) as floor:
        floor.influxd()
        store = InfluxStore(InfluxAddress(f"http://127.0.0.1:{floor.influx_port}", "1", "gaugetrail"))
        store.open()
        store.write(plant_of.plant(NOW))
        plant_of.say_status(store, NOW)
        store.close()
        yield floor


def rows(floor: Floor, query: str) -> list[object]:
    asked = plant_of.filled(query, VARIABLES, NOW - timedelta(hours=6), NOW + timedelta(minutes=1))
    (result,) = floor.influx(asked)["results"]  # type: ignore[misc]
    assert "error" not in result, (asked, result)
    return [row for series in result.get("series", ()) for row in series["values"]]


def panels() -> list[tuple[str, str, str]]:
    return [
        (uid, panel["title"], target["query"])
        for uid, board in BOARDS.items()
        for panel in board["panels"]
        for target in panel["targets"]
    ]


@pytest.mark.parametrize(("board", "title", "query"), panels(), ids=lambda value: str(value)[:40])
def test_each_panel_has_rows(grafana: Floor, board: str, title: str, query: str) -> None:
    found = rows(grafana, query)
    assert found, f"{board}, {title}: {query}"
    assert any(value is not None for row in found for value in row[1:]), f"{board}, {title}: only empty cells"


@pytest.mark.parametrize("uid", BOARDS)
def test_each_variable_has_values(grafana: Floor, uid: str) -> None:
    for variable in BOARDS[uid]["templating"]["list"]:
        if variable["type"] == "query":
            assert rows(grafana, variable["query"]), (uid, variable["name"])


@pytest.mark.parametrize("rule", ALERTS["groups"][0]["rules"], ids=lambda rule: rule["uid"])
def test_each_alert_has_a_series_to_watch(grafana: Floor, rule: dict[str, object]) -> None:
    (asked, *_) = rule["data"]  # type: ignore[misc]
    assert rows(grafana, asked["model"]["query"]), rule["title"]


def test_streak_is_the_last_five_of_a_station(grafana: Floor) -> None:
    """The query behind the alert counts rejects among the last five inspections, station by station."""
    (rule,) = [rule for rule in ALERTS["groups"][0]["rules"] if rule["uid"] == "gaugetrail-streak"]
    last: dict[str, list[bool]] = {}
    for opened in plant_of.plant(NOW):
        if opened.record.kind == "inspection":
            last.setdefault(opened.record.station, []).append(opened.record.verdict == "fail")
    expected = sorted(sum(failed[-5:]) for failed in last.values())
    assert expected == sorted(row[1] for row in rows(grafana, rule["data"][0]["model"]["query"]))  # type: ignore[index]


def test_links_lead_to_dashboards_that_are_there() -> None:
    text = json.dumps(list(BOARDS.values()))
    named = {part.split("?")[0].split('"')[0] for part in text.split("/d/")[1:]}
    assert named <= set(BOARDS)
    assert named >= {"gaugetrail-trace", "gaugetrail-station"}
