"""What people did about a signal: a piece that failed, a chart, a gauge."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Hex256, Identifier


class ReactionAcknowledged(EventPayload):
    """Somebody at a station was shown what a signal asks for, and wrote down why it was and what was done; who it was
    is the event's `by`.
    """

    TYPE: ClassVar[str] = "reaction.acknowledged"
    SUBJECT: ClassVar[SubjectKind] = "station"

    signal: Identifier = Field(description="what it was: fail, first_piece_fail, fails_in_row, rule_signal …")
    characteristics: tuple[Identifier, ...] = Field((), max_length=200, description="what was measured")
    rule: Identifier | None = Field(None, description="of a chart's signal: which rule")
    in_row: int | None = Field(None, ge=2, description="of failures in a row: how many it were")
    cause: str | None = Field(None, max_length=500, description="why it was: a code of the document, or a text")
    action: str | None = Field(None, max_length=500, description="what was done: the same")
    document: Annotated[Identifier | None, FiledUnder("document")] = Field(
        None, description="id of the reaction document"
    )
    revision: Identifier | None = Field(None, description="its revision, as it was shown")
    sha256: Hex256 | None = Field(None, description="digest of its text")
    record: Identifier | None = Field(None, description="id of the record that it is about: agent/epoch/seq")
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")
    gauge: Annotated[Identifier | None, FiledUnder("gauge")] = Field(None, description="the gauge that it is about")
    confirmed_by: Annotated[tuple[Identifier, ...], FiledUnder("operator")] = Field(
        (), max_length=10, description="badges of those with the roles that the steps name, beside `by`"
    )
