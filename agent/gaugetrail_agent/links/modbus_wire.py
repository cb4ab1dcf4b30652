"""The two wires under Modbus: a TCP socket and a serial port, both calling back as soon as bytes arrive.

Promise: `received` gets every byte in order; `lost` is called once when an open wire breaks, with what to do, and never
after `close`. A request on a socket passes no thread and no task of its own: one poll costs one turn of the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Protocol

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.serial_port import SerialLink, SerialSettings
from gaugetrail_agent.links.tcp import keep_alive, reason_of

KEEPALIVE_SECS = 10
LOOK_SECS = 30.0

Received = Callable[[bytes], None]
Lost = Callable[[DeviceGone], None]


class Wire(Protocol):
    """What a Modbus link needs of what lies under it."""

    async def open(self, received: Received, lost: Lost) -> None:
        """Connect or open the port. Raises `DeviceGone`."""

    async def send(self, data: bytes) -> None:
        """Send all of `data`. Raises `DeviceGone`."""

    async def close(self) -> None:
        """Let go; never raises, may be called twice."""


class TcpWire:
    """A TCP connection."""

    def __init__(self, host: str, port: int, connect_secs: float) -> None:
        self.name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._host = host
        self._port = port
        self._connect_secs = connect_secs
        self._socket: _Socket | None = None

    async def open(self, received: Received, lost: Lost) -> None:
        """Connect; a SYN that nobody answers is given up after `connect_secs`, for the next try to send a fresh one."""
        await self.close()
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_secs):
                _, connected = await loop.create_connection(
                    lambda: _Socket(self.name, received, lost), self._host, self._port
                )
        except TimeoutError as error:
            text = f"no answer in {self._connect_secs:g} s: check power, cable and address"
            raise DeviceGone(f"{self.name}: {text}") from error
        except OSError as error:
            raise DeviceGone(f"{self.name}: {reason_of(error)}") from error
        except UnicodeError as error:  # a host name that no encoding of names allows
            raise DeviceGone(f"{self.name}: this is no host name") from error
        self._socket = connected

    async def send(self, data: bytes) -> None:
        """Hand to the system; a peer that takes nothing shows as a missing answer."""
        if self._socket is None or self._socket.transport is None:
            raise DeviceGone(f"{self.name}: not connected")
        self._socket.transport.write(data)

    async def close(self) -> None:
        """Hang up."""
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.hang_up()


class _Socket(asyncio.Protocol):
    """One connection."""

    def __init__(self, name: str, received: Received, lost: Lost) -> None:
        self._name = name
        self._received = received
        self._lost: Lost | None = lost
        self.transport: asyncio.Transport | None = None
        self.data_received = received  # type: ignore[assignment, method-assign]  # straight through

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        keep_alive(transport.get_extra_info("socket"), KEEPALIVE_SECS)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        lost, self._lost = self._lost, None
        if lost is not None:
            reason = reason_of(exc) if isinstance(exc, OSError) else "connection closed by the device"
            lost(DeviceGone(f"{self._name}: {reason}"))

    def hang_up(self) -> None:
        self._lost = None
        if self.transport is None:
            return
        if self.transport.get_write_buffer_size():
            self.transport.abort()  # a peer that takes nothing must not keep the socket open
        else:
            self.transport.close()


class SerialWire:
    """A serial port, by a `SerialLink` and one task that fetches what it has read."""

    def __init__(self, settings: SerialSettings) -> None:
        self.name = settings.port
        self._link = SerialLink(settings)
        self._fetching: asyncio.Task[None] | None = None

    async def open(self, received: Received, lost: Lost) -> None:
        """Open the port for ourselves alone, found again by its usb: id."""
        await self.close()
        await self._link.open()
        self._fetching = asyncio.create_task(self._fetch(received, lost), name=f"fetch {self.name}")

    async def send(self, data: bytes) -> None:
        """Write to the port."""
        await self._link.write(data)

    async def close(self) -> None:
        """Give the port back."""
        fetching, self._fetching = self._fetching, None
        if fetching is not None:
            fetching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await fetching
        await self._link.close()

    async def _fetch(self, received: Received, lost: Lost) -> None:
        try:
            while True:
                if data := await self._link.read(LOOK_SECS):
                    received(data)
        except DeviceGone as error:
            self._fetching = None
            lost(error)
