"""Timed work: heartbeats, housekeeping. The only module that meets APScheduler."""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.executors.asyncio import AsyncIOExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)


class LoopScheduler:
    """Runs named jobs at fixed intervals on the event loop. A job that raises is logged and runs again next time."""

    def __init__(self) -> None:
        # The library's own log lines repeat each run; its warnings about missed runs are kept.
        logging.getLogger("apscheduler.executors.default").setLevel(logging.ERROR)
        logging.getLogger("apscheduler.scheduler").setLevel(logging.WARNING)
        self._scheduler = AsyncIOScheduler(
            executors={"default": AsyncIOExecutor()},
            # A line PC that slept runs a job once, late, rather than not at all or ten times.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Run `work` each `seconds`, the first time one interval from the start."""
        self._scheduler.add_job(work, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Start on the running event loop."""
        self._scheduler.start()

    def stop(self) -> None:
        """Run nothing more; may be called without `start`."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
