"""A new epoch in the running spool: its first record says why, both chains are whole, nothing is refused over it."""

from __future__ import annotations

from pathlib import Path

import pytest
from spool_bodies import body, chained, events, lay, lying_there, put, receipt, records, settle, spool

from gaugetrail_agent.spool import OldEpoch, SpoolBroken, SpoolFull
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.events.spool import SpoolRestored
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import open_sealed


def parted(end: OldEpoch) -> SpoolRestored:
    return SpoolRestored(reason="a test asks", old_epoch=end.epoch, last_seq=end.seq, last_seal=end.sha256)


def test_a_new_epoch_begins_in_the_running_spool_and_its_first_record_names_the_end_of_the_old(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        before, told = one.epoch, put(one, 3)
        first = one.begin_epoch(before, parted).result(10)
        assert first is not None
        told += put(one, 2, 4)
        assert [done.seq for done in told] == [1, 2, 3, 2, 3]
        (event,) = events(one)
        assert (event.epoch, event.seq, event.prev, event.type) == (one.epoch, 1, FIRST_PREV, "spool.restored")
        assert (event.id, one.epoch != before) == (first.record_id, True)
        assert event.payload == {
            "reason": "a test asks",
            "old_epoch": before,
            "last_seq": 3,
            "last_seal": told[2].sha256,
        }
        assert (chained(one, before), chained(one, one.epoch)) == ([1, 2, 3], [1, 2, 3])
        times = [record.time for record in records(one)]
        assert times == sorted(set(times))
        assert (one.state().epoch, one.state().last_seq, one.state().waiting) == (one.epoch, 3, 6)


def test_asked_twice_one_begins(tmp_path: Path) -> None:
    """Two receipts may say the same; the second has nothing to leave any more."""
    with spool(tmp_path) as one:
        put(one, 1)
        asked = [one.begin_epoch(one.epoch, parted) for _ in range(2)]
        first, second = (future.result(10) for future in asked)
        assert first is not None
        assert second is None
        assert len(events(one)) == 1


def test_what_waits_in_the_old_epoch_is_sent_and_confirmed_as_ever(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        told = put(one, 3)
        said = receipt(one, (1, 3, told[2].sha256))
        one.begin_epoch(one.epoch, parted).result(10)
        assert one.confirm(said).ranges == ((1, 3),)
        settle(one)
        assert [record.seq for record in records(one)] == [1]
        assert [one_.place for one_ in one.again(said.epoch, 1, 9).records] == [1, 2, 3]


def test_an_epoch_without_a_record_can_be_left_too(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        before = one.epoch
        one.begin_epoch(before, parted).result(10)
        put(one, 1)
        (event,) = events(one)
        assert (event.payload["old_epoch"], event.payload["last_seq"], event.payload["last_seal"]) == (
            before,
            0,
            FIRST_PREV,
        )
        assert chained(one, one.epoch) == [1, 2]


def test_a_restart_goes_on_in_the_new_epoch_and_so_does_one_after_a_crash(tmp_path: Path) -> None:
    """The mark beside the file knows it as soon as the file does."""
    with spool(tmp_path) as one:
        put(one, 2)
        one.begin_epoch(one.epoch, parted).result(10)
        epoch, crashed = one.epoch, lying_there(tmp_path)
    with spool(tmp_path) as again:
        assert (again.epoch, put(again, 1, 3)[0].seq) == (epoch, 2)
    lay(tmp_path, crashed)
    with spool(tmp_path) as again:
        assert events(again)[0].epoch == epoch


def test_times_begin_anew_where_they_must_go_back_and_stay_so_over_a_restart(tmp_path: Path) -> None:
    """What was sealed in a wrong year holds nothing up that comes after it."""
    clock = FixedClock()
    now, clock.us = clock.us, clock.us + 14 * 365 * 86_400_000_000
    with spool(tmp_path, clock) as one:
        put(one, 2)
        clock.us = now
        assert put(one, 1, 3)[0].time_us > now + 1_000_000
        ends: list[OldEpoch] = []
        first = one.begin_epoch(one.epoch, lambda end: ends.append(end) or parted(end), time_us=now).result(10)
        assert first is not None
        assert (first.time_us, ends[0].time_us) == (now, now + 14 * 365 * 86_400_000_000 + 2)
        assert [done.time_us for done in put(one, 2, 4)] == [now + 1, now + 2]
    with spool(tmp_path, clock) as again:
        assert put(again, 1, 6)[0].time_us == now + 3


def test_a_disk_that_refuses_leaves_the_old_epoch_and_its_times_as_they_were(tmp_path: Path) -> None:
    """Nobody learns of an epoch that never came to be; asked again, it begins."""
    clock = FixedClock()
    with spool(tmp_path, clock) as one:
        before, told = one.epoch, put(one, 1)
        assert one._writer is not None
        # Of its own connection alone: one that stood in the file would be found and taken out.
        refusing = "CREATE TEMP TRIGGER full BEFORE INSERT ON epoch BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
        one._writer.file.db.execute(refusing)
        with pytest.raises(SpoolFull, match="disk is full"):
            one.begin_epoch(before, parted, time_us=clock.us - 9_000_000).result(10)
        told += put(one, 1, 2)
        assert (one.epoch, chained(one, before), told[1].time_us > told[0].time_us) == (before, [1, 2], True)
        one._writer.file.db.execute("DROP TRIGGER full")
        assert one.begin_epoch(before, parted).result(10) is not None


def test_a_full_spool_begins_it_all_the_same(tmp_path: Path) -> None:
    """It is one of the agent's own few events."""
    with spool(tmp_path, max_bytes=1) as one:
        put(one, 1)
        with pytest.raises(SpoolFull):
            one.append(body("SN2")).result(10)
        assert one.begin_epoch(one.epoch, parted).result(10) is not None
        assert [open_sealed(entry.sealed).kind for entry in one.waiting(0, 9)] == ["inspection", "event"]


def test_a_closed_spool_says_so(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        epoch = one.epoch
    with pytest.raises(SpoolBroken, match="closed"):
        one.begin_epoch(epoch, parted).result(10)
