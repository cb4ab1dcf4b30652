"""Modbus links: TCP, RTU, ASCII, RTU over TCP. The only module that meets pymodbus.

Promise: an answer is taken only for the request it answers. One request is in flight per link; there are no retries
behind our back; after a silence the connection is closed (TCP) or the port is closed, left quiet and opened again
(serial), so that a late reply has nowhere to arrive; unit, function and number of registers are checked. An exception
answer (illegal address, busy …) is `Refused` and costs what was asked for, not the connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Literal

from pydantic import Field
from pymodbus import FramerType
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.logging import pymodbus_apply_logging_config
from pymodbus.pdu import ExceptionResponse, ModbusPDU

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_contract.settings import Settings

Function = Literal["coil", "discrete", "holding", "input"]

EXCEPTIONS = {
    1: "the unit doesn't know this function",
    2: "illegal address",
    3: "illegal value, or too many registers at once",
    4: "the unit failed",
    5: "accepted, still working",
    6: "busy",
    8: "memory parity error",
    10: "the gateway has no path to the unit",
    11: "the unit behind the gateway doesn't answer",
}


class Refused(Exception):
    """The unit answered, with an exception code: what was asked for has no value now; the link is fine."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}: {EXCEPTIONS.get(code, 'unknown')}")
        self.code = code


class NoAnswer(DeviceGone):
    """The unit didn't answer in time; others on the same link may."""


class ModbusSettings(Settings):
    """What all kinds have."""

    timeout_secs: float = Field(1.0, gt=0, le=60, description="how long an answer may take")
    pause_after_connect_secs: float = Field(0.0, ge=0, le=30, description="some PLCs need a pause after the connection")
    close_after_cycle: bool = Field(False, description="close after each poll, for units that take one connection only")


class ModbusTcpSettings(ModbusSettings):
    """Modbus TCP."""

    kind: Literal["modbus-tcp"]
    host: str = Field(description="name or address", examples=["192.0.2.10"])
    port: int = Field(502, ge=1, le=65535)


class ModbusRtuTcpSettings(ModbusSettings):
    """RTU frames over a TCP socket, as serial servers send them."""

    kind: Literal["modbus-rtu-tcp"]
    host: str = Field(description="name or address")
    port: int = Field(502, ge=1, le=65535)


class ModbusSerialSettings(ModbusSettings):
    """What both serial kinds have."""

    port: str = Field(description="serial port", examples=["/dev/ttyUSB0"])
    baud: int = Field(19200, ge=300, description="bits per second")
    bytesize: Literal[7, 8] = 8
    parity: Literal["none", "even", "odd"] = Field("even", description="the standard's default is even")
    stopbits: Literal[1, 2] = 1
    quiet_secs: float = Field(
        0.05, ge=0, le=10, description="silence on the bus after a time-out, so late replies pass"
    )


class ModbusRtuSettings(ModbusSerialSettings):
    """Modbus RTU on a serial line."""

    kind: Literal["modbus-rtu"]


class ModbusAsciiSettings(ModbusSerialSettings):
    """Modbus ASCII on a serial line."""

    kind: Literal["modbus-ascii"]


AnyModbusSettings = ModbusTcpSettings | ModbusRtuTcpSettings | ModbusRtuSettings | ModbusAsciiSettings
Client = AsyncModbusTcpClient | AsyncModbusSerialClient


class ModbusLink:
    """One bus or connection, shared by the units on it; one request at a time."""

    def __init__(self, settings: AnyModbusSettings) -> None:
        pymodbus_apply_logging_config("CRITICAL")  # it logs each time-out; ours say what happens next
        self._settings = settings
        self._lock = asyncio.Lock()
        self._client: Client | None = None

    @property
    def name(self) -> str:
        """Address or port as configured."""
        settings = self._settings
        if isinstance(settings, ModbusSerialSettings):
            return settings.port
        return f"{settings.host}:{settings.port}"

    async def close(self) -> None:
        """Let go of the connection; never raises, may be called twice."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    async def cycle_done(self) -> None:
        """A poll has ended: units that take one connection only get it back."""
        if self._settings.close_after_cycle:
            await self.close()

    async def read(self, unit: int, function: Function, address: int, count: int) -> list[int]:
        """Registers, or bits as 0 and 1. Raises `Refused`, `NoAnswer`, `DeviceGone`."""
        async with self._lock:
            client = await self._connected()
            ask = {
                "coil": client.read_coils,
                "discrete": client.read_discrete_inputs,
                "holding": client.read_holding_registers,
                "input": client.read_input_registers,
            }[function]
            response = await self._answer(ask(address, count=count, device_id=unit), unit)
            if function in ("coil", "discrete"):
                found = [int(bit) for bit in response.bits[:count]]
            else:
                found = list(response.registers)
            if len(found) != count:
                await self._quieten()
                raise NoAnswer(f"unit {unit} answered with {len(found)} values where {count} were asked for")
            return found

    async def write(self, unit: int, address: int, values: Sequence[int], *, single: bool = False) -> None:
        """Write holding registers and read them back. Raises `Refused`, `NoAnswer`, `DeviceGone`; the last also when
        the unit shows something else than was written: a release signal counts only once it stands there.
        """
        async with self._lock:
            client = await self._connected()
            if single or len(values) == 1:
                await self._answer(client.write_register(address, values[0], device_id=unit), unit)
            else:
                await self._answer(client.write_registers(address, list(values), device_id=unit), unit)
        back = await self.read(unit, "holding", address, len(values))
        if back != list(values):
            raise DeviceGone(f"unit {unit} shows {back} at {address} where {list(values)} was written")

    async def _answer(self, request: object, unit: int) -> ModbusPDU:
        try:
            response = await request  # type: ignore[misc]  # the mixin's methods are typed for both worlds
        except (ModbusException, OSError) as error:
            await self._quieten()
            raise NoAnswer(f"{self.name}: unit {unit} doesn't answer: {_short(error)}") from error
        if isinstance(response, ExceptionResponse):
            raise Refused(response.exception_code)
        assert isinstance(response, ModbusPDU)
        return response

    async def _quieten(self) -> None:
        """After a silence or a wrong answer nothing late may be taken for the next one."""
        await self.close()
        if isinstance(self._settings, ModbusSerialSettings):
            await asyncio.sleep(self._settings.quiet_secs)

    async def _connected(self) -> Client:
        if self._client is not None and self._client.connected:
            return self._client
        await self.close()
        client = self._make_client()
        try:
            good = await client.connect()
        except (ModbusException, OSError, ValueError) as error:
            client.close()
            raise DeviceGone(f"{self.name}: {_short(error)}") from error
        if not good:
            client.close()
            raise DeviceGone(
                f"{self.name}: no connection; is it on, is the address right, does it take one more client?"
            )
        if self._settings.pause_after_connect_secs:
            await asyncio.sleep(self._settings.pause_after_connect_secs)
        self._client = client
        return client

    def _make_client(self) -> Client:
        settings = self._settings
        if isinstance(settings, ModbusSerialSettings):
            framer = FramerType.ASCII if isinstance(settings, ModbusAsciiSettings) else FramerType.RTU
            return AsyncModbusSerialClient(
                settings.port,
                framer=framer,
                baudrate=settings.baud,
                bytesize=settings.bytesize,
                parity=settings.parity[0].upper(),
                stopbits=settings.stopbits,
                reconnect_delay=0,
                timeout=settings.timeout_secs,
                retries=0,
            )
        return AsyncModbusTcpClient(
            settings.host,
            port=settings.port,
            framer=FramerType.RTU if isinstance(settings, ModbusRtuTcpSettings) else FramerType.SOCKET,
            reconnect_delay=0,
            timeout=settings.timeout_secs,
            retries=0,
        )


def _short(error: Exception) -> str:
    text = str(error).removeprefix("Modbus Error: ")
    return text.splitlines()[0] if text else type(error).__name__


def link_gone(error: Exception) -> bool:
    """Whether the whole link is gone, rather than one unit on it."""
    return isinstance(error, DeviceGone) and not isinstance(error, NoAnswer)
