"""The screens of an agent's stations, as the agent meets them: what is seen and measured goes in, and what people say
comes out.

Promise: everything that comes in is on the agent's own loop and costs it well under a millisecond; looking, drawing and
serving are the web server's thread's, so that a fault there stops no station. A gauge that streams is shown
`BARS_A_SEC` times a second and no oftener, its newest value last. Only what the station waits for now is shown of it,
in the plan's unit; nothing else is guessed to be that value.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gaugetrail_agent.reading import WITH_VALUE, Reading, Status
from gaugetrail_agent.screen.drawing import Drawing, PageFacts
from gaugetrail_agent.screen.pages import AgentStopping, StationPages
from gaugetrail_agent.screen.paper_rack import KeptFiles, PaperRack
from gaugetrail_agent.screen.settings import ScreenTable
from gaugetrail_agent.screen.streams import Streams
from gaugetrail_agent.seen.scale import scale_of
from gaugetrail_agent.seen.snapshot import ShownMoment
from gaugetrail_agent.seen.wall_clock import on_wall
from gaugetrail_agent.station.runner import StationRunner
from gaugetrail_contract.clock import Clock
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_service.process import own_version
from gaugetrail_service.web.guard import Guard
from gaugetrail_service.web.server import Web

BARS_A_SEC = 20
BEAT_SECS = 1.0


@dataclass(slots=True)
class _Bar:
    """What a station waits for, and what its gauge shows."""

    wanted: Characteristic | None = None
    newest: Reading | None = None
    due: asyncio.TimerHandle | None = None
    shown_at: float = 0.0


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
        self._bars = {name: _Bar() for name in names}
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
        if name in self._bars:
            self._await(self._bars[name], moment.shown.next)
            self._streams.put(name, replace(moment, has_file=self._files.has))

    # --- the gauge that a station waits for

    def read(self, device: str, reading: Reading) -> None:
        """A device gave a reading."""
        for name, bar in self._bars.items():
            wanted = bar.wanted
            if wanted is not None and _is_of(wanted, device, reading) and self._streams_here(name, device):
                self._move(name, bar, reading)

    def _streams_here(self, name: str, device: str) -> bool:
        """Whether the device shows something all the time; what a key sends is taken or refused, and then shown."""
        facts = self._stations[name].setup.devices.get(device)
        return facts is not None and facts.rule.fresh != "event"

    def _await(self, bar: _Bar, wanted: Characteristic | None) -> None:
        """Another characteristic: what was shown for the one before isn't shown for it."""
        if wanted != bar.wanted:
            bar.wanted, bar.newest = wanted, None

    def _move(self, name: str, bar: _Bar, reading: Reading) -> None:
        bar.newest = reading
        if bar.due is not None:
            return
        loop = asyncio.get_running_loop()
        wait = bar.shown_at + 1 / BARS_A_SEC - loop.time()
        if wait > 0:
            bar.due = loop.call_later(wait, self._show_bar, name, bar)
        else:
            self._show_bar(name, bar)

    def _show_bar(self, name: str, bar: _Bar) -> None:
        bar.due, bar.shown_at = None, asyncio.get_running_loop().time()
        if bar.wanted is not None and bar.newest is not None:
            self._streams.put_bar(name, bar_of(bar.wanted, bar.newest))

    # --- what goes out

    def _said(self, station: str, text: str, raw: bytes) -> None:
        """On the web server's thread: the station hears it on its own."""
        loop = self._loop
        if loop is None:
            raise AgentStopping("the agent is stopping: nothing is taken")
        loop.call_soon_threadsafe(self._stations[station].scanned, text, None, raw)


def bar_of(wanted: Characteristic, reading: Reading) -> dict[str, object]:
    """What the page is told of a gauge in motion: the value as the gauge gave it, and where it stands on the bar."""
    scale = scale_of(wanted.nominal, wanted.lsl, wanted.usl)
    assert reading.value is not None, "what has no value isn't shown"
    return {
        "of": wanted.name,
        "value": reading.value,
        "at": None if scale is None else scale.place(reading.value),
        "moving": reading.status is Status.UNSTABLE,
    }


def _is_of(wanted: Characteristic, device: str, reading: Reading) -> bool:
    """Whether it is a value of what is wanted, in the plan's unit. A plan that says no channel of several is refused
    by the station, which says so.
    """
    return (
        wanted.device == device
        and reading.status in WITH_VALUE
        and wanted.channel in (None, reading.channel)
        and reading.unit in (None, wanted.unit)
    )
