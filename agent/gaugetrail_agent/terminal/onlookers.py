"""Consoles that draw a station whole: the moment it changes each of them is told, in words.

Promise: whoever looks on gets the newest moment, never a queue of old ones; a slow one misses what is over. A beat goes
out each second, so that a console knows how old it is. What nobody looks on at costs nothing but its being kept. Lines:

    {"whole": {…}}          the station (`whole`)
    {"bar": {…}}            what the gauge shows that it waits for (`seen.moving`)
    {"beat": "14:03:22"}    the time on the wall
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from gaugetrail_agent.seen.moving import Bar
from gaugetrail_agent.seen.snapshot import ShownMoment, snapshot
from gaugetrail_agent.seen.wall_clock import on_wall
from gaugetrail_agent.terminal.whole import whole
from gaugetrail_contract.clock import Clock

BEAT_SECS = 1.0


@dataclass(slots=True)
class _Newest:
    """Of one station; `number` says how often it has changed."""

    moment: ShownMoment | None = None
    number: int = 0
    line: bytes = b""
    line_number: int = 0
    bar: bytes = b""
    bar_number: int = 0
    wakes: set[asyncio.Event] = field(default_factory=set)

    def wake(self) -> None:
        """Whoever looks on has something to be told."""
        for wake in self.wakes:
            wake.set()


class Onlookers:
    """All on the agent's loop."""

    def __init__(self, stations: Iterable[str], clock: Clock) -> None:
        self._stations = {name: _Newest() for name in stations}
        self._clock = clock

    def draw(self, station: str, moment: ShownMoment) -> None:
        """The station looks like this now."""
        one = self._stations[station]
        one.moment, one.number = moment, one.number + 1
        one.wake()

    def put_bar(self, station: str, bar: Bar) -> None:
        """The gauge that the station waits for shows this now."""
        one = self._stations[station]
        if one.wakes:  # it is of this moment alone
            one.bar, one.bar_number = _line({"bar": bar}), one.bar_number + 1
            one.wake()

    async def tell(self, station: str, writer: asyncio.StreamWriter) -> None:
        """Write what is new, for as long as the console is there. Raises `OSError` when it is gone."""
        one, wake = self._stations[station], asyncio.Event()
        one.wakes.add(wake)
        clock = asyncio.get_running_loop().time
        number, bar, sent, next_beat = 0, one.bar_number, b"", clock()
        try:
            while True:
                wake.clear()
                if one.number != number:
                    number = one.number
                    if (line := _line_of(one)) != sent:
                        sent = line
                        writer.write(line)
                if one.bar_number != bar:
                    bar = one.bar_number
                    writer.write(one.bar)
                if clock() >= next_beat:
                    next_beat = clock() + BEAT_SECS
                    writer.write(_line({"beat": on_wall(self._clock.now_us()).strftime("%H:%M:%S")}))
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(next_beat - clock(), 0.0)):
                        await wake.wait()
        finally:
            one.wakes.discard(wake)


def _line_of(one: _Newest) -> bytes:
    """Made once, however many look on."""
    if one.line_number != one.number:
        assert one.moment is not None, "what has a number has been shown"
        one.line, one.line_number = _line({"whole": whole(snapshot(one.moment))}), one.number
    return one.line


def _line(what: object) -> bytes:
    return json.dumps(what, ensure_ascii=False).encode() + b"\n"
