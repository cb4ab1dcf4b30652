"""Who was called to the station and hasn't come yet."""

from __future__ import annotations

import msgspec

MOST_CALLS = 10


class Call(msgspec.Struct, frozen=True):
    """One call."""

    who: str
    by: str
    """Badge of the one who called."""
    at_us: int


class Calls(msgspec.Struct, frozen=True, omit_defaults=True):
    """Open calls, the oldest first."""

    waiting: tuple[Call, ...] = ()
