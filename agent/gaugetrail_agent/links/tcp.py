"""A device behind a TCP socket: a torque controller, a gauge with a network port, a raw serial server.

Promise: what `links.ByteLink` says. A peer that vanishes without a word (power cut, pulled cable) is noticed by TCP
keep-alive within about `keepalive_secs` x 2, a peer that stops taking data after 5 s; both raise `DeviceGone`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket

from pydantic import Field

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier

READ_SIZE = 65536
WRITE_SECS = 5.0
"""A peer that takes no byte for so long is as good as gone."""
CLOSE_SECS = 1.0

_WORDS = {
    errno.ECONNREFUSED: "connection refused: nothing listens there; check host, port and that the service is enabled",
    errno.EHOSTUNREACH: "no route to the host: check address, cable and switch",
    errno.ENETUNREACH: "network unreachable: check this PC's own network settings",
    errno.ETIMEDOUT: "the device no longer answers on the network: check power and cable",
    errno.ECONNRESET: "connection reset by the device: it restarted, or allows no further client",
    errno.EPIPE: "connection closed by the device",
}


class TcpSettings(Settings):
    """Where the device listens."""

    host: Identifier = Field(description="address or name of the device", examples=["192.168.10.21"])
    port: int = Field(ge=1, le=65535, description="TCP port", examples=[4545])
    connect_timeout_secs: float = Field(5.0, gt=0, le=120, description="how long connecting may take")
    keepalive_secs: int = Field(
        10, ge=0, le=3600, description="silence after which the network is asked whether the device is there; 0: never"
    )


def keep_alive(link: socket.socket, secs: int) -> None:
    """Let the system ask a silent peer after `secs`, three times within another `secs`, then break the connection."""
    if not secs:
        return
    link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    # The names differ by system; where one is missing, the system's own times apply.
    for option, value in (("TCP_KEEPIDLE", secs), ("TCP_KEEPINTVL", max(1, secs // 3)), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            link.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)


def reason_of(error: OSError) -> str:
    """What the system said, with what to do where we know it."""
    if isinstance(error, socket.gaierror):
        return "the name is unknown: check the spelling, or give the address as numbers"
    known = _WORDS.get(error.errno or 0)
    return known or (error.strerror or str(error)).lower()


class TcpLink:
    """`ByteLink` over a TCP socket."""

    def __init__(self, settings: TcpSettings) -> None:
        self._settings = settings
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @property
    def name(self) -> str:
        """`host:port`; an IPv6 address in brackets."""
        host = self._settings.host
        return f"[{host}]:{self._settings.port}" if ":" in host else f"{host}:{self._settings.port}"

    async def open(self) -> None:
        """Connect; raises `DeviceGone` with what to look at."""
        await self.close()
        settings = self._settings
        try:
            async with asyncio.timeout(settings.connect_timeout_secs):
                reader, writer = await asyncio.open_connection(settings.host, settings.port, limit=READ_SIZE)
        except TimeoutError as error:
            text = f"no answer in {settings.connect_timeout_secs:g} s: check power, cable and address"
            raise DeviceGone(f"{self.name}: {text}") from error
        except OSError as error:
            raise DeviceGone(f"{self.name}: {reason_of(error)}") from error
        except UnicodeError as error:  # a host name that no encoding of names allows
            raise DeviceGone(f"{self.name}: this is no host name") from error
        link = writer.get_extra_info("socket")
        keep_alive(link, settings.keepalive_secs)
        self._streams = reader, writer

    async def read(self, timeout_secs: float) -> bytes:
        """What has arrived; `b""` after `timeout_secs` of silence."""
        reader, _ = self._open_streams()
        try:
            async with asyncio.timeout(max(timeout_secs, 0)):
                data = await reader.read(READ_SIZE)
        except TimeoutError as error:
            # A keep-alive that found nobody is a TimeoutError too, but the system's own, with its number.
            if error.errno is None:
                return b""
            raise DeviceGone(f"{self.name}: {reason_of(error)}") from error
        except OSError as error:
            raise DeviceGone(f"{self.name}: {reason_of(error)}") from error
        if not data:
            raise DeviceGone(f"{self.name}: connection closed by the device")
        return data

    async def write(self, data: bytes) -> None:
        """Send all of `data`."""
        _, writer = self._open_streams()
        try:
            async with asyncio.timeout(WRITE_SECS):
                writer.write(data)
                await writer.drain()
        except TimeoutError as error:
            text = reason_of(error) if error.errno else f"takes no data for {WRITE_SECS:g} s; the device may hang"
            raise DeviceGone(f"{self.name}: {text}") from error
        except OSError as error:
            raise DeviceGone(f"{self.name}: {reason_of(error)}") from error

    async def close(self) -> None:
        """Hang up; never raises."""
        if self._streams is None:
            return
        _, writer = self._streams
        self._streams = None
        writer.close()
        with contextlib.suppress(OSError):  # a TimeoutError is an OSError
            async with asyncio.timeout(CLOSE_SECS):
                await writer.wait_closed()
        if not writer.is_closing() or writer.transport.get_write_buffer_size():
            writer.transport.abort()  # a peer that takes nothing must not keep the socket open

    def _open_streams(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            raise DeviceGone(f"{self.name}: not connected")
        return self._streams
