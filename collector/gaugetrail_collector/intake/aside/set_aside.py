"""What could not be understood or stored: kept with its raw bytes, its topic and the reason (promise G3).

One SQLite file, WAL, synchronous=FULL: `put` returns after the commit, and only then is the message acknowledged. The
same bytes from the same topic are one entry, however often they come; `times` counts. An entry that a person has closed
leaves the list and the count and stays in the file, with who closed it, when and why; it comes back only by a retry.

What no receipt speaks of is bounded, for each topic and for all together, so that a stranger can't fill the disk: more
is refused and counted. Its agent has it still, if it has one. What an agent was told is always kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import sqlite3
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_contract.escapes import visible
from gaugetrail_service.files.sqlite_files import open_list

log = logging.getLogger(__name__)

UNTOLD = """
CREATE TABLE IF NOT EXISTS entry(
  id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, raw BLOB NOT NULL, reason TEXT NOT NULL,
  first_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, agent TEXT, epoch TEXT, seq INTEGER, sha256 TEXT"""
UNCLOSED = f"{UNTOLD},\n  told INTEGER NOT NULL DEFAULT 0"
SCHEMA = f"{UNCLOSED}, closed_us INTEGER, closed_by TEXT, closed_why TEXT)"
ADD_TOLD = "ALTER TABLE entry ADD COLUMN told INTEGER NOT NULL DEFAULT 0"
ADD_CLOSED = tuple(
    f"ALTER TABLE entry ADD COLUMN {one}" for one in ("closed_us INTEGER", "closed_by TEXT", "closed_why TEXT")
)
INDEX = "CREATE INDEX IF NOT EXISTS entry_topic ON entry(topic) WHERE NOT told AND closed_us IS NULL"
KNOWN = tuple(
    ";".join((*made, *index))
    for made in (
        (SCHEMA,),
        (f"{UNCLOSED})",),
        (f"{UNCLOSED})", *ADD_CLOSED),
        (f"{UNTOLD})",),
        (f"{UNTOLD})", ADD_TOLD),
        (f"{UNTOLD})", ADD_TOLD, *ADD_CLOSED),
    )
    for index in ((), (INDEX,))
    if not index or "closed_us" in " ".join(made)
)
"""What the file looks like: of this version, or of an earlier one, as it was or brought up."""
COLUMNS = "topic, raw, reason, first_us, agent, epoch, seq, sha256, told, id, times, closed_us, closed_by, closed_why"


@dataclass(frozen=True, slots=True)
class Entry:
    """One set-aside line. Identity and seal are given where the bytes were a record all the same."""

    topic: str
    raw: bytes
    reason: str
    first_us: int
    agent: str | None = None
    epoch: str | None = None
    seq: int | None = None
    sha256: str | None = None
    told: bool = False
    """Whether a receipt said so to the agent, which then lets it leave its spool."""
    id: int = 0
    times: int = 1
    closed_us: int | None = None
    """When a person closed it; null while it is on the list."""
    closed_by: str | None = None
    closed_why: str | None = None


MOST_OF_A_TOPIC = (5_000, 50_000_000)
"""Entries and bytes of them that no receipt speaks of."""
MOST_OF_ALL = (20_000, 200_000_000)
SAY_AGAIN_SECS = 60.0


class SetAsideFull(Exception):
    """It could not be kept: nothing may be acknowledged until it can."""


class SetAside:
    """The list, in a file of its own. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused = 0
        """Lines that were not kept since the start, because as much is set aside as may be."""
        self._said_refused = float("-inf")
        self._awaited: frozenset[str] = frozenset()
        """Topics of what is on the list without a receipt."""
        self._waiting: set[str] = set()
        """Digests of what was put there without a receipt since the start."""
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open or create the file. Raises `OSError` or `sqlite3.Error` where that can't be done."""
        self._db = open_list(self.path, KNOWN)
        self._db.execute(SCHEMA)
        self._bring_up(self._db)
        self._db.execute(INDEX)
        self._look_whose()

    @staticmethod
    def _bring_up(db: sqlite3.Connection) -> None:
        """A list of an earlier version gets the columns that it lacks."""
        there = [row[1] for row in db.execute("PRAGMA table_info(entry)")]
        if "told" not in there:
            # Before there were two kinds, what has a number was told.
            db.execute(ADD_TOLD)
            db.execute("UPDATE entry SET told = seq IS NOT NULL")
        if "closed_us" not in there:
            for addition in ADD_CLOSED:
                db.execute(addition)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep them, in one commit; but for those for which there is no room any more. Raises `SetAsideFull`."""
        rows = [
            (_digest(one), one.topic, one.raw, one.reason, one.first_us, *_identity(one), one.told)
            for one in self._within_bounds(list(entries))
        ]
        if rows:
            self._change(
                "INSERT INTO entry(digest, topic, raw, reason, first_us, agent, epoch, seq, sha256, told)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(digest) DO UPDATE"
                " SET times = times + 1, told = max(told, excluded.told)",
                rows,
            )
            self._waiting.update([digest for digest, *_, told in rows if not told])
            self._look_whose()

    def _look_whose(self) -> None:
        with self._lock:
            assert self._db is not None
            rows = self._db.execute("SELECT DISTINCT topic FROM entry WHERE NOT told AND closed_us IS NULL").fetchall()
        self._awaited = frozenset([topic for (topic,) in rows])

    def awaits(self, topic: str) -> bool:
        """Whether something of that topic is on the list that no receipt speaks of: it may yet come into the store."""
        return topic in self._awaited

    def was_taken_off(self, topic: str, raw: bytes) -> bool:
        """Whether somebody else has taken this line off the list since it was put there: it stands in the store. Said
        once.
        """
        digest = _line_digest(topic, raw)
        if digest not in self._waiting:
            return False
        with self._lock:
            assert self._db is not None
            gone = self._db.execute("SELECT 1 FROM entry WHERE digest = ?", (digest,)).fetchone() is None
        if gone:
            self._waiting.discard(digest)
        return gone

    def is_closed(self, topic: str, raw: bytes) -> bool:
        """Whether a person has looked at this line and lets it be."""
        with self._lock:
            assert self._db is not None
            row = self._db.execute(
                "SELECT 1 FROM entry WHERE digest = ? AND closed_us IS NOT NULL", (_line_digest(topic, raw),)
            ).fetchone()
        return row is not None

    def _within_bounds(self, entries: list[Entry]) -> list[Entry]:
        """Those that may be kept: what was told, what is here already, and what there is room for."""
        kept: list[Entry] = []
        rooms: dict[str, _Used] = {}
        for one in entries:
            if one.told or self._is_here(one):
                kept.append(one)
                continue
            topic = rooms.get(one.topic) or rooms.setdefault(one.topic, self._used("AND topic = ?", one.topic))
            whole = rooms.get("") or rooms.setdefault("", self._used(""))
            if topic.takes(len(one.raw), MOST_OF_A_TOPIC) and whole.takes(len(one.raw), MOST_OF_ALL):
                topic.add(len(one.raw))
                whole.add(len(one.raw))
                kept.append(one)
            else:
                self._refuse(one)
        return kept

    def _is_here(self, entry: Entry) -> bool:
        with self._lock:
            assert self._db is not None
            found = self._db.execute("SELECT 1 FROM entry WHERE digest = ?", (_digest(entry),)).fetchone()
        return found is not None

    def _used(self, where: str, *values: str) -> _Used:
        sums = "SELECT count(*), coalesce(sum(length(raw)), 0) FROM entry WHERE NOT told AND closed_us IS NULL"
        with self._lock:
            assert self._db is not None
            return _Used(*self._db.execute(f"{sums} {where}", values).fetchone())

    def _refuse(self, entry: Entry) -> None:
        self.refused += 1
        if (now := time.monotonic()) - self._said_refused >= SAY_AGAIN_SECS:
            self._said_refused = now
            log.error(
                "as much is set aside as may be, from %s or in all: more is refused, %d lines so far",
                visible(entry.topic)[:200],
                self.refused,
                extra={"event": "set_aside_refused"},
            )

    def entries(self, after: int = 0, limit: int = 1000, *, closed: bool = False) -> list[Entry]:
        """The entries behind an id, in the order they came: those on the list, or those that were closed."""
        state = "NOT NULL" if closed else "NULL"
        return self._found(f"id > ? AND closed_us IS {state} ORDER BY id LIMIT ?", (after, limit))

    def newest(self) -> Entry | None:
        """The entry of the list that came last; null for an empty list."""
        return next(iter(self._found("closed_us IS NULL ORDER BY id DESC LIMIT 1", ())), None)

    def get(self, number: int) -> Entry | None:
        """One entry by its id, closed or not; null when there is none."""
        return next(iter(self._found("id = ?", (number,))), None)

    def _found(self, where: str, values: tuple[int, ...]) -> list[Entry]:
        with self._lock:
            assert self._db is not None
            rows = self._db.execute(f"SELECT {COLUMNS} FROM entry WHERE {where}", values).fetchall()  # noqa: S608 (ours)
        return [Entry(row[0], bytes(row[1]), *row[2:]) for row in rows]

    def settled(self, numbers: Iterable[int]) -> None:
        """These entries stand in the store now: they leave the list, in one commit. Raises `SetAsideFull`."""
        self._change("DELETE FROM entry WHERE id = ?", [(number,) for number in numbers])

    def arrived(self, lines: Iterable[tuple[str, bytes]]) -> None:
        """These lines of these topics stand in the store now: they leave the list, if they are on it. Raises
        `SetAsideFull`.
        """
        digests = [_line_digest(*line) for line in lines]
        self._change("DELETE FROM entry WHERE digest = ?", [(digest,) for digest in digests])
        self._waiting.difference_update(digests)
        self._look_whose()

    def explain(self, reasons: Iterable[tuple[int, str]]) -> None:
        """These entries stay, with a new reason. Raises `SetAsideFull`."""
        self._change("UPDATE entry SET reason = ? WHERE id = ?", [(reason, number) for number, reason in reasons])

    def close_entries(self, numbers: Iterable[int], by: str, why: str, now_us: int) -> None:
        """A person has looked at these and lets them be: they leave list and count and stay here, in one commit. What
        was closed before keeps its first name and reason. Raises `SetAsideFull`.
        """
        self._change(
            "UPDATE entry SET closed_us = ?, closed_by = ?, closed_why = ? WHERE id = ? AND closed_us IS NULL",
            [(now_us, by, why, number) for number in numbers],
        )

    def _change(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        with self._lock:
            assert self._db is not None
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(statement, rows)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise SetAsideFull(f"{self.path}: {error}") from error

    def numbers(self, agent: str, epoch: str) -> list[int]:
        """Numbers of a chain that are here and not in the store, as their agent was told; closed ones too."""
        with self._lock:
            assert self._db is not None
            rows = self._db.execute(
                "SELECT DISTINCT seq FROM entry WHERE told AND agent = ? AND epoch = ? ORDER BY seq", (agent, epoch)
            ).fetchall()
        return [int(seq) for (seq,) in rows]

    def count(self, *, closed: bool = False) -> int:
        """How many entries are on the list; or how many were closed."""
        state = "NOT NULL" if closed else "NULL"
        with self._lock:
            assert self._db is not None
            (count,) = self._db.execute(f"SELECT count(*) FROM entry WHERE closed_us IS {state}").fetchone()  # noqa: S608
        return int(count)


@dataclass(slots=True)
class _Used:
    """How much is set aside."""

    entries: int
    bytes: int

    def takes(self, size: int, most: tuple[int, int]) -> bool:
        """Whether there is room for one more."""
        return self.entries < most[0] and self.bytes + size <= most[1]

    def add(self, size: int) -> None:
        """There is one more."""
        self.entries += 1
        self.bytes += size


def _identity(entry: Entry) -> tuple[str | None, str | None, int | None, str | None]:
    return entry.agent, entry.epoch, entry.seq, entry.sha256


def _digest(entry: Entry) -> str:
    return _line_digest(entry.topic, entry.raw)


def _line_digest(topic: str, raw: bytes) -> str:
    return hashlib.sha256(topic.encode("utf-8", "replace") + b"\0" + raw).hexdigest()
