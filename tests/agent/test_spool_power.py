"""Power cuts: of what was not synced, any part may be missing or torn, and what was told is there all the same.

No layer under SQLite is needed to drop unsynced writes, because what is synced when is known (SQLite documentation,
"Write-Ahead Logging" and "Atomic Commit"; synchronous=FULL): at each commit the log up to its end; in a checkpoint
first the log, then the pages written into the file, before the log is begun anew. So the states that a cut can leave
between two acknowledgements are made from the files as they lay at both: the file as it was with a log cut anywhere
behind the first one's end (or written over up to anywhere, where it was begun anew), its last sector torn; or any
mixture of old and new pages in the file with a log that is whole.
"""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool_bodies import chained, events, lay, lying_there, put, spool

from gaugetrail_contract.clock import FixedClock

PAGE, SALTS = 4096, slice(16, 24)


def states(folder: Path, groups: list[int], checkpoint_pages: int) -> tuple[str, list[tuple[dict[str, bytes], int]]]:
    """A run: the files as they lay behind each commit, with how many records had been told by then."""
    told, found = 0, []
    with spool(folder, FixedClock()) as one:
        writer = one._writer
        assert writer is not None
        writer.file.db.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_pages}")
        found.append((lying_there(folder), 0))
        # Called by the thread that commits, which writes nothing meanwhile.
        one.on_commit = lambda: found.append((lying_there(folder), writer.file.chain.place))
        for size in groups:
            told = put(one, size, told + 1)[-1].seq
        return one.epoch, found


def cut(before: dict[str, bytes], after: dict[str, bytes], draw: random.Random) -> dict[str, bytes]:
    """What a power cut between the two may leave. The mark is written after the commit, so it is the first one's."""
    old_log, new_log = before.get("spool.db-wal", b""), after.get("spool.db-wal", b"")
    begun_anew = new_log[SALTS] != old_log[SALTS]
    least, rest = (0, old_log) if begun_anew else (len(old_log), b"")
    if draw.random() < 0.3:
        # The commit is synced, nobody was told of it yet, and a checkpoint has brought any of its pages into the file.
        file, log = mixed(before["spool.db"], after["spool.db"], draw), new_log + rest[len(new_log) :]
    else:
        end = draw.randint(least, max(least, len(new_log)))
        end -= end % 512 if begun_anew else 0  # a disk writes a sector whole or not at all
        torn = rest[end:] or draw.randbytes(draw.choice((0, 1, 7, 512)))
        file, log = before["spool.db"], new_log[:end] + torn
    return {"spool.db": file, "spool.db-wal": log, "spool.mark": before["spool.mark"]}


def mixed(old: bytes, new: bytes, draw: random.Random) -> bytes:
    """Any of the changed pages have reached the disk."""
    length = draw.choice((len(old), len(new)))
    pages = range(0, max(len(old), len(new)), PAGE)
    raw = b"".join(draw.choice((old, new))[at : at + PAGE].ljust(PAGE, b"\0") for at in pages)
    return raw[:length]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=2, max_size=8), st.sampled_from((4, 20, 1000)), st.integers(0, 2**32))
def test_what_was_told_is_there_after_a_power_cut_at_any_moment(
    tmp_path_factory: pytest.TempPathFactory, groups: list[int], checkpoint_pages: int, seed: int
) -> None:
    """Of the group that nobody was told of, a part may be there; nobody has to delete or repair anything."""
    folder = tmp_path_factory.mktemp("spool")
    epoch, found = states(folder, groups, checkpoint_pages)
    draw = random.Random(seed)
    for _ in range(4):
        number = draw.randrange(len(found) - 1)
        (before, told), (after, next_told) = found[number], found[number + 1]
        lay(folder, cut(before, after, draw))
        with spool(folder, FixedClock()) as one:
            there = chained(one, epoch)
            assert there == list(range(1, len(there) + 1))
            assert told <= len(there) <= next_told
            assert (one.epoch, events(one)) == (epoch, [])
            assert put(one, 1)[0].seq == len(there) + 1
        assert list(folder.glob("spool-damaged-*")) == []


def test_every_commit_is_synced_before_it_is_told(tmp_path: Path) -> None:
    """The setting that the promise hangs on, asked of the connection that commits."""
    with spool(tmp_path) as one:
        assert one._writer is not None
        db: sqlite3.Connection = one._writer.file.db
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
