"""Texts on their way in: which are asked for, and what has come of each. Pure, in memory, bounded.

A few at a time: so many documents and so many bytes that the parts of all of them may lie in memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.distribution.text_parts import text_of_parts, text_part_count, text_part_size

AT_ONCE = 20
MOST_BYTES_AT_ONCE = 32_000_000


class BadPart(ValueError):
    """A part that can't be one of that text, or a text that came out as another one; the sentence says which."""

    def __init__(self, one: ListedEdition, what: str) -> None:
        super().__init__(what)
        self.document = one.id


@dataclass
class TextsComing:
    """The texts that are asked for now, by digest."""

    _wanted: dict[str, ListedEdition] = field(default_factory=dict)
    _parts: dict[str, dict[int, bytes]] = field(default_factory=dict)

    def want(self, lacking: Sequence[ListedEdition]) -> tuple[list[str], list[str]]:
        """Ask for the first of these, and for no other; the digests that are new, and those wanted no more."""
        chosen: dict[str, ListedEdition] = {}
        room = MOST_BYTES_AT_ONCE
        for one in lacking[:AT_ONCE]:
            room -= one.size
            if room < 0 and chosen:
                break
            chosen[one.sha256] = one
        fresh = [sha256 for sha256 in chosen if sha256 not in self._wanted]
        gone = [sha256 for sha256 in self._wanted if sha256 not in chosen]
        self._wanted = chosen
        self._parts = {sha256: parts for sha256, parts in self._parts.items() if sha256 in chosen}
        return fresh, gone

    @property
    def wanted(self) -> list[str]:
        """The digests that are asked for."""
        return list(self._wanted)

    def take(self, sha256: str, number: int, part: bytes) -> bytes | None:
        """A part came; the text where it was the last one. Raises `BadPart`; what has come of it is forgotten then."""
        one = self._wanted.get(sha256)
        if one is None:
            return None
        if not 1 <= number <= text_part_count(one.size) or len(part) != text_part_size(one.size, number):
            raise BadPart(one, f"part {number} of {one} has {len(part):,} bytes, which is not what the list says")
        parts = self._parts.setdefault(sha256, {})
        parts[number] = part
        if len(parts) < text_part_count(one.size):
            return None
        del self._parts[sha256]
        text = text_of_parts(parts, sha256, one.size)
        if text is None:
            raise BadPart(one, f"what came as the text of {one} is another one: its digest is not the one on the list")
        return text
