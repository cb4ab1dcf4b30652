"""The screens of an agent's stations, as the agent meets them: what is seen and measured goes in, and what people say
comes out.

Promise: everything that comes in is on the agent's own loop and costs it well under a millisecond; looking, drawing and
serving are the web server's thread's, so that a fault there stops no station.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gaugetrail_agent.screen.drawing import Drawing, PageFacts
from gaugetrail_agent.screen.pages import AgentStopping, StationPages
from gaugetrail_agent.screen.paper_rack import KeptFiles, PaperRack
from gaugetrail_agent.screen.settings import ScreenTable
from gaugetrail_agent.screen.streams import Streams
from gaugetrail_agent.seen.moving import Bar
from gaugetrail_agent.seen.snapshot import ShownMoment
from gaugetrail_agent.seen.wall_clock import on_wall
from gaugetrail_agent.station.runner import StationRunner
from gaugetrail_contract.clock import Clock
from gaugetrail_service.process import own_version
from gaugetrail_service.web.guard import Guard
from gaugetrail_service.web.server import Web

BEAT_SECS = 1.0


class OperatorScreen:
    """One page a station of the agent. All but `start` and `stop` is called on the agent's loop."""

    def __init__(
        self,
        table: ScreenTable,
        agent: str,
        stations: Mapping[str, StationRunner],
        clock: Clock,
        port_file: Path,
        pictures: Path | None,
        files: KeptFiles,
    ) -> None:
        names = table.stations or tuple(stations)
        self._stations = stations
        self._clock = clock
        self._files = files
        self._names = frozenset(names)
        self._loop: asyncio.AbstractEventLoop | None = None
        token = secrets.token_urlsafe(24)
        # A page of before an update, or of before the agent's start, loads itself anew.
        version = f"{own_version()} {secrets.token_hex(8)}"
        facts = PageFacts(agent, version, token, pictures)
        drawing = Drawing(facts)
        self._streams = Streams(names, version, drawing.parts)
        rack = PaperRack(lambda name: stations[name].setup, lambda name: stations[name].state, files)
        pages = StationPages(names, facts, self._streams, drawing, rack, self._said)
        self.app = Guard(pages.app(), (table.host, *table.hosts), table="screen")
        self._web = Web("screen", self.app, table.host, table.port, port_file, self._streams.close)

    @property
    def trouble(self) -> str | None:
        """Why nobody sees it; null when all is well."""
        return self._web.trouble

    def start(self) -> None:
        """Serve from now on; called on the agent's loop."""
        self._loop = asyncio.get_running_loop()
        self.beat()
        self._web.start()

    def stop(self) -> None:
        """Close the pages; may be called without `start`."""
        self._loop = None
        self._web.stop()

    # --- what comes in

    def beat(self) -> None:
        """The agent's loop turns."""
        self._streams.beat(on_wall(self._clock.now_us()).strftime("%H:%M:%S"))

    def draw(self, name: str, moment: ShownMoment) -> None:
        """A station looks like this now."""
        if name in self._names:
            self._streams.put(name, replace(moment, has_file=self._files.has))

    def put_bar(self, name: str, bar: Bar) -> None:
        """The gauge that the station waits for shows this now."""
        if name in self._names:
            self._streams.put_bar(name, bar)

    # --- what goes out

    def _said(self, station: str, text: str, raw: bytes) -> None:
        """On the web server's thread: the station hears it on its own."""
        loop = self._loop
        if loop is None:
            raise AgentStopping("the agent is stopping: nothing is taken")
        loop.call_soon_threadsafe(self._stations[station].scanned, text, None, raw)
