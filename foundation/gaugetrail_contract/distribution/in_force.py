"""How documents stand at a moment, by the list and what is here of it: which edition holds, or why none can be worked
by. Pure.

Promise: exactly one edition, with its text here, or one reason; the same for whoever asks with the same list, clock and
texts. A PC that is cut off goes over to an approved edition at its moment by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.listing import APPROVED, WITHDRAWN, ListedEdition, holding

HOUR_US = 3_600_000_000
HowItStands = Literal["holds", "no_list", "too_old", "unknown", "not_yet", "withdrawn", "not_here"]


@dataclass(frozen=True, slots=True)
class DocumentStanding:
    """`edition`: the one that holds, also where it may not be worked by (`too_old`, `not_here`); that will
    (`not_yet`); that was `withdrawn`.
    """

    how: HowItStands
    document: str
    edition: ListedEdition | None = None


@dataclass(frozen=True, slots=True)
class DocumentsAtHand:
    """The list that is held, and the texts of it that are here, at a moment."""

    entries: tuple[ListedEdition, ...] | None
    """Those for this line; null: no list has come yet."""
    texts: Collection[str]
    """Digests."""
    now_us: int
    said_us: int | None = None
    """When it was last said that a list counts."""
    refuse_hours: float | None = None

    @property
    def is_too_old(self) -> bool:
        """Whether nothing of it counts any more."""
        if self.refuse_hours is None or self.said_us is None:
            return False
        return self.now_us - self.said_us >= self.refuse_hours * HOUR_US

    def standing(self, document: str) -> DocumentStanding:
        """Of one document."""
        return self._standing(document, [one for one in self.entries or () if one.id == document])

    def of_kind(self, kind: str) -> tuple[DocumentStanding, ...]:
        """Of each document of a kind, in the order of their ids."""
        editions: dict[str, list[ListedEdition]] = {}
        for one in self.entries or ():
            if one.kind == kind:
                editions.setdefault(one.id, []).append(one)
        return tuple(self._standing(document, editions[document]) for document in sorted(editions))

    def mark(self, root: str | None) -> tuple[object, ...]:
        """Stays the same as long as nothing of this changes, moments that come included; `root`: the list's digest."""
        now = utc_text(self.now_us)
        came = sum(one.state == APPROVED and one.effective <= now for one in self.entries or ())
        return root, came, len(self.texts), self.is_too_old

    def _standing(self, document: str, editions: list[ListedEdition]) -> DocumentStanding:
        if self.entries is None:
            return DocumentStanding("no_list", document)
        holds = holding(editions, document, utc_text(self.now_us))
        if holds is not None:
            how: Mapping[bool, HowItStands] = {True: "too_old", False: "holds"}
            here = holds.sha256 in self.texts
            return DocumentStanding(how[self.is_too_old] if here else "not_here", document, holds)
        newest = max(editions, key=lambda one: one.edition, default=None)
        if newest is not None and newest.state in (APPROVED, WITHDRAWN):
            return DocumentStanding("not_yet" if newest.state == APPROVED else "withdrawn", document, newest)
        return DocumentStanding("unknown", document)
