"""Somebody decides of a unit or a lot. Pure.

    %HOLD:scratches             it stays here until somebody decides
    %REWORK:deburr              it comes back as rework
    %SCRAP:D12                  it is scrap, by its code
    %RELEASE                    it may go
    %CONCESSION:QN-4711         it may go although it failed

It is about the unit in hand, which ends with it; else the unit is asked for: one is scanned, or the last one pressed;
a lot is scanned, or typed as LOT:L-77. Who may is decided by the table; where whoever is logged on may not, the badge
of somebody is asked for who does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.choosing.unit_code import identified
from gaugetrail_agent.station.finishing import finish, verdict_of
from gaugetrail_agent.station.locks.roles_here import role_among, roles_of, roles_said
from gaugetrail_agent.station.looking_back import RecordSearch
from gaugetrail_agent.station.memory.held import KnownState
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.state_events import state_events
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import Effect, LookBack, SealIt
from gaugetrail_agent.station.words.happening import LookedBack, Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.known_units import said_elsewhere
from gaugetrail_agent.station.workflow.own_words import no_own_words
from gaugetrail_agent.station.workflow.unit_states.lots import open_of_lot, unknown_of_lot
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import InspectionBody, Verdict
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_contract.unit_states.changes import who_may

HOLD, REWORK, SCRAP = "%HOLD", "%REWORK", "%SCRAP"
RELEASE, CONCESSION = "%RELEASE", "%CONCESSION"
ABOUT_STATE = "unit_state"
LOOKING = "lot of a release"
LOT = "LOT:"
MOST_WHY = 200
ENDING = frozenset({UnitState.HOLD, UnitState.REWORK, UnitState.SCRAP})
"""What a unit in hand can be: it leaves the hand with that."""
_BY_VERDICT = {Verdict.PASS: UnitState.PASS, Verdict.FAIL: UnitState.FAIL}


@dataclass(frozen=True, slots=True)
class StateDecision:
    """What is known of it so far."""

    state: UnitState
    why: str = ""
    kind: Literal["serial", "lot", ""] = ""
    id: str = ""
    by: str = ""


# --- the words


def hold(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It stays here."""
    return _go_on(setup, state, event, StateDecision(UnitState.HOLD, why))


def rework(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It comes back."""
    return _go_on(setup, state, event, StateDecision(UnitState.REWORK, why))


def scrap(setup: Setup, state: StationState, event: Scanned, code: str) -> Step:
    """It is scrap."""
    return _go_on(setup, state, event, StateDecision(UnitState.SCRAP, code))


def release(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It may go."""
    return _go_on(setup, state, event, StateDecision(UnitState.RELEASED, why or f"released at {setup.station}"))


def concession(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """It may go although it failed."""
    return _go_on(setup, state, event, StateDecision(UnitState.CONCESSION, why))


def state_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Why, which, or whose badge."""
    decision = dialog.data
    assert isinstance(decision, StateDecision), "whoever asks gives what was decided so far"
    if decision.by:  # the records are being looked through
        return say(state, "amber", dialog.asks)
    text = event.text.strip()
    if not decision.why:
        return _go_on(setup, state, event, replace(decision, why=text))
    if not decision.id:
        found = _named(setup, event, text)
        if isinstance(found, Sentence):
            return say(state, "amber", found)
        return _go_on(setup, state, event, replace(decision, kind=found[0], id=found[1]))
    return _go_on(setup, state, event, replace(decision, by=text))


def looked_at_lot(setup: Setup, state: StationState, event: LookedBack) -> Step:
    """What the records say, this PC's and the store's, of a lot that is to be released."""
    asked = state.dialog
    looking = asked.under if asked is not None and asked.about != ABOUT_STATE else asked  # a note may be over it
    decision = None if looking is None else looking.data
    if not isinstance(decision, StateDecision) or decision.id != event.wanted.lot or not decision.by:
        return state, ()
    lacks, unknown = open_of_lot(setup, state, decision.id, event), unknown_of_lot(event)
    state = replace(state, dialog=None if asked is looking or asked is None else replace(asked, under=None))
    if lacks is not None:
        return say(state, "red", lacks)
    if unknown is not None:
        why = f"{decision.why}; what other stations measured of it is not known: {unknown}"
        decision = replace(decision, why=why[:MOST_WHY])
    return _decided(setup, state, decision, event.at_us, event.mono_ns)


# --- step by step


def _go_on(setup: Setup, state: StationState, event: Scanned, decision: StateDecision) -> Step:
    """Ask for what is lacking; then decide."""
    if decision.why and (fault := no_own_words(setup, decision.why)) is not None:
        return say(state, "amber", fault)
    if not decision.id:
        decision = _of_unit_in_hand(state, decision)
    asks = _asks(state, decision)
    if asks is not None:
        choices = () if decision.id or not decision.why else _last(state)
        return replace(state, dialog=Dialog(ABOUT_STATE, asks, choices, decision, takes_unit=bool(decision.why))), ()
    return _by_whom(setup, replace(state, dialog=None), event, decision)


def _of_unit_in_hand(state: StationState, decision: StateDecision) -> StateDecision:
    ids: Mapping[str, str] = {} if state.unit is None else state.unit.ids
    if "serial" in ids:
        return replace(decision, kind="serial", id=ids["serial"])
    return replace(decision, kind="lot", id=ids["lot"]) if "lot" in ids else decision


def _asks(state: StationState, decision: StateDecision) -> Sentence | None:
    if not decision.why:
        return said("state.which_code") if decision.state is UnitState.SCRAP else said("state.why")
    return said("state.which_unit", state=_term(decision.state), lot=LOT) if not decision.id else None


def _last(state: StationState) -> tuple[Choice, ...]:
    return () if state.last is None else (Choice(state.last.serial, said("state.last", unit=state.last.serial)),)


def _named(setup: Setup, event: Scanned, text: str) -> tuple[Literal["serial", "lot"], str] | Sentence:
    if text.upper().startswith(LOT) and text[len(LOT) :].strip():
        lot = text[len(LOT) :].strip()
        fault = refuse_identifier(lot)
        return ("lot", lot) if fault is None else said("note.unusable", reason=fault)
    ids = identified(setup, event)
    if isinstance(ids, Sentence):
        return ids
    return ("serial", ids["serial"]) if "serial" in ids else ("lot", ids["lot"])


def _by_whom(setup: Setup, state: StationState, event: Scanned, decision: StateDecision) -> Step:
    before = _before(state, decision, event.at_us)
    if state.unit is not None and _is_in_hand(state.unit, decision) and decision.state not in ENDING:
        return say(state, "amber", said("state.in_hand", unit=decision.id))
    deciders = who_may(before, decision.state)
    if deciders is None:
        return say(
            state, "amber", said("state.not_so", unit=decision.id, before=_term(before), after=_term(decision.state))
        )
    badge = decision.by or state.operator or ""
    if deciders.anybody or role_among(setup, badge, deciders.roles) is not None:
        return _checked(setup, state, event, replace(decision, by=badge))
    if setup.people is None:
        return say(state, "amber", said("state.nobody", after=_term(decision.state)))
    roles = roles_said(sorted(deciders.roles))
    asks = said("state.badge", unit=decision.id, after=_term(decision.state), roles=roles)
    state = replace(state, dialog=Dialog(ABOUT_STATE, asks, data=replace(decision, by=""), takes_badge=True))
    return say(state, "amber", said("state.no_role", badge=badge, roles=roles)) if decision.by else (state, ())


def _checked(setup: Setup, state: StationState, event: Scanned, decision: StateDecision) -> Step:
    """A lot is released by what its records say: these are looked for first."""
    if decision.kind == "lot" and decision.state is UnitState.RELEASED:
        asks = said("state.looking", lot=decision.id)
        state = replace(state, dialog=Dialog(ABOUT_STATE, asks, data=decision))
        return state, (LookBack(RecordSearch(LOOKING, lot=decision.id)),)
    return _decided(setup, state, decision, event.at_us, event.mono_ns)


def _decided(setup: Setup, state: StationState, decision: StateDecision, at_us: int, mono_ns: int) -> Step:
    """It is so: an event, remembered; a unit in hand ends with it."""
    word = KnownState(
        decision.kind or "serial",
        decision.id,
        decision.state.value,
        decision.why,
        utc_text(at_us),
        by=decision.by or None,
        code=_code(decision),
    )
    role = next(iter(roles_of(setup, decision.by)), None)
    events = state_events(setup, [word], _role_of(setup, state, decision, at_us) or role)
    memory = msgspec.structs.replace(state.memory, held=state.memory.held.told([word]))
    says = said("state.decided", unit=decision.id, state=_term(decision.state))
    state, effects = _out_of_hand(setup, replace(state, memory=memory, light="off"), decision, mono_ns)
    return replace(state, says=says if state.sealing is None else state.says), (*events, *effects)


def _out_of_hand(
    setup: Setup, state: StationState, decision: StateDecision, mono_ns: int
) -> tuple[StationState, tuple[Effect, ...]]:
    """No unit is gone on with that was held, scrapped or sent to rework: it is recorded as far as it was measured."""
    unit, left = state.unit, state.unfinished
    if decision.state not in ENDING:
        return state, ()
    if unit is not None and _is_in_hand(unit, decision):
        unit = replace(unit, unit_state=decision.state)
        verdict = verdict_of(setup, unit)
        return finish(setup, state, unit, Verdict.FAIL if verdict is Verdict.FAIL else Verdict.INCOMPLETE, mono_ns)
    if left is not None and _is_left(left, decision):
        left = msgspec.structs.replace(left, unit_state=decision.state)
        return replace(state, unfinished=None, sealing=left, says=said("record.being_recorded")), (SealIt(left),)
    return state, ()


# --- plainly


def _is_in_hand(unit: Unit, decision: StateDecision) -> bool:
    return unit.ids.get(decision.kind or "serial") == decision.id


def _is_left(left: InspectionBody, decision: StateDecision) -> bool:
    return (left.lot if decision.kind == "lot" else left.serial) == decision.id


def _before(state: StationState, decision: StateDecision, at_us: int) -> UnitState:
    """Its state as far as it is known here: the last word of this station, the line's list or the store."""
    elsewhere = said_elsewhere(state, decision.kind, decision.id, at_us)
    words = [] if elsewhere is None else [(elsewhere.since, elsewhere.state)]
    known = state.memory.held.of(decision.kind, decision.id)
    if known is not None:
        words.append((known.at, known.state))
    if words:
        return UnitState(max(words)[1])
    last = state.last
    if last is not None and decision.kind == "serial" and last.serial == decision.id:
        return _BY_VERDICT.get(last.verdict, UnitState.NOT_INSPECTED)
    return UnitState.NOT_INSPECTED


def _role_of(setup: Setup, state: StationState, decision: StateDecision, at_us: int) -> str | None:
    deciders = who_may(_before(state, decision, at_us), decision.state)
    return None if deciders is None else role_among(setup, decision.by, deciders.roles)


def _term(state: UnitState) -> Term:
    return Term(state.value.replace(" ", "_"))


def _code(decision: StateDecision) -> str | None:
    """Of scrap, the first word is the code."""
    return decision.why.split()[0] if decision.state is UnitState.SCRAP else None
