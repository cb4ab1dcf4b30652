"""What the line PC has of what is held, on disk.

    holds/root      the list's root, signed as it came
    holds/pages/    its pages, each under its digest
    holds/own       what was said here and isn't in the list yet, as the list would say it

Promise: each file is there whole or not at all, also after a power cut; the root comes last, so that it never names a
page that isn't here. What was altered counts for nothing.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from gaugetrail_contract.distribution.root import MOST_ROOT_BYTES
from gaugetrail_contract.distribution.spreading import MOST_PAGE_BYTES
from gaugetrail_contract.files import read_bounded, write_whole
from gaugetrail_contract.holds.listing import ListedState

MOST_OWN_BYTES = 4_000_000
_OWN = TypeAdapter(tuple[ListedState, ...])


class HoldFolder:
    """One folder. One thread at a time; each method may raise `OSError`."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "holds"

    def open(self) -> None:
        """Make what is missing."""
        (self.path / "pages").mkdir(mode=0o700, parents=True, exist_ok=True)

    def root(self) -> bytes | None:
        """The root that is kept; null where there is none."""
        return _read(self.path / "root", MOST_ROOT_BYTES)

    def page(self, digest: str) -> bytes | None:
        """The page of that digest, proved."""
        found = _read(self.path / "pages" / digest, MOST_PAGE_BYTES)
        return found if found is not None and hashlib.sha256(found).hexdigest() == digest else None

    def put(self, root: bytes, pages: Mapping[str, bytes]) -> None:
        """Durable when this returns: pages, then root, then what is no longer named goes."""
        for digest, page in pages.items():
            if self.page(digest) is None:
                write_whole(self.path / "pages" / digest, page)
        write_whole(self.path / "root", root)
        for path in (self.path / "pages").iterdir():
            if path.name not in pages and path.is_file():
                path.unlink()

    def own(self) -> tuple[ListedState, ...]:
        """What was said here. Raises `ValueError` for what we haven't written."""
        text = _read(self.path / "own", MOST_OWN_BYTES)
        try:
            return () if text is None else _OWN.validate_json(text)
        except ValidationError as error:
            raise ValueError(f"{self.path / 'own'} was altered: {error.errors()[0]['msg']}") from error

    def put_own(self, entries: Iterable[ListedState]) -> None:
        """Durable when this returns."""
        write_whole(self.path / "own", _OWN.dump_json(tuple(entries), exclude_none=True))


def _read(path: Path, most: int) -> bytes | None:
    """Null where there is none, or where what stands there can't be ours."""
    try:
        return read_bounded(path, most) if path.is_file() else None
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno == errno.EFBIG:
            return None
        raise
