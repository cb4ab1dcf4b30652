"""Scans made while the record of the part before is on its way: they wait their turn, or are refused. Pure.

Promise: no scan is dropped in silence. Where the spool only takes its time, scans wait in their order and are taken
as soon as the record is in it, as if they had been made then. Where the spool refuses, that may last: what waited by
then is not taken, is named as long as the record is held, and once more when it is in the spool; for who knows which
part is in hand by then. The unit that is being recorded, scanned once more, stays what it is.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.choosing.unit_code import bare_scan, identified
from gaugetrail_agent.station.finishing import recorded
from gaugetrail_agent.station.operator import by_operator
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import NotRecorded, Recorded, Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.hooks import after_record, when_recorded
from gaugetrail_contract.record import InspectionBody
from gaugetrail_contract.text import visible

MOST_WAITING = 8
"""More scans than a person makes while a disk takes its time."""


def scanned_meanwhile(setup: Setup, state: StationState, sealing: InspectionBody, event: Scanned) -> Step:
    """A scan while `sealing` is on its way into the spool, or is refused by it."""
    found = bare_scan(event)
    if isinstance(found, Sentence):
        return say(state, state.light, found)
    if state.refused:
        waiting = replace(state, then=(*state.then, event)[-MOST_WAITING:])
        return say(waiting, "red", _not_recorded(waiting, state.refused))
    serial, text = _serial(sealing), _shown(found)
    if sealing.serial is not None and _serial_in(setup, found) == sealing.serial:
        return say(state, state.light, said("scan.same_unit", serial=serial))
    if len(state.then) >= MOST_WAITING:
        return say(state, state.light, said("scan.too_many", text=text, serial=serial))
    return say(replace(state, then=(*state.then, event)), state.light, said("scan.waits", text=text, serial=serial))


def not_recorded(state: StationState, event: NotRecorded) -> Step:
    """The spool has not taken the body; it stays and is offered again. Scans that waited for it are not taken."""
    return replace(state, light="red", refused=event.reason, says=_not_recorded(state, event.reason)), ()


def recorded_then(setup: Setup, state: StationState, event: Recorded) -> Step:
    """The spool has committed; the first scan that waited has its turn, unless it was refused meanwhile."""
    told, effects = recorded(state, event)
    if event.body is not None:
        told = replace(told, memory=after_record(setup, told.memory, event.body))
        told, more = when_recorded(setup, told, event)
        effects += more
    if not state.then:
        return told, effects
    if state.refused or told.dialog is not None:  # what was scanned before the question is no answer to it
        texts = _waiting(state)
        says = said("record.recorded_scan_again", serial=event.serial, verdict=Term(event.verdict), text=texts)
        return replace(told, then=(), says=says), effects
    told, more = next_scan(setup, told)
    return told, (*effects, *more)


def next_scan(setup: Setup, state: StationState) -> Step:
    """The scan that has waited longest, where nothing keeps it waiting any more."""
    if state.sealing is not None or not state.then:
        return state, ()
    first, *others = state.then
    return by_operator(setup, replace(state, then=tuple(others)), first)


def _not_recorded(state: StationState, reason: str) -> Sentence:
    if not state.then:
        return said("record.not_recorded", reason=reason)
    return said("record.not_recorded_nor_taken", reason=reason, text=_waiting(state))


def _waiting(state: StationState) -> str:
    """The codes that wait, each once, as people read them."""
    found = (bare_scan(event) for event in state.then)
    return ", ".join(dict.fromkeys(_shown(one) for one in found if isinstance(one, Scanned)))


def _shown(event: Scanned) -> str:
    return visible(event.text)[:60]


def _serial(sealing: InspectionBody) -> str:
    return sealing.serial or sealing.lot or ""


def _serial_in(setup: Setup, event: Scanned) -> str | None:
    ids = identified(setup, event)
    return None if isinstance(ids, Sentence) else ids.get("serial")
