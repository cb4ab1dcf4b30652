"""What one record says of the state of units and lots: an inspection its verdict, an event what somebody decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gaugetrail_contract.clock import moment_us
from gaugetrail_contract.events.nonconformity import GaugeStateSaid, UnitStateSaid
from gaugetrail_contract.record.model import Event, EventBody, Inspection, InspectionBody, Record
from gaugetrail_contract.record.parts import UnitState, Verdict

About = tuple[Literal["serial", "lot"], str]
"""What it is said of: the kind of identifier, and which."""
Order = tuple[int, str, str, int]
"""Time, agent, epoch, seq: where a record stands among all."""
_BY_VERDICT = {Verdict.PASS: UnitState.PASS, Verdict.FAIL: UnitState.FAIL}


@dataclass(frozen=True, slots=True)
class StateWordSaid:
    """One word on the state of a unit or lot, with where it comes from."""

    state: UnitState
    order: Order
    record: str
    place: str
    """Operation or station: a pass lifts the fails of its own place only."""
    line: str = ""
    measured: bool = False
    """It is an inspection's verdict; else somebody said it."""
    why: str = ""
    code: str | None = None
    reaction: str | None = None
    until_us: int | None = None
    by: str | None = None
    role: str | None = None
    characteristic: str | None = None
    gauge: str | None = None

    @property
    def time_us(self) -> int:
        """When it was said."""
        return self.order[0]


@dataclass(frozen=True, slots=True)
class GaugeWordSaid:
    """One word on a gauge: blocked, or fit again."""

    state: Literal["blocked", "fit"]
    order: Order
    record: str
    why: str
    check: str | None = None
    by: str | None = None
    role: str | None = None

    @property
    def time_us(self) -> int:
        """When it was said."""
        return self.order[0]


def order_of(record: Record) -> Order:
    """Where the record stands among all."""
    return record.time_us, record.agent, record.epoch, record.seq


def states_said(record: Record) -> Iterator[tuple[About, StateWordSaid]]:
    """What the record says of which unit or lot; nothing where it says nothing of any state."""
    if isinstance(record, Inspection):
        word = measured_word(record, order_of(record), record.id)
        if word is not None and record.serial is not None:
            yield ("serial", record.serial), word
    elif isinstance(record, Event):
        yield from states_of_event(record, order_of(record), record.id)


def measured_word(body: InspectionBody, order: Order, record: str) -> StateWordSaid | None:
    """What an inspection says of its unit, with where it stands and what it is called; null: nothing."""
    state = _BY_VERDICT.get(body.verdict)
    if state is None:
        return None
    place = body.operation or body.station
    failed = ", ".join(dict.fromkeys(one.characteristic for one in body.measurements if one.verdict == Verdict.FAIL))
    why = f"{place}: {failed}" if failed else place
    return StateWordSaid(state, order, record, place, body.line, measured=True, why=why, by=body.operator)


def states_of_event(event: EventBody, order: Order, record: str) -> Iterator[tuple[About, StateWordSaid]]:
    """The same of an event, with where it stands and what it is called."""
    said = UnitStateSaid.read(event.payload) if event.type == UnitStateSaid.TYPE else None
    if said is None or event.subject.kind not in UnitStateSaid.subjects():
        return
    word = StateWordSaid(
        UnitState(said.state),
        order,
        record,
        event.station,
        event.line,
        why=said.why,
        code=said.code or event.reason_code,
        reaction=said.reaction,
        until_us=None if said.until is None else moment_us(said.until) or 0,  # no moment of the calendar: it has come
        by=event.by,
        role=event.role,
        characteristic=said.characteristic,
        gauge=said.gauge,
    )
    kind: Literal["serial", "lot"] = "serial" if event.subject.kind == "unit" else "lot"
    units: tuple[About, ...] = tuple(("serial", one) for one in said.serials)
    yield from ((about, word) for about in dict.fromkeys(((kind, event.subject.id), *units)))


def gauge_said(record: Record) -> tuple[str, GaugeWordSaid] | None:
    """`(gauge, word)`; null where the record says nothing of a gauge's fitness."""
    return gauge_of_event(record, order_of(record), record.id) if isinstance(record, Event) else None


def gauge_of_event(event: EventBody, order: Order, record: str) -> tuple[str, GaugeWordSaid] | None:
    """The same of an event, with where it stands and what it is called."""
    about_gauge = (event.type, event.subject.kind) == (GaugeStateSaid.TYPE, "gauge")
    said = GaugeStateSaid.read(event.payload) if about_gauge else None
    if said is None:
        return None
    return event.subject.id, GaugeWordSaid(said.state, order, record, said.why, said.check, event.by, event.role)
