"""A bus of simulated Modbus units: RTU or ASCII frames on a pty or a serial server's socket, or TCP frames on one.

Everything here is our own, from the frames up: whoever reads the bus with a library isn't answered by the same library.
Faults are a unit's own (`modbus_units.Unit`): dead, late, refusing, answering in another's name. `shout` puts bytes on
the bus that nobody asked for.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from gaugetrail_sim.devices.modbus_units import SimulatedUnit
from gaugetrail_sim.devices.ptys import PtyPort

Mode = Literal["rtu", "ascii", "tcp"]
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3
SIZE = 65_536


@dataclass
class Memory:
    """What a unit holds; input registers are the holding ones, discrete inputs the coils."""

    registers: list[int] = field(default_factory=lambda: [0] * SIZE)
    coils: list[int] = field(default_factory=lambda: [0] * SIZE)


class BusUnits:
    """Units on one line, each with its own memory. Open it inside a running event loop, on a pty (`open`) or on a
    socket (`serve`).
    """

    def __init__(self, units: Mapping[int, SimulatedUnit], mode: Mode = "rtu") -> None:
        self.units = units
        self.memory = {number: Memory() for number in units}
        self.requests: dict[int, int] = dict.fromkeys(units, 0)
        """How often each unit has been asked, answered or not."""
        self.connections = 0
        """How often a master has connected to the socket."""
        self._mode = mode
        self._awake: dict[int, int] = {}
        self._buffer = b""
        self._send: Callable[[bytes], None] = lambda _: None
        self._port: PtyPort | None = None
        self._server: asyncio.Server | None = None
        self._serving: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def open(self, port: PtyPort) -> None:
        """Answer on the pty."""
        self._port = port
        self._send = port.write
        port.open(self.received)

    async def serve(self, port: int = 0) -> int:
        """Answer on a socket, as a serial server or a gateway does; the TCP port comes back."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", port)
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def close(self) -> None:
        """Off the line."""
        if self._port is not None:
            self._port.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        while self._serving:
            for writer in self._serving.values():
                writer.transport.abort()
            await asyncio.gather(*self._serving)

    def hang_up(self) -> None:
        """Break the connection, as a power cut does."""
        for writer in self._serving.values():
            writer.transport.abort()

    def shout(self, data: bytes) -> None:
        """Put bytes on the bus unasked."""
        self._send(data)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._buffer = b""
        self._send = writer.write
        task = asyncio.current_task()
        assert task is not None
        self._serving[task] = writer
        try:
            while data := await reader.read(4096):
                self.received(data)
        except ConnectionError:
            pass
        finally:
            del self._serving[task]
            writer.close()

    def received(self, data: bytes) -> None:
        """Bytes from the master, in any pieces."""
        self._buffer += data
        while (taken := self._take()) is not None:
            transaction, number, pdu = taken
            unit = self.units.get(number)
            if unit is None:
                continue
            self.requests[number] += 1
            if not unit.dead and self._is_awake(number, unit):
                transaction = 0 if unit.answers_number_zero else transaction
                frame = frame_of(self._mode, unit.answers_as or number, self._answer(number, unit, pdu), transaction)
                asyncio.get_running_loop().call_later(unit.late_secs, self._send, frame)

    def _is_awake(self, number: int, unit: SimulatedUnit) -> bool:
        """Whether it hears this question; one that it sleeps through wakes it."""
        left = self._awake.get(number, 0)
        self._awake[number] = left - 1 if left else unit.naps_after
        return not unit.naps_after or left > 0

    def _take(self) -> tuple[int, int, bytes] | None:
        """The next sound request: transaction number (TCP), unit, PDU; a broken one costs what has come so far."""
        if self._mode == "tcp":
            if len(self._buffer) < 6 or len(self._buffer) < (end := 6 + int.from_bytes(self._buffer[4:6], "big")):
                return None
            whole, self._buffer = self._buffer[:end], self._buffer[end:]
            return int.from_bytes(whole[:2], "big"), whole[6], whole[7:]
        if self._mode == "ascii":
            line, line_end, rest = self._buffer.partition(b"\r\n")
            if not line_end:
                return None
            self._buffer = rest
            try:
                raw = bytes.fromhex(line.rpartition(b":")[2].decode("ascii"))
            except ValueError:
                return self._take()
            return (0, raw[0], raw[1:-1]) if len(raw) > 2 and sum(raw) & 0xFF == 0 else self._take()
        size = _rtu_size(self._buffer)
        if size is None or len(self._buffer) < size:
            return None
        frame, self._buffer = self._buffer[:size], self._buffer[size:]
        if crc(frame[:-2]) != frame[-2:]:
            self._buffer = b""
            return None
        return 0, frame[0], frame[1:-2]

    def _answer(self, number: int, unit: SimulatedUnit, pdu: bytes) -> bytes:
        function = pdu[0]
        address, count = struct.unpack(">HH", pdu[1:5])
        several = function in (1, 2, 3, 4, 15, 16)
        touched = range(address, address + (count if several else 1))
        memory = self.memory[number]
        if function not in (1, 2, 3, 4, 5, 6, 15, 16) or function in unit.lacks:
            return bytes((function | 0x80, ILLEGAL_FUNCTION))
        if function in unit.bad_value_for or (several and function in (3, 4) and count > unit.most_registers):
            return bytes((function | 0x80, ILLEGAL_VALUE))
        if unit.refused & set(touched) or touched.stop > SIZE:
            return bytes((function | 0x80, ILLEGAL_ADDRESS))
        if function in (1, 2):
            bits = memory.coils[address : address + count]
            packed = bytes(
                sum(bit << place for place, bit in enumerate(bits[start : start + 8])) for start in range(0, count, 8)
            )
            return bytes((function, len(packed))) + packed
        if function in (3, 4):
            return bytes((function, 2 * count)) + struct.pack(
                f">{count}H", *memory.registers[address : address + count]
            )
        if not unit.keeps_writes:
            pass
        elif function == 5:
            memory.coils[address] = int(count == 0xFF00)
        elif function == 6:
            memory.registers[address] = count
        elif function == 15:
            memory.coils[address : address + count] = [pdu[6 + place // 8] >> place % 8 & 1 for place in range(count)]
        else:
            memory.registers[address : address + count] = struct.unpack(f">{count}H", pdu[6:])
        unit.written()
        return pdu[:5]


def _rtu_size(buffer: bytes) -> int | None:
    if len(buffer) < 8:
        return None
    return 9 + buffer[6] if buffer[1] in (15, 16) else 8


def frame_of(mode: Mode, unit: int, pdu: bytes, transaction: int = 0) -> bytes:
    """A frame as it stands on the line."""
    data = bytes((unit,)) + pdu
    if mode == "tcp":
        return struct.pack(">HHH", transaction, 0, len(data)) + data
    if mode == "ascii":
        return b":" + (data + bytes((-sum(data) & 0xFF,))).hex().upper().encode() + b"\r\n"
    return data + crc(data)


def crc(data: bytes) -> bytes:
    """The sum of an RTU frame, bit by bit."""
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes((value & 0xFF, value >> 8))
