"""The spool's files deleted or replaced under the running agent: all that it still has open goes into new ones.

A file without a name takes what is written as ever, and is gone when the last program closes it: everything told as
recorded since would be lost at the next restart. So the writer looks before each commit, behind it, and when idle,
whether the files it has open are those that stand in their place (device and inode). Where they aren't, it copies
everything through the connection that still has it, before anybody is told of that commit. What stands there instead
is moved aside, never deleted. A new epoch begins in the new file; its first record says what happened.

The copy has its name (`spool.saved`) once it is whole and synced; a start that finds one carries on with it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from gaugetrail_agent.spool.schema import Epochs, SpoolFigures
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.events.spool import SpoolSaved
from gaugetrail_contract.files import FileId, file_id, put_away, sync_folder
from gaugetrail_service.files.sqlite_files import look_into, open_database

SUFFIXES = ("", "-wal", "-shm")

Files = tuple[FileId | None, ...]
"""The file, its log and the log's index."""


def files_of(path: Path) -> Files:
    """Which files stand in the spool's place now. Asked twice a commit, so by names: a `Path` costs thrice as much."""
    return tuple(file_id(f"{path}{suffix}") for suffix in SUFFIXES)


def standing(path: Path) -> tuple[Path, ...]:
    """Where the spool's files have their place."""
    return tuple(path.with_name(path.name + suffix) for suffix in SUFFIXES)


def save(db: sqlite3.Connection, path: Path, now_us: int) -> None:
    """Copy what the connection has, durably; `finish` puts the copy in its place. Raises `OSError`, `sqlite3.Error`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_suffix(".saving")
    scratch.unlink(missing_ok=True)
    folder = free_folder(path, now_us) if any(files_of(path)) else None
    with closing(open_database(scratch)) as copy:
        db.backup(copy)
        _say_so(copy, None if folder is None else folder.name)
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    scratch.replace(_saved(path))
    sync_folder(path.parent)


def move_aside(path: Path) -> None:
    """What stands in the spool's place goes into the folder that the copy names. Nothing without a copy. Raises
    `OSError`, `sqlite3.Error`.
    """
    if not _saved(path).exists() or not any(files_of(path)):
        return
    with closing(look_into(_saved(path))) as copy:
        (due,) = copy.execute("SELECT value FROM meta WHERE key = 'epoch_due'").fetchone()
    kept = json.loads(due)["payload"].get("kept")
    folder = path.parent / str(kept) if kept else free_folder(path, _saved(path).stat().st_mtime_ns // 1000)
    put_away(standing(path), folder)


def finish(path: Path) -> None:
    """Put a copy that `save` has made in the spool's place. Raises `OSError`, `sqlite3.Error`."""
    move_aside(path)
    if _saved(path).exists():
        _saved(path).replace(path)
        sync_folder(path.parent)


def _saved(path: Path) -> Path:
    return path.with_suffix(".saved")


def free_folder(path: Path, now_us: int) -> Path:
    """Where what stands in the spool's place can be kept."""
    stamp = utc_text(now_us)[:19].replace(":", "").replace("-", "")
    number = 0
    while (folder := path.parent / f"spool-replaced-{stamp}{f'-{number}' if number else ''}").exists():
        number += 1
    return folder


def _say_so(copy: sqlite3.Connection, kept: str | None) -> None:
    """The event that the new epoch begins with."""
    (text,) = copy.execute("SELECT value FROM meta WHERE key = 'figures'").fetchone()
    figures = SpoolFigures.read(str(text))
    epoch, seq = Epochs.read(copy).of(figures.place)
    payload = SpoolSaved(
        reason="the spool's files were deleted or replaced while the agent ran; all that it still had open was saved",
        old_epoch=epoch,
        last_seq=seq,
        last_seal=figures.sha256,
        carried=sum(figures.weight.count),
        kept=kept,
    )
    due = json.dumps({"type": payload.TYPE, "payload": payload.written()})
    copy.execute("INSERT OR REPLACE INTO meta VALUES('epoch_due', ?)", (due,))
