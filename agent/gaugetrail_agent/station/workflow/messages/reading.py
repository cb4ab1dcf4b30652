"""Whoever is logged on has read what stands for them.

%READ                     the one that stands first
%READ:1790000000000000    just that one, as the screen's buttons say it
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.memory.answers import AnswersRead
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.standing_messages import StandingMessage, messages
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.workflow.messages.handover import with_notes
from gaugetrail_agent.station.workflow.said_events import said_by_person
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.events.passing_on import HandoverRead, SuggestionAnswerRead


def read(setup: Setup, state: StationState, event: Scanned, key: str) -> Step:
    """It is shown no more. What is said of a part in that moment stays."""
    found = next((one for one in messages(setup, state) if key in ("", one.key)), None)
    if found is None:
        return say(state, "amber", said("message.none"))
    state = replace(state, says=said("message.read") if state.light == "off" else state.says)
    return _read_note(setup, state, found) if found.kind == "handover" else _read_answer(setup, state, found)


def _read_note(setup: Setup, state: StationState, one: StandingMessage) -> Step:
    told = HandoverRead(text=one.text, noted_by=one.by, noted=utc_text(one.at_us))
    left = tuple(note for note in state.memory.handover.notes if str(note.at_us) != one.key)
    return with_notes(state, left), (said_by_person(setup, state, told),)


def _read_answer(setup: Setup, state: StationState, one: StandingMessage) -> Step:
    told = SuggestionAnswerRead(suggestion=one.key, answer=one.record)
    listed = {answer.record for answer in state.held.answers}
    still = tuple(record for record in state.memory.answers.records if record in listed)
    memory = msgspec.structs.replace(state.memory, answers=AnswersRead((*still, one.record)))
    return replace(state, memory=memory), (said_by_person(setup, state, told),)
