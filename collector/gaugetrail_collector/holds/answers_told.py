"""The office's answers to suggestions, as the list of their line tells them until they are read. Pure.

Of several answers to one suggestion the last is told. Only the office's own chain answers, and only the agent whose
suggestion it is says that the answer was read.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_collector.evidence.own_chain import PREFIX
from gaugetrail_contract.clock import DAY_US
from gaugetrail_contract.events.passing_on import SuggestionAnswered, SuggestionAnswerRead
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.holds.listing import ListedState, listed_answer
from gaugetrail_contract.record import Event

TYPES = (SuggestionAnswered.TYPE, SuggestionAnswerRead.TYPE)
TOLD_US = 90 * DAY_US
"""So long an answer waits for whoever made the suggestion; then it stands in the office's list alone."""


class AnswersTold:
    """One thread."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Event, SuggestionAnswered]] = {}
        self._read: set[tuple[str, str]] = set()
        """Answer, and whose agent's word it is."""

    def add(self, event: Event) -> bool:
        """What the record says; false where that is nothing."""
        said = payload_of(event.type, event.subject.kind, event.payload)
        if isinstance(said, SuggestionAnswerRead):
            self._read.add((said.answer, event.agent))
            return True
        if not isinstance(said, SuggestionAnswered) or not event.agent.startswith(PREFIX):
            return False
        before = self._last.get(said.suggestion)
        if before is None or (before[0].time_us, before[0].id) < (event.time_us, event.id):
            self._last[said.suggestion] = event, said
        return True

    def lines(self) -> frozenset[str]:
        """Lines whose suggestions were answered."""
        return frozenset(event.line for event, _ in self._last.values())

    def listed(self, line: str, now_us: int) -> Iterator[ListedState]:
        """What that line is told."""
        for event, said in self._last.values():
            agent = said.suggestion.partition("/")[0]
            waits = event.time_us > now_us - TOLD_US and (event.id, agent) not in self._read
            if event.line == line and waits:
                yield listed_answer(event, said)
