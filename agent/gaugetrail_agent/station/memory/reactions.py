"""What a signal has set off and isn't answered yet, and how often in a row a characteristic has failed."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

MOST_OPEN = 60
"""A record opens one at most for each of its characteristics, and none is begun before they are answered."""


class OpenReaction(msgspec.Struct, frozen=True, omit_defaults=True):
    """One signal, what it asks for, and what has been answered so far."""

    signal: str
    at: str
    """When what it is about began: the start of the inspection, or the moment of the signal."""
    characteristics: tuple[str, ...] = ()
    value: str = ""
    serial: str | None = None
    lot: str | None = None
    record: str | None = None
    """Known once the record is in the spool."""
    document: str | None = None
    text: str = ""
    """What the plan itself says, where it names no document."""
    rule: str | None = None
    in_row: int | None = None
    gauge: str | None = None
    acknowledge: str = "none"
    holds: tuple[str, ...] = ()
    """What its steps put on hold: unit, lot, since_last_good_check."""
    confirm: tuple[str, ...] = ()
    """Roles that its steps name: somebody of each has seen to it."""
    cause: str | None = None
    action: str | None = None
    confirmed: tuple[str, ...] = ()
    """Badges of those."""

    @property
    def waits(self) -> bool:
        """Whether nothing is begun before it is acknowledged."""
        return self.acknowledge != "none"


class Reactions(msgspec.Struct, frozen=True, omit_defaults=True):
    """The open ones, the oldest first."""

    open: tuple[OpenReaction, ...] = ()
    in_row: Mapping[str, int] = {}
    """`CP-1001 bore` -> how many units failed in it, one after the other; none that passed last."""
