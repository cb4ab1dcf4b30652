"""Every word on the state of a unit, lot or gauge, and what is to be told of it to a line, with the office's answers to
suggestions that were made there. Pure.

A line is told of units what was said there or in the office, and of lots and gauges, which go from line to line and are
few, what was said anywhere. A unit of another line is found by the question that is asked when it is scanned.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_collector.evidence.own_chain import PREFIX
from gaugetrail_collector.holds import answers_told
from gaugetrail_collector.holds.answers_told import AnswersTold
from gaugetrail_contract.clock import DAY_US
from gaugetrail_contract.events.nonconformity import GaugeStateSaid, UnitStateSaid
from gaugetrail_contract.holds.listing import ListedState, listed_gauge, listed_unit
from gaugetrail_contract.record import Event, Record
from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.unit_states.folding import UnitStory, story_of
from gaugetrail_contract.unit_states.gauge_fitness import blocked_by
from gaugetrail_contract.unit_states.said import About, GaugeWordSaid, StateWordSaid, gauge_said, states_said

TYPES = (UnitStateSaid.TYPE, GaugeStateSaid.TYPE, *answers_told.TYPES)
HELD = frozenset({UnitState.HOLD, UnitState.SCRAP, UnitState.REWORK, UnitState.FAIL})
"""Listed for as long as they last."""
LET_GO_US = 30 * DAY_US
"""So long it is told that something was let go: who held it may have been off all that time."""


class WordsKnown:
    """One thread."""

    def __init__(self) -> None:
        self._words: dict[About, dict[str, StateWordSaid]] = {}
        self._gauges: dict[str, dict[str, GaugeWordSaid]] = {}
        self._stories: dict[About, UnitStory] = {}
        self._answers = AnswersTold()
        self._records: set[str] = set()

    @property
    def count(self) -> int:
        """How many records have said something."""
        return len(self._records)

    def add(self, record: Record) -> bool:
        """What the record says; false where that is nothing, or nothing new."""
        if not isinstance(record, Event) or record.type not in TYPES or record.id in self._records:
            return False
        said = list(states_said(record))
        for about, word in said:
            self._words.setdefault(about, {})[word.record] = word
            self._stories.pop(about, None)
        gauge = gauge_said(record)
        if gauge is not None:
            self._gauges.setdefault(gauge[0], {})[gauge[1].record] = gauge[1]
        if not said and gauge is None and not self._answers.add(record):
            return False
        self._records.add(record.id)
        return True

    def lines(self) -> frozenset[str]:
        """Lines where something was said of a unit or lot, or suggested and answered."""
        words = (word for said in self._words.values() for word in said.values())
        return frozenset(word.line for word in words if not _of_office(word)) | self._answers.lines()

    def listed(self, line: str, now_us: int) -> Iterator[ListedState]:
        """What that line is told."""
        for about, words in self._words.items():
            if about[0] == "serial" and not any(word.line == line or _of_office(word) for word in words.values()):
                continue
            found = self._listed_unit(about, now_us)
            if found is not None:
                yield found
        for gauge, said in self._gauges.items():
            blocked = blocked_by(said.values())
            last = max(said.values(), key=lambda one: one.order)
            if blocked is not None or last.time_us > now_us - LET_GO_US:
                yield listed_gauge(gauge, blocked or _fit(last))
        yield from self._answers.listed(line, now_us)

    def _listed_unit(self, about: About, now_us: int) -> ListedState | None:
        story = self._stories.get(about)
        if story is None:
            story = self._stories[about] = story_of(self._words[about].values())
        now = story.at(now_us)
        if now.state not in HELD and (now.word is None or now.word.time_us <= now_us - LET_GO_US):
            return None
        return listed_unit("unit" if about[0] == "serial" else "lot", about[1], now)


def _of_office(word: StateWordSaid) -> bool:
    return word.order[1].startswith(PREFIX)


def _fit(last: GaugeWordSaid) -> GaugeWordSaid:
    """It was found fit, or a word on it changed nothing: it isn't blocked."""
    return last if last.state == "fit" else GaugeWordSaid("fit", last.order, last.record, last.why)
