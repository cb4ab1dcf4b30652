"""By and of what a unit is made: lot, tool, cavity, shift … as its plan asks (`[[context]]`).

Promise: what is asked stands in the record. What the unit's code or its order says isn't asked; the shift goes by the
calendar where there is one.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.finishing import finish
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.before_unit.codes import context_in, is_of_unit, title_of
from gaugetrail_agent.station.workflow.before_unit.holding import holds_now
from gaugetrail_agent.station.workflow.before_unit.set_up import moment_of, with_changes
from gaugetrail_contract.documents.plan_questions import ContextWanted
from gaugetrail_contract.record import Verdict

ABOUT_CONTEXT = "context"
OF_UNIT = ("lot", "heat")
"""Kinds that are identifiers of the unit."""


def value_of(unit: Unit, kind: str) -> str | None:
    """What is known of a unit."""
    if kind == "customer":
        return unit.customer
    return unit.ids.get(kind) if kind in OF_UNIT else unit.context.get(kind)


def with_value(unit: Unit, kind: str, value: str) -> Unit:
    """The unit with one thing more known of it."""
    if kind == "customer":
        return replace(unit, customer=value)
    if kind in OF_UNIT:
        return replace(unit, ids={**unit.ids, kind: value})
    return replace(unit, context={**unit.context, kind: value})


def begins_with_context(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """What holds until it is changed, and the shift."""
    shift = None if setup.calendar is None else setup.calendar.shift_at(unit.started_us)
    if shift is not None:
        unit = with_value(unit, "shift", shift.shift)
    for one in () if unit.plan is None else unit.plan.file.context:
        holds = state.memory.context.holds.get(one.kind) if one.each == "change" else None
        if holds is not None and value_of(unit, one.kind) is None:
            unit = with_value(unit, one.kind, holds)
    return state, unit


def asks_context(setup: Setup, state: StationState, unit: Unit) -> Dialog | None:
    """What is asked of the unit now; null where all is known."""
    lacking = (one for one in setup.plan.file.context if value_of(unit, one.kind) is None)
    wanted = next(lacking, None)
    if wanted is None:
        return None
    return Dialog(ABOUT_CONTEXT, said("context.which", what=title_of(wanted)), data=wanted, may_cancel=False)


def context_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """The code of what was asked."""
    wanted, unit = dialog.data, state.unit
    assert isinstance(wanted, ContextWanted), "it was asked for"
    assert unit is not None, "it is asked of a unit"
    if event.text.upper() == CANCEL:
        return finish(setup, replace(state, dialog=None), unit, Verdict.INCOMPLETE, event.mono_ns)
    if is_of_unit(setup, unit, event):
        return say(state, state.light, said("unit.in_work", serial=unit.serial))
    value = context_in(wanted, event.text.strip())
    if isinstance(value, Sentence):
        return say(state, "red", value)
    state = replace(state, unit=with_value(unit, wanted.kind, value), dialog=None, light="off", says=None)
    if wanted.each == "change":
        return holds_now(setup, state, event, wanted.kind, value)
    return with_changes(state, state.memory.changes.with_known(wanted.kind, value, moment_of(state, event))), ()
