"""A control plan: what is measured of a part at an operation, against what, how often, and what to do when it fails.

Promise: the plan says nothing of a station's ports; which device gives a characteristic is the station's wiring, so one
plan serves many stations and a changed port changes no approved digest. (A plan that names devices is read as ever;
`check` says that they belong to the settings.) The `sha256` is the digest of the file's bytes, so a record names
exactly the text that held. Limits are decimal strings; a limit written as a bare TOML float would have lost its digits
already and is refused. What only the whole plan can tell is `plan_faults`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

from pydantic import ConfigDict, Field, model_validator

from gaugetrail_contract.documents.bypass import AlternativeControl
from gaugetrail_contract.documents.formula import BadFormula, Formula, read_formula
from gaugetrail_contract.documents.master_check import MasterCheck
from gaugetrail_contract.documents.people import Role
from gaugetrail_contract.documents.plan_questions import ChangeOverItem, ComponentWanted, ContextWanted
from gaugetrail_contract.record import Capture, CharacteristicKind, PlanRef, Verdict
from gaugetrail_contract.record.measurement import LimitKind
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DayText, DecimalText, Identifier, Text

MOST_DECIMALS = 15
NUMBERS = (CharacteristicKind.VARIABLE, CharacteristicKind.COUNT)
Phase = Literal["prototype", "pre_launch", "safe_launch", "production"]
Occasion = Literal[
    "first_piece", "last_piece", "setup", "shift", "lot", "tool_change", "material_change", "repair", "stop"
]


class Characteristic(Settings):
    """One `[[characteristic]]` of a control plan."""

    model_config = ConfigDict(serialize_by_alias=True)

    name: Identifier = Field(description="what the record calls it", examples=["bore_diameter"])
    title: Text = Field("", description="what the operator reads; the name if empty")
    number: Identifier | None = Field(None, description="its number in the plan", examples=["10"])
    balloon: Identifier | None = Field(None, description="its balloon on the drawing", examples=["7"])
    kind: CharacteristicKind = Field(CharacteristicKind.VARIABLE, description="variable, attribute, count or text")
    class_: Identifier | None = Field(
        None, alias="class", description="special characteristic: its class", examples=["CC"]
    )
    unit: Identifier | None = Field(None, description="unit of value and limits", examples=["mm"])
    nominal: DecimalText | None = Field(None, description="target value, in quotes", examples=["74.000"])
    lsl: DecimalText | None = Field(None, description="lower specification limit, in quotes", examples=["73.950"])
    usl: DecimalText | None = Field(None, description="upper specification limit, in quotes", examples=["74.050"])
    lsl_kind: LimitKind | None = Field(
        None, description="natural: nothing can be below the lower limit, as a roundness below zero; else specification"
    )
    usl_kind: LimitKind | None = Field(None, description="the same of the upper limit")
    requirement: Identifier | None = Field(
        None, description="where the limits come from: drawing, standard, order", examples=["DRW-1001 rev D"]
    )
    plausible_low: DecimalText | None = Field(
        None, description="a value below is no measurement: it is not taken before somebody confirms it"
    )
    plausible_high: DecimalText | None = Field(None, description="the same of a value above")
    decimals: int | None = Field(
        None, ge=0, le=MOST_DECIMALS, description="decimals of the value; a derived one is rounded to them"
    )
    formula: Text | None = Field(
        None,
        description="derived: made of other characteristics, which stand before it, by + - * /, abs, sqrt, min, max, "
        "mean, hypot; names with other signs than letters, digits and _ in single quotes",
        examples=["mean(bore_left, bore_right) - pin"],
    )
    gauge_kind: Identifier | None = Field(
        None, description="kind of gauge that may measure it, as the gauge register says it", examples=["bore gauge"]
    )
    resolution: DecimalText | None = Field(
        None, description="the gauge resolves at least this, in the unit", examples=["0.001"]
    )
    sample_size: int | None = Field(None, ge=1, description="how many units are measured each time")
    every_units: int | None = Field(None, ge=1, description="frequency: after so many units; 1: each")
    every_mins: float | None = Field(None, gt=0, description="frequency: after so many minutes")
    late_mins: float | None = Field(
        None, gt=0, description="every_mins: so long after it is due a check is overdue; left out: half of every_mins"
    )
    at: tuple[Occasion, ...] = Field((), description="frequency: whenever that happens", examples=[["tool_change"]])
    method: Text = Field("", description="how it is evaluated and controlled", examples=["X-bar and R chart"])
    owner: Text = Field("", description="who is responsible for it", examples=["operator"])
    reaction: Text = Field("", description="what is to be done when it fails", examples=["RP-12: stop, sort, tell QE"])
    instruction: Text = Field("", description="document and step that says how", examples=["WI-7 step 3"])
    device: Identifier | None = Field(None, description="better said in the station's wiring: the [[device]]")
    channel: Identifier | None = Field(None, description="better said in the station's wiring: the device's channel")
    capture: Capture | None = Field(None, description="how the value comes in; default: from the device's kind")
    entry: Literal["any", "scanned", "typed_twice"] = Field(
        "any",
        description="without a device: any, scanned (a text from a person's keys is refused) or typed_twice (what is "
        "typed is typed a second time, and must be the same)",
    )
    defects: tuple[Identifier, ...] = Field(
        (), description="attribute: the defect codes that may be given; left out: any", examples=[["SCRATCH", "DENT"]]
    )
    most_again: int = Field(
        3, ge=0, le=20, description="how often it may be measured again before the unit is closed, each with a reason"
    )
    skip: Literal["never", "with_reason"] = Field(
        "never", description="with_reason: whoever measures may leave it out and say why; the unit is incomplete then"
    )
    on_spool_full: Literal["as_plan", "keep"] = Field(
        "as_plan", description="keep: an inspection that measures this is never dropped, whatever the plan's drop_class"
    )

    @model_validator(mode="after")
    def _limits_make_sense(self) -> Self:
        named = {key: getattr(self, key) for key in ("plausible_low", "lsl", "nominal", "usl", "plausible_high")}
        there = {key: Decimal(text) for key, text in named.items() if text is not None}
        if list(there.values()) != sorted(there.values()):
            told = ", ".join(f"{key} {named[key]}" for key in there)
            raise ValueError(f"{self.name}: {told} are not in order")
        if there and self.kind not in NUMBERS:
            raise ValueError(f"{self.name}: a characteristic of kind {self.kind} has no limits")
        if self.resolution is not None and Decimal(self.resolution) <= 0:
            raise ValueError(f"{self.name}: a resolution is more than zero")
        for key in ("lsl", "usl"):
            if getattr(self, f"{key}_kind") is not None and key not in there:
                raise ValueError(f"{self.name}: {key}_kind says what {key} is, but there is no {key}")
        return self

    @model_validator(mode="after")
    def _formula_makes_sense(self) -> Self:
        if self.formula is None:
            return self
        if self.kind not in NUMBERS:
            raise ValueError(f"{self.name}: a formula gives a number, so a {self.kind} can't have one")
        if self.device is not None or self.capture not in (None, Capture.DERIVED):
            raise ValueError(f"{self.name}: it has a formula, so no device or person gives it: leave those out")
        if self.decimals is None:
            raise ValueError(f"{self.name}: say to how many decimals the formula's result is rounded (decimals = …)")
        try:
            read_formula(self.formula)
        except BadFormula as error:
            raise ValueError(f"{self.name}: its formula can't be read: {error}") from error
        return self

    @model_validator(mode="after")
    def _frequency_can_be_met(self) -> Self:
        size, units = self.sample_size or 1, self.every_units
        if units is not None and size > units:
            raise ValueError(f"{self.name}: {size} of every {units} units can't be measured")
        return self

    @property
    def derivation(self) -> Formula | None:
        """The formula, read; null for what is measured."""
        return None if self.formula is None else read_formula(self.formula)

    def judge(self, value: str) -> Verdict:
        """Pass when the value lies within the limits, both ends included; in decimal arithmetic, digit for digit."""
        number = Decimal(value)
        if self.lsl is not None and number < Decimal(self.lsl):
            return Verdict.FAIL
        if self.usl is not None and number > Decimal(self.usl):
            return Verdict.FAIL
        return Verdict.PASS

    def is_plausible(self, value: str) -> bool:
        """Whether the value can be a measurement at all, as far as the plan says."""
        number = Decimal(value)
        if self.plausible_low is not None and number < Decimal(self.plausible_low):
            return False
        return self.plausible_high is None or number <= Decimal(self.plausible_high)


class FurtherPart(Settings):
    """One `[[also_for]]`: another part number that the plan holds for."""

    part: Identifier = Field(description="part number")
    revision: Identifier | None = Field(None, description="its revision; none: any")


class LotsLetBy(Settings):
    """`[skip_lot]`: lots that are let by after good ones."""

    after_good_lots: int = Field(ge=1, le=1000, description="so many lots one after the other have passed whole")
    one_in: int = Field(ge=2, le=1000, description="from then on one lot in so many is measured, until one fails")


class PlanFile(Settings):
    """A control plan as its file says it."""

    id: Identifier = Field(description="document id", examples=["CP-1001"])
    revision: Identifier = Field(description="document revision", examples=["C"])
    title: Text = ""
    part: Identifier = Field(description="part number the plan is for")
    part_revision: Identifier | None = Field(None, description="revision of the part that it is for; none: any")
    also_for: tuple[FurtherPart, ...] = Field((), description="[[also_for]]: further part numbers and revisions")
    operation: Identifier | None = Field(
        None, description="step of the routing; only stations of that operation work by the plan", examples=["OP20"]
    )
    process: Identifier | None = Field(None, description="process number", examples=["30"])
    phase: Phase | None = Field(None, description="prototype, pre_launch, safe_launch or production")
    approved_by: Identifier = Field(description="who approved this revision")
    approved_on: DayText = Field(description="when, YYYY-MM-DD, in quotes")
    order: Literal["strict", "free"] = Field(
        "strict",
        description="strict: measure in the plan's order; free: whatever gauge speaks fills its characteristic",
    )
    change: Literal["now", "finish_lot"] = Field(
        "now",
        description="how this edition takes over from the one before: now, with the next unit; finish_lot: an order or "
        "lot that the one before has begun is finished by it",
    )
    sampling: Literal["all", "by_frequency"] = Field(
        "all",
        description="all: each unit is measured whole; by_frequency: a characteristic with a frequency (every_units, "
        "every_mins, at) is measured of the units that it wants, and a unit of which nothing is wanted is counted",
    )
    first_piece: Literal["none", "operator", "inspector", "two_persons"] = Field(
        "none",
        description="nothing else is taken before a first piece has passed whole: by an operator, by an inspector, or "
        "with a second person who looked",
    )
    two_persons: bool = Field(
        False, description="true: a unit that passed is recorded once a second person has scanned their badge"
    )
    first_piece_after: tuple[Occasion, ...] = Field(
        ("setup", "tool_change", "lot", "repair"), description="what asks for a new first piece"
    )
    skip_lot: LotsLetBy | None = Field(None, description="[skip_lot]: which lots are let by; left out: none")
    drop_class: int | None = Field(
        None,
        ge=1,
        le=9,
        description="unsent inspections that passed may be dropped when the spool is full and the station says "
        "drop_lowest, class 1 first; none: never",
    )
    after: tuple[Identifier, ...] = Field(
        (), description="operations that a unit must have passed before it is measured here", examples=[["OP10"]]
    )
    on_unknown: Literal["allow_marked", "refuse"] = Field(
        "allow_marked",
        description="of a unit whose past nobody could tell in time: allow_marked: it is measured, and its "
        "record says so (route); refuse: it isn't",
    )
    context: tuple[ContextWanted, ...] = Field(
        (), max_length=20, description="[[context]]: by and of what a unit is made, as it is asked at the station"
    )
    component: tuple[ComponentWanted, ...] = Field(
        (), max_length=100, description="[[component]]: what is built into a unit, scanned before it is measured"
    )
    change_over: tuple[ChangeOverItem, ...] = Field(
        (), max_length=50, description="[[change_over]]: what is checked before production begins anew"
    )
    repeat: Literal["take", "ask"] = Field(
        "take", description="a unit that has been inspected at the station before: take it, or ask why first"
    )
    repeat_reasons: tuple[Identifier, ...] = Field(
        (), max_length=50, description="ask: reasons to choose from; another can be typed", examples=[["reworked"]]
    )
    repeat_roles: tuple[Role, ...] = Field(
        (), description="ask: only these inspect a unit again; empty: whoever measures", examples=[["inspector"]]
    )
    characteristic: tuple[Characteristic, ...] = Field((), description="[[characteristic]], in order; at least one")
    check: tuple[MasterCheck, ...] = Field((), description="[[check]]: gauges that are checked with a master piece")
    bypass: tuple[AlternativeControl, ...] = Field(
        (), description="[[bypass]]: approved alternative controls, which somebody with the role lets for a time"
    )

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if not self.characteristic:
            raise ValueError("a plan measures something: add a [[characteristic]]")
        names = [characteristic.name for characteristic in self.characteristic]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the characteristic {', '.join(twice)} stands twice")
        if strange := sorted({one.characteristic for one in self.check} - set(names)):
            raise ValueError(f"a check is of {', '.join(strange)}, and no characteristic is called so")
        meant = {name for one in self.bypass for name in (*one.instead_of, *one.extra)}
        if strange := sorted(meant - set(names)):
            raise ValueError(f"a bypass names {', '.join(strange)}, and no characteristic is called so")
        return self

    @model_validator(mode="after")
    def _asks_make_sense(self) -> Self:
        asked = {"context": [str(one.kind) for one in self.context], "component": [one.part for one in self.component]}
        for what, names in asked.items():
            if twice := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"the {what} {', '.join(twice)} is asked twice")
        texts = [one.text for one in self.change_over]
        if twice := sorted({text for text in texts if texts.count(text) > 1}):
            raise ValueError(f"the check {twice[0]!r} of the change-over stands twice")
        if self.repeat == "take" and (self.repeat_reasons or self.repeat_roles):
            raise ValueError('repeat_reasons and repeat_roles are asked where repeat = "ask"')
        return self

    @cached_property
    def parts(self) -> tuple[FurtherPart, ...]:
        """Every part number that it is for, with its revision."""
        return FurtherPart(part=self.part, revision=self.part_revision), *self.also_for


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
