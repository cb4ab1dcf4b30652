"""What a control plan asks beside its measurements: context, components, change-over, why a unit is here again.

Promise: tables of the plan, each with its rules; what they ask is asked at the station (`workflow`), and what is said
stands in the record. A pattern is a regular expression that the whole code has to fit.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self, get_args

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier, Text

ContextKind = Literal[
    "lot", "heat", "supplier_lot", "cavity", "fixture", "tool", "machine", "shift", "order_line", "customer"
]
ChangedKind = Literal["part", "tool", "fixture", "machine", "material"]
CHANGED_KINDS: tuple[ChangedKind, ...] = get_args(ChangedKind)


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from error
    return text


CodePattern = Annotated[str, AfterValidator(_pattern)]


class ContextWanted(Settings):
    """One `[[context]]` of a control plan: by or of what the unit is made."""

    kind: ContextKind = Field(
        description="lot, heat, supplier_lot, cavity, fixture, tool, machine, shift, order_line or customer; what the "
        "unit's code or its order says already isn't asked"
    )
    title: Text = Field("", description="what the operator reads; the kind if empty", examples=["bar stock"])
    each: Literal["unit", "change"] = Field(
        "unit", description="unit: asked of each; change: asked once, and holds until it is changed (%CHANGE)"
    )
    pattern: CodePattern | None = Field(
        None, description="what its code looks like; the named group (?P<value>…) is taken, else all of it"
    )

    @model_validator(mode="after")
    def _pattern_makes_sense(self) -> Self:
        _refuse_groups(self.kind, self.pattern, {"value"})
        return self


class ComponentWanted(Settings):
    """One `[[component]]` of a control plan: what is built into the unit."""

    part: Identifier = Field(description="part number of the component")
    title: Text = Field("", description="what the operator reads; the part number if empty", examples=["pin"])
    kind: Literal["serial", "lot"] = Field(
        "serial", description="serial: each piece is scanned; lot: the lot that all pieces are from"
    )
    quantity: int = Field(1, ge=1, le=100, description="serial: how many pieces are built in")
    each: Literal["unit", "change"] = Field(
        "unit", description="of a lot: unit: scanned for each; change: scanned once, and holds until changed (%CHANGE)"
    )
    pattern: CodePattern | None = Field(
        None,
        description="what its code looks like, with the named groups (?P<part>…) and (?P<id>…); left out: a GS1 or "
        "ISO 15434 code that names part and serial or lot",
        examples=["(?P<part>PIN-[0-9]+)/(?P<id>.+)"],
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.kind == "lot" and self.quantity != 1:
            raise ValueError(f"{self.part}: a lot is scanned once, whatever is taken from it: leave quantity out")
        if self.kind == "serial" and self.each == "change":
            raise ValueError(f"{self.part}: each piece with a serial is scanned: leave each out")
        if self.pattern is not None and set(re.compile(self.pattern).groupindex) != {"part", "id"}:
            raise ValueError(f"{self.part}: its pattern says by groups what is what: (?P<part>…) and (?P<id>…)")
        return self


class ChangeOverItem(Settings):
    """One `[[change_over]]` of a control plan: what is checked before production begins anew."""

    text: Text = Field(min_length=1, description="what is checked", examples=["Jaws 74 in, torque wrench set to 40 Nm"])
    on: tuple[ChangedKind, ...] = Field(
        CHANGED_KINDS,
        min_length=1,
        description="checked when one of these changes: part, tool, fixture, machine, material",
    )
    answer: Literal["ok", "text"] = Field("ok", description="ok: %OK or %NOK; text: a value or a text, which is kept")
    pattern: CodePattern | None = Field(None, description="text: what an answer looks like that lets production begin")

    @model_validator(mode="after")
    def _pattern_is_of_a_text(self) -> Self:
        if self.answer == "ok" and self.pattern is not None:
            raise ValueError(f'{self.text}: an answer with a pattern is a text: say answer = "text"')
        return self


def _refuse_groups(named: str, pattern: str | None, known: set[str]) -> None:
    if pattern is not None and (strange := set(re.compile(pattern).groupindex) - known):
        raise ValueError(f"{named}: its pattern names the group {', '.join(sorted(strange))}; known: {sorted(known)}")
