"""Checks that the plan wants by time, by count or by an occasion."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import DecimalText, Identifier


class CheckMissed(EventPayload):
    """A check by time fell out while somebody worked at the station: the next one would be due."""

    TYPE: ClassVar[str] = "check.missed"
    SUBJECT: ClassVar[SubjectKind] = "station"

    characteristic: Identifier = Field(description="what should have been measured")
    plan: Annotated[Identifier, FiledUnder("document")] = Field(description="id of the plan that wants it")
    every_mins: DecimalText = Field(description="how often, in minutes")
    missed: int = Field(ge=1, description="how many of them fell out one after the other")


class CheckMissedCause(EventPayload):
    """Why checks were missed, as somebody said it at the station; who it was is the event's `by`."""

    TYPE: ClassVar[str] = "check.missed_cause"
    SUBJECT: ClassVar[SubjectKind] = "station"

    characteristics: tuple[Identifier, ...] = Field(max_length=50, description="what should have been measured")
    cause: str = Field(max_length=500, description="as it was scanned or typed")


class OccasionSaid(EventPayload):
    """Something happened at a station after which a first piece or a check may be due."""

    TYPE: ClassVar[str] = "station.occasion"
    SUBJECT: ClassVar[SubjectKind] = "station"

    occasion: Identifier = Field(description="tool_change, material_change, repair, setup, lot, stop")
