"""Records that alone are larger than the broker takes: set aside here, and waiting again when the limit has risen.

Which ones they are is kept in the spool, in the transaction that sets them aside, so it survives a restart.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from gaugetrail_agent.spool import Spool

log = logging.getLogger(__name__)

MEMORY = "too large for the broker"
"""Under this word the spool remembers them: place and bytes of the message, in turns."""


class TooLarge:
    """One thread at a time; `count` may be read by any."""

    def __init__(self, spool: Spool, broker: str) -> None:
        self._spool = spool
        self._broker = broker
        self._sizes: dict[int, int] | None = None

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._sizes or ())

    def alarm(self) -> str | None:
        """What is wrong, in words that stay the same; null while there are none."""
        if not self.count:
            return None
        return f"a record alone is larger than the broker {self._broker} takes, and waits aside until its limit rises"

    def put(self, place: int, size: int, limit: str) -> None:
        """The record at that place makes a message of that size."""
        sizes = {**self._known(), place: size}
        reason = f"it makes a message of {size} bytes, and {limit}; it waits again by itself when the limit rises"
        log.error("a record is set aside here: %s", reason, extra={"event": "record_too_large", "place": place})
        self._spool.put_aside({place: reason}, {MEMORY: _text(sizes)})
        self._sizes = sizes

    def release(self, too_large: Callable[[int], bool]) -> None:
        """Those that are not too large any more wait again."""
        known = self._known()
        free = [place for place, size in known.items() if not too_large(size)]
        if free:
            self._sizes = {place: size for place, size in known.items() if place not in free}
            self._spool.send_again(free)
            self._spool.remember(MEMORY, _text(self._sizes))
            log.warning("%d records that were too large for the broker wait again", len(free))

    def _known(self) -> dict[int, int]:
        if self._sizes is None:
            numbers = [int(word) for word in (self._spool.recall(MEMORY) or "").split()]
            self._sizes = dict(zip(numbers[::2], numbers[1::2], strict=True))
        return self._sizes


def _text(sizes: dict[int, int]) -> str:
    return " ".join(f"{place} {size}" for place, size in sizes.items())
