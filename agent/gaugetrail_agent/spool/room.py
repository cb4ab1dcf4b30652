"""Room in the spool: what is let go, what is dropped when it is full, and giving the disk back what is no longer used.

Each function does one small step, so that an append never waits for more than that. Nothing here removes a record that
waits, but for `drop_lowest`, and that only of classes that a plan has given up and for a station that says so.
"""

from __future__ import annotations

import sqlite3

from gaugetrail_agent.spool.schema import CONFIRMED, WAITING, Weight
from gaugetrail_agent.spool.sealing import ChainEnd
from gaugetrail_agent.spool.words import Origin
from gaugetrail_contract.events.spool import RecordsDropped
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.record import EventBody

STEP = 500
"""Records let go in one step."""
STEP_PAGES = 256
SPARE_PAGES = 512
"""Empty pages (2 MB) that the file keeps for the next records."""
DROP_BYTES = 1_000_000
"""Dropped at once at most, beyond what is needed."""
SMALL_BYTES = 8_000_000
CLASSES = range(1, 10)
MOST_RANGES = 50


def let_go(db: sqlite3.Connection, chain: ChainEnd, weight: Weight, keep_bytes: int) -> Weight | None:
    """The oldest confirmed records beyond the budget go; null when there are none. The newest record always stays."""
    if weight.bytes[CONFIRMED] <= keep_bytes:
        return None
    rows = db.execute(
        "SELECT place, length(data) FROM record WHERE state = 1 AND place < ? ORDER BY place LIMIT ?",
        (chain.place, STEP),
    ).fetchall()
    over = weight.bytes[CONFIRMED] - keep_bytes
    going: list[tuple[int, int]] = []
    for place, size in rows:
        if over <= 0:
            break
        going.append((place, size))
        over -= size
    if not going:
        return None
    after = weight.copy()
    after.add(CONFIRMED, -len(going), -sum(size for _, size in going))
    db.execute("BEGIN IMMEDIATE")
    db.execute("DELETE FROM record WHERE state = 1 AND place <= ?", (going[-1][0],))
    chain.write(db, after)
    db.execute("COMMIT")
    return after


def drop_lowest(
    db: sqlite3.Connection, chain: ChainEnd, weight: Weight, origin: Origin, want: int, up_to: int | None
) -> list[EventBody]:
    """Drop waiting records, lowest class first and oldest first in it, until `want` bytes are free or none is left of a
    class up to `up_to` (null: any). Returns the events that say so, one for each class and epoch. The caller commits.
    """
    dropped: dict[tuple[int, str], list[tuple[int, int]]] = {}
    rows = db.execute(
        "SELECT d.class, d.place, length(r.data) FROM droppable d JOIN record r ON r.place = d.place "
        "WHERE r.state = 0 AND d.class <= ? AND d.place < ? ORDER BY d.class, d.place",
        (max(CLASSES) if up_to is None else up_to, chain.place),
    )
    for kind, place, size in rows:
        if want <= 0:
            break
        want -= size
        epoch, seq = chain.epochs.of(place)
        dropped.setdefault((kind, epoch), []).append((seq, size))
    return [_dropped(db, chain, weight, origin, key, entries) for key, entries in dropped.items()]


def _dropped(
    db: sqlite3.Connection,
    chain: ChainEnd,
    weight: Weight,
    origin: Origin,
    key: tuple[int, str],
    entries: list[tuple[int, int]],
) -> EventBody:
    kind, epoch = key
    start = next(at for at, name in chain.epochs.rows if name == epoch)
    places = [(start + seq,) for seq, _ in entries]
    size = sum(size for _, size in entries)
    db.executemany("DELETE FROM record WHERE place = ?", places)
    db.executemany(f"DELETE FROM droppable WHERE class = {int(kind)} AND place = ?", places)  # noqa: S608 - a whole number
    weight.add(WAITING, -len(entries), -size)
    weight.dropped += len(entries)
    ranges = Ranges.of(seq for seq, _ in entries).spans()
    return origin.event(
        RecordsDropped(
            reason="the spool was full",
            epoch=epoch,
            class_=kind,
            from_=entries[0][0],
            to=entries[-1][0],
            count=len(entries),
            bytes=size,
            ranges=tuple(ranges[:MOST_RANGES]),
        )
    )


def forget_class(db: sqlite3.Connection, first: int, last: int) -> None:
    """Records that no longer wait can't be dropped. The caller commits."""
    if db.execute("SELECT 1 FROM droppable LIMIT 1").fetchone():
        classes = ", ".join(map(str, CLASSES))
        db.execute(f"DELETE FROM droppable WHERE class IN ({classes}) AND place BETWEEN ? AND ?", (first, last))  # noqa: S608 - whole numbers


def shrink(db: sqlite3.Connection, weight: Weight) -> bool:
    """Give the disk back some of what is empty; false when there is nothing worth it."""
    (free,) = db.execute("PRAGMA freelist_count").fetchone()
    if free <= SPARE_PAGES:
        return False
    (kind,) = db.execute("PRAGMA auto_vacuum").fetchone()
    if kind == 0:
        # A file of format 1 has to be written anew once to be able to shrink; done when that takes a moment only.
        if sum(weight.bytes) > SMALL_BYTES:
            return False
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("VACUUM")
    else:
        # Each step of this statement frees one page, and `execute` takes one step where no rows come back.
        db.executescript(f"PRAGMA incremental_vacuum({min(STEP_PAGES, free - SPARE_PAGES)})")
    db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    return True
