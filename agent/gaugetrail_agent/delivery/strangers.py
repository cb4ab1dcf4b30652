"""Who is on the broker and shouldn't be: collectors in each other's way, and whoever takes messages that are not his.

Pure: what was heard goes in, sentences come out, in words that stay the same while they hold. Time is data.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from gaugetrail_contract.status import CollectorStatus

TWIN_SECS = 60.0
VANISHING_SECS = 60.0
A_WHILE_SECS = 5.0
WHILES = 3
"""In so many different whiles of a minute messages must vanish: a collector that is killed takes many with it at once.
"""


@dataclass
class CollectorLives:
    """Which lives of each collector were heard. One that is heard again after a later one is still there: a twin."""

    _lives: dict[str, list[str]] = field(default_factory=dict)
    _twins: dict[str, tuple[float, str]] = field(default_factory=dict)

    def hear(self, topic: str, status: CollectorStatus, now: float) -> None:
        """A status document or last will."""
        if status.started is None:
            return
        lives = self._lives.setdefault(topic, [])
        if status.started not in lives:
            lives.append(status.started)
            del lives[:-4]
        elif status.online and status.started != lives[-1]:
            lives.remove(status.started)
            lives.append(status.started)
            self._twins[topic] = (now, status.collector)

    def twins(self, now: float) -> list[str]:
        """Ids that two collectors have."""
        return sorted(name for heard, name in self._twins.values() if now - heard < TWIN_SECS)


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
