"""What a store's answers mean: kept for later, refused with what to fix, or one record at fault."""

from __future__ import annotations

import json
import os
import re
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from floor import free_port
from influx_stub import Stub, Trouble
from made import AGENT, EPOCH, chain, opened
from places import InfluxPlace, RealPlace, StubPlace

from gaugetrail_collector.stores import STORED, THERE, Fate, Store, StoreDown, StoreRefuses
from gaugetrail_collector.stores.influx.http import InfluxAddress, ns
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_collector.stores.sqlite.store import SqliteStore


def refusal(place: StubPlace, trouble: Trouble) -> StoreDown:
    """What the store says when the next write is answered so; nothing may be taken for stored."""
    store = place.store()
    place.stub.troubles.append(trouble)
    with pytest.raises(StoreDown) as caught:
        store.write(chain(3))
    assert not place.stub.troubles
    assert [outcome.fate for outcome in store.write(chain(3))] == [Fate.STORED] * 3, "the same batch again is stored"
    return caught.value


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "the token or password is not accepted"), (403, "read and write rights"), (404, "create it")],
)
def test_a_refusal_says_what_to_fix(stub_place: StubPlace, status: int, words: str) -> None:
    said = refusal(stub_place, Trouble(status, json.dumps({"message": "their own words"}).encode()))
    assert isinstance(said, StoreRefuses)
    for expected in (words, "their own words", stub_place.stub.url, stub_place.address.database):
        assert expected in str(said)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504, 418])
def test_any_other_answer_is_a_store_that_is_down(stub_place: StubPlace, status: int) -> None:
    """Back off and try again, for ever; an answer that nobody foresaw never drops a record."""
    said = refusal(stub_place, Trouble(status, b"<html>busy</html>"))
    assert not isinstance(said, StoreRefuses)
    assert str(status) in str(said)
    assert "busy" in str(said)


def test_an_answer_that_is_lost_after_the_commit_does_no_harm(stub_place: StubPlace) -> None:
    """The points are in and the answer is an error: the batch comes again, and each record stands there once."""
    store = stub_place.store()
    stub_place.stub.troubles.append(Trouble(500, taken=True))
    with pytest.raises(StoreDown):
        store.write(chain(3))
    assert [outcome.fate for outcome in store.write(chain(3))] == [Fate.STORED] * 3
    assert store.count() == 3


def test_a_batch_that_is_too_large_is_halved(stub_place: StubPlace) -> None:
    store = stub_place.store()
    stub_place.stub.troubles.append(Trouble(413, b'{"message":"too large"}'))
    assert [outcome.fate for outcome in store.write(chain(4))] == [Fate.STORED] * 4
    assert stub_place.stub.writes[-2:] == [12, 12]


@pytest.mark.parametrize("version", ["1", "2", "3"])
def test_a_server_that_is_not_there_is_named(version: str) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    store = InfluxStore(InfluxAddress(url=url, version=version, database="d"))  # type: ignore[arg-type]
    with pytest.raises(StoreDown, match=f"{url} doesn't answer: .*refused"):
        store.open()
    store.close()


@pytest.mark.parametrize(("configured", "real"), [("3", "2"), ("1", "2")])
def test_the_wrong_version_is_found_at_the_door(configured: str, real: str, stubs: dict[str, Stub]) -> None:
    store = InfluxStore(InfluxAddress(url=stubs[real].url, version=configured, database="d", token="stub-token"))  # type: ignore[arg-type]
    with pytest.raises(StoreRefuses, match=f'set version = "{real}"'):
        store.open()
    store.close()


def test_a_wrong_token_is_found_at_the_door(stub_place: StubPlace) -> None:
    address = InfluxAddress(
        url=stub_place.stub.url, version=stub_place.stub.version, database=stub_place.address.database, token="wrong"
    )
    store = InfluxStore(address)
    with pytest.raises(StoreRefuses, match=r"the token .*is not accepted"):
        store.open()
    store.close()


def test_a_missing_database_is_found_at_the_door(stub_place: StubPlace) -> None:
    address = InfluxAddress(
        url=stub_place.stub.url, version=stub_place.stub.version, database="none", org="plant", token="stub-token"
    )
    store = InfluxStore(address)
    expected = {"2": "no such bucket; gaugetrail-collector store init makes it", "3": "database not found: none"}
    with pytest.raises(StoreRefuses, match=expected[stub_place.stub.version]):
        store.open()
    store.close()


@pytest.mark.influxdb
def test_a_dropped_database_keeps_everything_back_until_it_is_there_again(influx_url: str) -> None:
    """Version 1 answers 404 for it; nothing is taken for stored, and opening again makes the database anew."""
    store = InfluxStore(InfluxAddress(url=influx_url, version="1", database="dropped"))
    store.open()
    assert [outcome.fate for outcome in store.write(chain(2))] == [Fate.STORED] * 2
    store._http.query("DROP DATABASE dropped", post=True)
    with pytest.raises(StoreRefuses, match="create it"):
        store.write([opened(3)])
    store.open()
    assert [outcome.fate for outcome in store.write([*chain(2), opened(3)])] == [Fate.STORED] * 3
    assert store.count() == 3
    store._http.query("DROP DATABASE dropped", post=True)
    store.close()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00", 0),
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("2026-11-23T08:00:00.123456789", 1_795_420_800_123_456_789),
        ("2026-11-23T08:00:00.5Z", 1_795_420_800_500_000_000),
    ],
)
def test_times_of_version_3_keep_every_nanosecond(text: str, expected: int) -> None:
    assert expected == ns(text)


@pytest.mark.parametrize("field", ["seq", "sha256"])
def test_a_point_that_shows_only_in_part_is_not_there_yet(influx_url: str, field: str) -> None:
    """Two collectors on one database: while one writes, the other may see some fields of a point before the rest."""
    place = RealPlace(influx_url)
    records = chain(4)
    assert place.store().write(records[:3]) == [STORED] * 3
    own = lines_of(records[3])[0]
    place.write(re.sub(rf',{field}=("[0-9a-f]*"|[0-9]+i)', "", own, count=1))
    another = place.store()
    assert another.write(records) == [THERE] * 3 + [STORED]
    assert [row.sha256 for row in another.rows(AGENT, EPOCH)] == [one.sealed.sha256 for one in records]
    place.close()


def test_writes_may_be_compressed(influx: InfluxPlace) -> None:
    """Versions 1 (a real one), 2 and 3 take them; what comes back is what was sealed."""
    store = influx.opened(InfluxStore(replace(influx.address, compress="always")))
    batch = [opened(1, "ÄÖÜ \\ 漢字"), opened(2)]
    assert [outcome.fate for outcome in store.write(batch)] == [Fate.STORED] * 2
    assert [row.data for row in influx.store().rows(AGENT, EPOCH)] == [one.sealed.data for one in batch]


@pytest.mark.parametrize(
    ("url", "compress", "expected"),
    [
        ("http://127.0.0.1:8086", "auto", False),
        ("http://localhost:8086", "auto", False),
        ("http://[::1]:8086", "auto", False),
        ("http://influx.example:8086", "auto", True),
        ("http://influx.example:8086", "never", False),
        ("http://127.0.0.1:8086", "always", True),
    ],
)
def test_only_what_leaves_the_machine_is_compressed_by_default(url: str, compress: str, expected: bool) -> None:
    assert InfluxAddress(url, "1", "d", compress=compress).compressed is expected  # type: ignore[arg-type]


# --- SQLite


def full(path: Path) -> Store:
    """A store that may not grow by a page: what a full disk looks like."""
    store = SqliteStore(path)
    store.open()
    store.write(chain(2))
    assert store._db is not None
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    return store


def test_a_full_disk_keeps_the_batch_back_and_loses_nothing(tmp_path: Path) -> None:
    store = full(tmp_path / "store.db")
    with pytest.raises(StoreDown, match="full"):
        store.write(chain(500, "other-pc"))
    assert store.count() == 2
    store._db.execute("PRAGMA max_page_count = 1000000")  # type: ignore[attr-defined]
    assert {Fate.STORED} == {outcome.fate for outcome in store.write(chain(500, "other-pc"))}
    store.close()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("this is no database, but it is long enough to look at\n" * 40)
    with pytest.raises(StoreRefuses, match=r"note\.txt is no store of ours"):
        SqliteStore(tmp_path / "note.txt").open()


def test_a61_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    assert store._db is not None
    store._db.execute("PRAGMA user_version = 99")
    store.close()
    with pytest.raises(StoreRefuses, match="newer Gaugetrail"):
        SqliteStore(tmp_path / "store.db").open()


def test_a_folder_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        path = tmp_path / "file" / "store.db"
        (tmp_path / "file").write_text("in the way, also for root")
    else:
        tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
        path = tmp_path / "store.db"
    with pytest.raises(StoreDown, match=r"store\.db"):
        SqliteStore(path).open()


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    with pytest.raises(StoreDown, match="is closed"):
        store.write([])
