"""Who is at the station: each log-in and log-off is an event, and whoever does nothing for a time is logged off.

Promise: a log-in comes back after a restart or a kill, if no more time has passed than a log-in lasts (by the monotonic
clock within a boot) and the person may still work here; else it is ended by an event, with why. Nobody is logged off
while a unit is in hand: it is theirs until it is recorded. Nobody is shown as logged on or off before the event is in
the spool: where that refuses, nobody is logged on, and whoever has gone has gone; that event is owed, and told with
whatever the spool takes next. What somebody was asked for themself is left as it was when they go, by an event; what
the unit or the station wants to know is asked of whoever comes.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import ENGLISH, said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.locks.fitness import lock_on_badge
from gaugetrail_agent.station.locks.pin_asking import LOGOFF
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.log_in import LogIn
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import Scanned, StationEvent, Tick, ValueCame, Woke
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.events.people import LoggedOffWhy, PersonLoggedOff, PersonLoggedOn, QuestionLeft

AT_STATION = "badge.at_station"
GONE = frozenset({PersonLoggedOff.TYPE, QuestionLeft.TYPE})
"""Events that no refusal of the spool takes back: whoever goes has gone."""
TOLD_AGAIN_SECS = 60
"""So often it is remembered that somebody has done something: a log-in that survives may last so much shorter."""


def with_doing(before: StationState, after: StationState, event: StationEvent) -> StationState:
    """When somebody did something last: scanned, typed or pressed, or measured a value that was taken."""
    match event:
        case Scanned():
            return replace(after, acted=Moment(event.at_us, event.mono_ns, before.boot))
        case ValueCame() if _taken(after.unit) != _taken(before.unit):
            return replace(after, acted=Moment(event.at_us, event.mono_ns, before.boot))
        case _:
            return after


def why_off(event: StationEvent) -> LoggedOffWhy:
    """Why whoever was here isn't any more."""
    if isinstance(event, Tick):
        return "time"
    return "word" if isinstance(event, Scanned) and event.text.strip().upper() == LOGOFF else "another_badge"


def people_told(setup: Setup, before: StationState, after: StationState, why: LoggedOffWhy) -> Step:
    """Who came and who went, as events; who is here is remembered."""
    if after.operator == before.operator:
        return after, ()
    after, off = (after, ()) if before.operator is None else _gone(setup, after, before.operator, why)
    if after.operator is None:
        return _remembering(after, LogIn()), off
    on = PersonLoggedOn(badge=after.operator, before=before.operator)
    if after.dialog is not None and after.says is not None and after.says.id == AT_STATION:
        after = replace(after, says=said("log_in.still_asked", badge=after.operator))
    return _remembering(after, LogIn(after.operator, after.acted)), (*off, _told(setup, on, after.operator))


def _gone(setup: Setup, state: StationState, badge: str, why: LoggedOffWhy) -> Step:
    """They are logged off, and what they were asked for themself is left."""
    left, asked = list[TellEvent](), state.dialog
    while asked is not None and asked.may_cancel:
        question = QuestionLeft(badge=badge, asked=ENGLISH.text(asked.asks)[:500], why=why)
        left.append(_told(setup, question, None))
        asked = asked.under
    return replace(state, dialog=asked), (*left, _off(setup, badge, why))


def stays_logged_in(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """Whoever was here before a restart still is, or isn't; whoever does nothing is logged off."""
    return _woke(setup, state, event.now) if isinstance(event, Woke) else _passed(setup, state, event.now)


def _woke(setup: Setup, state: StationState, now: Moment) -> Step:
    badge, done = state.memory.log_in.badge, state.memory.log_in.done
    if badge is None or state.operator is not None:
        return state, ()
    over = done is None or done.secs_until(now) >= setup.log_off_secs
    if over or lock_on_badge(setup, badge, now.at_us) is not None:
        return _remembering(state, LogIn()), (_off(setup, badge, "time" if over else "not_allowed"),)
    return replace(state, operator=badge, acted=done, says=said("log_in.still_here", badge=badge)), ()


def _passed(setup: Setup, state: StationState, now: Moment) -> Step:
    badge, acted = state.operator, state.acted or state.memory.log_in.done
    if badge is None or acted is None:
        return state, ()
    if acted.secs_until(now) >= setup.log_off_secs and state.unit is None:
        says = said("log_in.timed_out", badge=badge)
        return replace(state, operator=None, allowed=(), lock=None, plea=None, pin=None, light="off", says=says), ()
    done = state.memory.log_in.done
    if done is None or done.secs_until(acted) >= TOLD_AGAIN_SECS:
        state = _remembering(state, LogIn(badge, acted))
    return state, ()


def _remembering(state: StationState, log_in: LogIn) -> StationState:
    return replace(state, memory=msgspec.structs.replace(state.memory, log_in=log_in))


def _taken(unit: Unit | None) -> int:
    return -1 if unit is None else len(unit.taken)


def _off(setup: Setup, badge: str, why: LoggedOffWhy) -> TellEvent:
    by = badge if why == "word" else None
    return _told(setup, PersonLoggedOff(badge=badge, why=why), by)


def _told(setup: Setup, payload: EventPayload, by: str | None) -> TellEvent:
    return TellEvent(event_here(setup, payload, by=by), sure=True)
