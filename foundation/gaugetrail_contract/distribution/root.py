"""The root: which pages count now, signed by the plant's document key.

    {"issue":1207,"time":"2026-11-28T14:00:00.000000Z","pages":["<43 of base64url>",…]}
    {"signature":{"key":…,"collector":…,"ed25519":…}}

`issue` only rises, with each step that people take and each moment that comes; `time` is when the collector said it
last, so that a root which nobody renews grows old. `digest` names what a root says, whenever it is said: it stays while
nothing changes. Digests of pages are written in base64url, so that 64 of them and a signature stay within 4 KB.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.clock import moment_us, utc_text
from gaugetrail_contract.distribution.spreading import MOST_PAGES, page_digest
from gaugetrail_contract.frozen import Frozen
from gaugetrail_contract.signing import BadSignature, Signer, open_word
from gaugetrail_contract.text import UtcText

MOST_ROOT_BYTES = 4096
KIND = "documents"
EVERY_AGENT = "+"
"""No agent's name: it can't stand in a topic."""

_ShortDigest = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{43}$")]


class BadRoot(ValueError):
    """These bytes are no root that counts; the text says why."""


class _RootForm(Frozen):
    model_config = ConfigDict(extra="ignore")

    issue: int = Field(ge=0, le=2**53)
    time: UtcText
    pages: tuple[_ShortDigest, ...] = Field(min_length=1, max_length=MOST_PAGES)


@dataclass(frozen=True, slots=True)
class DocumentsRoot:
    """What counts: its number, when it was said, and the digests of its pages in hex."""

    issue: int
    time_us: int
    pages: tuple[str, ...]

    @property
    def order(self) -> tuple[int, int]:
        """Which of two is the later one."""
        return self.issue, self.time_us

    @property
    def digest(self) -> str:
        """Names what it says, whenever that is."""
        return hashlib.sha256("\n".join((str(self.issue), *self.pages)).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedRoot:
    """A root whose signature holds, and whose it is."""

    root: DocumentsRoot
    key: str
    collector: str
    payload: bytes


def root_of(pages: list[bytes], issue: int, now_us: int) -> DocumentsRoot:
    """The root over these pages."""
    return DocumentsRoot(issue, now_us, tuple(page_digest(page) for page in pages))


def write_root(
    root: DocumentsRoot, signer: Signer, collector: str, *, kind: str = KIND, to: str = EVERY_AGENT
) -> bytes:
    """The payload, signed as what it is and for whom."""
    form = _RootForm(issue=root.issue, time=utc_text(root.time_us), pages=tuple(map(_short, root.pages)))
    return signer.word(kind, to, collector, form.model_dump_json().encode("utf-8"))


def open_root(payload: bytes, *, kind: str = KIND, to: str = EVERY_AGENT) -> SignedRoot:
    """The root in a message of that kind. Raises `BadRoot`: whose it is to be believed is the reader's policy."""
    if len(payload) > MOST_ROOT_BYTES:
        raise BadRoot(f"it has {len(payload):,} bytes; a root has {MOST_ROOT_BYTES:,} at most")
    try:
        word = open_word(kind, to, payload)
    except BadSignature as error:
        raise BadRoot(str(error)) from error
    if word.key is None or word.collector is None:
        raise BadRoot("it carries no signature")
    form = _form(word.body)
    time_us = moment_us(form.time)
    if time_us is None:
        raise BadRoot(f"it is none: {form.time} is no moment of the calendar")
    root = DocumentsRoot(form.issue, time_us, tuple(map(_long, form.pages)))
    return SignedRoot(root, word.key, word.collector, payload)


def _form(body: bytes) -> _RootForm:
    try:
        strict_json.parse_object(body)
        return _RootForm.model_validate_json(body, strict=True)
    except strict_json.BadJson as error:
        raise BadRoot(f"it is none: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRoot(f"it is none: {where}: {first['msg']}") from error


def _short(digest: str) -> str:
    return base64.urlsafe_b64encode(bytes.fromhex(digest)).decode("ascii").rstrip("=")


def _long(short: str) -> str:
    return base64.urlsafe_b64decode(short + "=").hex()
