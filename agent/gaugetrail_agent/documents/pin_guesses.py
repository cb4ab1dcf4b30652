"""Guesses at a PIN: counted before it is known whether they are right, and never more than a few.

Promise: a guess is on the disk before it is tried, so that a killed agent has counted it; only a right one takes the
count back. After each wrong one of a person the next has to wait, twice as long each time, and after a restart as long
as after the last one. After `most` of them the person is locked here until somebody with a role says otherwise. Whoever
tries, at whatever station and terminal of this PC, tries one after the other. Where the disk takes nothing, nothing is
tried. Blocks its thread; time is the monotonic clock's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from gaugetrail_agent.spool import SpoolBroken, SpoolFull
from gaugetrail_contract.clock import Clock
from gaugetrail_contract.pins import PinFate

KEY = "pin guesses"
LONGEST_WAIT_SECS = 300
COMMIT_SECS = 10.0


class Journal(Protocol):
    """The spool, as far as it is needed here."""

    def remember(self, key: str, value: str) -> Future[None]:
        """Keep a small value durably."""

    def recall(self, key: str) -> str | None:
        """What was kept."""


def wait_secs(wrong: int) -> int:
    """How long after so many wrong guesses the next one waits."""
    return 0 if wrong == 0 else min(LONGEST_WAIT_SECS, 2 ** min(wrong, 10))


class PinGuesses:
    """One for each agent."""

    def __init__(self, journal: Journal, is_right: Callable[[str, str], bool], clock: Clock, most: int) -> None:
        self._journal = journal
        self._is_right = is_right
        self._clock = clock
        self._most = most
        self._wrong: dict[str, int] | None = None
        """Badge -> wrong guesses since the last right one; what isn't known yet is asked of the journal."""
        self._not_before: dict[str, int] = {}
        self._lock = threading.Lock()

    def locked(self) -> list[str]:
        """The badges that are locked here. Any thread."""
        return sorted(badge for badge, wrong in (self._wrong or {}).items() if wrong >= self._most)

    def open(self) -> None:
        """Take up what the agent's last life has counted; the spool is open already."""
        with self._lock:
            self._read()

    def check(self, badge: str, pin: str) -> PinFate:
        """Try it, if it may be tried."""
        with self._lock:
            wrong = self._read().get(badge, 0)
            if wrong >= self._most:
                return PinFate("locked")
            left_ns = self._not_before.get(badge, 0) - self._clock.mono_ns()
            if left_ns > 0:
                return PinFate("wait", secs=-(-left_ns // 1_000_000_000))
            trouble = self._keep(badge, wrong + 1)
            if trouble is not None:
                return PinFate("untried", reason=trouble)
            if self._is_right(badge, pin):
                self._keep(badge, 0)
                self._not_before.pop(badge, None)
                return PinFate("right")
            self._wait(badge, wrong + 1)
            return PinFate("wrong", left=self._most - wrong - 1, secs=wait_secs(wrong + 1))

    def clear(self, badge: str) -> str | None:
        """Nobody has guessed: somebody with a role says so. Why it could not be kept, else null."""
        with self._lock:
            self._not_before.pop(badge, None)
            return self._keep(badge, 0) if badge in self._read() else None

    def _wait(self, badge: str, wrong: int) -> None:
        self._not_before[badge] = self._clock.mono_ns() + wait_secs(wrong) * 1_000_000_000

    def _read(self) -> dict[str, int]:
        if self._wrong is None:
            try:
                found = json.loads(self._journal.recall(KEY) or "{}")
                self._wrong = {str(badge): int(wrong) for badge, wrong in found.items()}
            except (ValueError, AttributeError, TypeError):  # nobody's writing but ours
                self._wrong = {}
            for badge, wrong in self._wrong.items():
                self._wait(badge, wrong)
        return self._wrong

    def _keep(self, badge: str, wrong: int) -> str | None:
        counted = {**self._read(), badge: wrong}
        if wrong == 0:
            del counted[badge]
        try:
            self._journal.remember(KEY, json.dumps(counted)).result(COMMIT_SECS)
        except (SpoolFull, SpoolBroken, ValueError, TimeoutError) as error:
            return str(error) or "the disk takes its time"
        self._wrong = counted
        return None
