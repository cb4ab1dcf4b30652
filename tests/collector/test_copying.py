"""From one store into another: every record by the way of every record, compared afterwards, started again at will."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from places import Place, SqlitePlace
from samples import T0
from small_plant import chained, correction, fill, happening, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import ALL_TIME, Window
from gaugetrail_collector.tracing.copying import copy
from gaugetrail_collector.tracing.trace import Question, ask

ONE = chained([*units(40, 1), happening("gauge.checked", "gauge", "G-1")], slot=1)
TWO = chained(units(25, 2), "pc2", "ijklmnop", slot=2)
RECORDS = [*ONE, *TWO, *chained([correction(ONE[3])], "office", "qrstuvwx", T0 + 10**9, slot=3)]
INFLUX = pytest.param("influx1", marks=pytest.mark.influxdb)
NewPlace = Callable[[str], Place]


def everything(store: Store) -> list[tuple[str, str, bytes]]:
    return [(one.id, one.row.sha256, one.row.data) for one in ask(store, Question())]


@pytest.mark.parametrize(
    ("source", "target"),
    [
        pytest.param("sqlite", "influx1", marks=pytest.mark.influxdb),
        pytest.param("influx1", "sqlite", marks=pytest.mark.influxdb),
        pytest.param("influx1", "influx2", marks=pytest.mark.influxdb),
        *(("sqlite", "influx2"), ("influx2", "influx3"), ("influx3", "sqlite")),
    ],
)
def test_every_record_arrives_with_its_bytes_and_the_chains_hold(new_place: NewPlace, source: str, target: str) -> None:
    here, there = new_place(source).store(), new_place(target).store()
    fill(here, RECORDS)
    done = copy(here, there)
    assert (done.ok, done.written, done.there, done.left_out) == (True, len(RECORDS), 0, 0)
    assert everything(there) == everything(here)
    assert verify(there).ok


@pytest.mark.parametrize("target", ["sqlite", INFLUX, "influx2", "influx3"])
def test_a_copy_that_was_stopped_is_started_again(new_place: NewPlace, target: str) -> None:
    here, place = new_place("sqlite").store(), new_place(target)
    fill(here, RECORDS)
    fill(place.store(), ONE[:17])
    there = place.store()
    done = copy(here, there)
    assert (done.ok, done.written + done.there) == (True, len(RECORDS))
    assert there.count() == len(RECORDS)


def test_a_record_that_does_not_hold_stays_where_it_is_and_is_named(tmp_path: Path, new_place: NewPlace) -> None:
    place = SqlitePlace(tmp_path)
    fill(place.store(), RECORDS)
    place.close()
    with closing(sqlite3.connect(place.path)) as db, db:
        db.execute("UPDATE record SET data = replace(data, 'SN1-00007', 'SN1-0000X') WHERE seq = 7 AND agent = 'pc1'")
    there = new_place("sqlite").store()
    done = copy(place.store(), there)
    assert not done.ok
    assert (done.written, done.left_out) == (len(RECORDS) - 1, 1)
    assert done.reasons[0].startswith("pc1/abcdefgh/7 is not copied: the seal doesn't hold")
    assert done.reasons[1].startswith("pc1 epoch abcdefgh: 41 records up to 41")
    place.close()


def test_another_record_in_its_place_over_there_is_kept_and_named(new_place: NewPlace) -> None:
    here, there = new_place("sqlite").store(), new_place("sqlite").store()
    fill(here, ONE)
    fill(there, chained(units(3, 9), slot=1))
    done = copy(here, there)
    assert (done.left_out, done.ok) == (len(ONE), False)
    assert "fork" in done.reasons[0]
    assert everything(there)[0][1] != ONE[0].sealed.sha256, "the first stays"
    assert "--vouch" in " ".join(done.reasons)
    assert (copy(here, there, vouch=True).ok, there.count()) == (True, len(ONE) + 3)
    assert copy(there, new_place("influx2").store()).ok, "both histories"


def test_a_period_can_be_copied_alone(new_place: NewPlace) -> None:
    here, there = new_place("sqlite").store(), new_place("influx2").store()
    fill(here, RECORDS)
    window = Window(T0 + 5_000_000, T0 + 15_000_000)
    assert copy(here, there, window).ok
    assert everything(there) == [one for one in everything(here) if one in everything(there)]
    assert there.count() == len([one for one in RECORDS if window.holds(one.record.time_us)])
    assert copy(here, there, ALL_TIME).written == len(RECORDS) - there_before(window)


def there_before(window: Window) -> int:
    return len([one for one in RECORDS if window.holds(one.record.time_us)])


def settings(folder: Path, name: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(f'id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "{name}.db"\n')
    return path


def test_the_command_says_what_was_copied_and_refuses_itself(tmp_path: Path) -> None:
    here, there = settings(tmp_path, "here"), settings(tmp_path, "there")
    place = SqlitePlace(tmp_path)
    place.path = tmp_path / "here.db"
    fill(place.store(), RECORDS)
    place.close()
    words = ["store", "copy", "-c", str(here), "--to", str(there)]
    first = CliRunner().invoke(cli.app, words, catch_exceptions=False)
    assert (first.exit_code, first.stdout) == (0, f"{len(RECORDS)} records copied, 0 there already, 0 left out\n")
    again = json.loads(CliRunner().invoke(cli.app, [*words, "--json"], catch_exceptions=False).stdout)
    assert (again["ok"], again["written"], again["there"]) == (True, 0, len(RECORDS))
    itself = CliRunner().invoke(cli.app, [*words[:-1], str(here)], catch_exceptions=False)
    assert (itself.exit_code, "copied into itself" in itself.stderr) == (2, True)
