"""A database that cuts its answers: what it leaves out must not look like what isn't there."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest
from floor import Floor, until
from made import AGENT, EPOCH, chain, opened

from gaugetrail_collector.evidence.chain import MOST_NAMED, Chain
from gaugetrail_collector.evidence.verify import Proof, verify
from gaugetrail_collector.stores import Fate, Row, StoreRefuses
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_contract.seal import Opened

DAY_US = 86_400 * 1_000_000


def days_old(*ages: float) -> list[Opened]:
    """A chain whose records are so many days old."""
    now_us, made = time.time_ns() // 1000, list[Opened]()
    for seq, age in enumerate(ages, start=1):
        prev = made[-1].sealed.sha256 if made else None
        made.append(opened(seq, time_us=now_us - round(age * DAY_US), prev=prev))
    return made


@pytest.mark.influxdb
def test_what_a_shortened_retention_has_dropped_is_called_so_and_what_is_missing_stays_missing(floor: Floor) -> None:
    """InfluxDB drops whole shards, and looks every second here."""
    floor.influxd('[retention]\ncheck-interval = "1s"\n', database=None)
    store = InfluxStore(InfluxAddress(f"http://127.0.0.1:{floor.influx_port}", "1", "gaugetrail"))
    store.init(60, roll_ups=False)
    store.open()
    records = days_old(58, 50, 45, 20, 19, 5, 4, 1)
    store.write([one for one in records if one.seq != 7])
    assert [chain.gaps for chain in verify(store).chains] == [[(7, 7)]]
    store.init(30, roll_ups=False)
    until(lambda: store.count() == 4, "the database drops what is older than it keeps now")
    proof = verify(store)
    (walked,) = proof.chains
    assert (walked.dropped, walked.gaps, walked.missing) == (3, [(7, 7)], 1)
    told = "\n".join(proof.lines())
    assert "  dropped by retention: 1 to 3 (the store keeps 30 days; as far as can be told" in told
    assert "  missing: 7 to 7" in told
    assert proof.as_json()["dropped_by_retention"] == 3
    assert proof.as_json()["keeps_days"] == 30
    store.close()


def walked(records: Sequence[Opened], kept_days: float | None) -> Chain:
    since = None if kept_days is None else time.time_ns() // 1000 - round(kept_days * DAY_US)
    chain_now = Chain(AGENT, EPOCH, kept_since_us=since)
    for one in records:
        head = one.record
        chain_now.take(Row(AGENT, EPOCH, head.seq, one.sealed.sha256, one.sealed.data, head.time_us))
    chain_now.finish()
    return chain_now


def test_only_what_is_before_the_first_record_can_be_dropped() -> None:
    records = days_old(9, 8, 7, 6, 5)
    found = walked(records[2:], 6.5)
    assert (found.ok, found.dropped, found.dropped_for_certain, found.missing) == (True, 2, True, 0)
    found = walked(records[2:], 7.5)
    assert (found.ok, found.dropped, found.dropped_for_certain) == (True, 2, False)
    found = walked([records[0], *records[2:]], 1)
    assert (found.ok, found.dropped, found.gaps) == (False, 0, [(2, 2)])
    found = walked(records[2:], None)
    assert (found.ok, found.dropped, found.gaps) == (False, 0, [(1, 2)])


def test_faults_beyond_those_that_are_named_are_said_to_be_more() -> None:
    records = days_old(*(9 - n / 1000 for n in range(2 * MOST_NAMED + 10)))
    proof = Proof((walked(records[::2], None),))
    assert proof.lines()[-1] == "  and 4 more missing, counted and not named"
    assert len([line for line in proof.lines() if line.startswith("  missing: ")]) == MOST_NAMED


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
