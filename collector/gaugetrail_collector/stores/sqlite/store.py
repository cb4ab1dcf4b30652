"""The SQLite store: one file, WAL, synchronous=FULL; the sealed bytes under (agent, epoch, branch, seq), found by
identifier.

Promise: `write` returns after the commit; the same record again changes nothing; another record under the same
identity is a fork and never replaces the first. Here the file and the writing; `formats` makes its tables,
`parting` knows second histories, `read` asks.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from gaugetrail_collector.stores import STORED, THERE, Doubt, Fate, Outcome, StoreDown, StoreRefuses
from gaugetrail_collector.stores.identity import new_store_id, store_id_in
from gaugetrail_collector.stores.sqlite.formats import (
    ABOUT,
    bring_up,
    file_record,
    insert_record,
    prove_schema,
)
from gaugetrail_collector.stores.sqlite.parting import SqliteHistories
from gaugetrail_collector.stores.sqlite.placing import misplaced_in, neighbours_in
from gaugetrail_collector.stores.sqlite.read import SqliteReads, files_of, let_go_of_replaced
from gaugetrail_collector.stores.stats import Stats, TagUse
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.seal import Opened
from gaugetrail_service.files.sqlite_files import NotAsMade, open_database


class SqliteStore(SqliteReads):
    """See the module's promise. May be used from several threads, one at a time."""

    def open(self) -> None:
        """Open or create the file. Raises `StoreRefuses` for one that is no store, whose schema isn't ours, or that a
        newer version wrote.
        """
        let_go_of_replaced(self.path)
        with self._lock:
            if self._db is not None:
                return
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                db = open_database(self.path)
                # Text that somebody damaged is shown damaged rather than stopping the reader.
                db.text_factory = lambda raw: raw.decode("utf-8", "replace")
            except (OSError, sqlite3.Error) as error:
                raise StoreDown(f"{self.path} can't be opened: {error}") from error
            try:
                self._prepare(db)
            except sqlite3.OperationalError as error:  # locked, read-only, full: no word on what the file is
                db.close()
                raise StoreDown(f"{self.path} can't be opened: {error}") from error
            except NotAsMade as error:
                db.close()
                raise StoreRefuses(error.said_of(self.path)) from error
            except sqlite3.DatabaseError as error:
                db.close()
                raise StoreRefuses(f"{self.path} is no store of ours: {error}") from error
            except StoreRefuses:
                db.close()
                raise
            self._db, self._files = db, files_of(self.path)

    def _prepare(self, db: sqlite3.Connection) -> None:
        prove_schema(db, self.path)  # before anything is written
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        bring_up(db, self.path)

    def health(self) -> str:
        """The file it is."""
        return f"SQLite, {self.path}"

    def identity(self) -> str:
        """One row of `about`; the first collector's word stands."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            db.execute(ABOUT)
            db.execute("INSERT OR IGNORE INTO about VALUES('store_id', ?)", (new_store_id(),))
            (found,) = db.execute("SELECT value FROM about WHERE key = 'store_id'").fetchone()
            db.execute("COMMIT")
        return store_id_in(found)

    def note(self, lines: Sequence[str]) -> None:
        """No charts are drawn from SQLite."""

    def prepare(self, opened: Opened) -> Opened:
        """Nothing is made beforehand."""
        return opened

    def budget(self) -> list[TagUse]:
        """A file has no tags, so nothing is bounded."""
        return []

    def stats(self) -> Stats:
        """Counted in the file; its size is with the write-ahead log."""
        with self._using() as db:
            count, oldest, newest = db.execute("SELECT count(*), min(time_us), max(time_us) FROM record").fetchone()
            since = time.time_ns() // 1000 - 3_600_000_000
            (fresh,) = db.execute("SELECT count(*) FROM record WHERE time_us > ?", (since,)).fetchone()
            (amendments,) = db.execute("SELECT count(*) FROM record WHERE kind = 'amendment'").fetchone()
        files = [self.path, self.path.with_name(self.path.name + "-wal")]
        size = sum(one.stat().st_size for one in files if one.exists())
        return Stats(self.health(), count, None, size, oldest, newest, fresh, None, amendments=amendments)

    def limits(self) -> list[Finding]:
        """None: a file holds as much as its disk."""
        return []

    def keeps_us(self) -> int | None:
        """For ever."""
        return None

    def init(self, keep_days: int | None, *, roll_ups: bool) -> list[str]:
        """Make the file. It keeps everything, and charts are InfluxDB's matter."""
        if keep_days is not None or roll_ups:
            raise StoreRefuses("a SQLite store keeps everything and has no roll-ups; leave these options out")
        self.open()
        return [f"{self.path} is there"]

    def write(self, batch: Sequence[Opened], *, vouched: bool = False, doubt: Doubt | None = None) -> list[Outcome]:
        """Insert what is new in one transaction; returns after the commit."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            histories = SqliteHistories(db)
            why = _nothing if vouched or doubt is None else doubt
            outcomes = [self._insert(db, opened, histories, why, vouched=vouched) for opened in batch]
            db.execute("COMMIT")  # synchronous=FULL: returns after the fsync
        return outcomes  # what was committed stands in the file that has the store's name

    def _insert(
        self, db: sqlite3.Connection, opened: Opened, histories: SqliteHistories, doubt: Doubt, *, vouched: bool
    ) -> Outcome:
        judged = histories.judge(opened) if histories.several(opened) else None
        if judged is not None:
            return judged
        neighbours = neighbours_in(db, opened, ("", *histories.named(opened)))
        if any((one.stood.branch, one.stood.seq) == (opened.branch, opened.seq) for one in neighbours):
            return histories.judge(opened) or THERE
        reason = doubt(opened) or misplaced_in(db, opened, neighbours, vouched=vouched)
        if reason is not None:
            histories.withdraw(opened)
            return Outcome(Fate.HELD, reason)
        insert_record(db, opened)
        file_record(db, opened)
        histories.gather(opened)
        return STORED


def _nothing(_opened: Opened) -> None:
    return None
