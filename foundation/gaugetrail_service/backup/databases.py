"""SQLite files beside a process that writes them: copied as of one moment, and asked whether somebody has them open."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gaugetrail_service.files.sqlite_files import look_into, open_database


def copy_database(source: Path, target: Path) -> None:
    """The database as it is at one moment, its log taken in, by SQLite's own backup; whoever writes it goes on.

    Raises `sqlite3.Error`.
    """
    with (
        closing(look_into(source)) as here,
        closing(open_database(target)) as there,
    ):
        here.backup(there)
        # One file, whole: no log beside it has to travel with it.
        there.execute("PRAGMA journal_mode = DELETE")


def in_use(path: Path) -> bool:
    """Whether another process has this database (in WAL mode) open: each holds a share of it for as long, so nobody
    else can have it alone (https://www.sqlite.org/wal.html, "Use of WAL without shared memory").
    """
    if not path.exists():
        return False
    with closing(open_database(path, timeout=0)) as db:
        try:
            db.execute("PRAGMA locking_mode = EXCLUSIVE")
            db.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError:
            return True
        except sqlite3.DatabaseError:
            return False  # no database any more; nobody works with it
    return False
