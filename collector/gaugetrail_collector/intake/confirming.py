"""Confirming, one batch behind the store: agents and broker are told what is stored while the store writes the next.

Promise: batches are confirmed in their order, each once, and only after they were handed over as stored; `stop` returns
when everything that was handed over is confirmed. At most one batch waits, so whoever hands over feels it when the
confirming falls behind.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

from gaugetrail_collector.intake.storing import Stored

log = logging.getLogger(__name__)


class Confirming:
    """The thread that confirms. Without `start`, `put` confirms at once."""

    def __init__(self, confirm: Callable[[Stored], None]) -> None:
        self._confirm = confirm
        self._waiting: queue.Queue[Stored | None] = queue.Queue(1)
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._confirm_for_ever, name="confirming", daemon=True)

    def start(self) -> None:
        """Confirm in a thread from now on."""
        self._thread.start()

    def put(self, stored: Stored) -> None:
        """This is stored. Raises what has broken the thread, if anything ever does."""
        if self._thread.ident is None:
            self._confirm(stored)
            return
        if self._broken is not None:
            raise self._broken
        self._waiting.put(stored)

    def stop(self) -> None:
        """Come to the end."""
        if self._thread.ident is not None:
            self._waiting.put(None)
            self._thread.join()

    def _confirm_for_ever(self) -> None:
        while (stored := self._waiting.get()) is not None:
            if self._broken is not None:
                continue  # nothing may be confirmed behind one that wasn't; it comes again
            try:
                self._confirm(stored)
            except Exception as error:
                # Top of a thread: whoever hands over must hear of it, or records would wait unnoticed.
                log.exception("confirming has failed", extra={"event": "confirming_failed"})
                self._broken = error
