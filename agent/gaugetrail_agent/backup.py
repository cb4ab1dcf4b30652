"""The agent in one file, and back: its keys, its settings with what they name, plans as first seen, and its spool.

Promise: made beside the running agent, the spool in it is of one moment and holds every record that was told as
recorded by then. Put back, the spool goes on in a new epoch that says so (`spool.restoring`), so no number is sealed
twice, whatever has been sealed since the backup. Not in it: the mark and the lock of the spool, and what the agent
makes anew (`terminal.token`).
"""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.spool import SpoolBroken, statistics
from gaugetrail_agent.spool.restoring import restore as put_spool_back
from gaugetrail_contract.clock import utc_text
from gaugetrail_service.backup.bundle import Contents, NoBackup, proven, written
from gaugetrail_service.backup.databases import copy_database
from gaugetrail_service.backup.laying import give_to_owner, put_back, replaced_folder
from gaugetrail_service.backup.settings_files import SettingsBack, add_settings
from gaugetrail_service.process import own_version

KEPT = ("agent.key", "collectors.json", "introductions.json", "document-key")
"""Files of the data folder that are copied as they are: each is replaced whole when it changes."""
SPOOL = "data/spool.db"


@dataclass(slots=True)
class AgentRestored:
    """What a restore came to."""

    contents: Contents
    data_dir: Path
    waiting: int | None = None
    kept: list[str] = field(default_factory=list)
    """Where what stood in the way is now."""
    left_out: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        made = {"id": self.contents.id, "made": self.contents.made, "waiting": self.waiting}
        return {**made, "data_dir": str(self.data_dir), "kept": self.kept, "left_out": self.left_out}


def back_up(config: AgentConfig, file: Path, now_us: int) -> Contents:
    """Write the backup. Raises `OSError`, `SpoolBroken`."""
    agent, data = config.settings.agent, config.data_dir
    with written(file) as bundle, tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".backup-") as scratch:
        elsewhere = add_settings(bundle, config.loaded, apart=(data,))
        for name in KEPT:
            if (data / name).exists():
                bundle.add(f"data/{name}", data / name)
        for plan in sorted(config.plans_folder.glob("*.toml")):
            bundle.add(f"data/{config.plans_folder.name}/{plan.name}", plan)
        counts = {}
        if (data / "spool.db").exists():
            copy = Path(scratch, "spool.db")
            counts = _copy_spool(data / "spool.db", copy)
            bundle.add(SPOOL, copy)
        return bundle.end(
            Contents(
                part="agent",
                id=agent.id,
                made=utc_text(now_us),
                version=own_version(),
                settings=config.loaded.path.name,
                data_dir=str(agent.data_dir),
                counts=counts,
                elsewhere=elsewhere,
            )
        )


def _copy_spool(spool: Path, copy: Path) -> dict[str, int]:
    try:
        copy_database(spool, copy)
    except sqlite3.Error as error:
        raise SpoolBroken(f"{spool} can't be copied: {error}; the agent repairs it when it meets the damage") from error
    found = statistics(copy)
    return {key: int(str(found[key])) for key in ("sealed", "waiting", "confirmed", "set_aside")}


def restore(file: Path, settings: Path, now_us: int, *, even_so: bool) -> AgentRestored:
    """Put the backup back, settings at that path. Raises `NoBackup`, `SpoolBroken` (an agent runs, records wait in the
    present spool), `OSError`, `sqlite3.Error`; until the spool is in its place nothing is changed.
    """
    with proven(file, "agent") as (packed, contents):
        data = settings.resolve().parent / contents.data_dir
        done = AgentRestored(contents, data)
        aside = replaced_folder(data, now_us)
        if contents.has(SPOOL):
            with tempfile.TemporaryDirectory(dir=_made(data), prefix=".restore-") as scratch:
                spool = Path(scratch, "spool.db")
                (one,) = (one for one in contents.files if one.name == SPOOL)
                put_back(packed, one, spool, aside)
                done.waiting, kept = put_spool_back(data / "spool.db", spool, contents.id, now_us, even_so=even_so)
            done.kept += [str(kept)] if kept is not None else []
        for one in contents.under("data"):
            if one.name != SPOOL and put_back(packed, one, data / one.name.removeprefix("data/"), aside):
                done.kept.append(str(aside / Path(one.name).name))
        give_to_owner(data, data.rglob("*"), 0o600)
        back = SettingsBack(packed, contents, settings, now_us)
        done.kept += back.put()
        done.left_out = back.left_out
    return done


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


__all__ = ["AgentRestored", "NoBackup", "back_up", "restore"]
