"""The command `trace` as people and programs meet it: forms, pages, and one clear sentence for a bad question."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from floor import free_port
from samples import T0, inspection
from small_plant import SECOND, chained, correction, fill, happening, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.stores.question import Window
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.record_rows import COLUMNS
from gaugetrail_collector.tracing.time_words import moment_us, window_of
from gaugetrail_contract.seal import Opened

Ask = Callable[..., Result]
AWKWARD = ["' OR 1=1 --", "<script>alert(1)</script>", "[bold]x[/bold]", 'say "x"', "a;b,c", "=1+1", "--lot"]


def plant() -> list[Opened]:
    bodies = [*units(250, 1), *(inspection(serial, 1) for serial in AWKWARD)]
    bodies += [happening("assembly.built", "unit", "PUMP-1", **{"from": ["SN1-00001"]})]
    bodies += [happening("gauge.checked", "gauge", "G-2", result="failed")]
    made = chained(bodies)
    return [*made, *chained([correction(made[3])], "office", "qrstuvwx", T0 + 900 * SECOND, slot=9)]


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trace")
    store = SqliteStore(folder / "store.db")
    store.open()
    fill(store, plant())
    store.close()
    path = folder / "collector.toml"
    path.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    return path


@pytest.fixture
def ask(config: Path) -> Ask:
    def run(*words: str) -> Result:
        return CliRunner().invoke(cli.app, ["trace", "-c", str(config), *words], catch_exceptions=False)

    return run


def test_a_serial_as_json_for_programs(ask: Ask) -> None:
    done = ask("SN1-00004", "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert list(found) == ["identifier", "inspections", "events", "amendments", "next"]
    (unit,) = found["inspections"]
    assert (unit["serial"], unit["amended_by"], len(unit["sha256"])) == ("SN1-00004", ["office/qrstuvwx/1"], 64)
    assert [one["target"] for one in found["amendments"]] == ["pc1/abcdefgh/4"]
    assert found["next"] is None


def test_all_of_a_lot_come_in_one_json_object_whatever_their_number(ask: Ask) -> None:
    found = json.loads(ask("--operator", "OP-12", "--json").stdout)
    assert len(found["inspections"]) == 250 + len(AWKWARD)
    assert found["kind"] == "operator"


def test_a_person_gets_the_first_of_many_and_how_to_go_on(ask: Ask) -> None:
    first = ask("--operator", "OP-12").stdout
    assert first.count(" verdict ") >= 200
    place = first.rpartition("--after '")[2].partition("'")[0]
    second = ask("--operator", "OP-12", "--after", place).stdout
    assert "SN1-00201" in second
    assert "SN1-00200" not in second
    assert "there is more" not in second


def test_csv_has_one_row_a_measurement_with_the_digits_as_sealed(ask: Ask) -> None:
    rows = list(csv.DictReader(io.StringIO(ask("--lot", "L2", "--csv").stdout)))
    assert tuple(rows[0]) == COLUMNS
    assert {row["lot"] for row in rows} == {"L2"}
    assert {row["characteristic"] for row in rows} == {"bore_0", "bore_1"}
    for row in rows:
        assert len(row["value"].partition(".")[2]) == 3
        assert row["margin"]


def test_the_gauge_that_failed_lists_its_units_with_margins(ask: Ask) -> None:
    found = json.loads(ask("--gauge", "G-2", "--since", "2026-01-01", "--json", "--closest-first").stdout)
    assert found["since"] == "2026-01-01T00:00:00.000000Z"
    assert (found["measurements"], found["units"]) == (len(found["measured"]), len(found["measured"]))
    assert found["failed"] == sum(float(one["margin"]) < 0 for one in found["measured"]) > 0
    assert [one["type"] for one in found["events"]] == ["gauge.checked"]
    shown = ask("--gauge", "G-2", "--closest-first").stdout
    assert f"{found['measurements']} measurements of {found['units']} units, {found['failed']} outside" in shown


def test_the_closest_few_are_the_closest_of_all_and_the_counts_are_of_all(ask: Ask) -> None:
    """In a recall: the first ones in time may all be well."""
    every = json.loads(ask("--gauge", "G-2", "--json", "--closest-first").stdout)
    few = json.loads(ask("--gauge", "G-2", "--json", "--closest-first", "--limit", "3").stdout)
    assert few["measured"] == every["measured"][:3]
    assert (few["measurements"], few["units"], few["failed"]) == (
        every["measurements"],
        every["units"],
        every["failed"],
    )
    assert few["next"] is None
    in_time = sorted(every["measured"], key=lambda one: one["measured"])
    assert few["measured"] != in_time[:3]
    shown = ask("--gauge", "G-2", "--closest-first", "--limit", "3").stdout
    assert f"{every['failed']} outside" in shown
    assert "shown are the 3 closest; a larger --limit shows more" in shown


@pytest.mark.parametrize(
    "words", [["SN1-00001"], ["--gauge", "G-2", "--csv"], ["--gauge", "G-2", "--after", "1:a/b/1"]]
)
def test_closest_first_is_refused_where_it_would_be_left_out(ask: Ask, words: list[str]) -> None:
    done = ask(*words, "--closest-first")
    assert done.exit_code == 2
    assert "--closest-first goes with --gauge" in done.stderr


def test_terms_together_narrow_the_answer(ask: Ask) -> None:
    found = json.loads(ask("--lot", "L2", "--order", "PO-1", "--station", "OP20", "--json").stdout)
    assert {(one["lot"], one["order"]) for one in found["inspections"]} == {("L2", "PO-1")}


def test_where_a_unit_went_is_a_tree(ask: Ask) -> None:
    shown = ask("C1-1", "--genealogy").stdout
    assert "serial SN1-00001" in shown
    assert "serial PUMP-1" in shown
    found = json.loads(ask("PUMP-1", "--genealogy", "--json").stdout)
    assert {"kind": "serial", "identifier": "C1-1", "distance": 2} in found["made_from"]["things"]


@pytest.mark.parametrize("serial", AWKWARD)
def test_a13_an_awkward_serial_is_taken_literally(ask: Ask, serial: str) -> None:
    for words in (["--serial", serial], ["--", serial]):
        assert serial in ask(*words).stdout
    (unit,) = json.loads(ask("--serial", serial, "--json").stdout)["inspections"]
    assert unit["serial"] == serial
    raw = ask("--serial", serial, "--csv", "--raw").stdout
    assert {row["serial"] for row in csv.DictReader(io.StringIO(raw))} == {serial}


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["NO-SUCH"], 1, "nothing is known of 'NO-SUCH'"),
        (["NO-SUCH", "--kind", "lot"], 1, "nothing is known of lot 'NO-SUCH'"),
        (["X", "--kind", "colour"], 1, "'colour' is no kind of identifier; there are agent, audit, cavity, "),
        (["X", "--since", "yesterday"], 1, "'yesterday' is no time; write 2026-11-01"),
        (["X", "--since", "2026-13-01"], 1, "'2026-13-01' is no time"),
        (["X", "--last", "soon"], 1, "'soon' is no duration"),
        (["X", "--last", "2d", "--since", "3d"], 1, "--last and --since both say"),
        (["X", "--since", "2026-02-01", "--until", "2026-01-01"], 1, "nothing lies between"),
        (["X", "--since", "1h", "--until", "2h"], 1, "nothing lies between"),
        (["X", "--after", "there"], 1, "'there' is no place in an answer"),
        (["SN\n1"], 1, "it holds the control character U+000A at position 3"),
        (["SN\x1b[31m"], 1, "it holds the control character U+001B"),
        (["e\u0301"], 1, "Unicode normal form C"),
        (["x" * 201], 1, "it has 201 characters; 200 are allowed"),
        ([""], 1, "it is empty"),
        (["\udcff"], 1, "lone surrogate"),
        ([], 2, "say what to trace"),
        (["X", "--json", "--csv"], 2, "give one of them"),
        (["NO-SUCH", "--genealogy"], 1, "no serial, lot, supplier lot or heat is known by 'NO-SUCH'"),
        (["OP-12", "--genealogy"], 1, "no serial, lot, supplier lot or heat is known by 'OP-12'"),
        (["--gauge", "G-404"], 1, "nothing is known of gauge 'G-404'"),
    ],
)
def test_a_bad_question_gets_one_clear_sentence(ask: Ask, words: list[str], code: int, sentence: str) -> None:
    done = ask(*words)
    assert done.exit_code == code
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert sentence in done.stderr


@pytest.mark.parametrize("command", ["trace X", "verify"])
@pytest.mark.parametrize("kind", ["influxdb", "no store", "newer", "folder"])
def test_a_store_that_cannot_answer_is_named_in_one_sentence(tmp_path: Path, command: str, kind: str) -> None:
    table = f'kind = "sqlite"\npath = "{tmp_path}/store.db"\n'
    if kind == "influxdb":
        table = f'kind = "influxdb"\nurl = "http://127.0.0.1:{free_port()}"\nversion = "1"\ndatabase = "d"\n'
    elif kind == "no store":
        (tmp_path / "store.db").write_bytes(b"this is a letter to the editor, and no database" * 30)
    elif kind == "newer":
        store = SqliteStore(tmp_path / "store.db")
        store.open()
        store._db.execute("PRAGMA user_version = 99")
        store.close()
    else:
        (tmp_path / "store.db").mkdir()
    config = tmp_path / "collector.toml"
    config.write_text(f'id = "c1"\ndata_dir = "data"\n[store]\n{table}')
    done = CliRunner().invoke(cli.app, [*command.split(), "-c", str(config)], catch_exceptions=False)
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("the store can't answer: ")


NOW = 1_790_000_000_000_000


@pytest.mark.parametrize(
    ("text", "ago_secs"),
    [
        ("30d", 30 * 86400),
        ("12h", 43200),
        ("45m", 2700),
        ("90s", 90),
        ("2w", 1209600),
        ("P1DT12H", 129600),
        ("PT5M", 300),
    ],
)
def test_a_duration_counts_back_from_now(text: str, ago_secs: int) -> None:
    assert NOW - moment_us(text, NOW) == ago_secs * SECOND


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-01", "2026-11-01T00:00:00+00:00"),
        ("2026-11-01T06:30", "2026-11-01T06:30:00+00:00"),
        ("2026-11-01T06:30+02:00", "2026-11-01T04:30:00+00:00"),
        ("2026-11-01 06:30:00.25Z", "2026-11-01T06:30:00.250000+00:00"),
    ],
)
def test_a_time_is_read_as_iso_8601_with_utc_where_it_says_no_offset(text: str, utc: str) -> None:
    assert moment_us(text, NOW) == moment_us(utc, 0)


def test_no_time_is_so_far_away_that_a_store_cannot_count_to_it(ask: Ask) -> None:
    assert ask("SN1-00004", "--since", "0001-01-01", "--until", "9999-12-31").exit_code == 0
    assert ask("SN1-00004", "--last", "999999999w").exit_code == 0
    assert window_of(None, None, None, NOW) == Window()


def test_a_unit_s_story_is_told_in_its_order(tmp_path: Path) -> None:
    """Measured, held, sent to rework, measured again: as it happened, not by kinds of records."""
    bodies = [
        inspection("SN-STORY", 1),
        happening("unit.state", "unit", "SN-STORY", state="hold", why="burr"),
        happening("unit.state", "unit", "SN-STORY", state="rework", why="deburr it"),
        inspection("SN-STORY", 2),
        happening("unit.state", "unit", "SN-STORY", state="released", why="good"),
    ]
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    fill(store, chained(bodies))
    store.close()
    path = tmp_path / "collector.toml"
    path.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    told = CliRunner().invoke(cli.app, ["trace", "SN-STORY", "-c", str(path)], catch_exceptions=False).stdout
    found = re.findall(r"serial SN-STORY|unit SN-STORY: \w+", told)
    held, rework, released = (f"unit SN-STORY: {state}" for state in ("hold", "rework", "released"))
    assert found == ["serial SN-STORY", held, rework, "serial SN-STORY", released]
