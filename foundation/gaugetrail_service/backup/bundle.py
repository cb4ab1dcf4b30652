"""The backup's file: a ZIP of the files as they were, and a manifest that names each with its SHA-256.

`manifest.json` says the format, which daemon's it is (`part`, `id`), when it was made and by which version, the name of
its settings file, the data folder as the settings name it, counts for people, and the files. Below `settings/` lie the
settings and the files that they name, below `data/` what the daemon keeps, below `store/` a collector's records, and
below `elsewhere/` files that settings name outside of their own folder; where those came from stands in `elsewhere`.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from gaugetrail_contract.files import whole_file

MANIFEST = "manifest.json"
FORMAT: Literal["gaugetrail-backup/1"] = "gaugetrail-backup/1"
PIECE = 1 << 20
MOST_MANIFEST_BYTES = 16 << 20
FOLDERS = ("settings", "data", "store", "elsewhere")


class NoBackup(Exception):
    """The file is no backup that can be put back; the text says why."""


def _inside(name: str) -> str:
    """No name leads out of the folder that it is put back into."""
    folder, *rest = name.split("/")
    if folder not in FOLDERS or not rest or {"", ".", ".."} & {*rest} or set(name) & {"\\", "\0", ":"}:
        raise ValueError(f"{name!r} can't be a file of a backup")
    return name


class KeptFile(BaseModel):
    """One file of a backup."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, AfterValidator(_inside)]
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    bytes: int = Field(ge=0)


class Contents(BaseModel):
    """What `manifest.json` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["gaugetrail-backup/1"] = FORMAT
    part: Literal["agent", "collector"]
    id: str
    made: str
    version: str
    settings: str
    data_dir: str
    counts: dict[str, int] = {}
    elsewhere: dict[str, str] = {}
    store: dict[str, str] = {}
    files: tuple[KeptFile, ...] = ()

    def under(self, folder: str) -> list[KeptFile]:
        """The files of a folder of it."""
        return [one for one in self.files if one.name.startswith(f"{folder}/")]

    def has(self, name: str) -> bool:
        """Whether a file of that name is in it."""
        return any(one.name == name for one in self.files)


class BundleWriter:
    """Takes files one by one."""

    def __init__(self, packed: zipfile.ZipFile) -> None:
        self._packed = packed
        self.files: list[KeptFile] = []

    def add(self, name: str, path: Path) -> None:
        """The file at that path. Raises `OSError`."""
        with path.open("rb") as file:
            self._take(name, file)

    def _take(self, name: str, file: IO[bytes]) -> None:
        digest, size = hashlib.sha256(), 0
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        with self._packed.open(entry, "w", force_zip64=True) as out:
            while piece := file.read(PIECE):
                digest.update(piece)
                size += len(piece)
                out.write(piece)
        self.files.append(KeptFile(name=name, sha256=digest.hexdigest(), bytes=size))

    def end(self, contents: Contents) -> Contents:
        """The manifest, last."""
        whole = contents.model_copy(update={"files": tuple(self.files)})
        self._packed.writestr(zipfile.ZipInfo(MANIFEST), whole.model_dump_json(indent=2) + "\n")
        return whole


@contextmanager
def written(path: Path) -> Iterator[BundleWriter]:
    """A new backup, readable by its owner alone; there only when the block has ended well. Raises `OSError`."""
    with whole_file(path) as out:
        if os.name == "posix":
            os.fchmod(out.fileno(), 0o600)
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            yield BundleWriter(packed)


@contextmanager
def proven(path: Path, part: str) -> Iterator[tuple[zipfile.ZipFile, Contents]]:
    """A backup of that daemon, every file of it read through and as the manifest says. Raises `NoBackup`."""
    try:
        with zipfile.ZipFile(path) as packed:
            contents = _contents(packed)
            if contents.part != part:
                raise NoBackup(f"{path} is a backup of a {contents.part}: gaugetrail-{contents.part} restore takes it")
            names = [MANIFEST, *(one.name for one in contents.files)]
            if sorted(names) != sorted(packed.namelist()):
                raise NoBackup(f"{path} holds other files than its manifest names")
            for one in contents.files:
                for _ in pieces(packed, one):
                    pass
            yield packed, contents
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise NoBackup(f"{path} can't be read as a backup: {error}") from error


def pieces(packed: zipfile.ZipFile, one: KeptFile) -> Iterator[bytes]:
    """A file's bytes, proven by their end. Raises `NoBackup`."""
    digest, size = hashlib.sha256(), 0
    with packed.open(one.name) as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
            yield piece
    if (digest.hexdigest(), size) != (one.sha256, one.bytes):
        raise NoBackup(f"{packed.filename}: {one.name} is not the file that was backed up; its digest is another")


def _contents(packed: zipfile.ZipFile) -> Contents:
    try:
        info = packed.getinfo(MANIFEST)
        if info.file_size > MOST_MANIFEST_BYTES:
            raise NoBackup(f"{packed.filename}: its {MANIFEST} is too large")
        contents = Contents.model_validate_json(packed.read(info))
    except KeyError as error:
        raise NoBackup(f"{packed.filename} holds no {MANIFEST}: it is no backup of ours") from error
    except ValidationError as error:
        raise NoBackup(f"{packed.filename}: its {MANIFEST} can't be understood: {error.errors()[0]['msg']}") from error
    return contents
