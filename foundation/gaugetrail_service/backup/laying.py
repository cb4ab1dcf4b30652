"""Files put back, durably, and given to whom their folder belongs; what stands in the way is moved beside."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.files import sync_folder, whole_file
from gaugetrail_service.backup.bundle import KeptFile, pieces


def replaced_folder(beside: Path, now_us: int) -> Path:
    """Where what stands in the way goes: a folder of this moment's own."""
    return beside / f"replaced-{utc_text(now_us)[:19].replace(':', '').replace('-', '')}"


def put_back(packed: zipfile.ZipFile, one: KeptFile, target: Path, aside: Path) -> bool:
    """The file in its place; whether another one stood there, which is in `aside` now. Raises `OSError`, `NoBackup`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(target.with_name(f"{target.name}.restored")) as out:
        if os.name == "posix":
            os.fchmod(out.fileno(), 0o600)
        for piece in pieces(packed, one):
            out.write(piece)
    moved = move_aside((target,), aside)
    target.with_name(f"{target.name}.restored").replace(target)
    sync_folder(target.parent)
    return bool(moved)


def move_aside(paths: Iterable[Path], aside: Path) -> list[Path]:
    """Those of the files that are there, moved into `aside`; where they are now."""
    moved = []
    for path in paths:
        if os.path.lexists(path):
            aside.mkdir(mode=0o700, parents=True, exist_ok=True)
            moved.append(path.rename(aside / path.name))
    return moved


def with_log(database: Path) -> tuple[Path, ...]:
    """A SQLite file and what belongs to it; the log first, so that a database is never without it."""
    return (*(database.with_name(database.name + end) for end in ("-wal", "-shm")), database)


def give_to_owner(folder: Path, paths: Iterable[Path], mode: int) -> None:
    """What root has put back belongs to whom its folder belongs; others can't give anything away, and need not."""
    if os.name != "posix" or os.geteuid() != 0:
        return
    owner = folder.stat()
    for path in paths:
        with suppress(FileNotFoundError):  # a database's log may go meanwhile
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)
            path.chmod(0o700 if path.is_dir() else mode)
