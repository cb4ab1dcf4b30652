"""Notes that somebody left to whoever works at the station next, and that nobody has read yet."""

from __future__ import annotations

import msgspec

MOST_NOTES = 10


class HandoverNote(msgspec.Struct, frozen=True, omit_defaults=True):
    """One note."""

    text: str
    by: str
    """Badge of whoever left it."""
    at_us: int
    """When; no two notes of a station are of one moment."""
    is_due: bool = False
    """Whether anybody has logged on or off since."""


class Handover(msgspec.Struct, frozen=True, omit_defaults=True):
    """The oldest first."""

    notes: tuple[HandoverNote, ...] = ()
