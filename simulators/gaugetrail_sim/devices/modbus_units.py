"""A Modbus TCP server with one or more simulated units, which can be told to misbehave.

The registers of a unit are plain numbers that our side reads and writes directly. Faults are a unit's own: `dead` (no
answer ever), `late_secs` (the answer comes so much later, with its own transaction number), `refused` (addresses that
are answered with exception 2), `answers_as` (the answer names another unit).
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice
from pymodbus.simulator.simcore import SimCore

# The library logs each connection that closes as an error; what a simulated device meets is nobody's alarm.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

WRITES = frozenset({5, 6, 15, 16, 22, 23})


@dataclass
class SimulatedUnit:
    """One unit on the bus: its size and its faults, which may change while it runs."""

    registers: int = 200
    dead: bool = False
    late_secs: float = 0.0
    refused: frozenset[int] = frozenset()
    answers_as: int | None = None
    most_registers: int = 125
    """More in one request is answered with exception 3 (on a serial bus)."""
    lacks: frozenset[int] = frozenset()
    """Functions that it doesn't know (on a serial bus)."""
    bad_value_for: frozenset[int] = frozenset()
    """Functions that it answers with exception 3, whatever the value (on a serial bus)."""
    naps_after: int = 0
    """It falls asleep after so many answers; the question that wakes it is not answered (on a serial bus). 0: never."""
    answers_number_zero: bool = False
    """Its answers bear transaction number 0 (in `BusUnits` over TCP)."""
    keeps_writes: bool = True
    """False: it accepts writes and changes nothing (on a serial bus)."""
    written: Callable[[], None] = field(default=lambda: None)
    """Called after each write from outside."""


class ModbusUnits:
    """The server and its units. Serve it inside a running event loop."""

    def __init__(self, units: Mapping[int, SimulatedUnit]) -> None:
        self.units = units
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The TCP port it listens on."""
        assert self._server is not None
        transport = self._server.transport
        assert isinstance(transport, asyncio.Server)
        port: int = transport.sockets[0].getsockname()[1]
        return port

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> None:
        """Listen; port 0 takes any free one. Raises `RuntimeError` when the port is taken."""
        self._server = _Server(self.units, host, port)
        await self._server.serve_forever(background=True)

    async def stop(self) -> None:
        """Close the port and all connections."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]  # untyped in pymodbus 3.16

    def read(self, unit: int, address: int, count: int = 1) -> list[int]:
        """Registers as they stand."""
        return self._memory(unit)[address : address + count]

    def write(self, unit: int, address: int, values: list[int]) -> None:
        """Set registers in one go: no request sees half of it."""
        self._memory(unit)[address : address + len(values)] = values

    def _memory(self, unit: int) -> list[int]:
        assert self._server is not None
        registers: list[int] = self._server.core.devices[unit].block["x"][2]
        return registers


class _Server(ModbusTcpServer):
    """The library's server with our request handler, which knows faults."""

    def __init__(self, units: Mapping[int, SimulatedUnit], host: str, port: int) -> None:
        devices = [
            SimDevice(id=number, simdata=SimData(0, values=[0] * unit.registers, datatype=DataType.REGISTERS))
            for number, unit in units.items()
        ]
        super().__init__(devices, address=(host, port))
        self.units = units
        assert isinstance(self.context, SimCore)
        self.core = self.context

    def callback_new_connection(self) -> ServerRequestHandler:
        return _Handler(self, None, None, None)  # type: ignore[no-untyped-call]  # untyped in pymodbus 3.16


class _Handler(ServerRequestHandler):
    """One connection. Keeps the request that it answers: the library's own handler answers a late request under the
    transaction number of the newest one, which would be another fault than the one asked for.
    """

    async def handle_request(self) -> None:
        pdu, addr = self.last_pdu, self.last_addr
        if pdu is None:
            return
        server: _Server = self.server
        number = pdu.dev_id
        unit = server.units.get(number)
        if unit is not None and unit.dead:
            return
        response: ModbusPDU
        if unit is None:
            response = ExceptionResponse(pdu.function_code, ExcCodes.GATEWAY_NO_RESPONSE)
        elif unit.refused & set(range(pdu.address, pdu.address + max(pdu.count, 1))):
            response = ExceptionResponse(pdu.function_code, ExcCodes.ILLEGAL_ADDRESS)
        else:
            response = await pdu.datastore_update(server.core, number)  # type: ignore[arg-type]  # what it is given there, too
            if pdu.function_code in WRITES:
                unit.written()
        if unit is not None and unit.late_secs:
            await asyncio.sleep(unit.late_secs)
        response.transaction_id = pdu.transaction_id
        response.dev_id = unit.answers_as if unit is not None and unit.answers_as is not None else number
        self.server_send(response, addr)  # type: ignore[no-untyped-call]  # untyped in pymodbus 3.16


def text_registers(text: str, count: int) -> list[int]:
    """A text in registers, two characters each, the first in the high byte, NUL-filled."""
    data = text.encode("ascii")
    if len(data) > 2 * count:
        raise ValueError(f"{text!r} doesn't fit into {count} registers")
    return list(struct.unpack(f">{count}H", data.ljust(2 * count, b"\0")))


def float_registers(value: float) -> list[int]:
    """A 32-bit float in two registers, the high word first (Siemens order)."""
    return list(struct.unpack(">2H", struct.pack(">f", value)))
