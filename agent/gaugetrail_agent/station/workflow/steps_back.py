"""A step taken back, or left out, before the unit is closed. Pure.

    %AGAIN:the probe slipped       the last value is measured again, for a reason
    %UNDO                          what was scanned or typed last is entered again
    %SKIP:no gauge today           what is wanted now is left out, where the plan allows it

Promise: no value disappears. What is measured again stands in the record before the value that counts, with who said
why, and the plan says how often (`most_again`), so that nobody measures until it fits. What a gauge gave is never just
undone. What lies on a device was that value's: a part is put on anew. What was derived of it is derived anew.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.display import next_characteristic
from gaugetrail_agent.station.finishing import still_open
from gaugetrail_agent.station.readings.measurement import blank
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import kept, with_unit
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.effect import KeepIt
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit, with_earlier
from gaugetrail_agent.station.workflow.own_words import no_own_words
from gaugetrail_agent.station.workflow.second_person import measured_through
from gaugetrail_contract.clock import utc_text, utc_us
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, Measurement, Verdict

AGAIN = "%AGAIN"
UNDO = "%UNDO"
SKIP = "%SKIP"
ABOUT_AGAIN = "again"
ABOUT_SKIP = "skip"
BY_HAND = (Capture.SCAN, Capture.TYPED)


def again(setup: Setup, state: StationState, event: Scanned, reason: str) -> Step:
    """The last value once more."""
    last = _last(state)
    if state.unit is None or last is None:
        return say(state, "amber", said("again.nothing"))
    refused = _not_again(setup, state.unit, last) or (no_own_words(setup, reason) if reason else None)
    if refused is not None:
        return say(state, "amber", refused)
    if not reason:
        asks = said("again.why", characteristic=last.characteristic, value=_shown(last))
        return replace(state, dialog=Dialog(ABOUT_AGAIN, asks)), ()
    return _taken_back(setup, state, state.unit, last, event, f"{reason} ({state.operator})")


def undo(setup: Setup, state: StationState, event: Scanned, rest: str) -> Step:
    """What was entered last, without a reason: a slip of the finger."""
    last = _last(state)
    if state.unit is None or last is None:
        return say(state, "amber", said("again.nothing"))
    if last.capture not in BY_HAND:
        return say(state, "amber", said("undo.of_a_gauge", characteristic=last.characteristic, again=AGAIN))
    refused = _not_again(setup, state.unit, last)
    if refused is not None:
        return say(state, "amber", refused)
    return _taken_back(setup, state, state.unit, last, event, f"taken back by {state.operator}")


def skip(setup: Setup, state: StationState, event: Scanned, reason: str) -> Step:
    """What is wanted now is left out."""
    wanted = next_characteristic(setup, state)
    if state.unit is None or wanted is None:
        return say(state, "amber", said("skip.nothing"))
    if wanted.skip == "never":
        return say(state, "amber", said("skip.never", characteristic=wanted.title or wanted.name))
    refused = no_own_words(setup, reason) if reason else None
    if refused is not None:
        return say(state, "amber", refused)
    if not reason:
        asks = said("skip.why", characteristic=wanted.title or wanted.name)
        return replace(state, dialog=Dialog(ABOUT_SKIP, asks)), ()
    return _skipped(setup, replace(state, dialog=None), state.unit, wanted, event, reason)


def again_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Why it is measured again."""
    return again(setup, state, event, event.text.strip())


def skip_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Why it is left out."""
    return skip(setup, state, event, event.text.strip())


def _last(state: StationState) -> Measurement | None:
    """What was taken last; what is derived comes by itself, and what is left out is no value."""
    taken = () if state.unit is None else state.unit.taken
    return next((one for one in reversed(taken) if one.capture is not Capture.DERIVED), None)


def _not_again(setup: Setup, unit: Unit, last: Measurement) -> Sentence | None:
    """Why it can't be measured again."""
    planned = next((one for one in setup.plan.characteristics if one.name == last.characteristic), None)
    most = 0 if planned is None else planned.most_again
    done = sum(one.fate == "replaced" for one in unit.earlier.get(last.characteristic, ()))
    return None if done < most else said("again.too_often", characteristic=last.characteristic, most=str(most))


def _taken_back(setup: Setup, state: StationState, unit: Unit, last: Measurement, event: Scanned, why: str) -> Step:
    """The unit without the value and what was derived since; the value stands before the one that will count."""
    place = max(number for number, one in enumerate(unit.taken) if one is last)
    unit = replace(unit, taken=unit.taken[:place])
    unit = with_earlier(unit, last.characteristic, _shown(last), why, "replaced", utc_us(last.time))
    says = said("again.taken_back", characteristic=last.characteristic, value=_shown(last))
    state = replace(state, unit=unit, dialog=None, question=None, typed_once=None, light="off", says=says)
    state = replace(state, memory=with_unit(state.memory, unit))
    return state, (KeepIt(kept(setup, state, unit, event.mono_ns)),)


def _skipped(
    setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: Scanned, reason: str
) -> Step:
    why = f"{reason} ({state.operator})"
    made = blank(wanted, utc_text(event.at_us), wanted.capture or Capture.TYPED, Verdict.INCOMPLETE)
    unit = replace(unit, taken=(*unit.taken, msgspec.structs.replace(made, skipped=why[:500])))
    if not still_open(setup, unit):
        return measured_through(setup, state, unit, event.mono_ns)
    says = said("skip.skipped", characteristic=wanted.title or wanted.name)
    state = replace(state, unit=unit, question=None, typed_once=None, light="off", says=says)
    state = replace(state, memory=with_unit(state.memory, unit))
    return state, (KeepIt(kept(setup, state, unit, event.mono_ns)),)


def _shown(taken: Measurement) -> str:
    if taken.skipped is not None:
        return taken.skipped
    return taken.value or taken.text or taken.result or ""
