"""A checklist: the fields that somebody fills in, and which of them must be.

Promise: `faults` says of what was entered everything that is wrong with it, each with its field; what it finds nothing
in is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.head import ForPart, Spoken
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DecimalText, Identifier, refuse_identifier

FieldKind = Literal["text", "number", "choice", "yes_no", "day", "person"]
_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
YES_NO = ("yes", "no")


class FormField(Settings):
    """One `[[field]]`."""

    name: Identifier = Field(description="what records call it", examples=["coolant_level"])
    title: Spoken = Field({}, description="what people read, by language; left out: the name")
    kind: FieldKind = Field("text", description="text, number, choice, yes_no, day or person (a badge)")
    choices: tuple[Identifier, ...] = Field((), description="choice: what can be chosen")
    unit: Identifier | None = Field(None, description="number: its unit")
    low: DecimalText | None = Field(None, description="number: not below this, in quotes")
    high: DecimalText | None = Field(None, description="number: not above this, in quotes")
    required: bool = Field(True, description="whether it must be filled in")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"{self.name}: choices and the kind choice go together")
        if len(set(self.choices)) < len(self.choices):
            raise ValueError(f"{self.name}: a choice stands twice")
        if self.kind != "number" and (self.unit or self.low or self.high):
            raise ValueError(f"{self.name}: unit, low and high are a number's")
        if self.low is not None and self.high is not None and Decimal(self.low) > Decimal(self.high):
            raise ValueError(f"{self.name}: low {self.low}, high {self.high} are not in order")
        return self

    def fault(self, entered: str) -> str | None:
        """What is wrong with an entry; null where nothing is."""
        match self.kind:
            case "choice" | "yes_no":
                allowed = self.choices or YES_NO
                return None if entered in allowed else f"{entered!r} is none of {', '.join(allowed)}"
            case "day":
                return None if _is_day(entered) else f"{entered!r} is no day; write 2026-12-01"
            case "number":
                return self._number_fault(entered)
            case _:
                return refuse_identifier(entered)

    def _number_fault(self, entered: str) -> str | None:
        if _NUMBER.fullmatch(entered) is None:
            return f"{entered!r} is no number"
        if self.low is not None and Decimal(entered) < Decimal(self.low):
            return f"{entered} is below {self.low}"
        if self.high is not None and Decimal(entered) > Decimal(self.high):
            return f"{entered} is above {self.high}"
        return None


class Form(ForPart):
    """A form as its file says it."""

    field: tuple[FormField, ...] = Field((), description="[[field]], in order; at least one")

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        if not self.field:
            raise ValueError("a form has something to fill in: add a [[field]]")
        names = [one.name for one in self.field]
        if twice := sorted({one for one in names if names.count(one) > 1}):
            raise ValueError(f"the field {', '.join(twice)} stands twice")
        return self

    def faults(self, entries: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Field and what is wrong with it."""
        known = {one.name: one for one in self.field}
        for name, one in known.items():
            entered = entries.get(name, "")
            if not entered:
                if one.required:
                    yield name, "must be filled in"
            elif (fault := one.fault(entered)) is not None:
                yield name, fault
        yield from ((name, "is no field of this form") for name in entries if name not in known)


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
