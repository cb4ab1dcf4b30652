"""Which instruction was shown for a unit, as its record says it: the one of the first characteristic that has one."""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.station.choosing.plan_choice import part_of
from gaugetrail_agent.station.given.instructions_here import InstructionShown, MadeHow, instruction_for
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.documents.plan import Characteristic, Plan
from gaugetrail_contract.record.parts import Instruction


def with_instruction(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """The unit begins with what is shown for it; where no screen shows any, with none."""
    plan = setup.plan if unit.plan is None else unit.plan
    wanted = (one for one in plan.characteristics if unit.wanted is None or one.name in unit.wanted)
    shown = next((found for one in wanted if (found := shown_for(setup, plan, unit, one)) is not None), None)
    if shown is None:
        return state, unit
    edition = shown.edition
    return state, replace(
        unit, instruction=Instruction(id=edition.id, revision=edition.revision, sha256=edition.sha256)
    )


def shown_for(setup: Setup, plan: Plan, unit: Unit | None, one: Characteristic) -> InstructionShown | None:
    """How the characteristic is measured of the unit; without one, of the plan's first part."""
    if not setup.instructions:
        return None
    part = part_of(plan, {} if unit is None else unit.ids)
    operation = setup.operation or plan.file.operation
    return instruction_for(setup.instructions, one, MadeHow(part.part, part.revision, operation, setup.line))
