"""Which state of a unit or lot may follow which, and who may say so: the table that stations, the office and every
reader hold to.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gaugetrail_contract.record.parts import UnitState

INSPECTOR, ENGINEER, APPROVER, SETTER = "inspector", "quality engineer", "approver", "setter"


@dataclass(frozen=True, slots=True)
class Deciders:
    """Who may say it: people of these roles, or anybody and a station by itself."""

    roles: frozenset[str] = frozenset()
    anybody: bool = False

    def include(self, role: str | None) -> bool:
        """Whether somebody of that role may; null: a station by itself, or a person of whom no role is known."""
        return self.anybody or role in self.roles

    def __str__(self) -> str:
        return "anybody, a station by itself" if self.anybody else ", ".join(sorted(self.roles))


ANYBODY = Deciders(anybody=True)
SORTING = Deciders(frozenset({SETTER, INSPECTOR, ENGINEER, APPROVER}))
"""Who sends a unit to rework."""
JUDGING = Deciders(frozenset({INSPECTOR, ENGINEER, APPROVER}))
"""Who scraps, and releases what has passed."""
DECIDING = Deciders(frozenset({ENGINEER, APPROVER}))
"""Who lets go what was in doubt, and takes back a scrap."""

NOT_INSPECTED, PASS, FAIL = UnitState.NOT_INSPECTED, UnitState.PASS, UnitState.FAIL
HOLD, REWORK, SCRAP = UnitState.HOLD, UnitState.REWORK, UnitState.SCRAP
CONCESSION, RELEASED = UnitState.CONCESSION, UnitState.RELEASED

_OPEN = {HOLD: ANYBODY, REWORK: SORTING, SCRAP: JUDGING}
"""What may be said of whatever isn't scrap."""
CHANGES: Mapping[UnitState, Mapping[UnitState, Deciders]] = {
    NOT_INSPECTED: {PASS: ANYBODY, FAIL: ANYBODY, **_OPEN, CONCESSION: DECIDING, RELEASED: DECIDING},
    PASS: {PASS: ANYBODY, FAIL: ANYBODY, **_OPEN, CONCESSION: DECIDING, RELEASED: JUDGING},
    FAIL: {PASS: ANYBODY, FAIL: ANYBODY, **_OPEN, CONCESSION: DECIDING},
    HOLD: {**_OPEN, CONCESSION: DECIDING, RELEASED: DECIDING},
    REWORK: {PASS: ANYBODY, FAIL: ANYBODY, **_OPEN, CONCESSION: DECIDING},
    SCRAP: {HOLD: DECIDING, SCRAP: JUDGING},
    CONCESSION: {FAIL: ANYBODY, **_OPEN, CONCESSION: DECIDING},
    RELEASED: {FAIL: ANYBODY, **_OPEN, CONCESSION: DECIDING, RELEASED: JUDGING},
}
"""State -> what may follow it -> who may say so. What isn't named may not follow."""


def who_may(before: UnitState, after: UnitState) -> Deciders | None:
    """Who may say that change; null: nobody may."""
    return CHANGES[before].get(after)


def refusal(before: UnitState, after: UnitState, role: str | None) -> str | None:
    """Why somebody of that role may not say it, in a sentence; null: they may."""
    deciders = who_may(before, after)
    if deciders is None:
        allowed = ", ".join(CHANGES[before])
        return f"what is {before} can't become {after}: it may become {allowed}"
    if deciders.include(role):
        return None
    return (
        f"{before} becomes {after} only by the word of: {deciders}; it was said by {role or 'somebody without a role'}"
    )


def table_rows() -> Iterator[tuple[str, str, str]]:
    """`(before, after, who)` of every change that may be said, in the order of the states."""
    for before in UnitState:
        for after in UnitState:
            if (deciders := who_may(before, after)) is not None:
                yield before, after, str(deciders)
