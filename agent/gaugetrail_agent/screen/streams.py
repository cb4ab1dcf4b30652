"""The live events of the stations' pages: the moment a station changes, each of its pages is told.

Promise: whoever listens gets the newest state, never a queue of old ones; a client that is slow misses what is over. A
beat goes out each second as long as the agent's own loop turns, so that a page knows how old it is; where the loop
hangs there is no beat, and the page says so. There are at most `MOST_LISTENERS`. No framework: `events` is what an
answer's body is made of.

    hello   the version of the page that this agent gives out: another one reloads
    screen  the page's parts, as HTML
    bar     what a gauge that is in motion shows, as JSON
    beat    the time on the wall
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field

from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, snapshot

MOST_LISTENERS = 40
LONGEST_WAIT_SECS = 5.0
"""After so long a stream looks whether the service is closing, beat or no beat."""


@dataclass(slots=True)
class _NewestOf:
    """What is newest of one station; each number says how often that has changed."""

    moment: ShownMoment | None = None
    number: int = 0
    bar: str = "{}"
    bar_number: int = 0
    seen: Snapshot | None = None
    told: int = 0
    html: str = ""
    html_number: int = 0


@dataclass(eq=False, slots=True)
class _Listener:
    """One page's stream, on the web server's loop."""

    loop: asyncio.AbstractEventLoop
    wake: asyncio.Event = field(default_factory=asyncio.Event)


class Streams:
    """`draw` makes the parts of a snapshot. Looking and drawing are the web server's thread's: a fault there ends a
    page's stream, and no station. `put`, `put_bar`, `beat` and `close` may be called from any.
    """

    def __init__(self, stations: Iterable[str], version: str, draw: Callable[[Snapshot, int], str]) -> None:
        self._stations = {name: _NewestOf() for name in stations}
        self._listeners: dict[str, set[_Listener]] = {name: set() for name in self._stations}
        self._version = version
        self._draw = draw
        self._beat = ("", 0)
        self._closing = False
        self._lock = threading.Lock()

    @property
    def full(self) -> bool:
        """Whether there is no room for another listener."""
        return sum(map(len, self._listeners.values())) >= MOST_LISTENERS

    # --- from the agent

    def put(self, station: str, moment: ShownMoment) -> None:
        """The station looks like this now."""
        one = self._stations[station]
        one.moment = moment
        one.number += 1
        self._wake(station)

    def put_bar(self, station: str, bar: dict[str, object]) -> None:
        """The gauge that the station waits for shows this now."""
        one = self._stations[station]
        one.bar = json.dumps(bar, ensure_ascii=False)
        one.bar_number += 1
        self._wake(station)

    def beat(self, clock: str) -> None:
        """The agent's loop turns; `clock` is the time on the wall."""
        self._beat = (clock, self._beat[1] + 1)
        for station in self._stations:
            self._wake(station)

    def close(self) -> None:
        """Let every stream end."""
        self._closing = True
        for station in self._stations:
            self._wake(station)

    def _wake(self, station: str) -> None:
        with self._lock:
            listeners = tuple(self._listeners[station])
        for one in listeners:
            with contextlib.suppress(RuntimeError):  # its server has just ended
                one.loop.call_soon_threadsafe(one.wake.set)

    # --- to the pages

    async def events(self, station: str) -> AsyncIterator[str]:
        """The events of a page, until the service closes."""
        one, mine = self._stations[station], _Listener(asyncio.get_running_loop())
        with self._lock:
            self._listeners[station].add(mine)
        try:
            yield _event("hello", self._version)
            number, bar, beat, sent = 0, one.bar_number, 0, ""
            while not self._closing:
                mine.wake.clear()
                if self._beat[1] != beat:
                    clock, beat = self._beat
                    yield _event("beat", clock)
                if one.number != number:
                    number = one.number
                    if (html := self._html(one)) != sent:
                        sent = html
                        yield _event("screen", html)
                if one.bar_number != bar:
                    bar = one.bar_number
                    yield _event("bar", one.bar)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LONGEST_WAIT_SECS):
                        await mine.wake.wait()
        finally:
            with self._lock:
                self._listeners[station].discard(mine)

    def newest(self, station: str) -> tuple[Snapshot | None, int]:
        """The station's newest snapshot, and how often something new was said."""
        one = self._stations[station]
        if one.moment is not None:
            self._html(one)
        return one.seen, one.told

    def _html(self, one: _NewestOf) -> str:
        """Drawn once, however many pages show it."""
        if one.html_number == one.number:
            return one.html
        number, moment, before = one.number, one.moment, one.seen
        assert moment is not None, "what has a number has been shown"
        seen = snapshot(moment)
        if before is None or _spoken_of(before) != _spoken_of(seen):
            one.told += 1
        if seen != before:
            one.seen, one.html = seen, self._draw(seen, one.told)
        one.html_number = number
        return one.html


def _spoken_of(seen: Snapshot) -> tuple[object, ...]:
    """What is heard when it changes."""
    last = seen.made.units[0] if seen.made.units else None
    return seen.answer, seen.says, last


def _event(kind: str, data: str) -> str:
    return f"event: {kind}\n" + "".join(f"data: {line}\n" for line in data.split("\n")) + "\n"
