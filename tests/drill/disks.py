"""A disk that can be full: a small tmpfs where this process may mount one, otherwise a limit on the process's files.

Mounting needs root and a container that allows it. The limit (RLIMIT_FSIZE, set on the running process from outside)
makes each write that would enlarge a file fail with "file too large", as a quota does; SQLite takes either for a full
disk. `kind` says which of the two it was.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path

CHUNK = 65536


class SmallDisk:
    """A folder whose disk can be filled and emptied. `pid` names the process that a limit is put on."""

    def __init__(self, folder: Path, pid: Callable[[], int], megabytes: int = 24) -> None:
        self.folder = folder
        self._pid = pid
        self._megabytes = megabytes
        self.kind = ""

    def __enter__(self) -> SmallDisk:
        self.folder.mkdir(parents=True)
        size = f"size={self._megabytes}m,mode=700"
        done = subprocess.run(
            ("mount", "-t", "tmpfs", "-o", size, "tmpfs", str(self.folder)), capture_output=True, check=False
        )
        self.kind = "a full tmpfs" if done.returncode == 0 else "a limit on the size of files (no right to mount)"
        return self

    def __exit__(self, *_: object) -> None:
        if self._mounted:
            subprocess.run(("umount", "--lazy", str(self.folder)), check=False)

    @property
    def _mounted(self) -> bool:
        return self.kind == "a full tmpfs"

    def fill(self) -> None:
        """Not one byte more."""
        if not self._mounted:
            resource.prlimit(self._pid(), resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
            return
        with (self.folder / "filler").open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (CHUNK, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        os.write(file.fileno(), bytes(size))

    def empty(self) -> None:
        """There is room again."""
        if not self._mounted:
            resource.prlimit(self._pid(), resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return
        (self.folder / "filler").unlink(missing_ok=True)
