"""A simulated press with its PLC: offers each unit's data over Modbus TCP and releases it when told that it is stored.

Handshake (holding registers, 0-based): the PLC writes the data, then `SEQ`; the reader stores, then writes
`RESULT`, then `ECHO` = seq. Codes 1 (stored, pass) and 2 (stored, fail) are the promise that the part is recorded;
3 means "had it already", 4 rejected, 5 not ready; 6 and 7 answer a master piece, whose check passed or failed. The
offer stands until there is a final word (any but 5): with 5 the PLC waits on, and without an echo in time it raises a
fault and waits on. seq counts 1 to 65,535 and then 1 again; 0 is a restart. Heartbeats run both ways in registers of
their own, watched apart from the data.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from decimal import Decimal

from gaugetrail_sim.devices.modbus_units import ModbusUnits, SimulatedUnit, float_registers, text_registers

UNIT_ID = 1
SEQ = 0
HEARTBEAT = 1
SERIAL = 10
SERIAL_REGISTERS = 8
FORCE = 18
DEPTH = 20
RESULT = 100
ECHO = 101
READER_HEARTBEAT = 102
LAST_SEQ = 65_535

STORED_PASS, STORED_FAIL, DUPLICATE, REJECTED, NOT_READY, MASTER_PASS, MASTER_FAIL = 1, 2, 3, 4, 5, 6, 7
STORED = frozenset({STORED_PASS, STORED_FAIL})
FINAL = frozenset({STORED_PASS, STORED_FAIL, DUPLICATE, REJECTED, MASTER_PASS, MASTER_FAIL})

HEARTBEAT_SECS = 0.5


@dataclass(frozen=True, slots=True)
class PlcTold:
    """What the PLC was told of one part."""

    serial: str
    seq: int
    code: int
    not_ready: int
    """How often the reader said that it was not ready."""
    secs: float
    """From writing seq to the final word."""


class Press:
    """The machine. One part is offered at a time."""

    def __init__(self, echo_secs: float = 5.0) -> None:
        self.unit = SimulatedUnit(written=self._look)
        self.units = ModbusUnits({UNIT_ID: self.unit})
        self.told: list[PlcTold] = []
        self.faults = 0
        """Times that no echo came within the time allowed: what a real PLC shows as a red lamp."""
        self._echo_secs = echo_secs
        self._seq = 0
        self._answered = asyncio.Event()
        self._beating: asyncio.Task[None] | None = None
        self._reader_beat = (0, time.monotonic())

    @property
    def port(self) -> int:
        """The Modbus TCP port."""
        return self.units.port

    async def start(self, port: int = 0) -> None:
        """Power on: seq 0, which tells a reader that the PLC has started anew."""
        await self.units.start(port=port)
        self._beating = asyncio.create_task(self._beat())

    async def stop(self) -> None:
        """Power off. May be called without `start`."""
        if self._beating is not None:
            self._beating.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._beating
        await self.units.stop()

    async def press(self, serial: str, force_kn: Decimal, depth_mm: Decimal) -> PlcTold:
        """Offer one part until there is a final word on it."""
        data = [
            *text_registers(serial, SERIAL_REGISTERS),
            *float_registers(float(force_kn)),
            *float_registers(float(depth_mm)),
        ]
        self._seq = self._seq % LAST_SEQ + 1
        started = time.monotonic()
        self.units.write(UNIT_ID, SERIAL, data)
        self.units.write(UNIT_ID, SEQ, [self._seq])
        not_ready = 0
        while (code := await self._word()) not in FINAL:
            not_ready += code == NOT_READY
        told = PlcTold(serial, self._seq, code, not_ready, time.monotonic() - started)
        self.told.append(told)
        return told

    def reader_silent_secs(self) -> float:
        """How long the reader's heartbeat has stood still."""
        return time.monotonic() - self._reader_beat[1]

    async def _word(self) -> int:
        """The result code after the next write from outside once the echo stands; 0 when none came in time."""
        try:
            async with asyncio.timeout(self._echo_secs):
                while True:
                    self._answered.clear()
                    await self._answered.wait()
                    code, echo = self.units.read(UNIT_ID, RESULT, 2)
                    if echo == self._seq:
                        return code
        except TimeoutError:
            self.faults += 1
            return 0

    def _look(self) -> None:
        """A write has come from outside."""
        self._answered.set()
        beat = self.units.read(UNIT_ID, READER_HEARTBEAT)[0]
        if beat != self._reader_beat[0]:
            self._reader_beat = (beat, time.monotonic())

    async def _beat(self) -> None:
        beat = 0
        while True:
            beat = beat % LAST_SEQ + 1
            self.units.write(UNIT_ID, HEARTBEAT, [beat])
            await asyncio.sleep(HEARTBEAT_SECS)
