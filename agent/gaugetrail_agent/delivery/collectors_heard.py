"""What collectors say of themselves, as far as it counts here: who is there, and whether there is any use in sending.

A status document is a word on a topic that others may write to, so it is weighed:

- proven: signed with a key that the collector is known by. None is taken that is older than the last one, unless that
  is `CEASED_SECS` ago: then a clock may have gone back over a restart. Until then, and until it says that it goes, no
  word without its signature is taken under its name.
- unproven: any other. It is kept to be shown, of at most `MOST_UNPROVEN` collectors, those heard last. It never pauses
  anybody, and of what waits for a receipt it brings forward nothing more often than each `UNPROVEN_SECS`.

A pause holds while a proven word of less than `FRESH_SECS` ago says that the store is down and no fresh word says that
another is up. Pure: what was heard goes in, time is data.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from gaugetrail_agent.delivery.strangers import CollectorLives
from gaugetrail_contract.signed_status import CollectorWord
from gaugetrail_contract.status import CollectorStatus

MOST_UNPROVEN = 100
MOST_PROVEN = 500
"""More than are introduced; where `receipts = "any"` every name is as good as proven."""
UNPROVEN_SECS = 10.0
FRESH_SECS = 30.0
"""Every collector says how it is each five seconds."""
CEASED_SECS = 60.0

Fate = Literal["up", "taken", "known", "elder", "old", "foreign"]
"""`up`: it has come up, so what waits may go out again; `taken`: kept as its last word. Not kept: `known`, the last one
once more; `elder`, of an earlier life that goes on beside; `old`, an older one that somebody says again; `foreign`: its
name and not its signature."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """The last word that was taken of a collector."""

    word: CollectorWord
    proven: bool
    at: float

    @property
    def status(self) -> CollectorStatus:
        """What it said."""
        return self.word.status


@dataclass
class CollectorsHeard:
    """The last words, by collector."""

    lives: CollectorLives = field(default_factory=CollectorLives)
    _last: dict[str, LastWord] = field(default_factory=dict)
    """In the order in which they were heard."""
    _newest: dict[str, LastWord] = field(default_factory=dict)
    """The last proven ones, whatever else was heard since."""
    _resumed: float = float("-inf")

    def take(self, word: CollectorWord, now: float, *, proven: bool) -> Fate:
        """What becomes of this word. `proven`: its collector is known by the key that has signed it."""
        name = word.status.collector
        before, newest = self._last.get(name), self._newest.get(name)
        if newest is not None and now - newest.at < CEASED_SECS:
            if not proven and newest.status.online:
                return "foreign"
            if proven and word.key is not None and (fate := self._not_later(word, newest, now)) is not None:
                return fate
        self.lives.hear(word, now)
        self._last.pop(name, None)
        self._last[name] = LastWord(word, proven, now)
        if proven:
            self._newest.pop(name, None)
            self._newest[name] = self._last[name]
        self._forget()
        return "up" if self._comes_up(word.status, before, now, proven=proven) else "taken"

    def _not_later(self, word: CollectorWord, before: LastWord, now: float) -> Fate | None:
        started, last = word.status.started or "", before.status.started or ""
        if started == last:
            if word.order > before.word.order:
                return None
            return "known" if word == before.word else "old"
        if started > last:
            return None
        return "elder" if self.lives.hear(word, now) else "old"

    def _comes_up(self, status: CollectorStatus, before: LastWord | None, now: float, *, proven: bool) -> bool:
        there = before is not None and before.status.online and before.status.started == status.started
        if not status.online or there or (not proven and now - self._resumed < UNPROVEN_SECS):
            return False
        self._resumed = now
        return True

    def _forget(self) -> None:
        for name in list(self._newest)[: max(0, len(self._newest) - MOST_PROVEN)]:
            del self._newest[name]
        unproven = [name for name in self._last if name not in self._newest]
        for name in unproven[: max(0, len(unproven) - MOST_UNPROVEN)]:
            del self._last[name]
            self.lives.forget(name)

    # --- what follows

    def statuses(self) -> Iterable[CollectorStatus]:
        """Every collector's last word."""
        return [last.status for last in self._last.values()]

    def online(self) -> list[str]:
        """Who is there, by name."""
        return sorted(one.collector for one in self.statuses() if one.online)

    def stores_down(self, now: float) -> CollectorStatus | None:
        """One of the collectors, where all that are there say that their stores are down; null otherwise."""
        fresh = [last for last in self._last.values() if last.status.online and now - last.at < FRESH_SECS]
        down = [last.status for last in fresh if last.proven and last.status.store == "down"]
        return down[0] if down and all(last.status.store == "down" for last in fresh) else None

    def one_is_down(self, now: float) -> bool:
        """Whether a collector that is known takes its share of messages and can't store it."""
        return any(
            last.proven and last.status.online and last.status.store == "down" and now - last.at < FRESH_SECS
            for last in self._last.values()
        )
