"""Setting a store up and looking at the whole of it; what a server would drop in silence is said before."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from influx_stub import Stub
from made import chain, opened
from places import InfluxPlace, RealPlace, StubPlace

from gaugetrail_collector.stores import Fate, StoreRefuses
from gaugetrail_collector.stores.influx.admin import duration_ns
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.influx.words import plain
from gaugetrail_collector.stores.sqlite.store import SqliteStore

NOW_US = time.time_ns() // 1000
DAY_US = 86_400_000_000


def test_stats_of_influxdb(influx: InfluxPlace) -> None:
    store = influx.store()
    store.write([opened(1, time_us=NOW_US - DAY_US), opened(2, time_us=NOW_US - 1_000_000)])
    found = store.stats()
    assert (found.records, found.last_hour) == (2, 1)
    assert (found.oldest_us, found.newest_us) == (NOW_US - DAY_US, NOW_US - 1_000_000)
    parts = next(use for use in found.budget if use.tag == "part")
    assert (parts.values, parts.bound) == (1, 5000)
    if influx.address.version == "3":
        assert found.series is None
    else:
        assert found.series is not None
        assert found.series >= 3
        assert f"series     {found.series}" in "\n".join(found.lines())
    if influx.address.version == "1":
        assert found.disk_bytes is not None
    shown = "\n".join(found.lines())
    for words in ("records    2", "1 of them in the last hour", "tag part", "for ever"):
        assert words in shown


def test_stats_of_an_empty_store(influx: InfluxPlace) -> None:
    found = influx.store().stats()
    assert (found.records, found.last_hour, found.oldest_us, found.newest_us) == (0, 0, None, None)
    assert "no records yet" in "\n".join(found.lines())


def test_stats_of_sqlite(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    store.open()
    store.write([opened(1, time_us=NOW_US - DAY_US), opened(2, time_us=NOW_US - 1_000_000)])
    found = store.stats()
    assert (found.records, found.last_hour, found.oldest_us) == (2, 1, NOW_US - DAY_US)
    assert found.disk_bytes is not None
    assert found.disk_bytes > 4096
    assert found.as_json()["budget"] == []
    store.close()


@pytest.mark.influxdb
def test_init_makes_database_retention_and_roll_ups(influx_url: str) -> None:
    """Twice changes nothing; another number of days changes just that."""
    store = InfluxStore(InfluxAddress(url=influx_url, version="1", database="made by init"))
    try:
        assert any("made by init" in line for line in store.init(None, roll_ups=False))
        assert store._admin.keeps_ns() is None
        assert any("keeps 400 days" in line for line in store.init(400, roll_ups=True))
        assert store._admin.keeps_ns() == 400 * 86_400 * 10**9
        store.init(400, roll_ups=True)
        store.open()
        rows = store._http.query("SHOW CONTINUOUS QUERIES")
        queries = [str(row["query"]) for row in rows if row["name"] == "gaugetrail_hourly"]
        assert len(queries) == 1
        assert "GROUP BY time(1h), site, line, station, part, characteristic" in queries[0]
        assert store._http.query("SHOW DATABASES")
    finally:
        store._http.query('DROP DATABASE "made by init"', post=True)
        store.close()


@pytest.mark.influxdb
def test_a_named_retention_policy_is_made_and_written_to(influx_url: str) -> None:
    store = InfluxStore(InfluxAddress(url=influx_url, version="1", database="shelf", retention_policy="ten years"))
    try:
        store.init(3650, roll_ups=False)
        store.open()
        assert [one.fate for one in store.write(chain(2))] == [Fate.STORED] * 2
        assert store.count() == 2
        assert store._http.query('SELECT count(seq) FROM shelf."ten years".inspection')[0]["count"] == 2
    finally:
        store._http.query("DROP DATABASE shelf", post=True)
        store.close()


@pytest.mark.influxdb
def test_a_record_older_than_the_database_keeps_is_told_before_it_is_dropped(influx_url: str) -> None:
    """InfluxDB would take it and forget it; it is set aside with the reason, and younger ones are stored."""
    place = RealPlace(influx_url)
    try:
        store = place.store()
        assert isinstance(store, InfluxStore)
        store.init(30, roll_ups=False)
        store.open()
        outcomes = store.write([opened(1, time_us=NOW_US - 31 * DAY_US), opened(2, time_us=NOW_US - 29 * DAY_US)])
        assert [one.fate for one in outcomes] == [Fate.REJECTED, Fate.STORED]
        for words in ("keeps 30 days", "lengthen the retention"):
            assert words in outcomes[0].reason
        assert store.stats().keeps_days == 30
    finally:
        place.close()


def test_init_of_version_2_makes_bucket_and_mapping() -> None:
    stub = Stub("2", maps_by_itself=False)
    store = InfluxStore(InfluxAddress(url=stub.url, version="2", database="b", org="plant", token="stub-token"))
    try:
        assert len(store.init(30, roll_ups=False)) == 2
        assert stub.keeps["b"] == 30 * 86_400
        assert [(one["database"], one["bucketID"], one["default"]) for one in stub.mappings] == [("b", "id-b", True)]
        assert len(store.init(60, roll_ups=False)) == 1
        assert stub.keeps["b"] == 60 * 86_400
        assert len(stub.mappings) == 1
        store.open()
        outcomes = store.write([opened(1, time_us=NOW_US - 61 * DAY_US), opened(2, time_us=NOW_US)])
        assert [one.fate for one in outcomes] == [Fate.REJECTED, Fate.STORED]
        with pytest.raises(StoreRefuses, match="docs/influxdb"):
            store.init(None, roll_ups=True)
    finally:
        store.close()
        stub.close()


def test_a_bucket_that_maps_itself_is_mapped_no_second_time() -> None:
    stub = Stub("2")
    store = InfluxStore(InfluxAddress(url=stub.url, version="2", database="b", org="plant", token="stub-token"))
    assert store.init(None, roll_ups=False) == ["bucket b is made and keeps for ever"]
    assert stub.mappings == []
    store.close()
    stub.close()


def test_init_of_version_3_makes_the_database() -> None:
    stub = Stub("3")
    store = InfluxStore(InfluxAddress(url=stub.url, version="3", database="d", token="stub-token"))
    try:
        assert store.init(None, roll_ups=False) == ["database d is made"]
        assert store.init(None, roll_ups=False) == ["database d is there"]
        store.open()
        with pytest.raises(StoreRefuses, match="its own command"):
            store.init(30, roll_ups=False)
    finally:
        store.close()
        stub.close()


@pytest.mark.parametrize("keeps", [None, 30])
def test_sqlite_is_made_and_refuses_what_it_has_not(tmp_path: Path, keeps: int | None) -> None:
    store = SqliteStore(tmp_path / "store.db")
    if keeps is None:
        assert store.init(None, roll_ups=False) == [f"{tmp_path / 'store.db'} is there"]
    else:
        with pytest.raises(StoreRefuses, match="keeps everything"):
            store.init(keeps, roll_ups=False)
    store.close()


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ('partial write: field type conflict: input field "subject" … dropped=1', "a database of its own"),
        ("invalid column type for column 'x', expected iox::column_type::field::float", "a database of its own"),
        ("partial write: points beyond retention policy dropped=3", "lengthen the retention"),
        ("partial write: max-values-per-tag limit exceeded (100000/100000)", "raise the limit"),
        ("partial write: max-series-per-database limit exceeded: (1000000)", "raise the limit"),
        ("unable to parse 'x': missing fields", "please report"),
    ],
)
def test_refusals_are_told_in_plain_words(theirs: str, words: str) -> None:
    assert plain(theirs).startswith(theirs)
    assert words in plain(theirs)


def test_an_unknown_refusal_is_told_as_it_is() -> None:
    assert plain("something new") == "something new"


DAY_NS = 86_400 * 10**9


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0s", 0), ("168h0m0s", 7 * DAY_NS), ("1h30m0s", 5400 * 10**9), ("52w", 364 * DAY_NS)],
)
def test_durations_are_read(text: str, expected: int) -> None:
    assert duration_ns(text) == expected


def test_a_retention_that_the_server_enforces_is_told_in_plain_words(stub_place: StubPlace) -> None:
    """Where it can't be asked beforehand, its refusal is understood."""
    stub_place.stub.oldest_ns = (NOW_US - DAY_US) * 1000
    outcomes = stub_place.store().write([opened(1, time_us=NOW_US - 2 * DAY_US), opened(2, time_us=NOW_US)])
    assert [one.fate for one in outcomes] == [Fate.REJECTED, Fate.STORED]
    assert "lengthen the retention" in outcomes[0].reason
