"""A plan's alternative control began or ended at a station."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier, Text, UtcText


class BypassSaid(EventPayload):
    """Somebody with the role let a station work by a plan's alternative control for a time, or that ended; each unit
    that was inspected so says it, too. Who let it is the event's `by`.
    """

    TYPE: ClassVar[str] = "station.bypass"
    SUBJECT: ClassVar[SubjectKind] = "station"

    id: Identifier = Field(description="the plan's [[bypass]]")
    plan: Annotated[Identifier, FiledUnder("document")] = Field(description="id of the plan")
    state: Literal["begun", "ended"] = Field(description="begun or ended")
    why: Text = Field(min_length=1, description="why, in a sentence")
    instead_of: tuple[Identifier, ...] = Field(max_length=200, description="what is not measured meanwhile")
    extra: tuple[Identifier, ...] = Field((), max_length=200, description="what is measured instead")
    until: UtcText | None = Field(None, description="when it ends by itself, by the clock of then")
