"""What the line PC has of the documents, on disk.

    documents/root      the newest root that was believed, signed as it came
    documents/listed    the newest root of which every page is here
    documents/pages/    its pages, each under its digest
    documents/texts/    the texts, each under its digest
    document-key        the plant's document key, once it has been seen

Promise: each file is there whole or not at all, also after a power cut; a page or text that no longer has its digest is
never handed out, but put out and told. `room` is what is left of `[documents] max_mb`; whoever asks for texts keeps to
it.
"""

from __future__ import annotations

import errno
import hashlib
import re
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

from gaugetrail_contract.distribution.pages import MOST_PAGE_BYTES
from gaugetrail_contract.distribution.root import MOST_ROOT_BYTES
from gaugetrail_contract.distribution.text_parts import MOST_TEXT_BYTES
from gaugetrail_contract.files import read_bounded, write_whole

_DIGEST = re.compile("[0-9a-f]{64}")


class AlteredFile(OSError):
    """What stands in the place of a file of ours can't be one; the text says why."""


class DocumentCabinet:
    """One folder. One thread at a time."""

    def __init__(self, data_dir: Path, max_mb: int) -> None:
        self.folder = data_dir / "documents"
        self.key_file = data_dir / "document-key"
        self._max_mb = max_mb
        self._sizes: dict[str, int] = {}
        """Of the texts that are here and were proved."""

    def open(self) -> tuple[str, ...]:
        """Prove what is here; the sentences about what was altered and is put out. Raises `OSError`."""
        for name in ("pages", "texts"):
            (self.folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        altered = [*self._prove("pages", MOST_PAGE_BYTES), *self._prove("texts", MOST_TEXT_BYTES)]
        texts = (path for path in (self.folder / "texts").iterdir() if path.is_file())
        self._sizes = {path.name: path.stat().st_size for path in texts}
        return tuple(altered)

    def _prove(self, name: str, most: int) -> Iterator[str]:
        for path in sorted((self.folder / name).iterdir()):
            if path.is_dir():
                yield f"{path} is a folder where a file of ours belongs: remove it"
            elif _proved(path, path.name, most) is None:
                path.unlink()
                if _DIGEST.fullmatch(path.name):  # else what a power cut has left of a file
                    yield f"{path} was altered: it is put out and asked for again"

    # --- the key and the roots

    def key(self) -> str | None:
        """The key that was seen first. Raises `OSError`, also where the file holds none."""
        try:
            text = _read(self.key_file, 100).decode("ascii", "replace").strip()
        except FileNotFoundError:
            return None
        if not _DIGEST.fullmatch(text):
            raise AlteredFile(f"{self.key_file} holds no public key")
        return text

    def pin(self, key: str) -> None:
        """From now on that key counts. Raises `OSError`."""
        write_whole(self.key_file, key.encode("ascii"))

    def root(self, name: str) -> bytes | None:
        """`root` or `listed`. Raises `AlteredFile` where that can be none, and `OSError`."""
        try:
            return _read(self.folder / name, MOST_ROOT_BYTES)
        except FileNotFoundError:
            return None

    def put_root(self, name: str, payload: bytes) -> None:
        """Durable when this returns. Raises `OSError`."""
        write_whole(self.folder / name, payload)

    # --- pages and texts

    def page(self, digest: str) -> bytes | None:
        """The page of that digest, proved."""
        return _proved(self.folder / "pages" / digest, digest, MOST_PAGE_BYTES)

    def put_page(self, digest: str, page: bytes) -> None:
        """Durable when this returns. Raises `OSError`."""
        write_whole(self.folder / "pages" / digest, page)

    @property
    def texts(self) -> Collection[str]:
        """The digests of the texts that are here."""
        return self._sizes.keys()

    @property
    def room(self) -> int:
        """How many bytes more the texts may take."""
        return self._max_mb * 1_000_000 - sum(self._sizes.values())

    def text_path(self, sha256: str) -> Path:
        """Where the text of that digest lies."""
        return self.folder / "texts" / sha256

    def text(self, sha256: str) -> bytes | None:
        """The text of that digest, proved; null where it isn't here."""
        found = _proved(self.text_path(sha256), sha256, MOST_TEXT_BYTES)
        if found is None:
            self._sizes.pop(sha256, None)
        return found

    def put_text(self, sha256: str, text: bytes) -> None:
        """Durable when this returns. Raises `OSError`."""
        write_whole(self.text_path(sha256), text)
        self._sizes[sha256] = len(text)

    def keep_only(self, pages: Collection[str], texts: Collection[str]) -> None:
        """Put out what is no longer listed. Raises `OSError`."""
        for path in (self.folder / "pages").iterdir():
            if path.name not in pages and not path.is_dir():
                path.unlink()
        for sha256 in [one for one in self._sizes if one not in texts]:
            self.text_path(sha256).unlink(missing_ok=True)
            del self._sizes[sha256]


def _proved(path: Path, digest: str, most: int) -> bytes | None:
    try:
        found = _read(path, most)
    except OSError:
        return None
    return found if hashlib.sha256(found).hexdigest() == digest else None


def _read(path: Path, most: int) -> bytes:
    """A file of ours; a pipe in its place would be waited for without end. Raises `OSError`."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise AlteredFile(f"{path} is no file")
    try:
        return read_bounded(path, most)
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise AlteredFile(f"{path} is larger than {most:,} bytes") from error
        raise
