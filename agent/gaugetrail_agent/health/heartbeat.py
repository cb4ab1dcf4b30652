"""When the agent says how it is: every few seconds, and at once when something has changed for whoever watches.

`health` holds what is said; this gathers it from the parts, sends the status document and tells the metrics. All of it
runs on the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gaugetrail_agent.clock.watch import ClockWatch
from gaugetrail_agent.delivery.collector_keys import CollectorKeys
from gaugetrail_agent.delivery.publisher import Publisher
from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.calibration import Standing
from gaugetrail_agent.health.report import Health, spool_alarm
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import Display
from gaugetrail_contract.status import AgentStatus, DocumentsHeld, PinsHeld, SpoolStatus, VerdictsTold
from gaugetrail_service.scheduler import Scheduler

if TYPE_CHECKING:  # loaded where the settings have [metrics]
    from gaugetrail_service.web.metrics import MetricsServer

BEAT_SECS = 5.0
NEWS_SECS = 1.0
CLOCK_SECS = 1.0
"""What stations do and what delivery complains of is told at most so late."""


class Heartbeat:
    """The agent's word about itself. Devices and stations report to it as they change."""

    def __init__(
        self,
        health: Health,
        *,
        spool: Spool,
        publisher: Publisher,
        collectors: CollectorKeys,
        clock_watch: ClockWatch,
        metrics: MetricsServer[AgentStatus] | None,
    ) -> None:
        self._health = health
        self._spool = spool
        self._publisher = publisher
        self._collectors = collectors
        self._clock_watch = clock_watch
        self._metrics = metrics
        self.on_beat: Callable[[AgentStatus], None] = lambda _: None
        self.gauges: Callable[[], Sequence[Standing]] = lambda: ()
        """How the gauges stand today, as whoever holds the register says."""
        self.documents: Callable[[], DocumentsHeld | None] = lambda: None
        """How this PC stands with the documents."""
        self.pins: Callable[[], PinsHeld | None] = lambda: None
        """How this PC stands with PINs."""
        self.verdicts: Callable[[], VerdictsTold | None] = lambda: None
        """What became of the verdicts for displays; null where none are told."""
        self._told: tuple[object, ...] = ()
        self._spool_state: SpoolStatus | None = None

    def schedule(self, scheduler: Scheduler) -> None:
        """Beat by itself from the scheduler's start on."""
        scheduler.every(BEAT_SECS, "heartbeat", self.beat)
        scheduler.every(NEWS_SECS, "news", self.tell_news)
        scheduler.every(CLOCK_SECS, "clock", self.look_at_clock)

    def beat(self) -> None:
        """Send the status document of this moment."""
        self._told = self._news()
        spool = self._spool.state()
        self._gather(spool)
        document = self._health.document(spool, self._publisher.state())
        self._publisher.publish_status(document)
        self.on_beat(document)
        if self._metrics is not None:
            self._metrics.tell(document)

    def tell_news(self) -> None:
        """A line that is watched live is told of each change, not of each heartbeat."""
        if self._news() != self._told:
            self.beat()

    def look_at_clock(self) -> None:
        """A clock that is wrong or has jumped is told at once."""
        if self._health.alarm("clock", self._clock_watch.look()):
            self.beat()

    def station(self, display: Display) -> None:
        """A station shows something else; one whose part the spool refuses is an alarm."""
        shown = display.document(ENGLISH)
        self._health.show(display.station, shown)
        refused = f"{display.station}: {shown['message']}" if display.waits == "refused" else None
        if self._health.alarm(f"refused {display.station}", refused):
            self.beat()

    def device(self, name: str, state: DeviceState) -> None:
        """A device's state has changed; that it came, went or complains is told at once."""
        before = self._health.devices.get(name)
        self._health.devices[name] = state
        changed = self._health.alarm(f"device {name}", state.alarm or None)
        if changed or before is None or before.up != state.up:
            self.beat()

    def bounced(self, device: str) -> None:
        """A value was dropped as the bounce of a key."""
        self._health.bounces[device] += 1

    def _news(self) -> tuple[object, ...]:
        delivery = self._publisher.alarm(), self._publisher.not_taken(), self._collectors.strange()
        return dict(self._health.stations), *delivery, self.documents(), self.pins()

    def _gather(self, spool: SpoolStatus) -> None:
        """What nobody reports by himself."""
        self._health.collector_keys = self._collectors.known()
        self._health.alarm("collector", self._collectors.strange())
        self._health.gauges_stand(self.gauges())
        self._health.alarm("broker", self._publisher.alarm())
        self._health.alarm("not taken", self._publisher.not_taken())
        self._health.documents = documents = self.documents()
        self._health.alarm("documents", documents.detail or None if documents is not None else None)
        self._health.pins = pins = self.pins()
        self._health.alarm("pins", pins.detail or None if pins is not None else None)
        self._health.alarm("locked", _locked(pins))
        self._health.verdicts = verdicts = self.verdicts()
        self._health.alarm("verdicts", _untold(verdicts) if self._publisher.alarm() is None else None)
        if self._metrics is not None:
            self._health.alarm("metrics", self._metrics.trouble)
        before, self._spool_state = self._spool_state, spool
        self._health.alarm("spool", spool_alarm(spool, before))


def _untold(verdicts: VerdictsTold | None) -> str | None:
    """Where the broker is gone altogether, delivery says so."""
    if verdicts is None or not verdicts.detail:
        return None
    return f"verdicts for displays are not told: {verdicts.detail}"


def _locked(pins: PinsHeld | None) -> str | None:
    if pins is None or not pins.locked:
        return None
    return f"locked here after wrong PINs: {', '.join(pins.locked)}; gaugetrail-agent people unlock, or %ALLOW there"
