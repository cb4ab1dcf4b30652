"""What changed at the station, and the change-over: the checks before production begins anew (`[[change_over]]`).

    %CHANGEOVER        the checks of the part that is made, whenever somebody wants them

Promise: another part isn't begun before each check that its plan asks is answered well; an answer that isn't stands in
the record before the one that is. In the middle of it a restart asks on where it stopped. The event with all answers is
in the spool before anybody is told that production may begin. What changed when is remembered for sampling
(`memory.changes`).
"""

from __future__ import annotations

import re
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.choosing.plan_choice import part_of
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.change_over import ChangeOver, CheckToDo, Given
from gaugetrail_agent.station.memory.changes import ChangeKind, Changes
from gaugetrail_agent.station.memory.context import Context
from gaugetrail_agent.station.readings.entering import NOK_CODE, OK_CODE
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.happening import Scanned, Tick, Woke
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.events.set_up import CheckAnswered, ContextChanged, StationChangeOver
from gaugetrail_contract.text import refuse_identifier

CHANGE_OVER = "%CHANGEOVER"
ABOUT_CHANGE_OVER = "change over"
OCCASIONS: tuple[ChangeKind, ...] = ("tool_change", "material_change", "setup")
"""Changes that nobody else notices; lots and shifts are seen by who counts them."""
MOST_GIVEN = 200
"""Answers that are kept of one change-over."""
CHANGED_BY = {"tool": "tool", "fixture": "fixture", "machine": "machine"}
"""What holds until it is changed -> what a check names it; anything else is material."""


# --- what changed


def moment_of(state: StationState, event: Scanned) -> Moment:
    """When somebody did something."""
    return Moment(event.at_us, event.mono_ns, state.boot)


def notes_changes(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """A unit of another part, order, lot or shift than the one before begins."""
    at, changes = Moment(unit.started_us, unit.started_ns, state.boot), state.memory.changes
    part = made(unit)
    another = changes.known.get("part") != part
    changes = changes.with_known("part", part, at)
    for what, value in {**unit.ids, "shift": unit.context.get("shift")}.items():
        if what in ("order", "lot", "shift") and value is not None:
            changes = changes.with_known(what, value, at)
    if another:
        changes = changes.with_setup(part, at)
    return with_changes(state, changes), unit


def made(unit: Unit) -> str:
    """The part that a unit is, with its revision where it is known."""
    assert unit.plan is not None, "a unit has its plan before it begins"
    whose = part_of(unit.plan, unit.ids)
    return whose.part if whose.revision is None else f"{whose.part} {whose.revision}"


def with_changes(state: StationState, changes: Changes) -> StationState:
    """A state that knows the same is left as it is. Checks that fall due with a change are counted by `samples`."""
    before, samples = state.memory.changes, state.memory.samples
    if changes is before:
        return state
    happened = dict(samples.happened)
    for kind in OCCASIONS:
        if changes.last.get(kind) is not before.last.get(kind):
            happened[kind] = happened.get(kind, 0) + 1
    samples = msgspec.structs.replace(samples, happened=happened)
    return replace(state, memory=msgspec.structs.replace(state.memory, changes=changes, samples=samples))


def changed_by_hand(
    setup: Setup, state: StationState, event: Scanned, kind: str, before: str | None, value: str
) -> Step:
    """Somebody says that something else is in use. Where it is known already what was, a change-over may follow."""
    state = with_changes(state, state.memory.changes.with_known(kind, value, moment_of(state, event)))
    told = said_by_person(setup, state, ContextChanged(what=kind, before=before, to=value))
    plan = plan_in_work(setup, state)
    if before in (None, value) or state.unit is not None or plan is None:
        return state, (told,)
    changed = CHANGED_BY.get(kind, "material")
    state, _ = _begun(state, plan, changed, before or "", value)
    return state, (told,)


# --- the change-over


def change_over_first(setup: Setup, state: StationState, unit: Unit, event: Scanned) -> Step | None:
    """A unit of another part waits for the checks of its plan; null where there is nothing to check."""
    open_, before, now = state.memory.change_over, state.memory.changes.known.get("part"), made(unit)
    has_checks = unit.plan is not None and checks_of(unit.plan, "part")
    if open_.left and (open_.changed != "part" or open_.to == now or not has_checks):
        return _asked(state), ()
    if unit.plan is None or not has_checks or (before == now and not open_.left):
        return None
    return _begun(state, unit.plan, "part", before or "", now)


def change_over(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """Somebody wants the checks made."""
    if state.unit is not None:
        return say(state, "amber", said("change.not_now", serial=state.unit.serial))
    if state.memory.change_over.left:
        return _asked(state), ()
    plan, now = plan_in_work(setup, state), state.memory.changes.known.get("part", "")
    if plan is None or not checks_of(plan, "part"):
        return say(state, "amber", said("change_over.nothing"))
    return _begun(state, plan, "part", now, now or plan.file.part)


def change_over_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """An answer to the check that is asked."""
    open_, text = state.memory.change_over, event.text.strip()
    if text.upper() == CANCEL:
        return say(replace(state, dialog=None), "amber", said("change_over.left", count=len(open_.left)))
    check = open_.left[0]
    if check.answer == "ok" and text.upper() not in (OK_CODE, NOK_CODE):
        return say(state, "amber", said("change_over.ok_or_nok", ok=OK_CODE, nok=NOK_CODE))
    reason = refuse_identifier(text)
    if reason is not None:
        return say(state, "amber", said("note.unusable", reason=reason))
    given = (*open_.given, Given(check.text, text.upper() if check.answer == "ok" else text, state.operator or ""))
    open_ = msgspec.structs.replace(open_, given=given[-MOST_GIVEN:])
    if not _is_well(check, text):
        return say(_with(state, open_), "red", said("change_over.not_well", check=check.text))
    open_ = msgspec.structs.replace(open_, left=open_.left[1:])
    return (_asked(_with(state, open_)), ()) if open_.left else _finished(setup, state, open_, event)


def change_over_stands(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """Checks that were open before a restart are asked again."""
    is_open = isinstance(event, Woke) and state.memory.change_over.left and state.dialog is None
    return (_asked(state) if is_open else state), ()


def plan_in_work(setup: Setup, state: StationState) -> Plan | None:
    """The plan of the part that was made last; the only one, where there is but one."""
    part = state.memory.changes.known.get("part", "").partition(" ")[0]
    of_part = (plan for plan in setup.plans if any(one.part == part for one in plan.file.parts))
    return next(of_part, setup.plans[0] if len(setup.plans) == 1 else None)


def checks_of(plan: Plan, changed: str) -> tuple[CheckToDo, ...]:
    """What the plan asks when that changes."""
    return tuple(CheckToDo(one.text, one.answer, one.pattern) for one in plan.file.change_over if changed in one.on)


def _begun(state: StationState, plan: Plan, changed: str, before: str, to: str) -> Step:
    checks = checks_of(plan, changed)
    if not checks:
        return state, ()
    return _asked(_with(state, ChangeOver(changed, to, before, plan.ref.id, checks))), ()


def _asked(state: StationState) -> StationState:
    open_ = state.memory.change_over
    check, done = open_.left[0], len({one.check for one in open_.given} - {open_.left[0].text})
    asks = said("change_over.check", check=check.text, number=done + 1, count=done + len(open_.left), what=open_.to)
    choices = (Choice(OK_CODE, said("change_over.ok")), Choice(NOK_CODE, said("change_over.nok")))
    dialog = Dialog(ABOUT_CHANGE_OVER, asks, choices if check.answer == "ok" else (), may_cancel=False)
    return replace(state, dialog=dialog, light="off", says=None)


def _is_well(check: CheckToDo, text: str) -> bool:
    if check.answer == "ok":
        return text.upper() == OK_CODE
    return check.pattern is None or re.fullmatch(check.pattern, text) is not None


def _finished(setup: Setup, state: StationState, done: ChangeOver, event: Scanned) -> Step:
    """All is well: production may begin. What held of tools and material is asked anew for another part."""
    at, context = moment_of(state, event), state.memory.context
    changes = state.memory.changes.with_setup(done.to, at)
    if done.changed == "part":
        changes = changes.with_known("part", done.to, at)
        holds = {kind: value for kind, value in context.holds.items() if kind == "machine"}
        context = Context(holds, context.built_in)
    state = with_changes(state, changes)
    memory = msgspec.structs.replace(state.memory, context=context, change_over=ChangeOver())
    checks = tuple(CheckAnswered(check=one.check, answer=one.answer, by=one.by or None) for one in done.given)
    payload = StationChangeOver(
        changed=done.changed, before=done.before or None, to=done.to, plan=done.plan, checks=checks
    )
    state = replace(state, memory=memory, dialog=None, light="green", says=said("change_over.done", what=done.to))
    return state, (said_by_person(setup, state, payload),)


def _with(state: StationState, open_: ChangeOver) -> StationState:
    return replace(state, memory=msgspec.structs.replace(state.memory, change_over=open_))
