"""The SQLite store's tables, how a file of an older format gets them, and what a record puts into them.

Nothing here commits but `bring_up`, which is one transaction: all of it, or the file as it was.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from pathlib import Path

from gaugetrail_collector.stores import StoreRefuses
from gaugetrail_collector.stores.question import contexts
from gaugetrail_contract.record import identifiers
from gaugetrail_contract.seal import BadRecord, Opened, Sealed, open_sealed
from gaugetrail_service.files.sqlite_files import compare

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
    """
DROP INDEX record_time;
ALTER TABLE record RENAME TO record_2;
ALTER TABLE identifier RENAME TO identifier_2;
ALTER TABLE context RENAME TO context_2;
CREATE TABLE record(
  agent TEXT NOT NULL, epoch TEXT NOT NULL, branch TEXT NOT NULL, seq INTEGER NOT NULL, sha256 TEXT NOT NULL,
  time_us INTEGER NOT NULL, kind TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY(agent, epoch, branch, seq)) WITHOUT ROWID;
CREATE TABLE identifier(
  id TEXT NOT NULL, kind TEXT NOT NULL, time_us INTEGER NOT NULL, agent TEXT NOT NULL, epoch TEXT NOT NULL,
  seq INTEGER NOT NULL, branch TEXT NOT NULL,
  PRIMARY KEY(id, kind, time_us, agent, epoch, seq, branch)) WITHOUT ROWID;
CREATE TABLE context(
  id TEXT NOT NULL, kind TEXT NOT NULL, time_us INTEGER NOT NULL, agent TEXT NOT NULL, epoch TEXT NOT NULL,
  seq INTEGER NOT NULL, branch TEXT NOT NULL,
  PRIMARY KEY(id, kind, time_us, agent, epoch, seq, branch)) WITHOUT ROWID;
INSERT INTO record SELECT agent, epoch, '', seq, sha256, time_us, kind, data FROM record_2;
INSERT INTO identifier SELECT id, kind, time_us, agent, epoch, seq, '' FROM identifier_2;
INSERT INTO context SELECT id, kind, time_us, agent, epoch, seq, '' FROM context_2;
DROP TABLE record_2;
DROP TABLE identifier_2;
DROP TABLE context_2;
CREATE INDEX record_time ON record(time_us, agent, epoch, seq, branch);
""",
)
"""What each format adds to the one before; the file's `user_version` says how many it has. `context` files records
under gauge, plan, part and station. The third knows several histories of an epoch: of what was there before, `branch`
is empty."""
VERSION = len(FORMATS)
ABOUT = "CREATE TABLE IF NOT EXISTS about(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID"
"""What the store knows of itself. No part of a format: who doesn't know the table passes it over."""
KNOWN = [("".join(FORMATS[:number]), "".join((*FORMATS[:number], ABOUT))) for number in range(VERSION + 1)]
"""What a file of each format looks like."""


def prove_schema(db: sqlite3.Connection, path: Path) -> None:
    """Nothing for a file that is as its format is made. Raises `StoreRefuses` (newer), `NotAsMade`, `sqlite3.Error`."""
    compare(db, KNOWN[_format(db, path)])


def bring_up(db: sqlite3.Connection, path: Path) -> None:
    """From the file's format to ours. Raises `StoreRefuses` for a newer one."""
    if _format(db, path) == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        # Asked again under the lock: another process may have done it while we waited.
        _bring_up(db, path, _format(db, path))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _format(db: sqlite3.Connection, path: Path) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise StoreRefuses(f"{path} was written by a newer Gaugetrail (format {version}); install that one")
    return int(version)


def _bring_up(db: sqlite3.Connection, path: Path, version: int) -> None:
    if 0 < version < VERSION:
        log.info("%s: bringing format %d to %d, once", path, version, VERSION)
    for statements in FORMATS[version:]:
        for statement in filter(str.strip, statements.split(";")):
            db.execute(statement)
    if version == 1:
        _file_all_contexts(db)
    db.execute(f"PRAGMA user_version = {VERSION}")


def _file_all_contexts(db: sqlite3.Connection) -> None:
    for sha256, data in db.execute("SELECT CAST(sha256 AS TEXT), CAST(data AS BLOB) FROM record"):
        # A record that was altered can't say what it was made with; verify names it.
        with contextlib.suppress(BadRecord):
            sealed = Sealed(sha256, data)
            _file(db, "context", Opened(sealed, open_sealed(sealed)))


def insert_record(db: sqlite3.Connection, opened: Opened) -> bool:
    """Put the record under its branch and number; false where something stands there already."""
    identity = (opened.agent, opened.epoch, opened.branch, opened.seq)
    done = db.execute(
        "INSERT OR IGNORE INTO record VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        (*identity, opened.sealed.sha256, opened.time_us, opened.record.kind, opened.sealed.data),
    )
    return done.rowcount == 1


def file_record(db: sqlite3.Connection, opened: Opened) -> None:
    """File it under what it carries and what it was made with."""
    _file(db, "identifier", opened)
    _file(db, "context", opened)


def _file(db: sqlite3.Connection, table: str, opened: Opened) -> None:
    named = identifiers(opened.record) if table == "identifier" else contexts(opened.record)
    place = (opened.time_us, opened.agent, opened.epoch, opened.seq, opened.branch)
    db.executemany(
        f"INSERT OR IGNORE INTO {table} VALUES(?, ?, ?, ?, ?, ?, ?)",
        [(name, kind, *place) for kind, name in named],
    )


def unfile_record(db: sqlite3.Connection, opened: Opened) -> None:
    """Take it out of where it stands, with all that it is filed under."""
    place = (opened.time_us, opened.agent, opened.epoch, opened.seq, opened.branch)
    for table, named in (("identifier", identifiers(opened.record)), ("context", contexts(opened.record))):
        db.executemany(
            f"DELETE FROM {table} WHERE id = ? AND kind = ? AND"  # noqa: S608 - one of our two names
            " time_us = ? AND agent = ? AND epoch = ? AND seq = ? AND branch = ?",
            [(name, kind, *place) for kind, name in named],
        )
    db.execute(
        "DELETE FROM record WHERE agent = ? AND epoch = ? AND branch = ? AND seq = ?",
        (opened.agent, opened.epoch, opened.branch, opened.seq),
    )
