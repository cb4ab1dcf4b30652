"""What an amendment may say of a record: the actions, what can be put right, and how a new value must look."""

from __future__ import annotations

from typing import Literal, get_args

from gaugetrail_contract.record import Amendment, Event, Inspection, Measurement, Record, Subject
from gaugetrail_contract.record.parts import CharacteristicKind
from gaugetrail_contract.text import DECIMAL

Action = Literal["correct", "void", "exclude", "re-attribute", "annotate"]
ACTIONS: tuple[Action, ...] = get_args(Action)
ATTRIBUTED = (
    *("serial", "lot", "order", "heat", "supplier_lot", "cavity", "fixture", "tool", "operator", "part", "revision"),
    *("machine", "operation", "shift", "customer", "order_line"),
)
"""What an inspection is of, by and with: what it can be re-attributed to."""
GAUGE_OF = "gauge of "
"""Before a characteristic: what it was measured with, which can be re-attributed, too."""
READ_AS = {
    CharacteristicKind.VARIABLE: "value",
    CharacteristicKind.COUNT: "value",
    CharacteristicKind.ATTRIBUTE: "result",
    CharacteristicKind.TEXT: "text",
}
"""Where a measurement of each kind has what was read."""
FOUND_UNDER: tuple[tuple[Literal["unit", "lot", "order"], str], ...] = (
    ("unit", "serial"),
    ("lot", "lot"),
    ("order", "order"),
)


def needs_approval(action: str) -> bool:
    """Whether another person has to say yes."""
    return action != "annotate"


def attributed(record: Inspection) -> tuple[str, ...]:
    """Every name under which this record can be re-attributed."""
    gauges = (GAUGE_OF + one.characteristic for one in record.measurements if one.gauge is not None)
    return (*ATTRIBUTED, *dict.fromkeys(gauges))


def gauge_named(field: str | None, *gauges: str | None) -> tuple[Subject, ...]:
    """Whoever asks for the gauges that an amendment names finds it; nothing where it is about no gauge."""
    if field is None or not field.startswith(GAUGE_OF):
        return ()
    return tuple(Subject(kind="gauge", id=one) for one in gauges if one)


def says(record: Record, name: str) -> str | None:
    """What an inspection says of a characteristic or under one of its names; null where it says nothing."""
    if not isinstance(record, Inspection):
        return None
    for one in record.measurements:
        if one.characteristic == name:
            read: str | None = getattr(one, READ_AS[one.kind])
            return read
        if name == GAUGE_OF + one.characteristic:
            return one.gauge
    said: str | None = getattr(record, name) if name in ATTRIBUTED else None
    return said


def fits(one: Measurement, new: str) -> bool:
    """Whether a measurement of that kind can have it as its value."""
    if one.kind is CharacteristicKind.VARIABLE:
        return len(new) <= 64 and bool(DECIMAL.holds(new))
    if one.kind is CharacteristicKind.COUNT:
        return new.isascii() and new.isdecimal() and len(new) <= 18
    return new in ("ok", "nok") if one.kind is CharacteristicKind.ATTRIBUTE else bool(new)


def found_under(record: Record) -> tuple[Subject, ...]:
    """What is said of a record is found under its unit, lot and order, whatever time is asked about."""
    if isinstance(record, Inspection):
        named = ((kind, getattr(record, name)) for kind, name in FOUND_UNDER)
        return tuple(Subject(kind=kind, id=one) for kind, one in named if one is not None)
    return record.subjects if isinstance(record, Amendment) else (record.subject,)[: isinstance(record, Event)]
