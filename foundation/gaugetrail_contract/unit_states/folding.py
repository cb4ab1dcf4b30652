"""From all that was said of a unit or lot to the state that it is in.

Two things are kept apart: what was measured (at which places it fails) and what was decided. The decision stands before
the measurement: a pass lifts no hold, and a fail that was measured before a concession or release is forgiven by it. A
unit in rework stays so until it has passed again and no place fails it any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gaugetrail_contract.record.parts import UnitState
from gaugetrail_contract.unit_states.changes import refusal
from gaugetrail_contract.unit_states.said import StateWordSaid

FORGIVING = frozenset({UnitState.CONCESSION, UnitState.RELEASED})
DECIDED = FORGIVING | {UnitState.HOLD, UnitState.REWORK, UnitState.SCRAP}


@dataclass(frozen=True, slots=True)
class RefusedWord:
    """Somebody said what they may not: it changes nothing."""

    word: StateWordSaid
    why: str


@dataclass(frozen=True, slots=True)
class StateNow:
    """The state, and the word that made it so; null: nobody has said anything."""

    state: UnitState
    word: StateWordSaid | None = None
    lapsed: bool = False
    """The concession or release has ended: what it let go is on hold again."""


@dataclass(frozen=True, slots=True)
class UnitStory:
    """What is known of one unit or lot."""

    failed: tuple[tuple[str, StateWordSaid], ...] = ()
    """Place -> the fail that counts there, in the order of the fails."""
    passed: StateWordSaid | None = None
    decided: StateWordSaid | None = None
    refused: tuple[RefusedWord, ...] = ()

    @property
    def now(self) -> StateNow:
        """Its state, whatever the hour: a concession or release counts as if it had no end."""
        if self.decided is not None:
            return StateNow(self.decided.state, self.decided)
        if self.failed:
            return StateNow(UnitState.FAIL, self.failed[-1][1])
        return StateNow(UnitState.NOT_INSPECTED if self.passed is None else UnitState.PASS, self.passed)

    def at(self, now_us: int) -> StateNow:
        """Its state at that moment."""
        found = self.now
        until_us = None if found.word is None else found.word.until_us
        if found.state in FORGIVING and until_us is not None and until_us <= now_us:
            return StateNow(UnitState.HOLD, found.word, lapsed=True)
        return found

    def told(self, word: StateWordSaid) -> UnitStory:
        """With one more word, later than all before."""
        if word.measured:
            return self._measured(word)
        why = refusal(self.at(word.time_us).state, word.state, word.role)
        if why is not None:
            return replace(self, refused=(*self.refused, RefusedWord(word, why)))
        return self._decided(word) if word.state in DECIDED else self._measured(word)

    def _decided(self, word: StateWordSaid) -> UnitStory:
        forgiven = word.state in FORGIVING
        return replace(self, decided=word, failed=() if forgiven else self.failed, passed=None)

    def _measured(self, word: StateWordSaid) -> UnitStory:
        failed = tuple(one for one in self.failed if one[0] != word.place)
        if word.state is UnitState.FAIL:
            failed = (*failed, (word.place, word))
        passed = word if word.state is UnitState.PASS else self.passed
        return replace(self, failed=failed, passed=passed, decided=self._left_by(word, failed))

    def _left_by(self, word: StateWordSaid, failed: tuple[object, ...]) -> StateWordSaid | None:
        """The decision, where it outlasts the measurement."""
        if self.decided is None or self.decided.state in (UnitState.HOLD, UnitState.SCRAP):
            return self.decided
        if self.decided.state is UnitState.REWORK:
            return self.decided if failed and word.state is UnitState.PASS else None
        lapsed = self.at(word.time_us).lapsed
        return self.decided if word.state is UnitState.PASS or lapsed else None


def story_of(words: Iterable[StateWordSaid]) -> UnitStory:
    """What these words make of it, in whatever order they come, each once."""
    story = UnitStory()
    for word in sorted(dict.fromkeys(words), key=lambda one: one.order):
        story = story.told(word)
    return story
