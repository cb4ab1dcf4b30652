"""The console's own store, asked one question at a time, and the long question that runs beside: verify.

The collector's store is the intake's; this is another one of the same settings, so a question that takes long holds up
no record. A store that is down is opened again at the next question.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from gaugetrail_collector.evidence import verify as proving
from gaugetrail_collector.evidence.verify import Proof
from gaugetrail_collector.stores import Row, Store, StoreDown
from gaugetrail_collector.stores.question import Window
from gaugetrail_collector.tracing.trace import Question, ask
from gaugetrail_contract.record import Record

log = logging.getLogger(__name__)

PATIENCE_SECS = 15.0
T = TypeVar("T")


class Questions:
    """Questions to one store, one at a time."""

    def __init__(self, make: Callable[[], Store]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._store: Store | None = None

    def ask(self, question: Callable[[Store], T]) -> T:
        """The answer. Raises `StoreDown`, also when an earlier question still takes too long."""
        if not self._lock.acquire(timeout=PATIENCE_SECS):
            raise StoreDown("the store still works on an earlier question; try again in a moment")
        try:
            if self._store is None:
                store = self._make()
                store.open()
                self._store = store
            return question(self._store)
        except StoreDown:
            self._let_go()
            raise
        finally:
            self._lock.release()

    def close(self) -> None:
        """Let go of the store, unless a question is still out."""
        if self._lock.acquire(timeout=1.0):
            self._let_go()
            self._lock.release()

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


def remember(make: Callable[[], Store], since_us: int, take: Callable[[Sequence[Record]], None]) -> None:
    """Give what was stored lately to `take`, on a thread of its own: a board that has just started is not empty.

    A store that can't answer is said and left: the board fills by itself.
    """

    def run() -> None:
        store = make()
        try:
            store.open()
            recent = ask(store, Question((), Window(since_us)))
            while batch := [known.record for known in islice(recent, 500) if known.record is not None]:
                take(batch)
        except StoreDown as error:
            log.info("console: what was inspected lately can't be read: %s", error, extra={"event": "console"})
        except Exception:
            log.exception("console: reading what was inspected lately ended by a fault of its own")
        finally:
            store.close()

    threading.Thread(target=run, name="console-remember", daemon=True).start()


@dataclass(frozen=True, slots=True)
class Verified:
    """How the last verification stands: running while there is neither proof nor trouble."""

    started_us: int
    secs: float | None = None
    proof: Proof | None = None
    trouble: str | None = None

    @property
    def running(self) -> bool:
        """Whether it is still at work."""
        return self.secs is None


class Verifying:
    """Runs `verify` over a store of its own on a thread of its own, one at a time; keeps the last result."""

    def __init__(self, make: Callable[[], Store], now_us: Callable[[], int]) -> None:
        self.last: Verified | None = None
        self.proven = 0
        """Records that the one at work has proven so far."""
        self._make = make
        self._now_us = now_us
        self._lock = threading.Lock()

    def begin(self) -> bool:
        """Start one; false when one is at work already."""
        with self._lock:
            if self.last is not None and self.last.running:
                return False
            self.last = Verified(self._now_us())
            self.proven = 0
        threading.Thread(target=self._run, args=(self.last,), name="verify", daemon=True).start()
        return True

    def _run(self, begun: Verified) -> None:
        start = time.monotonic()
        store = self._make()
        proof, trouble = None, None
        try:
            store.open()
            proof = proving.verify(store, watch=self._count)
        except StoreDown as error:
            trouble = str(error)
        except Exception:
            log.exception("console: verify ended by a fault of its own")
            trouble = "it ended by a fault of its own; see the collector's log"
        finally:
            store.close()
        self.last = Verified(begun.started_us, time.monotonic() - start, proof, trouble)

    def _count(self, rows: Iterator[Row]) -> Iterator[Row]:
        for row in rows:
            self.proven += 1
            yield row
