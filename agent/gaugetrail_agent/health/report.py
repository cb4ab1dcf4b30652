"""What the agent says of itself: the status document and the figures behind it. No I/O of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gaugetrail_agent.drivers.stream import DeviceState
from gaugetrail_agent.health.calibration import Standing
from gaugetrail_contract.clock import Clock, utc_text
from gaugetrail_contract.status import (
    AgentStatus,
    DeliveryStatus,
    DeviceStatus,
    DocumentsHeld,
    GaugeStatus,
    PinsHeld,
    SpoolStatus,
    StationStatus,
    VerdictsTold,
)
from gaugetrail_service.logs.writer import dropped
from gaugetrail_service.process import own_version

MAX_ALARMS = 20
COPIED = (
    "this PC was put back from a snapshot, or a copy of it runs: a collector has another history of its records; both "
    "are stored, and a new epoch has begun. If another PC runs with this name, give one of them another [agent] id"
)


@dataclass
class Health:
    """Collects what the parts report; `document` writes it down."""

    agent: str
    clock: Clock
    config_sha256: str
    key: str | None = None
    line: str | None = None
    insecure: tuple[str, ...] = ()
    started: str = field(init=False)
    devices: dict[str, DeviceState] = field(default_factory=dict)
    stations: dict[str, str] = field(default_factory=dict)
    station_details: dict[str, StationStatus] = field(default_factory=dict)
    station_devices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    collector_keys: Mapping[str, str] = field(default_factory=dict)
    gauges: Mapping[str, GaugeStatus] = field(default_factory=dict)
    bounces: Counter[str] = field(default_factory=Counter)
    documents: DocumentsHeld | None = None
    pins: PinsHeld | None = None
    verdicts: VerdictsTold | None = None
    _alarms: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.started = utc_text(self.clock.now_us())

    def alarm(self, key: str, text: str | None) -> bool:
        """Raise the alarm `key`, or clear it with null. True when that changed anything. The text holds nothing that
        counts up or passes: another text is another alarm. Figures stand beside it in the document.
        """
        if text is None:
            return self._alarms.pop(key, None) is not None
        changed = self._alarms.get(key) != text
        self._alarms[key] = text
        return changed

    def gauges_stand(self, standings: Sequence[Standing]) -> None:
        """How the gauges stand with their calibration today; one that isn't fit is an alarm."""
        for gone in self.gauges.keys() - {one.gauge for one in standings}:
            self.alarm(f"gauge {gone}", None)
        for one in standings:
            self.alarm(f"gauge {one.gauge}", one.alarm)
        self.gauges = {one.gauge: one.status() for one in standings}

    def alarms(self) -> dict[str, str]:
        """The alarms of this moment by key. Any thread."""
        return dict(self._alarms)

    def show(self, station: str, display: Mapping[str, object]) -> None:
        """A station has changed: what its terminal shows, as far as others need it."""
        state = str(display["state"])
        self.stations[station] = state
        told = {"waits_for": state, "person": display["operator"], "unit": display["serial"]}
        told |= {key: display[key] for key in ("plan", "revision", "plan_sha256")}
        told["overrides"] = display["overrides"]
        told["devices"] = self.station_devices.get(station, ())
        told["refused"] = display["message"] if state == "refused" else None
        notices = display["notices"]
        assert isinstance(notices, list), "a display's notices are a list"
        told["barred"] = next((one["text"] for one in notices if one["about"] == "plan" and one["sign"] == "red"), None)
        told |= {"sign": display["sign"], "notices": tuple(one["text"] for one in notices)}
        self.station_details[station] = StationStatus.model_validate(told)

    def document(self, spool: SpoolStatus, delivery: DeliveryStatus | None = None) -> AgentStatus:
        """The status document of this moment."""
        return AgentStatus(
            online=True,
            agent=self.agent,
            line=self.line,
            time=utc_text(self.clock.now_us()),
            started=self.started,
            version=own_version(),
            config_sha256=self.config_sha256,
            key=self.key,
            collector_keys=dict(self.collector_keys),
            spool=spool,
            delivery=delivery,
            devices=self._devices(),
            stations=dict(self.stations),
            station_details=dict(self.station_details),
            gauges=dict(self.gauges),
            clock=self.clock.trust(),
            documents=self.documents,
            pins=self.pins,
            verdicts=self.verdicts,
            insecure=self.insecure,
            log_dropped=dropped(),
            alarms=tuple(list(self._alarms.values())[:MAX_ALARMS]),
        )

    def _devices(self) -> Mapping[str, DeviceStatus]:
        now_us, now = self.clock.now_us(), self.clock.mono_ns() / 1e9
        return {
            name: DeviceStatus(
                up=state.up,
                detail=state.detail,
                readings=state.readings,
                garbled=state.garbled,
                faults=state.faults,
                bounced=self.bounces[name],
                # Devices report in monotonic seconds; the wall clock may have been set since.
                last_reading=(
                    None if state.last_reading is None else utc_text(now_us - round((now - state.last_reading) * 1e6))
                ),
            )
            for name, state in dict(self.devices).items()  # whole at once: another thread may ask
        }


def spool_alarm(now: SpoolStatus, before: SpoolStatus | None) -> str | None:
    """What is wrong with the spool: it refuses, or has lost records since the last look; null when all is well."""
    if now.refuses is not None:
        return f"the spool takes no records: {now.refuses}; parts are not recorded until that is over"
    if now.full:
        return "the spool takes no records: as many wait as it may hold; parts are not recorded until there is room"
    if now.saved:
        return (
            "the spool's files were deleted or replaced while the agent ran; all was saved into new ones: find out "
            "what does it, nothing may touch spool.db while the agent runs"
        )
    if now.branched:
        return COPIED
    if now.dropped > (before.dropped if before else now.dropped):
        return "the spool was full: unsent records were dropped, as their plan allows; events name them"
    if now.damaged > (before.damaged if before else 0):
        return "the disk has spoilt records of the spool; see gaugetrail-agent spool ls --state damaged"
    return None
