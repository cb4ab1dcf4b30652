"""A Modbus device: declared values polled on a fixed grid, or read once for each trigger of a PLC.

Promise: each value is read whole in one request and decoded by its own switches; a value that can't be read now is an
`error`, `no_value` or `garbled` reading and never the last one again; one illegal address costs one value, and the
device's state names it. Polls stand at start + n x period and never drift; one that falls into an outage is left out.

A link that is gone is tried again at each point of the grid, for that costs nobody anything. A unit that is silent
while others on its link answer is tried ever more rarely, so that it costs them at most a fortieth of their time. A
fault of our own shows as a device that is down, is counted and said with its traceback, and is tried ever more rarely.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from gaugetrail_agent.drivers.faults import own_faults, say_gone
from gaugetrail_agent.drivers.modbus.blocks import Block, after_refusal, blocks
from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.drivers.modbus.handshake_registers import WELL, Complaint, PlcHandshake
from gaugetrail_agent.drivers.modbus.values import ValueReader
from gaugetrail_agent.drivers.stream import DeviceState, DeviceTrouble, gone
from gaugetrail_agent.errors import DeviceGone, DriverFault
from gaugetrail_agent.links.modbus import ModbusLink, NoReply
from gaugetrail_agent.links.modbus_frames import RequestRefused
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.plc_codes import ResultCode

log = logging.getLogger(__name__)

LONGEST_WAIT_SECS = 60.0
SHARE = 40
"""A silent unit is tried so rarely that its time-outs take one part in so many of the time of the living."""
FULL_TRY = 4
"""Every so many tries a silent unit gets the whole time-out; in between, others waiting for the bus are spared it."""
BUSY_TRIES = 3
BUSY_SECS = 0.02


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings of one block. `trigger` is the PLC's number, null for a poll; `asked`: somebody waits for it."""

    readings: tuple[Reading, ...]
    trigger: int | None = None
    asked: bool = False


class ModbusDevice:
    """One unit on a link. `recall` gives what was remembered under a key in the spool, null for nothing."""

    def __init__(
        self,
        name: str,
        link: ModbusLink,
        settings: ModbusDeviceSettings,
        *,
        emit_batch: Callable[[str, Batch], None],
        on_state: Callable[[str, DeviceState], None],
        recall: Callable[[str], str | None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._link = link
        self._settings = settings
        self._emit = emit_batch
        self._on_state = on_state
        self._monotonic = monotonic
        places = {value.name: settings.place(value) for value in settings.value}
        self._values = {
            value.name: ValueReader(value, places[value.name] if value.companions else None) for value in settings.value
        }
        self._plan = blocks(
            [place.wanted for place in places.values()],
            max_registers=settings.max_registers,
            span=settings.span,
            no_span=settings.no_span,
        )
        self._blocks = list(self._plan)
        self._breaks = 0
        self._refused: dict[str, int] = {}
        self._tries = 0
        self._handshake: PlcHandshake | None = None
        self._started = False
        if settings.wake:
            link.wakes(settings.unit_id)
        if settings.trigger is not None:
            self._handshake = PlcHandshake(
                name, link, settings, settings.trigger, read_data=self._read_all, recall=recall, monotonic=monotonic
            )
        self._state = DeviceState(False, monotonic(), f"{name}: not asked yet")

    @property
    def state(self) -> DeviceState:
        """How the device does now."""
        return self._state

    def remember(self, seq: int, code: ResultCode) -> dict[str, str]:
        """What must be durable together with the record that `code` answers. Raises `DriverFault`."""
        if self._handshake is None:
            return {}
        with self._told():
            return self._handshake.remember(seq, code)

    # --- the loop

    async def run(self) -> None:
        """Poll on the grid until cancelled."""
        period = self._settings.poll_secs
        start = self._monotonic()
        self._started = False
        while True:
            wait = 0.0
            try:
                with own_faults():
                    await self._poll()
                    await self._link.cycle_done()
                self._answered()
            except DeviceGone as error:
                self._tries += 1
                wait = self._pause(error)
                self._gone(error, wait)
            now = self._monotonic()
            point = start + period * (math.floor((now + wait - start) / period) + 1)
            await asyncio.sleep(point - now)

    async def ask(self, channel: str | None = None) -> None:
        """Read once now, for somebody who waits. Raises `DeviceGone`."""
        with self._told():
            readings = await self._read_all()
            wanted = tuple(reading for reading in readings if channel in (None, reading.channel))
            self._emit(self.name, Batch(wanted, asked=True))

    async def put(self, address: int, value: int, *, coil: bool = False, verify: bool = True) -> None:
        """Write one holding register, or a coil, and read it back. Raises `DeviceGone`."""
        unit = self._settings.unit_id
        with self._told():
            try:
                if coil:
                    await self._link.write_bits(unit, address, [bool(value)], verify=verify)
                else:
                    await self._link.write(unit, self._settings.register(address), [value], verify=verify)
            except RequestRefused as error:
                what = "the coil" if coil else "the register"
                raise DeviceGone(f"{what} {address} can't be written: {error}; look at the register map") from error

    async def answer(self, seq: int, code: ResultCode) -> None:
        """Tell the PLC: the result first, then the echo. Raises `DeviceGone`; then the log answers when it is back."""
        if self._handshake is not None:
            with self._told():
                await self._handshake.answer(seq, code)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Around what others ask of the device: a fault of ours shows as one that a poll has met."""
        try:
            with own_faults():
                yield
        except DriverFault as error:
            self._down(error, f"{self.name}: {error}")
            raise

    async def _poll(self) -> None:
        if self._handshake is None:
            readings = await self._read_all()
            self._up(readings)
            self._emit(self.name, Batch(readings))
            return
        if not self._started:
            self._handshake.start()
            self._started = True
        offered = await self._handshake.poll()
        self._up(offered[1] if offered else ())
        if offered:
            self._emit(self.name, Batch(offered[1], trigger=offered[0]))

    def _pause(self, error: DeviceGone) -> float:
        """How long to leave it alone beyond the next point of the grid."""
        period = self._settings.poll_secs
        if isinstance(error, DriverFault):
            return min(LONGEST_WAIT_SECS, period * (1 << min(self._tries - 1, 8)))
        if isinstance(error, NoReply) and self._link.others_live(self._settings.unit_id):
            if self._tries == 1:
                return 0.0  # a frame that noise has hit: ask again in turn
            return min(LONGEST_WAIT_SECS, max(period * (1 << min(self._tries - 1, 8)), SHARE * error.cost_secs))
        return max(0.0, self._link.reopen_secs - period)

    # --- values

    async def _read_all(self) -> tuple[Reading, ...]:
        """Every declared value, in the order declared."""
        if self._breaks != self._link.breaks:
            self._breaks = self._link.breaks
            self._blocks = list(self._plan)  # it may have come back as another: what was learned is learned again
        found: dict[str, tuple[Reading, ...]] = {}
        for block in list(self._blocks):
            found |= await self._read_block(block)
        return tuple(reading for name in self._values for reading in found[name])

    async def _read_block(self, block: Block) -> dict[str, tuple[Reading, ...]]:
        try:
            answer = await self._read(block)
        except RequestRefused as error:
            return await self._one_by_one(block, error)
        values = self._values
        if self._refused:
            for wanted in block.values:
                self._refused.pop(wanted.name, None)
        return {wanted.name: values[wanted.name].readings(block.cut(answer, wanted)) for wanted in block.values}

    async def _read(self, block: Block) -> list[int]:
        """One request; a unit that is busy is asked again, a moment later."""
        patient = self._tries % FULL_TRY == 0
        for tries_left in reversed(range(BUSY_TRIES)):
            try:
                return await self._link.read(
                    self._settings.unit_id, block.function, block.address, block.count, patient=patient
                )
            except RequestRefused as error:
                if not (error.code in (5, 6) and tries_left):
                    raise
                await asyncio.sleep(BUSY_SECS)
        raise AssertionError("the last try returns or raises")

    async def _one_by_one(self, block: Block, error: RequestRefused) -> dict[str, tuple[Reading, ...]]:
        """A block that is refused as a whole is read value by value, so that one illegal address costs one value."""
        if len(block.values) == 1 or error.code in (1, 5, 6):
            for wanted in block.values:
                self._refused[wanted.name] = error.code
            return {wanted.name: (_refused(wanted.name, error),) for wanted in block.values}
        found: dict[str, tuple[Reading, ...]] = {}
        for wanted in block.values:
            found |= await self._read_block(Block(wanted.function, wanted.address, wanted.count, (wanted,)))
        bad = [wanted.name for wanted in block.values if wanted.name in self._refused]
        if len(bad) < len(block.values) and block in self._blocks:
            at = self._blocks.index(block)
            self._blocks[at : at + 1] = after_refusal(block, bad)
            log.warning(
                "%s: registers %d to %d can't be read in one request (%s); reading them in %d from now on%s",
                self.name,
                block.address,
                block.address + block.count - 1,
                error,
                len(after_refusal(block, bad)),
                f", without {', '.join(bad)}" if bad else "; see span, no_span and max_registers",
                extra={"event": "block_refused", "device": self.name},
            )
        return found

    # --- what it says of itself

    def _answered(self) -> None:
        if self._tries:
            log.info("%s: answers again", self.name, extra={"event": "device_answers", "device": self.name})
        self._tries = 0

    def _up(self, readings: Sequence[Reading]) -> None:
        now = self._monotonic()
        complaint = WELL if self._handshake is None else self._handshake.complaint()
        if complaint is WELL:
            complaint = self._refusals()
        if complaint is WELL:
            complaint = self._misread(readings)
        good = sum(reading.value is not None for reading in readings)
        bad = sum(reading.status in (Status.GARBLED, Status.ERROR) for reading in readings)
        self._say(
            replace(
                self._state,
                up=not complaint.dead,
                detail=complaint.detail,
                alarm=complaint.alarm,
                trouble=None if complaint is WELL else DeviceTrouble(complaint.kind),
                frames=self._state.frames + (1 if readings else 0),
                readings=self._state.readings + good,
                garbled=self._state.garbled + bad,
                last_reading=now if good else self._state.last_reading,
            )
        )

    def _refusals(self) -> Complaint:
        """The values that the unit refuses, by name and the address that the settings give."""
        if not self._refused:
            return WELL
        names = ", ".join(
            f"{name} at {self._values[name].value.address} ({RequestRefused(code)})"
            for name, code in self._refused.items()
        )
        return Complaint(
            f"{self.name}: {len(self._refused)} of {len(self._values)} values are refused: {names}",
            f"{self.name}: the unit refuses values that are set up; its state names them with their addresses",
        )

    def _misread(self, readings: Sequence[Reading]) -> Complaint:
        """A value whose registers are of another type than the settings say: nothing but the settings can cure that."""
        for reading in readings:
            if reading.status is Status.GARBLED and reading.error_code == "layout":
                return Complaint(
                    f"{self.name}: {reading.channel}: {reading.extra['why']}",
                    f"{self.name}: {reading.channel} is of another type than set up; the device's state says which",
                )
        return WELL

    def _gone(self, error: DeviceGone, wait: float) -> None:
        again = f"trying again in {wait:.0f} s" if wait >= 1 else "trying again"
        detail = f"{self.name}: {error}; {again} (try {self._tries})"
        self._down(error, detail)

    def _down(self, error: DeviceGone, detail: str) -> None:
        if self._tries & (self._tries - 1) == 0:
            say_gone(log, self.name, error, detail)
        fault = isinstance(error, DriverFault)
        unanswered, faults = self._state.unanswered + (not fault), self._state.faults + fault
        alarm = f"{self.name}: {error}; trying again until it is back"
        trouble = DeviceTrouble("no_answer", str(error)) if isinstance(error, NoReply) else gone(error)
        now = replace(self._state, up=False, detail=detail, alarm=alarm, trouble=trouble)
        self._say(replace(now, unanswered=unanswered, faults=faults))

    def _say(self, state: DeviceState) -> None:
        if state.up != self._state.up:
            state = replace(state, since=self._monotonic())
        if state != self._state:
            self._state = state
            self._on_state(self.name, state)


def _refused(name: str, error: RequestRefused) -> Reading:
    return Reading(Status.ERROR, b"", channel=name, error_code=f"exception {error.code}")
