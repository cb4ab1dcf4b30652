"""Records that are kept aside without a receipt, because their time isn't their own (see `stores.placing`).

Their agent has them still and sends them again and again: the log says each of them once, the status document names
them while they come, so that the agent shows it to its people, and it forgets them once they are stored or stay away.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from gaugetrail_contract.seal import Opened
from gaugetrail_contract.status import HeldRecord

LAPSE_SECS = 300.0
"""An agent sends what has no receipt every half minute at the latest."""
MOST_KEPT = 10_000
MOST_SHOWN = 20


class Held:
    """Which ones there are. Any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._records: OrderedDict[tuple[str, str], tuple[HeldRecord, float]] = OrderedDict()

    def came(self, opened: Opened, reason: str) -> bool:
        """It came and is held; whether for the first time, as far as is remembered."""
        key, now = (opened.record.id, opened.sealed.sha256), self._now()
        told = HeldRecord(agent=opened.agent, epoch=opened.epoch, seq=opened.seq, reason=reason[:500])
        with self._lock:
            first = key not in self._records
            self._records[key] = told, now
            self._records.move_to_end(key)
            if len(self._records) > MOST_KEPT:
                self._records.popitem(last=False)
        return first

    def stored(self, opened: Opened) -> None:
        """It stands in the store after all."""
        with self._lock:
            if self._records:
                self._records.pop((opened.record.id, opened.sealed.sha256), None)

    def shown(self) -> tuple[HeldRecord, ...]:
        """Those that came lately, the newest first."""
        since = self._now() - LAPSE_SECS
        with self._lock:
            fresh = [told for told, seen in reversed(self._records.values()) if seen >= since]
        return tuple(fresh[:MOST_SHOWN])
