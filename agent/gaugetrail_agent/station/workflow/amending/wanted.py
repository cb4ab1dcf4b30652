"""What somebody wants to have amended, as far as it is known, and what is asked next."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_agent.languages.sentences import Term, said
from gaugetrail_agent.station.locks.roles_here import roles_said
from gaugetrail_agent.station.looking_back import FoundInspection
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.amending.choosing import (
    ALL,
    attributed_choices,
    measured_choices,
    value_said,
)
from gaugetrail_contract.amending.what import Action, needs_approval
from gaugetrail_contract.amending.who import APPROVES

ABOUT_AMENDING = "amending"
LATER = "%LATER"
TAKES_NEW = frozenset({"correct", "re-attribute"})


@dataclass(frozen=True, slots=True)
class AmendmentAsked:
    """What is known so far."""

    action: Action
    reason: str = ""
    unit: str = ""
    found: FoundInspection | None = None
    """Null: its records are being looked through, or nobody has said of which unit."""
    field: str = ""
    new: str = ""

    @property
    def takes_field(self) -> bool:
        """Whether it is about one thing that the record says."""
        return self.action in TAKES_NEW or self.action == "exclude"

    @property
    def takes_new(self) -> bool:
        """Whether something else is right."""
        return self.action in TAKES_NEW


def next_question(setup: Setup, state: StationState, asked: AmendmentAsked) -> Dialog | None:
    """What is asked now; null where all is known."""
    if not asked.unit:
        last = state.last
        choices = () if last is None else (Choice(last.serial, said("state.last", unit=last.serial)),)
        return Dialog(ABOUT_AMENDING, said("amend.which"), choices, asked, takes_unit=True)
    if asked.found is None:
        return Dialog(ABOUT_AMENDING, said("amend.looking", unit=asked.unit), data=asked)
    if asked.takes_field and not asked.field:
        return _which_field(asked, asked.found)
    if asked.takes_new and not asked.new:
        asks = said("amend.new", name=Term(asked.field), old=value_said(asked.found.record, asked.field))
        return Dialog(ABOUT_AMENDING, asks, data=asked, takes_badge=asked.field == "operator", badge_is_named=True)
    if not asked.reason:
        return Dialog(ABOUT_AMENDING, said("amend.why"), data=asked)
    if not needs_approval(asked.action) or setup.people is None:
        return None
    asks = said("amend.badge", unit=asked.unit, roles=roles_said(sorted(APPROVES)), later=LATER)
    return Dialog(ABOUT_AMENDING, asks, (Choice(LATER, said("amend.later")),), asked, takes_badge=True)


def _which_field(asked: AmendmentAsked, found: FoundInspection) -> Dialog:
    if asked.action == "re-attribute":
        return Dialog(ABOUT_AMENDING, said("amend.what", unit=asked.unit), attributed_choices(found.record), asked)
    choices = measured_choices(found.record)
    if asked.action == "exclude":
        choices = (*choices, Choice(ALL, said("amend.all")))
    return Dialog(ABOUT_AMENDING, said("amend.which_value", unit=asked.unit), choices, asked)
