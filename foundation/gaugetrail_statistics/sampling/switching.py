"""How hard the next lot is inspected: the switching rules of ISO 2859-1:1999, clause 9.3.

Normal becomes tightened when 2 of 5 or fewer consecutive lots were not accepted; tightened becomes normal after 5
accepted in a row; inspection is discontinued when 5 lots in one spell of tightened inspection were not accepted, and
stays so until the supplier has acted, which nothing here can know. Normal becomes reduced when the switching score
reaches 30, where that is allowed; reduced becomes normal with the first lot that is not accepted. The score: 3 for a
lot that would have been accepted with the AQL one step tighter (plans of acceptance number 2 and more), 2 for an
accepted lot (acceptance number 0 or 1); any other lot sets it to 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NORMAL, TIGHTENED, REDUCED, DISCONTINUED = "normal", "tightened", "reduced", "discontinued"
WINDOW, REJECTED_IN_WINDOW, ACCEPTED_IN_A_ROW, REJECTED_TIGHTENED, SCORE = 5, 2, 5, 5, 30


@dataclass(frozen=True, slots=True)
class InspectedLot:
    """How a lot fared; `one_step_tighter`: whether it would have passed with the AQL one step tighter, null where the
    plan's acceptance number is 0 or 1.
    """

    accepted: bool
    one_step_tighter: bool | None = None


@dataclass(frozen=True, slots=True)
class JudgedLot:
    """Under which severity a lot was inspected, and the score after it."""

    at: int
    severity: str
    score: int


@dataclass(slots=True)
class _Spell:
    """What is counted since the last change."""

    severity: str = NORMAL
    recent: tuple[bool, ...] = ()
    in_a_row: int = 0
    rejected: int = 0
    score: int = 0


def switch(lots: Sequence[InspectedLot], *, reduced: bool = False) -> list[JudgedLot]:
    """The severity of each lot, from normal inspection on; `reduced`: whether that may be used at all."""
    spell, judged = _Spell(), []
    for at, lot in enumerate(lots, start=1):
        severity = spell.severity
        if severity != DISCONTINUED:
            spell = _after(spell, lot, reduced)
        judged.append(JudgedLot(at, severity, spell.score))
    return judged


def _after(spell: _Spell, lot: InspectedLot, reduced: bool) -> _Spell:
    if spell.severity == REDUCED:
        return spell if lot.accepted else _Spell(NORMAL)
    if spell.severity == TIGHTENED:
        return _after_tightened(spell, lot)
    recent = (*spell.recent, lot.accepted)[-WINDOW:]
    if recent.count(False) >= REJECTED_IN_WINDOW:
        return _Spell(TIGHTENED)
    score = _score(spell.score, lot)
    return _Spell(REDUCED, score=score) if reduced and score >= SCORE else _Spell(NORMAL, recent, score=score)


def _after_tightened(spell: _Spell, lot: InspectedLot) -> _Spell:
    in_a_row = spell.in_a_row + 1 if lot.accepted else 0
    rejected = spell.rejected + (not lot.accepted)
    if rejected >= REJECTED_TIGHTENED:
        return _Spell(DISCONTINUED)
    return _Spell(NORMAL) if in_a_row >= ACCEPTED_IN_A_ROW else _Spell(TIGHTENED, (), in_a_row, rejected)


def _score(score: int, lot: InspectedLot) -> int:
    if lot.one_step_tighter is None:
        return score + 2 if lot.accepted else 0
    return score + 3 if lot.accepted and lot.one_step_tighter else 0
