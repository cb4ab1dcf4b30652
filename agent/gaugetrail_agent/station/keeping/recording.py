"""An inspection into the spool: with its attempt, what charts say of it, and all that it changes of what is remembered.

Promise: what `append` gives is committed, each piece of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gaugetrail_agent.spool import Appended, Spool
from gaugetrail_agent.station.given.orders_here import OrderCount, count_key
from gaugetrail_agent.station.keeping.recalling import order_count
from gaugetrail_agent.station.keeping.remembering import RememberedHere
from gaugetrail_agent.station.keeping.sealing import pieces, room_for
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.signals.control_points import judged_record
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.workflow.hooks import after_record
from gaugetrail_contract.record import EventBody, InspectionBody


@dataclass(frozen=True, slots=True)
class Committed:
    """What is in the spool: the (last) record, what is remembered with it, the count of its order, what charts say, and
    the inspection as it was sealed.
    """

    appended: Appended
    memory: StationMemory
    count: OrderCount | None = None
    signals: Mapping[str, Notice] = field(default_factory=dict)
    body: InspectionBody | None = None


class Recording:
    """The records of one station. Who calls sees to it that they come one after the other."""

    def __init__(self, spool: Spool, remembered: RememberedHere) -> None:
        self._spool = spool
        self._remembered = remembered

    async def append(
        self, setup: Setup, memory: StationMemory, effect: SealIt, remember: Mapping[str, str]
    ) -> Committed:
        """What is to be remembered is durable together with it; so is the count of its order, the charts' last points
        and what else the station remembers of it.
        """
        body = effect.body
        if isinstance(body, EventBody):
            return Committed(await self._appended(setup, body, [body], remember), memory)
        judged = judged_record(setup.limits, self._with_attempt(body), self._spool.recall)
        after = after_record(setup, self._remembered.before_record(memory), judged.body)
        with_it = {**remember, **judged.remember, **self._remembered.changed(after)}
        parts = pieces(judged.body)
        count = self._count(setup, parts[-1])
        if count is not None:
            with_it |= {count_key(setup.station, body.order or ""): count.text()}
        appended = await self._appended(setup, body, parts, with_it)
        self._remembered.recorded(after)
        return Committed(appended, after, count, judged.signals, judged.body)

    async def _appended(
        self,
        setup: Setup,
        body: InspectionBody | EventBody,
        parts: Sequence[InspectionBody | EventBody],
        remember: Mapping[str, str],
    ) -> Appended:
        room = room_for(setup, body, len(parts))
        appended = [
            await asyncio.wrap_future(self._spool.append(part, remember if part is parts[-1] else None, room))
            for part in parts
        ]
        return appended[-1]

    def _count(self, setup: Setup, body: InspectionBody) -> OrderCount | None:
        """How much of its order is done with the unit; null where it has none, or orders are nothing here."""
        if setup.orders is None or body.order is None:
            return None
        return order_count(self._spool, setup.station, body.order).with_unit(body)

    def _with_attempt(self, body: InspectionBody) -> InspectionBody:
        """A re-measure is a new record that names the one before; the first stays."""
        if body.serial is None:
            return body
        before = self._spool.last_attempt(body.station, body.part, body.serial)
        if before is None:
            return body
        return msgspec.structs.replace(body, attempt=before[0] + 1, supersedes=before[1])
