"""A note to whoever works at the station next.

%HANDOVER:the left jaw sticks when it is cold

It is due from the next log-on or log-off on; `standing_messages` shows it then.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.memory.handover import MOST_NOTES, Handover, HandoverNote
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_contract.events.passing_on import MOST_PASSED_ON, HandoverNoted
from gaugetrail_contract.text import refuse_identifier

HANDOVER = "%HANDOVER"
ABOUT_HANDOVER = "handover"


def hand_over(setup: Setup, state: StationState, event: Scanned, text: str) -> Step:
    """A note; its text is asked for where the word stands alone."""
    if not text:
        return replace(state, dialog=Dialog(ABOUT_HANDOVER, said("handover.which"))), ()
    reason = refuse_identifier(text, MOST_PASSED_ON)
    if reason is not None:
        return say(state, "amber", said("note.unusable", reason=reason))
    notes = state.memory.handover.notes
    if len(notes) >= MOST_NOTES:
        return say(replace(state, dialog=None), "amber", said("handover.too_many", count=str(len(notes))))
    told = said_by_person(setup, state, HandoverNoted(text=text))
    note = HandoverNote(text, state.operator or "", event.at_us)
    state = with_notes(state, (*notes, note))
    return replace(state, dialog=None, light="off", says=said("handover.taken")), (told,)


def handover_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Its text."""
    return hand_over(setup, state, event, event.text.strip())


def with_notes_due(before: StationState, after: StationState) -> StationState:
    """Somebody has come or gone: what was noted until then is for whoever is here next."""
    notes = after.memory.handover.notes
    if before.operator == after.operator or all(one.is_due for one in notes):
        return after
    return with_notes(after, tuple(msgspec.structs.replace(one, is_due=True) for one in notes))


def with_notes(state: StationState, notes: tuple[HandoverNote, ...]) -> StationState:
    """Only these wait to be read."""
    return replace(state, memory=msgspec.structs.replace(state.memory, handover=Handover(notes)))
