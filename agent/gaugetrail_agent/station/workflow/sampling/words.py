"""What whoever stands there says of sampling.

%REASON:audit             why the next unit is inspected, whatever is due
%CHANGED:tool_change      something happened after which the plan may want a first piece or a check
"""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import msgspec

from gaugetrail_agent.languages.sentences import Term, said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.happening import Scanned, ValueCame
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.own_words import no_own_words
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_agent.station.workflow.sampling.counting import by_counter, happened
from gaugetrail_contract.documents.plan import Occasion
from gaugetrail_contract.events.checks import CheckMissedCause, OccasionSaid
from gaugetrail_contract.record.parts import Reason

REASON = "%REASON"
CHANGED = "%CHANGED"
ABOUT_REASON = "reason"
ABOUT_CHANGED = "changed"
CHOSEN = tuple(one for one in Reason if one not in (Reason.FIRST, Reason.REWORK))
"""Those that a person chooses; the others the workflow sets."""
SAID: tuple[str, ...] = tuple(one for one in get_args(Occasion) if one not in ("first_piece", "last_piece", "shift"))


def reason(setup: Setup, state: StationState, event: Scanned, word: str) -> Step:
    """Why the next unit is inspected."""
    if not word:
        choices = tuple(Choice(one, said("sampling.reason", reason=Term(one))) for one in CHOSEN)
        return replace(state, dialog=Dialog(ABOUT_REASON, said("sampling.which_reason"), choices)), ()
    chosen = next((one for one in CHOSEN if one == word.lower()), None)
    if chosen is None:
        return say(state, "amber", said("sampling.no_reason", reason=word, reasons=", ".join(CHOSEN)))
    samples = msgspec.structs.replace(state.memory.samples, reason=None if chosen is Reason.RUNNING else str(chosen))
    state = replace(state, dialog=None, memory=msgspec.structs.replace(state.memory, samples=samples))
    return say(state, "off", said("sampling.next_is", reason=Term(chosen)))


def changed(setup: Setup, state: StationState, event: Scanned, word: str) -> Step:
    """Something happened."""
    if not word:
        choices = tuple(Choice(one, said("sampling.occasion", occasion=Term(one))) for one in SAID)
        return replace(state, dialog=Dialog(ABOUT_CHANGED, said("sampling.which_change"), choices)), ()
    occasion = word.lower()
    if occasion not in SAID:
        return say(state, "amber", said("sampling.no_change", change=word, changes=", ".join(SAID)))
    if state.unit is not None:
        return say(state, "amber", said("sampling.between_units"))
    memory = msgspec.structs.replace(state.memory, samples=happened(state.memory.samples, occasion))
    says = said("sampling.changed", occasion=Term(occasion))
    state = replace(state, dialog=None, memory=memory, light="off", says=says)
    return state, (said_by_person(setup, state, OccasionSaid(occasion=occasion)),)


def reason_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """One of the reasons."""
    return reason(setup, state, event, event.text.strip())


def changed_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """One of the changes."""
    return changed(setup, state, event, event.text.strip())


def cause_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Why checks were missed."""
    cause = event.text.strip()
    fault = no_own_words(setup, cause)
    if fault is not None:
        return say(state, "amber", fault)
    missed = state.memory.samples.cause
    samples = msgspec.structs.replace(state.memory.samples, cause=())
    state = replace(state, dialog=None, memory=msgspec.structs.replace(state.memory, samples=samples))
    state = replace(state, light="off", says=said("check.cause_kept"))
    return state, (said_by_person(setup, state, CheckMissedCause(characteristics=missed, cause=cause)),)


def counted(setup: Setup, state: StationState, event: ValueCame) -> StationState:
    """The PLC's counter; what is no whole number says nothing."""
    value = event.reading.value
    if value is None or not value.isdecimal() or int(value) == state.memory.samples.counter:
        return state
    samples = by_counter(state.memory.samples, int(value))
    return replace(state, memory=msgspec.structs.replace(state.memory, samples=samples))
