"""Control plans as files for now: read once, checked whole, digested.

A plan's `sha256` is the digest of the file's bytes, so a record names exactly the document that held. Limits are
decimal strings; a limit written as a bare TOML float would have lost its digits already and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from gaugetrail_contract.record import Capture, CharacteristicKind, PlanRef, Verdict
from gaugetrail_contract.settings import Loaded, Settings, load_settings
from gaugetrail_contract.text import DayText, DecimalText, Identifier, Text


class Characteristic(Settings):
    """One `[[characteristic]]` of a control plan."""

    name: Identifier = Field(description="what the record calls it", examples=["bore_diameter"])
    title: Text = Field("", description="what the operator reads; the name if empty")
    kind: CharacteristicKind = Field(CharacteristicKind.VARIABLE, description="variable, attribute, count or text")
    unit: Identifier | None = Field(None, description="unit of value and limits", examples=["mm"])
    nominal: DecimalText | None = Field(None, description="target value, in quotes", examples=["74.000"])
    lsl: DecimalText | None = Field(None, description="lower specification limit, in quotes", examples=["73.950"])
    usl: DecimalText | None = Field(None, description="upper specification limit, in quotes", examples=["74.050"])
    device: Identifier | None = Field(None, description="the [[device]] that measures it; none: typed or scanned")
    channel: Identifier | None = Field(None, description="channel of the device; none: any")
    capture: Capture | None = Field(None, description="how the value comes in; default: from the device's kind")
    on_spool_full: Literal["as_plan", "keep"] = Field(
        "as_plan", description="keep: an inspection that measures this is never dropped, whatever the plan's drop_class"
    )

    @model_validator(mode="after")
    def _limits_make_sense(self) -> Self:
        numbers = [Decimal(text) for text in (self.lsl, self.nominal, self.usl) if text is not None]
        if numbers != sorted(numbers):
            raise ValueError(f"{self.name}: lsl {self.lsl}, nominal {self.nominal}, usl {self.usl} are not in order")
        if numbers and self.kind not in (CharacteristicKind.VARIABLE, CharacteristicKind.COUNT):
            raise ValueError(f"{self.name}: a characteristic of kind {self.kind} has no limits")
        if self.device is None and self.kind is CharacteristicKind.VARIABLE and self.capture is not Capture.TYPED:
            raise ValueError(f'{self.name}: name the device that measures it, or say capture = "typed"')
        return self

    def judge(self, value: str) -> Verdict:
        """Pass when the value lies within the limits, both ends included; in decimal arithmetic, digit for digit."""
        number = Decimal(value)
        if self.lsl is not None and number < Decimal(self.lsl):
            return Verdict.FAIL
        if self.usl is not None and number > Decimal(self.usl):
            return Verdict.FAIL
        return Verdict.PASS


class PlanFile(Settings):
    """A control plan as its file says it."""

    id: Identifier = Field(description="document id", examples=["CP-1001"])
    revision: Identifier = Field(description="document revision", examples=["C"])
    title: Text = ""
    part: Identifier = Field(description="part number the plan is for")
    part_revision: Identifier | None = None
    approved_by: Identifier = Field(description="who approved this revision")
    approved_on: DayText = Field(description="when, YYYY-MM-DD, in quotes")
    order: Literal["strict", "free"] = Field(
        "strict",
        description="strict: measure in the plan's order; free: whatever gauge speaks fills its characteristic",
    )
    drop_class: int | None = Field(
        None,
        ge=1,
        le=9,
        description="unsent inspections that passed may be dropped when the spool is full and the station says "
        "drop_lowest, class 1 first; none: never",
    )
    characteristic: tuple[Characteristic, ...] = Field((), description="[[characteristic]], in order; at least one")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if not self.characteristic:
            raise ValueError("a plan measures something: add a [[characteristic]]")
        names = [characteristic.name for characteristic in self.characteristic]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the characteristic {', '.join(twice)} stands twice")
        return self


@dataclass(frozen=True, slots=True)
class Plan:
    """A loaded control plan with the digest of the document."""

    file: PlanFile
    ref: PlanRef
    path: Path
    text: str = ""
    """The document as it was read."""

    @property
    def characteristics(self) -> tuple[Characteristic, ...]:
        """In the plan's order."""
        return self.file.characteristic


def load_plan(path: Path) -> tuple[Plan, Loaded[PlanFile]]:
    """Read a control plan. Raises `ConfigError` with every fault found."""
    loaded = load_settings(PlanFile, path)
    ref = PlanRef(id=loaded.settings.id, revision=loaded.settings.revision, sha256=loaded.sha256)
    return Plan(loaded.settings, ref, path, loaded.text), loaded
