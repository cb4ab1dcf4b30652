"""Records that are not taken until somebody has decided, and so stay with their agents (`Fate.HELD`).

Their agents send them again and again. Of each it is known here that it came before, so that the log says it once; they
are accounted for, so that nobody calls them missing; and there is one alarm for each reason, until they are stored or
stay away. Nothing here is durable: after a restart they come again.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gaugetrail_contract.seal import Opened
from gaugetrail_service.logs.repeats import same_words

LAPSE_SECS = 600.0
"""An agent sends such a record every two minutes."""
MOST_KEPT = 20_000
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """Which record, and why; `seen` counts from the machine's start."""

    agent: str
    epoch: str
    seq: int
    reason: str
    seen: float


class Held:
    """Which ones there are. Any thread."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._records: OrderedDict[str, HeldRecord] = OrderedDict()
        """By their seals, the one that came last at the end."""

    def came(self, opened: Opened, reason: str) -> bool:
        """It came and isn't taken; whether for the first time, as far as is remembered."""
        seal = opened.sealed.sha256
        with self._lock:
            first = seal not in self._records
            self._records[seal] = HeldRecord(opened.agent, opened.epoch, opened.seq, reason, self._now())
            self._records.move_to_end(seal)
            if len(self._records) > MOST_KEPT:
                self._records.popitem(last=False)
        return first

    def settled(self, opened: Opened) -> None:
        """It stands in the store after all, or its agent may let it go."""
        if self._records:
            with self._lock:
                self._records.pop(opened.sealed.sha256, None)

    def numbers(self, agent: str, epoch: str) -> list[int]:
        """Numbers of an epoch that are held: they are not missing."""
        return [one.seq for one in self._fresh() if (one.agent, one.epoch) == (agent, epoch)]

    def alarms(self) -> tuple[str, ...]:
        """One sentence for each reason, in words that stay the same while records wait for it."""
        agents: dict[str, dict[str, None]] = {}
        reasons: dict[str, str] = {}
        for one in self._fresh():
            cause = same_words(one.reason)
            reasons.setdefault(cause, one.reason)
            agents.setdefault(cause, {})[one.agent] = None
        return tuple(f"records of {_named(sorted(agents[cause]))} wait there: {why}" for cause, why in reasons.items())

    def _fresh(self) -> Sequence[HeldRecord]:
        """Those that came lately, in the order of their numbers; the others are forgotten."""
        since = self._now() - LAPSE_SECS
        with self._lock:
            while self._records and next(iter(self._records.values())).seen < since:
                self._records.popitem(last=False)
            return sorted(self._records.values(), key=lambda one: (one.agent, one.epoch, one.seq))


def _named(agents: Sequence[str]) -> str:
    more = len(agents) - MOST_NAMED
    return ", ".join(agents[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
