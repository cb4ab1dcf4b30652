"""The real spool, of which it is known when a commit is on its way, and that can be made to refuse.

Promise: what is appended and remembered is committed (fsync) by the spool as ever; the loop counts it as out until who
waits for it has been told. While `refuses` is set, nothing is taken, as from a disk that is full.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from gaugetrail_agent.rehearsal.virtual_time import VirtualLoop
from gaugetrail_agent.spool import REFUSE, Appended, Origin, Room, Spool, SpoolFull
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.record import Body

Result = TypeVar("Result")


class CountedSpool(Spool):
    """`committed` is called on the loop after each commit, before whoever waits for it goes on."""

    def __init__(
        self, path: Path, loop: VirtualLoop, clock: FixedClock, origin: Origin, committed: Callable[[], None]
    ) -> None:
        super().__init__(path, agent=origin.agent, clock=clock, origin=origin)
        self.refuses_all = False
        self._loop = loop
        self._committed = committed

    def append(self, body: Body, remember: Mapping[str, str] | None = None, room: Room = REFUSE) -> Future[Appended]:
        """As the spool does it."""
        return self._counted(lambda: super(CountedSpool, self).append(body, remember, room))

    def remember_all(self, values: Mapping[str, str]) -> Future[None]:
        """As the spool does it."""
        return self._counted(lambda: super(CountedSpool, self).remember_all(values))

    def _counted(self, begin: Callable[[], Future[Result]]) -> Future[Result]:
        told: Future[Result] = Future()
        if self.refuses_all:
            told.set_exception(SpoolFull("the disk is full"))
            return told
        self._loop.goes_out()
        begin().add_done_callback(lambda done: self._tell(done, told))
        return told

    def _tell(self, done: Future[Result], told: Future[Result]) -> None:
        """In the writer's thread. What is called on the loop first is done first: so nobody goes on before it is
        noted, and time stands until they have gone on.
        """
        self._loop.call_soon_threadsafe(self._committed)
        fault = done.exception()
        if fault is None:
            told.set_result(done.result())
        else:
            told.set_exception(fault)
        self._loop.call_soon_threadsafe(self._loop.comes_back)
