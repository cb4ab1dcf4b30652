"""The SQLite store: one file, WAL, synchronous=FULL; the sealed bytes under (agent, epoch, seq), found by identifier.

Promise: `write` returns after the commit; the same record again changes nothing; another record under the same
identity is a fork and never replaces the first. Here the file and the writing; `sqlite_read` asks.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import Sequence

from gaugetrail_collector.stores import STORED, THERE, Fate, Outcome, StoreDown, StoreRefuses, fork_reason
from gaugetrail_collector.stores.identity import new_store_id, store_id_in
from gaugetrail_collector.stores.question import contexts
from gaugetrail_collector.stores.sqlite_read import SqliteReads, files_of, let_go_of_replaced
from gaugetrail_collector.stores.stats import Stats, TagUse
from gaugetrail_contract.findings import Finding
from gaugetrail_contract.record import Record, identifiers
from gaugetrail_contract.seal import BadRecord, Opened, Sealed, open_sealed

log = logging.getLogger(__name__)

FORMATS = (
    """
CREATE TABLE record(
  agent TEXT NOT NULL, epoch TEXT NOT NULL, seq INTEGER NOT NULL, sha256 TEXT NOT NULL, time_us INTEGER NOT NULL,
  kind TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY(agent, epoch, seq)) WITHOUT ROWID;
CREATE TABLE identifier(
  id TEXT NOT NULL, kind TEXT NOT NULL, time_us INTEGER NOT NULL, agent TEXT NOT NULL, epoch TEXT NOT NULL,
  seq INTEGER NOT NULL, PRIMARY KEY(id, kind, time_us, agent, epoch, seq)) WITHOUT ROWID;
""",
    """
CREATE TABLE context(
  id TEXT NOT NULL, kind TEXT NOT NULL, time_us INTEGER NOT NULL, agent TEXT NOT NULL, epoch TEXT NOT NULL,
  seq INTEGER NOT NULL, PRIMARY KEY(id, kind, time_us, agent, epoch, seq)) WITHOUT ROWID;
CREATE INDEX record_time ON record(time_us, agent, epoch, seq);
""",
)
"""What each format adds to the one before; the file's `user_version` says how many it has. `context` files records
under gauge, plan, part and station."""
VERSION = len(FORMATS)
ABOUT = "CREATE TABLE IF NOT EXISTS about(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
"""What the store knows of itself. No part of a format: who doesn't know the table passes it over."""


class SqliteStore(SqliteReads):
    """See the module's promise. May be used from several threads, one at a time."""

    def open(self) -> None:
        """Open or create the file. Raises `StoreRefuses` for a file that is no store or that a newer version wrote."""
        let_go_of_replaced(self.path)
        with self._lock:
            if self._db is not None:
                return
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                db = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
                # Text that somebody damaged is shown damaged rather than stopping the reader.
                db.text_factory = lambda raw: raw.decode("utf-8", "replace")
            except (OSError, sqlite3.Error) as error:
                raise StoreDown(f"{self.path} can't be opened: {error}") from error
            try:
                self._prepare(db)
            except sqlite3.OperationalError as error:  # locked, read-only, full: no word on what the file is
                db.close()
                raise StoreDown(f"{self.path} can't be opened: {error}") from error
            except sqlite3.DatabaseError as error:
                db.close()
                raise StoreRefuses(f"{self.path} is no store of ours: {error}") from error
            except StoreRefuses:
                db.close()
                raise
            self._db, self._files = db, files_of(self.path)

    def _prepare(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if self._format(db) == VERSION:
            return
        db.execute("BEGIN IMMEDIATE")
        try:
            # Asked again under the lock: another process may have done it while we waited.
            self._bring_up(db, self._format(db))
        except BaseException:
            db.execute("ROLLBACK")
            raise
        db.execute("COMMIT")

    def _format(self, db: sqlite3.Connection) -> int:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise StoreRefuses(f"{self.path} was written by a newer Gaugetrail (format {version}); install that one")
        return int(version)

    def _bring_up(self, db: sqlite3.Connection, version: int) -> None:
        """From the file's format to ours, all or nothing."""
        if 0 < version < VERSION:
            log.info("%s: bringing format %d to %d, once", self.path, version, VERSION)
        for statements in FORMATS[version:]:
            for statement in filter(str.strip, statements.split(";")):
                db.execute(statement)
        if version == 1:
            self._file_contexts(db)
        db.execute(f"PRAGMA user_version = {VERSION}")

    def _file_contexts(self, db: sqlite3.Connection) -> None:
        for sha256, data in db.execute("SELECT CAST(sha256 AS TEXT), CAST(data AS BLOB) FROM record"):
            # A record that was altered can't say what it was made with; verify names it.
            with contextlib.suppress(BadRecord):
                self._insert_contexts(db, open_sealed(Sealed(sha256, data)))

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
        files = [self.path, self.path.with_name(self.path.name + "-wal")]
        size = sum(one.stat().st_size for one in files if one.exists())
        return Stats(self.health(), count, None, size, oldest, newest, fresh, None)

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

    def write(self, batch: Sequence[Opened]) -> list[Outcome]:
        """Insert what is new in one transaction; returns after the commit."""
        with self._using() as db:
            db.execute("BEGIN IMMEDIATE")
            outcomes = [self._insert(db, opened) for opened in batch]
            db.execute("COMMIT")  # synchronous=FULL: returns after the fsync
        return outcomes  # what was committed stands in the file that has the store's name

    def _insert(self, db: sqlite3.Connection, opened: Opened) -> Outcome:
        record, sha256, time_us = opened.record, opened.sealed.sha256, opened.time_us
        identity = (opened.agent, opened.epoch, opened.seq)
        done = db.execute(
            "INSERT OR IGNORE INTO record VALUES(?, ?, ?, ?, ?, ?, ?)",
            (*identity, sha256, time_us, record.kind, opened.sealed.data),
        )
        if done.rowcount == 0:
            (other,) = db.execute(
                "SELECT sha256 FROM record WHERE agent = ? AND epoch = ? AND seq = ?", identity
            ).fetchone()
            return THERE if other == sha256 else Outcome(Fate.FORK, fork_reason(sha256, other))
        db.executemany(
            "INSERT OR IGNORE INTO identifier VALUES(?, ?, ?, ?, ?, ?)",
            [(identifier, kind, time_us, *identity) for kind, identifier in identifiers(record)],
        )
        self._insert_contexts(db, record)
        return STORED

    def _insert_contexts(self, db: sqlite3.Connection, record: Record) -> None:
        place = (record.time_us, record.agent, record.epoch, record.seq)
        db.executemany(
            "INSERT OR IGNORE INTO context VALUES(?, ?, ?, ?, ?, ?)",
            [(name, kind, *place) for kind, name in contexts(record)],
        )
