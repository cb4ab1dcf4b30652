"""The three kinds of records and what they are made of: head, bodies, and the sealed wholes.

A record on the wire is the head's keys, then the body's. These structs are the model: `write` gives a record's bytes,
`reading` reads them. Making one checks nothing; that is done once, on the bytes, when they are sealed and wherever
they are read. A key that is null is not written.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta

from gaugetrail_contract.clock import ClockTrust, utc_us
from gaugetrail_contract.events.registry import named
from gaugetrail_contract.record.measurement import Measurement
from gaugetrail_contract.record.parts import (
    Attachment,
    BuiltIn,
    Condition,
    Instruction,
    Interruption,
    Override,
    Part,
    PastOperation,
    PlanRef,
    Reason,
    Subject,
    UnitState,
    Verdict,
    written,
)
from gaugetrail_contract.strict_json import MAX_DEPTH
from gaugetrail_contract.text import EpochName, Hex256, HexBytes, Identifier, Rule, Text, TopicName, UtcText

Schema = Literal["gaugetrail/1", "gaugetrail/2"]
SCHEMA: Schema = "gaugetrail/2"
"""What is written. What a later version of it still misses is one more optional key; readers store keys that they don't
know (`reading`).
"""
FIRST_SCHEMA: Schema = "gaugetrail/1"
"""What a record is read as that doesn't say."""
SCHEMAS: tuple[Schema, ...] = get_args(Schema)
"""What is read, for ever: `/2` is `/1` with more optional keys."""
MAX_RECORD_BYTES = 60_000
"""InfluxDB keeps at most 64 KB in a string field; a larger inspection is split by the station into pieces."""
FIRST_PREV = "0" * 64
"""`prev` of the first record of an epoch."""


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
    ] = written(())
    operator: Annotated[Identifier | None, Meta(description="null on an automatic station")] = None
    qualification: Annotated[Identifier | None, Meta(description="the operator's qualification as it stood")] = None
    plan: PlanRef
    reason: Reason = written(Reason.RUNNING)
    attempt: Annotated[
        int, Meta(ge=1, le=1_000_000, description="1 for the first measurement of the unit at this station")
    ] = written(1)
    supersedes: Annotated[Identifier | None, Meta(description="id of the attempt before this one; it stays")] = None
    piece: Annotated[int, Meta(ge=1, description="number of this piece of a split inspection")] = written(1)
    pieces: Annotated[int, Meta(ge=1, description="how many pieces the inspection was split into")] = written(1)
    verdict: Verdict
    started: UtcText
    duration_ms: Annotated[int, Meta(ge=0)]
    measurements: tuple[Measurement, ...] = written(())
    machine: Annotated[Identifier | None, Meta(description="the machine that made the unit")] = None
    operation: Annotated[Identifier | None, Meta(description="step of the routing, such as OP20")] = None
    shift: Identifier | None = None
    customer: Identifier | None = None
    order_line: Annotated[Identifier | None, Meta(description="line of the customer's or production order")] = None
    verifier: Annotated[Identifier | None, Meta(description="the second person who looked")] = None
    override: Override | None = None
    bypass: Annotated[Identifier | None, Meta(description="id of the bypass of an interlock in force")] = None
    unit_state: Annotated[UnitState | None, Meta(description="release or hold state at that time")] = None
    again_reason: Annotated[Text | None, Meta(description="why it was measured again")] = None
    conditions: Annotated[tuple[Condition, ...], Meta(max_length=20)] = ()
    route: Annotated[
        tuple[PastOperation, ...], Meta(max_length=50, description="verdicts of the operations before, as seen")
    ] = ()
    instruction: Instruction | None = None
    built_in: Annotated[tuple[BuiltIn, ...], Meta(max_length=500, description="components with kind and part")] = ()
    interruptions: Annotated[tuple[Interruption, ...], Meta(max_length=20)] = ()
    raw: Annotated[
        HexBytes | None, Meta(description="the unit's code as it was scanned, hex, where it says more than the serial")
    ] = None


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
    by: Annotated[Identifier | None, Meta(description="who said so")] = None
    role: Annotated[Identifier | None, Meta(description="as what: operator, quality engineer …")] = None
    reason_code: Identifier | None = None
    attachments: Annotated[tuple[Attachment, ...], Meta(max_length=50)] = ()
    subjects: Annotated[
        tuple[Subject, ...], Meta(max_length=200, description="what else it is about; found under each of them")
    ] = ()
    request: Annotated[
        Identifier | None, Meta(description="id of the event that asked for it, where it waited for an approval")
    ] = None


def _is_payload(value: object, depth: int = 2) -> bool:
    """A measured number is a decimal string; a key without a value is left out; strict JSON reads no deeper."""
    if isinstance(value, dict | list | tuple):
        inside = value.values() if isinstance(value, dict) else value
        return depth <= MAX_DEPTH and all(_is_payload(inner, depth + 1) for inner in inside)
    return value is not None and not isinstance(value, float)


Payload = Annotated[
    dict[str, Any], Rule("a payload without floats and nulls (numbers as text), not nested deeply", _is_payload)
]


def _nothing() -> dict[str, Any]:
    # Not `dict` itself, which msgspec would know and leave out.
    return {}


class EventBody(Body, frozen=True, kw_only=True):
    """Anything else that belongs to the trail: a plan change, a clock step, a gauge check, a lost range."""

    KIND: ClassVar[str] = "event"

    type: Identifier
    subject: Subject
    payload: Annotated[Payload, Meta(description="no floats and no nulls: measured numbers are text")] = msgspec.field(
        default_factory=_nothing
    )
    by: Annotated[Identifier | None, Meta(description="who said so")] = None
    role: Annotated[Identifier | None, Meta(description="as what: operator, quality engineer …")] = None
    reason_code: Identifier | None = None
    reason: Text | None = None
    approved_by: Identifier | None = None
    attachments: Annotated[tuple[Attachment, ...], Meta(max_length=50)] = ()
    subjects: Annotated[
        tuple[Subject, ...], Meta(max_length=200, description="what else it is about; found under each of them")
    ] = ()


class Head(Part, frozen=True, kw_only=True):
    """What the spool writes when it seals: schema, identity, chain and time."""

    schema_: Schema = msgspec.field(name="schema", default_factory=lambda: SCHEMA)
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


def record_id(agent: str, epoch: str, seq: int, branch: str = "") -> str:
    """The name of a record: `agent/epoch/seq`; of a second history of the epoch `agent/epoch/branch/seq`."""
    return f"{agent}/{epoch}/{branch}/{seq}" if branch else f"{agent}/{epoch}/{seq}"


IDENTIFIER_KINDS = ("serial", "lot", "order", "heat", "supplier_lot", "cavity", "fixture", "tool", "operator")
"""Single identifiers of an inspection, by field name; `component` (many), `gauge` and `plan` come on top."""


def identifiers(record: Record) -> list[tuple[str, str]]:
    """Everything a trace may ask for: `(id_kind, identifier)` pairs of a record, each once, in a fixed order.

    Part, station and machine are asked for elsewhere; gauges are found through the measurements.
    """
    if isinstance(record, Inspection):
        return _of_inspection(record)
    found = dict.fromkeys(_of_amendment(record) if isinstance(record, Amendment) else _of_event(record))
    return list(found | dict.fromkeys((_id_kind(one), one.id) for one in record.subjects))


_singles = attrgetter(*IDENTIFIER_KINDS, "verifier", "customer")
_SINGLE_KINDS = (*IDENTIFIER_KINDS, "operator", "customer")


def _of_inspection(record: Inspection) -> list[tuple[str, str]]:
    found = [(kind, one) for kind, one in zip(_SINGLE_KINDS, _singles(record), strict=True) if one is not None]
    if not (record.components or record.built_in or record.verifier):
        return found  # each kind once
    found += [("component", one) for one in record.components]
    found += [("component" if one.kind == "serial" else "lot", one.id) for one in record.built_in]
    return list(dict.fromkeys(found))


def _of_amendment(record: Amendment) -> Iterator[tuple[str, str]]:
    yield "record", record.target
    if record.field in IDENTIFIER_KINDS and record.new:
        # Who asks for the lot that a unit was moved to finds the amendment that moved it.
        yield record.field, record.new


def _of_event(record: Event) -> Iterator[tuple[str, str]]:
    yield _id_kind(record.subject), record.subject.id
    yield from named(record.type, record.subject.kind, record.payload)


def _id_kind(subject: Subject) -> str:
    return SUBJECT_ID_KINDS.get(subject.kind, subject.kind)


SUBJECT_ID_KINDS = {"unit": "serial", "person": "operator"}
"""An event about a unit is found by its serial, one about a person by the operator id."""
