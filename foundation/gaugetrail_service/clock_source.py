"""Whether a time source disciplines this machine's clock, as the kernel says (`adjtimex`, adjtimex(2): STA_UNSYNC
0x0040, and the return value TIME_ERROR 5). Linux only; elsewhere nobody can be asked.
"""

from __future__ import annotations

import ctypes
import sys

from gaugetrail_contract.clock import ClockTrust

STA_UNSYNC = 0x0040
TIME_ERROR = 5


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


def kernel_trust() -> ClockTrust:
    """The same as a record says it, of a clock whose steps nobody watches."""
    return ClockTrust.SYNCED if kernel_synced() else ClockTrust.UNSYNCED


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
