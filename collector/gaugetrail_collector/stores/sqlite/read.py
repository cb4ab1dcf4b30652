"""The SQLite store's questions: what carries a term, what was amended, every record of a chain.

Everything is read page by page along an index, so that no answer is ever held whole. What stands in the file is read
as text or bytes whatever type somebody gave it there: `verify` judges it, not SQLite.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import groupby
from pathlib import Path
from weakref import WeakSet

from gaugetrail_collector.stores import Row, StoreDown, StoreReplaced
from gaugetrail_collector.stores.question import ALL_TIME, CONTEXT_KINDS, Asked, Position, Window
from gaugetrail_contract.files import FileId, file_id
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import ChainName

PAGE = 1000
FIRST_PAGE = 50
"""Most answers are short: the first page asks for few."""
ROW = "r.agent, r.epoch, r.seq, CAST(r.sha256 AS TEXT), CAST(r.data AS BLOB), r.time_us, r.branch"
COLUMNS = 7
"""How many `ROW` are."""
MANY_IDS = 500
"""Named in one statement; SQLite takes 32,766 and older ones 999."""
MOST_TIME = 2**62


Files = tuple[FileId | None, ...]
"""The file and its write-ahead log."""


def files_of(path: Path) -> Files:
    """Which files stand in the store's place now."""
    return tuple(map(file_id, (path, path.with_name(path.name + "-wal"))))


_stores: WeakSet[SqliteReads] = WeakSet()
"""Every store of this process."""


def let_go_of_replaced(path: Path) -> None:
    """Close what this process has open of files that no longer stand in the store's place. SQLite's connections to a
    file share what they know of its write-ahead log: one opened beside an old one would read a log that is gone.
    """
    for store in list(_stores):
        if store.path == path:
            store.close_if_replaced()


class SqliteReads:
    """What can be asked of a SQLite store. Every method may raise `StoreDown`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._db: sqlite3.Connection | None = None
        self._files: Files = ()
        _stores.add(self)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._close()

    def close_if_replaced(self) -> None:
        """Close the file, where other files stand in its place now."""
        with self._lock:
            if self._files != files_of(self.path):
                self._close()

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    @contextlib.contextmanager
    def _using(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._db is None:
                raise StoreDown(f"{self.path} is closed")
            self._still_there()
            try:
                yield self._db
                # Files that were taken away take what is written all the same, and are gone once nobody has them open.
                self._still_there()
            except sqlite3.Error as error:
                if self._db is not None and self._db.in_transaction:
                    with contextlib.suppress(sqlite3.Error):
                        self._db.execute("ROLLBACK")
                raise StoreDown(f"{self.path}: {error}") from error

    def _still_there(self) -> None:
        if self._files != files_of(self.path):
            self._close()
            raise StoreReplaced(
                f"{self.path} was deleted or replaced while it was open: it is opened anew, and what it lacks is asked "
                "for"
            )

    def search(self, term: Asked | None, window: Window = ALL_TIME, after: Position | None = None) -> Iterator[Row]:
        """By the index of the term's kind, or of time; where several kinds fit, their pages are merged."""
        if term is None:
            yield from self._pages("record r", "1", (), window, after)
            return
        sources = [("identifier", kind) for kind in self._kinds(term)]
        sources += [("context", kind) for kind in CONTEXT_KINDS if kind == term.kind]
        pages = [
            self._pages(f"{table} i JOIN record r USING(agent, epoch, seq, branch)", "i.id = ? AND i.kind = ?",
                        (term.identifier, kind), window, after)
            for table, kind in sources
        ]  # fmt: skip
        for _, same in groupby(merge(*pages, key=lambda row: row.position), key=lambda row: row.position):
            yield next(same)

    def _kinds(self, term: Asked) -> list[str]:
        """The term's kind; without one, those under which the identifier is filed, by skipping through the index."""
        if term.kind is not None:
            return [term.kind]
        kinds: list[str] = [""]
        while True:
            with self._using() as db:
                next_kind = db.execute(
                    "SELECT kind FROM identifier WHERE id = ? AND kind > ? ORDER BY kind LIMIT 1",
                    (term.identifier, kinds[-1]),
                ).fetchone()
            if next_kind is None:
                return kinds[1:]
            kinds.append(str(next_kind[0]))

    def _pages(
        self, tables: str, where: str, bound: tuple[str, ...], window: Window, after: Position | None
    ) -> Iterator[Row]:
        """Tables and conditions are ours; values are bound."""
        index = tables.split()[1]
        place = f"{index}.time_us, {index}.agent, {index}.epoch, {index}.seq, {index}.branch"
        last: tuple[object, ...] = (-MOST_TIME if window.since_us is None else window.since_us, "", "", 0, "")
        if after is not None:
            last = max(last, (after.time_us, after.agent, after.epoch, after.seq, after.branch))
        until = MOST_TIME if window.until_us is None else window.until_us
        size = FIRST_PAGE
        while True:
            with self._using() as db:
                page = db.execute(
                    f"SELECT {ROW}, {place} FROM {tables} WHERE {where} AND ({place}) > (?, ?, ?, ?, ?)"
                    f" AND {index}.time_us < ? ORDER BY {place} LIMIT ?",
                    (*bound, *last, until, size),
                ).fetchall()
            for found in page:
                yield _row(*found[:COLUMNS])
            if len(page) < size:
                return
            last, size = page[-1][COLUMNS:], PAGE

    def find(self, identifier: str, kind: str | None = None) -> list[Row]:
        """The whole answer of `search`."""
        return list(self.search(Asked(kind, identifier)))

    def amendments_of(self, ids: Sequence[str]) -> list[Row]:
        """By the identifier index. Of many ids, most were never amended: those are found out some hundred at a time."""
        found = (row for one in self._amended(ids) for row in self._pages(
            "identifier i JOIN record r USING(agent, epoch, seq, branch)", "i.id = ? AND i.kind = 'record'", (one,),
            ALL_TIME, None,
        ))  # fmt: skip
        return sorted(found, key=lambda row: row.position)

    def _amended(self, ids: Sequence[str]) -> list[str]:
        """Those of them that an amendment names."""
        among: set[object] = set()
        for start in range(0, len(ids), MANY_IDS):
            asked = ids[start : start + MANY_IDS]
            marks = ", ".join("?" * len(asked))
            with self._using() as db:
                rows = db.execute(f"SELECT id FROM identifier WHERE kind = 'record' AND id IN ({marks})", asked)
                among.update(row[0] for row in rows)
        return [one for one in ids if one in among]

    def named(self, agent: str, epoch: str, seq: int) -> list[Row]:
        """By the primary key, in each history."""
        branches = [one.branch for one in self.chains() if (one.agent, one.epoch) == (agent, epoch)]
        with self._using() as db:
            found = [
                db.execute(
                    f"SELECT {ROW} FROM record r WHERE r.agent = ? AND r.epoch = ? AND r.branch = ? AND r.seq = ?",
                    (agent, epoch, branch, seq),
                ).fetchall()
                for branch in branches
            ]
        return [_row(*one) for rows in found for one in rows]

    def chains(self) -> list[ChainName]:
        """By skipping through the primary key, so that millions of records cost nothing."""
        found: list[ChainName] = []
        last = ChainName("", "")
        with self._using() as db:
            while True:
                row = db.execute(
                    "SELECT agent, epoch, branch FROM record WHERE (agent, epoch, branch) > (?, ?, ?)"
                    " ORDER BY agent, epoch, branch LIMIT 1",
                    last,
                ).fetchone()
                if row is None:
                    return found
                if not all(isinstance(part, str) for part in row) or row == last:
                    raise StoreDown(f"{self.path} is damaged: {row[0]!r}, epoch {row[1]!r}, can be no agent's name")
                last = ChainName(*row)
                found.append(last)

    def rows(self, agent: str, epoch: str, branch: str = "", *, window: Window = ALL_TIME) -> Iterator[Row]:
        """Page by page along the primary key."""
        last: object = -MOST_TIME
        where, bound = "r.agent = ? AND r.epoch = ? AND r.branch = ? AND r.seq > ?", list[int]()
        if window.since_us is not None:
            where, bound = f"{where} AND r.time_us >= ?", [*bound, window.since_us]
        if window.until_us is not None:
            where, bound = f"{where} AND r.time_us < ?", [*bound, window.until_us]
        while True:
            with self._using() as db:
                page = db.execute(
                    f"SELECT {ROW}, r.seq FROM record r WHERE {where} ORDER BY r.seq LIMIT ?",
                    (agent, epoch, branch, last, *bound, PAGE),
                ).fetchall()
            if not page:
                return
            for found in page:
                yield _row(*found[:COLUMNS])
            last = page[-1][COLUMNS]

    def numbers(
        self, agent: str, epoch: str, branch: str = "", *, after_seq: int = 0, after_us: int = 0
    ) -> list[tuple[int, int]]:
        """Page by page along the primary key."""
        found, last = Ranges(), after_seq
        while True:
            with self._using() as db:
                page = db.execute(
                    "SELECT seq FROM record"
                    " WHERE agent = ? AND epoch = ? AND branch = ? AND seq > ? AND time_us > ? ORDER BY seq LIMIT ?",
                    (agent, epoch, branch, last, after_us, PAGE),
                ).fetchall()
            for (seq,) in page:
                if isinstance(seq, int):
                    found.add(seq)
                    last = seq
            if len(page) < PAGE:
                return found.spans()

    def first_of(self, agent: str, since_us: int, until_us: int) -> int | None:
        """Along the index of times."""
        with self._using() as db:
            (found,) = db.execute(
                # The plus keeps it off the agent's whole chain.
                "SELECT min(time_us) FROM record WHERE +agent = ? AND time_us >= ? AND time_us < ?",
                (agent, since_us, until_us),
            ).fetchone()
        return None if found is None else int(found)

    def count(self) -> int:
        """All records."""
        with self._using() as db:
            (count,) = db.execute("SELECT count(*) FROM record").fetchone()
            return int(count)


def _row(
    agent: str, epoch: str, seq: object, sha256: str | None, data: bytes | None, time_us: object, branch: str
) -> Row:
    """A number or time that is none is 0, which no record has."""
    number, moment = (value if isinstance(value, int) else 0 for value in (seq, time_us))
    return Row(agent, epoch, number, sha256 or "", data or b"", moment, branch)
