"""Timed work: heartbeats. The only module that meets APScheduler."""

from __future__ import annotations

import logging
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler


class ThreadScheduler:
    """Runs named jobs at fixed intervals on a thread of its own. A job that raises is logged and runs again."""

    def __init__(self) -> None:
        logging.getLogger("apscheduler.executors.default").setLevel(logging.ERROR)
        logging.getLogger("apscheduler.scheduler").setLevel(logging.WARNING)
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = BackgroundScheduler(job_defaults=defaults, timezone="UTC", daemon=True)

    def every(self, seconds: float, name: str, work: Callable[[], object]) -> None:
        """Run `work` each `seconds`, the first time one interval from the start."""
        self._scheduler.add_job(work, "interval", seconds=seconds, id=name, name=name)

    def start(self) -> None:
        """Start the thread."""
        self._scheduler.start()

    def stop(self) -> None:
        """Run nothing more; may be called without `start`."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
