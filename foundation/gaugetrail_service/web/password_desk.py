"""Where passwords are tried: by one thread, with few waiting, so that guesses never keep pages from being served.

A try costs a quarter of a second and 32 MB on purpose (argon2id). Whoever comes while one is tried and `MOST_WAITING`
wait is turned away at once: `Busy`. For one event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

MOST_WAITING = 4


class Busy(Exception):
    """As many wait as may: come again in a moment."""


class PasswordDesk:
    """One try at a time."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "passwords")
        self._here = 0

    async def try_one(self, attempt: Callable[[], str]) -> str:
        """What the attempt returns or raises. Raises `Busy`."""
        if self._here > MOST_WAITING:
            raise Busy(f"{MOST_WAITING} log-ons are waiting already; try again in a few seconds")
        self._here += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, attempt)
        finally:
            self._here -= 1
