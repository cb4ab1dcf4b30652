"""The file gives the disk back what it no longer needs, in steps between commits; what waits is never touched."""

from __future__ import annotations

from pathlib import Path

import msgspec
from spool_bodies import body, receipt, settle, spool

from gaugetrail_agent.spool import Origin, Spool, room
from gaugetrail_agent.spool.opening import Opener
from gaugetrail_contract.clock import FixedClock, Ticker


def backlog(one: Spool, count: int) -> list[str]:
    """Large records, so that a few make a large file. Their seals."""
    large = msgspec.structs.replace(body(), components=tuple("c" * 190 + str(n) for n in range(30)))
    return [future.result(30).sha256 for future in [one.append(large) for _ in range(count)]]


def test_the_file_shrinks_after_a_backlog_and_takes_records_meanwhile(tmp_path: Path) -> None:
    """Between two appends lies no more than a step of tidying."""
    with spool(tmp_path, keep_bytes=500_000) as one:
        seals = backlog(one, 3000)
        settle(one)
        before = (tmp_path / "spool.db").stat().st_size
        assert before > 15_000_000
        one.confirm(receipt(one, (1, 2990, seals[2989])))
        sizes, sealed = [], []
        while (size := (tmp_path / "spool.db").stat().st_size) > 6_000_000 and len(sealed) < 2000:
            sizes.append(size)
            sealed.append(one.append(body()).result(10).seq)
        assert sealed == list(range(3001, 3001 + len(sealed)))
        assert 5 < len(sealed) < 2000
        assert [entry.place for entry in one.waiting(0, 10_000)] == list(range(2991, 3001 + len(sealed)))
        held = one.again(one.epoch, 1, 2990, 10_000).records
        assert [entry.place for entry in held] == list(range(held[0].place, 2991)), "the newest confirmed ones are kept"
        assert 400_000 < sum(len(entry.sealed.data) for entry in held) <= 500_000


def test_steps_are_small(tmp_path: Path) -> None:
    """Each lets go of so many records or so many pages at most, whatever there is to do."""
    with spool(tmp_path) as one:
        seals = backlog(one, 1500)
        one.confirm(receipt(one, (1, 1500, seals[-1])))
        settle(one)
    clock = FixedClock()
    file = Opener(tmp_path / "spool.db", Origin("pc1"), 0, clock, Ticker(clock.now_us)).open()
    lighter = room.let_go(file.db, file.chain, file.weight, 0)
    assert lighter is not None
    assert file.db.execute("SELECT count(*) FROM record").fetchone() == (1500 - room.STEP,)
    (free,) = file.db.execute("PRAGMA freelist_count").fetchone()
    assert room.shrink(file.db, lighter)
    assert file.db.execute("PRAGMA freelist_count").fetchone() == (free - room.STEP_PAGES,)
    file.close()


def test_what_waits_or_is_set_aside_outlives_every_budget(tmp_path: Path) -> None:
    """Housekeeping with a budget of nothing: only confirmed records go, and the newest of all stays."""
    with spool(tmp_path, keep_bytes=0) as one:
        seals = backlog(one, 100)
        one.confirm(receipt(one, (1, 10, seals[9]), (20, 100, seals[99])))
        for _ in range(5):
            settle(one)
        assert [entry.place for entry in one.waiting(0, 1000)] == list(range(11, 20))
        assert [entry.place for entry in one.again(one.epoch, 1, 100).records] == [*range(11, 20), 100]
        assert one.state().bytes == sum(len(entry.sealed.data) for entry in one.again(one.epoch, 1, 100).records)
