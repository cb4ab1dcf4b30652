"""A moment that is remembered: how long ago it was is known over a restart, and a clock that is set changes nothing.

Promise (G12): within one boot the monotonic clock counts, which runs on while the agent is stopped; only over a boot
does the wall clock, and then time never runs backwards.
"""

from __future__ import annotations

import msgspec

NS_PER_SEC = 1_000_000_000
US_PER_SEC = 1_000_000


class Moment(msgspec.Struct, frozen=True, gc=False):
    """When something was: UTC in microseconds, and the monotonic clock in nanoseconds with the boot it counts from."""

    at_us: int
    mono_ns: int
    boot: str

    def secs_until(self, later: Moment) -> float:
        """How many seconds lie between this and a later moment; never less than none."""
        if self.boot == later.boot:
            return max(0, later.mono_ns - self.mono_ns) / NS_PER_SEC
        return max(0, later.at_us - self.at_us) / US_PER_SEC
