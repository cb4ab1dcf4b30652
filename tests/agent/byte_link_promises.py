"""What every `ByteLink` promises, asked of a real wire: a pty, a socket, a serial server."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Protocol

import pytest

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links import ByteLink
from gaugetrail_agent.links.tcp import TcpLink, TcpSettings


class Wire(Protocol):
    """The device's end of the wire, in the test's hand."""

    link: ByteLink

    def answer(self) -> None:
        """The device side of an opening, for wires that have one (accept a connection)."""

    def send(self, data: bytes) -> None: ...

    def receive(self, count: int) -> bytes: ...

    def cut(self) -> None:
        """The cable is pulled, the device switched off."""


class SocketWire:
    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(5)
        self.peer: socket.socket | None = None
        self.link: ByteLink = TcpLink(TcpSettings(host="127.0.0.1", port=self.listener.getsockname()[1]))

    def answer(self) -> None:
        if self.peer is not None:
            self.peer.close()
        self.peer, _ = self.listener.accept()
        self.peer.settimeout(5)

    def send(self, data: bytes) -> None:
        assert self.peer is not None
        self.peer.sendall(data)

    def receive(self, count: int) -> bytes:
        assert self.peer is not None
        data = b""
        while len(data) < count:
            data += self.peer.recv(count - len(data))
        return data

    def cut(self) -> None:
        if self.peer is not None:
            self.peer.close()

    def end(self) -> None:
        self.cut()
        self.listener.close()


async def read_exactly(link: ByteLink, count: int, deadline_secs: float = 5.0) -> bytes:
    data = b""
    async with asyncio.timeout(deadline_secs):
        while len(data) < count:
            data += await link.read(0.5)
    return data


async def read_until_gone(link: ByteLink) -> None:
    while True:
        await link.read(30)


class ByteLinkPromises:
    """Subclasses give a fixture `wire`."""

    def on_open_wire(self, wire: Wire, steps: Callable[[ByteLink], Awaitable[None]]) -> None:
        async def session() -> None:
            await wire.link.open()
            try:
                await asyncio.to_thread(wire.answer)
                await steps(wire.link)
            finally:
                await wire.link.close()

        asyncio.run(session())

    def test_bytes_pass_unchanged_both_ways(self, wire: Wire) -> None:
        every_byte = bytes(range(256))

        async def steps(link: ByteLink) -> None:
            wire.send(every_byte)
            assert every_byte == await read_exactly(link, 256)
            await link.write(every_byte)
            assert every_byte == await asyncio.to_thread(wire.receive, 256)

        self.on_open_wire(wire, steps)

    def test_silence_gives_no_bytes_and_no_error(self, wire: Wire) -> None:
        async def steps(link: ByteLink) -> None:
            assert await link.read(0.02) == b""
            assert await link.read(0) == b""
            assert await link.read(-1) == b""

        self.on_open_wire(wire, steps)

    def test_a_read_that_timed_out_loses_nothing(self, wire: Wire) -> None:
        async def steps(link: ByteLink) -> None:
            assert await link.read(0.001) == b""
            wire.send(b"12.345\r")
            assert await read_exactly(link, 7) == b"12.345\r"

        self.on_open_wire(wire, steps)

    def test_a_wire_that_is_cut_says_so_at_once(self, wire: Wire) -> None:
        async def steps(link: ByteLink) -> None:
            wire.cut()
            started = time.monotonic()
            with pytest.raises(DeviceGone, match=r".{10}"):
                await read_until_gone(link)
            assert time.monotonic() - started < 10, "at once, and not when a reading has timed out"
            with pytest.raises(DeviceGone):
                await link.read(0.1)

        self.on_open_wire(wire, steps)

    def test_what_came_before_the_cut_is_still_delivered(self, wire: Wire) -> None:
        async def steps(link: ByteLink) -> None:
            wire.send(b"1.25\r")
            assert await read_exactly(link, 5) == b"1.25\r"
            wire.cut()
            with pytest.raises(DeviceGone):
                await read_until_gone(link)

        self.on_open_wire(wire, steps)

    def test_a_link_that_is_not_open_says_so(self, wire: Wire) -> None:
        async def session() -> None:
            with pytest.raises(DeviceGone, match="not"):
                await wire.link.read(0)
            with pytest.raises(DeviceGone, match="not"):
                await wire.link.write(b"?")
            await wire.link.close()
            await wire.link.close()

        asyncio.run(session())

    def test_it_opens_again_after_closing(self, wire: Wire) -> None:
        async def steps(link: ByteLink) -> None:
            await link.close()
            await link.open()
            await asyncio.to_thread(wire.answer)
            wire.send(b"A")
            assert await read_exactly(link, 1) == b"A"

        self.on_open_wire(wire, steps)

    def test_a_cancelled_read_leaves_the_link_usable(self, wire: Wire) -> None:
        async def steps(link: ByteLink) -> None:
            reading = asyncio.create_task(link.read(30))
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            wire.send(b"B")
            assert await read_exactly(link, 1) == b"B"

        self.on_open_wire(wire, steps)

    def test_the_name_is_what_the_settings_say(self, wire: Wire) -> None:
        assert wire.link.name
