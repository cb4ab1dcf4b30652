"""Single sampling by ISO 2859-1: code letters and the plans for normal, tightened and reduced inspection.

Sources: ISO 2859-1:1999, tables 1 and 2-A to 2-C, whose letters, sizes and acceptance numbers (normal, tightened) are
those of MIL-STD-105E, tables I and II-A, II-B. The tables are made, not copied: sample sizes and AQL grow by the same
steps (ten to the fifth part), so the acceptance number depends on letter plus column alone, along a diagonal. The tests
hold that against the tables column by column and against each other.

Reduced inspection is ISO's own since 1999 (MIL-STD-105E has gaps between acceptance and rejection). Every cell of it,
and tightened inspection of letter A at AQL 10, was met in two public transcriptions that don't depend on each other: of
GB/T 2828.1-2012 (the same standard in Chinese, tables 2-B and 2-C, all cells, arrows followed) and of ISO 2859-1:1999
(the spreadsheet functions of EGTools, table 2-C with its arrows). They agree but for one diagonal, where the first has
acceptance number 5 and the second 4; a third, of Ecuador's NTE INEN-ISO 2859-1 (AQL 1, 4 and 10), has 5, and so do we.
The third settles the second cell, too, where EGTools has an arrow.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from gaugetrail_statistics.refusing import Refused

LETTERS = "ABCDEFGHJKLMNPQRS"
LEVELS = ("S-1", "S-2", "S-3", "S-4", "I", "II", "III")
LOTS = (
    (8, "AAAAAAB"),
    (15, "AAAAABC"),
    (25, "AABBBCD"),
    (50, "ABBCCDE"),
    (90, "BBCCCEF"),
    (150, "BBCDDFG"),
    (280, "BCDEEGH"),
    (500, "BCDEFHJ"),
    (1_200, "CCEFGJK"),
    (3_200, "CDEGHKL"),
    (10_000, "CDFGJLM"),
    (35_000, "CDFHKMN"),
    (150_000, "DEGJLNP"),
    (500_000, "DEGJMPQ"),
    (None, "DEHKNQR"),
)
"""Up to which size a lot has which letter, by level (table 1)."""
AQLS = (
    0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5,
    4.0, 6.5, 10.0, 15.0, 25.0, 40.0, 65.0, 100.0, 150.0, 250.0, 400.0, 650.0, 1000.0,
)  # fmt: skip
"""Percent nonconforming, or nonconformities in a hundred."""
SIZES = (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000, 3150)
REDUCED_SIZES = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)
ONLY_COUNTS_ABOVE = 10.0
"""A percentage of nonconforming items above it isn't meant by the standard, only nonconformities."""
SHORT_LETTERS = 5
"""A to E have more acceptance numbers, at the far end."""


class Severity(enum.StrEnum):
    """How hard is looked."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"


ACCEPT = {
    Severity.NORMAL: {14: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30, 26: 44},
    Severity.TIGHTENED: {15: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 8, 23: 12, 24: 18, 25: 27, 26: 41},
    Severity.REDUCED: {14: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 6, 23: 8, 24: 10, 25: 14, 26: 21},
}
"""Acceptance number by diagonal: the letter's place plus the AQL's place."""
UP = {Severity.NORMAL: {15}, Severity.TIGHTENED: set[int](), Severity.REDUCED: {15}}
"""Diagonals whose arrow points up, to the smaller sample; all others below the last plan point down."""
LAST = 24
"""The last diagonal that has a plan for the letters from F on; after it the arrow points up."""
NO_SMALLER = 2
"""A and B, whose sample can't be reduced below 2: from some AQL on they have the acceptance numbers of normal A."""


@dataclass(frozen=True, slots=True)
class StandardPlan:
    """`letter` is the lot's; `plan_letter` the one whose plan holds where an arrow led away from it."""

    letter: str
    plan_letter: str
    n: int
    ac: int
    re: int
    warnings: tuple[str, ...]


def code_letter(lot: int, level: str) -> str:
    """Table 1. Raises `Refused`."""
    if level not in LEVELS:
        raise Refused(f"there is no inspection level {level}; there are {', '.join(LEVELS)}")
    if lot < 2:
        raise Refused(f"the lot's size is {lot}: the standard begins at 2")
    letters = next(letters for most, letters in LOTS if most is None or lot <= most)
    return letters[LEVELS.index(level)]


def standard_plan(lot: int, level: str, aql: float, severity: Severity = Severity.NORMAL) -> StandardPlan:
    """The plan of a lot, arrows followed. `aql` is percent, as the standard prints it. Raises `Refused`."""
    if aql not in AQLS:
        raise Refused(f"the standard has no AQL {aql:g}; it has {', '.join(f'{one:g}' for one in AQLS)} (percent)")
    letter = code_letter(lot, level)
    row, ac = _followed(LETTERS.index(letter), AQLS.index(aql), severity)
    n = (REDUCED_SIZES if severity is Severity.REDUCED else SIZES)[row]
    warnings = []
    if aql > ONLY_COUNTS_ABOVE:
        warnings.append("an AQL above 10 counts nonconformities in a hundred items, not nonconforming items")
    if n >= lot:
        warnings.append(f"the plan's sample of {n} is the whole lot of {lot} or more: inspect every piece")
    return StandardPlan(letter, LETTERS[row], min(n, lot), ac, ac + 1, tuple(warnings))


def _followed(row: int, column: int, severity: Severity) -> tuple[int, int]:
    """The row whose plan holds, with its acceptance number. Where one way has no plan the arrow points the other."""
    up, down = range(row, -1, -1), range(row, _rows(severity))
    order = (*up, *down) if _points_up(row + column, severity) else (*down, *up)
    # Every column has a plan.
    return next((at, ac) for at in order if (ac := _accept(at, column, severity)) is not None)


def _accept(row: int, column: int, severity: Severity) -> int | None:
    diagonal = row + column
    if severity is Severity.REDUCED and row < NO_SMALLER and diagonal > min(ACCEPT[severity]):
        return ACCEPT[Severity.NORMAL].get(column) if column > min(ACCEPT[severity]) else None
    if diagonal > LAST and row >= SHORT_LETTERS:
        return None
    if row >= len(LETTERS) - 1 and diagonal != 18:
        return None  # S, a row of its own in table 2-B, has the one plan that R's arrow leads to.
    return ACCEPT[severity].get(diagonal)


def _points_up(diagonal: int, severity: Severity) -> bool:
    return diagonal in UP[severity] or diagonal > LAST


def _rows(severity: Severity) -> int:
    return len(SIZES) if severity is Severity.TIGHTENED else len(REDUCED_SIZES)
