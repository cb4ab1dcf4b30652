"""A gauge was checked with a master piece."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from gaugetrail_contract.events.payload import EventPayload, SubjectKind
from gaugetrail_contract.text import DecimalText, Identifier, UtcText


class GaugeChecked(EventPayload):
    """A gauge measured a master piece at a station, and lay within the master's limits or not; who measured is the
    event's `by`.
    """

    TYPE: ClassVar[str] = "gauge.checked"
    SUBJECT: ClassVar[SubjectKind] = "gauge"

    result: Literal["pass", "fail"] = Field(description="pass: within low and high, both included")
    characteristic: Identifier = Field(description="what it measures here")
    master: Identifier = Field(description="the master piece")
    value: DecimalText = Field(description="what the gauge showed")
    unit: Identifier | None = Field(None, description="in that unit")
    nominal: DecimalText | None = Field(None, description="what the master measures")
    low: DecimalText = Field(description="the least that it may show")
    high: DecimalText = Field(description="the most")
    device: Identifier = Field(description="the device, by its name in the settings")
    plan: Identifier = Field(description="id of the plan that wants the check")
    last_good: UtcText | None = Field(None, description="the last check before that passed, where one is known here")
