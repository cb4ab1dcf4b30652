"""Files that belong to documents and are too large for records: drawings, pictures, certificates. Under their digest.

Promise: once `keep` returns, the file stands under its SHA-256 in every folder that it was given, synced, byte for byte
what was read; one that is there already is left, one that was altered is replaced. Nothing here deletes. On disk it is
`<folder>/ab/ab12…`: two digits of the digest, then all of it. Records name the digest, so a file that was lost or
altered shows. Beside keys these folders are the one thing of a collector that must be backed up; the second is there
for that.
"""

from __future__ import annotations

import errno
import hashlib
import mimetypes
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from gaugetrail_collector.documents.texts import TextMissing
from gaugetrail_contract.files import read_bounded, sync_folder, whole_file
from gaugetrail_contract.record.parts import Attachment

MOST_BYTES = 1_000_000_000
PIECE = 1 << 20
AttachmentState = Literal["there", "missing", "altered"]


def keep(file: Path, folders: Sequence[Path]) -> Attachment:
    """Put the file into each folder. Raises `OSError`."""
    sha256, size = digest_of(file)
    for folder in folders:
        place = _place(folder, sha256)
        if state(folder, sha256) == "there":
            continue
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with file.open("rb") as source, whole_file(place) as out:
            copied = hashlib.sha256()
            for piece in _pieces(source):
                copied.update(piece)
                out.write(piece)
            if copied.hexdigest() != sha256:
                raise OSError(errno.EIO, f"{file} has changed while it was read; do it again")
        sync_folder(place.parent)
        sync_folder(folder)
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Attachment(name=file.name, media_type=media_type, size=size, sha256=sha256)


def state(folder: Path, sha256: str) -> AttachmentState:
    """Whether the file is what it was."""
    try:
        found, _ = digest_of(_place(folder, sha256))
    except OSError:
        return "missing"
    return "there" if found == sha256 else "altered"


def is_here(folders: Sequence[Path], file: Attachment) -> bool:
    """Whether a folder has a file of that name and size; `state` says whether it is what it was."""
    return any(_size(_place(folder, file.sha256)) == file.size for folder in folders)


def whole_at(folders: Sequence[Path], sha256: str) -> Path | None:
    """Where the file of that digest is what it was; null where it is nowhere so."""
    return next((_place(folder, sha256) for folder in folders if state(folder, sha256) == "there"), None)


def _size(place: Path) -> int | None:
    try:
        return place.stat().st_size
    except OSError:
        return None


def fetch(folders: Sequence[Path], sha256: str, out: Path) -> bool:
    """Write the file of that digest from the first folder that has it whole; false where none has. Raises `OSError`."""
    for folder in folders:
        if state(folder, sha256) == "there":
            with _place(folder, sha256).open("rb") as source, whole_file(out) as written:
                for piece in _pieces(source):
                    written.write(piece)
            sync_folder(out.resolve().parent)
            return True
    return False


def attached(folders: Sequence[Path], sha256: str, size: int) -> bytes:
    """The file of that digest and size, whole, from the first folder that has it so. Raises `TextMissing`."""
    for folder in folders:
        try:
            found = read_bounded(_place(folder, sha256), size)
        except OSError:
            continue
        if hashlib.sha256(found).hexdigest() == sha256:
            return found
    raise TextMissing(f"no folder of attachments holds the file {sha256}: put it back from the backup")


def _place(folder: Path, sha256: str) -> Path:
    return folder / sha256[:2] / sha256


def digest_of(file: Path) -> tuple[str, int]:
    """SHA-256 and size of a file. Raises `OSError`, also for one that is too large to be attached."""
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as source:
        for piece in _pieces(source):
            digest.update(piece)
            size += len(piece)
            if size > MOST_BYTES:
                raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES:,} bytes")
    return digest.hexdigest(), size


def _pieces(source: BinaryIO) -> Iterator[bytes]:
    while piece := source.read(PIECE):
        yield piece
