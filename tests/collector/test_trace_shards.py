"""A year of records lies in one shard of InfluxDB 1 and 2, for a trace touches every shard there is."""

from __future__ import annotations

import pytest
from influx_stub import ORG, TOKEN, Stub
from places import RealPlace

from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.setup import shard_days
from gaugetrail_collector.stores.influx.store import InfluxStore

YEAR = "8736h0m0s"


@pytest.mark.parametrize(("keep", "shard"), [(None, 364), (3650, 364), (400, 100), (30, 7), (3, 1), (1, 1)])
def test_a_shard_is_never_longer_than_what_is_kept(keep: int | None, shard: int) -> None:
    assert shard_days(keep) == shard


def shards(store: InfluxStore) -> str:
    (policy,) = store._admin.policies()
    return str(policy["shardGroupDuration"])


@pytest.mark.influxdb
def test_a_database_that_the_collector_makes_has_shards_of_a_year(influx_url: str) -> None:
    store = InfluxStore(InfluxAddress(url=influx_url, version="1", database="long"))
    try:
        store.open()
        assert shards(store) == YEAR
        assert store.init(None, roll_ups=False) == ["database long is there"]
        store.init(30, roll_ups=False)
        assert shards(store) == "168h0m0s"
    finally:
        store._http.query("DROP DATABASE long", post=True)
        store.close()


@pytest.mark.influxdb
def test_init_gives_a_database_that_is_there_longer_shards(influx_url: str) -> None:
    place = RealPlace(influx_url)
    try:
        store = place.store()
        assert isinstance(store, InfluxStore)
        assert shards(store) == "168h0m0s", "the server's own default"
        assert "new shards of retention policy autogen hold 364 days" in store.init(None, roll_ups=False)
        assert shards(store) == YEAR
    finally:
        place.close()


def bucket_store(stub: Stub) -> InfluxStore:
    return InfluxStore(InfluxAddress(url=stub.url, version="2", database="b", org=ORG, token=TOKEN))


@pytest.mark.parametrize(("keep", "days"), [(None, 364), (3650, 364), (400, 100), (30, 7)])
def test_a_new_bucket_has_shards_as_long_as_it_keeps_records(keep: int | None, days: int) -> None:
    stub = Stub("2")
    store = bucket_store(stub)
    store.init(keep, roll_ups=False)
    assert (stub.keeps["b"], stub.shards["b"]) == ((keep or 0) * 86_400, days * 86_400)
    store.close()
    stub.close()


@pytest.mark.parametrize(
    ("keeps_days", "had_days", "has_days"), [(0, 7, 364), (400, 7, 100), (30, 1, 7), (2, 1, 1), (0, 500, 500)]
)
def test_init_gives_a_bucket_that_is_there_longer_shards(keeps_days: int, had_days: int, has_days: int) -> None:
    """How long it keeps stays; shards that are long enough stay, too."""
    stub = Stub("2", {"b": {}}, keeps={"b": keeps_days * 86_400}, shards={"b": had_days * 86_400})
    store = bucket_store(stub)
    done = store.init(None, roll_ups=False)
    changed = [] if had_days == has_days else [f"new shards of bucket b hold {has_days} days"]
    assert done == ["bucket b is there", *changed]
    assert (stub.keeps["b"], stub.shards["b"]) == (keeps_days * 86_400, has_days * 86_400)
    assert store.init(None, roll_ups=False) == ["bucket b is there"]
    store.close()
    stub.close()
