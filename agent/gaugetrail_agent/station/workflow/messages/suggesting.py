"""A suggestion to the quality office, from whoever is logged on: what could be better, about what is worked on now.

%SUGGEST:the lamp blinds whoever looks for burrs

The answer comes with the line's list (`state.held.answers`), and is shown by `standing_messages`.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.choosing.plan_choice import part_of
from gaugetrail_agent.station.display import next_characteristic
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.events.passing_on import MOST_PASSED_ON, SuggestionMade
from gaugetrail_contract.text import refuse_identifier

SUGGEST = "%SUGGEST"
ABOUT_SUGGESTION = "suggestion"


def suggest(setup: Setup, state: StationState, event: Scanned, text: str) -> Step:
    """A suggestion; its text is asked for where the word stands alone."""
    if not text:
        return replace(state, dialog=Dialog(ABOUT_SUGGESTION, said("suggestion.which"))), ()
    reason = refuse_identifier(text, MOST_PASSED_ON)
    if reason is not None:
        return say(state, "amber", said("note.unusable", reason=reason))
    told = said_by_person(setup, state, _about(setup, state, text))
    return replace(state, dialog=None, light="off", says=said("suggestion.taken")), (told,)


def suggestion_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Its text."""
    return suggest(setup, state, event, event.text.strip())


def _about(setup: Setup, state: StationState, text: str) -> SuggestionMade:
    """With what is worked on: the unit in hand, else the order, else the only plan that there is."""
    plan, wanted = _plan(setup, state), next_characteristic(setup, state)
    ids = {} if state.unit is None else state.unit.ids
    return SuggestionMade(
        text=text,
        part=_part(state, plan),
        plan=None if plan is None else plan.ref.id,
        characteristic=None if wanted is None else wanted.name,
        serial=ids.get("serial"),
        lot=ids.get("lot"),
    )


def _plan(setup: Setup, state: StationState) -> Plan | None:
    return setup.plan if state.unit is not None or len(setup.plans) == 1 else None


def _part(state: StationState, plan: Plan | None) -> str | None:
    if state.unit is None and state.order is not None:
        return state.order.order.part
    return None if plan is None else part_of(plan, {} if state.unit is None else state.unit.ids).part
