"""Every type of event that the code writes or reads by its payload, and the questions asked of any event."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from gaugetrail_contract.events.amendments import (
    AmendmentApproved,
    AmendmentRefused,
    AmendmentRequested,
    AmendmentSetAside,
)
from gaugetrail_contract.events.anchors import HeadsAnchored
from gaugetrail_contract.events.bypass import BypassSaid
from gaugetrail_contract.events.checks import CheckMissed, CheckMissedCause, OccasionSaid
from gaugetrail_contract.events.clock import ClockStepped
from gaugetrail_contract.events.documents import DocumentPart, DocumentRefused, DocumentsMaster, DocumentStepTaken
from gaugetrail_contract.events.gauge_checks import GaugeChecked
from gaugetrail_contract.events.genealogy import AssemblyBuilt, LotMerge, LotSplit
from gaugetrail_contract.events.nonconformity import GaugeStateSaid, SuspectWindow, UnitStateSaid
from gaugetrail_contract.events.passing_on import (
    HandoverNoted,
    HandoverRead,
    SuggestionAnswered,
    SuggestionAnswerRead,
    SuggestionMade,
)
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.events.people import PersonLoggedOff, PersonLoggedOn, PinChanged, QuestionLeft
from gaugetrail_contract.events.reactions import ReactionAcknowledged
from gaugetrail_contract.events.set_up import ContextChanged, StationChangeOver
from gaugetrail_contract.events.speaking_up import SomebodyCalled, SomebodyCame, StationNote
from gaugetrail_contract.events.spool import (
    RecordsDamaged,
    RecordsDropped,
    SpoolBranched,
    SpoolLost,
    SpoolRepaired,
    SpoolRestored,
    SpoolRetimed,
    SpoolSaved,
)
from gaugetrail_contract.events.station import (
    BlockRejected,
    BreakPoint,
    StationChanged,
    StationOverridden,
    StationRefused,
)
from gaugetrail_contract.events.studies import StudyMade

EVENT_TYPES: Mapping[str, type[EventPayload]] = {
    one.TYPE: one
    for one in (
        LotSplit,
        LotMerge,
        AssemblyBuilt,
        BlockRejected,
        StationOverridden,
        StationRefused,
        StationChanged,
        BreakPoint,
        ClockStepped,
        SpoolLost,
        SpoolRestored,
        SpoolSaved,
        SpoolRetimed,
        SpoolBranched,
        SpoolRepaired,
        RecordsDropped,
        RecordsDamaged,
        HeadsAnchored,
        DocumentsMaster,
        DocumentPart,
        DocumentStepTaken,
        DocumentRefused,
        StudyMade,
        PinChanged,
        CheckMissed,
        CheckMissedCause,
        OccasionSaid,
        PersonLoggedOn,
        PersonLoggedOff,
        QuestionLeft,
        ContextChanged,
        StationChangeOver,
        StationNote,
        SomebodyCalled,
        SomebodyCame,
        ReactionAcknowledged,
        GaugeChecked,
        BypassSaid,
        UnitStateSaid,
        GaugeStateSaid,
        SuspectWindow,
        AmendmentRequested,
        AmendmentApproved,
        AmendmentRefused,
        AmendmentSetAside,
        SuggestionMade,
        SuggestionAnswered,
        SuggestionAnswerRead,
        HandoverNoted,
        HandoverRead,
    )
}
"""Event type -> its payload."""


def payload_of(event_type: str, subject_kind: str, payload: Mapping[str, object]) -> EventPayload | None:
    """An event's payload; null for a type that isn't known, another subject than the type's, and any other form."""
    model = EVENT_TYPES.get(event_type)
    return model.read(payload) if model is not None and subject_kind in model.subjects() else None


def named(event_type: str, subject_kind: str, payload: Mapping[str, object]) -> list[tuple[str, str]]:
    """`(id_kind, identifier)` of everything that an event's payload names: it is filed under these, too."""
    read = payload_of(event_type, subject_kind, payload)
    return [] if read is None else list(read.named())


def meaning(event_type: str) -> str:
    """What an event of that type means, in a sentence; empty for a type that isn't known."""
    model = EVENT_TYPES.get(event_type)
    return "" if model is None else " ".join((inspect.getdoc(model) or "").split())


def event_schema() -> dict[str, Any]:
    """Event type -> the JSON Schema of its payload, for `config/schema/events.json`."""
    return {name: _inlined(model.model_json_schema()) for name, model in EVENT_TYPES.items()}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """With each part where it is used, so that a schema stands alone."""
    parts = schema.pop("$defs", {})

    def whole(found: object) -> object:
        if isinstance(found, list):
            return [whole(one) for one in found]
        if not isinstance(found, dict):
            return found
        if "$ref" in found:
            return whole(parts[str(found["$ref"]).rpartition("/")[2]])
        return {key: whole(value) for key, value in found.items()}

    return {key: whole(value) for key, value in schema.items()}
