"""How a station was set up: what is in use, and the checks before production began."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier


class ContextChanged(EventPayload):
    """Somebody said that another tool, machine or material is in use at a station from here on."""

    TYPE: ClassVar[str] = "station.in_use"
    SUBJECT: ClassVar[SubjectKind] = "station"

    what: str = Field(max_length=250, description="tool, machine, heat …, or `component` and its part number")
    before: Identifier | None = Field(None, description="what was in use; left out: nobody had said")
    to: Identifier = Field(description="what is in use now")


class CheckAnswered(BaseModel):
    """An answer to a check of a change-over."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")

    check: str = Field(max_length=2000, description="what was checked, in the plan's words")
    answer: Identifier = Field(description="%OK, %NOK, or what was entered")
    by: Identifier | None = Field(None, description="who said so")


class StationChangeOver(EventPayload):
    """A change-over at a station is done: each check was answered well, and production may begin."""

    TYPE: ClassVar[str] = "station.change_over"
    SUBJECT: ClassVar[SubjectKind] = "station"

    changed: str = Field(description="part, tool, fixture, machine or material")
    before: Identifier | None = Field(None, description="what it was; left out: nobody knows")
    to: Identifier = Field(description="what it is now")
    plan: Annotated[Identifier, FiledUnder("document")] = Field(description="id of the plan that asks the checks")
    checks: tuple[CheckAnswered, ...] = Field(
        max_length=200, description="check, answer and by, in their order; one that wasn't well stands there, too"
    )
