"""Timed work: heartbeats, housekeeping, rounds at intervals; due dates and reports by the calendar.

Promise: an interval is one of the monotonic clock, so a wall clock that is set neither stops a heartbeat nor makes a
hundred of them; the first run comes one interval from the start. A job that raises is logged and runs again next time;
one that is late, as on a PC that slept, runs once rather than not at all or ten times, and never beside itself.

What belongs to the calendar follows the wall clock: where that has been set, due times are worked out anew within
`LOOK_SECS`. Set ahead over one or a thousand of them, each job runs once, late; set back, it comes at its next time of
day, a second time on one day only where the clock went back by more than a day.

Only this module meets APScheduler, which keeps the calendar and is loaded when somebody needs one.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apscheduler.job import Job
    from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

LOOK_SECS = 10.0
"""How often a scheduler with a calendar looks whether the wall clock has been set."""
STEP_SECS = 1.0
DAY_SECS = 86_400.0

Work = Callable[[], object]


class Scheduler:
    """Named jobs. `LoopScheduler` and `ThreadScheduler` say where they run."""

    def __init__(self) -> None:
        self._every: list[tuple[float, str, Work]] = []
        self._calendar: BackgroundScheduler | None = None
        self._ran: dict[str, datetime] = {}
        self._apart = 0.0

    def every(self, seconds: float, name: str, work: Work) -> None:
        """Run `work` each `seconds`; to be said before the start."""
        self._every.append((seconds, name, work))

    def daily(self, hour: int, minute: int, name: str, work: Work) -> None:
        """Run `work` each day at that time of the clock on the wall; to be said before the start."""
        if self._calendar is None:
            self._calendar = _calendar()
            self.every(LOOK_SECS, "calendar", self._look_at_clock)

        def due() -> None:
            self._ran[name] = datetime.now().astimezone()
            self._turn(name, work)

        self._calendar.add_job(due, "cron", hour=hour, minute=minute, id=name, name=name)

    def start(self) -> None:
        """Begin."""
        if self._calendar is not None:
            self._apart = _apart()
            self._calendar.start()
        for seconds, name, work in self._every:
            self._begin(seconds, name, work)

    def stop(self) -> None:
        """Run nothing more; may be called without `start`."""
        if self._calendar is not None and self._calendar.running:
            self._calendar.shutdown(wait=False)

    def _look_at_clock(self) -> None:
        """APScheduler waits for the moment that it worked out last, however the clock is set meanwhile; and set ahead
        by years, it would count every day that it has missed.
        """
        assert self._calendar is not None
        before, self._apart = self._apart, _apart()
        stepped = self._apart - before
        if abs(stepped) > STEP_SECS:
            now = datetime.now().astimezone()
            for job in self._calendar.get_jobs():
                job.modify(next_run_time=self._next_due(job, now, stepped))

    def _next_due(self, job: Job, now: datetime, stepped: float) -> datetime:
        """When it runs next, by a clock that has been set by so many seconds."""
        due: datetime = job.next_run_time
        if stepped < 0:
            ran = self._ran.get(job.id)
            after = now if ran is None or stepped < -DAY_SECS else max(now, ran + timedelta(seconds=1))
            due = job.trigger.get_next_fire_time(None, after)
        return max(now, due)

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


def _apart() -> float:
    """How far the wall clock is from the monotonic one."""
    return time.time() - time.monotonic()


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
