"""What a station asks the store while it looks through its own records: what other PCs have measured.

Promise: there is an answer, or why there is none, within the time that whoever waits for it can spare.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gaugetrail_agent.station.looking_back import RecordSearch
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.questions.history import LotFound, UnitsFound

FIRST_SECS = 3.0
"""Of some ten pages: somebody waits, or units that are here wait to be held."""
AGAIN_SECS = 20.0


@dataclass(frozen=True, slots=True)
class StoreAsked:
    """Who can be asked."""

    units_since: Callable[[str, str | None, int, int | None], Awaitable[UnitsFound]]
    """The units that a gauge has measured: gauge, characteristic or null for all, from and until in microseconds."""
    lot: Callable[[str], Awaitable[LotFound]]
    """What was measured of a lot."""


async def found_elsewhere(store: StoreAsked | None, wanted: RecordSearch) -> UnitsFound | LotFound | None:
    """What the store says to it; null: there is nobody to ask, or only this PC's records are wanted."""
    if store is None or (wanted.lot is None and wanted.gauge is None):
        return None
    secs = FIRST_SECS if wanted.here else AGAIN_SECS
    slow = f"the store has not said all within {secs:.0f} s"
    try:
        async with asyncio.timeout(secs):
            if wanted.lot is not None:
                return await store.lot(wanted.lot)
            until_us = None if wanted.until is None else utc_us(wanted.until)
            since_us = 0 if wanted.since is None else utc_us(wanted.since)
            return await store.units_since(wanted.gauge or "", wanted.characteristic, since_us, until_us)
    except TimeoutError:
        return LotFound(open=slow) if wanted.lot is not None else UnitsFound(open=slow, answered=False)
