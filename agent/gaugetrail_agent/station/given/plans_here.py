"""By which plans a station may work now, what bars the others, and at which orders. Pure data.

A plan that is barred stays among the plans: it says for which parts it is, so a unit of these is refused by the right
sentence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.given.instructions_here import InstructionHere
from gaugetrail_agent.station.given.limits_here import LimitsHere
from gaugetrail_agent.station.given.orders_here import OrdersHere
from gaugetrail_agent.station.given.reactions_here import ReactionHere
from gaugetrail_contract.documents.calendar import Calendar
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


NO_REVISION = "-"
"""Of a register that is a file."""


class FromDocument(Settings):
    """In place of a file: a controlled document, as the collector that writes them sends it."""

    document: Identifier = Field(description="its id", examples=["CP-1001"])


@dataclass(frozen=True, slots=True)
class RegisterHere:
    """Which people list or gauge register it is: of a document its id and revision, of a file its name."""

    document: str
    revision: str
    sha256: str


@dataclass(frozen=True, slots=True)
class SettingsHere:
    """Digest of the settings, and the keys that differ from those before; null where nobody knows."""

    sha256: str = ""
    keys: tuple[str, ...] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class FinishingLot:
    """An edition that is superseded, and the order or lot that is finished by it, as its successor says."""

    plan: Plan
    lot: str


@dataclass(frozen=True, slots=True)
class PlansHere:
    """Of one station, at a moment."""

    plans: tuple[Plan, ...] = ()
    barred: Mapping[str, Sentence] = field(default_factory=dict)
    """Id of a plan -> why no unit may be begun by it."""
    refuses: Sentence | None = None
    """Why no unit at all may be begun."""
    orders: OrdersHere | None = None
    """At which orders it may work; null where orders are nothing to it."""
    reactions: Mapping[str, ReactionHere] = field(default_factory=dict)
    """Reaction documents in force, by their ids."""
    instructions: Mapping[str, InstructionHere] = field(default_factory=dict)
    """Instructions in force, where a screen shows them."""
    limits: tuple[LimitsHere, ...] = ()
    """Control limits that values are judged by here, those for the narrowest place first."""
    calendar: Calendar | None = None
    """The calendar in force for its line, where there is one."""
