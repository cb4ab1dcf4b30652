"""Line PCs that were retired: who let them go, when and why. They are no alarm and no tile any more.

One SQLite file beside what is set aside, WAL, synchronous=FULL. Nothing is deleted: an agent that speaks again is back
by itself, and its line then says since when. What it has recorded stays in the store and in every answer.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_service.files.sqlite_files import open_list

SCHEMA = """
CREATE TABLE IF NOT EXISTS let_go(
  id INTEGER PRIMARY KEY, agent TEXT NOT NULL, at_us INTEGER NOT NULL, by TEXT NOT NULL, why TEXT NOT NULL,
  back_us INTEGER)
"""


@dataclass(frozen=True, slots=True)
class Retired:
    """An agent that was let go; `back_us` is when it spoke again, null while it is gone."""

    agent: str
    at_us: int
    by: str
    why: str
    back_us: int | None = None


class LetGo:
    """The list, in a file of its own. Thread-safe; two processes may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open or create the file. Raises `OSError` or `sqlite3.Error` where that can't be done."""
        self._db = open_list(self.path, (SCHEMA,))
        self._db.execute(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def let_go(self, agent: str, by: str, why: str, now_us: int) -> bool:
        """Let an agent go; false where it is let go already. Raises `sqlite3.Error`."""
        return self._change(
            "INSERT INTO let_go(agent, at_us, by, why) SELECT ?, ?, ?, ? WHERE NOT EXISTS"
            " (SELECT 1 FROM let_go WHERE agent = ? AND back_us IS NULL)",
            (agent, now_us, by, why, agent),
        )

    def back(self, agent: str, now_us: int) -> bool:
        """It speaks again, or was let go by mistake; false where it wasn't let go. Raises `sqlite3.Error`."""
        return self._change("UPDATE let_go SET back_us = ? WHERE agent = ? AND back_us IS NULL", (now_us, agent))

    def gone(self) -> dict[str, Retired]:
        """Those that are let go now, by name. Raises `sqlite3.Error`."""
        return {one.agent: one for one in self.all() if one.back_us is None}

    def all(self) -> list[Retired]:
        """Everyone that was ever let go, oldest first. Raises `sqlite3.Error`."""
        with self._lock:
            if self._db is None:
                return []
            rows = self._db.execute("SELECT agent, at_us, by, why, back_us FROM let_go ORDER BY id").fetchall()
        return [Retired(*row) for row in rows]

    def _change(self, statement: str, values: tuple[object, ...]) -> bool:
        with self._lock:
            assert self._db is not None
            with closing(self._db.execute(statement, values)) as done:
                return done.rowcount > 0
