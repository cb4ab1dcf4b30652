"""The connection that the agent's own questions go through, one thread at a time; WAL lets it read beside the writer.

A question that meets damage has it repaired by the writer and is then asked once more, so that nobody who asks has to
know of it. It may wait as long as the repair takes. Never used on the writer's thread.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.schema import WAITING
from gaugetrail_agent.spool.words import Confirmed, SpoolBroken, Waiting
from gaugetrail_contract.receipts import NotStored, Receipt
from gaugetrail_contract.seal import Sealed

SqlValue = int | str

ROWS = "SELECT place, sha256, data, committed_us FROM record "


class Reader:
    """`report` tells the writer of damage and in which session of the file it was met; its future is done when the file
    can be read again.
    """

    def __init__(self, path: Path, report: Callable[[str, str], Future[None]]) -> None:
        self.lock = threading.Lock()
        self._path = path
        self._report = report
        self._db: sqlite3.Connection | None = None
        self._session = ""

    def open(self, session: str) -> None:
        """Raises `sqlite3.Error`."""
        self._db = schema.connect(self._path)
        self._session = session

    def close(self) -> None:
        """May be called twice."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def ask(self, query: str, values: Iterable[SqlValue] = ()) -> list[Any]:
        """Every row of the answer. Raises `SpoolBroken` when the spool is closed or can't be repaired."""
        values, session = tuple(values), self._session
        try:
            return self._once(query, values)
        except sqlite3.DatabaseError as error:
            if not schema.is_damage(error):
                raise
            self._report(str(error), session).result()
        return self._once(query, values)

    def _once(self, query: str, values: tuple[SqlValue, ...]) -> list[Any]:
        with self.lock:
            if self._db is None:
                raise SpoolBroken("the spool is closed")
            return self._db.execute(query, values).fetchall()

    def waiting(self, after: int, limit: int) -> list[Waiting]:
        """Rows that wait, as they lie there: nothing is proven."""
        return _entries(self.ask(ROWS + "WHERE state = 0 AND place > ? ORDER BY place LIMIT ?", (after, limit)))

    def between(self, first: int, last: int, limit: int) -> list[Waiting]:
        """Rows of any state, as they lie there."""
        return _entries(self.ask(ROWS + "WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?", (first, last, limit)))

    def before(self, place: int, limit: int) -> list[Waiting]:
        """Rows of any state that stand before that place, the newest first."""
        return _entries(self.ask(ROWS + "WHERE place < ? ORDER BY place DESC LIMIT ?", (place, limit)))

    def has_seal(self, span: tuple[int, int], front: str) -> bool:
        """Whether a record of the epoch that stands in `span` has a seal with these first digits."""
        # "g" comes behind all hex digits.
        query = "SELECT 1 FROM record WHERE place > ? AND place <= ? AND sha256 >= ? AND sha256 < ? LIMIT 1"
        return bool(self.ask(query, (*span, front, f"{front}g")))

    def match(self, span: tuple[int, int], receipt: Receipt) -> tuple[Confirmed, list[tuple[int, str]]]:
        """What a receipt for the epoch that stands in `span` confirms, and what it sets aside with which reason."""
        ranges: list[tuple[int, int]] = []
        aside: list[tuple[int, str]] = []
        ignored: list[str] = []
        for start, end, sha256 in receipt.stored:
            found, trouble = self._still_waiting(span, start, end, sha256)
            if trouble is not None:
                ignored.append(trouble)
            elif found is not None:
                ranges.append(found)
        for entry in receipt.set_aside:
            aside += self._named(span, entry, "set aside", ignored)
        held = [found for entry in receipt.held for found in self._named(span, entry, "held", ignored)]
        return Confirmed(tuple(ranges), tuple(place for place, _ in aside), tuple(ignored), dict(held)), aside

    def _named(self, span: tuple[int, int], entry: NotStored, what: str, ignored: list[str]) -> list[tuple[int, str]]:
        """Its place and the reason, if it still waits; what is no record of ours is said in `ignored`."""
        place = span[0] + entry.seq
        rows = self.ask("SELECT sha256, state FROM record WHERE place = ?", (place,))
        if not rows or rows[0][0] != entry.sha256 or place > span[1]:
            ignored.append(f"{entry.seq} {what} names a record that is not here")
            return []
        return [(place, entry.reason)] if rows[0][1] == WAITING else []

    def _still_waiting(
        self, span: tuple[int, int], start: int, end: int, sha256: str
    ) -> tuple[tuple[int, int] | None, str | None]:
        """The places of a stored range that still wait, if its last seal fits; or why the range is passed over."""
        first, last = span[0] + start, span[0] + end
        if last > span[1]:
            return None, f"{start}..{end} was never sealed here"
        rows = self.ask("SELECT sha256 FROM record WHERE place = ?", (last,))
        if rows and rows[0][0] != sha256:
            return None, f"{start}..{end} names another seal than {end} has"
        ((low, high),) = self.ask(
            "SELECT min(place), max(place) FROM record WHERE state = 0 AND place BETWEEN ? AND ?", (first, last)
        )
        if low is None:
            return None, None
        if not rows:
            return None, f"{start}..{end}: {end} is no longer here, so its seal can't be compared"
        return (low, high), None


def _entries(rows: Iterable[Any]) -> list[Waiting]:
    return [Waiting(place, Sealed(str(sha256), bytes(data)), committed) for place, sha256, data, committed in rows]
