"""By what a station works, told as records where it changes, and by which edition of a plan it records.

Promise: each change is told once, also one that was made while the agent was stopped; before the first inspection by
another edition an event says so.
"""

from __future__ import annotations

import asyncio
import logging

from gaugetrail_agent.spool import Spool, SpoolBroken, SpoolFull
from gaugetrail_agent.station.keeping.changes import (
    break_point,
    changes,
    first_key,
    read,
    recorded_by,
    works_by,
    works_by_key,
    written,
)
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.record import InspectionBody
from gaugetrail_contract.seal import BadRecord, RecordTooLarge

log = logging.getLogger(__name__)


class EditionsTold:
    """What the spool has of them."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._changing = asyncio.Lock()
        self._recorded_by: dict[str, str] = {}

    async def tell(self, setup: Setup) -> None:
        """By what the station works from here on, where that differs from what the spool remembers."""
        key, now = works_by_key(setup.station), written(works_by(setup))
        async with self._changing:
            try:
                before = read(self._spool.recall(key))
                events = [] if before is None else list(changes(setup, before))
                for event in events:
                    await asyncio.wrap_future(self._spool.append(event, {key: now} if event is events[-1] else None))
                if before is None:
                    await asyncio.wrap_future(self._spool.remember(key, now))
            except (SpoolFull, SpoolBroken, RecordTooLarge, BadRecord, ValueError) as error:
                told = {"event": "change_not_recorded", "station": setup.station}
                log.error("%s: a change of its documents is not recorded yet: %s", setup.station, error, extra=told)

    async def begin(self, setup: Setup, body: InspectionBody) -> dict[str, str]:
        """What is remembered with the record: by which edition it is. Where the one before was by another, an event
        says so first, so that none is ever missing.
        """
        key, now = first_key(body.station, body.plan.id), recorded_by(body)
        before = self._recorded_by.get(key) or self._spool.recall(key)
        if before == now:
            self._recorded_by[key] = now
            return {}
        event = break_point(setup, body, before)
        if event is None:
            return {key: now}
        await asyncio.wrap_future(self._spool.append(event, {key: now}))
        self._recorded_by[key] = now
        return {}
