"""The station: what a reading means for the unit in hand. Pure: `step(setup, state, event) -> (state, effects)`.

An operator's station goes badge -> unit -> each characteristic of the control plan -> verdict -> record; an automatic
one makes a record of each batch that a PLC offers. It takes time as data, does no I/O and asks for what it wants by
effects: seal this body, trigger that gauge. Whoever acts, the record and what is said of it are `finishing`'s.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.station.automatic import by_itself
from gaugetrail_agent.station.choosing.order_choice import order_taken
from gaugetrail_agent.station.finishing import offered_again
from gaugetrail_agent.station.locks.pin_asking import answers_with, is_for_pin, of_pins
from gaugetrail_agent.station.operator import by_operator, unit_recalled, with_fit_person
from gaugetrail_agent.station.readings.placements import used_elsewhere
from gaugetrail_agent.station.refusing.refusals import refusal_in
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import not_kept, unanswered
from gaugetrail_agent.station.waiting import next_scan, not_recorded, recorded_then, scanned_meanwhile
from gaugetrail_agent.station.words.happening import (
    Act,
    EventKept,
    HeldKnown,
    LookedBack,
    NextScan,
    Noticed,
    NotKept,
    NotRecorded,
    OrdersCounted,
    OrderTaken,
    PastKnown,
    PinsKnown,
    PinTried,
    Recorded,
    Scanned,
    StationEvent,
    Tick,
    TryAgain,
    Unanswered,
    UnitRecalled,
    UsedElsewhere,
    Woke,
)
from gaugetrail_agent.station.words.state import StationState, Step, noticed, with_signals
from gaugetrail_agent.station.workflow.dialogs import answer
from gaugetrail_agent.station.workflow.hooks import as_time_passes, event_kept, looked_back
from gaugetrail_agent.station.workflow.known_units import heard, with_blocked
from gaugetrail_agent.station.workflow.log_in import people_told, why_off, with_doing
from gaugetrail_agent.station.workflow.messages.handover import with_notes_due
from gaugetrail_agent.station.workflow.order_list import orders_counted
from gaugetrail_contract.events.people import LoggedOffWhy


def step(setup: Setup, state: StationState, event: StationEvent) -> Step:
    """The station's next state and what it wants done. Never raises on what a device or a person sends."""
    after, effects = _stepped(setup, state, event)
    if isinstance(event, Scanned | UnitRecalled) and state.unit is None and after.unit is not None:
        after = with_signals(after, {})  # a scan that waited has begun its unit unseen, so what charts say stays
    # A scan that waited for the unit before it has its turn when that is recorded.
    turn = state.then[0] if state.then and isinstance(event, Recorded | NextScan) else event
    turn = turn.scan if isinstance(turn, OrderTaken | UnitRecalled) else turn
    refused = refusal_in(setup, state, after, turn)
    after = with_doing(state, after, turn)
    if not isinstance(event, Woke | NotKept):  # these bring back what was: nobody comes or goes
        after, people = _people(setup, state, after, why_off(turn))
        effects += people
    return after, effects if refused is None else (*effects, refused)


def by_new_setup(setup: Setup, state: StationState, now_us: int) -> Step:
    """The station works by another setup from here on."""
    return _people(setup, state, with_fit_person(setup, state, now_us), "not_allowed")


def _people(setup: Setup, before: StationState, after: StationState, why: LoggedOffWhy) -> Step:
    """Who came and who went; what was noted for whoever comes next is due then."""
    return people_told(setup, before, with_notes_due(before, after), why)


def _stepped(setup: Setup, state: StationState, event: StationEvent) -> Step:
    match event:
        case OrderTaken() | OrdersCounted() | UnitRecalled():
            return _looked_up(setup, state, event)
        case Recorded():
            return recorded_then(setup, state, event)
        case NotRecorded():
            return not_recorded(state, event)
        case NextScan():
            return next_scan(setup, state)
        case TryAgain():
            return offered_again(state)
        case Unanswered():
            return unanswered(state)
        case NotKept():
            return not_kept(state, event)
        case UsedElsewhere() | Noticed() | HeldKnown() | PastKnown():
            return _told(state, event), ()
        case Tick() | Woke() | LookedBack() | EventKept():
            return _of_itself(setup, state, event)
        case PinsKnown() | PinTried():
            return _of_pins(setup, state, event)
        case _:
            return _acted(setup, state, event)


def _told(state: StationState, event: UsedElsewhere | Noticed | HeldKnown | PastKnown) -> StationState:
    """What is known from now on, and moves nothing by itself."""
    match event:
        case UsedElsewhere():
            return used_elsewhere(state, event)
        case Noticed():
            return noticed(state, event)
        case _:
            return heard(state, event)


def _looked_up(setup: Setup, state: StationState, event: OrderTaken | OrdersCounted | UnitRecalled) -> Step:
    """What somebody scanned, and what the spool knows of it."""
    if isinstance(event, OrderTaken):
        return order_taken(setup, state, event)
    if isinstance(event, OrdersCounted):
        return orders_counted(setup, state, event)
    return unit_recalled(setup, state, event)


def _of_pins(setup: Setup, state: StationState, event: PinsKnown | PinTried) -> Step:
    """The right PIN may make a badge the answer to what is asked."""
    if isinstance(event, PinTried) and state.dialog is not None and answers_with(state, event):
        badge = Scanned(event.badge, event.at_us, 0)
        return answer(setup, replace(state, pin=None), state.dialog, badge)
    return of_pins(setup, state, event)


def _of_itself(setup: Setup, state: StationState, event: Tick | Woke | LookedBack | EventKept) -> Step:
    """What the workflow does without anybody's doing."""
    match event:
        case LookedBack():
            return looked_back(setup, state, event)
        case EventKept():
            return event_kept(setup, state, event)
        case _:
            return as_time_passes(setup, state, event)


def _acted(setup: Setup, state: StationState, event: Act) -> Step:
    setup = with_blocked(setup, state)
    if setup.mode == "automatic":
        return by_itself(setup, state, event)
    if isinstance(event, Scanned) and state.sealing is not None and not is_for_pin(setup, state, event):
        return scanned_meanwhile(setup, state, state.sealing, event)
    return by_operator(setup, state, event)
