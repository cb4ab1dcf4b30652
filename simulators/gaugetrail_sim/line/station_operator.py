"""A simulated operator at one station: does what the terminal asks for, and believes only what it shows.

He scans his badge and each unit, puts it on a scale when he is told to and takes it off once it is recorded, presses
the key of the gauge that the prompt names, looks again after an amber light and presses once more. A unit counts as
recorded when the terminal says so of its serial, not before.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaugetrail_sim.devices.faults import Fault
from gaugetrail_sim.devices.gauge import Scale, SimulatedGauge
from gaugetrail_sim.devices.scanner import SimulatedScanner
from gaugetrail_sim.line.pieces import LineLook

AMBER_SECS = 0.25
"""After an amber light he looks this long, and if the prompt still stands he presses the key again."""
PATIENCE_SECS = 1.5
"""Without any answer he waits longer: a second press on a slow day would be a value too many."""
RECONNECT_SECS = 0.2
PUT_ON = "fresh.put_on"
PIN_WANTED = "component.piece"
WHICH_UNIT = "state.which_unit"
DECIDED = "state.decided"
TAKE_OFF = ("fresh.off_and_on", "fresh.other_part", "fresh.once_more")
"""What the terminal asks for at a scale, by the ids of its sentences."""

Display = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OperatorTold:
    """What the terminal said of one inspection once it was recorded."""

    serial: str
    verdict: str
    record: str
    revision: str
    """Of the plan that it was measured by, as the terminal showed it."""


class Terminal:
    """The agent's terminal on loopback. Reconnects for as long as it is open."""

    def __init__(self, data_dir: Path, station: str) -> None:
        self._data_dir = data_dir
        self._station = station
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.display: Display = {}

    async def next(self) -> Display:
        """The station's display after its next change; connects again if the agent has gone in between."""
        while True:
            try:
                if self._reader is None:
                    await self._connect()
                assert self._reader is not None
                line = await self._reader.readline()
                if line:
                    shown = json.loads(line)
                    if "error" in shown:
                        raise PermissionError(f"the terminal refuses: {shown['error']}")
                    self.display = shown
                    return self.display
            except (ConnectionError, FileNotFoundError, ValueError):
                pass
            self.close()
            self.display = {}
            await asyncio.sleep(RECONNECT_SECS)

    def type(self, text: str) -> None:
        """Type a text, or touch a button that stands for it."""
        if self._writer is not None:
            self._writer.write(json.dumps({"typed": text}).encode() + b"\n")

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    async def _connect(self) -> None:
        """The token and perhaps the port are new after each start of the agent."""
        port = int((self._data_dir / "terminal.port").read_text())
        token = (self._data_dir / "terminal.token").read_text()
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        for first in ({"token": token}, {"station": self._station}):
            self._writer.write(json.dumps(first).encode() + b"\n")


class StationOperator:
    """One person. `inspect` returns only after the station has said that the unit is recorded."""

    def __init__(
        self,
        terminal: Terminal,
        scanner: SimulatedScanner,
        gauges: Mapping[str, SimulatedGauge],
        badge: str,
        order: str | None = None,
    ) -> None:
        """`order`: what is made, where the station wants to know it. `pace_secs`: how long each thing takes him that he
        does; none where the station is to be pushed.
        """
        self.pace_secs = 0.0
        self.told: list[OperatorTold] = []
        self.presses_again = 0
        self._terminal = terminal
        self._scanner = scanner
        self._gauges = gauges
        self._badge = badge
        self._order = order

    async def inspect(self, look: LineLook, faults: Mapping[str, Sequence[Fault]], *, scans: int = 1) -> OperatorTold:
        """Take one unit through the station. `faults` are for the gauges, by device; `scans=2` is a double scan."""
        while True:
            await self.ready()
            before = self._last_record()
            for device, gauge in self._gauges.items():
                if not isinstance(gauge, Scale):
                    gauge.load(look.values[device], faults.get(device, ()))
            await asyncio.sleep(self.pace_secs)
            self._scanner.scan(look.serial, times=scans)
            told = await self._measure(look, before, faults)
            await asyncio.sleep(self.pace_secs)
            self._clear_scales()
            if told is not None:
                self.told.append(told)
                return told

    @property
    def order_done(self) -> str:
        """How much of the order is done, as the terminal shows it: `87 of 500`."""
        order = self._terminal.display.get("order")
        return f"{order['done']} of {order['quantity']}" if order else ""

    async def sees_plan(self) -> None:
        """Wait until the station has a plan to work by."""
        while self._terminal.display.get("revision") is None:
            await self._terminal.next()

    async def ready(self) -> None:
        """Log on if need be, answer what is asked, cancel what an interruption left in hand; then the next may come."""
        answered: object = None
        while True:
            display = self._terminal.display or await self._terminal.next()
            state, question = display["state"], display.get("prompt")
            if state == "wait_unit" and (self._order is None or display["order"] is not None):
                return
            if state == "wait_unit":
                self._scanner.scan(f"PO:{self._order}")
            if state == "wait_operator":
                self._scanner.scan(self._badge)
            elif state == "wait_answer" and question != answered:  # once: a code behind the answer would be a unit's
                answered = question
                await asyncio.sleep(self.pace_secs)
                self._answer(display, None)
            elif state == "measuring":
                self._terminal.type("%CANCEL")
            if not await self._changed(PATIENCE_SECS):
                answered = None

    async def _measure(
        self, look: LineLook, before: str | None, faults: Mapping[str, Sequence[Fault]]
    ) -> OperatorTold | None:
        """Follow the prompts until the unit is recorded; null if the agent went away in between."""
        asked_for: str | None = None
        answered: object = None
        revision = ""
        told_of_scale: str | None = None
        while True:
            display = self._terminal.display
            last = display.get("last")
            if last and last["serial"] == look.serial and last["recorded"] and last["record"] != before:
                return OperatorTold(look.serial, last["verdict"], last["record"], revision)
            if display.get("state") == "wait_operator":
                return None
            wanted = display.get("next") if display.get("serial") == look.serial else None
            revision = revision if wanted is None else str(display.get("revision") or "")
            if wanted is not None and display.get("asks") != told_of_scale:
                told_of_scale = display.get("asks")
                await asyncio.sleep(self.pace_secs)
                self._at_scale(display, look, faults)
            question = display.get("prompt") if display.get("state") == "wait_answer" else None
            if question is not None and question != answered:
                answered = question
                await asyncio.sleep(self.pace_secs)
                self._answer(display, look)
            elif question is None and wanted is not None and wanted != asked_for:
                asked_for = wanted
                await asyncio.sleep(self.pace_secs)
                self._act(display, look)
            elif not await self._changed(AMBER_SECS if display.get("light") == "amber" else PATIENCE_SECS):
                self._again(display, look, wanted)

    def _at_scale(self, display: Display, look: LineLook, faults: Mapping[str, Sequence[Fault]]) -> None:
        """Put the piece on, or take off what lies there, when the terminal says so."""
        scale = self._gauges.get(display["device"] or "")
        if isinstance(scale, Scale) and display.get("asks") == PUT_ON:
            scale.load(look.values[display["device"]], faults.get(display["device"], ()))
        elif isinstance(scale, Scale) and display.get("asks") in TAKE_OFF:
            scale.unload()

    def _clear_scales(self) -> None:
        for gauge in self._gauges.values():
            if isinstance(gauge, Scale):
                gauge.unload()

    def _act(self, display: Display, look: LineLook) -> None:
        """What the prompt asks for the first time. A scale that the agent asks by itself needs no key."""
        device = display["device"]
        if device is None:
            self._terminal.type(look.typed[display["next"]])
        elif not self._gauges[device].asked_by_host:
            self._gauges[device].press()

    def _answer(self, display: Display, look: LineLook | None) -> None:
        """What the station asks beside the values: the pin, or one of what it offers."""
        choices = display.get("choices") or ()
        if look is not None and display.get("asks") == PIN_WANTED:
            self._scanner.scan(f"PIN-9/{look.pin}")
        elif choices:
            self._terminal.type(choices[0]["code"])
        else:
            self._terminal.type("%CANCEL")

    async def sends_to_rework(self, serial: str, why: str) -> None:
        """What is on hold comes back for a reason."""
        await self.ready()
        self._terminal.type(f"%REWORK:{why}")
        while self._terminal.display.get("asks") != WHICH_UNIT:
            await self._changed(PATIENCE_SECS)
        self._terminal.type(serial)
        while self._terminal.display.get("says") != DECIDED:
            await self._changed(PATIENCE_SECS)

    def _again(self, display: Display, look: LineLook, wanted: str | None) -> None:
        """Nothing has come for a while: whatever the prompt asks for is done once more."""
        if display.get("state") == "wait_answer":
            self._answer(display, look)
        elif wanted is None:
            if display.get("state") == "wait_unit":
                self._scanner.scan(look.serial)
        elif display["device"] is None:
            self._terminal.type(look.typed[wanted])
        elif not self._gauges[display["device"]].asked_by_host:
            self.presses_again += 1
            self._gauges[display["device"]].press()

    async def _changed(self, secs: float) -> bool:
        """Wait for the next display; false when none came in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(secs):
                await self._terminal.next()
                return True
        return False

    def _last_record(self) -> str | None:
        last = self._terminal.display.get("last")
        return str(last["record"]) if last else None
