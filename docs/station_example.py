"""An example station in every kind of state, and every kind of event: what the table of the station is driven with.

Promise: a state is reached by events through the station's own rules, as it would be on the floor, never put together
by hand where events lead to it. A kind of event that stands nowhere here is told by `events_without_example`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.freshness import FreshRule, Owner, Use
from gaugetrail_agent.station.given.orders_here import OrderAtWork, OrdersHere
from gaugetrail_agent.station.looking_back import FoundRecords, RecordSearch
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.setup import DeviceFacts, Setup
from gaugetrail_agent.station.steps import step
from gaugetrail_agent.station.words.effect import CountOrders, KeepIt, RecallUnit, TakeOrder
from gaugetrail_agent.station.words.happening import (
    BatchCame,
    EventKept,
    HeldKnown,
    LookedBack,
    NextScan,
    Noticed,
    NotKept,
    NotRecorded,
    OrdersCounted,
    OrderTaken,
    PastKnown,
    PinsKnown,
    PinTried,
    Recorded,
    Scanned,
    StationEvent,
    Tick,
    TryAgain,
    Unanswered,
    UnitRecalled,
    UsedElsewhere,
    ValueCame,
    Woke,
)
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.amending.asking import AMENDING
from gaugetrail_agent.station.workflow.commands import COMMANDS
from gaugetrail_agent.station.workflow.unit_states.deciding import LOOKING
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.gauges import Gauge
from gaugetrail_contract.documents.order import OrderDocument
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.events.amendments import AmendmentRequested
from gaugetrail_contract.events.gauge_checks import GaugeChecked
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.pins import PinFate
from gaugetrail_contract.questions.history import UnitHistory
from gaugetrail_contract.record import Capture, EventBody, InspectionBody, PlanRef, Subject, Verdict

BEGIN_US = 1_795_852_800_000_000
"""2026-11-28, 08:00."""
PLAN = {
    "id": "CP-1",
    "revision": "C",
    "part": "PR-74",
    "approved_by": "QE-3",
    "approved_on": "2026-11-01",
    "characteristic": (
        {"name": "bore", "unit": "mm", "lsl": "73.950", "usl": "74.050", "device": "bore"}
        | {"plausible_low": "70", "plausible_high": "80"},
        {"name": "looks", "kind": "attribute", "skip": "with_reason"},
        {"name": "weight", "unit": "g", "lsl": "10.0", "device": "scale"},
        {"name": "force", "unit": "kN", "lsl": "10", "usl": "20", "device": "press"},
    ),
}
PRESSED = FreshRule(asked=True)
"""Each value was sent by somebody."""


def example_station(mode: str = "operator") -> Setup:
    """An operator's station with orders, people, a good gauge and one that is overdue; or an automatic one."""
    only = PLAN["characteristic"][3:] if mode == "automatic" else PLAN["characteristic"][:3]
    file = PlanFile.model_validate({**PLAN, "characteristic": only})
    people = (
        Person.model_validate({"badge": "OP-12", "name": "Ada", "roles": ("operator",)}),
        Person.model_validate({"badge": "OP-13", "name": "Ben", "roles": ("operator",)}),
        Person.model_validate({"badge": "OP-3", "name": "Eve", "roles": ("quality engineer",)}),
    )
    gauges = (("G-17", "2027-03-31"), ("G-18", "2026-11-27"), ("G-19", "2027-06-30"))
    return Setup(
        site="plant1",
        line="line1",
        station="OP20",
        mode="automatic" if mode == "automatic" else "operator",
        plan=Plan(file, PlanRef(id="CP-1", revision="C", sha256="0" * 64), Path("cp.toml")),
        devices={
            "bore": DeviceFacts("G-17", Capture.GAUGE, PRESSED),
            "scale": DeviceFacts("G-18", Capture.GAUGE, PRESSED),
            "press": DeviceFacts("G-19", Capture.PLC, PRESSED),
        },
        gauges={one: Gauge.model_validate({"id": one, "calibration_due": due}) for one, due in gauges},
        people=PeopleList(qualifications="not_kept", person=people),
        badge=re.compile(r"OP-\d+"),
        unit=re.compile(r"SN\d{6}"),
        orders=OrdersHere({"PO-1": _edition()}, lambda _: _order()) if mode == "operator" else None,
        order_code=re.compile(r"PO-\d+"),
        orders_wanted="offered",
    )


def _edition() -> ListedEdition:
    facts = {"kind": "order", "revision": "1", "edition": 1, "state": "effective", "sha256": "0" * 64, "size": 9}
    return ListedEdition.model_validate({"id": "PO-1", "effective": "2026-11-28T08:00:00.000000Z", **facts})


def _order() -> OrderDocument:
    return OrderDocument.model_validate({"id": "PO-1", "part": "PR-74", "quantity": 5})


@dataclass(slots=True)
class ExampleFloor:
    """A station and a clock that moves a second an event."""

    setup: Setup = field(default_factory=example_station)
    state: StationState = field(default_factory=StationState)
    now_us: int = BEGIN_US
    kept: InspectionBody | None = None
    """The journal of the unit in hand."""

    def happens(self, event: StationEvent) -> None:
        """And what the runner would look up at once."""
        self.now_us += 1_000_000
        self.state, effects = step(self.setup, self.state, event)
        for effect in effects:
            if isinstance(effect, TakeOrder):
                self.happens(OrderTaken(effect.work, effect.scan))
            if isinstance(effect, CountOrders):
                self.happens(OrdersCounted(effect.orders, effect.count))
            if isinstance(effect, RecallUnit):
                self.happens(UnitRecalled(0, effect.scan))
            if isinstance(effect, KeepIt):
                self.kept = effect.body


# --- events

EventMade = Callable[[int, StationState], StationEvent]
"""Made for a moment, and for the state that it meets."""


def read(text: str) -> EventMade:
    """A code reader reads."""
    return lambda us, _: Scanned(text, us, us * 1000, raw=text.encode())


def typed(text: str) -> EventMade:
    """A person types, or presses a button."""
    return lambda us, _: Scanned(text, us, us * 1000)


def value(device: str, text: str | None, unit: str | None = "mm", status: Status = Status.OK) -> EventMade:
    """A gauge sends."""
    return lambda us, _: ValueCame(device, Reading(status, b"", value=text, unit=unit), us, us * 1000)


def block(serial: str, force: str) -> EventMade:
    """A PLC offers."""
    readings = (
        Reading(Status.INFO, b"", channel="serial", text=serial),
        Reading(Status.OK, b"", value=force, unit="kN", channel="force"),
    )
    return lambda us, _: BatchCame("press", readings, 7, (us, us + 1), us * 1000)


def _moment(us: int) -> Moment:
    return Moment(us, us * 1000, "boot")


def _recorded(state: StationState) -> Recorded:
    body = state.sealing
    return Recorded("pc1/e/1", "SN000001", Verdict.PASS if body is None else body.verdict, body=body)


def _held(us: int) -> HeldKnown:
    """By its own station, say, after a bad part."""
    said = {"kind": "unit", "id": "SN000001", "state": "hold", "since": utc_text(us), "record": "pc2/e/1"}
    return HeldKnown(HeldNow.of((ListedState.model_validate(said),), us))


def _looked_back(us: int) -> LookedBack:
    return LookedBack(RecordSearch(LOOKING, lot="L-1"), FoundRecords(), us, us * 1000)


def _unit_found(us: int) -> LookedBack:
    return LookedBack(RecordSearch(AMENDING, unit="SN000001"), FoundRecords(), us, us * 1000)


def _request_kept() -> EventKept:
    said = {"target": "pc1/e/1", "target_sha256": "0" * 64, "target_time": utc_text(BEGIN_US), "action": "void"}
    payload = AmendmentRequested.model_validate(said)
    subject = Subject(kind="agent", id="pc1")
    body = EventBody(site="plant1", line="line1", station="OP20", type=payload.TYPE, subject=subject,
                     payload=payload.written())  # fmt: skip
    return EventKept(body, "pc1/e/2")


def _check_kept() -> EventKept:
    said = {"result": "pass", "characteristic": "bore", "master": "M-74", "value": "74.001", "low": "73.999"}
    payload = GaugeChecked.model_validate({**said, "high": "74.003", "device": "bore", "plan": "CP-1"})
    subject = Subject(kind="gauge", id="G-17")
    body = EventBody(site="plant1", line="line1", station="OP20", type=payload.TYPE, subject=subject,
                     payload=payload.written())  # fmt: skip
    return EventKept(body, "pc1/e/1")


def _scan_of_unit(us: int) -> Scanned:
    return Scanned("SN000001", us, us * 1000, raw=b"SN000001")


def _not_kept(state: StationState) -> NotKept:
    return NotKept(state.unit, "the disk is full", state.memory, state.dialog)


def _taken(us: int) -> OrderTaken:
    return OrderTaken(OrderAtWork(_order(), _edition()), Scanned("PO-1", us, us * 1000, raw=b"PO-1"))


def _commands() -> Iterator[tuple[str, EventMade]]:
    """Each with the example of what it is about, where it has one, and alone."""
    for one in COMMANDS:
        if one.alone:
            yield f"`{one.word}`", typed(one.word)
        if one.about:
            yield f"`{one.word}:{one.about}`", typed(f"{one.word}:{one.about}")


WORK = OrderAtWork(_order(), _edition())
NOT_WELL = Noticed("broker", Notice("amber", said("notice.broker_away")))
ELSEWHERE = Owner("SN000009", ("PR-74", "SN000009"), 0)

EVENTS: tuple[tuple[str, EventMade], ...] = (
    ("a badge", read("OP-12")),
    ("another's badge", read("OP-13")),
    ("the badge of a quality engineer", read("OP-3")),
    ("a badge that nobody has", read("OP-99")),
    ("a unit's code", read("SN000001")),
    ("another unit's code", read("SN000002")),
    ("a code that is no unit's", read("XY")),
    ("a code with signs inside that nobody sees", read("SN\x01000001")),
    ("an order's code", read("PO-1")),
    ("the code of an order that nobody knows", read("PO-9")),
    *_commands(),
    ("a number is typed", typed("74.012")),
    ("digits of a PIN are typed", typed("482193")),
    ("a good value", value("bore", "74.012")),
    ("a value out of tolerance", value("bore", "74.081")),
    ("a value that can't be true", value("bore", "740")),
    ("a value in motion", value("bore", "74.012", status=Status.UNSTABLE)),
    ("over the range", value("bore", None, None, Status.OVERRANGE)),
    ("a value of a gauge that is overdue", value("scale", "12.0", "g")),
    ("a PLC's block", block("SN000001", "15.2")),
    ("a PLC's block without a serial", block("", "15.2")),
    ("it is known how much of the order is done", lambda us, _: _taken(us)),
    ("it is known how much of each order is done", lambda _, __: OrdersCounted((WORK,), 1)),
    ("the unit that was scanned was never here", lambda us, _: UnitRecalled(0, _scan_of_unit(us))),
    ("the unit that was scanned has been here before", lambda us, _: UnitRecalled(1, _scan_of_unit(us))),
    ("nobody has said in time what becomes of the unfinished unit", lambda _, __: Unanswered()),
    ("the spool hasn't kept what happened last", lambda _, state: _not_kept(state)),
    ("another station has used what the gauge shows", lambda _, __: UsedElsewhere(("bore", None), Use(1, ELSEWHERE))),
    ("the line says that the unit is held", lambda us, _: _held(us)),
    ("the line says that nothing is held any more", lambda _, __: HeldKnown(HeldNow())),
    ("the store says what it knows of the unit", lambda _, __: PastKnown("SN000001", UnitHistory())),
    ("nobody could say in time what is known of it", lambda _, __: PastKnown("SN000001", None, "no answer in 300 ms")),
    ("the records of this PC say what is known of a lot", lambda us, _: _looked_back(us)),
    ("the records of this PC say what is known of a unit", lambda us, _: _unit_found(us)),
    ("a request for an amendment is in the spool", lambda _, __: _request_kept()),
    ("the check of a gauge is in the spool", lambda _, __: _check_kept()),
    ("something around isn't well", lambda _, __: NOT_WELL),
    ("it is well again", lambda _, __: Noticed("broker", None)),
    ("a badge has a PIN from now on", lambda _, __: PinsKnown(frozenset({"OP-12"}))),
    ("the PIN was right", lambda us, _: PinTried("OP-12", PinFate("right"), us)),
    ("the PIN was wrong", lambda us, _: PinTried("OP-12", PinFate("wrong", secs=2, left=3), us)),
    ("the PIN was wrong once too often", lambda us, _: PinTried("OP-12", PinFate("locked"), us)),
    ("the spool has committed the record", lambda _, state: _recorded(state)),
    ("the spool refuses", lambda _, __: NotRecorded("the disk is full")),
    ("a scan that waited has its turn", lambda _, __: NextScan()),
    ("time to offer a refused record again", lambda _, __: TryAgain()),
    ("a second has passed", lambda us, _: Tick(_moment(us))),
    ("the station has started again", lambda us, _: Woke(_moment(us))),
)


def events_without_example(kinds: Iterable[type] = get_args(StationEvent)) -> list[str]:
    """Kinds of events that no row of `EVENTS` is of: each needs one."""
    there = {type(made(BEGIN_US, StationState())) for _, made in EVENTS}
    return sorted(kind.__name__ for kind in kinds if kind not in there)


# --- states

LOGGED_IN = (read("OP-12"),)
IN_HAND = (*LOGGED_IN, read("SN000001"))
MEASURED = (*IN_HAND, value("bore", "74.012"))
LOCKED = (*MEASURED, typed("%OK"), value("scale", "12.0", "g"))
SEALING = (*MEASURED, typed("%CANCEL"))
WITH_PIN = (lambda _, __: PinsKnown(frozenset({"OP-12"})), *LOGGED_IN)

STATES: Mapping[str, Sequence[EventMade]] = {
    "nobody is logged in": (),
    "somebody is logged in": LOGGED_IN,
    "an order is worked at": (*LOGGED_IN, read("PO-1")),
    "an order is to be chosen from the list": (*LOGGED_IN, typed("%ORDERS")),
    "a unit is in hand, a gauge is wanted": IN_HAND,
    "a unit is in hand, a result is to be scanned or typed": MEASURED,
    "a value is asked about": (*IN_HAND, value("bore", "740")),
    "something is asked": (*MEASURED, typed("%NOTE")),
    "a gauge was refused": LOCKED,
    "somebody asks that it be allowed": (*LOCKED, typed("%ALLOW:until Monday")),
    "a record is on its way": SEALING,
    "a record is on its way, and a scan waits": (*SEALING, read("SN000002")),
    "the spool refuses the record": (*SEALING, lambda _, __: NotRecorded("the disk is full")),
    "the spool refuses the record, and a scan waits": (
        *(*SEALING, lambda _, __: NotRecorded("the disk is full")),
        read("SN000002"),
    ),
    "which record is to be amended is asked": (*LOGGED_IN, typed("%VOID:a try-out")),
    "a PIN is waited for": WITH_PIN,
    "a PIN is being tried": (*WITH_PIN, typed("482193")),
    "the unit to come is held": (*LOGGED_IN, lambda us, _: _held(us)),
    "something around isn't well": (*LOGGED_IN, lambda _, __: NOT_WELL),
}
"""A kind of state -> the events that lead to it from the start of an operator's station."""


def example_states() -> Iterator[tuple[str, ExampleFloor]]:
    """Every kind of state with its station: by events; two after a restart; an automatic station's."""
    for name, events in STATES.items():
        yield name, _after(ExampleFloor(), events)
    left = _after(ExampleFloor(), MEASURED)
    again = StationState(unfinished=left.kept)  # as the runner takes it up from the journal
    yield "a unit is unfinished, nobody is logged in", ExampleFloor(left.setup, again, left.now_us)
    yield "a unit is unfinished, somebody is logged in", _after(ExampleFloor(left.setup, again, left.now_us), LOGGED_IN)
    yield "an automatic station", ExampleFloor(example_station("automatic"))


def _after(floor: ExampleFloor, events: Sequence[EventMade]) -> ExampleFloor:
    for made in events:
        floor.happens(made(floor.now_us, floor.state))
    return floor
