"""What whoever stands there says for themself: a note, and a call for somebody to come.

%NOTE:the fixture was loose        of the unit in hand, else of the station
%CALL:quality                      until somebody is there: %CALL:HERE

Both may be said while something else is asked, which is asked again then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.memory.calls import MOST_CALLS, Call, Calls
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import Scanned, Tick, Woke
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.own_words import no_own_words
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_contract.events.speaking_up import SomebodyCalled, SomebodyCame, StationNote
from gaugetrail_contract.text import refuse_identifier

NOTE = "%NOTE"
CALL = "%CALL"
HERE = "HERE"
ABOUT_NOTE = "note"
ABOUT_CALL = "call"


def note(setup: Setup, state: StationState, event: Scanned, text: str) -> Step:
    """A note; its text is asked for where the word stands alone."""
    if not text:
        return _asked(state, ABOUT_NOTE, said("note.which")), ()
    reason = refuse_identifier(text)
    if reason is not None:
        return say(state, "amber", said("note.unusable", reason=reason))
    state = replace(state, dialog=_before(state), says=said("note.taken"))
    return state, (said_by_person(setup, state, StationNote(text=text, **_unit(state))),)


def call(setup: Setup, state: StationState, event: Scanned, who: str) -> Step:
    """Somebody is called, or is there."""
    if who.upper() == HERE:
        return _came(setup, state)
    if not who:
        return _asked(state, ABOUT_CALL, said("call.whom")), ()
    reason = refuse_identifier(who)
    if reason is not None:
        return say(state, "amber", said("note.unusable", reason=reason))
    calls = (*state.memory.calls.waiting, Call(who, state.operator or "", event.at_us))[-MOST_CALLS:]
    state = _with_calls(replace(state, dialog=_before(state), says=said("call.called", who=who)), calls)
    return state, (said_by_person(setup, state, SomebodyCalled(who=who, **_unit(state))),)


def note_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """The note's text."""
    fault = no_own_words(setup, event.text.strip())
    return say(state, "amber", fault) if fault is not None else note(setup, state, event, event.text.strip())


def call_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Who is called."""
    return call(setup, state, event, event.text.strip())


def _asked(state: StationState, about: str, asks: Sentence) -> StationState:
    return replace(state, dialog=Dialog(about, asks, under=_before(state)))


def _before(state: StationState) -> Dialog | None:
    """What is asked beside a note or a call."""
    asked = state.dialog
    return asked.under if asked is not None and asked.about in (ABOUT_NOTE, ABOUT_CALL) else asked


def calls_stand(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """Who was called before the station was stopped is still waited for."""
    return (_with_calls(state, state.memory.calls.waiting), ()) if isinstance(event, Woke) else (state, ())


def _came(setup: Setup, state: StationState) -> Step:
    waiting = state.memory.calls.waiting
    if not waiting:
        return say(state, "amber", said("call.nobody"))
    state = _with_calls(replace(state, says=said("call.here")), ())
    called = tuple(dict.fromkeys(one.who for one in waiting))
    return state, (said_by_person(setup, state, SomebodyCame(called=called)),)


def _with_calls(state: StationState, calls: tuple[Call, ...]) -> StationState:
    notices = {about: one for about, one in state.notices.items() if about != ABOUT_CALL}
    if calls:
        notices[ABOUT_CALL] = Notice("amber", _called(calls))
    return replace(state, notices=notices, memory=msgspec.structs.replace(state.memory, calls=Calls(calls)))


def _called(calls: tuple[Call, ...]) -> Sentence:
    who = ", ".join(dict.fromkeys(one.who for one in calls))
    return said("notice.called", who=who, call=CALL, here=HERE)


def _unit(state: StationState) -> Mapping[str, str]:
    """The unit in hand, as an event names it."""
    ids = {} if state.unit is None else state.unit.ids
    return {kind: ids[kind] for kind in ("serial", "lot") if kind in ids}
