"""What could not be understood or stored: kept with its raw bytes, its topic and the reason (promise G3).

One SQLite file, WAL, synchronous=FULL: `put` returns after the commit, and only then is the message acknowledged. The
same bytes from the same topic are one entry, however often they come; `times` counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS entry(
  id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, raw BLOB NOT NULL, reason TEXT NOT NULL,
  first_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, agent TEXT, epoch TEXT, seq INTEGER, sha256 TEXT,
  told INTEGER NOT NULL DEFAULT 0)
"""


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


class SetAsideFull(Exception):
    """It could not be kept: nothing may be acknowledged until it can."""


class SetAside:
    """The list, in a file of its own. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open or create the file. Raises `OSError` or `sqlite3.Error` where that can't be done."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(SCHEMA)
        if "told" not in [row[1] for row in self._db.execute("PRAGMA table_info(entry)")]:
            # A list of before there were two kinds: what has a number was told.
            self._db.execute("ALTER TABLE entry ADD COLUMN told INTEGER NOT NULL DEFAULT 0")
            self._db.execute("UPDATE entry SET told = seq IS NOT NULL")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep them, in one commit. Raises `SetAsideFull`."""
        rows = [
            (_digest(one), one.topic, one.raw, one.reason, one.first_us, *_identity(one), one.told) for one in entries
        ]
        if rows:
            self._change(
                "INSERT INTO entry(digest, topic, raw, reason, first_us, agent, epoch, seq, sha256, told)"
                " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(digest) DO UPDATE"
                " SET times = times + 1, told = max(told, excluded.told)",
                rows,
            )

    def entries(self, after: int = 0, limit: int = 1000) -> list[Entry]:
        """The entries behind an id, in the order they came."""
        with self._lock:
            assert self._db is not None
            rows = self._db.execute(
                "SELECT topic, raw, reason, first_us, agent, epoch, seq, sha256, told, id, times FROM entry"
                " WHERE id > ? ORDER BY id LIMIT ?",
                (after, limit),
            ).fetchall()
        return [Entry(row[0], bytes(row[1]), *row[2:]) for row in rows]

    def newest(self) -> Entry | None:
        """The entry that came last; null for an empty list."""
        with self._lock:
            assert self._db is not None
            (last,) = self._db.execute("SELECT max(id) FROM entry").fetchone()
        return None if last is None else self.get(int(last))

    def get(self, number: int) -> Entry | None:
        """One entry by its id; null when there is none."""
        found = self.entries(number - 1, 1)
        return found[0] if found and found[0].id == number else None

    def settled(self, numbers: Iterable[int]) -> None:
        """These entries stand in the store now: they leave the list, in one commit. Raises `SetAsideFull`."""
        self._change("DELETE FROM entry WHERE id = ?", [(number,) for number in numbers])

    def explain(self, reasons: Iterable[tuple[int, str]]) -> None:
        """These entries stay, with a new reason. Raises `SetAsideFull`."""
        self._change("UPDATE entry SET reason = ? WHERE id = ?", [(reason, number) for number, reason in reasons])

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
        """Numbers of a chain that are here and not in the store, as their agent was told."""
        with self._lock:
            assert self._db is not None
            rows = self._db.execute(
                "SELECT DISTINCT seq FROM entry WHERE told AND agent = ? AND epoch = ? ORDER BY seq", (agent, epoch)
            ).fetchall()
        return [int(seq) for (seq,) in rows]

    def count(self) -> int:
        """How many entries there are."""
        with self._lock:
            assert self._db is not None
            (count,) = self._db.execute("SELECT count(*) FROM entry").fetchone()
        return int(count)


def _identity(entry: Entry) -> tuple[str | None, str | None, int | None, str | None]:
    return entry.agent, entry.epoch, entry.seq, entry.sha256


def _digest(entry: Entry) -> str:
    return hashlib.sha256(entry.topic.encode("utf-8", "replace") + b"\0" + entry.raw).hexdigest()
