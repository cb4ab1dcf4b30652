"""Timed work: heartbeats, housekeeping, rounds. The only module that meets APScheduler.

Jobs have names and run at fixed intervals, the first time one interval from the start. A job that raises is logged and
runs again next time; one that is late, as on a PC that slept, runs once rather than not at all or ten times.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.base import BaseScheduler

ONCE_AND_LATE = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}


class Scheduler:
    """Jobs on an event loop (`on_loop`) or on a thread of their own (`on_thread`)."""

    def __init__(self, library: BaseScheduler) -> None:
        # The library's own log lines repeat each run; its warnings about missed runs are kept.
        logging.getLogger("apscheduler.executors.default").setLevel(logging.ERROR)
        logging.getLogger("apscheduler.scheduler").setLevel(logging.WARNING)
        self._scheduler = library

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Run `work` each `seconds`."""
        self._scheduler.add_job(work, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Begin; `on_loop` on the event loop that is running."""
        self._scheduler.start()

    def stop(self) -> None:
        """Run nothing more; may be called without `start`."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)


def on_loop() -> Scheduler:
    """Jobs run on the event loop, between everything else there, and are short."""
    from apscheduler.executors.asyncio import AsyncIOExecutor
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    executors = {"default": AsyncIOExecutor()}
    return Scheduler(AsyncIOScheduler(executors=executors, job_defaults=ONCE_AND_LATE, timezone="UTC"))


def on_thread() -> Scheduler:
    """Jobs run on threads of their own and may take their time."""
    from apscheduler.schedulers.background import BackgroundScheduler

    return Scheduler(BackgroundScheduler(job_defaults=ONCE_AND_LATE, timezone="UTC", daemon=True))
