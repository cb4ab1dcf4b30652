"""A loop on which time passes only when nothing else is left to do.

Promise: its time is the script's clock. While a callback is ready, or work is out in another thread (a commit of the
spool, a PIN that is tried), time stands; when all is done, it goes to the next timer that is due, and at last to the
moment that was asked for. So an hour costs nothing, and nothing ever happens earlier or later than in the script.
"""

from __future__ import annotations

import asyncio
import math
import selectors
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar, TypeVarTuple

from gaugetrail_contract.clock import FixedClock

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")
SLACK_US = 1
"""A timer is passed by as much: at a year's seconds, a float of them knows no nanoseconds any more."""


class _IdleSelector(selectors.DefaultSelector):
    """The loop waits here when no callback is ready."""

    def __init__(self, nothing_ready: Callable[[float | None], bool]) -> None:
        super().__init__()
        self._nothing_ready = nothing_ready

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for other threads alone; a timer is never waited for."""
        if timeout is not None and timeout <= 0:
            return super().select(0)
        return super().select(None if self._nothing_ready(timeout) else 0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. One script has one clock, and each life of its station a loop."""

    def __init__(self, clock: FixedClock) -> None:
        self._clock = clock
        self._until_us: int | None = None
        self._out = 0
        self._counting = threading.Lock()
        super().__init__(_IdleSelector(self._nothing_ready))

    def time(self) -> float:
        """Seconds of the script's monotonic clock."""
        return self._clock.mono_ns() / 1e9

    def pass_time(self, by_us: int = 0) -> None:
        """Let all happen that is ready or due until then; returns when nothing is left to do."""
        self._until_us = self._clock.mono // 1000 + by_us
        try:
            self.run_forever()
        finally:
            self._until_us = None

    def goes_out(self) -> None:
        """Work begins in another thread. Any thread."""
        with self._counting:
            self._out += 1

    def comes_back(self) -> None:
        """It is done, and who waits for it has been told."""
        with self._counting:
            self._out -= 1

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Arguments], Result], *args: *Arguments
    ) -> asyncio.Future[Result]:
        """Count it, so that time stands meanwhile."""
        self.goes_out()
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(lambda _: self.comes_back())
        return future

    def _nothing_ready(self, timeout: float | None) -> bool:
        """Whether to wait for another thread; else time has passed, or the loop ends."""
        if self._out or self._until_us is None:
            return True
        now_us = self._clock.mono // 1000
        due_us = None if timeout is None else now_us + math.ceil(timeout * 1e6)
        if due_us is not None and due_us <= self._until_us + SLACK_US:
            self._move(due_us + SLACK_US - now_us)
        else:
            self._move(max(0, self._until_us - now_us))
            self.stop()
        return False

    def _move(self, by_us: int) -> None:
        self._clock.us += by_us
        self._clock.mono += by_us * 1000
