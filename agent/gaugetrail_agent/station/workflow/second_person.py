"""Two persons where the plan says so: whoever measured is not alone in saying that the unit passed. Pure.

Promise: a unit of which all is measured and has passed isn't recorded before somebody else has scanned their badge,
with their PIN where they have one; the record names both (`verifier`). Who doesn't agree scans %NOK: it is recorded as
incomplete. What failed needs nobody's agreement. Over a restart the question stands.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.finishing import finish, verdict_of
from gaugetrail_agent.station.locks.fitness import lock_on_badge
from gaugetrail_agent.station.readings.entering import NOK_CODE
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL, kept, with_unit
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import KeepIt
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.known_units import held_meanwhile
from gaugetrail_contract.documents.plan import PlanFile
from gaugetrail_contract.record import Verdict
from gaugetrail_contract.record.parts import Reason

ABOUT_SECOND = "second person"
VERIFIER = "verifier"


def measured_through(setup: Setup, state: StationState, unit: Unit, mono_ns: int) -> Step:
    """All that is wanted of the unit is there: its record, or first the second person."""
    if verdict_of(setup, unit) is not Verdict.PASS or not _wants_two(setup.plan.file, unit) or VERIFIER in unit.context:
        return _ended(setup, state, unit, mono_ns)
    body = kept(setup, state, unit, mono_ns)
    asks = said("second.badge", serial=unit.serial, nok=NOK_CODE)
    dialog = Dialog(ABOUT_SECOND, asks, (Choice(NOK_CODE, said("second.no")),), takes_badge=True, may_cancel=False)
    state = replace(state, unit=unit, memory=with_unit(state.memory, unit), question=None, typed_once=None)
    return replace(state, dialog=dialog, light="amber", says=None), (KeepIt(body),)


def second_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Their badge, or that they don't agree."""
    unit, text = state.unit, event.text.strip()
    assert unit is not None, "it is asked of a unit in hand"
    if text.upper() in (NOK_CODE, CANCEL):
        return finish(setup, replace(state, dialog=None), unit, Verdict.INCOMPLETE, event.mono_ns)
    if setup.badge.fullmatch(text) is None:
        return say(state, "amber", dialog.asks)
    if text == state.operator:
        return say(state, "amber", said("second.oneself", badge=text))
    lock = lock_on_badge(setup, text, event.at_us)
    if lock is not None:
        return say(state, "amber", lock.says)
    unit = replace(unit, context={**unit.context, VERIFIER: text})
    return _ended(setup, replace(state, dialog=None), unit, event.mono_ns)


def _ended(setup: Setup, state: StationState, unit: Unit, mono_ns: int) -> Step:
    """Its record. One that was put on hold while it was in hand doesn't pass, however good it is."""
    verdict = verdict_of(setup, unit)
    now_us = unit.started_us + max(0, mono_ns - unit.started_ns) // 1000
    stopped = held_meanwhile(state, unit, now_us)
    if stopped is not None:
        unit = replace(unit, unit_state=stopped)
        verdict = Verdict.INCOMPLETE if verdict is Verdict.PASS else verdict
    return finish(setup, state, unit, verdict, mono_ns)


def _wants_two(plan: PlanFile, unit: Unit) -> bool:
    return plan.two_persons or (plan.first_piece == "two_persons" and unit.reason is Reason.FIRST)
