"""A unit that is half measured: what is kept of it, and what becomes of it when the agent starts again. Pure.

Promise (G11): what a person was shown of a value outlives the agent. The unit is offered to whoever works there next:
to go on with, or to be recorded as incomplete with what it had; so it is, too, where nobody answers or another unit is
scanned.

What is kept is the incomplete inspection that would be sealed if nothing more came, as JSON.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.choosing.unit_code import identifiers
from gaugetrail_agent.station.finishing import BY_REGISTER, BY_SETTINGS, CONTEXT, body_of
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.in_hand import InHand
from gaugetrail_agent.station.memory.log_in import LogIn
from gaugetrail_agent.station.setup import IDENTIFIERS, Setup
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import NotKept, Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import LiftedLock, Unit
from gaugetrail_contract.clock import utc_text, utc_us
from gaugetrail_contract.record import InspectionBody, Interruption, Verdict
from gaugetrail_contract.record.rules import fault_in

GO_ON = "%GO"
"""Scanned or typed: go on with the unit that was left half measured."""
CANCEL = "%CANCEL"
"""Scanned or typed: end the unit in hand, or the unfinished one, with the verdict `incomplete`."""
MOST_INTERRUPTIONS = 20


def journal_key(station: str) -> str:
    """Where the spool remembers the station's open unit."""
    return f"unit in hand/{station}"


def kept(setup: Setup, state: StationState, unit: Unit, mono_ns: int) -> InspectionBody:
    """What would be sealed of the unit if nothing more came."""
    return body_of(setup, unit, Verdict.INCOMPLETE, mono_ns, operator=state.operator)


def with_unit(memory: StationMemory, unit: Unit) -> StationMemory:
    """What is remembered of the unit beside its journal."""
    wanted = None if unit.wanted is None else tuple(sorted(unit.wanted))
    found = InHand(wanted, unit.subgroups, unit.earlier)
    return memory if memory.in_hand == found else msgspec.structs.replace(memory, in_hand=found)


def journal_text(body: InspectionBody) -> str:
    """As the spool keeps it. Raises `ValueError` for what could not be read again, or be sealed in the end."""
    text = msgspec.json.encode(body).decode("utf-8")
    fault = fault_in(read_journal(text))
    if fault is not None:
        raise ValueError(fault)
    return text


def read_journal(text: str) -> InspectionBody:
    """What `journal_text` wrote. Raises `ValueError` for anything else."""
    try:
        return msgspec.json.decode(text, type=InspectionBody)
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error


def answered(setup: Setup, state: StationState, left: InspectionBody, event: Scanned, text: str) -> Step:
    """Somebody who is logged on has scanned something, and a unit waits to be gone on with."""
    if text.upper() == CANCEL or setup.plan_of(left.plan) is None:  # nobody can measure on by a plan that isn't here
        return _sealed(state, left)
    if text.upper() == GO_ON:
        return _resumed(setup, state, left, event)
    ids = identifiers(setup, event)
    if isinstance(ids, Sentence):
        return say(state, "red", ids)
    if (ids.get("serial"), ids.get("lot")) == (left.serial, left.lot):
        return _resumed(setup, state, left, event)
    return _sealed(replace(state, then=(event, *state.then)), left)


def unanswered(state: StationState) -> Step:
    """The time is up."""
    return (state, ()) if state.unfinished is None else _sealed(state, state.unfinished)


def not_kept(state: StationState, event: NotKept) -> Step:
    """What can't be kept is not shown as measured."""
    says = said("value.not_kept", reason=event.reason)
    # Who has come isn't here before that is kept; who has gone is gone, whatever the spool says.
    here = state.operator if state.operator == event.operator else None
    log_in = state.memory.log_in if here is not None else LogIn()
    memory = msgspec.structs.replace(event.memory, log_in=log_in)
    dialog = event.dialog if here is not None or event.operator is None else state.dialog
    before = replace(state, operator=here, unit=event.unit, memory=memory, dialog=dialog)
    return replace(before, sealing=event.sealing, unfinished=event.unfinished, light="red", says=says), ()


def _sealed(state: StationState, left: InspectionBody) -> Step:
    says = said("record.being_recorded")
    return replace(state, unfinished=None, sealing=left, light="off", says=says), (SealIt(left),)


def _resumed(setup: Setup, state: StationState, left: InspectionBody, event: Scanned) -> Step:
    """The unit in hand again; the time in between is no part of its duration, and stands in the record."""
    ids = {kind: value for kind in IDENTIFIERS if (value := getattr(left, kind)) is not None}
    last = left.measurements[-1].time if left.measurements else left.started
    pause = Interruption(interrupted=last, resumed=utc_text(event.at_us), why="the agent was started again")
    unit = Unit(
        ids,
        utc_us(left.started),
        event.mono_ns - left.duration_ms * 1_000_000,
        taken=left.measurements,
        raw=left.raw,
        interruptions=(*left.interruptions, pause)[-MOST_INTERRUPTIONS:],
        allowed=_allowed(state, left),
        plan=setup.plan_of(left.plan),
        customer=left.customer,
        wanted=None if state.memory.in_hand.wanted is None else frozenset(state.memory.in_hand.wanted),
        reason=left.reason,
        context={key: value for key in CONTEXT if (value := getattr(left, key)) is not None},
        built_in=left.built_in,
        conditions=left.conditions,
        instruction=left.instruction,
        route=left.route,
        unit_state=left.unit_state,
        again_reason=left.again_reason,
        subgroups=state.memory.in_hand.subgroups,
        earlier=state.memory.in_hand.earlier,
    )
    return replace(state, unfinished=None, unit=unit, light="off", says=said("unit.goes_on", serial=unit.serial)), ()


def _allowed(state: StationState, left: InspectionBody) -> tuple[LiftedLock, ...]:
    """What people allowed before stays in the record; for what comes, they are asked again."""
    before = left.override
    if before is None or before.who in (BY_SETTINGS, BY_REGISTER):
        return state.allowed
    return LiftedLock(("before", "", ""), before), *state.allowed
