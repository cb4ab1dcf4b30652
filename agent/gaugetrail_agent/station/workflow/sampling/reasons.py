"""Why a unit is inspected, and what is wanted of it: chosen, due, or set by the workflow."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.locks.allowing import keys
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.samples import Check, Samples
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import Recorded
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.words.unit import Lock, Unit
from gaugetrail_agent.station.workflow.sampling.counting import at_lot, happened, let_by
from gaugetrail_agent.station.workflow.sampling.due import (
    is_due,
    is_governed,
    is_sampled,
    is_skipped_lot,
    samples_of,
    wants_first,
)
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.people import Role
from gaugetrail_contract.documents.plan import Plan
from gaugetrail_contract.record.parts import Reason, Subgroup

INSPECTS: frozenset[Role] = frozenset({"inspector", "quality engineer"})
"""Whose first piece counts, where the plan wants an inspector's."""


def first_by_whom(setup: Setup, state: StationState, unit: Unit) -> Lock | None:
    """A first piece that an inspector measures is nobody else's."""
    plan = unit.plan
    if plan is None or plan.file.first_piece != "inspector" or setup.people is None:
        return None
    if not wants_first(_arrived(state, unit, plan), plan):
        return None
    person, badge = setup.people.get(state.operator), state.operator or ""
    key = ("first.by_inspector", badge, plan.ref.id)
    if key in keys(state.allowed) or (person is not None and INSPECTS & set(person.roles)):
        return None
    return Lock(said("first.by_inspector", badge=badge), key)


def begun(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """The unit with what is wanted of it, and why."""
    plan = unit.plan
    if plan is None:
        return state, unit
    samples = _arrived(state, unit, plan) if is_governed(plan) else state.memory.samples
    unit = _with_reason(unit, samples, plan, state)
    if setup.mode == "automatic":  # a block is measured whole, and the next check begins where one ends
        places = _subgroups(samples, plan, Moment(unit.started_us, unit.started_ns, state.boot), thinned=False)
        unit = replace(unit, wanted=None, subgroups=places)
    return replace(state, memory=msgspec.structs.replace(state.memory, samples=samples)), unit


def not_due(setup: Setup, state: StationState, unit: Unit) -> Step | None:
    """A unit of which nothing is wanted is counted and let by; null where something is."""
    plan = unit.plan
    if plan is None or unit.wanted is None or unit.wanted:
        return None
    samples = let_by(setup, state.memory.samples, plan)
    skipped = is_skipped_lot(samples, plan)
    says = said("sampling.lot_skipped", lot=_lot(unit) or "") if skipped else said("sampling.none", serial=unit.serial)
    state = replace(state, unit=None, memory=msgspec.structs.replace(state.memory, samples=samples))
    return replace(state, lock=None, plea=None, light="off", says=says), ()


def told_of_first(setup: Setup, state: StationState, event: Recorded) -> Step:
    """Whether production may begin."""
    body = event.body
    plan = None if body is None else setup.plan_of(body.plan)
    if body is None or plan is None or body.reason is not Reason.FIRST or state.says is None:
        return state, ()
    if wants_first(state.memory.samples, plan):
        return replace(state, says=said("first.not_passed", recorded=state.says)), ()
    return replace(state, says=said("first.passed", recorded=state.says)), ()


def _arrived(state: StationState, unit: Unit, plan: Plan) -> Samples:
    """What is remembered once this unit is here: its lot and shift may be others than the one before's."""
    began = Moment(unit.started_us, unit.started_ns, state.boot)
    samples = at_lot(msgspec.structs.replace(state.memory.samples, began=began), plan, _lot(unit))
    shift = unit.context.get("shift")
    if shift is None or shift == samples.shift:
        return samples
    return msgspec.structs.replace(samples if samples.shift is None else happened(samples, "shift"), shift=shift)


def _lot(unit: Unit) -> str | None:
    return unit.ids.get("order") or unit.ids.get("lot")


def _with_reason(unit: Unit, samples: Samples, plan: Plan, state: StationState) -> Unit:
    """What somebody has chosen goes before what is due; what another rule has set stays."""
    if unit.reason is not Reason.RUNNING:
        return unit
    if samples.reason is not None:
        return replace(unit, reason=Reason(samples.reason))
    if not is_governed(plan):
        return unit
    if wants_first(samples, plan):
        return replace(unit, reason=Reason.FIRST)
    if is_skipped_lot(samples, plan):
        return replace(unit, wanted=frozenset())
    now = Moment(unit.started_us, unit.started_ns, state.boot)
    return replace(unit, wanted=_wanted(samples, plan, now), subgroups=_subgroups(samples, plan, now))


def _subgroups(samples: Samples, plan: Plan, now: Moment, *, thinned: bool = True) -> dict[str, Subgroup]:
    """The unit's place in each check of several units; a subgroup is named by the moment of its first."""
    found, checks = {}, samples_of(samples, plan).checks
    for one in plan.characteristics:
        size, check = one.sample_size or 1, checks.get(one.name, Check())
        if size > 1 and is_sampled(one) and (not thinned or is_due(samples, plan, one, now)):
            name = check.group if check.measured else utc_text(now.at_us)
            found[one.name] = Subgroup(id=name, position=check.measured + 1, size=size)
    return found


def _wanted(samples: Samples, plan: Plan, now: Moment) -> frozenset[str] | None:
    """The characteristics that are due, with all that a derived one is made of; null: all."""
    due = {one.name for one in plan.characteristics if one.formula is None and is_due(samples, plan, one, now)}
    for one in reversed(plan.characteristics):
        formula = one.derivation
        if formula is not None and (one.name in due or (is_sampled(one) and is_due(samples, plan, one, now))):
            due |= {one.name, *formula.names}
    for one in plan.characteristics:
        formula = one.derivation
        if formula is not None and due.issuperset(formula.names):
            due.add(one.name)
    everything = {one.name for one in plan.characteristics}
    return None if due == everything else frozenset(due)
