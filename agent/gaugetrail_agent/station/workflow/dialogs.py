"""Questions to whoever stands there, and which room takes the answers.

A room opens one by putting a `Dialog` into the state; it is asked until the room closes it, and nothing is measured
meanwhile. What must be asked again after a restart is remembered by its room, which opens it anew when the station
wakes. A note or a call may be said while something else is asked, which is asked again then (`under`). What may be left
goes with whoever is logged off (`log_in`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import Scanned, ValueCame
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.amending.asking import amending_answered
from gaugetrail_agent.station.workflow.amending.wanted import ABOUT_AMENDING
from gaugetrail_agent.station.workflow.before_unit.components import ABOUT_COMPONENT, component_answered
from gaugetrail_agent.station.workflow.before_unit.context import ABOUT_CONTEXT, context_answered
from gaugetrail_agent.station.workflow.before_unit.holding import ABOUT_CHANGE, change_answered
from gaugetrail_agent.station.workflow.before_unit.repeats import ABOUT_REPEAT, repeat_answered
from gaugetrail_agent.station.workflow.before_unit.set_up import ABOUT_CHANGE_OVER, change_over_answered
from gaugetrail_agent.station.workflow.bypassing import ABOUT_BYPASS, bypass_answered
from gaugetrail_agent.station.workflow.commands import command_in
from gaugetrail_agent.station.workflow.gauge_checks.asking import (
    ABOUT_CHECK,
    ABOUT_UNBLOCK,
    check_answered,
    master_measured,
    unblock_answered,
)
from gaugetrail_agent.station.workflow.lots import ABOUT_LOTS, lots_answered
from gaugetrail_agent.station.workflow.messages.handover import ABOUT_HANDOVER, handover_answered
from gaugetrail_agent.station.workflow.messages.suggesting import ABOUT_SUGGESTION, suggestion_answered
from gaugetrail_agent.station.workflow.order_list import ABOUT_ORDERS, order_chosen
from gaugetrail_agent.station.workflow.reactions.asking import ABOUT_REACTION, reaction_answered
from gaugetrail_agent.station.workflow.sampling.clock import ABOUT_MISSED
from gaugetrail_agent.station.workflow.sampling.words import (
    ABOUT_CHANGED,
    ABOUT_REASON,
    cause_answered,
    changed_answered,
    reason_answered,
)
from gaugetrail_agent.station.workflow.second_person import ABOUT_SECOND, second_answered
from gaugetrail_agent.station.workflow.speaking_up import ABOUT_CALL, ABOUT_NOTE, call_answered, note_answered
from gaugetrail_agent.station.workflow.steps_back import ABOUT_AGAIN, ABOUT_SKIP, again_answered, skip_answered
from gaugetrail_agent.station.workflow.unit_states.deciding import ABOUT_STATE, state_answered

Answer = Callable[[Setup, StationState, Dialog, Scanned], Step]

ANSWERS: Mapping[str, Answer] = {
    ABOUT_NOTE: note_answered,
    ABOUT_SUGGESTION: suggestion_answered,
    ABOUT_HANDOVER: handover_answered,
    ABOUT_SECOND: second_answered,
    ABOUT_ORDERS: order_chosen,
    ABOUT_LOTS: lots_answered,
    ABOUT_CONTEXT: context_answered,
    ABOUT_COMPONENT: component_answered,
    ABOUT_REPEAT: repeat_answered,
    ABOUT_CHANGE: change_answered,
    ABOUT_CHANGE_OVER: change_over_answered,
    ABOUT_CALL: call_answered,
    ABOUT_AGAIN: again_answered,
    ABOUT_SKIP: skip_answered,
    ABOUT_REASON: reason_answered,
    ABOUT_CHANGED: changed_answered,
    ABOUT_MISSED: cause_answered,
    ABOUT_REACTION: reaction_answered,
    ABOUT_STATE: state_answered,
    ABOUT_CHECK: check_answered,
    ABOUT_BYPASS: bypass_answered,
    ABOUT_UNBLOCK: unblock_answered,
    ABOUT_AMENDING: amending_answered,
}
"""What a dialog is about -> who takes its answers."""
BY_GAUGE: Mapping[str, Callable[[Setup, StationState, Dialog, ValueCame], Step]] = {ABOUT_CHECK: master_measured}
"""The same of what a gauge sends."""


def answer(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """What was scanned, typed or pressed while something is asked."""
    if event.text.upper() == CANCEL and dialog.may_cancel:
        return say(replace(state, dialog=dialog.under), "off", said("dialog.cancelled"))
    if command_in(event.text) is not None:  # a word is nobody's reason, note or cause
        left = said("dialog.answer_or_leave", cancel=CANCEL) if dialog.may_cancel else said("dialog.answer_first")
        return say(state, "amber", left)
    after, effects = ANSWERS[dialog.about](setup, state, dialog, event)
    if after == state and not effects:  # silence would be taken for an answer
        return say(state, "amber", said("dialog.no_answer"))
    return after, effects


def answer_by_gauge(setup: Setup, state: StationState, dialog: Dialog, event: ValueCame) -> Step:
    """What a gauge sends while it is asked for."""
    return BY_GAUGE[dialog.about](setup, state, dialog, event)
