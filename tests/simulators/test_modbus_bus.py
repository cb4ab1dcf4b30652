"""The simulated bus and its line: the real time a frame takes, and a wrong baud rate that garbles."""

from __future__ import annotations

import asyncio
import os
import termios
import tty
from pathlib import Path

from gaugetrail_sim.devices.modbus_bus import BusUnits, crc, frame_of
from gaugetrail_sim.devices.modbus_units import SimulatedUnit
from gaugetrail_sim.devices.ptys import LinePort

REQUEST = bytes.fromhex("010300000002C40B")


async def heard(descriptor: int, count: int) -> bytes:
    data = b""
    async with asyncio.timeout(10):
        while len(data) < count:
            await asyncio.sleep(0.001)
            try:
                data += os.read(descriptor, count)
            except BlockingIOError:
                continue
    return data


def far_end(port: LinePort, baud: int) -> int:
    descriptor = os.open(port.path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    tty.setraw(descriptor)
    settings = termios.tcgetattr(descriptor)
    settings[4] = settings[5] = baud
    termios.tcsetattr(descriptor, termios.TCSANOW, settings)
    return descriptor


def test_a_frame_takes_as_long_as_its_characters_at_that_baud_rate(tmp_path: Path) -> None:
    """Never less: 8 characters there and 9 back, of 11 bits each at 1,200 baud, are 156 ms."""

    async def play() -> None:
        there = BusUnits({1: SimulatedUnit()})
        port = LinePort(tmp_path / "bus", baud=1200)
        there.open(port)
        descriptor = far_end(port, termios.B1200)
        began = asyncio.get_running_loop().time()
        os.write(descriptor, REQUEST)
        assert await heard(descriptor, 9) == frame_of("rtu", 1, b"\x03\x04\0\0\0\0")
        assert asyncio.get_running_loop().time() - began >= 17 * 11 / 1200 - 0.001
        os.close(descriptor)
        await there.close()

    asyncio.run(play())


def test_another_baud_rate_garbles_what_is_sent(tmp_path: Path) -> None:
    async def play() -> None:
        there = BusUnits({1: SimulatedUnit()})
        port = LinePort(tmp_path / "bus", baud=19200)
        there.open(port)
        descriptor = far_end(port, termios.B9600)
        os.write(descriptor, REQUEST)
        async with asyncio.timeout(10):
            while not port.garbled:  # noqa: ASYNC110 (a figure, no event)
                await asyncio.sleep(0.001)
        assert there.requests[1] == 0
        os.close(descriptor)
        await there.close()

    asyncio.run(play())


def test_a_sum_is_that_of_the_standard() -> None:
    assert crc(REQUEST[:-2]) == REQUEST[-2:]
