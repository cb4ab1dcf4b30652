"""The words that start with %: what whoever stands there may scan, type or press. One table.

    %NOTE:the fixture was loose

A word may be followed by a colon and what it is about. What a word is for stands as a sentence in the catalogue, which
the sheet to print and the screen show. Those without a rule here are answered where the station stands (`operator`,
`unfinished`, `allowing`, `pin_asking`, `order_choice`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words import Scanned, StationState, Step
from gaugetrail_agent.station.workflow.speaking_up import CALL, NOTE, call, note
from gaugetrail_agent.station.workflow.steps_back import AGAIN, SKIP, UNDO, again, skip, undo

Rule = Callable[[Setup, StationState, Scanned, str], Step]
"""Given what stands behind the colon, without spaces around it."""


@dataclass(frozen=True, slots=True)
class Command:
    """One word."""

    word: str
    means: Sentence
    """What it is for."""
    rule: Rule


COMMANDS: tuple[Command, ...] = (
    Command(NOTE, said("command.note"), note),
    Command(CALL, said("command.call"), call),
    Command(AGAIN, said("command.again"), again),
    Command(UNDO, said("command.undo"), undo),
    Command(SKIP, said("command.skip"), skip),
)
BY_WORD = {one.word: one for one in COMMANDS}


def command_in(text: str) -> tuple[Command, str] | None:
    """The command that a text is, and what it is about; null where it is none."""
    word, _, rest = text.partition(":")
    found = BY_WORD.get(word.strip().upper())
    return None if found is None else (found, rest.strip())
