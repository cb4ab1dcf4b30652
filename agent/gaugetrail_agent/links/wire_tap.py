"""What passed over a device's wire last, and a place to look on while it passes.

Promise: the device is never slowed. A chunk costs one entry in a bounded list, whoever looks on or not; one who looks
on and takes nothing loses the oldest chunks and is told how many. Nothing here changes a byte, keeps one for long, or
fails.

A tap sits between a link and the wire under it: `TappedLink` on a stream of bytes, `TappedWire` under a Modbus link,
where all units of the bus share it. The link's thread writes, any other may read.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple

from gaugetrail_agent.links import ByteLink
from gaugetrail_agent.links.modbus_wire import Lost, Received, Wire

LAST_CHUNKS = 8
LAST_BYTES = 64
"""Of each of these: enough to tell a wrong baud rate from a wrong gauge."""
MOST_WAITING = 512
"""Chunks that wait for one who looks on."""
MOST_CHUNK_BYTES = 4096
"""A longer chunk is shown in pieces."""

Way = Literal["in", "out"]


class Chunk(NamedTuple):
    """Bytes that passed together: `in` from the device, `out` to it, at that wall time in microseconds."""

    us: int
    way: Way
    data: bytes


class Onlooker:
    """One who looks on. `wake` is called when chunks begin to wait, on the thread that moves the bytes: it must neither
    wait nor fail.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._waiting: deque[Chunk] = deque(maxlen=MOST_WAITING)
        self._lost = 0
        self._lock = threading.Lock()

    def see(self, chunk: Chunk) -> None:
        """Put behind what waits; the oldest makes room."""
        with self._lock:
            first = not self._waiting
            self._lost += len(self._waiting) == MOST_WAITING
            self._waiting.append(chunk)
        if first:
            self._wake()

    def take(self) -> tuple[int, list[Chunk]]:
        """How many were lost since the last time, and what waits behind them."""
        with self._lock:
            lost, chunks = self._lost, list(self._waiting)
            self._lost = 0
            self._waiting.clear()
        return lost, chunks


class WireTap:
    """What one wire carried last, and who looks on."""

    def __init__(self, now_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._now_us = now_us
        self._last: deque[Chunk] = deque(maxlen=LAST_CHUNKS)
        self._onlookers: tuple[Onlooker, ...] = ()
        self._lock = threading.Lock()
        self.bytes_in = 0
        self.bytes_out = 0

    def passed(self, way: Way, data: bytes) -> None:
        """Bytes have passed."""
        now = self._now_us()
        if way == "in":
            self.bytes_in += len(data)
        else:
            self.bytes_out += len(data)
        self._last.append(Chunk(now, way, data[-LAST_BYTES:]))
        for onlooker in self._onlookers:
            for start in range(0, len(data), MOST_CHUNK_BYTES):
                onlooker.see(Chunk(now, way, data[start : start + MOST_CHUNK_BYTES]))

    def last(self) -> list[Chunk]:
        """What passed last, oldest first, each cut to its end."""
        return list(self._last)

    def look_on(self, onlooker: Onlooker) -> None:
        """From now on it sees each chunk."""
        with self._lock:
            self._onlookers = (*self._onlookers, onlooker)

    def look_away(self, onlooker: Onlooker) -> None:
        """It sees no more; may be called twice."""
        with self._lock:
            self._onlookers = tuple(one for one in self._onlookers if one is not onlooker)


class TappedLink:
    """A `ByteLink` whose bytes show in a tap."""

    def __init__(self, link: ByteLink, tap: WireTap) -> None:
        self._link = link
        self._tap = tap

    @property
    def name(self) -> str:
        """The link's own."""
        return self._link.name

    async def open(self) -> None:
        """As the link does."""
        await self._link.open()

    async def read(self, timeout_secs: float) -> bytes:
        """As the link does."""
        data = await self._link.read(timeout_secs)
        if data:
            self._tap.passed("in", data)
        return data

    async def write(self, data: bytes) -> None:
        """As the link does; what it could not send is not shown."""
        await self._link.write(data)
        self._tap.passed("out", data)

    async def close(self) -> None:
        """As the link does."""
        await self._link.close()


class TappedWire:
    """The wire under a Modbus link, whose bytes show in a tap."""

    def __init__(self, wire: Wire, tap: WireTap) -> None:
        self._wire = wire
        self._tap = tap

    async def open(self, received: Received, lost: Lost) -> None:
        """As the wire does."""

        def seen(data: bytes) -> None:
            self._tap.passed("in", data)
            received(data)

        await self._wire.open(seen, lost)

    async def send(self, data: bytes) -> None:
        """As the wire does; what it could not send is not shown."""
        await self._wire.send(data)
        self._tap.passed("out", data)

    async def close(self) -> None:
        """As the wire does."""
        await self._wire.close()
