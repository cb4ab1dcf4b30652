"""The SQLite store's questions: what carries an identifier, every record of a chain."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

from gaugetrail_collector.stores import Row, StoreDown

PAGE = 1000


class SqliteReads:
    """What can be asked of a SQLite store. Every method may raise `StoreDown`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._db is None:
                raise StoreDown(f"{self.path} is closed")
            try:
                yield self._db
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")
                raise StoreDown(f"{self.path}: {error}") from error

    def find(self, identifier: str, kind: str | None = None) -> list[Row]:
        """By the identifier index, oldest first."""
        with self._using() as db:
            found = db.execute(
                "SELECT DISTINCT r.agent, r.epoch, r.seq, r.sha256, r.data, r.time_us FROM identifier i"
                " JOIN record r USING(agent, epoch, seq) WHERE i.id = ? AND (? IS NULL OR i.kind = ?)"
                " ORDER BY r.time_us, r.agent, r.epoch, r.seq",
                (identifier, kind, kind),
            )
            return [Row(agent, epoch, seq, sha256, bytes(data)) for agent, epoch, seq, sha256, data, _ in found]

    def chains(self) -> list[tuple[str, str]]:
        """By skipping through the primary key, so that millions of records cost nothing."""
        found: list[tuple[str, str]] = []
        last = ("", "")
        with self._using() as db:
            while True:
                row = db.execute(
                    "SELECT agent, epoch FROM record WHERE (agent, epoch) > (?, ?) ORDER BY agent, epoch LIMIT 1", last
                ).fetchone()
                if row is None:
                    return found
                last = (str(row[0]), str(row[1]))
                found.append(last)

    def rows(self, agent: str, epoch: str) -> Iterator[Row]:
        """Page by page along the primary key."""
        last = -1
        while True:
            with self._using() as db:
                page = db.execute(
                    "SELECT seq, sha256, data FROM record"
                    " WHERE agent = ? AND epoch = ? AND seq > ? ORDER BY seq LIMIT ?",
                    (agent, epoch, last, PAGE),
                ).fetchall()
            if not page:
                return
            for seq, sha256, data in page:
                yield Row(agent, epoch, seq, sha256, bytes(data))
            last = page[-1][0]

    def count(self) -> int:
        """All records."""
        with self._using() as db:
            (count,) = db.execute("SELECT count(*) FROM record").fetchone()
            return int(count)
