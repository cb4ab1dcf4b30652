"""Where the rooms of the workflow join the station. Each list is gone through in its order.

- `BEFORE_UNIT`: whether a unit may begin; the first that says why not is told, a `Lock` may be lifted by somebody.
- `UNIT_BEGINS`: what a unit begins with: what is wanted of it, why it is inspected, its context. It may ask something.
- `FIRST_OF_ALL`: what has to be done before the unit may begin: something is looked up, or a change-over.
- `ASKED_OF_UNIT`: what is asked of the unit in hand before it is measured on; asked anew after each answer, so what is
  answered must stand in the unit.
- `BEFORE_VALUE`: whether a value may be taken of that gauge for the unit in hand; a `Lock` where not.
- `VALUE_TAKEN`: a value of the unit in hand was taken; the last measurements of `unit.taken` are new.
- `REMEMBERED`: what a record changes of what is remembered. It is worked out twice, once for the record's transaction
  and once when that is committed, so it goes by the record and by nothing else.
- `RECORDED`: a record is in the spool; what it sets off, with what is remembered of it already.
- `PASSING`: time has passed (`Tick`, once a second), or the station has started again (`Woke`). Not while a record is
  on its way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.in_hand import InHand
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.effect import Effect
from gaugetrail_agent.station.words.happening import EventKept, LookedBack, Recorded, Scanned, Tick, ValueCame, Woke
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.words.unit import Lock, Unit
from gaugetrail_agent.station.workflow.amending.asking import AMENDING, record_found
from gaugetrail_agent.station.workflow.amending.telling import approval_kept, approvals_stand, request_kept
from gaugetrail_agent.station.workflow.before_unit.components import (
    asks_component,
    begins_with_components,
    remembers_components,
)
from gaugetrail_agent.station.workflow.before_unit.context import asks_context, begins_with_context
from gaugetrail_agent.station.workflow.before_unit.instruction import with_instruction
from gaugetrail_agent.station.workflow.before_unit.repeats import asks_why_again, may_repeat, recalls_unit
from gaugetrail_agent.station.workflow.before_unit.set_up import change_over_first, change_over_stands, notes_changes
from gaugetrail_agent.station.workflow.bypassing import by_alternative, bypasses_pass
from gaugetrail_agent.station.workflow.gauge_checks.asking import check_kept
from gaugetrail_agent.station.workflow.gauge_checks.due import checks_told, gauge_not_checked
from gaugetrail_agent.station.workflow.gauge_checks.windows import (
    SUSPECT,
    checks_owed,
    window_found,
    windows_opened,
    windows_remembered,
)
from gaugetrail_agent.station.workflow.known_units import barred_unit, with_past
from gaugetrail_agent.station.workflow.log_in import stays_logged_in
from gaugetrail_agent.station.workflow.reactions.asking import (
    reaction_first,
    reaction_seen,
    reactions_open,
    reactions_stand,
)
from gaugetrail_agent.station.workflow.reactions.remembering import reactions_remembered
from gaugetrail_agent.station.workflow.sampling import counting, reasons
from gaugetrail_agent.station.workflow.sampling.clock import time_passes
from gaugetrail_agent.station.workflow.sampling.reasons import first_by_whom, told_of_first
from gaugetrail_agent.station.workflow.speaking_up import calls_stand
from gaugetrail_agent.station.workflow.unit_states.deciding import LOOKING, looked_at_lot
from gaugetrail_agent.station.workflow.unit_states.standing import (
    as_decided,
    held_unit,
    states_remembered,
    states_stand,
    states_told,
)
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.events.amendments import AmendmentApproved, AmendmentRequested
from gaugetrail_contract.events.gauge_checks import GaugeChecked
from gaugetrail_contract.record import InspectionBody

BEFORE_UNIT: tuple[Callable[[Setup, StationState, Unit], Sentence | Lock | None], ...] = (
    reaction_first,
    held_unit,
    barred_unit,
    may_repeat,
    first_by_whom,
)
UNIT_BEGINS: tuple[Callable[[Setup, StationState, Unit], tuple[StationState, Unit]], ...] = (
    begins_with_context,
    begins_with_components,
    notes_changes,
    reasons.begun,
    with_past,
    reaction_seen,
    by_alternative,
    as_decided,
    with_instruction,
)
FIRST_OF_ALL: tuple[Callable[[Setup, StationState, Unit, Scanned], Step | None], ...] = (
    recalls_unit,
    change_over_first,
)
ASKED_OF_UNIT: tuple[Callable[[Setup, StationState, Unit], Dialog | None], ...] = (
    asks_why_again,
    asks_context,
    asks_component,
)
VALUE_TAKEN: tuple[Callable[[Setup, StationState, Unit, int], Step], ...] = ()
"""Given how many measurements the unit had before."""
REMEMBERED: tuple[Callable[[Setup, StationMemory, InspectionBody], StationMemory], ...] = (
    counting.recorded,
    remembers_components,
    reactions_remembered,
    states_remembered,
    windows_remembered,
)
RECORDED: tuple[Callable[[Setup, StationState, Recorded], Step], ...] = (
    told_of_first,
    reactions_open,
    states_told,
    windows_opened,
)
PASSING: tuple[Callable[[Setup, StationState, Tick | Woke], Step], ...] = (
    stays_logged_in,
    calls_stand,
    change_over_stands,
    time_passes,
    reactions_stand,
    states_stand,
    checks_told,
    checks_owed,
    bypasses_pass,
    approvals_stand,
)
LOOKED_BACK: Mapping[str, Callable[[Setup, StationState, LookedBack], Step]] = {
    LOOKING: looked_at_lot,
    SUSPECT: window_found,
    AMENDING: record_found,
}
"""Who looked through the records -> who takes what they say."""
KEPT: Mapping[str, Callable[[Setup, StationState, EventKept], Step]] = {
    GaugeChecked.TYPE: check_kept,
    AmendmentRequested.TYPE: request_kept,
    AmendmentApproved.TYPE: approval_kept,
}
"""Events whose record something has to name -> what follows once it is in the spool."""
BEFORE_VALUE: tuple[Callable[[Setup, StationState, Unit, Characteristic, ValueCame], Lock | None], ...] = (
    gauge_not_checked,
)


def refused_unit(setup: Setup, state: StationState, unit: Unit) -> Sentence | Lock | None:
    """Why the unit may not begin."""
    return next((why for rule in BEFORE_UNIT if (why := rule(setup, state, unit)) is not None), None)


def first_of_all(setup: Setup, state: StationState, unit: Unit, event: Scanned) -> Step | None:
    """What comes before the unit, which is scanned again then; null where nothing does."""
    return next((step for rule in FIRST_OF_ALL if (step := rule(setup, state, unit, event)) is not None), None)


def asked_of(setup: Setup, state: StationState, unit: Unit) -> Dialog | None:
    """What is asked of the unit before it is measured on; null where all is known."""
    return next((dialog for rule in ASKED_OF_UNIT if (dialog := rule(setup, state, unit)) is not None), None)


def begun(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """With all that the unit begins with."""
    for rule in UNIT_BEGINS:
        state, unit = rule(setup, state, unit)
    return state, unit


def after_value(setup: Setup, state: StationState, unit: Unit, before: int) -> Step:
    """What a value that was taken sets off."""
    effects: tuple[Effect, ...] = ()
    for rule in VALUE_TAKEN:
        state, more = rule(setup, state, unit, before)
        effects += more
    return state, effects


def after_record(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """What is remembered once the record is in the spool; nothing is in hand then."""
    memory = msgspec.structs.replace(memory, in_hand=InHand())
    for rule in REMEMBERED:
        memory = rule(setup, memory, body)
    return memory


def when_recorded(setup: Setup, state: StationState, event: Recorded) -> Step:
    """What a record sets off."""
    effects: tuple[Effect, ...] = ()
    for rule in RECORDED:
        state, more = rule(setup, state, event)
        effects += more
    return state, effects


def refused_value(
    setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame
) -> Lock | None:
    """Why a value of this gauge isn't taken now, past what somebody allowed."""
    allowed = {one.key for one in unit.allowed}
    locks = (rule(setup, state, unit, wanted, event) for rule in BEFORE_VALUE)
    return next((lock for lock in locks if lock is not None and lock.key not in allowed), None)


def event_kept(setup: Setup, state: StationState, event: EventKept) -> Step:
    """What follows an event that is in the spool."""
    return KEPT[event.body.type](setup, state, event)


def looked_back(setup: Setup, state: StationState, event: LookedBack) -> Step:
    """What the records of this PC say, for the room that asked."""
    return LOOKED_BACK[event.wanted.about](setup, state, event)


def as_time_passes(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What falls due, or is taken up again."""
    effects: tuple[Effect, ...] = ()
    if state.sealing is not None:
        return state, effects
    for rule in PASSING:
        state, more = rule(setup, state, event)
        effects += more
    return state, effects
