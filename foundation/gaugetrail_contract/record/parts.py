"""The parts that a record is made of: words out of a few, and the small objects that stand in its keys.

Each key's rules stand in its type (`text`); lists have bounds. What is null, or an empty list that 0.1 didn't write, is
left out of the bytes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from gaugetrail_contract.text import DateText, DecimalText, Hex256, Identifier, Text, UtcText


class Word(StrEnum):
    """A text out of a few, hashed as the text that it equals (an enum hashes its name, in Python, 0.2 us each time)."""

    __hash__ = str.__hash__


class Verdict(Word):
    """What an inspection came to."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    INCOMPLETE = "incomplete"
    VOID = "void"


class Reason(Word):
    """Why the unit was inspected."""

    RUNNING = "running"
    SETUP = "setup"
    FIRST = "first"
    LAST = "last"
    AUDIT = "audit"
    SPECIAL = "special"
    INCOMING = "incoming"
    REWORK = "rework"
    MSA = "msa"


class CharacteristicKind(Word):
    """What a control plan measures."""

    VARIABLE = "variable"
    ATTRIBUTE = "attribute"
    COUNT = "count"
    TEXT = "text"


class UnitState(Word):
    """What a unit was released or held as."""

    NOT_INSPECTED = "not inspected"
    PASS = "pass"  # noqa: S105 - a state, no password
    FAIL = "fail"
    HOLD = "hold"
    REWORK = "rework"
    SCRAP = "scrap"
    CONCESSION = "concession"
    RELEASED = "released"


class Capture(Word):
    """How a value came into the record."""

    GAUGE = "gauge"
    PLC = "plc"
    SCAN = "scan"
    TYPED = "typed"
    FILE = "file"
    DERIVED = "derived"


Value = TypeVar("Value")


def written(value: Value) -> Value:
    """The default of a key that is written although it has one: msgspec leaves out what is null, not what was made."""
    made: Value = msgspec.field(default_factory=lambda: value)
    return made


class Part(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Base of all that a record is made of. None can hold itself, so the garbage collector needn't look at them."""


class PlanRef(Part, frozen=True, kw_only=True):
    """Which revision of which control plan held, and the digest of the approved document."""

    id: Identifier
    revision: Identifier
    sha256: Hex256
    title: Text | None = None
    effective: Annotated[DateText | None, Meta(description="from when the revision held")] = None


class Override(Part, frozen=True, kw_only=True):
    """Somebody let something pass that the station would have refused."""

    who: Identifier
    why: Annotated[Text, Meta(min_length=1)]
    approved_by: Identifier | None = None


class Condition(Part, frozen=True, kw_only=True):
    """What it was like around the measurement: temperature, humidity …"""

    name: Identifier
    value: DecimalText
    unit: Identifier | None = None
    gauge: Annotated[Identifier | None, Meta(description="the inventory id of what measured it")] = None


class PastOperation(Part, frozen=True, kw_only=True):
    """What the station knew of an operation before its own."""

    operation: Identifier
    verdict: Annotated[Verdict | None, Meta(description="left out: nobody could tell in time")] = None
    station: Identifier | None = None
    record: Annotated[Identifier | None, Meta(description="id of the record: agent/epoch/seq")] = None


class Instruction(Part, frozen=True, kw_only=True):
    """The document that was shown to the operator."""

    id: Identifier
    revision: Identifier
    sha256: Hex256 | None = None


class BuiltIn(Part, frozen=True, kw_only=True):
    """A component that was built in, by its serial or its lot."""

    id: Identifier
    kind: Literal["serial", "lot"]
    part: Identifier | None = None


class Interruption(Part, frozen=True, kw_only=True):
    """The inspection was left and taken up again."""

    interrupted: UtcText
    resumed: UtcText
    why: Text | None = None


class ControlLimits(Part, frozen=True, kw_only=True):
    """The control limits that the value was held against."""

    lcl: Annotated[DecimalText | None, Meta(description="lower control limit")] = None
    cl: Annotated[DecimalText | None, Meta(description="centre line")] = None
    ucl: Annotated[DecimalText | None, Meta(description="upper control limit")] = None
    version: Annotated[Identifier, Meta(description="which set of limits it was")]
    document: Annotated[Identifier | None, Meta(description="the document; its revision is the version")] = None
    sha256: Annotated[Hex256 | None, Meta(description="digest of the approved document")] = None


class Signal(Part, frozen=True, kw_only=True):
    """A rule of the control chart that the value broke."""

    rule: Identifier
    limits: Annotated[Identifier, Meta(description="version of the control limits")]
    chart: Annotated[Identifier | None, Meta(description="on which chart: i, mr, xbar, r, s")] = None
    points: Annotated[
        tuple[Annotated[int, Meta(ge=1)], ...],
        Meta(max_length=100, description="the points of the pattern, counted at the station since the limits held"),
    ] = ()


class Subgroup(Part, frozen=True, kw_only=True):
    """The value's place in a subgroup of the control chart."""

    id: Identifier
    position: Annotated[int, Meta(ge=1, description="1 for the subgroup's first value")]
    size: Annotated[int, Meta(ge=1, description="how many values the subgroup has when it is whole")]


class EarlierValue(Part, frozen=True, kw_only=True):
    """A value that was there before this one and doesn't count."""

    value: Text
    why: Annotated[Text, Meta(min_length=1)]
    fate: Annotated[Literal["refused", "replaced"], Meta(description="refused by the station or replaced by a person")]
    time: UtcText | None = None


class FoundDefect(Part, frozen=True, kw_only=True):
    """Defects of one kind at one place."""

    code: Identifier
    place: Annotated[Identifier | None, Meta(description="where on the unit")] = None
    count: Annotated[int, Meta(ge=1)]


class Attachment(Part, frozen=True, kw_only=True):
    """A file that belongs to a record and is kept elsewhere; its digest says which one it was."""

    name: Identifier
    media_type: Annotated[Identifier, Meta(description="as in MIME: image/jpeg, application/pdf …")]
    size: Annotated[int, Meta(ge=0, description="bytes")]
    sha256: Hex256


class Subject(Part, frozen=True, kw_only=True):
    """What an event is about."""

    kind: Literal[
        "unit",
        "lot",
        "order",
        "gauge",
        "plan",
        "person",
        "supplier",
        "customer",
        "station",
        "agent",
        "document",
        "characteristic",
        "machine",
        "complaint",
        "audit",
    ]
    id: Identifier
