"""Time as Gaugetrail writes it: UTC, microseconds, strictly increasing per agent, with its trust beside it.

Order and identity come from `seq`; a wrong clock can mislabel a moment but never reorder or overwrite (promise G6).
"""

from __future__ import annotations

import functools
import re
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAY_US = 86_400_000_000


class ClockTrust(StrEnum):
    """How far the wall clock can be believed at the moment of a record."""

    SYNCED = "synced"
    """The operating system says that a time source disciplines the clock."""
    UNSYNCED = "unsynced"
    """No time source, or the system can't tell."""
    STEPPED = "stepped"
    """The wall clock jumped against the monotonic clock since the previous record."""


class Clock(Protocol):
    """What the rest of the code asks instead of the operating system; tests pass their own."""

    def now_us(self) -> int:
        """Wall time, microseconds since 1970 in UTC."""

    def mono_ns(self) -> int:
        """Monotonic time in nanoseconds, meaningful within one boot."""

    def boot(self) -> str:
        """An id of this boot of the machine."""

    def trust(self) -> ClockTrust:
        """How far `now_us` can be believed."""

    def utc_offset_min(self) -> int:
        """Local civil time minus UTC, in minutes, now."""


def utc_text(us: int) -> str:
    """Microseconds since 1970 -> `2026-11-23T08:00:00.000000Z`."""
    moment = EPOCH + timedelta(microseconds=us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"


def to_the_minute(moment: str) -> str:
    """A moment as people read it in a sentence: `2026-11-28 21:05Z`."""
    return f"{moment[:10]} {moment[11:16]}Z"


def utc_us(text: str) -> int:
    """`2026-11-23T08:00:00.000000Z` -> microseconds since 1970. Raises `ValueError` for what is no such moment."""
    us = moment_us(text)
    return _parsed_us(text) if us is None else us


def _parsed_us(text: str) -> int:
    if not text.endswith("Z"):
        raise ValueError(f"{text!r} is not UTC with a trailing Z")
    delta = datetime.fromisoformat(text[:-1] + "+00:00") - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


_SECOND = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\."
).fullmatch
_MICROS = re.compile("[0-9]{6}Z").fullmatch
_MANY_MICROS = re.compile("(?:[0-9]{6}Z)*").fullmatch


def moment_us(text: str) -> int | None:
    """As `utc_us`, for a moment to the letter as records write it; null for anything else, a 31st of February too."""
    second = _second_us(text[:20])
    return None if second is None or _MICROS(text[20:]) is None else second + int(text[20:26])


def are_moments(texts: Sequence[str]) -> bool:
    """Whether `moment_us` knows each of them; looked at together, which costs half as much for those of a record."""
    return (
        {len(text) for text in texts} <= {27}
        and None not in map(_second_us, {text[:20] for text in texts})
        and _MANY_MICROS("".join([text[20:] for text in texts])) is not None
    )


def proven_us(moment: str) -> int:
    """As `utc_us`, for a moment of a record, which was proven when the record was read."""
    second = _second_us(moment[:20])
    assert second is not None
    return second + int(moment[20:26])


@functools.lru_cache(maxsize=8192)
def _second_us(text: str) -> int | None:
    """The second, as far as its point. Records of one moment share it, and of a batch most are of few."""
    try:
        return _parsed_us(text + "000000Z") if _SECOND(text) else None
    except ValueError:
        return None


class Ticker:
    """Hands out microseconds that never repeat and never go back, whatever the wall clock does. Thread-safe.

    `last` is the greatest moment handed out before (kept in the spool), so the promise holds across restarts.
    """

    def __init__(self, now_us: Callable[[], int], last: int = 0) -> None:
        self._now_us = now_us
        self._last = last
        self._lock = threading.Lock()

    def next(self) -> int:
        """The current microsecond, or one after the last handed out where the clock stands or has gone back."""
        with self._lock:
            self._last = max(self._now_us(), self._last + 1)
            return self._last

    @property
    def last(self) -> int:
        """The greatest moment handed out so far."""
        return self._last

    def begin(self, us: int) -> None:
        """Hand out moments from `us` on, even such as have been handed out before: where an epoch begins."""
        with self._lock:
            self._last = us - 1

    def at_least(self, last: int) -> None:
        """Never hand out anything up to `last` again."""
        with self._lock:
            self._last = max(self._last, last)


@dataclass
class FixedClock:
    """A clock that tests move by hand."""

    us: int = 1_790_000_000_000_000
    mono: int = 1_000_000_000
    state: ClockTrust = ClockTrust.SYNCED
    offset_min: int = 0
    boot_id: str = "00000000-0000-0000-0000-000000000001"

    def now_us(self) -> int:
        """The moment set by hand."""
        return self.us

    def mono_ns(self) -> int:
        """The monotonic moment set by hand."""
        return self.mono

    def boot(self) -> str:
        """A fixed boot id."""
        return self.boot_id

    def trust(self) -> ClockTrust:
        """The trust set by hand."""
        return self.state

    def utc_offset_min(self) -> int:
        """The offset set by hand."""
        return self.offset_min

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass on both clocks."""
        self.us += round(seconds * 1_000_000)
        self.mono += round(seconds * 1_000_000_000)


class WallClock:
    """The operating system's clocks. The trust is what `trust` says when asked; without one it is `unsynced`."""

    def __init__(self, boot_id: str | None = None, trust: Callable[[], ClockTrust] | None = None) -> None:
        # Where the system has no boot id, one of this process: mono_ns is then compared within the process only.
        self._boot = boot_id or str(uuid.uuid4())
        self._trust = trust

    def now_us(self) -> int:
        """Wall time from the operating system."""
        return time.time_ns() // 1000

    def mono_ns(self) -> int:
        """Monotonic time from the operating system."""
        return time.monotonic_ns()

    def boot(self) -> str:
        """The boot id given at start."""
        return self._boot

    def trust(self) -> ClockTrust:
        """What the trust function says now."""
        return self._trust() if self._trust is not None else ClockTrust.UNSYNCED

    def utc_offset_min(self) -> int:
        """The local zone's offset at this moment, daylight saving included."""
        return round((time.localtime().tm_gmtoff or 0) / 60)
