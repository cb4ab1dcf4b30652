from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest
import serial


class Host:
    """A PC at the far end of a simulated port, with pyserial as any program would use it."""

    def __init__(self, port: Path) -> None:
        self.port = serial.Serial(str(port), 9600, timeout=0, exclusive=True)
        self.heard = b""

    def say(self, data: bytes) -> None:
        self.port.write(data)

    async def hears(self, wanted: bytes | Callable[[bytes], object], secs: float = 30.0) -> bytes:
        """Wait until what has been heard in all is, or satisfies, `wanted`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(secs):
                while not (wanted(self.heard) if callable(wanted) else self.heard == wanted):
                    await asyncio.sleep(0.002)
                    self.heard += self.port.read(4096)
        return self.heard

    def forget(self) -> None:
        self.heard = b""


@pytest.fixture
def host():
    """Opens simulated ports as a PC does; all are closed at the end."""
    opened: list[Host] = []

    def open_port(port: Path) -> Host:
        opened.append(Host(port))
        return opened[-1]

    yield open_port
    for one in opened:
        one.port.close()
