"""A station at work over a real spool that outlives it, and what a floor on paper is told of a record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from station_floor import Floor

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import Display, display
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import Effect, TellEvent
from gaugetrail_agent.station.words.happening import Recorded, Tick
from gaugetrail_contract.clock import Clock, FixedClock
from gaugetrail_contract.record import EventBody, InspectionBody


class ShiftLife:
    """One life of an agent with one station. It ends as a kill does: nothing is put in order."""

    def __init__(self, setup: Setup, one: Spool, clock: Clock | None = None) -> None:
        self.shown: list[Display] = []
        doors = Doors(self._ask, self._answer, lambda *_: {}, self.shown.append)
        self.runner = StationRunner(setup, one, clock or FixedClock(), doors)

    async def _ask(self, device: str, channel: str | None) -> None:
        pass

    async def _answer(self, *answered: Any) -> None:
        pass

    def live(self, *acts: str | Callable[[], None]) -> ShiftLife:
        async def whole() -> None:
            task = asyncio.create_task(self.runner.run())
            await asyncio.sleep(0)
            for act in acts:
                self.runner.scanned(act) if isinstance(act, str) else act()
                await self.runner.finish()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(whole())
        return self

    def gauge(self, device: str, value: str, unit: str = "mm") -> Callable[[], None]:
        return lambda: self.runner.measured(device, Reading(Status.OK, b"", value=value, unit=unit))

    @property
    def asks(self) -> str:
        return self.runner.state.dialog.asks.id if self.runner.state.dialog else ""


def recorded(floor: Floor, **more: Any) -> tuple[Effect, ...]:
    """The spool has what was sealed last; `more` is what the runner adds to the body."""
    body = msgspec.structs.replace(floor.sealed(), **more)
    number = sum(isinstance(one, Recorded) for one in floor.said) + 1
    event = Recorded(f"pc1/e1/{number}", body.serial or body.lot or "", body.verdict, body=body)
    floor.said.append(event)
    return floor.say(event)


def inspected(floor: Floor, serial: str, values: Mapping[str, tuple[str, str]], **more: Any) -> InspectionBody:
    """A unit from its scan to its record: device -> value and unit."""
    floor.scan(serial)
    for device, (value, unit) in values.items():
        floor.gauge(device, value, unit)
    recorded(floor, **more)
    return floor.sealed()


def told(effects: tuple[Effect, ...]) -> list[EventBody]:
    """The events among them."""
    return [one.body for one in effects if isinstance(one, TellEvent)]


def ticked(floor: Floor, secs: float = 1) -> tuple[Effect, ...]:
    """So much time passes."""
    floor.now += int(secs * 1_000_000)
    return floor.say(Tick(Moment(floor.now, floor.now * 1000, "boot")))


def asked(floor: Floor) -> str:
    """What the station asks, in words."""
    return str(display(floor.setup, floor.state).document(ENGLISH)["prompt"])
