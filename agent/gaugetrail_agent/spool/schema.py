"""The spool's file: its tables, its versions, and the figures kept in it.

Format 2 (`user_version`), one SQLite file, WAL, synchronous=FULL, page size 4096, auto_vacuum=INCREMENTAL:
- `meta(key, value)`: agent, session (see `bookmark`), boot and the last place before it, `figures` (last place, its
  seal, the greatest moment, counts and bytes; with a checksum), `epoch_due` while the next open has to draw a new epoch
- `epoch(start, name, reason)`: an epoch's number 1 stands at place `start + 1`; the last row is the current one
- `record(place, sha256, data, time_us, committed_us, confirmed_us, state, reason)`: state 0 waiting, 1 confirmed,
  2 set aside by the collector; the two last moments are monotonic microseconds
- `droppable(class, place)`: waiting records that may be dropped when the spool is full, if their station says so
- `damaged(id, epoch, seq, found_us, reason, raw)`: what the disk has spoilt, as it was found
- `request(place)`: set-aside records that somebody wants sent again; the running agent carries it out
- `unit(station, part, serial, attempt, record)`: the last inspection of each unit
- `memory(key, value)`: what drivers remember, such as a PLC's last answered number

Format 1 had one epoch a file (in `meta`), called the place `seq`, and had no auto_vacuum. It is taken over in one
transaction that touches no record, however many wait; its file begins to shrink once its backlog has gone (`room`).

A file whose schema is not that of its format, object by object, counts as damaged: nothing planted in it runs.
"""

from __future__ import annotations

import sqlite3
import zlib
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gaugetrail_agent.spool.words import SpoolBroken
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_service.files.sqlite_files import NotAsMade, compare, is_as_made, look_into, open_database

VERSION = 2
WAITING, CONFIRMED, SET_ASIDE = 0, 1, 2
PAGE_BYTES = 4096
CACHE_KB = 512
"""Of each connection, and there are two for as long as the agent runs; the library would take four times as much."""

NEW_IN_2 = """
CREATE TABLE epoch(start INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, reason TEXT NOT NULL);
CREATE TABLE droppable(class INTEGER, place INTEGER, PRIMARY KEY(class, place)) WITHOUT ROWID;
CREATE TABLE damaged(
  id INTEGER PRIMARY KEY, epoch TEXT, seq INTEGER, found_us INTEGER NOT NULL, reason TEXT NOT NULL, raw BLOB NOT NULL);
CREATE TABLE request(place INTEGER PRIMARY KEY);
"""
SCHEMA = (
    """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE record(
  place INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, data BLOB NOT NULL, time_us INTEGER NOT NULL,
  committed_us INTEGER NOT NULL, confirmed_us INTEGER, state INTEGER NOT NULL DEFAULT 0, reason TEXT);
CREATE INDEX waiting ON record(place) WHERE state = 0;
CREATE TABLE unit(
  station TEXT, part TEXT, serial TEXT, attempt INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY(station, part, serial)) WITHOUT ROWID;
CREATE TABLE memory(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
    + NEW_IN_2
)
FORMAT_1 = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE record(
  seq INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, data BLOB NOT NULL, time_us INTEGER NOT NULL,
  committed_us INTEGER NOT NULL, confirmed_us INTEGER, state INTEGER NOT NULL DEFAULT 0, reason TEXT);
CREATE INDEX waiting ON record(seq) WHERE state = 0;
CREATE TABLE unit(
  station TEXT, part TEXT, serial TEXT, attempt INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY(station, part, serial)) WITHOUT ROWID;
CREATE TABLE memory(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""
CALLED_PLACE = "ALTER TABLE record RENAME COLUMN seq TO place;"
KNOWN: tuple[tuple[str, ...], ...] = (("",), (FORMAT_1,), (SCHEMA, FORMAT_1 + CALLED_PLACE + NEW_IN_2))
"""What each format's file looks like: made new, or taken over from the format before."""
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


@dataclass(slots=True)
class Weight:
    """How many records of each state there are and how many bytes they take; kept in the file, so start is quick.
    The last three count what has left: confirmed ever, dropped for want of room, damaged.
    """

    count: list[int] = field(default_factory=lambda: [0, 0, 0])
    bytes: list[int] = field(default_factory=lambda: [0, 0, 0])
    confirmed: int = 0
    dropped: int = 0
    damaged: int = 0

    def add(self, state: int, count: int, size: int) -> None:
        """`count` records of `size` bytes together come to a state, or leave it where negative."""
        self.count[state] += count
        self.bytes[state] += size

    def copy(self) -> Weight:
        """The same figures, to be changed inside a transaction that may fail."""
        return Weight(list(self.count), list(self.bytes), self.confirmed, self.dropped, self.damaged)


@dataclass(frozen=True, slots=True)
class SpoolFigures:
    """What `meta` knows of the content, in one line that proves itself: a spoilt digit would mislead for ever."""

    place: int
    sha256: str
    last_us: int
    weight: Weight

    def text(self) -> str:
        """As `meta` keeps it."""
        weight = self.weight
        numbers = (*weight.count, *weight.bytes, weight.confirmed, weight.dropped, weight.damaged)
        line = " ".join(map(str, (self.place, self.sha256, self.last_us, *numbers)))
        return f"{line} {zlib.crc32(line.encode()):08x}"

    @classmethod
    def read(cls, text: str) -> SpoolFigures:
        """What `text` wrote. Raises `ValueError` for anything else."""
        line, _, check = text.rpartition(" ")
        if f"{zlib.crc32(line.encode()):08x}" != check:
            raise ValueError("the figures in the file don't fit their checksum")
        place, sha256, last_us, *rest = line.split()
        numbers = [int(number) for number in rest]
        return cls(int(place), sha256, int(last_us), Weight(numbers[:3], numbers[3:6], *numbers[6:]))


NOTHING = SpoolFigures(0, FIRST_PREV, 0, Weight())


@dataclass(frozen=True, slots=True)
class Epochs:
    """The epochs of a file, oldest first, as `(start, name)`: the record `seq` of an epoch stands at `start + seq`."""

    rows: tuple[tuple[int, str], ...]

    @property
    def current(self) -> tuple[int, str]:
        """Where records are sealed now."""
        return self.rows[-1]

    def of(self, place: int) -> tuple[str, int]:
        """Epoch and number of the record at a place."""
        start, name = next(row for row in reversed(self.rows) if row[0] < place or row is self.rows[0])
        return name, place - start

    def span(self, name: str, last_place: int) -> tuple[int, int] | None:
        """`(start, end)`: the epoch's records stand behind `start`, up to `end`; null for one that isn't here."""
        for number, (start, known) in enumerate(self.rows):
            if known == name:
                return start, self.rows[number + 1][0] if number + 1 < len(self.rows) else last_place
        return None

    @classmethod
    def read(cls, db: sqlite3.Connection) -> Epochs:
        """Those of a file."""
        return cls(
            tuple((int(start), str(name)) for start, name in db.execute("SELECT start, name FROM epoch ORDER BY start"))
        )


def connect(path: Path) -> sqlite3.Connection:
    """The file for writing; made where it isn't there. Raises `SpoolBroken` for a newer format, `OSError`,
    `sqlite3.Error`.
    """
    new = not path.exists() or path.stat().st_size == 0
    db = open_database(path)
    db.text_factory = _text
    try:
        version(db, path)
        if new:
            db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")  # a commit returns after the fsync of the log
        db.execute("PRAGMA journal_size_limit = 67108864")
        db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    except (sqlite3.Error, SpoolBroken):
        db.close()
        raise
    return db


def look(path: Path) -> sqlite3.Connection:
    """The file for reading only, beside a running agent; its schema isn't compared yet (`version` does). Raises
    `SpoolBroken` for a link, `sqlite3.Error`.
    """
    try:
        db = look_into(path)
    except OSError as error:
        raise SpoolBroken(f"{path} can't be read: {error.strerror}") from error
    db.text_factory = _text
    return db


_text = partial(str, encoding="utf-8", errors="replace")
"""Text that the disk has spoilt is read spoilt, and its seal doesn't hold; else SQLite would refuse the whole row."""


def claim(path: Path) -> sqlite3.Connection:
    """Hold the spool for this process; the system lets go of it if the process dies. Raises `SpoolBroken`."""
    try:
        lock = open_database(path.with_suffix(".lock"), timeout=0)
    except OSError as error:
        raise SpoolBroken(f"{error.filename}: {error.strerror}") from error
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise SpoolBroken(f"{path} is in use by another agent on this PC; stop that one first") from error
    return lock


def version(db: sqlite3.Connection, path: Path) -> int:
    """The file's format; 0 for one without tables. Raises `SpoolBroken` for a newer one, which stays untouched, and
    `NotAsMade` where the schema isn't that format's.
    """
    (found,) = db.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise SpoolBroken(
            f"{path} was written by a newer Gaugetrail (format {found}, this one knows {VERSION}); "
            "install that version again, or let it send everything first"
        )
    compare(db, KNOWN[found])
    return int(found)


def has_ours(db: sqlite3.Connection, table: str) -> bool:
    """Whether that name is a table of ours in a file of which nothing else is certain."""
    return is_as_made(db, table, [script for scripts in KNOWN for script in scripts])


def cookie(db: sqlite3.Connection) -> int:
    """Another number after each change of the schema, whoever makes it."""
    (found,) = db.execute("PRAGMA schema_version").fetchone()
    return int(found)


def create(db: sqlite3.Connection, agent: str, boot: str, epoch: str) -> None:
    """All tables, empty. The caller commits."""
    _run(db, SCHEMA)
    meta = {
        "agent": agent,
        "session": "",
        "figures": NOTHING.text(),
        "boot": boot,
        "boot_place": 0,
    }
    db.executemany("INSERT INTO meta VALUES(?, ?)", meta.items())
    db.execute("INSERT INTO epoch VALUES(0, ?, 'created')", (epoch,))
    db.execute(f"PRAGMA user_version = {VERSION}")


def migrate(db: sqlite3.Connection) -> None:
    """Format 1 becomes format 2; what waits stays where it is. The caller commits."""
    meta = dict(db.execute("SELECT key, value FROM meta"))
    _run(db, CALLED_PLACE + NEW_IN_2)
    db.execute("INSERT INTO epoch VALUES(0, ?, 'created')", (meta["epoch"],))
    newest = db.execute("SELECT place, sha256 FROM record ORDER BY place DESC LIMIT 1").fetchone()
    place, sha256 = newest or (0, FIRST_PREV)
    numbers = [int(number) for number in str(meta["weight"]).split()]
    weight = Weight(numbers[:3], numbers[3:])
    weight.confirmed = place - weight.count[WAITING] - weight.count[SET_ASIDE]
    db.execute("DELETE FROM meta WHERE key IN ('epoch', 'weight', 'last_us')")
    db.execute("UPDATE meta SET key = 'boot_place' WHERE key = 'boot_seq'")
    figures = SpoolFigures(place, sha256, int(meta["last_us"]), weight)
    db.executemany("INSERT INTO meta VALUES(?, ?)", (("session", ""), ("figures", figures.text())))
    db.execute(f"PRAGMA user_version = {VERSION}")


def is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is spoilt or isn't as it was made, not that the disk is full or slow."""
    if isinstance(error, NotAsMade):
        return True
    # An error of Python's own module (a closed connection) has no code.
    return isinstance(error, sqlite3.DatabaseError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE


def is_locked(error: Exception) -> bool:
    """Whether another program has locked the file, and kept it so for as long as was waited."""
    return isinstance(error, sqlite3.OperationalError) and getattr(error, "sqlite_errorcode", 0) & 0xFF in LOCKED


def _run(db: sqlite3.Connection, script: str) -> None:
    for statement in filter(str.strip, script.split(";")):
        db.execute(statement)
