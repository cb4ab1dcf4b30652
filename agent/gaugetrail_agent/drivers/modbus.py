"""A Modbus device: declared values polled on a fixed grid, or read once for each trigger of a PLC.

Promise: each value is read whole in one request and decoded by its own switches; a value that can't be read now is an
`error`, `no_value` or `garbled` reading and never the last one again; one illegal address costs one value. With a
trigger, a block is offered once, answered only when the station says so, and answered again from the durable log. A
unit that doesn't answer is asked ever more rarely, so that others on its bus keep their rate.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_agent.drivers import registers
from gaugetrail_agent.drivers.handshake import Code, Log, Seen, answered, judge, looks_new
from gaugetrail_agent.drivers.modbus_plan import Block, Numbering, Wanted, blocks, zero_based
from gaugetrail_agent.drivers.registers import BadRegisters, Decoded, ValueSpec
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.modbus import Function, ModbusLink, Refused
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DecimalText, Identifier

log = logging.getLogger(__name__)

LONGEST_WAIT_SECS = 30.0
HEARTBEAT_SECS = 0.5
HEARTBEAT_STILL_SECS = 5.0


def _type(text: str) -> str:
    registers.register_count(text)
    return text


class ValueSettings(Settings):
    """`[[device.value]]`: one value in the unit's registers."""

    name: Identifier = Field(description="the channel that plans name", examples=["force"])
    address: int = Field(ge=0, le=465_536, description="register, in the device's numbering")
    function: Function = Field("holding", description="holding, input, coil or discrete")
    type: Annotated[str, AfterValidator(_type)] = Field("uint16", description=registers.TYPES)
    byte_order: Literal["big", "little"] = Field("big", description="order of the bytes inside a register")
    word_order: Literal["big", "little"] = Field("big", description="big: the first register is the highest")
    scale: DecimalText = Field("1", description="factor, in quotes", examples=["0.1"])
    offset: DecimalText = Field("0", description="added after the factor, in quotes")
    sentinel: tuple[str, ...] = Field((), description="raw values that mean no value", examples=["0x8000"])
    encoding: Literal["ascii", "utf-8", "latin-1", "cp1252", "utf-16", "shift_jis"] = Field(
        "ascii", description="of text"
    )
    unit: Identifier | None = Field(None, description="unit of measurement", examples=["kN"])
    decimals: int | None = Field(None, ge=0, le=12, description="round a float to so many digits behind the point")

    def spec(self) -> ValueSpec:
        """The value's decoding."""
        scale, offset = Decimal(self.scale), Decimal(self.offset)
        return ValueSpec(self.type, self.byte_order, self.word_order, scale, offset, self.sentinel, self.encoding)


class TriggerSettings(Settings):
    """When to read: as soon as `seq` changes; with `result` and `echo`, the full handshake (docs/drivers/modbus.md)."""

    seq: int = Field(ge=0, description="register that the PLC counts up after writing the data")
    result: int | None = Field(None, ge=0, description="register for the result code")
    echo: int | None = Field(None, ge=0, description="register for the echo of seq, written after the result")
    heartbeat_in: int | None = Field(None, ge=0, description="register that the PLC changes all the time")
    heartbeat_out: int | None = Field(None, ge=0, description="register that the agent changes all the time")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.result is None) != (self.echo is None):
            raise ValueError("result and echo go together: the PLC needs both to trust a release")
        return self


class ModbusDeviceSettings(Settings):
    """`[[device]]` with `driver = "modbus"`."""

    unit_id: int = Field(1, ge=0, le=255, description="unit (slave) id; 1, 0 or 255 for native TCP devices")
    poll_secs: float = Field(1.0, gt=0, description="interval of the fixed grid")
    numbering: Numbering = Field("zero", description="zero: addresses from 0; one: from 1; modicon: 40001 or 400001")
    span: int = Field(16, ge=0, le=125, description="gap between two values that is still read in one request")
    no_span: bool = Field(False, description="never read between values: for units that refuse unmapped registers")
    max_registers: int = Field(125, ge=1, le=125, description="registers in one request at most")
    trigger: TriggerSettings | None = Field(None, description="none: read at every poll")
    value: tuple[ValueSettings, ...] = Field(min_length=1, description="[[device.value]]")

    @model_validator(mode="after")
    def _addresses_make_sense(self) -> Self:
        names = [value.name for value in self.value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the value {', '.join(twice)} stands twice")
        for value in self.value:
            if value.type == "string":
                raise ValueError(f"{value.name}: say how many registers the text takes, like string[8]")
            self.place(value)
        return self

    def place(self, value: ValueSettings) -> Wanted:
        """Where the value lies. Raises `ValueError` for an address outside the unit."""
        function, address = zero_based(value.address, self.numbering, value.function)
        count = registers.register_count(value.type) or 1
        if address + count > 65_536:
            raise ValueError(f"{value.name}: {value.type} at {value.address} reaches beyond the last register")
        return Wanted(value.name, function, address, count)

    def register(self, address: int) -> int:
        """The 0-based address of a trigger register."""
        return zero_based(address, self.numbering, "holding")[1]


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
        self._recall = recall
        self._monotonic = monotonic
        self._values = {value.name: value for value in settings.value}
        self._blocks = blocks(
            [settings.place(value) for value in settings.value],
            max_registers=settings.max_registers,
            span=settings.span,
            no_span=settings.no_span,
        )
        self._log = Log()
        self._baseline = False
        self._pending: tuple[int, str] | None = None
        self._beat = 0
        self._beat_sent = float("-inf")
        self._beat_seen = (-1, 0.0)
        self._state = DeviceState(False, monotonic(), f"{name}: not asked yet")

    @property
    def memory_key(self) -> str:
        """What the answered seq is remembered under."""
        return f"handshake {self.name}"

    def remember(self, seq: int, code: int) -> dict[str, str]:
        """What must be durable together with the record that `code` answers."""
        digest = self._pending[1] if self._pending is not None and self._pending[0] == seq else "-"
        return {self.memory_key: answered(self._log, seq, Code(code), digest).text()}

    # --- the loop

    async def run(self) -> None:
        """Poll on the grid until cancelled; ever more rarely while the unit or its link is silent."""
        self._log = Log.read(self._recall(self.memory_key))
        self._baseline = self._log.seq != 0
        period = self._settings.poll_secs
        tries = 0
        due = self._monotonic()
        while True:
            try:
                await self._poll()
                await self._link.cycle_done()
                tries = 0
            except DeviceGone as error:
                tries += 1
                wait = min(LONGEST_WAIT_SECS, max(period, 0.5) * 2 ** min(tries - 1, 8))
                self._gone(error, wait, tries)
                await asyncio.sleep(wait)
                due = self._monotonic()
                continue
            now = self._monotonic()
            due += period * max(1, -(-(now - due) // period))
            await asyncio.sleep(max(0.0, due - now))

    async def ask(self, channel: str | None = None) -> None:
        """Read once now, for somebody who waits. Raises `DeviceGone`."""
        readings = await self._read_all()
        wanted = tuple(reading for reading in readings if channel in (None, reading.channel))
        self._emit(self.name, Batch(wanted, asked=True))

    async def answer(self, seq: int, code: int) -> None:
        """Tell the PLC: the result first, then the echo. Raises `DeviceGone`; then the log answers when it is back."""
        digest = self._pending[1] if self._pending is not None and self._pending[0] == seq else "-"
        self._log = answered(self._log, seq, Code(code), digest)
        self._pending = None
        await self._write_answer(seq, Code(code))

    async def _poll(self) -> None:
        if self._settings.trigger is None:
            readings = await self._read_all()
            self._up(readings)
            self._emit(self.name, Batch(readings))
            return
        await self._beats(self._settings.trigger)
        if self._pending is None:
            await self._look(self._settings.trigger)

    async def _look(self, trigger: TriggerSettings) -> None:
        """One turn of the handshake."""
        seq, echo = await self._seq(trigger), await self._echo(trigger)
        if not self._baseline:
            # Nothing is remembered: what stands there answered, or without any answer to compare, was before our time.
            self._baseline = True
            if echo == seq or trigger.echo is None:
                self._log = Log(seq)
        self._up(())
        if not looks_new(self._log, seq, echo):
            if seq == 0 and self._log.seq:
                self._log = Log()
                log.warning("%s: the PLC has started anew", self.name, extra={"event": "plc_restart"})
            return
        readings = await self._read_all()
        digest = hashlib.sha256(b"|".join(reading.raw for reading in readings)).hexdigest()[:32]
        act = judge(self._log, Seen(seq, await self._seq(trigger), echo, digest))
        if act.lost:
            log.error(
                "%s: the PLC has gone from %d to %d: %d parts were never offered here",
                self.name,
                self._log.seq,
                seq,
                act.lost,
                extra={"event": "parts_lost", "device": self.name, "lost": act.lost},
            )
        if act.do == "answer":
            await self._write_answer(seq, act.code)
        elif act.do == "offer":
            self._pending = (seq, digest)
            self._up(readings)
            self._emit(self.name, Batch(readings, trigger=seq))

    async def _seq(self, trigger: TriggerSettings) -> int:
        return (await self._read_register(trigger.seq))[0]

    async def _echo(self, trigger: TriggerSettings) -> int:
        """The echo that stands; without an echo register, what was answered last."""
        if trigger.echo is None:
            return self._log.seq
        return (await self._read_register(trigger.echo))[0]

    async def _read_register(self, address: int) -> list[int]:
        try:
            return await self._link.read(self._settings.unit_id, "holding", self._settings.register(address), 1)
        except Refused as error:
            raise DeviceGone(
                f"the trigger register {address} can't be read: {error}; look at the register map"
            ) from error

    async def _write_answer(self, seq: int, code: Code) -> None:
        trigger = self._settings.trigger
        if trigger is None or trigger.result is None or trigger.echo is None:
            return
        await self._write(trigger.result, int(code))
        await self._write(trigger.echo, seq)

    async def _write(self, address: int, value: int) -> None:
        try:
            await self._link.write(self._settings.unit_id, self._settings.register(address), [value])
        except Refused as error:
            raise DeviceGone(f"the register {address} can't be written: {error}; look at the register map") from error

    async def _beats(self, trigger: TriggerSettings) -> None:
        """Both heartbeats, apart from the data."""
        now = self._monotonic()
        if trigger.heartbeat_out is not None and now - self._beat_sent >= HEARTBEAT_SECS:
            self._beat, self._beat_sent = self._beat % 65_535 + 1, now
            await self._write(trigger.heartbeat_out, self._beat)
        if trigger.heartbeat_in is not None:
            beat = (await self._read_register(trigger.heartbeat_in))[0]
            if beat != self._beat_seen[0]:
                self._beat_seen = (beat, now)

    # --- values

    async def _read_all(self) -> tuple[Reading, ...]:
        """Every declared value, in the order declared."""
        found: dict[str, tuple[Reading, ...]] = {}
        for block in self._blocks:
            found |= await self._read_block(block)
        return tuple(reading for name in self._values for reading in found[name])

    async def _read_block(self, block: Block) -> dict[str, tuple[Reading, ...]]:
        """A block that is refused as a whole is read value by value, so that one illegal address costs one value."""
        unit = self._settings.unit_id
        try:
            answer = await self._link.read(unit, block.function, block.address, block.count)
        except Refused as error:
            if len(block.values) == 1:
                name = block.values[0].name
                return {name: (Reading(Status.ERROR, b"", channel=name, error_code=f"exception {error.code}"),)}
            found: dict[str, tuple[Reading, ...]] = {}
            for wanted in block.values:
                found |= await self._read_block(Block(wanted.function, wanted.address, wanted.count, (wanted,)))
            return found
        return {
            wanted.name: readings_of(self._values[wanted.name], block.cut(answer, wanted)) for wanted in block.values
        }

    # --- what it says of itself

    def _up(self, readings: Sequence[Reading]) -> None:
        now = self._monotonic()
        trigger = self._settings.trigger
        beat, since = self._beat_seen
        detail = ""
        if (
            trigger is not None
            and trigger.heartbeat_in is not None
            and beat >= 0
            and now - since > HEARTBEAT_STILL_SECS
        ):
            detail = f"{self.name}: the PLC's heartbeat stands still for {now - since:.0f} s; is its program running?"
        good = sum(reading.value is not None for reading in readings)
        bad = sum(reading.status in (Status.GARBLED, Status.ERROR) for reading in readings)
        self._say(
            replace(
                self._state,
                up=not detail,
                detail=detail,
                frames=self._state.frames + (1 if readings else 0),
                readings=self._state.readings + good,
                garbled=self._state.garbled + bad,
                last_reading=now if good else self._state.last_reading,
            )
        )

    def _gone(self, error: DeviceGone, wait: float, tries: int) -> None:
        detail = f"{self.name}: {error}; trying again in {wait:g} s (try {tries})"
        if tries == 1 or tries % 10 == 0:
            log.warning("%s", detail, extra={"event": "device_gone", "device": self.name})
        self._say(replace(self._state, up=False, detail=detail, unanswered=self._state.unanswered + 1))

    def _say(self, state: DeviceState) -> None:
        if state.up != self._state.up:
            state = replace(state, since=self._monotonic())
        if state != self._state:
            self._state = state
            self._on_state(self.name, state)


def readings_of(value: ValueSettings, cut: Sequence[int]) -> tuple[Reading, ...]:
    """What a value's registers (or bits) mean, as readings: one, or one for each element of an array."""
    if value.function in ("coil", "discrete"):
        raw = bytes(cut)
        return (Reading(Status.INFO, raw, channel=value.name, text=str(cut[0]), extra={"bit": bool(cut[0])}),)
    raw = b"".join(struct.pack(">H", register) for register in cut)
    try:
        decoded = registers.decode(cut, value.spec())
    except BadRegisters as error:
        return (Reading(Status.GARBLED, raw, channel=value.name, error_code=error.kind),)
    if decoded.items is None:
        return (_reading(value, value.name, decoded, raw),)
    names = (f"{value.name}[{number}]" for number in range(1, len(decoded.items) + 1))
    return tuple(_reading(value, name, item, raw) for name, item in zip(names, decoded.items, strict=True))


def _reading(value: ValueSettings, channel: str, decoded: Decoded, raw: bytes) -> Reading:
    if decoded.number is not None:
        number = decoded.number
        if value.decimals is not None:
            number = round(number, value.decimals)
        return Reading(Status.OK, raw, value=registers.decimal_text(number), unit=value.unit, channel=channel)
    if decoded.text is not None:
        return Reading(Status.INFO, raw, channel=channel, text=decoded.text)
    if decoded.bits is not None:
        extra: Mapping[str, bool] = {f"bit_{bit}": state for bit, state in decoded.bits.items()}
        text = str(sum(state << int(bit) for bit, state in decoded.bits.items()))
        return Reading(Status.INFO, raw, channel=channel, text=text, extra=dict(extra))
    return Reading(Status.NO_VALUE, raw, channel=channel, error_code=decoded.special)
