"""Units and lots of which this station knows what was decided: on hold, scrap, in rework, let go.

What is held or scrapped here is never forgotten before what was let go; the list is bounded, and `full` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

MOST_KNOWN = 2_000
STANDING = ("hold", "scrap", "rework")
"""What must be known: the others only say that it is over."""


class KnownState(msgspec.Struct, frozen=True, omit_defaults=True):
    """One unit or lot, and the word that was said of it last."""

    kind: Literal["serial", "lot"]
    id: str
    state: str
    why: str
    at: str
    """UTC; of what a record brought, the start of its inspection."""
    by: str | None = None
    code: str | None = None
    reaction: str | None = None
    characteristic: str | None = None
    gauge: str | None = None
    window_since: str | None = None
    window_until: str | None = None
    record: str | None = None
    told: bool = True
    """False: the event that says so is still owed."""

    @property
    def name(self) -> tuple[str, str]:
        """What it is about."""
        return self.kind, self.id


class HeldUnits(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest last."""

    known: tuple[KnownState, ...] = ()
    forgotten: int = 0
    """How many that still stood had to make room."""

    def of(self, kind: str, identifier: str | None) -> KnownState | None:
        """What is known of it."""
        return next((one for one in self.known if one.name == (kind, identifier)), None)

    def told(self, words: Iterable[KnownState]) -> HeldUnits:
        """With these words, each the last of its unit."""
        found = {one.name: one for one in self.known}
        for word in words:
            found.pop(word.name, None)
            found[word.name] = word
        known = list(found.values())
        spare = len(known) - MOST_KNOWN
        if spare <= 0:
            return HeldUnits(tuple(known), self.forgotten)
        over = [one for one in known if one.state not in STANDING and one.told][:spare]
        standing = [one for one in known if one not in over][: spare - len(over)]
        gone = {one.name for one in (*over, *standing)}
        kept = tuple(one for one in known if one.name not in gone)
        return HeldUnits(kept, self.forgotten + len(standing))

    def without(self, kind: str, identifier: str) -> HeldUnits:
        """It is a unit like any other again."""
        return HeldUnits(tuple(one for one in self.known if one.name != (kind, identifier)), self.forgotten)
