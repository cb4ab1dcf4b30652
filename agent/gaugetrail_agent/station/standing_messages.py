"""What is to be read by whoever is logged on: notes left for them, and answers to what they suggested here.

They are no notices: nothing is wrong, and only whoever stands there is told.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.memory.handover import HandoverNote
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.clock import to_the_minute, utc_text, utc_us
from gaugetrail_contract.holds.listing import ListedState

READ = "%READ"
MOST_AT_ONCE = 5
"""The others come as these are read."""


@dataclass(frozen=True, slots=True)
class StandingMessage:
    """One of them."""

    key: str
    """What it is called behind %READ."""
    kind: Literal["handover", "answer"]
    text: str
    by: str
    at_us: int
    about: str = ""
    """Of an answer: what was suggested."""
    record: str = ""
    """Of an answer: the id of its record; `key` is the suggestion's."""

    @property
    def says(self) -> Sentence:
        """In a sentence."""
        at = to_the_minute(utc_text(self.at_us))
        if self.kind == "handover":
            return said("message.handover", by=self.by, at=at, text=self.text, read=READ)
        return said("message.answer", by=self.by, at=at, text=self.text, about=self.about, read=READ)


def messages(setup: Setup, state: StationState) -> tuple[StandingMessage, ...]:
    """Those for whoever is logged on, notes first, each kind the oldest first; nothing while a PIN is typed."""
    if state.operator is None or state.pin is not None:
        return ()
    notes = (_of_note(one) for one in state.memory.handover.notes if one.is_due or one.by != state.operator)
    read = state.memory.answers.records
    mine = (one for one in state.held.answers if one.station == setup.station and one.to == state.operator)
    answers = (_of_answer(one) for one in mine if one.record not in read)
    return tuple(islice(chain(notes, answers), MOST_AT_ONCE))


def _of_note(note: HandoverNote) -> StandingMessage:
    return StandingMessage(str(note.at_us), "handover", note.text, note.by, note.at_us)


def _of_answer(one: ListedState) -> StandingMessage:
    at_us = utc_us(one.since)
    return StandingMessage(one.id, "answer", one.text or "", one.by or "", at_us, one.why, one.record)
