"""Records that a collector's receipt says it doesn't take yet: one alarm for all of them, until each is confirmed.

They wait in the spool as before. Nothing is kept of this: after a restart they are sent, and answered, again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from gaugetrail_contract.receipts import Receipt
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)


class RecordsNotTaken:
    """Which places, and the words for the first of them. One thread at a time; `alarm` from any."""

    def __init__(self) -> None:
        self._places: set[int] = set()
        self._first: tuple[int, str] | None = None
        """Its place, and what is said of it; the next one is said when it comes again."""

    def told(self, receipt: Receipt, held: Mapping[int, str]) -> None:
        """A receipt names these places, and says why."""
        numbers = {entry.reason: entry.seq for entry in reversed(receipt.held)}
        for place, reason in held.items():
            self._places.add(place)
            if self._first is None or place < self._first[0]:
                self._first = place, f"the collector doesn't take record {numbers[reason]} yet: {reason}"
        for reason in dict.fromkeys(held.values()):
            told = {"event": "record_not_taken", "cause": same_words(reason), "seq": numbers[reason]}
            log.error("the collector doesn't take record %d yet: %s", numbers[reason], reason, extra=told)

    def settled(self, places: Iterable[int]) -> None:
        """These are confirmed, or set aside."""
        if self._places:
            self._places.difference_update(places)
        if self._first is not None and self._first[0] not in self._places:
            self._first = None

    def alarm(self) -> str | None:
        """What is wrong, in a sentence; null when nothing is."""
        first = self._first
        return None if first is None else first[1]
