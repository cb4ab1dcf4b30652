"""Messages into batches, one ahead of the store: while one batch is written, the next is taken, decoded and prepared.

    subscriber's queue -> taker thread -> at most one batch waiting -> whoever calls `next` (store, receipts, acks)

Promise: batches come in the order of their messages, each message in one batch, once. Nothing is decided here and
nothing is lost: what was taken and not finished when the process ends comes again from the agents. While nobody calls
`next`, at most one full batch is taken; the rest stays with the subscriber and the broker.

A batch is closed when it is full. While the store is idle, it is closed when it is a tenth full or old enough, or when
nothing more has arrived for a moment. So a lone record goes at once, under load a batch grows for as long as the store
is busy with the one before, and a store with nothing to do isn't kept waiting for more than it needs to begin.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable

from gaugetrail_collector.intake.decoding import Decoded, Message, decode, points_of, prove
from gaugetrail_collector.intake.receiving.inbox import Inbox
from gaugetrail_contract.seal import Opened

log = logging.getLogger(__name__)

LULL_SECS = 0.004
"""An idle store isn't kept waiting longer than this for more to arrive."""
LOOK_SECS = 0.2
"""How often the taker looks whether it must stop."""

Batch = list[Decoded]


class Batches:
    """The taker and the one batch it is ahead. `next` is called by one thread."""

    def __init__(
        self,
        messages: Inbox,
        prepare: Callable[[Opened], Opened],
        *,
        max_points: int,
        max_secs: float,
    ) -> None:
        self._messages = messages
        self._prepare = prepare
        self._max_points = max_points
        self._enough = max_points // 10
        self._max_secs = max_secs
        self._ready: queue.Queue[Batch] = queue.Queue(1)
        self._idle = threading.Event()
        """Set while somebody waits in `next`."""
        self._stopping = threading.Event()
        self._broken: BaseException | None = None
        self._thread = threading.Thread(target=self._take_for_ever, name="taker", daemon=True)

    def start(self) -> None:
        """Begin to take messages."""
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more; what is in hand is let go."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    @property
    def waited_for(self) -> bool:
        """Whether somebody waits in `next`: the store is idle."""
        return self._idle.is_set()

    def next(self, timeout: float) -> Batch | None:
        """The next batch; null when none came in time. Raises what has broken the taker, if anything ever does."""
        if self._broken is not None:
            raise self._broken
        self._idle.set()
        try:
            return self._ready.get(timeout=timeout)
        except queue.Empty:
            return None
        finally:
            self._idle.clear()

    def _take_for_ever(self) -> None:
        try:
            while not self._stopping.is_set():
                batch = self._take()
                if batch:
                    self._hand_over(prove(batch))
        except Exception as error:
            # Top of a thread: whoever calls `next` must hear of it, or the collector would stand still unnoticed.
            log.exception("taking messages has failed", extra={"event": "taker_failed"})
            self._broken = error

    def _take(self) -> Batch:
        """Messages until the batch is full; or, while the store is idle, until it is worth a write or old enough, or
        nothing more arrives.
        """
        try:
            batch = [self._decode(self._messages.get(timeout=LOOK_SECS))]
        except queue.Empty:
            return []
        points = points_of(batch[0])
        end = time.monotonic() + self._max_secs
        while points < self._max_points and not self._stopping.is_set():
            try:
                message = self._messages.get(timeout=LULL_SECS)
            except queue.Empty:
                if self.waited_for:
                    break
                continue
            batch.append(self._decode(message))
            points += points_of(batch[-1])
            if self.waited_for and (points >= self._enough or time.monotonic() >= end):
                break
        return batch

    def _decode(self, message: Message) -> Decoded:
        return decode(message, self._prepare, defer=True)

    def _hand_over(self, batch: Batch) -> None:
        while not self._stopping.is_set():
            try:
                self._ready.put(batch, timeout=LOOK_SECS)
            except queue.Full:
                continue
            return
