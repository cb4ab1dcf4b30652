"""Files that are there whole or not at all, also after a power cut: keys, pins, chain states, exports, archives. And
what people write themselves, however their editor has saved it.

What is written is never written through a link that somebody has put in its place (`refuse_links`, `fresh_file`).

A rename without a sync of its folder may be undone by a power cut, and then the file that somebody already relies on is
missing: an agent would draw a new key although its first one is pinned at the collector.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` under `path`, readable by its owner alone; durable when this returns. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh_file(partial) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def fresh_file(path: Path) -> BinaryIO:
    """A file of our own for a moment, in place of whatever has its name: what an earlier try has left is taken away, a
    link, too, whose target stays as it is. Readable by its owner alone. Raises `OSError`.
    """
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb")


def refuse_links(*paths: Path) -> None:
    """Raises `OSError` where a link stands in the place of a file that will be written: a symbolic one, or the second
    name of another file. Its target is not looked at.
    """
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            if (trouble := link_trouble(path, path.lstat())) is not None:
                raise OSError(errno.ELOOP, trouble[0], str(path))


def link_trouble(path: Path, found: os.stat_result) -> tuple[str, str] | None:
    """What is wrong with a place where a link stands, and the command that mends it; null for anything else. `found` is
    of the place itself (`lstat`).
    """
    name = shlex.quote(str(path))
    if stat.S_ISLNK(found.st_mode):
        return f"it is a link to {path.readlink()}; nothing is written through it", f"rm {name}"
    if stat.S_ISREG(found.st_mode) and found.st_nlink > 1:
        own = shlex.quote(f"{path}.own")
        return "it has a second name elsewhere (a hard link)", f"cp -p {name} {own} && mv {own} {name}"
    return None


FileId = tuple[int, int]
"""Device and inode: which file it is, whatever its name."""


def file_id(path: Path | str) -> FileId | None:
    """Which file stands there now; null where none does, or none that may be looked at."""
    try:
        found = os.stat(path)  # noqa: PTH116 (a name will do)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def put_away(paths: Iterable[Path], folder: Path) -> None:
    """Move those of the files that are there into a folder, durably. Raises `OSError`."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            path.rename(folder / path.name)
    sync_folder(folder)
    sync_folder(folder.parent)


def text_of(written: bytes) -> str:
    """What a person has written: UTF-8, without the byte order mark that some editors put before it. Raises
    `UnicodeDecodeError`.
    """
    return written.decode("utf-8-sig")


def read_bounded(path: Path, most: int) -> bytes:
    """All of a file that a person wrote. Raises `OSError`, also for one that is larger than such a file can be."""
    with path.open("rb") as file:
        found = file.read(most + 1)
    if len(found) > most:
        raise OSError(errno.EFBIG, f"it is larger than the {most:,} bytes that are read of such a file")
    return found


def sync_folder(folder: Path) -> None:
    """Make renames in a folder durable; Windows has no such call and needs none. Raises `OSError`."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A new file for bytes; takes its name only when the block has ended well. Raises `OSError`, also for a link."""
    refuse_links(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def trouble_of(error: Exception, named: Path | None = None) -> str:
    """An error in words for people: of the system's the file and what is wrong with it, without its number. `named` is
    the file that the sentence names already.
    """
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    known = error.filename is None or str(error.filename) == str(named)
    return error.strerror if known else f"{error.filename}: {error.strerror}"
