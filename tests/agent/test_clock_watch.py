"""Wrong clocks do no harm: order stays, each step is a record, and early records are put right once the clock is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from spool_bodies import body, chained, events, put, receipt, records, settle

from gaugetrail_agent.app import Agent
from gaugetrail_agent.clock.correcting import AT_ONCE
from gaugetrail_agent.clock.trust import WatchedClock
from gaugetrail_agent.clock.watch import SETTLED_SECS, ClockWatch
from gaugetrail_agent.config import load
from gaugetrail_agent.spool import Origin, Spool
from gaugetrail_contract.clock import ClockTrust, FixedClock, utc_text, utc_us
from gaugetrail_contract.record import Amendment
from gaugetrail_contract.seal import open_sealed

NOW = FixedClock().us
YEAR_2000 = utc_us("2000-01-01T00:00:00.000000Z")
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000


class Pc:
    """A line PC whose clocks a test sets."""

    def __init__(self, folder: Path, us: int = NOW) -> None:
        self.folder = folder
        self.base = FixedClock(us=us)
        self.synced = True
        self.slept = 0

    @contextmanager
    def agent(self, **more: int) -> Iterator[tuple[Spool, ClockWatch]]:
        """The spool and the watch of an agent that has just been started."""
        clock = WatchedClock(self.base, lambda: self.synced, lambda: self.slept)
        one = Spool(self.folder / "spool.db", agent="pc1", clock=clock, **more)
        one.open()
        try:
            watch = ClockWatch(clock, one, Origin("pc1", "s", "l"))
            watch.start()
            yield one, watch
        finally:
            one.close()

    def seconds(self, one: Spool, watch: ClockWatch, count: int) -> None:
        for _ in range(count):
            self.base.advance(1)
            watch.look()
            settle(one)


def amendments(one: Spool) -> list[Amendment]:
    return [record for record in records(one) if isinstance(record, Amendment)]


def test_order_numbers_and_times_survive_every_jump_and_nothing_is_overwritten(tmp_path: Path) -> None:
    """To 2000, back an hour, a day ahead, right again, with a restart in between."""
    pc = Pc(tmp_path)
    for jump in (YEAR_2000 - NOW, NOW - YEAR_2000 - HOUR_US, DAY_US, -DAY_US + HOUR_US):
        with pc.agent() as (one, watch):
            watch.look()
            put(one, 3)
            pc.base.us += jump
            first = put(one, 3)[0]
            record = next(entry for entry in records(one) if entry.seq == first.seq)
            assert record.clock is ClockTrust.STEPPED
            pc.seconds(one, watch, 2)
            put(one, 2)
    with pc.agent() as (one, _):
        found = records(one)
        assert chained(one, one.epoch) == list(range(1, len(found) + 1))
        times = [record.time for record in found]
        assert times == sorted(set(times))
        assert [event.payload["jump_us"] for event in events(one)] == [
            YEAR_2000 - NOW,
            NOW - YEAR_2000 - HOUR_US,
            DAY_US,
            -DAY_US + HOUR_US,
        ]


def test_a_step_is_an_event_with_both_readings_of_both_clocks(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        pc.seconds(one, watch, 1)
        before_us, before_ns = pc.base.us, pc.base.mono
        pc.base.us -= HOUR_US
        pc.seconds(one, watch, 3)
        (event,) = events(one)
        assert (event.type, event.subject.id, event.clock) == ("clock.step", "pc1", ClockTrust.STEPPED)
        assert event.payload == {
            "wall_before": utc_text(before_us),
            "wall_after": utc_text(before_us - HOUR_US + 1_000_000),
            "mono_before_ns": before_ns,
            "mono_after_ns": before_ns + 1_000_000_000,
            "jump_us": -HOUR_US,
            "boot": pc.base.boot(),
        }


def test_while_the_wall_clock_is_behind_what_was_sealed_the_records_say_so(tmp_path: Path) -> None:
    """Their times only creep on; that they can't be believed stands in each of them until the clock has caught up."""
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        put(one, 1)
        pc.base.us -= HOUR_US
        pc.seconds(one, watch, 2)
        put(one, 2)
        pc.base.advance(3700)
        put(one, 1)
        trust = [record.clock for record in records(one) if record.kind == "inspection"]
        assert trust == [ClockTrust.SYNCED, ClockTrust.STEPPED, ClockTrust.STEPPED, ClockTrust.SYNCED]


def test_a_step_while_the_agent_was_down_is_told_when_it_is_back(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        put(one, 1)
    pc.base.advance(60)
    pc.base.us += DAY_US
    with pc.agent() as (one, watch):
        pc.seconds(one, watch, 2)
        (event,) = events(one)
        assert event.payload["jump_us"] == pytest.approx(DAY_US, abs=10)


def test_a_step_is_told_although_the_spool_refuses_at_first(tmp_path: Path) -> None:
    """Until it is, every record is flagged."""
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        assert one._writer is not None
        db = one._writer.file.db
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages}").fetchall()
        while one.append(body()).exception(10) is None:
            pass
        pc.base.us += DAY_US
        watch.look()
        one.append(body()).exception(10)
        assert events(one) == []
        db.execute("PRAGMA max_page_count = 100000").fetchall()
        pc.seconds(one, watch, 2)
        assert len(events(one)) == 1
        assert watch._clock.trust() is ClockTrust.SYNCED


def early(pc: Pc, one: Spool, watch: ClockWatch, count: int = 5) -> list[int]:
    """Records sealed in 2000 on a PC that nobody has set yet; the true moments of their sealing."""
    pc.synced = False
    true = []
    for number in range(count):
        pc.base.advance(10)
        put(one, 1, number)
        true.append(pc.base.us + NOW - YEAR_2000)
        watch.look()
    return true


def set_right(pc: Pc) -> None:
    """A time source sets the clock."""
    pc.base.us += NOW - YEAR_2000
    pc.synced = True


def test_early_records_are_put_right_by_amendments_once_the_clock_is(tmp_path: Path) -> None:
    """The time is computed from the monotonic time of the same boot; the originals stay; nothing is corrected twice."""
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        true = early(pc, one, watch)
        originals = records(one)
        assert {record.clock for record in originals} == {ClockTrust.UNSYNCED}
        set_right(pc)
        put(one, 1, 99)
        pc.seconds(one, watch, int(SETTLED_SECS) - 1)
        assert amendments(one) == []
        pc.seconds(one, watch, 30)
        found = amendments(one)
        assert [amendment.target for amendment in found] == [record.id for record in originals]
        assert [amendment.new for amendment in found] == [utc_text(us) for us in true]
        assert [amendment.old for amendment in found] == [record.time for record in originals]
        for amendment, record in zip(found, one.waiting(0, 100), strict=False):
            assert (amendment.action, amendment.field, amendment.requested_by) == ("correct", "time", "pc1")
            assert amendment.target_sha256 == record.sealed.sha256
            assert "monotonic" in amendment.reason
            assert [(one_.kind, one_.id) for one_ in amendment.subjects] == [
                ("unit", open_sealed(record.sealed).serial)
            ]
        assert records(one)[: len(originals)] == originals
    with pc.agent() as (one, watch):
        pc.seconds(one, watch, 30)
        assert len(amendments(one)) == len(originals)


def test_many_early_records_are_put_right_in_steps_confirmed_ones_among_them(tmp_path: Path) -> None:
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        pc.synced = False
        told = put(one, AT_ONCE * 2 + 50)
        one.confirm(receipt(one, (1, 300, told[299].sha256)))
        pc.base.advance(5)
        set_right(pc)
        pc.seconds(one, watch, int(SETTLED_SECS) + 8)
        assert [amendment.target_sha256 for amendment in amendments(one)] == [done.sha256 for done in told]


def test_killed_in_the_middle_no_correction_is_missing_and_none_is_made_twice(tmp_path: Path) -> None:
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        pc.synced = False
        told = put(one, AT_ONCE * 2 + 50)
        pc.base.advance(5)
        set_right(pc)
        pc.seconds(one, watch, int(SETTLED_SECS) + 2)
        made = len(amendments(one))
        assert 0 < made < len(told)
    with pc.agent() as (one, watch):
        pc.seconds(one, watch, int(SETTLED_SECS) + 8)
        assert [amendment.target_sha256 for amendment in amendments(one)] == [done.sha256 for done in told]


def test_records_of_another_boot_stay_as_they_are(tmp_path: Path) -> None:
    """Nothing measures the time between two boots."""
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        early(pc, one, watch)
    pc.base.boot_id, pc.base.mono = "another-boot", 5_000_000_000
    with pc.agent() as (one, watch):
        true = early(pc, one, watch, 2)
        set_right(pc)
        pc.seconds(one, watch, 30)
        assert [amendment.new for amendment in amendments(one)] == [utc_text(us) for us in true]


def test_records_of_a_boot_in_which_the_machine_slept_stay_as_they_are(tmp_path: Path) -> None:
    """Nobody can tell before or behind which of them it slept."""
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        early(pc, one, watch)
        pc.slept = 3_600_000_000_000
        pc.base.us += HOUR_US
        set_right(pc)
        pc.seconds(one, watch, 30)
        assert [event.type for event in events(one)] == ["clock.step"]
        assert amendments(one) == []


def test_records_of_a_clock_that_was_right_all_along_need_no_correction(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        pc.synced = False
        put(one, 5)
        pc.synced = True
        pc.seconds(one, watch, 30)
        assert amendments(one) == []


def test_a_clock_before_2024_is_an_alarm_that_says_what_to_do(tmp_path: Path) -> None:
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        assert "says a day before 2024-01-01: set it" in str(watch.look())
        set_right(pc)
        pc.seconds(one, watch, 1)
        assert watch.look() is None


def test_the_agent_watches_its_clock_while_it_runs(tmp_path: Path) -> None:
    """The whole agent, with no broker: the step becomes a record, and the status document shows the trust."""
    (tmp_path / "agent.toml").write_text(
        '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\n[mqtt]\nport = 1\n'
    )
    base = FixedClock()
    agent = Agent(load(tmp_path / "agent.toml", {}), WatchedClock(base, lambda: True))

    async def shift() -> None:
        task = asyncio.create_task(agent.run())
        await until(lambda: agent.spool.epoch and agent.scheduler._next)
        base.us -= HOUR_US
        await until(lambda: events(agent.spool))
        assert [event.type for event in events(agent.spool)] == ["clock.step"]
        agent.stop()
        await task

    asyncio.run(shift())


async def until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not found():  # noqa: ASYNC110 - waits for what another thread does
            await asyncio.sleep(0.02)


YEAR_2040 = utc_us("2040-03-01T12:00:00.000000Z")


def booted(pc: Pc, us: int, *, synced: bool) -> None:
    """The machine was off, and comes up with another time."""
    pc.base.boot_id, pc.base.mono = f"boot-{us}", 5_000_000_000
    pc.base.us, pc.synced = us, synced


def kinds(one: Spool) -> list[str]:
    return [getattr(record, "type", record.kind) for record in records(one)]


def test_one_boot_in_2040_holds_nothing_up_that_comes_after_it(tmp_path: Path) -> None:
    """A clock known to be right begins an epoch with right times; what was sealed in the meantime of this boot is put
    right, what an earlier boot sealed keeps its bytes, and the event tells where the wrong year ended.
    """
    pc = Pc(tmp_path)
    with pc.agent() as (one, _):
        put(one, 2)
    booted(pc, YEAR_2040, synced=False)
    with pc.agent() as (one, _):
        put(one, 2, 3)
        wrong = records(one)[-1]
    booted(pc, NOW + HOUR_US, synced=False)
    with pc.agent() as (one, watch):
        before = one.epoch
        pc.seconds(one, watch, 3)
        put(one, 1, 5)
        assert "more than a day behind the last record's time, of 2040-03-01: " in str(watch.look())
        pc.synced = True
        pc.seconds(one, watch, int(SETTLED_SECS))
        assert one.epoch == before
        pc.seconds(one, watch, 5)
        assert one.epoch != before
        assert watch.look() is None
        put(one, 2, 6)
        (event,) = events(one)
        creeping = next(record for record in records(one) if record.seq == 5)
        assert (event.type, event.epoch, event.seq) == ("spool.retimed", one.epoch, 1)
        assert (event.payload["old_epoch"], event.payload["last_seq"]) == (before, 5)
        assert event.payload["last_time"] == creeping.time > wrong.time
        assert NOW + HOUR_US < utc_us(event.time) < NOW + 2 * HOUR_US
        (corrected,) = amendments(one)
        assert (corrected.target, corrected.new[:10]) == (creeping.id, utc_text(NOW)[:10])
        after = [record for record in records(one) if record.epoch == one.epoch]
        assert {(record.time[:10], record.clock) for record in after} == {(utc_text(NOW)[:10], ClockTrust.SYNCED)}
        assert chained(one, one.epoch) == list(range(1, len(after) + 1))


def test_a_wrong_year_that_called_itself_right_is_put_right_in_the_same_boot(tmp_path: Path) -> None:
    """A faulty time source set the clock to 2040: its records say `synced`, and are known to be wrong when it is set
    back. What had been put right before is not touched again.
    """
    pc = Pc(tmp_path, YEAR_2000)
    with pc.agent() as (one, watch):
        early(pc, one, watch, 3)
        set_right(pc)
        pc.seconds(one, watch, 20)
        pc.base.us += YEAR_2040 - NOW
        pc.seconds(one, watch, 20)
        wrong = {done.record_id for done in put(one, 4, 50)}
        pc.seconds(one, watch, 20)
        pc.base.us -= YEAR_2040 - NOW
        pc.seconds(one, watch, 40)
        targets = [amendment.target for amendment in amendments(one)]
        assert len(targets) == len(set(targets))
        assert wrong <= set(targets)
        assert {one_.new[:10] for one_ in amendments(one) if one_.target in wrong} == {utc_text(NOW)[:10]}
        assert [event.type for event in events(one)].count("spool.retimed") == 1


def test_what_a_clock_in_a_wrong_year_had_put_right_is_put_right_again_and_nothing_else_twice(tmp_path: Path) -> None:
    """Two wrong years in one boot: each goes through what was sealed since the one before."""
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        wrong: list[list[str]] = []
        for _ in range(2):
            pc.base.us += YEAR_2040 - NOW
            pc.seconds(one, watch, 15)
            told = put(one, 2, 50)
            pc.synced = False
            pc.base.us += HOUR_US
            told += put(one, 1, 60)
            pc.base.us -= HOUR_US
            pc.synced = True
            pc.seconds(one, watch, 20)
            pc.base.us -= YEAR_2040 - NOW
            pc.seconds(one, watch, 40)
            wrong.append([done.record_id for done in told])
        for told_ids in wrong:
            last = {amendment.target: amendment.new[:10] for amendment in amendments(one)}
            assert {last.get(target) for target in told_ids} == {utc_text(NOW)[:10]}
        made = [amendment.target for amendment in amendments(one)]
        again = {target for target in made if made.count(target) > 1}
        assert max(map(made.count, made)) == 2
        assert {target for told_ids in wrong for target in told_ids[2:]} <= again
        assert not again & {target for told_ids in wrong for target in told_ids[:2]}


def test_killed_behind_a_wrong_year_its_records_are_put_right_by_the_next_start(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        pc.seconds(one, watch, 15)
        pc.base.us += YEAR_2040 - NOW
        pc.seconds(one, watch, 15)
        told = [done.record_id for done in put(one, 2 * AT_ONCE + 10)]
        pc.base.us -= YEAR_2040 - NOW
        while "spool.retimed" not in kinds(one):
            pc.seconds(one, watch, 1)
    with pc.agent() as (one, watch):
        pc.seconds(one, watch, 30)
        targets = [amendment.target for amendment in amendments(one)]
        assert len(targets) == len(set(targets))
        assert set(told) <= set(targets)


@pytest.mark.parametrize(("back_us", "synced"), [(DAY_US - HOUR_US, True), (DAY_US + HOUR_US, False)])
def test_no_epoch_begins_for_a_small_step_or_a_clock_that_nobody_keeps(
    tmp_path: Path, back_us: int, *, synced: bool
) -> None:
    """Times creep on until the clock has caught up."""
    pc = Pc(tmp_path)
    pc.synced = synced
    with pc.agent() as (one, watch):
        put(one, 2)
        pc.base.us -= back_us
        pc.seconds(one, watch, 30)
        put(one, 1, 3)
        assert kinds(one).count("spool.retimed") == 0
        assert (watch.look() is None) == synced


def test_an_epoch_that_the_disk_refuses_begins_later(tmp_path: Path) -> None:
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        put(one, 1)
        pc.seconds(one, watch, 15)
        assert one._writer is not None
        db = one._writer.file.db
        pc.base.us -= 2 * DAY_US
        pc.seconds(one, watch, 2)
        db.execute("CREATE TEMP TRIGGER full BEFORE INSERT ON epoch BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        for _ in range(15):
            pc.base.advance(1)
            watch.look()
            one.remember("settled", "yes").exception(10)
        assert kinds(one).count("spool.retimed") == 0
        assert watch.look() is not None
        db.execute("DROP TRIGGER full")
        pc.seconds(one, watch, 3)
        assert kinds(one).count("spool.retimed") == 1
        assert watch.look() is None


def test_a_boot_more_than_a_year_after_the_last_record_is_asked_about_while_nobody_keeps_the_clock(
    tmp_path: Path,
) -> None:
    """Over restarts within that boot, and until a time source says that it is so."""
    pc = Pc(tmp_path)
    with pc.agent() as (one, watch):
        put(one, 1)
        assert watch.look() is None
    booted(pc, YEAR_2040, synced=False)
    for _ in range(2):
        with pc.agent() as (one, watch):
            asked = str(watch.look())
            assert f"more than a year ahead of the last record before its start, of {utc_text(NOW)[:10]}" in asked
            put(one, 1, 2)
    with pc.agent() as (one, watch):
        pc.synced = True
        pc.base.advance(2)
        assert watch.look() is None
