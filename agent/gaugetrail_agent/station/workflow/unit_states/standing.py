"""What holds of a unit that comes, by what this station knows: it is refused, or begun as rework. And what a record
changes of it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.memory.held import HeldUnits, KnownState
from gaugetrail_agent.station.memory.reactions import OpenReaction
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.state_events import as_told, state_events
from gaugetrail_agent.station.words.happening import Recorded, Tick, Woke
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.known_units import STOPPED, outdated
from gaugetrail_contract.record import InspectionBody, Verdict
from gaugetrail_contract.record.parts import Reason, UnitState

ABOUT_ROOM = "held units"
WORDS = "%REWORK, %SCRAP, %RELEASE, %CONCESSION"


def held_unit(setup: Setup, state: StationState, unit: Unit) -> Sentence | None:
    """A unit that is held or scrapped here, by itself or with its lot, isn't begun."""
    for kind in ("serial", "lot"):
        known = state.memory.held.of(kind, unit.ids.get(kind))
        if known is not None and outdated(state, known, unit.started_us):
            continue
        if known is not None and known.state == UnitState.SCRAP:
            return said("held.scrapped", unit=known.id, why=known.why)
        if known is not None and known.state == UnitState.HOLD:
            return said("held.on_hold", unit=known.id, why=known.why, words=WORDS)
    return None


def as_decided(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """A unit in rework comes back for that reason; what was decided stands in its record."""
    known = _known(state.memory.held, unit)
    if known is None or outdated(state, known, unit.started_us):
        return state, unit
    unit = replace(unit, unit_state=UnitState(known.state))
    if known.state != UnitState.REWORK:
        return state, unit
    return state, replace(unit, reason=Reason.REWORK, again_reason=known.why, subgroups={})


def states_remembered(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """Rework ends with its inspection; what a reaction holds is held from this record on."""
    held = memory.held
    known = held.of("serial", body.serial) if body.serial is not None else None
    if known is not None and known.state == UnitState.REWORK and body.verdict in (Verdict.PASS, Verdict.FAIL):
        held = held.without("serial", known.id)
    held = held.told(_put_on_hold(memory.reactions.open, body))
    return memory if held == memory.held else msgspec.structs.replace(memory, held=held)


def states_told(setup: Setup, state: StationState, event: Recorded) -> Step:
    """The record that put something on hold is in the spool: the events name it."""
    body = event.body
    if body is None:
        return state, ()
    mine = [
        msgspec.structs.replace(one, record=event.record)
        for one in state.memory.held.known
        if not one.told and one.record is None and one.at == body.started
    ]
    return owed_told(setup, _with(_put_aside(state, body), state.memory.held.told(mine)))


def _put_aside(state: StationState, body: InspectionBody) -> StationState:
    """Whoever has it in their hand is told that it goes no further."""
    if body.unit_state not in STOPPED or state.says is None:
        return state
    return replace(state, light="red", says=said("held.put_aside", recorded=state.says, state=Term(body.unit_state)))


def states_stand(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What is still owed is told; a list that was too long says so."""
    return owed_told(setup, state)


def owed_told(setup: Setup, state: StationState) -> Step:
    """The events of all that was remembered and not said yet."""
    held = state.memory.held
    owed = [one for one in held.known if not one.told]
    state = _with_room_told(_with(state, held.told(as_told(owed))))
    return state, state_events(setup, owed)


def _with(state: StationState, held: HeldUnits) -> StationState:
    if held == state.memory.held:
        return state
    return replace(state, memory=msgspec.structs.replace(state.memory, held=held))


def _with_room_told(state: StationState) -> StationState:
    forgotten = state.memory.held.forgotten
    others = {about: one for about, one in state.notices.items() if about != ABOUT_ROOM}
    notices = others | ({ABOUT_ROOM: Notice("red", said("held.forgotten", count=forgotten))} if forgotten else {})
    return state if notices == state.notices else replace(state, notices=notices)


def _known(held: HeldUnits, unit: Unit) -> KnownState | None:
    found = (held.of(kind, unit.ids.get(kind)) for kind in ("serial", "lot"))
    return next((one for one in found if one is not None), None)


def _put_on_hold(reactions: tuple[OpenReaction, ...], body: InspectionBody) -> Iterator[KnownState]:
    """What the steps of the record's reactions put on hold: the unit, or its lot."""
    for one in reactions:
        if one.record is not None or one.at != body.started or not one.holds:
            continue
        if body.serial is not None:
            yield _hold("serial", body.serial, one)
        if body.lot is not None and ("lot" in one.holds or body.serial is None):
            yield _hold("lot", body.lot, one)


def _hold(kind: str, identifier: str, one: OpenReaction) -> KnownState:
    names = ", ".join(one.characteristics)
    return msgspec.convert(
        {
            "kind": kind,
            "id": identifier,
            "state": UnitState.HOLD.value,
            "why": f"{one.signal.replace('_', ' ')}: {names} {one.value}".strip()[:200],
            "at": one.at,
            "reaction": one.document,
            "characteristic": one.characteristics[0] if len(one.characteristics) == 1 else None,
            "gauge": one.gauge,
            "told": False,
        },
        KnownState,
    )
