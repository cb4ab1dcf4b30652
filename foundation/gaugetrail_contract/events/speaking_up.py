"""What people at a station say for themselves."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, FiledUnder, SubjectKind
from gaugetrail_contract.text import Identifier


class StationNote(EventPayload):
    """Somebody at a station noted something, of the unit in hand or of the station; who it was is the event's `by`."""

    TYPE: ClassVar[str] = "station.note"
    SUBJECT: ClassVar[SubjectKind] = "station"

    text: str = Field(max_length=500, description="as it was scanned or typed")
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit in hand")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")


class SomebodyCalled(EventPayload):
    """Somebody at a station called for somebody to come."""

    TYPE: ClassVar[str] = "station.called"
    SUBJECT: ClassVar[SubjectKind] = "station"

    who: Identifier = Field(description="who was called: a function or a person")
    serial: Annotated[Identifier | None, FiledUnder("serial")] = Field(None, description="the unit in hand")
    lot: Annotated[Identifier | None, FiledUnder("lot")] = Field(None, description="its lot, where it says one")


class SomebodyCame(EventPayload):
    """Whoever was called to a station is there; who said so is the event's `by`."""

    TYPE: ClassVar[str] = "station.call_answered"
    SUBJECT: ClassVar[SubjectKind] = "station"

    called: tuple[Identifier, ...] = Field(max_length=20, description="who had been called")
