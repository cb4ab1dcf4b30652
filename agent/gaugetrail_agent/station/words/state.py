"""Where a station stands, and the step that a rule takes from there: the next state and its effects. Pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.freshness import Channel, Sight, Use
from gaugetrail_agent.station.given.orders_here import OrderAtWork
from gaugetrail_agent.station.memory import Moment, StationMemory
from gaugetrail_agent.station.words.dialog import Dialog, PinWanted
from gaugetrail_agent.station.words.effect import Effect
from gaugetrail_agent.station.words.happening import Noticed, PastKnown, Scanned, ValueCame
from gaugetrail_agent.station.words.notice import Light, Notice
from gaugetrail_agent.station.words.unit import LiftedLock, Lock, Unit
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.record import InspectionBody, Verdict


@dataclass(frozen=True, slots=True)
class Last:
    """The last inspection the station was told about."""

    serial: str
    verdict: Verdict
    record: str


@dataclass(frozen=True, slots=True)
class StationState:
    """Where the station stands. `sealing` is a body on its way into the spool, or one the spool has refused so far.

    `unfinished` is a unit that the agent's last life left half measured, and `then` the scans that wait until what is
    being sealed is recorded. `sights` and `uses` are what decides whose a value is; `notices` is what is told of all
    around the station; `question` is a value that the operator is asked about. `lock` is what was refused last because
    of a person or a gauge, `plea` why somebody asks that it be allowed, and `allowed` what is, of whoever is here;
    `overrides` counts what was allowed since the agent's start. `order` is what is made. `memory` is what the station
    remembers beyond the unit, `dialog` what is asked; `acted` is when somebody did something last, in this `boot`.
    `held` is what is held on the line, `past` what the store knows of the unit that was scanned.
    """

    operator: str | None = None
    unit: Unit | None = None
    sealing: InspectionBody | None = None
    refused: str | None = None
    light: Light = "off"
    says: Sentence | None = None
    last: Last | None = None
    sights: Mapping[Channel, Sight] = field(default_factory=dict, compare=False)
    uses: Mapping[Channel, Use] = field(default_factory=dict, compare=False)
    notices: Mapping[str, Notice] = field(default_factory=dict)
    question: ValueCame | Scanned | None = None
    unfinished: InspectionBody | None = None
    then: tuple[Scanned, ...] = ()
    lock: Lock | None = None
    plea: str | None = None
    allowed: tuple[LiftedLock, ...] = ()
    overrides: int = 0
    order: OrderAtWork | None = None
    pins: frozenset[str] = frozenset()
    """The badges that have a PIN."""
    pin: PinWanted | None = None
    memory: StationMemory = field(default_factory=StationMemory)
    dialog: Dialog | None = None
    boot: str = field(default="", compare=False)
    """Which boot of the PC it is; told by `Woke`."""
    held: HeldNow = field(default_factory=HeldNow, compare=False)
    past: PastKnown | None = None
    typed_once: tuple[str, str] | None = None
    """A characteristic that has to be typed twice, and what was typed first."""
    acted: Moment | None = field(default=None, compare=False)
    windows_asked: Moment | None = field(default=None, compare=False)
    """When it was asked last what else a gauge in doubt has measured."""


Step = tuple[StationState, tuple[Effect, ...]]


def say(state: StationState, light: Light, what: Sentence) -> Step:
    """Nothing but the light and what is said changes."""
    return replace(state, light=light, says=what), ()


SIGNAL = "signal "
"""What a chart says is told under this and the characteristic's name."""


def with_signals(state: StationState, signals: Mapping[str, Notice]) -> StationState:
    """Only these are told of charts from now on; a state that tells the same is left as it is."""
    others = {about: notice for about, notice in state.notices.items() if not about.startswith(SIGNAL)}
    notices = {**others, **signals}
    return state if notices == state.notices else replace(state, notices=notices)


def noticed(state: StationState, event: Noticed) -> StationState:
    """What is told stands until its cause is gone."""
    others = {about: notice for about, notice in state.notices.items() if about != event.about}
    return replace(state, notices=others if event.notice is None else {**others, event.about: event.notice})
