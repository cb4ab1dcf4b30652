"""A badge that has a PIN: who shows it types the PIN, at the terminal, before they are anybody here. Pure.

Promise: the PIN that is typed goes into one effect (`TryPin`) and nowhere else: into no record, no event, no sentence.
A code that is read is never a PIN, for whoever copies a badge could copy that, too. Who is asked for a PIN is not at
the station yet, and whoever was there isn't any more; a badge that is to allow something moves nobody. Each wrong guess
is a refusal under the badge, counted like any other (`refusal_book`).
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.locks.allowing import answered_by, locked
from gaugetrail_agent.station.locks.fitness import lock_on_badge
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import PinWanted
from gaugetrail_agent.station.words.effect import Refusal, TryPin
from gaugetrail_agent.station.words.happening import PinsKnown, PinTried, Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Lock
from gaugetrail_contract.pins import FORM

LOGOFF = "%LOGOFF"


def asked_for(state: StationState, badge: str, *, answers: bool = False) -> Step:
    """The badge is known; now the PIN is waited for. `answers`: it is the answer to what is asked."""
    wanted = PinWanted(badge, allows=state.plea is not None and not answers, answers=answers)
    if not wanted.allows and not answers:
        state = replace(state, operator=None, allowed=(), lock=None)
    return replace(state, pin=wanted, light="off", says=None), ()


def is_for_pin(setup: Setup, state: StationState, event: Scanned) -> bool:
    """Whether a scan is meant for the PIN that is waited for: another badge, or to log off, is not."""
    if state.pin is None:
        return False
    text = event.text.strip()
    if not event.raw and FORM.fullmatch(text):
        return True
    return setup.badge.fullmatch(text) is None and text.upper() != LOGOFF


def typed(state: StationState, wanted: PinWanted, event: Scanned) -> Step:
    """What was typed, or read, while a PIN is waited for."""
    if wanted.trying:
        return say(state, "amber", said("pin.being_tried"))
    text = event.text.strip()
    if event.raw or FORM.fullmatch(text) is None:
        return say(state, "amber", said("pin.type_it", badge=wanted.badge))
    state = replace(state, pin=replace(wanted, trying=True), light="off", says=said("pin.being_tried"))
    return state, (TryPin(wanted.badge, text),)


def of_pins(setup: Setup, state: StationState, event: PinsKnown | PinTried) -> Step:
    """Who has a PIN, or what became of one."""
    return (replace(state, pins=event.badges), ()) if isinstance(event, PinsKnown) else _tried(setup, state, event)


def answers_with(state: StationState, event: PinTried) -> bool:
    """Whether the right PIN was typed for a badge that is the answer to what is asked."""
    wanted = state.pin
    waited = wanted is not None and wanted.answers and wanted.trying and wanted.badge == event.badge
    return waited and event.fate.what == "right"


def _tried(setup: Setup, state: StationState, event: PinTried) -> Step:
    """Of a PIN that nobody waits for any more, nothing."""
    wanted, fate = state.pin, event.fate
    if wanted is None or not wanted.trying or wanted.badge != event.badge:
        return state, ()
    badge = event.badge
    match fate.what:
        case "right":
            return _right(setup, replace(state, pin=None), wanted, event)
        case "wrong" if fate.left > 0:
            return _refused(state, wanted, event, said("pin.wrong", badge=badge, left=fate.left, secs=fate.secs))
        case "wait":
            return _refused(state, wanted, event, said("pin.wait", badge=badge, secs=fate.secs))
        case "untried":
            return _refused(state, wanted, event, said("pin.untried", badge=badge, reason=fate.reason))
        case _:
            return _locked(state, event)


def _right(setup: Setup, state: StationState, wanted: PinWanted, event: PinTried) -> Step:
    if wanted.answers:  # what was asked is asked no more
        return state, ()
    if wanted.allows:
        if state.plea is None or state.lock is None:  # meanwhile the unit was finished
            return say(state, "amber", said("allow.nothing"))
        return answered_by(setup, state, event.badge)
    lock = lock_on_badge(setup, event.badge, event.at_us)
    return at_station(state, event.badge) if lock is None else locked(state, "red", lock)


def at_station(state: StationState, badge: str) -> Step:
    """Somebody works here from now on."""
    says = said("badge.at_station", badge=badge)
    return replace(state, operator=badge, allowed=(), lock=None, light="off", says=says), ()


def _refused(state: StationState, wanted: PinWanted, event: PinTried, why: Sentence) -> Step:
    """Another try is waited for."""
    again = replace(state, pin=replace(wanted, trying=False), light="red", says=why)
    return again, (_told(event, why),)


def _locked(state: StationState, event: PinTried) -> Step:
    why = said("pin.locked", badge=event.badge)
    state, effects = locked(replace(state, pin=None), "red", Lock(why, (why.id, event.badge, "")))
    return state, (*effects, _told(event, why))


def _told(event: PinTried, why: Sentence) -> Refusal:
    return Refusal(why, ("badge", event.badge), {"badge": event.badge}, b"", event.at_us)
