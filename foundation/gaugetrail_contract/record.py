"""The record: what was measured, when, by whom, with which gauge, against which plan. Immutable once sealed.

A record is one JSON object. Its bytes are written once, by the agent's spool, and never re-serialised: what is sealed
is what is spooled, sent, stored and verified. `Head` is what the spool adds when it seals (identity, chain, time);
the bodies are what a station fills in. A record on the wire is the head's keys, then the body's.

Kinds: `inspection` (one unit at one station), `amendment` (a correction that leaves the original standing) and
`event` (anything else worth keeping in the same chain). Numbers that were measured are decimal strings.

These structs are the model: `write` gives a record's bytes, `record_bytes` reads them. Making one checks nothing; that
is done once, on the bytes, when they are sealed and wherever they are read. A key that is null is not written.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, get_type_hints

import msgspec
from msgspec import Meta, Struct

from gaugetrail_contract.clock import ClockTrust, utc_us
from gaugetrail_contract.events.registry import named
from gaugetrail_contract.strict_json import MAX_DEPTH
from gaugetrail_contract.text import (
    DateText,
    DecimalText,
    EpochName,
    Hex256,
    HexBytes,
    Identifier,
    Rule,
    Text,
    TopicName,
    UtcText,
)

SCHEMA: Literal["gaugetrail/1"] = "gaugetrail/1"
MAX_RECORD_BYTES = 60_000
"""InfluxDB keeps at most 64 KB in a string field; a larger inspection is split by the station into pieces."""
FIRST_PREV = "0" * 64
"""`prev` of the first record of an epoch."""


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


class Capture(Word):
    """How a value came into the record."""

    GAUGE = "gauge"
    PLC = "plc"
    SCAN = "scan"
    TYPED = "typed"
    FILE = "file"
    DERIVED = "derived"


Value = TypeVar("Value")


def _written(value: Value) -> Value:
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


class Measurement(Part, frozen=True, kw_only=True):
    """One characteristic of one unit, with the limits and the gauge as they stood at that moment."""

    characteristic: Identifier
    kind: CharacteristicKind
    value: Annotated[DecimalText | None, Meta(description="variable, count: the digits as the gauge gave them")] = None
    text: Annotated[Text | None, Meta(description="text: what was read or typed")] = None
    result: Annotated[Literal["ok", "nok"] | None, Meta(description="attribute: the result")] = None
    defects: Annotated[tuple[Identifier, ...], Meta(max_length=50, description="attribute: defect codes")] = _written(
        ()
    )
    unit: Identifier | None = None
    nominal: DecimalText | None = None
    lsl: Annotated[DecimalText | None, Meta(description="lower specification limit as used")] = None
    usl: Annotated[DecimalText | None, Meta(description="upper specification limit as used")] = None
    verdict: Verdict
    time: Annotated[UtcText, Meta(description="when the value was taken, strictly increasing per agent")]
    gauge: Annotated[Identifier | None, Meta(description="the gauge's inventory id")] = None
    channel: Identifier | None = None
    capture: Capture
    calibration_due: Annotated[DateText | None, Meta(description="as it stood when the value was taken")] = None
    calibration: Literal["valid", "due", "overdue", "blocked", "unknown"] | None = None
    raw: Annotated[HexBytes | None, Meta(description="the device's bytes, hex")] = None
    status: Annotated[Identifier | None, Meta(description="the reading's status")] = None


class Body(Part, frozen=True, kw_only=True):
    """What every record says of its place."""

    KIND: ClassVar[str]

    site: TopicName
    line: TopicName
    station: TopicName


class InspectionBody(Body, frozen=True, kw_only=True):
    """One unit at one station, as the station hands it to the spool."""

    KIND: ClassVar[str] = "inspection"

    part: Identifier
    revision: Identifier | None = None
    serial: Identifier | None = None
    lot: Identifier | None = None
    order: Identifier | None = None
    heat: Identifier | None = None
    supplier_lot: Identifier | None = None
    cavity: Identifier | None = None
    fixture: Identifier | None = None
    tool: Identifier | None = None
    components: Annotated[
        tuple[Identifier, ...], Meta(max_length=500, description="serials of the components built in")
    ] = _written(())
    operator: Annotated[Identifier | None, Meta(description="null on an automatic station")] = None
    qualification: Annotated[Identifier | None, Meta(description="the operator's qualification as it stood")] = None
    plan: PlanRef
    reason: Reason = _written(Reason.RUNNING)
    attempt: Annotated[
        int, Meta(ge=1, le=1_000_000, description="1 for the first measurement of the unit at this station")
    ] = _written(1)
    supersedes: Annotated[Identifier | None, Meta(description="id of the attempt before this one; it stays")] = None
    piece: Annotated[int, Meta(ge=1, description="number of this piece of a split inspection")] = _written(1)
    pieces: Annotated[int, Meta(ge=1, description="how many pieces the inspection was split into")] = _written(1)
    verdict: Verdict
    started: UtcText
    duration_ms: Annotated[int, Meta(ge=0)]
    measurements: tuple[Measurement, ...] = _written(())


class AmendmentBody(Body, frozen=True, kw_only=True):
    """A change to what a record says. The original stands; readers show both."""

    KIND: ClassVar[str] = "amendment"

    target: Annotated[Identifier, Meta(description="id of the record: agent/epoch/seq")]
    target_sha256: Hex256
    action: Literal["correct", "void", "exclude", "re-attribute", "annotate"]
    field: Identifier | None = None
    old: Text | None = None
    new: Text | None = None
    reason: Annotated[Text, Meta(min_length=1)]
    requested_by: Identifier
    approved_by: Identifier | None = None


class Subject(Part, frozen=True, kw_only=True):
    """What an event is about."""

    kind: Literal["unit", "lot", "order", "gauge", "plan", "person", "supplier", "customer", "station", "agent"]
    id: Identifier


def _is_payload(value: object, depth: int = 2) -> bool:
    """A measured number is a decimal string; a key without a value is left out; strict JSON reads no deeper."""
    if isinstance(value, dict | list | tuple):
        inside = value.values() if isinstance(value, dict) else value
        return depth <= MAX_DEPTH and all(_is_payload(inner, depth + 1) for inner in inside)
    return value is not None and not isinstance(value, float)


Payload = Annotated[
    dict[str, Any], Rule("a payload without floats and nulls (numbers as text), not nested deeply", _is_payload)
]


class EventBody(Body, frozen=True, kw_only=True):
    """Anything else that belongs to the trail: a plan change, a clock step, a gauge check, a lost range."""

    KIND: ClassVar[str] = "event"

    type: Identifier
    subject: Subject
    payload: Annotated[Payload, Meta(description="no floats and no nulls: measured numbers are text")] = msgspec.field(
        default_factory=dict
    )


class Head(Part, frozen=True, kw_only=True):
    """What the spool writes when it seals: schema, identity, chain and time."""

    schema_: Literal["gaugetrail/1"] = msgspec.field(name="schema", default_factory=lambda: SCHEMA)
    kind: str
    agent: TopicName
    epoch: Annotated[EpochName, Meta(description="drawn when a spool is created")]
    seq: Annotated[int, Meta(ge=1, le=2**53, description="gapless from 1 within the epoch")]
    prev: Annotated[Hex256, Meta(description="seal of seq-1; zeros for seq 1")]
    time: Annotated[UtcText, Meta(description="strictly increasing per agent")]
    utc_offset_min: Annotated[int, Meta(ge=-1440, le=1440, description="local civil time minus UTC")]
    clock: ClockTrust
    mono_ns: Annotated[int, Meta(ge=0, description="monotonic clock, for later repair of time")]
    boot: Annotated[Identifier, Meta(description="boot id that mono_ns belongs to")]
    slot: Annotated[int, Meta(ge=0, le=999, description="the agent's nanosecond slot in the store")]

    @property
    def id(self) -> str:
        """`agent/epoch/seq`, what amendments and receipts call the record."""
        return record_id(self.agent, self.epoch, self.seq)

    @property
    def time_us(self) -> int:
        """`time` as microseconds since 1970."""
        return utc_us(self.time)


if TYPE_CHECKING:

    class Inspection(InspectionBody, Head, frozen=True):
        """A sealed inspection."""

    class Amendment(AmendmentBody, Head, frozen=True):
        """A sealed amendment."""

    class Event(EventBody, Head, frozen=True):
        """A sealed event."""

else:

    def _sealed(body: type[Body], doc: str) -> type[Body]:
        """The body with the head's keys before its own. A struct has one base with keys of its own, so they are added
        to the body's; keys that need no keyword stand before those that do, which is their order in the bytes.
        """
        hints = get_type_hints(Head, include_extras=True) | {"kind": Literal[body.KIND]}
        names = zip(Head.__struct_fields__, Head.__struct_encode_fields__, strict=True)
        return msgspec.defstruct(
            body.KIND.capitalize(),
            [(name, hints[name], msgspec.field(name=written)) for name, written in names],
            bases=(body,),
            namespace={"__doc__": doc, "id": Head.id, "time_us": Head.time_us},
            module=__name__,
            frozen=True,
        )

    Inspection = _sealed(InspectionBody, "A sealed inspection.")
    Amendment = _sealed(AmendmentBody, "A sealed amendment.")
    Event = _sealed(EventBody, "A sealed event.")

Record = Inspection | Amendment | Event
KINDS: dict[str, type[Record]] = {"inspection": Inspection, "amendment": Amendment, "event": Event}

write = msgspec.json.Encoder().encode
"""The bytes of a struct: compact JSON in UTF-8, keys in the model's order, what is null left out."""


def record_id(agent: str, epoch: str, seq: int) -> str:
    """The name of a record: `agent/epoch/seq`."""
    return f"{agent}/{epoch}/{seq}"


def as_json(record: Record) -> dict[str, object]:
    """The keys and values that the record's bytes hold."""
    found: dict[str, object] = msgspec.to_builtins(record)
    return found


IDENTIFIER_KINDS = ("serial", "lot", "order", "heat", "supplier_lot", "cavity", "fixture", "tool", "operator")
"""Single identifiers of an inspection, by field name; `component` (many), `gauge` and `plan` come on top."""


def identifiers(record: Record) -> list[tuple[str, str]]:
    """Everything a trace may ask for: `(id_kind, identifier)` pairs of a record, each once, in a fixed order.

    Part, station and machine are tags of the store and asked for there; gauges are found through the measurements.
    """
    found: dict[tuple[str, str], None] = {}
    if isinstance(record, Inspection):
        for kind in IDENTIFIER_KINDS:
            value = getattr(record, kind)
            if value is not None:
                found[kind, value] = None
        for component in record.components:
            found["component", component] = None
    elif isinstance(record, Amendment):
        found["record", record.target] = None
        if record.field in IDENTIFIER_KINDS and record.new:
            # Who asks for the lot that a unit was moved to finds the amendment that moved it.
            found[record.field, record.new] = None
    else:
        found[SUBJECT_ID_KINDS.get(record.subject.kind, record.subject.kind), record.subject.id] = None
        found |= dict.fromkeys(named(record.type, record.subject.kind, record.payload))
    return list(found)


SUBJECT_ID_KINDS = {"unit": "serial", "person": "operator"}
"""An event about a unit is found by its serial, one about a person by the operator id."""
