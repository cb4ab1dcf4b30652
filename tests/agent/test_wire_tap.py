"""A tap shows what passes over a wire and changes nothing of it, however slowly somebody looks."""

from __future__ import annotations

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_link import ScriptedLink

from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.wire_tap import (
    LAST_BYTES,
    LAST_CHUNKS,
    MOST_CHUNK_BYTES,
    MOST_WAITING,
    Chunk,
    Onlooker,
    TappedLink,
    TappedWire,
    WireTap,
)


def onlooker() -> tuple[Onlooker, list[None]]:
    woken: list[None] = []
    return Onlooker(lambda: woken.append(None)), woken


def test_the_last_bytes_are_kept_with_their_direction_and_time() -> None:
    tap = WireTap(now_us=lambda: 5)
    tap.passed("out", b"\x05")
    tap.passed("in", b"01A+1\r")
    assert tap.last() == [Chunk(5, "out", b"\x05"), Chunk(5, "in", b"01A+1\r")]
    assert (tap.bytes_in, tap.bytes_out) == (6, 1)


def test_what_is_kept_is_bounded() -> None:
    """A device that talks without end fills no memory."""
    tap = WireTap(now_us=lambda: 5)
    for number in range(1000):
        tap.passed("in", b"x" * 10_000 + str(number % 10).encode())
    assert [len(chunk.data) for chunk in tap.last()] == [LAST_BYTES] * LAST_CHUNKS
    assert tap.last()[-1].data.endswith(b"x9")


def test_one_who_looks_on_sees_each_chunk_once_and_in_order() -> None:
    tap, (eye, woken) = WireTap(now_us=lambda: 5), onlooker()
    tap.passed("in", b"before")
    tap.look_on(eye)
    tap.passed("in", b"a")
    tap.passed("out", b"b")
    assert eye.take() == (0, [Chunk(5, "in", b"a"), Chunk(5, "out", b"b")])
    assert (eye.take(), len(woken)) == ((0, []), 1)
    tap.passed("in", b"c")
    assert len(woken) == 2
    tap.look_away(eye)
    tap.look_away(eye)
    tap.passed("in", b"after")
    assert eye.take() == (0, [Chunk(5, "in", b"c")])


def test_one_who_takes_nothing_loses_the_oldest_and_is_told_how_many() -> None:
    tap, (eye, _) = WireTap(now_us=lambda: 5), onlooker()
    tap.look_on(eye)
    for number in range(MOST_WAITING + 3):
        tap.passed("in", str(number).encode())
    lost, chunks = eye.take()
    assert (lost, len(chunks), chunks[0].data, chunks[-1].data) == (3, MOST_WAITING, b"3", b"514")
    assert eye.take() == (0, [])


def test_a_long_chunk_is_shown_whole_in_pieces() -> None:
    tap, (eye, _) = WireTap(now_us=lambda: 5), onlooker()
    tap.look_on(eye)
    tap.passed("in", b"a" * MOST_CHUNK_BYTES + b"b")
    assert [chunk.data for chunk in eye.take()[1]] == [b"a" * MOST_CHUNK_BYTES, b"b"]


def test_bytes_pass_a_tapped_link_unchanged_and_a_broken_one_stays_broken() -> None:
    async def steps() -> None:
        tap = WireTap(now_us=lambda: 5)
        inner = ScriptedLink([(0.5, b"\x00\xff"), (1.5, "unplugged")], write_fails_at=0.6)
        link = TappedLink(inner, tap)
        assert link.name == inner.name
        await link.open()
        await link.write(b"?\r")
        assert await link.read(1) == b"\x00\xff"
        assert tap.last() == [Chunk(5, "out", b"?\r"), Chunk(5, "in", b"\x00\xff")]
        assert inner.written == [(0.0, b"?\r")]
        assert await link.read(0.5) == b""
        with pytest.raises(DeviceGone):
            await link.write(b"not sent")
        with pytest.raises(DeviceGone):
            await link.read(1)
        assert len(tap.last()) == 2
        await link.close()
        assert (inner.opened, inner.closed) == ([0.0], 1)

    asyncio.run(steps())


class PlainWire:
    """A wire that keeps what it is told."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.open_with: tuple[object, ...] = ()

    async def open(self, received, lost) -> None:
        self.open_with = (received, lost)

    async def send(self, data: bytes) -> None:
        if not self.open_with:
            raise DeviceGone("closed")
        self.sent.append(data)

    async def close(self) -> None:
        self.open_with = ()


def test_bytes_pass_a_tapped_wire_unchanged() -> None:
    async def steps() -> None:
        tap, inner, got = WireTap(now_us=lambda: 5), PlainWire(), []
        wire = TappedWire(inner, tap)
        lost = got.append
        await wire.open(got.append, lost)
        inner.open_with[0](b"answer")
        await wire.send(b"ask")
        assert (got, inner.sent, inner.open_with[1]) == ([b"answer"], [b"ask"], lost)
        assert tap.last() == [Chunk(5, "in", b"answer"), Chunk(5, "out", b"ask")]
        await wire.close()
        with pytest.raises(DeviceGone):
            await wire.send(b"not sent")
        assert len(tap.last()) == 2

    asyncio.run(steps())


@given(st.lists(st.binary(min_size=1, max_size=5), max_size=50))
def test_any_bytes_are_seen_as_they_passed(pieces: list[bytes]) -> None:
    tap, (eye, _) = WireTap(), onlooker()
    tap.look_on(eye)
    before = time.time_ns() // 1000
    for piece in pieces:
        tap.passed("in", piece)
    lost, chunks = eye.take()
    assert (lost, [chunk.data for chunk in chunks]) == (0, pieces)
    assert all(before <= chunk.us <= time.time_ns() // 1000 for chunk in chunks)
