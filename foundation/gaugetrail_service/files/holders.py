"""Which programs have a file open or locked, as far as the system tells this user: Linux, by `/proc` (proc(5)).

Elsewhere nothing is found, and the one who asks says "another program".
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

LOCKS = Path("/proc/locks")


def holders_of(path: str) -> list[str]:
    """Programs that have the file open, each with its process; this one, too."""
    return sorted(set(_open_by(os.path.realpath(path))))


def lockers_of(paths: Iterable[Path]) -> list[str]:
    """Other programs that have locked one of the files for writing, each with its process."""
    inodes = set()
    for path in paths:
        with contextlib.suppress(OSError):
            inodes.add(path.stat().st_ino)
    return sorted({_program(pid) for pid, inode in _write_locks() if inode in inodes and pid != os.getpid()})


def _write_locks() -> Iterator[tuple[int, int]]:
    """Process and inode of each lock for writing that is held: `1: POSIX  ADVISORY  WRITE 812 fe:00:4711 120 120`, with
    an arrow behind the number where somebody only waits for it.
    """
    with contextlib.suppress(OSError):
        for line in LOCKS.read_text("ascii", "replace").splitlines():
            words = line.split()
            if len(words) == 8 and words[3] == "WRITE" and int(words[4]) > 0:
                yield int(words[4]), int(words[5].rpartition(":")[2])


def _open_by(path: str) -> Iterator[str]:
    for descriptor in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if str(descriptor.readlink()) == path:
                yield _program(int(descriptor.parent.parent.name))


def _program(pid: int) -> str:
    name = "a program"
    with contextlib.suppress(OSError):
        name = (Path("/proc") / str(pid) / "comm").read_text("utf-8", "replace").strip()
    return f"{name} (process {pid})"
