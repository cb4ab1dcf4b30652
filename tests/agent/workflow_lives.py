"""A station over a real spool that outlives it: what a restart or a kill leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from station_floor import BORE, WEIGHT, setup

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.clock import FixedClock


class Life:
    """One life of an agent with one station, over a spool that outlives it."""

    def __init__(self, one: Spool, at: Setup | None = None, clock: FixedClock | None = None) -> None:
        self.shown: list[Display] = []
        doors = Doors(self._ask, self._answer, lambda *_: {}, self.shown.append)
        self.runner = StationRunner(at or setup(BORE, WEIGHT), one, clock or FixedClock(), doors)

    async def _ask(self, device: str, channel: str | None) -> None:
        pass

    async def _answer(self, *answered: Any) -> None:
        pass

    def gauge(self, device: str, value: str, unit: str | None = "mm") -> None:
        """A gauge sends a value."""
        self.runner.measured(device, Reading(Status.OK, b"", value=value, unit=unit))

    def live(self, *acts: str | Callable[[], None]) -> Life:
        """Scan each text, do each act, each after what the one before caused; then the agent is gone."""

        async def whole() -> None:
            task = asyncio.create_task(self.runner.run())
            await asyncio.sleep(0)
            for act in acts:
                self.runner.scanned(act) if isinstance(act, str) else act()
                await self.runner.finish()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.runner.finish()

        asyncio.run(whole())
        return self
