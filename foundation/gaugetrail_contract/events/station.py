"""What happened at a station beside inspections."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind


class BlockRejected(EventPayload):
    """A PLC offered a block of values that can't be used: its bytes are kept, and no unit was recorded from it."""

    TYPE: ClassVar[str] = "block_rejected"
    SUBJECT: ClassVar[SubjectKind] = "station"

    device: str = Field(description="the PLC, by its name in the settings")
    reason: str = Field(max_length=500, description="why, in a sentence")
    raw: dict[str, str] = Field(description="channel, or a number where it has none -> its bytes, hex")
