"""Which of the station's plans holds for a unit: by its part and revision, as far as its code says them. Pure.

Promise: exactly one plan fits, or the unit is refused with what is wrong and what to do; none is ever guessed. A plan
that says no revision of the part is for all of them; a code that names none fits a plan of any. Where a document that
the station needs isn't in force, every unit is refused. An order or lot that the edition before has begun is finished
by it where the new one says so. Which operation is done here was asked when plans were read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.given.plans_here import FinishingLot
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.documents.plan import FurtherPart, Plan

MOST_NAMED = 8
"""Parts, revisions and plans that a sentence names."""


def at_work(setup: Setup, state: StationState) -> Setup:
    """The setup with the plan of the unit in hand."""
    plan = None if state.unit is None else state.unit.plan
    return setup if plan is None or plan is setup.plan else replace(setup, plan=plan)


def plan_for(setup: Setup, ids: Mapping[str, str]) -> Plan | Sentence:
    """The plan that holds for a unit of these identifiers; or why there is none, or more than one, or it is barred."""
    if setup.refusal is not None:
        return setup.refusal
    part, revision = ids.get("part") or _only_part(setup.plans), ids.get("revision")
    if part is None:
        return said("plan.which_part", parts=_named({name for plan in setup.plans for name in _parts(plan)}))
    of_part = [plan for plan in setup.plans if part in _parts(plan)]
    if not of_part:
        return _other_part(setup, part)
    fitting = [plan for plan in of_part if any(_fits(one, part, revision) for one in plan.file.parts)]
    if not fitting:
        revisions = {one.revision or "" for plan in of_part for one in plan.file.parts if one.part == part}
        return said("plan.other_revision", part=part, revision=revision or "", planned=_named(revisions))
    free = [plan for plan in fitting if plan.ref.id not in setup.barred]
    if len(free) > 1:
        plans = _named({f"{plan.ref.id} {plan.ref.revision}" for plan in free})
        return said("plan.several", part=part, plans=plans)
    return _of_its_lot(setup, free[0], ids) if free else setup.barred[fitting[0].ref.id]


def lot_of(ids: Mapping[str, str]) -> str | None:
    """The order of a unit, or its lot where its code names no order."""
    return ids.get("order") or ids.get("lot")


def with_lots_finished(before: Setup, after: Setup, lots: Mapping[str, str]) -> Setup:
    """The setup after, in which plans that say `finish_lot` leave an order or lot to the edition that it was begun by.
    `lots`: of each plan, that of the unit recorded last.
    """
    was = {plan.ref.id: plan for plan in before.plans if plan.ref.id not in before.barred}
    was |= {name: one.plan for name, one in before.finishing.items()}
    found = {}
    for plan in after.plans:
        name = plan.ref.id
        waits = plan.file.change == "finish_lot" and name not in after.barred and after.refuses is None
        if waits and name in lots and name in was and was[name].ref.sha256 != plan.ref.sha256:
            found[name] = FinishingLot(was[name], lots[name])
    return replace(after, finishing=found)


def _of_its_lot(setup: Setup, plan: Plan, ids: Mapping[str, str]) -> Plan:
    """The plan, or the edition before where that finishes the unit's order or lot."""
    before = setup.finishing.get(plan.ref.id)
    return plan if before is None or before.lot != lot_of(ids) else before.plan


def part_of(plan: Plan, ids: Mapping[str, str]) -> FurtherPart:
    """Part number and revision of a unit, as its code says them or else its plan."""
    part = ids.get("part") or plan.file.part
    planned = next((one.revision for one in plan.file.parts if one.part == part and one.revision is not None), None)
    return FurtherPart(part=part, revision=ids.get("revision") or planned)


def rivals(plans: Sequence[Plan]) -> Iterator[tuple[Plan, Plan, FurtherPart]]:
    """Pairs of plans that hold for the same part and revision, whatever a code says."""
    first: dict[tuple[str, str | None], Plan] = {}
    for plan in plans:
        for part in plan.file.parts:
            before = first.setdefault((part.part, part.revision), plan)
            if before is not plan:
                yield before, plan, part


def _only_part(plans: Sequence[Plan]) -> str | None:
    """The part of a unit whose code doesn't name one, where all plans are for the same."""
    parts = {name for plan in plans for name in _parts(plan)}
    return parts.pop() if len(parts) == 1 else None


def _parts(plan: Plan) -> tuple[str, ...]:
    return plan.file.part, *(one.part for one in plan.file.also_for)


def _fits(planned: FurtherPart, part: str, revision: str | None) -> bool:
    return planned.part == part and (revision is None or planned.revision in (None, revision))


def _other_part(setup: Setup, part: str) -> Sentence:
    if len(setup.plans) > 1:
        return said("plan.no_plan", part=part)
    planned = _named(set(_parts(setup.plan)))
    return said("unit.other_part", part=part, plan=setup.plan.ref.id, planned=planned)


def _named(names: set[str]) -> str:
    found = sorted(names)
    return ", ".join(found[:MOST_NAMED]) + (" …" if len(found) > MOST_NAMED else "")
