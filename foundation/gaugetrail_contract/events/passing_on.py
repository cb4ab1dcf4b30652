"""What people at a station pass on: a suggestion to the office, which answers it, and a note to whoever comes next."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier, UtcText

MOST_PASSED_ON = 500
"""Characters of a suggestion, its answer, or a note."""


class SuggestionMade(EventPayload):
    """Somebody at a station suggested what could be better; who it was is the event's `by`."""

    TYPE: ClassVar[str] = "suggestion.made"
    SUBJECT: ClassVar[SubjectKind] = "station"

    text: str = Field(max_length=MOST_PASSED_ON, description="as it was scanned or typed")
    part: Identifier | None = Field(None, description="the part that was worked on")
    plan: Annotated[Identifier | None, FiledUnder("document")] = Field(None, description="its plan")
    characteristic: Identifier | None = Field(None, description="what was to be measured in that moment")
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit in hand")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")


class SuggestionAnswered(EventPayload):
    """The office answered a suggestion, in the collector's own chain: its station shows the answer to whoever made it;
    who answered is the event's `by`.
    """

    TYPE: ClassVar[str] = "suggestion.answered"
    SUBJECT: ClassVar[SubjectKind] = "station"

    suggestion: Annotated[Identifier, FiledUnder("record")] = Field(
        description="id of the record of the suggestion: agent/epoch/seq"
    )
    text: str = Field(max_length=MOST_PASSED_ON, description="the answer")
    to: Annotated[Identifier, FiledUnder("operator")] = Field(description="badge of whoever made it")
    said: str = Field(max_length=MOST_PASSED_ON, description="what was suggested")


class SuggestionAnswerRead(EventPayload):
    """Whoever made a suggestion has read the answer; it is shown no more."""

    TYPE: ClassVar[str] = "suggestion.answer_read"
    SUBJECT: ClassVar[SubjectKind] = "station"

    suggestion: Annotated[Identifier, FiledUnder("record")] = Field(description="id of the record of the suggestion")
    answer: Identifier = Field(description="id of the record of the answer")


class HandoverNoted(EventPayload):
    """Somebody left a note to whoever works at the station next; who it was is the event's `by`."""

    TYPE: ClassVar[str] = "handover.noted"
    SUBJECT: ClassVar[SubjectKind] = "station"

    text: str = Field(max_length=MOST_PASSED_ON, description="as it was scanned or typed")


class HandoverRead(EventPayload):
    """Somebody who came after has read the note; it is shown no more. Who it was is the event's `by`."""

    TYPE: ClassVar[str] = "handover.read"
    SUBJECT: ClassVar[SubjectKind] = "station"

    text: str = Field(max_length=MOST_PASSED_ON, description="the note")
    noted_by: Annotated[Identifier, FiledUnder("operator")] = Field(description="badge of whoever left it")
    noted: UtcText = Field(description="when they did")
