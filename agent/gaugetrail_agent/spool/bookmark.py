"""The mark: a small file beside the spool that knows how far the spool had come, so that an older copy is noticed.

`spool.mark` is one line: JSON with the session (drawn at each open and written into the spool too), the spool file's
inode, and epoch, number and seal of the last record; a checksum ends it. It is replaced whole and synced at each
open, written over in place after each commit (so it is never ahead of the spool), and synced every `EVERY_SECS` and at
a clean close. A spool whose session is not the mark's, whose inode is another, or which has not come as far, is not the
file that this agent left: it was restored from a backup or copied, or its log has lost its end. Going on in its epoch
could seal a second record under a number that the collector has, so a new epoch is drawn.

Not noticed: a backup of both files written back into both in place, and after a power cut a copy of the spool alone
that was made and put back within the last `EVERY_SECS` before it. The collector finds such a fork: same identity,
another seal. It stores both, and its receipt tells (`spool.branched`).
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from dataclasses import dataclass, fields
from io import FileIO
from pathlib import Path

from gaugetrail_contract.files import file_id, fresh_file, sync_folder

EVERY_SECS = 10.0
LINE_BYTES = 512
"""One sector of the oldest disks: written over in one piece."""


@dataclass(frozen=True, slots=True)
class Bookmark:
    """`before` is the session before this one while the spool may not have heard of the new one yet."""

    session: str
    epoch: str
    seq: int
    sha256: str
    inode: int
    before: str | None = None

    def line(self) -> bytes:
        """As the file holds it."""
        text = json.dumps({name: getattr(self, name) for name in NAMES}).encode()
        return (text + f" {zlib.crc32(text):08x}".encode()).ljust(LINE_BYTES - 1) + b"\n"


NAMES = tuple(field.name for field in fields(Bookmark))


def path_of(spool: Path) -> Path:
    """Where a spool's mark lies."""
    return spool.with_suffix(".mark")


def read(spool: Path) -> Bookmark | None:
    """The mark beside a spool; null where there is none that proves itself."""
    try:
        text, _, check = path_of(spool).read_bytes().rstrip().rpartition(b" ")
        if f"{zlib.crc32(text):08x}".encode() == check:
            return Bookmark(**json.loads(text))
    except (OSError, ValueError, TypeError):
        pass
    return None


def replace(spool: Path, mark: Bookmark) -> FileIO:
    """A fresh mark, durable; returns the file to be written over. Raises `OSError`."""
    fresh = path_of(spool).with_suffix(".mark.new")
    with fresh_file(fresh) as file:
        file.write(mark.line())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path_of(spool))
    sync_folder(spool.parent)
    return FileIO(path_of(spool), "r+")


def overwrite(file: FileIO, mark: Bookmark, *, durable: bool) -> None:
    """The mark in place. Raises `OSError`."""
    file.seek(0)
    file.write(mark.line())
    if durable:
        os.fsync(file.fileno())


def inode_of(spool: Path) -> int:
    """What tells this file from a copy of it, where the system has such a thing; 0 elsewhere."""
    found = file_id(spool) if sys.platform.startswith("linux") else None
    return 0 if found is None else found[1]


def stranger(mark: Bookmark | None, session: str, inode: int, known: int | None) -> str | None:
    """Why the spool is not the file that was left here; null when it is. `known`: how far the mark's epoch has come in
    it, null if it has no such epoch.
    """
    if mark is None:
        return "it came without its mark: copied from elsewhere, or restored from a backup"
    if mark.inode and inode and mark.inode != inode:
        return "it is another file than the one the agent left: copied, or restored from a backup"
    if session not in (mark.session, mark.before):
        return "it is from an earlier run than the agent's last: restored from a backup"
    if known is None or known < mark.seq:
        return f"it is older than it was: it had come to {mark.epoch}/{mark.seq}; restored, or its log has lost its end"
    return None
