"""The PLC handshake over Modbus: `handshake` decides, this module reads and writes the registers.

Promise: a block is offered to the station whole (seq, data, seq) and once; result code and echo are written only when
the station has said so, each read back before the next step; a lost answer is given again from the durable log.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Literal, NamedTuple, Protocol, Self

from pydantic import Field, model_validator

from gaugetrail_agent.drivers.modbus.blocks import Block, Wanted, blocks
from gaugetrail_agent.drivers.modbus.handshake import Log, Seen, answered, judge, looks_new
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.modbus import ModbusLink
from gaugetrail_agent.links.modbus_frames import RequestRefused
from gaugetrail_agent.reading import Reading
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.settings import Settings

log = logging.getLogger(__name__)

HEARTBEAT_SECS = 0.5
HEARTBEAT_STILL_SECS = 5.0
NOT_READY_SECS = 1.0
"""How soon a block that the station could not take is offered to it again."""
LOST_SHOWN_SECS = 3600.0
"""How long lost parts stand in the device's state: the message must not vanish before somebody has seen it."""


class TriggerSettings(Settings):
    """When to read: as soon as `seq` changes; with `result` and `echo`, the handshake of docs/drivers/plc-handshake.md.

    All are holding registers in the device's numbering.
    """

    seq: int = Field(ge=0, description="register that the PLC counts up, or sets, after writing the data")
    offers: Literal["number", "flag"] = Field(
        "number",
        description="number: seq counts the parts; flag: seq goes to 1 for each part and back to 0 when the PLC has "
        "seen the echo, which the agent then takes back, too",
    )
    result: int | None = Field(None, ge=0, description="register for the result code")
    echo: int | None = Field(None, ge=0, description="register for the echo of seq, written after the result")
    heartbeat_in: int | None = Field(None, ge=0, description="register that the PLC changes all the time")
    heartbeat_out: int | None = Field(None, ge=0, description="register that the agent changes all the time")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.result is None) != (self.echo is None):
            raise ValueError("result and echo go together: the PLC needs both to trust a release")
        if self.offers == "flag" and self.echo is None:
            raise ValueError(
                'offers = "flag" needs result and echo: without an answer to wait for, the PLC takes its flag back '
                "before the agent has seen it, and parts are lost in silence; or let seq count the parts"
            )
        return self

    def registers(self) -> dict[str, int]:
        """Each register that is set, by its key."""
        keys = ("seq", "result", "echo", "heartbeat_in", "heartbeat_out")
        return {key: address for key in keys if (address := getattr(self, key)) is not None}


class Registers(Protocol):
    """What the handshake needs to know of the device's settings."""

    @property
    def unit_id(self) -> int:
        """The unit on the link."""

    @property
    def span(self) -> int:
        """The gap that is still read in one request."""

    @property
    def no_span(self) -> bool:
        """Whether nothing is read between declared registers."""

    def register(self, address: int) -> int:
        """The 0-based address of a trigger register."""


class Complaint(NamedTuple):
    """What is wrong with a unit that answers: with its figures, and as an alarm without them."""

    detail: str
    alarm: str
    dead: bool = False
    """Nobody is there who would read an answer."""
    kind: Literal["stands_still", "wrong_values", "lost_parts"] = "wrong_values"
    """For whoever stands before it."""


WELL = Complaint("", "")


class PlcHandshake:
    """One PLC's side of things. `recall` gives what was remembered under a key in the spool, null for nothing."""

    def __init__(
        self,
        name: str,
        link: ModbusLink,
        settings: Registers,
        trigger: TriggerSettings,
        *,
        read_data: Callable[[], Awaitable[tuple[Reading, ...]]],
        recall: Callable[[str], str | None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.lost = 0
        self._link = link
        self._settings = settings
        self._trigger = trigger
        self._read_data = read_data
        self._recall = recall
        self._monotonic = monotonic
        self._control = _control_blocks(settings, trigger)
        self._log = Log()
        self._baseline = False
        self._pending: tuple[int, str] | None = None
        self._held_until = (0, float("-inf"))
        self._lost_at = float("-inf")
        self._beat = 0
        self._beat_sent = float("-inf")
        self._beat_seen = (-1, 0.0)

    @property
    def memory_key(self) -> str:
        """What the answered seq is remembered under."""
        return f"handshake {self.name}"

    def start(self) -> None:
        """Take up where the log ends."""
        self._log = Log.read(self._recall(self.memory_key))
        self._baseline = self._log.seq != 0
        self._pending = None

    def remember(self, seq: int, code: ResultCode) -> dict[str, str]:
        """What must be durable together with the record that `code` answers."""
        return {self.memory_key: answered(self._log, seq, code, self._digest(seq)).text()}

    async def poll(self) -> tuple[int, tuple[Reading, ...]] | None:
        """One turn: heartbeats, then a look at seq. A new block comes back with its seq. Raises `DeviceGone`."""
        await self._beat_out()
        if self._pending is not None:
            await self._read_control()
            return None
        found = await self._read_control()
        seq = found["seq"]
        echo = found.get("echo", self._log.seq)
        if not self._baseline:
            # Nothing is remembered: what stands there answered, or without an echo to compare, was before our time.
            self._baseline = True
            if echo == seq or self._trigger.echo is None:
                self._log = Log(seq)
        if seq == 0:
            await self._taken_back(echo)
        if self._is_flag and seq > 1:
            raise DeviceGone(f'seq is {seq}, and offers = "flag" allows 0 and 1; does the PLC count its parts?')
        if not looks_new(self._log, seq, echo):
            return None
        if self._held_until[0] == seq and self._monotonic() < self._held_until[1]:
            return None
        return await self._look(seq, echo)

    @property
    def _is_flag(self) -> bool:
        return self._trigger.offers == "flag"

    async def _taken_back(self, echo: int) -> None:
        """seq is 0. The echo goes back with it: the next part may bear the same number, and must not find its answer
        there already. The echo goes first: beside a number, a result of 0 would be no answer that the PLC knows.
        """
        if self._log.seq and not self._is_flag:
            log.warning("%s: the PLC has started anew", self.name, extra={"event": "plc_restart"})
        self._log = Log()
        if echo and self._trigger.echo is not None and self._trigger.result is not None:
            await self._write("echo", self._trigger.echo, 0)
            await self._write("result", self._trigger.result, int(ResultCode.NONE))

    async def answer(self, seq: int, code: ResultCode) -> None:
        """Tell the PLC: the result first, then the echo. Raises `DeviceGone`; then the log answers when it is back."""
        self._log = answered(self._log, seq, code, self._digest(seq))
        self._pending = None
        if code is ResultCode.NOT_READY:
            self._held_until = (seq, self._monotonic() + NOT_READY_SECS)
        await self._write_answer(seq, code)

    def complaint(self) -> Complaint:
        """What is wrong with the PLC though it answers."""
        now = self._monotonic()
        beat, since = self._beat_seen
        if self._trigger.heartbeat_in is not None and beat >= 0 and now - since > HEARTBEAT_STILL_SECS:
            still, cure = f"{self.name}: the PLC's heartbeat stands still", "is its program running?"
            detail = f"{still} for {now - since:.0f} s; {cure}"
            return Complaint(detail, f"{still}; {cure}", dead=True, kind="stands_still")
        if now - self._lost_at < LOST_SHOWN_SECS:
            lost = "parts were never offered here; look for them at the machine"
            return Complaint(f"{self.name}: {self.lost} {lost}", f"{self.name}: {lost}", kind="lost_parts")
        return WELL

    async def _look(self, seq: int, echo: int) -> tuple[int, tuple[Reading, ...]] | None:
        readings = await self._read_data()
        digest = hashlib.sha256(b"|".join(reading.raw for reading in readings)).hexdigest()[:32]
        after = (await self._read_block(Block("holding", self._settings.register(self._trigger.seq), 1, ())))[0]
        act = judge(self._log, Seen(seq, after, echo, digest), flag=self._is_flag)
        if act.lost:
            self.lost += act.lost
            self._lost_at = self._monotonic()
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
        if act.do != "offer":
            return None
        self._pending = (seq, digest)
        return seq, readings

    def _digest(self, seq: int) -> str:
        return self._pending[1] if self._pending is not None and self._pending[0] == seq else "-"

    async def _read_control(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for block in self._control:
            answer = await self._read_block(block)
            found |= {wanted.name: block.cut(answer, wanted)[0] for wanted in block.values}
        if (beat := found.get("heartbeat_in")) is not None and beat != self._beat_seen[0]:
            self._beat_seen = (beat, self._monotonic())
        return found

    async def _read_block(self, block: Block) -> list[int]:
        try:
            return await self._link.read(self._settings.unit_id, "holding", block.address, block.count)
        except RequestRefused as error:
            names = ", ".join(wanted.name for wanted in block.values) or "seq"
            raise DeviceGone(f"the trigger ({names}) can't be read: {error}; look at the register map") from error

    async def _write_answer(self, seq: int, code: ResultCode) -> None:
        if self._trigger.result is None or self._trigger.echo is None:
            return
        if self._is_flag and (await self._read_control())["seq"] != seq:
            # An echo now would stand beside the next part's flag and release it unrecorded.
            log.warning(
                "%s: the PLC has taken its flag back before the part was answered (code %d)",
                self.name,
                code,
                extra={"event": "flag_taken_back", "device": self.name},
            )
            return
        await self._write("result", self._trigger.result, int(code))
        await self._write("echo", self._trigger.echo, seq)

    async def _beat_out(self) -> None:
        now = self._monotonic()
        if self._trigger.heartbeat_out is not None and now - self._beat_sent >= HEARTBEAT_SECS:
            self._beat, self._beat_sent = self._beat % 65_535 + 1, now
            await self._write("heartbeat_out", self._trigger.heartbeat_out, self._beat, verify=False)

    async def _write(self, name: str, address: int, value: int, *, verify: bool = True) -> None:
        register = self._settings.register(address)
        try:
            await self._link.write(self._settings.unit_id, register, [value], verify=verify)
        except RequestRefused as error:
            raise DeviceGone(
                f"{name} ({address}) can't be written: {error}; look at the register map, and at the PLC's write access"
            ) from error


def _control_blocks(settings: Registers, trigger: TriggerSettings) -> list[Block]:
    """seq, echo and the PLC's heartbeat, in one request where they lie close: an idle poll is as short as can be."""
    places = {"seq": trigger.seq, "echo": trigger.echo, "heartbeat_in": trigger.heartbeat_in}
    wanted = [
        Wanted(name, "holding", settings.register(address), 1)
        for name, address in places.items()
        if address is not None
    ]
    return blocks(wanted, span=settings.span, no_span=settings.no_span)
