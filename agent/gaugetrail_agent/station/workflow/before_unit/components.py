"""What is built into a unit, piece by piece as its plan asks (`[[component]]`): the genealogy is in the record.

Promise: a component of another part number is refused, and so is a serial that is in this unit already, or in another
one as far as this station knows: it remembers the last `MOST_BUILT_IN` serials of units that were finished here. What
other stations have built in it doesn't know.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.finishing import finish
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.context import MOST_BUILT_IN
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.before_unit.codes import component_in, is_of_unit, title_of
from gaugetrail_agent.station.workflow.before_unit.holding import COMPONENT, holds_now
from gaugetrail_agent.station.workflow.before_unit.set_up import moment_of, with_changes
from gaugetrail_contract.documents.plan_questions import ComponentWanted
from gaugetrail_contract.record import InspectionBody, Verdict
from gaugetrail_contract.record.parts import BuiltIn

ABOUT_COMPONENT = "component"


def begins_with_components(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """Lots that hold until they are changed."""
    for one in () if unit.plan is None else unit.plan.file.component:
        lot = state.memory.context.holds.get(COMPONENT + one.part) if one.each == "change" else None
        if lot is not None and not _count(unit, one):
            unit = replace(unit, built_in=(*unit.built_in, BuiltIn(id=lot, kind="lot", part=one.part)))
    return state, unit


def asks_component(setup: Setup, state: StationState, unit: Unit) -> Dialog | None:
    """The next piece; null where all are built in."""
    wanted = next((one for one in setup.plan.file.component if _count(unit, one) < one.quantity), None)
    if wanted is None:
        return None
    title, number = title_of(wanted), _count(unit, wanted) + 1
    if wanted.kind == "lot":
        asks = said("component.lot", what=title, serial=unit.serial)
    else:
        asks = said("component.piece", what=title, number=number, count=wanted.quantity, serial=unit.serial)
    return Dialog(ABOUT_COMPONENT, asks, data=wanted, may_cancel=False)


def component_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """The code of the piece, or of its lot."""
    wanted, unit = dialog.data, state.unit
    assert isinstance(wanted, ComponentWanted), "it was asked for"
    assert unit is not None, "it is built into a unit"
    if event.text.upper() == CANCEL:
        return finish(setup, replace(state, dialog=None), unit, Verdict.INCOMPLETE, event.mono_ns)
    if is_of_unit(setup, unit, event):
        return say(state, state.light, said("unit.in_work", serial=unit.serial))
    found = component_in(setup, wanted, event)
    if isinstance(found, Sentence) or isinstance(found := _fitting(state, unit, found), Sentence):
        return say(state, "red", found)
    unit = replace(unit, built_in=(*unit.built_in, found))
    state = replace(state, unit=unit, dialog=None, light="off", says=said("component.taken", component=found.id))
    kind = COMPONENT + wanted.part
    if wanted.each == "change":
        return holds_now(setup, state, event, kind, found.id)
    if wanted.kind == "serial":
        return state, ()
    return with_changes(state, state.memory.changes.with_known(kind, found.id, moment_of(state, event))), ()


def remembers_components(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """Which serials are in the unit. One that was left before it was finished books none: they may be put elsewhere."""
    unit = body.serial or body.lot
    if unit is None or body.verdict is Verdict.INCOMPLETE:
        return memory
    pieces = {_key(one): unit for one in body.built_in if one.kind == "serial"}
    if not pieces:
        return memory
    others = {key: whole for key, whole in memory.context.built_in.items() if key not in pieces}
    known: Mapping[str, str] = _newest({**others, **pieces})
    return msgspec.structs.replace(memory, context=msgspec.structs.replace(memory.context, built_in=known))


def _fitting(state: StationState, unit: Unit, found: BuiltIn) -> BuiltIn | Sentence:
    """The component, where it is in nothing yet."""
    if found.kind != "serial":
        return found
    if any(_key(one) == _key(found) for one in unit.built_in):
        return said("component.twice", component=found.id, serial=unit.serial)
    whole = state.memory.context.built_in.get(_key(found), unit.serial)
    return found if whole == unit.serial else said("component.elsewhere", component=found.id, serial=whole)


def _count(unit: Unit, wanted: ComponentWanted) -> int:
    return sum(one.part == wanted.part for one in unit.built_in)


def _key(one: BuiltIn) -> str:
    return f"{one.part} {one.id}"


def _newest(known: dict[str, str]) -> dict[str, str]:
    return dict(islice(known.items(), max(0, len(known) - MOST_BUILT_IN), None))
