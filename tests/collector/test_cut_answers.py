"""A database that cuts its answers: what it leaves out must not look like what isn't there."""

from __future__ import annotations

import pytest
from floor import Floor
from made import AGENT, EPOCH, chain

from gaugetrail_collector.evidence.verify import verify
from gaugetrail_collector.stores import Fate, StoreRefuses
from gaugetrail_collector.stores.influx import InfluxStore
from gaugetrail_collector.stores.influx_http import InfluxAddress


@pytest.mark.influxdb
def test_a_store_whose_server_cuts_answers_says_so_and_proves_nothing(floor: Floor) -> None:
    """InfluxDB 1 answers 200 with the first `max-row-limit` rows: `verify` had called 100 of 982 whole."""
    floor.influxd("max-row-limit = 100\n")
    store = InfluxStore(InfluxAddress(f"http://127.0.0.1:{floor.influx_port}", "1", "gaugetrail"))
    store.open()
    records = chain(150)
    assert {outcome.fate for outcome in store.write(records)} == {Fate.STORED}
    lot = records[0].record.lot or ""
    for ask in (
        lambda: verify(store),
        lambda: list(store.rows(AGENT, EPOCH)),
        lambda: store.find(lot),
    ):
        with pytest.raises(StoreRefuses, match=r"cuts its answers.*max-row-limit = 0"):
            ask()
    store.close()
