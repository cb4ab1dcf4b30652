"""The collector's backup and restore, in the order that loses nothing.

In: settings and keys, then what is set aside, then the store: what is in both is stored, never missing from both. Last
what is attached to documents, which is there before a record names it. Back: the store first, since it may refuse; then
the rest.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
import zipfile
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_collector.backup.influx_tool import ToolFailed, backed_up, put_back, refuse_others, rpc_of
from gaugetrail_collector.config import CollectorConfig, CollectorSettings, InfluxTable, SqliteTable
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.settings import load_settings
from gaugetrail_service.backup import laying
from gaugetrail_service.backup.bundle import BundleWriter, Contents, KeptFile, NoBackup, pieces, proven, written
from gaugetrail_service.backup.databases import copy_database, in_use
from gaugetrail_service.backup.settings_files import SettingsBack, add_settings
from gaugetrail_service.files.sqlite_files import look_into

KEY = "collector.key"
OWN_KEYS = (KEY, "documents.key", "pins.json")
"""Its own, and the plant's document key where this collector writes documents."""
DATABASES = {
    "keys.db": ("agent_keys", "agent_key"),
    "set-aside.db": ("set_aside", "entry"),
    "let-go.db": ("let_go", "let_go"),
}
"""File of the data folder -> what is counted in it, and in which table."""
STORE = "store/store.db"
ATTACHMENT = re.compile("[0-9a-f]{64}")
"""What a file is called that belongs to a document: its digest."""


class NotRestored(Exception):
    """The present state forbids it; the text says why and what to do. Nothing is changed."""


@dataclass(slots=True)
class CollectorRestored:
    """What a restore came to."""

    contents: Contents
    data_dir: Path
    kept: list[str] = field(default_factory=list)
    """Where what stood in the way is now."""
    left_out: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        made = {"id": self.contents.id, "made": self.contents.made, "counts": self.contents.counts}
        return {**made, "data_dir": str(self.data_dir), "kept": self.kept, "left_out": self.left_out}


def back_up(
    config: CollectorConfig, file: Path, now_us: int, version: str, *, store: bool = True, rpc: str | None = None
) -> Contents:
    """Write the backup. Raises `OSError`, `sqlite3.Error`, `ToolFailed`, `StoreDown`."""
    data, table = config.data_dir, config.settings.store
    apart = (data, *((config.path(table.path),) if isinstance(table, SqliteTable) else ()))
    if store and isinstance(table, InfluxTable):
        refuse_others(table)
    with written(file) as bundle, tempfile.TemporaryDirectory(dir=file.resolve().parent, prefix=".backup-") as name:
        scratch = Path(name)
        elsewhere = add_settings(bundle, config.loaded, apart)
        counts: dict[str, int] = {}
        add_own_keys(bundle, data)
        for database, (what, counted) in DATABASES.items():
            if (data / database).exists():
                counts[what] = add_database(bundle, f"data/{database}", data / database, scratch, counted)
        where = _add_store(bundle, config, scratch, counts, rpc) if store else {}
        _add_attachments(bundle, config, counts)
        return bundle.end(
            Contents(
                part="collector",
                id=config.settings.id,
                made=utc_text(now_us),
                version=version,
                settings=config.loaded.path.name,
                data_dir=str(config.settings.data_dir),
                counts=counts,
                elsewhere=elsewhere,
                store=where,
            )
        )


def add_own_keys(bundle: BundleWriter, data: Path) -> None:
    """Those of the private keys that there are go in."""
    for key in OWN_KEYS:
        if (data / key).exists():
            bundle.add(f"data/{key}", data / key)


def add_database(bundle: BundleWriter, name: str, path: Path, scratch: Path, counted: str) -> int:
    """A copy of the database as of one moment goes in; how many rows its table has."""
    copy = scratch / path.name
    copy_database(path, copy)
    with closing(look_into(copy)) as db:
        (count,) = db.execute(f"SELECT count(*) FROM {counted}").fetchone()  # noqa: S608 (a table of our own)
    bundle.add(name, copy)
    copy.unlink()
    return int(count)


def _add_attachments(bundle: BundleWriter, config: CollectorConfig, counts: dict[str, int]) -> None:
    """Those in a folder of the data folder; one elsewhere is somebody's own to back up."""
    folder, data = config.attachment_folders[0], config.data_dir
    if not folder.is_relative_to(data):
        return
    for path in sorted(folder.glob("[0-9a-f][0-9a-f]/*")):
        if ATTACHMENT.fullmatch(path.name):
            bundle.add(f"data/{path.relative_to(data).as_posix()}", path)
            counts["attachments"] = counts.get("attachments", 0) + 1


def _add_store(
    bundle: BundleWriter, config: CollectorConfig, scratch: Path, counts: dict[str, int], rpc: str | None
) -> dict[str, str]:
    """What the manifest says of it."""
    table = config.settings.store
    if isinstance(table, SqliteTable):
        path = config.path(table.path)
        if path.exists():
            counts["records"] = add_database(bundle, STORE, path, scratch, "record")
        return {"kind": "sqlite"}
    counts["records"] = _count(config)
    folder = scratch / "influx"
    folder.mkdir()
    backed_up(table, rpc or rpc_of(table), folder)
    for path in sorted(folder.iterdir()):
        bundle.add(f"store/{path.name}", path)
    return {"kind": "influxdb", "database": table.database or ""}


def _count(config: CollectorConfig) -> int:
    """At least so many are in the copy that is made next."""
    store = config.store()
    try:
        store.open()
        return store.count()
    finally:
        store.close()


def restore(
    file: Path, settings: Path, now_us: int, *, store: bool = True, rpc: str | None = None, even_so: bool = False
) -> CollectorRestored:
    """Put the backup back, settings at that path. Raises `NoBackup`, `NotRestored`, `ToolFailed`, `OSError`."""
    with proven(file, "collector") as (packed, contents):
        if not contents.has(f"settings/{contents.settings}"):
            raise NotRestored(f"{file} holds keys alone: gaugetrail-collector keys restore takes it")
        data = settings.resolve().parent / contents.data_dir
        for name in DATABASES:
            if in_use(data / name):
                raise NotRestored(f"a collector has {data / name} open; stop it first")
        done = CollectorRestored(contents, data)
        if store and contents.store:
            _store_back(packed, contents, settings, done, now_us, rpc, even_so=even_so)
        aside = laying.replaced_folder(data, now_us)
        done.kept += [str(path) for path in laying.move_aside([data / "anchors.json"], aside)]
        for one in contents.under("data"):
            target = data / one.name.removeprefix("data/")
            done.kept += [str(path) for path in laying.move_aside(laying.with_log(target)[:-1], aside)]
            if laying.put_back(packed, one, target, aside):
                done.kept.append(str(aside / target.name))
        if data.exists():
            laying.give_to_owner(data, data.rglob("*"), 0o600)
        back = SettingsBack(packed, contents, settings, now_us)
        done.kept += back.put()
        done.left_out += back.left_out
    return done


def _store_back(
    packed: zipfile.ZipFile,
    contents: Contents,
    settings: Path,
    done: CollectorRestored,
    now_us: int,
    rpc: str | None,
    *,
    even_so: bool,
) -> None:
    """The store as the settings of the backup name it."""
    with tempfile.TemporaryDirectory() as name:
        found = _settings_of(packed, contents, Path(name))
        if isinstance(found.store, SqliteTable):
            _sqlite_back(packed, contents, settings.resolve().parent / found.store.path, done, now_us, even_so=even_so)
            return
        folder = Path(name, "influx")
        folder.mkdir()
        for one in contents.under("store"):
            _extract(packed, one, folder / Path(one.name).name)
        put_back(contents.store["database"], found.store, rpc or rpc_of(found.store), folder)


def _settings_of(packed: zipfile.ZipFile, contents: Contents, folder: Path) -> CollectorSettings:
    """Read where everything that they name within their folder lies beside them."""
    for one in contents.under("settings"):
        target = folder / one.name
        target.parent.mkdir(parents=True, exist_ok=True)
        _extract(packed, one, target)
    return load_settings(CollectorSettings, folder / "settings" / contents.settings).settings


def _extract(packed: zipfile.ZipFile, one: KeptFile, target: Path) -> None:
    with target.open("wb") as out:
        for piece in pieces(packed, one):
            out.write(piece)


def _sqlite_back(
    packed: zipfile.ZipFile, contents: Contents, path: Path, done: CollectorRestored, now_us: int, *, even_so: bool
) -> None:
    if in_use(path):
        raise NotRestored(f"a collector has the store {path} open; stop it first")
    present = _records_in(path)
    if present and not even_so:
        raise NotRestored(
            f"the present store {path} holds {present} records; say --even-so: it is then kept beside the one put back"
        )
    aside = laying.replaced_folder(path.parent, now_us)
    for one in contents.files:
        if one.name == STORE:
            done.kept += [str(moved) for moved in laying.move_aside(laying.with_log(path), aside)]
            laying.put_back(packed, one, path, aside)
            laying.give_to_owner(path.parent, [path, *([aside] if aside.exists() else [])], 0o600)


def _records_in(path: Path) -> int:
    """How many records stand in a store's file; none in one that can't be read, which is kept in any case."""
    if not path.exists():
        return 0
    try:
        with closing(look_into(path)) as db:
            return int(db.execute("SELECT count(*) FROM record").fetchone()[0])
    except sqlite3.Error:
        return 0


__all__ = ["CollectorRestored", "NoBackup", "NotRestored", "ToolFailed", "back_up", "restore"]
