"""The record: what was measured, when, by whom, with which gauge, against which plan. Immutable once sealed.

A record is one JSON object. Its bytes are written once, by the agent's spool, and never re-serialised: what is sealed
is what is spooled, sent, stored and verified. `Head` is what the spool adds when it seals (identity, chain, time);
the bodies are what a station fills in. A record on the wire is the head's keys, then the body's.

Kinds: `inspection` (one unit at one station), `amendment` (a correction that leaves the original standing) and
`event` (anything else worth keeping in the same chain). Numbers that were measured are decimal strings.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from gaugetrail_contract.clock import ClockTrust, utc_us
from gaugetrail_contract.events.registry import named
from gaugetrail_contract.text import (
    DateText,
    DecimalText,
    Hex256,
    HexBytes,
    Identifier,
    Text,
    TopicName,
    UtcText,
)

SCHEMA = "gaugetrail/1"
MAX_RECORD_BYTES = 60_000
"""InfluxDB keeps at most 64 KB in a string field; a larger inspection is split by the station into pieces."""
FIRST_PREV = "0" * 64
"""`prev` of the first record of an epoch."""


class Verdict(StrEnum):
    """What an inspection came to."""

    PASS = "pass"  # noqa: S105 - a verdict, no password
    FAIL = "fail"
    INCOMPLETE = "incomplete"
    VOID = "void"


class Reason(StrEnum):
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


class CharacteristicKind(StrEnum):
    """What a control plan measures."""

    VARIABLE = "variable"
    ATTRIBUTE = "attribute"
    COUNT = "count"
    TEXT = "text"


class Capture(StrEnum):
    """How a value came into the record."""

    GAUGE = "gauge"
    PLC = "plc"
    SCAN = "scan"
    TYPED = "typed"
    FILE = "file"
    DERIVED = "derived"


class Frozen(BaseModel):
    """Base of everything that travels: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class PlanRef(Frozen):
    """Which revision of which control plan held, and the digest of the approved document."""

    id: Identifier
    revision: Identifier
    sha256: Hex256


class Measurement(Frozen):
    """One characteristic of one unit, with the limits and the gauge as they stood at that moment."""

    characteristic: Identifier
    kind: CharacteristicKind
    value: DecimalText | None = Field(None, description="variable, count: the digits as the gauge gave them")
    text: Text | None = Field(None, description="text: what was read or typed")
    result: Literal["ok", "nok"] | None = Field(None, description="attribute: the result")
    defects: tuple[Identifier, ...] = Field((), description="attribute: defect codes", max_length=50)
    unit: Identifier | None = None
    nominal: DecimalText | None = None
    lsl: DecimalText | None = Field(None, description="lower specification limit as used")
    usl: DecimalText | None = Field(None, description="upper specification limit as used")
    verdict: Verdict
    time: UtcText = Field(description="when the value was taken, strictly increasing per agent")
    gauge: Identifier | None = Field(None, description="the gauge's inventory id")
    channel: Identifier | None = None
    capture: Capture
    calibration_due: DateText | None = Field(None, description="as it stood when the value was taken")
    calibration: Literal["valid", "due", "overdue", "blocked", "unknown"] | None = None
    raw: HexBytes | None = Field(None, description="the device's bytes, hex")
    status: Identifier | None = Field(None, description="the reading's status")


class Body(Frozen):
    """What every record says of its place."""

    KIND: ClassVar[str]

    site: TopicName
    line: TopicName
    station: TopicName


class InspectionBody(Body):
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
    components: tuple[Identifier, ...] = Field((), description="serials of the components built in", max_length=500)
    operator: Identifier | None = Field(None, description="null on an automatic station")
    qualification: Identifier | None = Field(None, description="the operator's qualification as it stood")
    plan: PlanRef
    reason: Reason = Reason.RUNNING
    attempt: int = Field(1, ge=1, le=1_000_000, description="1 for the first measurement of the unit at this station")
    supersedes: Identifier | None = Field(None, description="id of the attempt before this one; it stays")
    piece: int = Field(1, ge=1, description="number of this piece of a split inspection")
    pieces: int = Field(1, ge=1, description="how many pieces the inspection was split into")
    verdict: Verdict
    started: UtcText
    duration_ms: int = Field(ge=0)
    measurements: tuple[Measurement, ...] = ()


class AmendmentBody(Body):
    """A change to what a record says. The original stands; readers show both."""

    KIND: ClassVar[str] = "amendment"

    target: Identifier = Field(description="id of the record: agent/epoch/seq")
    target_sha256: Hex256
    action: Literal["correct", "void", "exclude", "re-attribute", "annotate"]
    field: Identifier | None = None
    old: Text | None = None
    new: Text | None = None
    reason: Text = Field(min_length=1)
    requested_by: Identifier
    approved_by: Identifier | None = None


class Subject(Frozen):
    """What an event is about."""

    kind: Literal["unit", "lot", "order", "gauge", "plan", "person", "supplier", "customer", "station", "agent"]
    id: Identifier


def _payload_value(value: JsonValue) -> JsonValue:
    if isinstance(value, float):
        raise ValueError("a payload holds no floats: write a measured number as a decimal string")
    if value is None:
        raise ValueError("a payload holds no null: leave the key out")
    if isinstance(value, dict):
        for inner in value.values():
            _payload_value(inner)
    elif isinstance(value, list):
        for inner in value:
            _payload_value(inner)
    return value


Payload = Annotated[JsonValue, AfterValidator(_payload_value)]


class EventBody(Body):
    """Anything else that belongs to the trail: a plan change, a clock step, a gauge check, a lost range."""

    KIND: ClassVar[str] = "event"

    type: Identifier
    subject: Subject
    payload: dict[str, Payload] = Field(default_factory=dict)


class Head(Frozen):
    """What the spool writes when it seals: schema, identity, chain and time."""

    schema_: Literal["gaugetrail/1"] = Field("gaugetrail/1", alias="schema")
    kind: str
    agent: TopicName
    epoch: Annotated[str, Field(pattern=r"^[0-9a-z]{8,32}$")] = Field(description="drawn when a spool is created")
    seq: int = Field(ge=1, le=2**53, description="gapless from 1 within the epoch")
    prev: Hex256 = Field(description="seal of seq-1; zeros for seq 1")
    time: UtcText = Field(description="strictly increasing per agent")
    utc_offset_min: int = Field(ge=-1440, le=1440, description="local civil time minus UTC")
    clock: ClockTrust
    mono_ns: int = Field(ge=0, description="monotonic clock, for later repair of time")
    boot: Identifier = Field(description="boot id that mono_ns belongs to")
    slot: int = Field(ge=0, le=999, description="the agent's nanosecond slot in the store")

    @property
    def id(self) -> str:
        """`agent/epoch/seq`, what amendments and receipts call the record."""
        return record_id(self.agent, self.epoch, self.seq)

    @property
    def time_us(self) -> int:
        """`time` as microseconds since 1970."""
        return utc_us(self.time)

    @model_validator(mode="after")
    def _first_has_no_predecessor(self) -> Self:
        if self.seq == 1 and self.prev != FIRST_PREV:
            raise ValueError("seq 1 must name a zero predecessor")
        return self


class Inspection(InspectionBody, Head):
    """A sealed inspection."""

    kind: Literal["inspection"]


class Amendment(AmendmentBody, Head):
    """A sealed amendment."""

    kind: Literal["amendment"]


class Event(EventBody, Head):
    """A sealed event."""

    kind: Literal["event"]


Record = Inspection | Amendment | Event

RECORD: TypeAdapter[Record] = TypeAdapter(Annotated[Record, Field(discriminator="kind")])


def record_id(agent: str, epoch: str, seq: int) -> str:
    """The name of a record: `agent/epoch/seq`."""
    return f"{agent}/{epoch}/{seq}"


def record_schema() -> dict[str, Any]:
    """The JSON Schema of a record, for `config/schema/record.json`."""
    return RECORD.json_schema(by_alias=True)


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
