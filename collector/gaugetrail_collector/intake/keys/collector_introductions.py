"""The collectors that this one knows, by their keys: those that somebody has introduced here.

The running collector says the list to every agent (`introductions`), signed and retained, and believes what they say of
themselves where that decides something. Kept beside the agents' keys in `keys.db`, so that what keeps and restores
those keeps and restores these; read again when the command line has changed them. The list's number is the hour in
microseconds, and always more than the last: it rises also where an older file is put back.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_collector.intake.keys.agent_keys import KNOWN, SCHEMA, KeysBroken
from gaugetrail_contract.introductions import MOST_INTRODUCED, IntroducedCollector, Introductions
from gaugetrail_service.files.sqlite_files import open_list


@dataclass(frozen=True, slots=True)
class KnownCollector:
    """A collector that was introduced here, and since when."""

    collector: str
    key: str
    since_us: int


class TooManyIntroduced(Exception):
    """As many are introduced as may be."""


class CollectorIntroductions:
    """See the module's promise. Thread-safe. Raises `KeysBroken` where the file can't be used."""

    def __init__(self, path: Path, now_us: Callable[[], int]) -> None:
        self.path = path
        self._now_us = now_us
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._seen: int | None = None
        self._said: Introductions | None = None

    def open(self) -> None:
        """Open or create the file. Raises `OSError` or `sqlite3.Error` where that can't be done."""
        self._db = open_list(self.path, KNOWN)
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._db is not None:
                self._db.close()
                self._db = None

    def said(self) -> Introductions | None:
        """The list as it is now; null while nobody was ever introduced."""
        with self._lock:
            try:
                # Rises when another connection has committed; our own changes forget it.
                (version,) = self._connection().execute("PRAGMA data_version").fetchone()
                if version != self._seen:
                    self._seen, self._said = version, self._read()
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error
            return self._said

    def knows(self, collector: str, key: str | None) -> bool:
        """Whether that collector was introduced here with this key."""
        said = self.said()
        return said is not None and any(one.collector == collector and one.key == key for one in said.introduced)

    def entries(self) -> list[KnownCollector]:
        """All of them, by name."""
        with self._lock:
            try:
                rows = self._connection().execute("SELECT collector, key, since_us FROM introduced ORDER BY 1")
                return [KnownCollector(*row) for row in rows]
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error

    def introduce(self, collector: str, key: str) -> bool:
        """It is known by this key from now on, and by no other; false if it was already. Raises `TooManyIntroduced`."""
        known = {one.collector: one.key for one in self.entries()}
        if known.get(collector) == key:
            return False
        if collector not in known and len(known) >= MOST_INTRODUCED:
            raise TooManyIntroduced(f"{MOST_INTRODUCED} are introduced already; keys withdraw those that are gone")
        self._change("INSERT OR REPLACE INTO introduced VALUES(?, ?, ?)", (collector, key, self._now_us()))
        return True

    def withdraw(self, collector: str) -> bool:
        """It is introduced no more; false if it wasn't."""
        return self._change("DELETE FROM introduced WHERE collector = ?", (collector,))

    def _change(self, statement: str, values: tuple[str | int, ...]) -> bool:
        with self._lock:
            db = self._connection()
            try:
                with db:
                    db.execute("BEGIN IMMEDIATE")
                    changed = db.execute(statement, values).rowcount == 1
                    if changed:
                        db.execute(
                            "INSERT INTO introductions VALUES(1, ?) "
                            "ON CONFLICT DO UPDATE SET number = max(number + 1, excluded.number)",
                            (self._now_us(),),
                        )
            except sqlite3.Error as error:
                raise KeysBroken(f"{self.path}: {error}") from error
            self._seen = None
            return changed

    def _read(self) -> Introductions | None:
        number = self._connection().execute("SELECT number FROM introductions").fetchone()
        if number is None:
            return None
        rows = self._connection().execute("SELECT collector, key FROM introduced ORDER BY 1")
        return Introductions(
            number=number[0], introduced=tuple(IntroducedCollector(collector=name, key=key) for name, key in rows)
        )

    def _connection(self) -> sqlite3.Connection:
        if self._db is None:
            raise KeysBroken(f"{self.path} is closed")
        return self._db
