"""What the line looks like now: the last words of agents and collectors, and the inspections that were just stored.

Filled from two sides, what neighbours say of themselves and what the intake stores; read by the pages. Held in memory
and bounded: it is a view, and everything in it can be had again from the store and the retained status documents.

What the collector knows by itself (broker, store) stands apart from what it was told: with the broker away, nothing is
claimed of line PCs and other collectors but what they were when they were last heard.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from gaugetrail_collector.statuses import Heard, Neighbours
from gaugetrail_contract.record import Inspection, Record, Verdict
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeviceStatus, GaugeStatus, StationStatus

LAST_LOOKS = 100
"""Inspections kept for each station; the yield is over these."""
MOST_STATIONS = 1000
MOST_UNREAD = 2000


@dataclass(frozen=True, slots=True)
class Look:
    """One inspection in a line: what the board shows of it."""

    id: str
    agent: str
    site: str
    line: str
    station: str
    unit: str
    unit_kind: str
    part: str
    verdict: Verdict
    attempt: int
    time_us: int
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StationView:
    """One station: where it is, what its agent says of it, and its last inspections, newest first."""

    agent: str
    station: str
    place: str
    state: str | None
    person: str | None
    plan: str | None
    online: bool
    looks: tuple[Look, ...]
    faults: tuple[tuple[str, str], ...] = ()
    """Devices of the station that are gone, each with what its agent says of it."""
    notices: tuple[str, ...] = ()
    """What its operator is told that isn't well, the worst first."""
    red: bool = False
    """Whether no part can be measured or recorded there now."""
    overrides: int = 0
    """How often since its agent's start somebody let measure what it refuses."""

    @property
    def well(self) -> bool:
        """Whether its last verdict may stand in colour: its agent is here, so are its devices, and it takes parts."""
        return self.online and not self.faults and not self.red

    @property
    def told(self) -> tuple[str, ...]:
        """What isn't well: as its operator is told, else as its agent says of the devices."""
        return self.notices or tuple(f"{device}: {detail}" for device, detail in self.faults)

    @property
    def first_looks(self) -> tuple[Look, ...]:
        """The first inspection of each unit among the last."""
        return tuple(look for look in self.looks if look.attempt == 1 and look.verdict in (Verdict.PASS, Verdict.FAIL))

    @property
    def first_pass_yield(self) -> float | None:
        """Share of units that passed at the first look; null while none was inspected."""
        first = self.first_looks
        return sum(look.verdict is Verdict.PASS for look in first) / len(first) if first else None


@dataclass(frozen=True, slots=True)
class View:
    """Everything at one moment."""

    now_us: int
    own: CollectorStatus
    """This collector's state as it is now, whatever the broker has of it."""
    agents: Mapping[str, Heard[AgentStatus]]
    collectors: Mapping[str, Heard[CollectorStatus]]
    stations: tuple[StationView, ...]

    @property
    def broker_up(self) -> bool:
        """Whether what the others say reaches this collector."""
        return self.own.broker == "up"

    @property
    def as_of_us(self) -> int | None:
        """When anybody was last heard; null while nobody was."""
        heard = [one.heard_us for one in self.agents.values()] + [one.heard_us for one in self.collectors.values()]
        return max(heard, default=None)

    @property
    def alarms(self) -> tuple[tuple[str, str], ...]:
        """Who complains of what, this collector's own troubles apart: alarms of agents, services that are gone. With
        the broker away, nobody is called gone: it can't be known.
        """
        found: list[tuple[str, str]] = []
        for name, agent in self.agents.items():
            if not agent.document.online and self.broker_up:
                found.append((name, "the agent is gone; what its stations record waits on its PC"))
            found += [(name, alarm) for alarm in agent.document.alarms if agent.document.online]
        for name, collector in self.collectors.items():
            found += [(name, what) for what in self._alarms_of(name, collector.document)]
        return tuple(found)

    def _alarms_of(self, name: str, collector: CollectorStatus) -> Iterable[str]:
        if not collector.online:
            if self.broker_up:
                yield "the collector is gone"
            return
        if collector.store == "down" and name != self.own.collector:
            yield f"the store is down: {collector.store_detail}"
        yield from collector.alarms
        for history in collector.second_histories:
            yield f"{history}: a second history, of a PC that was put back or copied; both are stored"
        for agent in collector.newer_agents:
            yield f"{agent} sends keys that this collector doesn't know; they are stored: update the collector"

    @property
    def gauges(self) -> tuple[tuple[str, str, GaugeStatus], ...]:
        """Gauges that are overdue, blocked or soon due, while their agent is here: agent, number, how it stands."""
        return tuple(
            (name, number, gauge)
            for name, agent in self.agents.items()
            if agent.document.online
            for number, gauge in agent.document.gauges.items()
            if gauge.detail
        )

    @property
    def units_seen(self) -> int:
        """How many first looks the yield is over."""
        return sum(len(one.first_looks) for one in self.stations)

    @property
    def first_pass_yield(self) -> float | None:
        """Share of first looks that passed, over all stations; null while there was none."""
        passed = sum(look.verdict is Verdict.PASS for one in self.stations for look in one.first_looks)
        return passed / self.units_seen if self.units_seen else None

    @property
    def agents_online(self) -> int:
        """How many agents are here."""
        return sum(heard.document.online for heard in self.agents.values())

    @property
    def collectors_online(self) -> int:
        """How many collectors are here."""
        return sum(heard.document.online for heard in self.collectors.values())

    @property
    def waiting(self) -> int | None:
        """Records on all line PCs that are not in the store yet, as far as their agents have said; null where nobody
        can say: the broker is away.
        """
        if not self.broker_up:
            return None
        spools = (heard.document.spool for heard in self.agents.values())
        return sum(spool.waiting for spool in spools if spool is not None)


@dataclass
class _Station:
    """The last looks in the order of time, whatever order they come in."""

    looks: list[Look] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)

    def take(self, look: Look) -> None:
        if look.id in self.ids:
            return
        insort(self.looks, look, key=lambda one: one.time_us)
        self.ids.add(look.id)
        if len(self.looks) > LAST_LOOKS:
            self.ids.discard(self.looks.pop(0).id)


class Board:
    """Thread-safe. `version` grows with each change, so that who shows it knows when to look again.

    `own` tells the collector's own state; `retired` names the agents that were let go.
    """

    def __init__(
        self,
        now_us: Callable[[], int],
        neighbours: Neighbours,
        own: Callable[[], CollectorStatus],
        retired: Callable[[], Collection[str]] = tuple,
    ) -> None:
        self.version = 0
        self._now_us = now_us
        self._neighbours = neighbours
        self._own = own
        self._retired = retired
        self._lock = threading.Lock()
        self._last_agents: dict[str, AgentStatus] = {}
        self._stations: dict[tuple[str, str], _Station] = {}
        self._unread: deque[Record] = deque(maxlen=MOST_UNREAD)

    def take_stored(self, records: Iterable[Record]) -> None:
        """These have just been stored. Costs the intake nothing: they are looked at when somebody looks or speaks."""
        self._unread.extend(records)
        self.version += 1

    def heard(self) -> None:
        """A neighbour has said something; also the moment to look at what has been stored since."""
        with self._lock:
            self._read()
            self._agents()
        self.version += 1

    def view(self) -> View:
        """Everything at this moment."""
        own, retired = self._own(), self._retired()
        with self._lock:
            self._read()
            heard_of = self._agents()
            agents = {name: one for name, one in heard_of.items() if one.document.online or name not in retired}
            keys = {key for key in self._stations if key[0] in agents or key[0] not in retired}
            for name, heard in agents.items():
                keys |= {(name, station) for station in heard.document.stations}
            stations = [self._station(agent, station, agents.get(agent)) for agent, station in keys]
        stations.sort(key=lambda one: (one.place, one.station, one.agent))
        return View(self._now_us(), own, agents, self._collectors(own), tuple(stations))

    def _collectors(self, own: CollectorStatus) -> dict[str, Heard[CollectorStatus]]:
        """Collectors as heard; of itself a collector knows better than the broker does."""
        found = self._neighbours.collectors()
        if own.collector in found:
            found[own.collector] = replace(found[own.collector], document=own)
        return found

    def _agents(self) -> dict[str, Heard[AgentStatus]]:
        """Agents as heard; a last will knows only the name, so what the agent said before it went stands beside it."""
        agents = self._neighbours.agents()
        for name, heard in agents.items():
            if heard.document.online:
                self._last_agents[name] = heard.document
            elif name in self._last_agents:
                gone = self._last_agents[name].model_copy(update={"online": False})
                agents[name] = replace(heard, document=gone)
        return agents

    def _station(self, agent: str, station: str, heard: Heard[AgentStatus] | None) -> StationView:
        held = self._stations.get((agent, station), _Station())
        looks = tuple(reversed(held.looks))
        told = StationStatus() if heard is None else heard.document.station_details.get(station, StationStatus())
        return StationView(
            agent,
            station,
            f"{looks[0].site} / {looks[0].line}" if looks else "",
            heard.document.stations.get(station) if heard is not None else None,
            told.person,
            f"{told.plan} {told.revision or ''}".strip() if told.plan is not None else None,
            heard is not None and heard.document.online,
            looks,
            () if heard is None else faults_of(heard.document, station),
            told.notices,
            told.sign == "red",
            told.overrides,
        )

    def _read(self) -> None:
        while self._unread:
            record = self._unread.popleft()
            if not isinstance(record, Inspection):
                continue
            key = (record.agent, record.station)
            if key not in self._stations and len(self._stations) >= MOST_STATIONS:
                continue
            self._stations.setdefault(key, _Station()).take(look_of(record))


def faults_of(agent: AgentStatus, station: str) -> tuple[tuple[str, str], ...]:
    """The station's devices that are gone. An agent of before 0.2 doesn't say which devices are whose: then any of its
    devices may be this station's.
    """
    told = agent.station_details.get(station, StationStatus()).devices
    down = {name: device for name, device in agent.devices.items() if not device.up}
    return tuple((name, _trouble(name, device)) for name, device in down.items() if told is None or name in told)


def _trouble(name: str, device: DeviceStatus) -> str:
    """In the agent's words, which begin with the name."""
    return device.detail.removeprefix(f"{name}: ") or "is not connected"


def look_of(record: Inspection) -> Look:
    """What the board shows of an inspection."""
    unit, kind = (record.serial, "serial") if record.serial is not None else (record.lot, "lot")
    return Look(
        id=record.id,
        agent=record.agent,
        site=record.site,
        line=record.line,
        station=record.station,
        unit=unit or "",
        unit_kind=kind,
        part=f"{record.part} {record.revision or ''}".strip(),
        verdict=record.verdict,
        attempt=record.attempt,
        time_us=record.time_us,
        failed=tuple(one.characteristic for one in record.measurements if one.verdict is Verdict.FAIL),
    )
