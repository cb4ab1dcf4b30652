"""The measurement: one characteristic of one unit, with all that it was held against."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from gaugetrail_contract.record.parts import (
    Capture,
    CharacteristicKind,
    ControlLimits,
    EarlierValue,
    FoundDefect,
    Part,
    Signal,
    Subgroup,
    Verdict,
    written,
)
from gaugetrail_contract.text import DateText, DecimalText, HexBytes, Identifier, Text, UtcText

LimitKind = Literal["specification", "natural"]
"""A specification can be passed; a natural bound (a roundness isn't below zero) can't."""


class Measurement(Part, frozen=True, kw_only=True):
    """One characteristic of one unit, with the limits and the gauge as they stood at that moment."""

    characteristic: Identifier
    kind: CharacteristicKind
    value: Annotated[DecimalText | None, Meta(description="variable, count: the digits as the gauge gave them")] = None
    text: Annotated[Text | None, Meta(description="text: what was read or typed")] = None
    result: Annotated[Literal["ok", "nok"] | None, Meta(description="attribute: the result")] = None
    defects: Annotated[tuple[Identifier, ...], Meta(max_length=50, description="attribute: defect codes")] = written(())
    unit: Identifier | None = None
    nominal: DecimalText | None = None
    lsl: Annotated[DecimalText | None, Meta(description="lower specification limit as used")] = None
    usl: Annotated[DecimalText | None, Meta(description="upper specification limit as used")] = None
    verdict: Verdict
    time: Annotated[UtcText, Meta(description="when the value was taken, strictly increasing per agent")]
    gauge: Annotated[Identifier | None, Meta(description="the gauge's inventory id")] = None
    channel: Identifier | None = None
    capture: Capture
    calibration_due: Annotated[DateText | None, Meta(description="as it stood when the value was taken")] = None
    calibration: Literal["valid", "due", "overdue", "blocked", "unknown"] | None = None
    raw: Annotated[HexBytes | None, Meta(description="the device's bytes, hex")] = None
    status: Annotated[Identifier | None, Meta(description="the reading's status")] = None

    class_: Annotated[Identifier | None, Meta(description="special characteristic: its class")] = msgspec.field(
        name="class", default=None
    )
    requirement: Annotated[Identifier | None, Meta(description="where the limits come from: drawing, order …")] = None
    plausible_low: Annotated[DecimalText | None, Meta(description="a value below it was no measurement")] = None
    plausible_high: Annotated[DecimalText | None, Meta(description="a value above it was no measurement")] = None
    lsl_kind: Annotated[LimitKind | None, Meta(description="whether the lower limit can be passed at all")] = None
    usl_kind: Annotated[LimitKind | None, Meta(description="whether the upper limit can be passed at all")] = None
    control: ControlLimits | None = None
    signals: Annotated[tuple[Signal, ...], Meta(max_length=20)] = ()
    subgroup: Subgroup | None = None
    skipped: Annotated[Text | None, Meta(description="why nothing was measured")] = None
    earlier: Annotated[
        tuple[EarlierValue, ...], Meta(max_length=20, description="values refused or replaced before this one")
    ] = ()
    gauge_check: Annotated[Identifier | None, Meta(description="id of the gauge's last check before the value")] = None
    certificate: Annotated[Identifier | None, Meta(description="number of the gauge's calibration certificate")] = None
    typed_twice: Annotated[bool, Meta(description="typed a second time, and the same")] = False
    found: Annotated[tuple[FoundDefect, ...], Meta(max_length=50, description="defects with place and count")] = ()
    uncertainty: Annotated[DecimalText | None, Meta(description="expanded uncertainty of the value, in its unit")] = (
        None
    )
