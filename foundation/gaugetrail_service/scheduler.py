"""Timed work: heartbeats, housekeeping, rounds at intervals; due dates and reports by the calendar.

Promise: an interval is one of the monotonic clock, so a wall clock that is set neither stops a heartbeat nor makes a
hundred of them; the first run comes one interval from the start. A job that raises is logged and runs again next time;
one that is late, as on a PC that slept, runs once rather than not at all or ten times, and never beside itself.

Only this module meets APScheduler, which keeps the calendar and is loaded when somebody needs one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

Work = Callable[[], object]


class Scheduler:
    """Named jobs. `LoopScheduler` and `ThreadScheduler` say where they run."""

    def __init__(self) -> None:
        self._every: list[tuple[float, str, Work]] = []
        self._calendar: BackgroundScheduler | None = None

    def every(self, seconds: float, name: str, work: Work) -> None:
        """Run `work` each `seconds`; to be said before the start."""
        self._every.append((seconds, name, work))

    def daily(self, hour: int, minute: int, name: str, work: Work) -> None:
        """Run `work` each day at that time of the clock on the wall; to be said before the start."""
        if self._calendar is None:
            self._calendar = _calendar()
        self._calendar.add_job(lambda: self._turn(name, work), "cron", hour=hour, minute=minute, id=name, name=name)

    def start(self) -> None:
        """Begin."""
        if self._calendar is not None:
            self._calendar.start()
        for seconds, name, work in self._every:
            self._begin(seconds, name, work)

    def stop(self) -> None:
        """Run nothing more; may be called without `start`."""
        if self._calendar is not None and self._calendar.running:
            self._calendar.shutdown(wait=False)

    def _begin(self, seconds: float, name: str, work: Work) -> None:
        raise NotImplementedError

    def _turn(self, name: str, work: Work) -> None:
        raise NotImplementedError


class LoopScheduler(Scheduler):
    """Jobs run on the event loop that `start` was called on, between everything else there, and are short."""

    def __init__(self) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._next: dict[str, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Begin, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        super().start()

    def stop(self) -> None:
        """Run nothing more; may be called without `start`."""
        super().stop()
        for handle in self._next.values():
            handle.cancel()

    def _begin(self, seconds: float, name: str, work: Work) -> None:
        assert self._loop is not None
        self._next[name] = self._loop.call_later(seconds, self._run, seconds, name, work)

    def _run(self, seconds: float, name: str, work: Work) -> None:
        self._begin(seconds, name, work)
        _run(name, work)

    def _turn(self, name: str, work: Work) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(_run, name, work)


class ThreadScheduler(Scheduler):
    """Each job runs on a thread of its own and may take its time."""

    def __init__(self) -> None:
        super().__init__()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Run nothing more; what runs now ends by itself."""
        super().stop()
        self._stopping.set()

    def _begin(self, seconds: float, name: str, work: Work) -> None:
        threading.Thread(target=self._for_ever, args=(seconds, name, work), name=name, daemon=True).start()

    def _for_ever(self, seconds: float, name: str, work: Work) -> None:
        due = time.monotonic() + seconds
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            _run(name, work)
            due = max(due + seconds, time.monotonic())

    def _turn(self, name: str, work: Work) -> None:
        _run(name, work)


def _run(name: str, work: Work) -> None:
    try:
        work()
    except Exception:  # the top of what is timed: the next run comes all the same
        log.exception("%s: a fault of ours; it runs again next time", name, extra={"event": "job_fault"})


def _calendar() -> BackgroundScheduler:
    from apscheduler.schedulers.background import BackgroundScheduler

    logging.getLogger("apscheduler.executors.default").setLevel(logging.ERROR)
    logging.getLogger("apscheduler.scheduler").setLevel(logging.WARNING)
    late_once = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    return BackgroundScheduler(job_defaults=late_once, daemon=True)
