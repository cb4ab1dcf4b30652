"""What a service's process is: which version, and with how much memory it makes do."""

from __future__ import annotations

import ctypes
import os
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version

M_ARENA_MAX = -8
"""glibc's number for it (malloc.h)."""


@cache
def own_version() -> str:
    """The installed version; `unknown` when run from a tree that was never installed."""
    try:
        return version("gaugetrail")
    except PackageNotFoundError:
        return "unknown"


def is_at_a_terminal() -> bool:
    """Whether somebody has started it by hand: who closes that window means the service, too."""
    try:
        return os.isatty(0)
    except OSError:
        return False


def share_one_heap() -> None:
    """One heap for all threads; before the first thread starts. Python's threads take turns anyway, and of the heaps of
    their own that glibc gives them each keeps what its thread needed at its busiest. Elsewhere nothing happens.
    """
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)
