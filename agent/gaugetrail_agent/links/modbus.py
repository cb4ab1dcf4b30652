"""Modbus links: TCP, RTU, ASCII, RTU over TCP. The only module that meets pymodbus.

Promise: an answer is taken only for the request it answers; unit, function, length and, on TCP, the transaction number
must fit. What doesn't fit is counted and passed over; a request that nobody answers costs its own time-out, no more.

- On TCP each request has a number of its own, used once, so a late answer fits nothing. A unit that is slow lets
  requests to the other units behind the same gateway pass. A connection on which nothing at all comes back is closed.
- A device that answers with number 0 whatever was asked is believed where the settings say so (`answers`), while one
  request is open; after a time-out the connection is made anew, for its late answer would fit the next request.
- RTU and ASCII have no number. The bus is left quiet after a time-out, what arrives meanwhile is dropped, and the unit
  is then asked for something of another length first: answers come in order, so once that answer is there, a late one
  has been before it and can't be taken for what is asked next.
- A unit that sleeps (`wakes`) is asked a second time after a silence, on the same connection.

pymodbus builds the requests, checks sums and decodes the answers; it retries, reconnects and matches nothing here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import struct
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from pymodbus.pdu import ModbusPDU, bit_message, register_message

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.modbus_frames import (
    EXCEPTIONS,
    Ask,
    OutOfStep,
    RequestRefused,
    ascii_answer,
    ascii_frame,
    rtu_answer,
    rtu_frame,
    take_tcp,
    tcp_frame,
    who_spoke,
)
from gaugetrail_agent.links.modbus_settings import (
    AnyModbusSettings,
    Function,
    ModbusAsciiSettings,
    ModbusSerialSettings,
    ModbusTcpSettings,
)
from gaugetrail_agent.links.modbus_wire import SerialWire, TcpWire, Wire
from gaugetrail_agent.links.wire_tap import TappedWire, WireTap

log = logging.getLogger(__name__)

ALIVE_SECS = 60.0
"""A unit that has answered within this time counts as one of the living."""
QUICK_SECS = 0.1
"""The least time that a unit known to be silent is given when others wait for the bus."""
LATE_TIMES = 10
"""An answer that is later than so many time-outs is not expected any more."""
BUFFER_BYTES = 2048
"""More than any answer with what may stand before it; a device that talks without end fills no memory."""

GATEWAY = (10, 11)

_READS: Final[Mapping[Function, type[ModbusPDU]]] = {
    "coil": bit_message.ReadCoilsRequest,
    "discrete": bit_message.ReadDiscreteInputsRequest,
    "holding": register_message.ReadHoldingRegistersRequest,
    "input": register_message.ReadInputRegistersRequest,
}


class NoReply(DeviceGone):
    """The unit didn't answer in time; others on the same link may. `cost_secs` is how long they had to wait for it."""

    def __init__(self, message: str, cost_secs: float = 0.0) -> None:
        super().__init__(message)
        self.cost_secs = cost_secs


class NotTaken(NoReply):
    """The unit accepted a write, but what stands there now is something else."""


@dataclass
class LinkFigures:
    """What came that answered nothing, since the start."""

    late: int = 0
    """Answers to requests that had been given up."""
    foreign: int = 0
    """Answers in the name of another unit, or to another question."""
    dropped_bytes: int = 0
    """Bytes on a serial bus that belonged to no answer: noise, other masters, late answers."""


class ModbusLink:
    """One bus or connection, shared by the units on it."""

    def __init__(
        self,
        settings: AnyModbusSettings,
        *,
        tap: WireTap | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.figures = LinkFigures()
        self.breaks = 0
        """How often the connection has broken: who is at the other end may be another since."""
        self._settings = settings
        self._monotonic = monotonic
        self._wire = _wire_of(settings) if tap is None else TappedWire(_wire_of(settings), tap)
        self._make = ascii_frame if isinstance(settings, ModbusAsciiSettings) else rtu_frame
        self._find = ascii_answer if isinstance(settings, ModbusAsciiSettings) else rtu_answer
        self._is_open = False
        self._opening = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._buffer = bytearray()
        self._number = 0
        self._waiting: dict[int, tuple[Ask, asyncio.Future[bytes]]] = {}
        self._heard_at = float("-inf")
        self._heard_since_open = False
        self._answered_at: dict[int, float] = {}
        self._slowest_secs = 0.0
        self._unsure: dict[int, dict[int, float]] = {}
        self._sleepers: set[int] = set()
        self._not_taken = ""
        self._why_closed = DeviceGone(f"{self.name}: not opened yet")
        self._closed_until = float("-inf")

    @property
    def name(self) -> str:
        """Address or port as configured."""
        settings = self._settings
        return settings.port if isinstance(settings, ModbusSerialSettings) else f"{settings.host}:{settings.port}"

    @property
    def reopen_secs(self) -> float:
        """How soon a link that is gone may be tried again: that costs nothing, a port search a little."""
        return 0.5 if isinstance(self._settings, ModbusSerialSettings) else 0.1

    def others_live(self, unit: int) -> bool:
        """Whether another unit on this link has answered lately, so that time spent on `unit` is time taken from it."""
        since = self._monotonic() - ALIVE_SECS
        return any(at > since for other, at in self._answered_at.items() if other != unit)

    def wakes(self, unit: int) -> None:
        """The unit sleeps: its first silence is no fault, the second question counts."""
        self._sleepers.add(unit)

    async def close(self) -> None:
        """Let go of the connection; never raises, may be called twice."""
        self._is_open = False
        await self._wire.close()
        self._fail_all(DeviceGone(f"{self.name}: closed"))

    async def cycle_done(self) -> None:
        """A poll has ended: units that take one connection only get it back."""
        if self._settings.close_after_cycle and not self._turn.locked() and not self._waiting:
            await self.close()

    # --- what can be asked

    async def read(self, unit: int, function: Function, address: int, count: int, *, patient: bool = True) -> list[int]:
        """Registers, or bits as 0 and 1. Raises `RequestRefused`, `NoAnswer`, `DeviceGone`.

        `patient=False` gives a unit known to be silent less time, when others share a serial bus with it.
        """
        pdu = await self._ask(_read_ask(unit, function, address, count), patient=patient)
        if function in ("holding", "input"):
            return list(struct.unpack_from(f">{count}H", pdu, 2))
        found = bit_message.ReadCoilsResponse()
        found.decode(pdu[1:])
        return [int(bit) for bit in found.bits[:count]]

    async def write(self, unit: int, address: int, values: Sequence[int], *, verify: bool = True) -> None:
        """Write holding registers and read them back, for a release signal counts only once it stands there.

        Raises `RequestRefused`, `NoAnswer`, `DeviceGone`, and `NotTaken` when the unit shows something else than was
        written.
        """
        several = register_message.WriteMultipleRegistersRequest(address=address, registers=list(values))
        try:
            if len(values) == 1:
                one = register_message.WriteSingleRegisterRequest(address=address, registers=list(values))
                await self._ask(_ask_of(unit, one))
            else:
                await self._ask(_ask_of(unit, several))
        except RequestRefused as error:
            if error.code not in (1, 3) or len(values) != 1:
                raise
            await self._ask(_ask_of(unit, several))  # some PLCs know function 16 only, and some call that a bad value
        if verify:
            self._verified(unit, address, await self.read(unit, "holding", address, len(values)), list(values))

    async def write_bits(self, unit: int, address: int, values: Sequence[bool], *, verify: bool = True) -> None:
        """Write coils and read them back. Raises as `write` does."""
        bits = list(values)
        if len(bits) == 1:
            await self._ask(_ask_of(unit, bit_message.WriteSingleCoilRequest(address=address, bits=bits)))
        else:
            await self._ask(_ask_of(unit, bit_message.WriteMultipleCoilsRequest(address=address, bits=bits)))
        if verify:
            self._verified(unit, address, await self.read(unit, "coil", address, len(bits)), [int(bit) for bit in bits])

    def _verified(self, unit: int, address: int, back: list[int], values: list[int]) -> None:
        if back != values:
            raise NotTaken(
                f"{self.name}: unit {unit} shows {back} at {address} where {values} was written; "
                "does the PLC's program write there too, or is the address write-protected?"
            )

    # --- one request and its answer

    async def _ask(self, ask: Ask, *, patient: bool = True) -> bytes:
        """A unit that sleeps hears only the second question; the connection is kept for it."""
        if ask.unit in self._sleepers:
            with contextlib.suppress(NoReply):
                return await self._ask_once(ask, patient=patient, keep=True)
        return await self._ask_once(ask, patient=patient)

    async def _ask_once(self, ask: Ask, *, patient: bool, keep: bool = False) -> bytes:
        unit = ask.unit
        began = self._monotonic()
        if isinstance(self._settings, ModbusTcpSettings):
            pdu = await self._ask_by_number(ask, self._settings, keep=keep)
        else:
            pdu = await self._ask_in_turn(ask, patient=patient, keep=keep)
        now = self._monotonic()
        if pdu[0] & 0x80 and pdu[1] in GATEWAY:
            raise NoReply(f"{self.name}: unit {unit}: {EXCEPTIONS[pdu[1]]} (exception {pdu[1]})", now - began)
        self._answered_at[unit] = now
        if pdu[0] & 0x80:
            raise RequestRefused(pdu[1])
        return pdu

    async def _ask_by_number(self, ask: Ask, settings: ModbusTcpSettings, *, keep: bool) -> bytes:
        """TCP: the next request may go as soon as this one is answered or has had its `overtake_secs`."""
        loop = asyncio.get_running_loop()
        zero_too = settings.answers == "zero_too"
        secs = settings.timeout_secs
        overtake_secs = secs if zero_too else settings.overtake_secs
        await self._turn.acquire()
        mine = True

        def let_others() -> None:
            nonlocal mine
            if mine:
                mine = False
                self._turn.release()

        passing = timing_out = None
        number = -1
        try:
            await self._connected()
            number = self._number = self._number % 0xFFFF + 1
            answer: asyncio.Future[bytes] = loop.create_future()
            self._waiting[number] = ask, answer
            self._not_taken = ""
            sent = self._monotonic()
            timing_out = loop.call_later(secs, _expire, answer)
            passing = loop.call_later(overtake_secs, let_others) if overtake_secs < secs else None
            await self._wire.send(tcp_frame(ask.unit, ask.pdu, number))
            try:
                pdu = await answer
            except TimeoutError as error:
                message = self._silence(ask.unit, secs)
                if zero_too:
                    await self._hang_up("an answer without a number may still come")
                elif self._heard_at < sent and not keep:
                    # Nothing at all came back: perhaps the peer was switched off and the connection is half open.
                    await self._hang_up("no answer to anything")
                raise NoReply(message, min(secs, overtake_secs)) from error
            self._slowest_secs = max(self._monotonic() - sent, 0.98 * self._slowest_secs)
            return pdu
        finally:
            self._waiting.pop(number, None)
            for timer in (passing, timing_out):
                if timer is not None:
                    timer.cancel()
            let_others()

    async def _ask_in_turn(self, ask: Ask, *, patient: bool, keep: bool) -> bytes:
        """RTU, ASCII: one after the other, and after a silence first something that a late answer doesn't fit."""
        async with self._turn:
            secs = self._settings.timeout_secs
            if not patient and self._slowest_secs and self.others_live(ask.unit):
                secs = min(secs, max(QUICK_SECS, 5 * self._slowest_secs))
            await self._connected()
            await self._bus_quiet(self._gap_secs())
            if ask.is_read and (lost := self._still_to_come(ask.unit)):
                probe = ask.of_other_length(lost)
                if probe is None:
                    raise NoReply(f"{self.name}: unit {ask.unit} answers too late or not at all; see timeout_secs")
                await self._exchange(probe, secs, keep=keep)
                del self._unsure[ask.unit]
                await self._bus_quiet(self._gap_secs())
            return await self._exchange(ask, secs, keep=keep)

    def _still_to_come(self, unit: int) -> dict[int, float]:
        """The lengths of the unit's answers that never came and still could, each with the time of its question."""
        since = self._monotonic() - LATE_TIMES * self._settings.timeout_secs
        lost = {length: sent for length, sent in self._unsure.get(unit, {}).items() if sent > since}
        self._unsure[unit] = lost
        return lost

    async def _exchange(self, ask: Ask, secs: float, *, keep: bool) -> bytes:
        loop = asyncio.get_running_loop()
        self._drop_buffer()
        answer: asyncio.Future[bytes] = loop.create_future()
        self._waiting[0] = ask, answer
        sent = self._monotonic()
        timing_out = loop.call_later(secs, _expire, answer)
        try:
            await self._wire.send(self._make(ask.unit, ask.pdu))
            pdu = await answer
        except TimeoutError as error:
            self._waiting.pop(0, None)
            message = self._silence(ask.unit, secs)
            if ask.is_read:
                self._unsure.setdefault(ask.unit, {})[ask.length] = sent
            await self._after_silence(sent, keep=keep)
            raise NoReply(message, self._monotonic() - sent) from error
        finally:
            self._waiting.pop(0, None)
            timing_out.cancel()
        self._slowest_secs = max(self._monotonic() - sent, 0.98 * self._slowest_secs)
        return pdu

    async def _after_silence(self, sent: float, *, keep: bool) -> None:
        settings = self._settings
        if isinstance(settings, ModbusSerialSettings):
            await self._bus_quiet(max(settings.quiet_secs, self._gap_secs()))
        elif self._heard_at < sent and not keep and not self.others_live(-1):
            await self._hang_up("no answer to anything")

    async def _bus_quiet(self, secs: float) -> None:
        """Wait until nothing has been heard for `secs`; a bus that never falls silent is not waited for for ever."""
        end = self._monotonic() + max(1.0, 4 * secs)
        while (rest := min(self._heard_at + secs, end) - self._monotonic()) > 0:  # noqa: ASYNC110 (a time is awaited)
            await asyncio.sleep(rest)

    def _gap_secs(self) -> float:
        """The silence that ends an RTU frame: 3.5 characters, and 1.75 ms above 19,200 baud."""
        settings = self._settings
        if not isinstance(settings, ModbusSerialSettings) or isinstance(settings, ModbusAsciiSettings):
            return 0.0
        return max(0.00175, 3.5 * 11 / settings.baud)

    def _silence(self, unit: int, secs: float) -> str:
        """Who was silent, and who spoke instead."""
        text = f"{self.name}: unit {unit} doesn't answer in {secs:.3g} s"
        if isinstance(self._settings, ModbusTcpSettings):
            return text + self._not_taken
        if not self._buffer:
            return text
        if others := who_spoke(bytes(self._buffer), ascii_=isinstance(self._settings, ModbusAsciiSettings)) - {unit}:
            self.figures.foreign += 1
            return f"{text}; unit {', '.join(map(str, sorted(others)))} spoke instead: is a unit id set twice?"
        return f"{text}; what came was no answer to this: {self._buffer[:16].hex(' ')}"

    # --- bytes and connections

    def _received(self, data: bytes) -> None:
        self._heard_at = self._monotonic()
        self._heard_since_open = True
        self._buffer += data
        if isinstance(self._settings, ModbusTcpSettings):
            self._take_numbered()
        else:
            self._look_for_answer()

    def _take_numbered(self) -> None:
        while True:
            try:
                frame = take_tcp(self._buffer)
            except OutOfStep as error:
                self._buffer.clear()
                self._lost(DeviceGone(f"{self.name}: {error}; connecting anew"))
                return
            if frame is None:
                return
            number, unit, pdu = frame
            ask, answer = self._waiting.get(self._meant(number), (None, None))
            if ask is None or answer is None or answer.done():
                self.figures.late += 1
                self._not_taken = self._refused_number(number, unit)
            elif unit != ask.unit or not ask.fits(pdu):
                self.figures.foreign += 1
                answer.set_exception(NoReply(f"{self.name}: {ask.misfit(unit, pdu)}; not taken"))
            else:
                answer.set_result(pdu)

    def _meant(self, number: int) -> int:
        """The request that an answer's number means: 0 means the one that is open, where the settings say so."""
        settings = self._settings
        if number or not isinstance(settings, ModbusTcpSettings) or settings.answers != "zero_too":
            return number
        return next(iter(self._waiting)) if len(self._waiting) == 1 else number

    def _refused_number(self, number: int, unit: int) -> str:
        asked = ", ".join(map(str, self._waiting)) or "none"
        text = f"; an answer of unit {unit} with transaction number {number} was not taken (open: {asked})"
        if number:
            return text
        return f'{text}; if the device answers with 0 whatever it is asked, set answers = "zero_too" on the link'

    def _look_for_answer(self) -> None:
        if 0 in self._waiting:
            ask, answer = self._waiting[0]
            if not answer.done() and (pdu := self._find(bytes(self._buffer), ask)) is not None:
                self.figures.dropped_bytes += len(self._buffer) - len(self._make(ask.unit, pdu))
                self._buffer.clear()
                answer.set_result(pdu)
        if len(self._buffer) > BUFFER_BYTES:
            self._drop_buffer()

    def _drop_buffer(self) -> None:
        self.figures.dropped_bytes += len(self._buffer)
        self._buffer.clear()

    async def _connected(self) -> None:
        async with self._opening:
            if self._is_open:
                return
            if self._monotonic() < self._closed_until:
                raise self._why_closed  # somebody who waited in line has just found out
            await self._wire.close()
            self._buffer.clear()
            self._heard_since_open = False
            try:
                await self._wire.open(self._received, self._lost)
            except DeviceGone as error:
                self._why_closed, self._closed_until = error, self._monotonic() + self.reopen_secs / 2
                raise
            self._is_open = True
            if self._settings.pause_after_connect_secs:
                await asyncio.sleep(self._settings.pause_after_connect_secs)

    async def _hang_up(self, why: str) -> None:
        self._is_open = False
        self.breaks += 1
        await self._wire.close()
        self._fail_all(DeviceGone(f"{self.name}: {why}; connecting anew"))

    def _lost(self, error: DeviceGone) -> None:
        self._is_open = False
        self.breaks += 1
        if not self._heard_since_open and not isinstance(self._settings, ModbusSerialSettings):
            error = DeviceGone(
                f"{error} before it answered anything; it may take one connection only, which another program or HMI "
                "holds (close_after_cycle gives it back after each poll), or need a pause (pause_after_connect_secs)"
            )
        self._fail_all(error)

    def _fail_all(self, error: DeviceGone) -> None:
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(error)


def _ask_of(unit: int, request: ModbusPDU) -> Ask:
    return Ask.of(unit, bytes((request.function_code,)) + request.encode())


@lru_cache(maxsize=4096)
def _read_ask(unit: int, function: Function, address: int, count: int) -> Ask:
    """The same few questions are asked again and again, for years."""
    return _ask_of(unit, _READS[function](address=address, count=count))


def _wire_of(settings: AnyModbusSettings) -> Wire:
    if isinstance(settings, ModbusSerialSettings):
        return SerialWire(settings)
    return TcpWire(settings.host, settings.port, settings.timeout_secs)


def _expire(answer: asyncio.Future[bytes]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
