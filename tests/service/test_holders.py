"""Who holds or has locked a file is named by program and process; waiting for it is no holding."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gaugetrail_service.files import holders

HOLD = """
import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, getattr(fcntl, sys.argv[2]), 1, 120)
print("held", flush=True)
sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(not holders.LOCKS.exists(), reason="Linux tells who has locked a file, others don't")


@contextmanager
def another(path: Path, how: str) -> Iterator[int]:
    """Another program that has the file open and locked."""
    words = (sys.executable, "-c", HOLD, str(path), how)
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stdout.readline() == "held\n"
        yield program.pid
        program.stdin.close()


def test_who_has_locked_a_file_for_writing_is_named(tmp_path: Path) -> None:
    path, other = tmp_path / "spool.db-shm", tmp_path / "other"
    for one in (path, other):
        one.write_bytes(b"x" * 200)
    assert holders.lockers_of([path]) == []
    with another(path, "LOCK_EX") as pid:
        (named,) = holders.lockers_of([tmp_path / "gone", path])
        assert named.endswith(f"(process {pid})")
        assert "python" in named
        assert holders.lockers_of([other]) == []
        assert named in holders.holders_of(str(path))
        assert holders.holders_of(str(other)) == []
    assert holders.lockers_of([path]) == []


def test_who_only_reads_has_not_locked_it(tmp_path: Path) -> None:
    path = tmp_path / "spool.db-shm"
    path.write_bytes(b"x" * 200)
    with another(path, "LOCK_SH"):
        assert holders.lockers_of([path]) == []


def test_who_waits_and_who_asks_are_not_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of proc(5): an arrow for one that waits; -1 where the system knows no process."""
    path, locks = tmp_path / "spool.db-shm", tmp_path / "locks"
    path.write_bytes(b"")
    inode = path.stat().st_ino
    lines = (
        f"1: POSIX  ADVISORY  WRITE {os.getpid()} fe:00:{inode} 120 120",
        f"1: -> POSIX  ADVISORY  WRITE 99999998 fe:00:{inode} 120 120",
        f"2: OFDLCK ADVISORY  WRITE -1 fe:00:{inode} 120 120",
        f"2: POSIX  ADVISORY  WRITE 0 fe:00:{inode} 120 120",
        f"3: POSIX  ADVISORY  WRITE 99999997 fe:00:{inode}9 120 120",
        f"4: POSIX  ADVISORY  WRITE 99999999 fe:00:{inode} 120 120",
        "something else",
    )
    locks.write_text("\n".join(lines))
    monkeypatch.setattr(holders, "LOCKS", locks)
    assert holders.lockers_of([path]) == ["a program (process 99999999)"]
    monkeypatch.setattr(holders, "LOCKS", tmp_path / "no locks")
    assert holders.lockers_of([path]) == []
