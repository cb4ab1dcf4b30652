"""Who is on the broker and shouldn't be: collectors in each other's way, and whoever takes messages that are not his.

Pure: what was heard goes in, sentences come out, in words that stay the same while they hold. Time is data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from gaugetrail_contract.signed_status import CollectorWord, Order
from gaugetrail_contract.status import CollectorStatus

TWIN_SECS = 60.0
MOST_LIVES = 4
VANISHING_SECS = 60.0
A_WHILE_SECS = 5.0
WHILES = 3
"""In so many different whiles of a minute messages must vanish: a collector that is killed takes many with it at once.
"""


@dataclass
class CollectorLives:
    """Which lives of each collector were heard. One that is heard again after a later one is still there: a twin."""

    _lives: dict[str, dict[str, Order]] = field(default_factory=dict)
    """Collector -> start of each life, the one heard last at the end -> the last word of it."""
    _twins: dict[str, float] = field(default_factory=dict)

    def hear(self, word: CollectorWord, now: float) -> bool:
        """A status document or last will. False for a signed one that was heard before, or is older in its life."""
        status = word.status
        if status.started is None:
            return False
        lives = self._lives.setdefault(status.collector, {})
        before = lives.get(status.started)
        if before is not None and word.key is not None and word.order <= before:
            return False
        if before is not None and status.started != next(reversed(lives)) and status.online:
            del lives[status.started]
            self._twins[status.collector] = now
        lives[status.started] = word.order
        if len(lives) > MOST_LIVES:
            del lives[next(iter(lives))]
        return True

    def forget(self, collector: str) -> None:
        """It is kept no longer."""
        self._lives.pop(collector, None)
        self._twins.pop(collector, None)

    def twins(self, now: float) -> list[str]:
        """Ids that two collectors have."""
        return sorted(name for name, heard in self._twins.items() if now - heard < TWIN_SECS)


def two_with_one_id(lives: CollectorLives, now: float) -> str | None:
    """Two collectors that call themselves alike."""
    names = lives.twins(now)
    return f"two collectors have one id: both call themselves {names[0]!r}; give one of them another" if names else None


def two_stores(collectors: Iterable[CollectorStatus]) -> str | None:
    """Two collectors that share messages and store them apart."""
    stores: dict[str, dict[str, str]] = {}
    for one in collectors:
        if one.online and one.takes == "share" and one.store_id:
            stores.setdefault(one.group, {}).setdefault(one.store_id, one.collector)
    for group, apart in sorted(stores.items()):
        if len(apart) > 1:
            names = " and ".join(sorted(apart.values())[:2])
            return f"collectors {names} share the group {group!r} and write to two stores: each holds a part of all"
    return None


@dataclass
class Vanishing:
    """Messages that the broker takes and no collector answers, while it answers others."""

    _when: deque[float] = field(default_factory=lambda: deque(maxlen=64))

    def note(self, now: float) -> None:
        """One more; several in a while count once."""
        if not self._when or now - self._when[-1] >= A_WHILE_SECS:
            self._when.append(now)

    def alarm(self, now: float) -> str | None:
        """Null unless it goes on."""
        if sum(now - when < VANISHING_SECS for when in self._when) < WHILES:
            return None
        return (
            "messages come to no collector again and again, though others do: somebody else takes them from the "
            "broker; they are sent again until their receipt comes"
        )
