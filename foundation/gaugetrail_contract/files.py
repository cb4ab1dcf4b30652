"""Files that are there whole or not at all, also after a power cut: keys, pins, chain states, exports, archives. And
what people write themselves, however their editor has saved it.

A rename without a sync of its folder may be undone by a power cut, and then the file that somebody already relies on is
missing: an agent would draw a new key although its first one is pinned at the collector.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO


def write_whole(path: Path, content: bytes) -> None:
    """Put `content` under `path`, readable by its owner alone; durable when this returns. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{os.getpid()}.new")
    opened = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(opened, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


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
    """A new file for bytes; takes its name only when the block has ended well. Raises `OSError`."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("xb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
