"""What happened at a station beside inspections."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Hex256, Identifier, UtcText


class BlockRejected(EventPayload):
    """A PLC offered a block of values that can't be used: its bytes are kept, and no unit was recorded from it."""

    TYPE: ClassVar[str] = "block_rejected"
    SUBJECT: ClassVar[SubjectKind] = "station"

    device: str = Field(description="the PLC, by its name in the settings")
    reason: str = Field(max_length=500, description="why, in a sentence")
    raw: dict[str, str] = Field(description="channel, or a number where it has none -> its bytes, hex")


class StationRefused(EventPayload):
    """A station refused what was scanned, typed or sent, and the person or the PLC was told so."""

    TYPE: ClassVar[str] = "station.refused"
    SUBJECT: ClassVar[SubjectKind] = "station"

    cause: Identifier = Field(description="why, as the id of the sentence: `value.gauge_unfit`, `badge.unknown` …")
    reason: str = Field(max_length=500, description="the sentence as it was said last, in English")
    count: int = Field(ge=1, description="how often, since the last such event")
    since: UtcText = Field(description="when it was refused first of these times")
    raw: str = Field(description="the bytes that came last, hex, the first 256")
    device: str | None = Field(None, description="the device that sent it, by its name in the settings")
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(
        None, description="the unit in hand, or the one that was scanned and refused"
    )
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")
    gauge: Annotated[Identifier | None, FiledUnder("gauge")] = Field(
        None, description="inventory number of the gauge whose value was refused"
    )
    operator: Annotated[Identifier | None, FiledUnder("operator")] = Field(
        None, description="who was logged on at the station"
    )
    badge: Annotated[Identifier | None, FiledUnder("operator")] = Field(None, description="the badge that was refused")
    order: Annotated[Identifier | None, FiledUnder("order")] = Field(
        None, description="the order that was refused, or that the unit is none of"
    )


class StationOverridden(EventPayload):
    """Somebody with a role let a person or a gauge measure that the station had refused, or let it measure by a plan
    that isn't in force; each record that it concerns says so, too.
    """

    TYPE: ClassVar[str] = "station.overridden"
    SUBJECT: ClassVar[SubjectKind] = "station"

    cause: Identifier = Field(description="what was refused, as the id of the sentence: `value.gauge_unfit` …")
    refused: str = Field(max_length=500, description="the sentence that refused it, in English")
    why: str = Field(max_length=500, description="why it was allowed, as somebody typed it at the station")
    operator: Annotated[Identifier | None, FiledUnder("operator")] = Field(
        None, description="who measures; the one who allows it is the event's `by`"
    )
    gauge: Annotated[Identifier | None, FiledUnder("gauge")] = Field(None, description="the gauge that was refused")
    document: Annotated[Identifier | None, FiledUnder("document")] = Field(
        None, description="id of the plan that isn't in force"
    )
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit in hand")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")


class StationChanged(EventPayload):
    """A station works by another document or other settings from here on: what it was before, and what it is now."""

    TYPE: ClassVar[str] = "station.changed"
    SUBJECT: ClassVar[SubjectKind] = "station"

    what: Identifier = Field(description="plan, people, gauges or settings")
    document: Annotated[Identifier | None, FiledUnder("document")] = Field(
        None, description="its id; left out for the settings"
    )
    revision_before: Identifier | None = Field(None, description="of a document: its revision until then")
    before: Hex256 | None = Field(None, description="digest of the text until then; left out: there was none")
    revision: Identifier | None = Field(None, description="of a document: its revision now")
    after: Hex256 | None = Field(None, description="digest of the text now; left out: none is in force any more")
    keys: tuple[str, ...] | None = Field(
        None, description="of the settings: the keys that changed; left out where the agent was stopped meanwhile"
    )
    finishes: Identifier | None = Field(
        None, description="of a plan: the order or lot that is still finished by the text before, as the new one says"
    )
    refused: str | None = Field(None, max_length=500, description="why no unit is taken now, in a sentence")


class BreakPoint(EventPayload):
    """The first unit that a station records by another edition of a plan. It stands before the unit's own record."""

    TYPE: ClassVar[str] = "station.break_point"
    SUBJECT: ClassVar[SubjectKind] = "station"

    plan: Annotated[Identifier, FiledUnder("document")] = Field(description="id of the plan")
    revision_before: Identifier = Field(description="the revision that the unit before was recorded by")
    before: Hex256 = Field(description="digest of its text")
    revision: Identifier = Field(description="the revision from this unit on")
    after: Hex256 = Field(description="digest of its text")
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")
    order: Identifier | None = Field(None, description="its order, where it says one")
