"""One life of a station: from the start of its agent until it is killed. What it lets out is written down in order.

Promise: what is written down stands in the order of its happening: a record when it is committed, what is shown when it
is shown, a PLC's code when it is told. Nothing is let out twice: a block whose number was answered is answered again by
what was remembered with its record, as `drivers/modbus/handshake` does it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_agent.documents.pin_guesses import PinGuesses
from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.languages.spoken import spoken
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.rehearsal.counted_spool import CountedSpool
from gaugetrail_agent.rehearsal.cues import OfferBlock, ScanCode, SendValue
from gaugetrail_agent.rehearsal.virtual_time import VirtualLoop
from gaugetrail_agent.spool import Origin
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.events.station import StationRefused
from gaugetrail_contract.plc_codes import ResultCode

SHOWN = (
    "state",
    "light",
    "message",
    "says",
    "prompt",
    "asks",
    "operator",
    "serial",
    "next",
    "order",
    "sign",
    "notices",
    "messages",
)
"""What a line tells of the station's display."""

Effect = dict[str, object]
"""One thing that the station let out: its kind, and what it is."""


@dataclass(frozen=True, slots=True)
class RehearsedStation:
    """What of the agent's settings a station's life hangs on, beside its own setup."""

    setup: Setup
    agent: str
    folder: Path
    plc: str | None = None
    """The device that offers an automatic station its blocks."""
    units: Mapping[str, str | None] = field(default_factory=dict)
    """Channel -> unit of the values of a block."""
    pin_guesses: int = 5


class Stage:
    """See the module. `pins`: badge -> PIN, as the script says it; read anew at each try."""

    def __init__(self, place: RehearsedStation, clock: FixedClock, pins: Mapping[str, str]) -> None:
        self.effects: list[Effect] = []
        self.shown: Effect = {}
        self._place = place
        self._pins = pins
        self._loop = VirtualLoop(clock)
        setup = place.setup
        origin = Origin(place.agent, setup.site, setup.line)
        self._spool = CountedSpool(place.folder / "spool.db", self._loop, clock, origin, self._committed)
        self._spool.open()
        self._seen = self._spool.newest()
        guesses = PinGuesses(self._spool, lambda badge, pin: self._pins.get(badge) == pin, clock, place.pin_guesses)
        doors = Doors(
            self._ask, self._answer, self._remember, self._show, try_pin=guesses.check, unlock_pin=guesses.clear
        )
        self._runner = StationRunner(setup, self._spool, clock, doors)
        self._life = self._loop.create_task(self._runner.run())

    # --- what happens to it

    def pass_time(self, by_us: int = 0) -> None:
        """Let time pass, and all happen that it brings. Raises what the station itself fails with."""
        self._loop.pass_time(by_us)
        if self._life.done():
            self._life.result()

    def refuse(self, full: bool) -> None:
        """The spool takes nothing from here on; or takes it again."""
        self._spool.refuses_all = full

    def scan(self, cue: ScanCode) -> None:
        """A code is read or typed."""
        self._soon(
            lambda: self._runner.scanned(cue.text, raw=b"" if cue.typed else cue.text.encode("utf-8", "replace"))
        )

    def send(self, cue: SendValue) -> None:
        """A gauge sends."""
        self._soon(lambda: self._runner.measured(cue.device, cue.reading))

    def tell(self, about: str, notice: Notice | None) -> None:
        """Something around it isn't well, or is again."""
        self._soon(lambda: self._runner.noticed(about, notice))

    def know_pins(self) -> None:
        """Who has a PIN by now."""
        self._soon(lambda: self._runner.pins_known(frozenset(self._pins)))

    def offer(self, cue: OfferBlock) -> None:
        """A PLC offers a block, the next one where it has no number."""
        plc = self._place.plc
        assert plc is not None, "a script for a station without a PLC offers no block"
        answered, _, code = (self._spool.recall(_answered_key(plc)) or "0 0").partition(" ")
        trigger = cue.trigger or int(answered) + 1
        if trigger == int(answered):
            self._told(plc, trigger, ResultCode(int(code)), again=True)
        else:
            self._soon(lambda: self._runner.offered(plc, Batch(tuple(self._readings(cue)), trigger)))

    def end(self) -> None:
        """The agent is killed: nothing is told any more, and what isn't on the disk is gone."""
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(_ended(tasks))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._spool.close()
        self._loop.close()

    def _soon(self, act: Callable[[], None]) -> None:
        self._loop.call_soon(act)

    def _readings(self, cue: OfferBlock) -> Iterator[Reading]:
        for channel, value in cue.values.items():
            raw, unit = (value or "").encode(), self._place.units.get(channel)
            status = Status.NO_VALUE if value is None else Status.OK
            yield Reading(status, raw, value=value, unit=unit, channel=channel)
        for channel, text in cue.texts.items():
            yield Reading(Status.INFO, text.encode("utf-8", "replace"), text=text, channel=channel)

    # --- what it lets out

    def _committed(self) -> None:
        for one in self._spool.waiting(self._seen, 1000):
            self._seen = one.place
            record = json.loads(one.sealed.data)
            refused = record.get("type") == StationRefused.TYPE
            kind = "refused" if refused else "event" if record["kind"] == "event" else "record"
            self.effects.append({kind: record})

    async def _ask(self, device: str, channel: str | None) -> None:
        self.effects.append({"ask": {"device": device, "channel": channel}})

    async def _answer(self, device: str, trigger: int, code: ResultCode) -> None:
        self._told(device, trigger, code)

    def _told(self, device: str, trigger: int, code: ResultCode, *, again: bool = False) -> None:
        told = {"device": device, "trigger": trigger, "code": int(code), "means": code.name}
        self.effects.append({"plc": {**told, "again": True} if again else told})

    def _remember(self, device: str, trigger: int, code: ResultCode) -> dict[str, str]:
        return {_answered_key(device): f"{trigger} {int(code)}"}

    def _show(self, display: Display) -> None:
        whole = display.document(spoken(display.speaks))
        before, self.shown = self.shown, {key: whole[key] for key in SHOWN}
        if self.shown != before:
            self.effects.append({"show": self.shown})


def _answered_key(device: str) -> str:
    return f"rehearsed block of {device}"


async def _ended(tasks: set[asyncio.Task[object]]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.gather(*tasks, return_exceptions=True)
