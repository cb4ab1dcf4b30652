"""What was refused at a station, as records: counted in the refusal book, told when they are due.

Promise: no unit waits for what was refused; what the spool doesn't take is put back, and told later.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from gaugetrail_agent.spool import Spool, SpoolBroken, SpoolFull
from gaugetrail_agent.station.refusing.refusal_book import CountedRefusal, RefusalBook
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import Refusal
from gaugetrail_contract.clock import Clock
from gaugetrail_contract.seal import BadRecord, RecordTooLarge

log = logging.getLogger(__name__)


class RefusalsTold:
    """The refusals of one station. `start` begins a task of its own."""

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        setup: Callable[[], Setup],
        start: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        self._spool = spool
        self._clock = clock
        self._setup = setup
        self._start = start
        self._book = RefusalBook()
        self._due: asyncio.TimerHandle | None = None

    def note(self, refusal: Refusal) -> None:
        """Something was refused just now."""
        entry = self._book.note(refusal, self._clock.mono_ns())
        self._tell(() if entry is None else (entry,))

    def tell_the_rest(self) -> None:
        """The agent ends: what has only been counted so far is told."""
        self._tell(self._book.rest(self._clock.mono_ns()))

    def _tell(self, entries: Iterable[CountedRefusal]) -> None:
        for entry in entries:
            self._start(self._record(entry))
        if self._due is not None:
            self._due.cancel()
        due_ns, now_ns = self._book.next_due_ns(), self._clock.mono_ns()
        if due_ns is not None:
            secs = max(0, due_ns - now_ns) / 1e9
            self._due = asyncio.get_running_loop().call_later(secs, self._are_due)

    def _are_due(self) -> None:
        self._tell(self._book.due(self._clock.mono_ns()))

    async def _record(self, entry: CountedRefusal) -> None:
        event = entry.event(self._setup())
        try:
            await asyncio.wrap_future(self._spool.append(event))
        except (SpoolFull, SpoolBroken, RecordTooLarge, BadRecord) as error:
            told = {"event": "refusal_not_recorded", "cause": entry.last.why.id, "count": entry.count}
            log.warning("%s: refused, and not recorded yet: %s", self._setup().station, error, extra=told)
            self._book.put_back(entry, self._clock.mono_ns())
            self._tell(())
