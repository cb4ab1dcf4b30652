"""A device on a link that follows a script, with a driver of lines. Time is a number that the link moves on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from gaugetrail_agent.drivers import Action, Send, StreamDriver
from gaugetrail_agent.drivers.stream import DeviceState, StreamDevice
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.reading import Reading, Status


class LineDriver(StreamDriver):
    """Digits up to CR; asks with `?` and the channel. Ticks and silences leave a mark."""

    name = "line"

    def __init__(self, tick_secs: float | None = None) -> None:
        self.tick_secs = tick_secs
        self.rest_of_line = b""
        self.marks: list[str] = []

    def opened(self) -> Sequence[Action]:
        self.rest_of_line = b""
        return (Send(b"hello"),)

    def received(self, data: bytes) -> Sequence[Action]:
        *lines, self.rest_of_line = (self.rest_of_line + data).split(b"\r")
        return [self._reading(line) for line in lines]

    def _reading(self, line: bytes) -> Reading:
        if line.isdigit():
            return Reading(Status.OK, line, value=line.decode())
        return Reading(Status.GARBLED, line)

    def quiet(self) -> Sequence[Action]:
        self.marks.append("quiet")
        return ()

    def ask(self, channel: str | None = None) -> Sequence[Action]:
        return (Send(b"?" + (channel or "").encode()),)

    def ticked(self, now: float) -> Sequence[Action]:
        self.marks.append(f"tick {now:g}")
        return ()


class Over(BaseException):
    """The script has come to its end; no `Exception`, for these are faults that a device lives through."""


@dataclass
class ScriptedLink:
    """Bytes and cuts at given times; `open_fails` is how many openings are refused first."""

    events: list[tuple[float, bytes | str]]
    end: float = 1000.0
    now: float = 0.0
    open_fails: int = 0
    open_fault: type[DeviceGone] = DeviceGone
    answers: bytes = b""
    write_fails_at: float | None = None
    name: str = "/dev/ttyUSB0"
    opened: list[float] = field(default_factory=list)
    closed: int = 0
    written: list[tuple[float, bytes]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    async def open(self) -> None:
        if self.open_fails:
            self.open_fails -= 1
            raise self.open_fault(f"{self.name}: no such port")
        self.opened.append(self.now)

    async def read(self, timeout_secs: float) -> bytes:
        await asyncio.sleep(0)
        if self.events and self.events[0][0] <= self.now + timeout_secs:
            at, event = self.events.pop(0)
            self.now = max(at, self.now)
            if isinstance(event, str):
                raise DeviceGone(f"{self.name}: {event}")
            return event
        self.now += timeout_secs
        if self.now >= self.end:
            raise Over
        return b""

    async def write(self, data: bytes) -> None:
        if self.write_fails_at is not None and self.now >= self.write_fails_at:
            self.write_fails_at = None
            raise DeviceGone(f"{self.name}: took no data for 3 s")
        self.written.append((self.now, data))
        if self.answers and data.startswith(b"?"):
            self.events.insert(0, (self.now + 0.01, self.answers))

    async def close(self) -> None:
        self.closed += 1

    async def sleep(self, secs: float) -> None:
        self.pauses.append(secs)
        self.now += secs
        if self.now >= self.end:
            raise Over


@dataclass
class Bench:
    link: ScriptedLink
    driver: LineDriver = field(default_factory=LineDriver)
    readings: list[Reading] = field(default_factory=list)
    states: list[DeviceState] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)

    def device(self, **options: object) -> StreamDevice:
        return StreamDevice(
            "bore",
            self.link,
            self.driver,
            emit=lambda name, reading: self.readings.append(reading),
            on_state=lambda name, state: self.states.append(state),
            on_raw=lambda name, data: self.raw.append(data),
            monotonic=lambda: self.link.now,
            sleep=self.link.sleep,
            jitter=lambda low, high: 1.0,
            **options,  # type: ignore[arg-type]
        )

    def run(self, **options: object) -> StreamDevice:
        device = self.device(**options)
        with pytest.raises(Over):
            asyncio.run(device.run())
        return device

    @property
    def values(self) -> list[str | None]:
        return [reading.value for reading in self.readings]
