"""A year of records lies in one shard of InfluxDB 1, for a trace touches every shard there is."""

from __future__ import annotations

import pytest
from places import RealPlace

from gaugetrail_collector.stores.influx import InfluxStore
from gaugetrail_collector.stores.influx_admin import shard_days
from gaugetrail_collector.stores.influx_http import InfluxAddress

YEAR = "8736h0m0s"


@pytest.mark.parametrize(("keep", "shard"), [(None, 364), (3650, 364), (400, 100), (30, 7), (3, 1), (1, 1)])
def test_a_shard_is_never_longer_than_what_is_kept(keep: int | None, shard: int) -> None:
    assert shard_days(keep) == shard


def shards(store: InfluxStore) -> str:
    (policy,) = store._admin._policies()
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
