"""What a line PC's clock did. Records keep the time that they were sealed with; see docs/time.md."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind
from gaugetrail_contract.text import UtcText


class ClockStepped(EventPayload):
    """The clock of the line PC was set, or jumped: both readings of both clocks."""

    TYPE: ClassVar[str] = "clock.step"
    SUBJECT: ClassVar[SubjectKind] = "agent"

    wall_before: UtcText = Field(description="wall time, the last reading before the step")
    wall_after: UtcText = Field(description="wall time, the first reading behind it")
    mono_before_ns: int = Field(description="monotonic clock at the last reading before")
    mono_after_ns: int = Field(description="monotonic clock at the first reading behind")
    jump_us: int = Field(description="by how much the wall clock went on beyond the monotonic one; negative: back")
    boot: str = Field(description="boot that the monotonic clock belongs to")
