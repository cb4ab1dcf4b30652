"""How far the operating system's clock can be believed, and the clock the agent runs on.

On Linux the kernel says whether a time source disciplines the clock (`adjtimex`, adjtimex(2): STA_UNSYNC 0x0040, and
the return value TIME_ERROR 5). Elsewhere nobody can be asked and the clock counts as unsynced. A step shows as wall
time
and monotonic time having moved differently since the last look.
"""

from __future__ import annotations

import ctypes
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from gaugetrail_contract.clock import ClockTrust, WallClock

log = logging.getLogger(__name__)

STEP_SECS = 0.5
"""More than a disciplined clock slews in any interval between two records, less than any step that would mislead."""
STA_UNSYNC = 0x0040
TIME_ERROR = 5
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def system_clock() -> WallClock:
    """The machine's clock with its boot id and its trust."""
    try:
        boot_id = BOOT_ID.read_text("ascii").strip()
    except OSError:
        boot_id = None
    return WallClock(boot_id, Trust(kernel_synced))


class Trust:
    """Answers how far the clock can be believed now; remembers the last look to see a step between two."""

    def __init__(
        self,
        synced: Callable[[], bool],
        wall_ns: Callable[[], int] = time.time_ns,
        mono_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._synced = synced
        self._wall_ns = wall_ns
        self._mono_ns = mono_ns
        self._offset = wall_ns() - mono_ns()

    def __call__(self) -> ClockTrust:
        """`stepped` once after a jump, then what the kernel says."""
        offset = self._wall_ns() - self._mono_ns()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) > STEP_SECS * 1e9:
            log.warning("the clock has jumped by %+.3f s", jump / 1e9, extra={"event": "clock_step"})
            return ClockTrust.STEPPED
        return ClockTrust.SYNCED if self._synced() else ClockTrust.UNSYNCED


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h> on 64-bit Linux; only `status` is read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * 200),
    )


def kernel_synced() -> bool:
    """Whether the kernel says that a time source disciplines the clock; false where it can't be asked."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        timex = _Timex()
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return False
    return state not in (-1, TIME_ERROR) and not timex.status & STA_UNSYNC
