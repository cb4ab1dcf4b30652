"""What could not be understood or stored: kept with its raw bytes, its topic and the reason (promise G3).

One SQLite file, WAL, synchronous=FULL: `put` returns after the commit, and only then is the message acknowledged. The
same bytes from the same topic are one entry, however often they come; `times` counts.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS entry(
  id INTEGER PRIMARY KEY, digest TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, raw BLOB NOT NULL, reason TEXT NOT NULL,
  first_us INTEGER NOT NULL, times INTEGER NOT NULL DEFAULT 1, agent TEXT, epoch TEXT, seq INTEGER, sha256 TEXT)
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

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def put(self, entries: Iterable[Entry]) -> None:
        """Keep them, in one commit. Raises `SetAsideFull`."""
        rows = [
            (_digest(one), one.topic, one.raw, one.reason, one.first_us, one.agent, one.epoch, one.seq, one.sha256)
            for one in entries
        ]
        if not rows:
            return
        with self._lock:
            assert self._db is not None
            try:
                self._db.execute("BEGIN IMMEDIATE")
                self._db.executemany(
                    "INSERT INTO entry(digest, topic, raw, reason, first_us, agent, epoch, seq, sha256)"
                    " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(digest) DO UPDATE SET times = times + 1",
                    rows,
                )
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                with contextlib.suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise SetAsideFull(f"{self.path}: {error}") from error

    def entries(self, after: int = 0, limit: int = 1000) -> list[Entry]:
        """The entries behind an id, in the order they came."""
        with self._lock:
            assert self._db is not None
            rows = self._db.execute(
                "SELECT topic, raw, reason, first_us, agent, epoch, seq, sha256, id, times FROM entry"
                " WHERE id > ? ORDER BY id LIMIT ?",
                (after, limit),
            ).fetchall()
        return [Entry(row[0], bytes(row[1]), *row[2:]) for row in rows]

    def get(self, number: int) -> Entry | None:
        """One entry by its id; null when there is none."""
        found = self.entries(number - 1, 1)
        return found[0] if found and found[0].id == number else None

    def count(self) -> int:
        """How many entries there are."""
        with self._lock:
            assert self._db is not None
            (count,) = self._db.execute("SELECT count(*) FROM entry").fetchone()
        return int(count)


def _digest(entry: Entry) -> str:
    return hashlib.sha256(entry.topic.encode("utf-8", "replace") + b"\0" + entry.raw).hexdigest()
