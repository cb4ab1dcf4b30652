"""The record: what was measured, when, by whom, with which gauge, against which plan. Immutable once sealed.

A record is one JSON object. Its bytes are written once, by the agent's spool, and never re-serialised: what is sealed
is what is spooled, sent, stored and verified. Kinds: `inspection` (one unit at one station), `amendment` (a correction
that leaves the original standing) and `event` (anything else worth keeping in the same chain). Numbers that were
measured are decimal strings.

Promise: there is one model, which decodes, holds and encodes. Whatever bytes come, `reading` gives a record of which
every rule holds, or says in words why there is none; keys of a newer writer are stored and named.

Read `model` first, with `measurement` and `parts`; then `rules` (what a type doesn't say), `reading` (from bytes, the
quick way and the plain one), `unknown_keys`, `words` (for people), `schema` (for the reference) and `defect_counts`
(what a unit adds to a chart of counts).
"""

from gaugetrail_contract.record.measurement import Measurement
from gaugetrail_contract.record.model import (
    FIRST_PREV,
    FIRST_SCHEMA,
    KINDS,
    MAX_RECORD_BYTES,
    SCHEMA,
    SCHEMAS,
    Amendment,
    AmendmentBody,
    Body,
    Event,
    EventBody,
    Head,
    Inspection,
    InspectionBody,
    Record,
    Schema,
    identifiers,
    record_id,
    write,
)
from gaugetrail_contract.record.parts import (
    Capture,
    CharacteristicKind,
    Interruption,
    Override,
    Part,
    PlanRef,
    Reason,
    Subject,
    UnitState,
    Verdict,
)

__all__ = [
    "FIRST_PREV",
    "FIRST_SCHEMA",
    "KINDS",
    "MAX_RECORD_BYTES",
    "SCHEMA",
    "SCHEMAS",
    "Amendment",
    "AmendmentBody",
    "Body",
    "Capture",
    "CharacteristicKind",
    "Event",
    "EventBody",
    "Head",
    "Inspection",
    "InspectionBody",
    "Interruption",
    "Measurement",
    "Override",
    "Part",
    "PlanRef",
    "Reason",
    "Record",
    "Schema",
    "Subject",
    "UnitState",
    "Verdict",
    "identifiers",
    "record_id",
    "write",
]
