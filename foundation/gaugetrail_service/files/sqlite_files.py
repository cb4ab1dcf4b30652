"""SQLite files of our own, opened as files that somebody else may have had in hand.

Promise: no SQL that stands in a file runs. `trusted_schema` is off, and before the first statement of ours the file's
schema is compared object by object with what this version makes: a trigger, view, table or index too many, one of ours
that is missing or worded otherwise, is `NotAsMade`. A link in the file's place is refused and what it leads to isn't
touched (`refuse_links`). What a newer version has written is refused before anything is written to it.

Not promised: what stands in the rows (seals prove records), and what is planted after the comparison; who must know of
that reads back what he wrote, inside the same transaction.
"""

from __future__ import annotations

import functools
import re
import shlex
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from gaugetrail_contract.files import refuse_links

LOGS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file (https://www.sqlite.org/tempfiles.html)."""

SchemaObject = tuple[str, str, str, str | None]
"""Kind, name, the table that it is of, and its words; an index that SQLite makes by itself has none."""
Schema = tuple[SchemaObject, ...]


class NotAsMade(sqlite3.DatabaseError):
    """The file isn't as this program makes it; the text says what is strange, as a part of a sentence. `drop` is the
    statement that takes it out, null where a statement doesn't mend it.
    """

    def __init__(self, text: str, drop: str | None = None) -> None:
        super().__init__(text)
        self.drop = drop

    def said_of(self, path: Path) -> str:
        """The whole sentence, with what to do, for a file that is left alone."""
        cure = "put it back from a backup (gaugetrail-collector restore)"
        if self.drop is not None:
            cure = f"take that out: sqlite3 {shlex.quote(str(path))} {shlex.quote(self.drop)}"
        return f"{path} is left as it is: {self}; {cure}"


def open_database(path: Path, timeout: float = 30) -> sqlite3.Connection:
    """The file for writing, made where it isn't there; without BEGIN each statement is a transaction of its own, and
    any thread may use it. Raises `OSError` for a link, `sqlite3.Error`.
    """
    refuse_links(path, *_logs(path))
    return _wary(sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False))


def look_into(path: Path, timeout: float = 30) -> sqlite3.Connection:
    """The file for reading only, beside whoever writes it. Raises `OSError` for a link, `sqlite3.Error`."""
    refuse_links(path, *_logs(path))
    return _wary(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=timeout))


def _wary(db: sqlite3.Connection) -> sqlite3.Connection:
    db.execute("PRAGMA trusted_schema = OFF")
    return db


def _logs(path: Path) -> Iterable[Path]:
    return (path.with_name(path.name + suffix) for suffix in LOGS)


def compare(db: sqlite3.Connection, known: Sequence[str]) -> None:
    """Nothing where the file's schema is what one of these scripts makes. Raises `NotAsMade`, `sqlite3.Error`."""
    found = _schema(db)
    wanted = [made_by(script) for script in known]
    if found not in wanted:
        raise _strange(found, min(filter(None, wanted), key=lambda one: _unlike(found, one).total(), default=()))


def open_list(path: Path, known: Sequence[str]) -> sqlite3.Connection:
    """A file of ours whose tables have no format number, made or opened; its schema is one that the scripts make, or
    empty. Raises `OSError`, `sqlite3.Error` with a sentence that names the file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    db = open_database(path)
    try:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version:
            raise sqlite3.DatabaseError(
                f"{path} was written by a newer Gaugetrail (format {version}); install that one"
            )
        compare(db, ("", *known))
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
    except NotAsMade as error:
        db.close()
        raise sqlite3.DatabaseError(error.said_of(path)) from error
    except sqlite3.Error:
        db.close()
        raise
    return db


def is_as_made(db: sqlite3.Connection, table: str, known: Sequence[str]) -> bool:
    """Whether that name is a table of ours in the file, worded as one of the scripts does."""
    ours = {one for script in known for one in made_by(script) if one[1] == table}
    return [one for one in _schema(db) if one[1] == table and one in ours] != []


@functools.cache
def made_by(script: str) -> Schema:
    """What stands in the schema of a file that these statements have made."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.executescript(script)
        return _schema(db)


def _schema(db: sqlite3.Connection) -> Schema:
    try:
        rows = db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name, tbl_name, sql")
    except UnicodeDecodeError as error:
        # SQLite's complaint quotes the statement that it can't read, and Python can't read the complaint.
        raise NotAsMade("a statement in its schema is spoilt") from error
    return tuple((str(kind), str(name), str(table), _words(sql)) for kind, name, table, sql in rows)


def _words(sql: object) -> str | None:
    """Layout and the quotes that some versions of SQLite put round a name they have changed tell nothing."""
    return None if sql is None else re.sub(r"\s*([(),])\s*", r"\1", " ".join(str(sql).replace('"', "").split()))


def _unlike(found: Schema, wanted: Schema) -> Counter[SchemaObject]:
    here, ours = Counter(found), Counter(wanted)
    return (here - ours) + (ours - here)


def _strange(found: Schema, wanted: Schema) -> NotAsMade:
    """The first difference, in words."""
    ours = {one[1] for one in wanted}
    more = [one for one in found if one not in wanted] or list((Counter(found) - Counter(wanted)).elements())
    foreign = next((one for one in more if one[1] not in ours), None)
    if foreign is not None:
        kind, name, table, _ = foreign
        # A table may hold what somebody still needs, so nobody is told to throw it away.
        drop = None if kind == "table" else 'DROP {} "{}"'.format(kind.upper(), name.replace('"', '""'))
        return NotAsMade(
            f"it holds the {kind} {name}{'' if name == table else f' on {table}'}, which is none of ours", drop
        )
    if more:
        return NotAsMade(f"its {more[0][0]} {more[0][1]} is not as this program makes it")
    missing = next((Counter(wanted) - Counter(found)).elements())
    return NotAsMade(f"its {missing[0]} {missing[1]} is missing")
