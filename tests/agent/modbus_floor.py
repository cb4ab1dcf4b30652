"""Modbus links to simulated units on all four wires, and a server that follows a script, for what no simulator does."""

from __future__ import annotations

import asyncio
import contextlib
import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

from floor import until

from gaugetrail_agent.drivers.modbus.device import Batch, ModbusDevice
from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.links.modbus import ModbusLink
from gaugetrail_agent.links.modbus_settings import (
    ModbusAsciiSettings,
    ModbusRtuSettings,
    ModbusRtuTcpSettings,
    ModbusTcpSettings,
)
from gaugetrail_sim.devices import plc
from gaugetrail_sim.devices.modbus_bus import BusUnits
from gaugetrail_sim.devices.modbus_units import SimulatedUnit, float_registers, text_registers
from gaugetrail_sim.devices.ptys import PtyPort

WIRES = ("tcp", "rtu", "ascii", "rtu-tcp")
DEADLINE_SECS = 20.0


def tcp(port: int, **more: object) -> ModbusLink:
    settings = {"kind": "modbus-tcp", "host": "127.0.0.1", "port": port} | more
    return ModbusLink(ModbusTcpSettings.model_validate(settings))


def rtu(port: Path, **more: object) -> ModbusLink:
    return ModbusLink(ModbusRtuSettings.model_validate({"kind": "modbus-rtu", "port": str(port)} | more))


@contextlib.asynccontextmanager
async def bus(
    wire: str, folder: Path, units: Mapping[int, SimulatedUnit], **more: object
) -> AsyncIterator[tuple[BusUnits, ModbusLink]]:
    """Simulated units on that wire and the link to them."""
    mode = "rtu" if wire == "rtu-tcp" else wire
    units_there = BusUnits(units, mode)  # type: ignore[arg-type]
    more = {"timeout_secs": 0.3, **more}
    if wire in ("tcp", "rtu-tcp"):
        port = await units_there.serve()
        where = {"host": "127.0.0.1", "port": port}
    else:
        pty = PtyPort(folder / "bus")
        units_there.open(pty)
        where = {"port": str(pty.path)}
    kind = {
        "tcp": ModbusTcpSettings,
        "rtu-tcp": ModbusRtuTcpSettings,
        "rtu": ModbusRtuSettings,
        "ascii": ModbusAsciiSettings,
    }[wire]
    link = ModbusLink(kind.model_validate({"kind": f"modbus-{wire}", **where, **more}))
    try:
        yield units_there, link
    finally:
        await link.close()
        await units_there.close()


class PlcThread:
    """A PLC, or several behind one address, on a loop of their own, since the test waits for processes."""

    def __init__(self, plcs: int = 1) -> None:
        self.units = BusUnits({number: SimulatedUnit() for number in range(1, plcs + 1)}, "tcp")
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self._ready.wait(10)

    def _run(self) -> None:
        async def serve() -> None:
            self.port = await self.units.serve()
            self._stop = asyncio.Event()
            self._ready.set()
            await self._stop.wait()
            await self.units.close()

        self._loop.run_until_complete(serve())
        self._loop.close()

    def offer(self, unit: int, serial: str, force: str | None) -> int:
        """A PLC offers a part, laid out as a simulated press does, and waits for the echo; the code beside that."""
        registers = self.units.memory[unit].registers
        seq = registers[plc.SEQ] + 1
        # A PLC has no way to say that there is no number but by one that is none.
        data = float_registers(math.nan if force is None else float(force))
        registers[plc.SERIAL : plc.FORCE] = text_registers(serial, plc.SERIAL_REGISTERS)
        registers[plc.FORCE : plc.FORCE + len(data)] = data
        registers[plc.SEQ] = seq
        until(lambda: registers[plc.ECHO] == seq, f"part {seq} of PLC {unit} is answered")
        return registers[plc.RESULT]

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)


Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def scripted(answer: Answer) -> AsyncIterator[int]:
    """A TCP server: each chunk that comes in goes to `answer` with the way back."""
    tasks = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            while data := await reader.read(4096):
                await answer(data, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def registers_reply(request: bytes, values: list[int], *, number: int | None = None, unit: int | None = None) -> bytes:
    """A TCP answer to a read, by default with the request's own number and unit."""
    pdu = bytes((request[7], 2 * len(values))) + b"".join(value.to_bytes(2, "big") for value in values)
    head = request[:2] if number is None else number.to_bytes(2, "big")
    return head + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + bytes((request[6] if unit is None else unit,)) + pdu


async def eventually(true: Callable[[], object], what: str = "the condition") -> None:
    """Wait for a condition, never for a time."""
    try:
        async with asyncio.timeout(DEADLINE_SECS):
            while not true():  # noqa: ASYNC110 (conditions of all kinds)
                await asyncio.sleep(0.005)
    except TimeoutError as error:
        raise AssertionError(f"not within {DEADLINE_SECS:g} s: {what}") from error


class Polled:
    """A device that runs on a link, with everything that it has said."""

    def __init__(self, link: ModbusLink, name: str = "press", **settings: object) -> None:
        self.batches: list[Batch] = []
        self.states: list[DeviceState] = []
        self.memory: dict[str, str] = {}
        table = ModbusDeviceSettings.model_validate(settings)
        self.device = ModbusDevice(
            name,
            link,
            table,
            emit_batch=lambda _, batch: self.batches.append(batch),
            on_state=lambda _, state: self.states.append(state),
            recall=self.memory.get,
        )
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Polled:
        self._task = asyncio.create_task(self.device.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._task is not None
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    @property
    def detail(self) -> str:
        return self.states[-1].detail if self.states else ""

    def last(self) -> dict[str, str | None]:
        """Channel -> value, or the error's code in brackets, of the last batch."""
        return {
            reading.channel or "": reading.value or reading.text or f"({reading.error_code})"
            for reading in self.batches[-1].readings
        }

    async def polls(self, count: int) -> None:
        """Wait for so many further batches."""
        wanted = len(self.batches) + count
        await eventually(lambda: len(self.batches) >= wanted, f"{count} polls of {self.device.name}: {self.detail}")


def value(name: str, address: int, type_: str = "uint16", **more: object) -> dict[str, object]:
    return {"name": name, "address": address, "type": type_, **more}
