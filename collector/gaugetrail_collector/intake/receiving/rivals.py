"""Other collectors that get in this one's way, by what they say of themselves on the broker.

- a twin: another one of our id. Two with one client id end each other's connections and never meet, so it shows in what
  the broker keeps under our name when we come back, or in its word that our session was taken over.
- one of our group that writes to another store: each would store a part of the records.
- a second one that writes controlled documents into our store.
- where the broker has no shared subscriptions, the one that takes every message: a second one would only repeat it. To
  leave it all to that one it must be introduced here, and its signed word of this minute: anybody may say that he takes
  every message.

Nothing is believed for long: what isn't said again is forgotten, and of at most `MOST_OTHERS` the last word is kept.
Under our own name, what our own key signed before our start is nobody's word any more; what another key or none has
signed is named as what it may be. Time is the monotonic clock's; thread-safe.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from gaugetrail_contract import topics
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.signed_status import CollectorWord, read_status
from gaugetrail_contract.signing import BadSignature
from gaugetrail_contract.status import CollectorStatus

FRESH_SECS = 30.0
"""Every collector says how it is each five seconds."""
TWIN_SECS = 60.0
SAID_LATELY_US = 60_000_000
MOST_OTHERS = 100
FOREIGN = ", and hasn't its key; unless it was set up twice, somebody imitates it"


@dataclass(frozen=True, slots=True)
class Place:
    """What this collector takes, and where it stores."""

    takes: str
    group: str
    store_id: str
    writes: bool = False
    """Controlled documents."""


@dataclass
class Rivals:
    """The other collectors on this broker, and this one's twin."""

    collector: str
    started: str
    now: Callable[[], float] = time.monotonic
    key: str | None = None
    """The public key of this collector; null where it doesn't sign."""
    knows: Callable[[str, str], bool] = lambda _, __: False
    """Whether a collector was introduced here with a key."""
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    _others: dict[str, tuple[CollectorWord, float]] = field(default_factory=dict)
    _twin: tuple[float, str] | None = None
    """When there was a sign of it, and what else is known of it."""
    _connects: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    # --- what the connection tells

    def connected(self) -> None:
        """The broker has taken us. What is kept under our name the first time is our former life's."""
        self._connects += 1

    def taken_over(self) -> None:
        """The broker says that another client has our id."""
        with self._lock:
            self._twin = self.now(), self._twin[1] if self._twin is not None else ""

    def hear(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """A message of a status topic; one that can't be read is passed over."""
        if topics.agent_of(topic) is not None:
            return
        name = topic.split("/")[-2]
        try:
            word = read_status(payload) if payload else None
        except (ValidationError, BadSignature):
            return
        with self._lock:
            if name == self.collector:
                self._own(word, retained)
                return
            self._others.pop(name, None)
            if word is not None and word.status.online:
                self._others[name] = (word, self.now())
            if len(self._others) > MOST_OTHERS:
                del self._others[next(iter(self._others))]

    def _own(self, word: CollectorWord | None, retained: bool) -> None:
        """A status or last will under our name. Some last wills come late, so an older life's is never a twin's; nor is
        what our own key signed before our start, which somebody says again.
        """
        if word is None or word.status.started is None or (retained and self._connects < 2):
            return
        foreign = self.key is not None and word.key != self.key
        if not foreign and (word.status.started == self.started or _is_former(word.status, self.started)):
            return
        if foreign and not word.status.online and word.status.started < self.started:
            return  # of a release that didn't sign yet
        self._twin = self.now(), FOREIGN if foreign else ""

    # --- what follows

    def taker(self, *, taking: bool) -> str | None:
        """Who takes every message, so that this one should take none. Of two that do, the younger one stops."""
        for word in self._fresh_words():
            other = word.status
            older = (other.started or "", other.collector) < (self.started, self.collector)
            if other.takes == "all" and (older or not taking) and self._is_proven(word):
                return other.collector
        return None

    def _is_proven(self, word: CollectorWord) -> bool:
        """Said by a collector that is known here, and lately: what it once said may be said again by others."""
        status = word.status
        if word.key is None or status.time is None or not self.knows(status.collector, word.key):
            return False
        return abs(utc_us(status.time) - self.now_us()) < SAID_LATELY_US

    def has_twin(self) -> bool:
        """Whether another collector under our name was heard of lately."""
        return self._twin is not None and self.now() - self._twin[0] < TWIN_SECS

    def alarms(self, own: Place) -> tuple[str, ...]:
        """What is wrong, in words that stay the same while it is."""
        found = []
        if self._twin is not None and self.has_twin():
            found.append(f"two collectors have one id: another one calls itself {self.collector!r}{self._twin[1]}")
        found += [
            f"collector {other.collector} shares the group {own.group!r} and writes to another store "
            f"({other.store_name or other.store_id}): each of the two stores holds a part of the records only"
            for other in self.elsewhere(own)
        ]
        found += [
            f"collector {other.collector} writes documents into the same store, as this one does: only one of the two "
            "may; set [documents] master = false on the other"
            for other in self._fresh()
            if own.writes and other.documents == "writes" and own.store_id and other.store_id == own.store_id
        ]
        found += [
            f"collector {word.status.collector} takes every message as well and is not known here, so both store all: "
            f"its key is {word.key or 'not shown'}"
            for word in self._fresh_words()
            if own.takes == word.status.takes == "all" and not self._is_proven(word)
        ]
        return tuple(found)

    def elsewhere(self, own: Place) -> list[CollectorStatus]:
        """Those of our group that write to another store. An id that isn't known yet tells nothing."""
        if own.takes != "share" or not own.store_id:
            return []
        return [
            other
            for other in self._fresh()
            if other.takes == "share" and other.group == own.group and other.store_id not in ("", own.store_id)
        ]

    def _fresh(self) -> Iterator[CollectorStatus]:
        return (word.status for word in self._fresh_words())

    def _fresh_words(self) -> list[CollectorWord]:
        with self._lock:
            known = sorted(self._others.items(), key=lambda one: one[0])
        return [word for _, (word, heard) in known if self.now() - heard < FRESH_SECS]


def _is_former(status: CollectorStatus, started: str) -> bool:
    """Whether a life before ours has said this."""
    return (status.started or "") < started and (
        not status.online or (status.time is not None and status.time < started)
    )
