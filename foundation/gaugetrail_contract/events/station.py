"""What happened at a station beside inspections."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier, UtcText


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


class StationOverridden(EventPayload):
    """Somebody with a role let a person or a gauge measure that the station had refused; each record that it concerns
    says so, too.
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
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit in hand")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")
