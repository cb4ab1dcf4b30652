"""By which plans a station may work now, and what bars the others. Pure data.

A plan that is barred stays among the plans: it says for which parts it is, so a unit of these is refused by the right
sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.record import PlanRef
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier

NO_PLAN = Plan(
    PlanFile.model_construct(id="", revision="", part="", approved_by="", approved_on="", characteristic=()),
    PlanRef(id="", revision="", sha256=""),
    Path(),
)
"""Measures nothing: stands where no plan is here, and no unit is begun by it."""


class FromDocument(Settings):
    """In place of a file: a controlled document, as the collector that writes them sends it."""

    document: Identifier = Field(description="its id", examples=["CP-1001"])


@dataclass(frozen=True, slots=True)
class PlansHere:
    """Of one station, at a moment."""

    plans: tuple[Plan, ...] = ()
    barred: Mapping[str, Sentence] = field(default_factory=dict)
    """Id of a plan -> why no unit may be begun by it."""
    refuses: Sentence | None = None
    """Why no unit at all may be begun."""
