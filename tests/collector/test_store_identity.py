"""A store has an id of its own, kept in it: the same for all that write to it, another one for each store."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from influx_stub import Trouble
from made import chain
from places import InfluxPlace, Place, StubPlace

from gaugetrail_collector import config as configuration
from gaugetrail_collector.app import Collector
from gaugetrail_collector.stores import StoreDown, StoreRefuses
from gaugetrail_collector.stores.identity import LOOK_SECS, StoreIdentity, store_id_in
from gaugetrail_collector.stores.influx.admin import DAY_NS
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.sqlite.store import SqliteStore

ID = re.compile("[0-9a-f]{16}")


def tables(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as db:
        return {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_all_that_write_to_a_store_find_one_id_in_it(place: Place) -> None:
    first, second = place.store(), place.store()
    found = first.identity()
    assert ID.fullmatch(found)
    assert [store.identity() for store in (second, first, place.store())] == [found] * 3


def test_two_stores_have_two_ids(place: Place, tmp_path: Path) -> None:
    other = SqliteStore(tmp_path / "other.db")
    other.open()
    assert other.identity() != place.store().identity()
    other.close()


def test_records_and_their_count_are_untouched_by_it(place: Place) -> None:
    store = place.store()
    store.write(chain(3))
    store.identity()
    assert store.count() == store.stats().records == 3
    assert len(list(store.search(None))) == 3


def test_commands_that_read_draw_no_id(tmp_path: Path) -> None:
    """A store of 0.1 is looked at, proven and copied as it stands; the first collector that starts on it names it."""
    settings_file(tmp_path)
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    store.open()
    store.write(chain(3))
    store.close()
    target = tmp_path / "target.toml"
    target.write_text(f'id = "c2"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "{tmp_path}/copy.db"\n')
    before = tables(path)
    for words in (("verify",), ("store", "stats"), ("trace", "SN000001"), ("store", "copy", "--to", str(target))):
        assert ask(tmp_path, *words)[0] == 0, words
    assert tables(path) == tables(tmp_path / "copy.db") == before
    named = SqliteStore(path)
    named.open()
    assert ID.fullmatch(named.identity())
    named.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (3,), "0.1 refuses it: it knows of no second histories"
    assert ask(tmp_path, "verify")[0] == 0


def test_a_copy_of_the_records_is_a_store_of_its_own(tmp_path: Path) -> None:
    settings_file(tmp_path)
    ids = []
    for name in ("store.db", "copy.db"):
        store = SqliteStore(tmp_path / name)
        store.open()
        if name == "store.db":
            store.write(chain(3))
            ids.append(store.identity())
        store.close()
    target = tmp_path / "target.toml"
    target.write_text(f'id = "c2"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "{tmp_path}/copy.db"\n')
    assert ask(tmp_path, "store", "copy", "--to", str(target))[0] == 0
    copied = SqliteStore(tmp_path / "copy.db")
    copied.open()
    assert copied.count() == 3
    assert copied.identity() not in ids
    copied.close()


def points(place: InfluxPlace) -> list[tuple[int, str]]:
    store = place.store()
    assert isinstance(store, InfluxStore)
    return [(row["time"], row["id"]) for row in store._http.query("SELECT id FROM gaugetrail_store")]


def test_an_id_outlives_the_retention_of_its_points(influx: InfluxPlace) -> None:
    """It is written once a day, at the day's beginning, so that a point of it is always young enough."""
    store = influx.store()
    assert isinstance(store, InfluxStore)
    now = time.time_ns()
    days = [now - 2 * DAY_NS, now - 2 * DAY_NS + 1000, now - DAY_NS, now]
    (found,) = {store._admin.identity(day) for day in days}
    assert points(influx) == [(day - day % DAY_NS, found) for day in (days[0], days[2], days[3])]


def test_collectors_that_drew_an_id_each_agree_on_the_older_one(influx: InfluxPlace) -> None:
    """Two that start on an empty store at midnight: the younger id is gone before the older one's point is dropped."""
    store = influx.store()
    assert isinstance(store, InfluxStore)
    now = time.time_ns()
    for day, name in ((now - DAY_NS, "a" * 16), (now, "b" * 16)):
        assert store._http.write(f'gaugetrail_store id="{name}" {day - day % DAY_NS}'.encode()).status == 204
    assert store.identity() == "a" * 16
    assert {name for _, name in points(influx)} == {"a" * 16}


def test_what_somebody_else_put_there_is_no_id(tmp_path: Path) -> None:
    for value in ("", "x" * 16, "A" * 16, "ab", 5, None):
        assert store_id_in(value) == ""
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    store.identity()
    with closing(sqlite3.connect(tmp_path / "store.db")) as db, db:
        db.execute("UPDATE about SET value = '<b>'")
    assert store.identity() == ""
    store.close()


@pytest.mark.parametrize("status", [401, 403])
def test_a_store_that_lets_nobody_keep_an_id_is_unknown_and_goes_on(stub_place: StubPlace, status: int) -> None:
    store = stub_place.store()
    stub_place.stub.troubles.append(Trouble(status, b'{"message": "read only"}'))
    identity = StoreIdentity(store)
    identity.look(0)
    assert (identity.id, identity.name) == ("", store.health())
    identity.look(1)
    assert identity.id == "", "not asked again at each heartbeat"
    identity.look(LOOK_SECS)
    assert ID.fullmatch(identity.id)


class Store:
    """Answers in turn."""

    def __init__(self, *answers: str | StoreDown) -> None:
        self.answers = list(answers)

    def health(self) -> str:
        return "a store"

    def identity(self) -> str:
        answer = self.answers.pop(0)
        if isinstance(answer, StoreDown):
            raise answer
        return answer


def test_a_store_that_was_away_is_asked_again() -> None:
    """Another one may stand in its place; one that fails at the question keeps the id that was known."""
    identity = StoreIdentity(Store("1" * 16, StoreDown("gone"), "2" * 16, StoreRefuses("no")))  # type: ignore[arg-type]
    seen = []
    for now, doubted in ((0.0, False), (1.0, False), (2.0, True), (3.0, False), (4.0, False), (5.0, True)):
        if doubted:
            identity.doubt()
        identity.look(now)
        seen.append(identity.id[:1])
    assert seen == ["1", "1", "1", "2", "2", ""]


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    """A whole collector over SQLite, without a broker."""
    made = Collector(configuration.load(settings_file(tmp_path), {}))
    made.store.open()
    yield made
    made.store.close()


def test_the_collectors_status_names_its_store(collector: Collector, tmp_path: Path) -> None:
    assert (collector.status().store_id, collector.status().store_name) == ("", "")
    collector.storing.open()
    status = collector.status()
    assert status.store_id == collector.store.identity()
    assert status.store_name == f"SQLite, {tmp_path / 'store.db'}"
    collector.storing._is("down", "disk I/O error")
    down = collector.status()
    assert (down.store_id, down.store_name, down.store_detail) == (status.store_id, status.store_name, "disk I/O error")


def test_an_address_with_a_password_in_it_is_shown_without() -> None:
    address = InfluxAddress(url="http://me:pw@db:8086", version="1", database="g")
    assert InfluxStore(address).health() == "InfluxDB 1, g at http://db:8086"
