"""A spool put back from a backup on purpose. The agent would notice one that was copied over its own; this is the way
without guessing: the backup is looked at first, the present spool is kept, and the new epoch says that it was meant.
"""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.saving import free_folder, standing
from gaugetrail_agent.spool.schema import WAITING, Epochs, SpoolFigures
from gaugetrail_agent.spool.words import SpoolBroken
from gaugetrail_contract.counts import counted
from gaugetrail_contract.events.spool import SpoolRestored
from gaugetrail_contract.files import put_away, sync_folder
from gaugetrail_service.files.sqlite_files import open_database


def restore(path: Path, backup: Path, agent: str, now_us: int, *, even_so: bool) -> tuple[int, Path | None]:
    """Put `backup` in the spool's place. Returns how many records wait in it, and the folder the present spool is kept
    in. Raises `SpoolBroken` (an agent runs, the backup is no spool of this agent, the present one holds unsent records
    and `even_so` is not said), `OSError`, `sqlite3.Error`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(schema.claim(path)):
        unsent = _unsent(path)
        if unsent and not even_so:
            still = f"{counted(unsent, 'record')} {'waits' if unsent == 1 else 'wait'}"
            raise SpoolBroken(
                f"{still} in the present spool and would not be sent; start the agent to let it send "
                "them, or say --even-so: the present spool is then kept beside the new one"
            )
        scratch = path.with_suffix(".fresh")
        scratch.unlink(missing_ok=True)
        waiting = _copy(backup, scratch, agent)
        kept = _move_aside(path, now_us)
        scratch.replace(path)
        sync_folder(path.parent)
        return waiting, kept


def _unsent(path: Path) -> int:
    """Records that wait in the present spool; 0 where that can't be read (it is kept in any case)."""
    if not path.exists():
        return 0
    with suppress(sqlite3.Error), closing(schema.look(path)) as db:
        schema.version(db, path)
        return int(db.execute("SELECT count(*) FROM record WHERE state = 0").fetchone()[0])
    return 0


def _copy(backup: Path, scratch: Path, agent: str) -> int:
    try:
        with closing(schema.look(backup)) as source, closing(open_database(scratch)) as db:
            if not 1 <= schema.version(source, backup) <= schema.VERSION:
                raise SpoolBroken(f"{backup} is no spool; give the spool.db of a backup")
            source.backup(db)
            db.execute("PRAGMA synchronous = FULL")
            db.execute("BEGIN IMMEDIATE")
            if schema.version(db, backup) == 1:
                schema.migrate(db)
            meta = dict(db.execute("SELECT key, value FROM meta"))
            if meta["agent"] != agent:
                raise SpoolBroken(f"{backup} belongs to the agent {meta['agent']!r}, not to {agent!r}")
            figures = SpoolFigures.read(str(meta["figures"]))
            epoch, seq = Epochs.read(db).of(figures.place)
            reason = f"restored on purpose from {backup.name}"
            payload = SpoolRestored(reason=reason, old_epoch=epoch, last_seq=seq, last_seal=figures.sha256)
            due = json.dumps({"type": payload.TYPE, "payload": payload.written()})
            db.execute("INSERT OR REPLACE INTO meta VALUES('epoch_due', ?)", (due,))
            db.execute("COMMIT")
    except (sqlite3.DatabaseError, KeyError, ValueError) as error:
        raise SpoolBroken(f"{backup} can't be read as a spool: {error}") from error
    with scratch.open("rb") as file:
        os.fsync(file.fileno())
    return figures.weight.count[WAITING]


def _move_aside(path: Path, now_us: int) -> Path | None:
    if not path.exists():
        return None
    folder = free_folder(path, now_us)
    put_away(standing(path), folder)
    return folder
