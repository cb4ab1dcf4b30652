"""Modbus beside the bare library, on a grid, on a bus with dead units, behind a gateway with silent ones, twenty PLCs.

Each poll is a device's own: planned, read, decoded, handed on as readings. The bare loop reads the same registers and
does nothing with them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from gaugetrail_agent.drivers.modbus.device import Batch, ModbusDevice
from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.links.modbus import ModbusLink
from gaugetrail_agent.links.modbus_settings import ModbusRtuSettings, ModbusTcpSettings

Say = Callable[[str], None]
HERE = Path(__file__).parent
ROUNDS = 5
REGISTERS = 100


@contextlib.contextmanager
def plant(wire: str, folder: Path, units: int = 1, dead: int = 0, ports: int = 1) -> Iterator[list[str]]:
    """The other end in its own process, and where it is."""
    words = [sys.executable, str(HERE / "modbus_plant.py"), wire, str(folder), str(units), str(dead), str(ports)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
        assert process.stdin is not None
        process.stdin.close()


def link_to(where: object, **more: object) -> ModbusLink:
    """Ours, with every setting as it comes."""
    if isinstance(where, int):
        settings = {"kind": "modbus-tcp", "host": "127.0.0.1", "port": where}
        return ModbusLink(ModbusTcpSettings.model_validate(settings | more))
    return ModbusLink(ModbusRtuSettings.model_validate({"kind": "modbus-rtu", "port": where, "parity": "none"} | more))


class Watched:
    """A device and the moments of its batches."""

    def __init__(self, link: ModbusLink, unit: int, poll_secs: float, floats: int) -> None:
        self.at: list[float] = []
        self.readings = 0
        values = [{"name": f"v{n}", "address": 2 * n, "type": "float32"} for n in range(floats)]
        settings = ModbusDeviceSettings.model_validate({"unit_id": unit, "poll_secs": poll_secs, "value": values})
        self.device = ModbusDevice(
            f"unit{unit}", link, settings, emit_batch=self._took, on_state=lambda _name, _state: None
        )

    def _took(self, _: str, batch: Batch) -> None:
        self.at.append(time.perf_counter())
        self.readings += sum(reading.value is not None for reading in batch.readings)


async def bare_polls(where: object, secs: float) -> float:
    """The library alone, one request after the other: polls a second."""
    client = (
        AsyncModbusTcpClient("127.0.0.1", port=where)
        if isinstance(where, int)
        else AsyncModbusSerialClient(str(where), baudrate=19200, parity="N")
    )
    await client.connect()
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + secs:
        answer = await client.read_holding_registers(0, count=REGISTERS, device_id=1)
        assert len(answer.registers) == REGISTERS
        count += 1
    client.close()
    return count / (now - began)


async def our_polls(where: object, secs: float) -> float:
    """A device of ours, one poll after the other."""
    link = link_to(where)
    watched = Watched(link, 1, 1.0, REGISTERS // 2)
    began = time.perf_counter()
    while (now := time.perf_counter()) < began + secs:
        await watched.device._poll()
    await link.close()
    assert watched.readings == len(watched.at) * REGISTERS // 2
    return len(watched.at) / (now - began)


def ratio(where: object, secs: float, say: Say, what: str) -> float:
    """Ours to bare, in turns, so that the machine's mood meets both."""
    pairs = []
    for _ in range(ROUNDS):
        bare = asyncio.run(bare_polls(where, secs))
        ours = asyncio.run(our_polls(where, secs))
        pairs.append((bare, ours))
    found = statistics.median(ours / bare for bare, ours in pairs)
    bare, ours = (statistics.median(column) for column in zip(*pairs, strict=True))
    say(f"{what}: {ours:.1f} polls/s of {REGISTERS} registers; the bare library {bare:.1f}; ratio {found:.2f}")
    return found


async def run_for(watched: list[Watched], links: list[ModbusLink], secs: float) -> None:
    """All of them side by side."""
    tasks = [asyncio.create_task(one.device.run()) for one in watched]
    await asyncio.sleep(secs)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for link in links:
        await link.close()


def p99(values: list[float]) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, -(-99 * len(values) // 100) - 1)]


def grid(where: object, say: Say) -> dict[str, float]:
    """Fifty registers at 10 Hz for a quarter of a minute."""
    link = link_to(where)
    one = Watched(link, 1, 0.1, 25)
    asyncio.run(run_for([one], [link], 15.0))
    gaps = [later - earlier for earlier, later in zip(one.at, one.at[1:], strict=False)]
    rate = len(gaps) / (one.at[-1] - one.at[0])
    interval = p99(gaps) * 1000
    say(f"50 registers at 10 Hz: {rate:.2f} readings of them a second, interval p99 {interval:.1f} ms")
    return {"grid_readings_per_s": round(rate, 2), "grid_interval_p99_ms": round(interval, 1)}


def twenty(where: list[str], say: Say) -> dict[str, float]:
    """Twenty PLCs at 1 Hz from one process."""
    links = [link_to(one) for one in where]
    watched = [Watched(link, 1, 1.0, 25) for link in links]
    asyncio.run(run_for(watched, links, 15.5))
    missed = sum(round(b - a) - 1 for one in watched for a, b in zip(one.at, one.at[1:], strict=False))
    missed += sum(len(one.at) < 15 for one in watched)
    say(f"{len(watched)} PLCs at 1 Hz: {sum(len(one.at) for one in watched)} polls in 15 s, {missed} missed")
    return {"twenty_plcs_missed_polls": missed}


def with_silent(wire: str, folder: Path, say: Say, what: str) -> float:
    """Eight units at 1 Hz: all alive, and beside them eight of which two never answer; the other six's rates."""
    with plant(wire, folder, 8) as alive, plant(wire, folder, 8, dead=2) as half:
        links = [link_to(alive[0]), link_to(half[0])]
        good, bad = ([Watched(link, unit, 1.0, 5) for unit in range(1, 9)] for link in links)
        asyncio.run(run_for([*good, *bad], links, 40.5))
    rates = [statistics.mean(len(one.at) for one in side[2:]) / 40.5 for side in (good, bad)]
    found = rates[1] / rates[0]
    say(f"{what}: {rates[1]:.3f} polls/s of each of the six; {rates[0]:.3f} with all eight alive; ratio {found:.2f}")
    return found


def run(say: Say) -> dict[str, float]:
    """All of it."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with plant("tcp", folder) as where:
            figures["modbus_tcp_ratio"] = ratio(where[0], 1.0, say, "TCP")
            figures |= grid(where[0], say)
        with plant("rtu", folder) as where:
            figures["modbus_rtu_ratio"] = ratio(where[0], 4.0, say, "RTU at 19,200 baud")
        with plant("tcp", folder, ports=20) as where:
            figures |= twenty(where, say)
        figures["rtu_bus_ratio"] = with_silent("rtu", folder, say, "eight units on an RTU bus, two dead")
        figures["gateway_ratio"] = with_silent("tcp", folder, say, "eight units behind a gateway, two silent")
    return {key: round(value, 3) for key, value in figures.items()}
