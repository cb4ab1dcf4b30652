"""A unit that has been here before is measured again for a reason (`repeat = "ask"` of its plan).

Promise: what the spool knows of earlier attempts is asked before the unit begins; its record says why it is measured
again (`again_reason`) beside the attempt. Where the plan names roles (`repeat_roles`), nobody else measures it again.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.plan_choice import part_of
from gaugetrail_agent.station.finishing import finish
from gaugetrail_agent.station.locks.roles_here import role_among, roles_said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import RecallUnit
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.own_words import no_own_words
from gaugetrail_contract.record import Verdict

ABOUT_REPEAT = "repeat"


def recalls_unit(setup: Setup, state: StationState, unit: Unit, event: Scanned) -> Step | None:
    """The spool is asked whether the unit has been here; null where nobody needs to know, or it is known."""
    plan = unit.plan
    if plan is None or plan.file.repeat == "take" or unit.been_here is not None or "serial" not in unit.ids:
        return None
    return state, (RecallUnit(part_of(plan, unit.ids).part, unit.ids["serial"], event),)


def may_repeat(setup: Setup, state: StationState, unit: Unit) -> Sentence | None:
    """Why whoever is here may not measure it again."""
    roles = () if unit.plan is None else unit.plan.file.repeat_roles
    if not unit.been_here or not roles:
        return None
    if role_among(setup, state.operator, roles) is not None:
        return None
    return said("repeat.role", serial=unit.serial, count=unit.been_here, roles=roles_said(roles))


def asks_why_again(setup: Setup, state: StationState, unit: Unit) -> Dialog | None:
    """The reason; null where it is no repeat, or known."""
    if not unit.been_here or unit.again_reason is not None:
        return None
    choices = tuple(Choice(code, said("repeat.reason", reason=code)) for code in setup.plan.file.repeat_reasons)
    return Dialog(ABOUT_REPEAT, said("repeat.why", serial=unit.serial, count=unit.been_here), choices, may_cancel=False)


def repeat_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """The reason, of the plan's or one's own."""
    unit, text = state.unit, event.text.strip()
    assert unit is not None, "it is asked of a unit"
    if text.upper() == CANCEL:
        return finish(setup, replace(state, dialog=None), unit, Verdict.INCOMPLETE, event.mono_ns)
    fault = None if text in setup.plan.file.repeat_reasons else no_own_words(setup, text)
    if fault is not None:
        return say(state, "amber", fault)
    return replace(state, unit=replace(unit, again_reason=text), dialog=None, light="off", says=None), ()
