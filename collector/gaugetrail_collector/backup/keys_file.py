"""The collector's keys in one file, and back: its own, which the line PCs know it by, those that it knows them by, and
the plant's document key where it writes documents.

A host that is set up anew under the old id signs with a new key, and no line PC believes it. With this file put back
it is the old one again, and nothing is to be done at the lines. A whole backup serves as well: it holds the same.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_collector.backup.whole import DATABASES, KEY, OWN_KEYS, NotRestored, add_database, add_own_keys
from gaugetrail_collector.config import CollectorConfig
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.signing import signer_at
from gaugetrail_service.backup import laying
from gaugetrail_service.backup.bundle import Contents, NoBackup, proven, written
from gaugetrail_service.backup.databases import in_use

AGENT_KEYS = "keys.db"


@dataclass(slots=True)
class KeysRestored:
    """What a restore of keys came to."""

    contents: Contents
    key: str
    kept: list[str] = field(default_factory=list)
    """Where what stood in the way is now."""


def back_up_keys(config: CollectorConfig, file: Path, now_us: int, version: str) -> Contents:
    """Write the file, beside the running collector. Raises `OSError`, `sqlite3.Error`; `NotRestored` without a key."""
    data = config.data_dir
    if not (data / KEY).exists():
        raise NotRestored(f"{data / KEY} is not there: gaugetrail-collector keys own makes it")
    with written(file) as bundle, tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".backup-") as name:
        add_own_keys(bundle, data)
        counts = {}
        if (data / AGENT_KEYS).exists():
            what, table = DATABASES[AGENT_KEYS]
            counts[what] = add_database(bundle, f"data/{AGENT_KEYS}", data / AGENT_KEYS, Path(name), table)
        return bundle.end(
            Contents(
                part="collector",
                id=config.settings.id,
                made=utc_text(now_us),
                version=version,
                settings=config.loaded.path.name,
                data_dir=str(config.settings.data_dir),
                counts=counts,
            )
        )


def restore_keys(config: CollectorConfig, file: Path, now_us: int) -> KeysRestored:
    """Put the keys of that file back. Raises `NoBackup`, `NotRestored`, `OSError`, `BadKeyFile`."""
    data = config.data_dir
    with proven(file, "collector") as (packed, contents):
        if contents.id != config.settings.id:
            raise NotRestored(
                f"{file} is of the collector {contents.id!r}, and the settings are {config.settings.id!r}'s"
            )
        if not contents.has(f"data/{KEY}"):
            raise NotRestored(f"{file} holds no {KEY}")
        if in_use(data / AGENT_KEYS):
            raise NotRestored(f"a collector has {data / AGENT_KEYS} open; stop it first")
        done, aside = KeysRestored(contents, ""), laying.replaced_folder(data, now_us)
        for one in contents.under("data"):
            target = data / one.name.removeprefix("data/")
            if target.name in (*OWN_KEYS, AGENT_KEYS):
                done.kept += [str(path) for path in laying.move_aside(laying.with_log(target)[:-1], aside)]
                if laying.put_back(packed, one, target, aside):
                    done.kept.append(str(aside / target.name))
    laying.give_to_owner(data, data.rglob("*"), 0o600)
    done.key = signer_at(data / KEY).key
    return done


__all__ = ["KeysRestored", "NoBackup", "NotRestored", "back_up_keys", "restore_keys"]
