"""How far the operating system's clock can be believed, and the clock the agent runs on.

On Linux the kernel says whether a time source disciplines the clock (`clock_source`). Elsewhere nobody can be asked and
the clock counts as unsynced. A step shows as wall time and monotonic time having moved differently since the last look;
a machine that slept has not stepped. A step is kept, and every record until then is flagged, until somebody has made a
record of it (`told`): looking at the clock takes nothing away.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_contract.clock import Clock, ClockTrust, WallClock, utc_us
from gaugetrail_service.clock_source import kernel_synced

log = logging.getLogger(__name__)

STEP_US = 500_000
"""More than a disciplined clock slews between two looks, less than any step that would mislead."""
LOOK_AGAIN_NS = 1_000_000_000
"""How long an answer of the kernel is good for."""
TOO_EARLY_US = utc_us("2024-01-01T00:00:00.000000Z")
"""A clock before this is one that lost its battery; no record of ours is that old."""
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Step:
    """A jump of the wall clock: the last reading of both clocks before it and the first behind it."""

    wall_before_us: int
    mono_before_ns: int
    wall_after_us: int
    mono_after_ns: int
    jump_us: int


def system_clock(*, kept: bool = False) -> WatchedClock:
    """The machine's clock with its boot id and its trust. `kept`: the settings say that something which can't be asked
    keeps it right.
    """
    try:
        boot_id = BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot_id = None
    return WatchedClock(WallClock(boot_id), (lambda: True) if kept else kernel_synced, slept_ns)


class WatchedClock:
    """A clock that notices its own steps. `synced` says whether a time source disciplines it; `slept_ns` for how long
    the machine has slept since it was booted. Thread-safe.
    """

    def __init__(self, base: Clock, synced: Callable[[], bool], slept: Callable[[], int] = lambda: 0) -> None:
        self._base = base
        self._synced = synced
        self._slept = slept
        self._lock = threading.Lock()
        self._last = (base.now_us(), base.mono_ns(), slept())
        self._steps: list[Step] = []
        self._kernel = (False, -LOOK_AGAIN_NS)

    def now_us(self) -> int:
        """Wall time of the clock underneath."""
        return self._base.now_us()

    def mono_ns(self) -> int:
        """Monotonic time of the clock underneath."""
        return self._base.mono_ns()

    def boot(self) -> str:
        """Boot id of the clock underneath."""
        return self._base.boot()

    def utc_offset_min(self) -> int:
        """Offset of the clock underneath."""
        return self._base.utc_offset_min()

    def slept_ns(self) -> int:
        """For how long the machine has slept since it was booted: monotonic time does not count it."""
        return self._slept()

    def trust(self) -> ClockTrust:
        """`stepped` from a jump until it is told, then what the kernel says; nothing before 2024 is believed."""
        with self._lock:
            self._look()
            if self._steps:
                return ClockTrust.STEPPED
            if self._base.now_us() < TOO_EARLY_US:
                return ClockTrust.UNSYNCED
            return ClockTrust.SYNCED if self._kernel_says() else ClockTrust.UNSYNCED

    def steps(self) -> tuple[Step, ...]:
        """Those that are not told yet, oldest first."""
        with self._lock:
            self._look()
            return tuple(self._steps)

    def note(self, step: Step) -> None:
        """A step that happened while nobody looked."""
        with self._lock:
            self._steps.append(step)

    def told(self, step: Step) -> None:
        """A record of this step is durable."""
        with self._lock:
            self._steps = [one for one in self._steps if one != step]

    def _look(self) -> None:
        wall, mono, slept = self._base.now_us(), self._base.mono_ns(), self._slept()
        wall_before, mono_before, slept_before = self._last
        self._last = (wall, mono, slept)
        jump_us = wall - wall_before - (mono - mono_before + slept - slept_before) // 1000
        if abs(jump_us) > STEP_US:
            log.warning("the clock has jumped by %+.3f s", jump_us / 1e6, extra={"event": "clock_step"})
            self._steps.append(Step(wall_before, mono_before, wall, mono, jump_us))

    def _kernel_says(self) -> bool:
        says, asked_ns = self._kernel
        now_ns = self._base.mono_ns()
        if not 0 <= now_ns - asked_ns < LOOK_AGAIN_NS:
            says = self._synced()
            self._kernel = (says, now_ns)
        return says


def slept_ns() -> int:
    """For how long this machine has slept since it was booted; 0 where it can't be told (clock_gettime(2))."""
    if not sys.platform.startswith("linux"):
        return 0
    monotonic = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return max(0, time.clock_gettime_ns(time.CLOCK_BOOTTIME) - monotonic)
