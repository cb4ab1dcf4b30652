"""What holds until it is changed: the tool, the machine, the material lot in use.

    %CHANGE:tool        another tool is in use from here on

Promise: it is remembered over a restart; each change is an event before anybody is told, and may call for a change-over
(`set_up`). Nothing is changed while a unit is in hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.before_unit.codes import component_in, context_in, title_of
from gaugetrail_agent.station.workflow.before_unit.set_up import changed_by_hand
from gaugetrail_contract.documents.plan_questions import ComponentWanted, ContextWanted
from gaugetrail_contract.text import visible

CHANGE = "%CHANGE"
ABOUT_CHANGE = "change"
COMPONENT = "component "
"""A component's lot holds under this and its part number."""


def change(setup: Setup, state: StationState, event: Scanned, what: str) -> Step:
    """Something else is in use from here on."""
    if state.unit is not None:
        return say(state, "amber", said("change.not_now", serial=state.unit.serial))
    holding = _holding(setup)
    if not holding:
        return say(state, "amber", said("change.nothing"))
    if not what:
        choices = tuple(Choice(kind, said("change.choice", what=title_of(one))) for kind, one in holding.items())
        return replace(state, dialog=Dialog(ABOUT_CHANGE, said("change.what"), choices)), ()
    if what not in holding:
        unknown = said("change.unknown", what=visible(what)[:60], known=", ".join(holding))
        return say(replace(state, dialog=None), "amber", unknown)
    asks = said("context.which", what=title_of(holding[what]))
    return replace(state, dialog=Dialog(ABOUT_CHANGE, asks, data=what)), ()


def change_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """What changes, or what it is now."""
    wanted = None if dialog.data is None else _holding(setup).get(str(dialog.data))
    if wanted is None:
        return change(setup, state, event, event.text.strip())
    value = _value(setup, wanted, event)
    if isinstance(value, Sentence):
        return say(state, "red", value)
    state = replace(state, dialog=None, light="off", says=said("change.taken", what=title_of(wanted), value=value))
    return holds_now(setup, state, event, str(dialog.data), value)


def holds_now(setup: Setup, state: StationState, event: Scanned, kind: str, value: str) -> Step:
    """It is remembered, told, and may call for a change-over."""
    context = state.memory.context
    before = context.holds.get(kind)
    context = msgspec.structs.replace(context, holds={**context.holds, kind: value})
    state = replace(state, memory=msgspec.structs.replace(state.memory, context=context))
    return changed_by_hand(setup, state, event, kind, before, value)


def _value(setup: Setup, wanted: ContextWanted | ComponentWanted, event: Scanned) -> str | Sentence:
    if isinstance(wanted, ContextWanted):
        return context_in(wanted, event.text.strip())
    found = component_in(setup, wanted, event)
    return found if isinstance(found, Sentence) else found.id


def _holding(setup: Setup) -> Mapping[str, ContextWanted | ComponentWanted]:
    """What holds until it is changed, by any plan here."""
    found: dict[str, ContextWanted | ComponentWanted] = {}
    for plan in setup.plans:
        context = (one for one in plan.file.context if one.each == "change" and one.kind != "shift")
        found = {**{one.kind: one for one in context}, **found}
        components = (one for one in plan.file.component if one.each == "change")
        found = {**{COMPONENT + one.part: one for one in components}, **found}
    return found
