"""The bytes of editions in the store: cut into parts, found again by their digest.

Promise: what `stored_text` gives hashes to the digest that was asked for, or it says what is missing or wrong. The
parts of one text may have been written in two goes, or twice.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from gaugetrail_collector.stores import Store
from gaugetrail_contract.events.documents import MOST_PARTS, PART_BYTES, DocumentPart
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Event
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

MOST_BYTES = MOST_PARTS * PART_BYTES
PURPOSE = "doctexts"
"""What the chains of parts are called (`evidence.own_chain`): apart from the steps, which everybody reads at once."""


class TextMissing(Exception):
    """The store has no such text, or not all of it; the text says what."""


@dataclass(frozen=True, slots=True)
class StoredParts:
    """What the store has of a text: part -> its bytes, and when the last of its records was sealed."""

    parts: dict[int, bytes]
    of: int
    last_us: int | None


def parts_of(content: bytes) -> Iterator[DocumentPart]:
    """The parts of a text; an empty one has one, too."""
    count = max(1, -(-len(content) // PART_BYTES))
    for number in range(1, count + 1):
        piece = content[(number - 1) * PART_BYTES : number * PART_BYTES]
        yield DocumentPart(number=number, of=count, base64=base64.b64encode(piece).decode("ascii"))


def stored_parts(store: Store, sha256: str) -> StoredParts:
    """Every part that the store has; of two of one number the later one. Raises `StoreDown`."""
    found: dict[int, bytes] = {}
    of, last_us = 0, None
    for row in store.find(sha256, "document"):
        part = _part(Sealed(row.sha256, row.data), sha256)
        if part is not None:
            of, last_us = part.of, row.time_us
            found[part.number] = part.content
    return StoredParts(found, of, last_us)


def stored_text(store: Store, sha256: str) -> bytes:
    """The text of that digest. Raises `TextMissing`, `StoreDown`."""
    there = stored_parts(store, sha256)
    if not there.parts:
        raise TextMissing(f"the store holds no text of the digest {sha256}")
    missing = [number for number in range(1, there.of + 1) if number not in there.parts]
    if missing:
        lacking = ", ".join(map(str, missing[:10]))
        raise TextMissing(f"of the text {sha256[:12]}… the store lacks part {lacking} of {there.of}; verify names why")
    content = b"".join(there.parts[number] for number in range(1, there.of + 1))
    if hashlib.sha256(content).hexdigest() != sha256:
        raise TextMissing(f"the parts of the text {sha256[:12]}… are not those that were approved; verify names which")
    return content


def _part(sealed: Sealed, sha256: str) -> DocumentPart | None:
    """Null for another event about that digest, and for a record that can't be believed: verify names it."""
    try:
        record = open_sealed(sealed)
    except BadRecord:
        return None
    if not isinstance(record, Event) or record.type != DocumentPart.TYPE or record.subject.id != sha256:
        return None
    read = payload_of(record.type, record.subject.kind, record.payload)
    return read if isinstance(read, DocumentPart) else None
