"""The layer under a process (`layer.c`): builds it, sets its clock, and cuts the power of a disk.

Power loss needs a disk that forgets. A virtual machine or a device-mapper target would do it, and neither can be had in
a container, so the layer stands between the process and its C library: at each fsync and fdatasync it keeps a copy of
the file, which is what the disk has promised by then. `cut_power` kills nothing; it is called once the process is dead
and gives each file a content that a real disk may have: each sector of 512 bytes is either the promised one or the one
that was written later, a file's length is either of the two, a file that was never synced may be there, empty or gone,
and of the renames since the folder's last sync the latest ones may not have happened. What it doesn't show is a disk
that breaks its promises.

It is built with the C compiler at hand; without one the drills that need it are left out, and say so.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import time
from pathlib import Path

from floor import program

SECTOR = 512
SOURCE = Path(__file__).with_name("layer.c")


def build(folder: Path) -> Path:
    """The shared library, made in `folder`."""
    library = folder / "layer.so"
    compiler = program("cc")
    assert compiler is not None, "no C compiler here; on Debian: apt-get install gcc libc6-dev"
    words = (compiler, "-shared", "-fPIC", "-O2", "-o", str(library), str(SOURCE), "-ldl", "-lpthread")
    subprocess.run(words, check=True, capture_output=True)
    return library


class SetClock:
    """A wall clock for processes started with `env`."""

    def __init__(self, library: Path, path: Path) -> None:
        self._path = path
        self.env = {"LD_PRELOAD": str(library), "DRILL_CLOCK": str(path)}
        self.add(0.0)

    def add(self, secs: float) -> None:
        """So many seconds away from the true time, from now on."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(f"{secs:.3f}")
        fresh.replace(self._path)

    def set(self, unix: float) -> None:
        """That many seconds after 1970, now."""
        self.add(unix - time.time())


class ForgetfulDisk:
    """A folder for processes started with `env`, whose power can be cut."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.folder = folder
        self._shadow = folder.with_name(folder.name + "-promised")
        self._shadow.mkdir()
        folder.mkdir(exist_ok=True)
        self.env = {"LD_PRELOAD": str(library), "DRILL_DISK": str(folder), "DRILL_SHADOW": str(self._shadow)}

    def cut_power(self, dice: random.Random) -> int:
        """Give every file a content that it may have after the cut; how much was forgotten."""
        forgotten = self._undo_renames(dice)
        for path in sorted(one for one in self.folder.rglob("*") if one.is_file()):
            kept = self._shadow / str(path.relative_to(self.folder)).replace("/", "|")
            if path.name.endswith("-shm"):
                path.unlink()  # memory that processes share; nobody expects it on a disk
            elif kept.exists():
                mixed, lost = _mix(kept.read_bytes(), path.read_bytes(), dice)
                path.write_bytes(mixed)
                forgotten += lost
            else:
                forgotten += 1
                fate = dice.choice(("gone", "empty", "there"))
                if fate == "gone":
                    path.unlink()
                elif fate == "empty":
                    path.write_bytes(b"")
        return forgotten

    def _undo_renames(self, dice: random.Random) -> int:
        """Undo the last few renames that no folder's sync has made lasting."""
        notes = self._shadow / "renames"
        done = [line.split("\t") for line in notes.read_text().splitlines()] if notes.exists() else []
        undone = dice.randint(0, len(done))
        for old, new in reversed(done[len(done) - undone :]):
            name = str(Path(new).relative_to(self.folder)).replace("/", "|")
            before, kept = self._shadow / f"before|{name}", self._shadow / name
            if Path(new).exists():
                Path(new).replace(old)
            if kept.exists():
                kept.replace(self._shadow / str(Path(old).relative_to(self.folder)).replace("/", "|"))
            if before.exists():
                # It was promised once, or it would not have been relied on; of its own past nothing is known here.
                shutil.copyfile(before, new)
                shutil.copyfile(before, kept)
        notes.unlink(missing_ok=True)
        return undone


def _mix(promised: bytes, written: bytes, dice: random.Random) -> tuple[bytes, int]:
    length = dice.choice((len(promised), len(written)))
    sectors = []
    forgotten = 0
    for start in range(0, length, SECTOR):
        old, new = promised[start : start + SECTOR], written[start : start + SECTOR]
        take_old = old != new and dice.random() < 0.5
        forgotten += take_old
        # Beyond the end of the one that is taken there were never bytes: zeros.
        sectors.append((old if take_old else new).ljust(SECTOR, b"\0"))
    return b"".join(sectors)[:length], forgotten
