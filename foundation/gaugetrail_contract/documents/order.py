"""An order: how many of which part are to be made on which line, for whom, until when, and what the customer asks.

Promise: it names one part, and one revision of it or any; a unit of another part is none of it. What the customer asks
beyond the drawing stands with its source. An order needs nobody's approval: it holds once it is taken in, and a later
edition (another quantity, another day) takes its place.
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from gaugetrail_contract.documents.head import DocumentHead
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DayText, Identifier, Text

MOST_UNITS = 100_000_000


class Requirement(Settings):
    """One `[[requirement]]`: what is asked of this order beyond the plan, and who asks it."""

    what: Text = Field(min_length=1, description="what is asked", examples=["100 % of bore_diameter with values"])
    source: Text = Field(
        min_length=1,
        description="where that stands: customer's order, standard, contract",
        examples=["PO 4500123 p. 2"],
    )
    characteristic: Identifier | None = Field(None, description="the characteristic that it is about, if it is one")


class OrderDocument(DocumentHead):
    """An order as its file says it."""

    part: Identifier = Field(description="part number that is made", examples=["PR-74"])
    part_revision: Identifier | None = Field(None, description="revision of the part; left out: any")
    operation: Identifier | None = Field(None, description="the one step that is ordered", examples=["OP20"])
    routing: tuple[Identifier, ...] = Field(
        (), description="instead of operation: the steps that are ordered, in turn", examples=[["OP10", "OP20"]]
    )
    quantity: int = Field(ge=1, le=MOST_UNITS, description="how many units are ordered")
    customer: Identifier | None = Field(None, description="who gets them")
    due: DayText | None = Field(None, description="finished by this day, YYYY-MM-DD, in quotes")
    lot: Identifier | None = Field(None, description="the lot that its units belong to, where the order fixes it")
    requirement: tuple[Requirement, ...] = Field((), description="[[requirement]]: what the customer asks")

    @model_validator(mode="after")
    def _route_makes_sense(self) -> Self:
        if self.operation is not None and self.routing:
            raise ValueError("operation and routing both say what is to be done: keep one")
        twice = sorted({one for one in self.routing if self.routing.count(one) > 1})
        if twice:
            raise ValueError(f"routing: {', '.join(twice)} stands twice")
        return self

    @property
    def operations(self) -> tuple[str, ...]:
        """The steps that are ordered; none: whatever the part needs."""
        return self.routing if self.operation is None else (self.operation,)

    @property
    def words(self) -> str:
        """What it is in few words, as a title."""
        revision = "" if self.part_revision is None else f" {self.part_revision}"
        due = "" if self.due is None else f", due {self.due}"
        return f"{self.quantity} x {self.part}{revision}{due}"

    def includes(self, operation: str | None) -> bool:
        """Whether that step is ordered; where nobody says which step it is, or the order names none, it is."""
        return operation is None or not self.operations or operation in self.operations
