"""The text of an edition in parts of at most 60,000 bytes. A part is bare bytes: its topic says which it is, and the
digest of the whole proves them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

TEXT_PART_BYTES = 60_000
MOST_TEXT_BYTES = 16_800_000
"""What the collector takes in as one document."""


def text_part_count(size: int) -> int:
    """How many parts a text of so many bytes has; an empty one has one, too."""
    return max(1, -(-size // TEXT_PART_BYTES))


def text_part(text: bytes, number: int) -> bytes:
    """The part of that number, from 1."""
    return text[(number - 1) * TEXT_PART_BYTES : number * TEXT_PART_BYTES]


def text_part_size(size: int, number: int) -> int:
    """How many bytes that part of a text of that size has; none, or fewer, where there is no such part."""
    return min(TEXT_PART_BYTES, size - (number - 1) * TEXT_PART_BYTES)


def text_of_parts(parts: Mapping[int, bytes], sha256: str, size: int) -> bytes | None:
    """The text, from all of its parts; null where they are not the text of that digest."""
    text = b"".join(parts.get(number, b"") for number in range(1, text_part_count(size) + 1))
    return text if len(text) == size and hashlib.sha256(text).hexdigest() == sha256 else None
