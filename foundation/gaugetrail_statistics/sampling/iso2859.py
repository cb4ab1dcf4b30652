"""Single sampling by ISO 2859-1: code letters and the plans for normal, tightened and reduced inspection.

Sources: ISO 2859-1:1999, tables 1 and 2-A to 2-C, whose letters, sizes and acceptance numbers (normal, tightened) are
those of MIL-STD-105E, tables I and II-A, II-B. The tables are made, not copied: sample sizes and AQL grow by the same
steps (ten to the fifth part), so the acceptance number depends on letter plus column alone, along a diagonal. The tests
hold that against plans that are known and against each other.

The arrows of normal inspection are the table's. Those of tightened inspection between acceptance numbers 0 and 1 were
reasoned out: the other way lots would be accepted more easily than under normal inspection. What could neither be
checked against the standard's own pages nor reasoned out is refused, not guessed: reduced inspection on the middle
diagonal between 0 and 1, for the letters A and B and at the far end; tightened inspection of letter A at AQL 10.
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
"""A to E have two acceptance numbers more, at the far end."""


class Severity(enum.StrEnum):
    """How hard is looked."""

    NORMAL = "normal"
    TIGHTENED = "tightened"
    REDUCED = "reduced"


ACCEPT = {
    Severity.NORMAL: {14: 0, 17: 1, 18: 2, 19: 3, 20: 5, 21: 7, 22: 10, 23: 14, 24: 21, 25: 30, 26: 44},
    Severity.TIGHTENED: {15: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 8, 23: 12, 24: 18, 25: 27, 26: 41},
    Severity.REDUCED: {14: 0, 18: 1, 19: 2, 20: 3, 21: 5, 22: 6, 23: 8, 24: 10},
}
"""Acceptance number by diagonal: the letter's place plus the AQL's place."""
UP = {Severity.NORMAL: {15}, Severity.TIGHTENED: set[int](), Severity.REDUCED: {15}}
"""Diagonals whose arrow points up, to the smaller sample; all others below the last plan point down."""
LAST = 24
"""The last diagonal that has a plan for the letters from F on; after it the arrow points up."""
UNKNOWN_REDUCED = 16


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
    """The row whose plan holds, with its acceptance number."""
    _check_known(row, column, severity)
    ac = _accept(row, column, severity)
    if ac is not None:
        return row, ac
    step = -1 if _points_up(row + column, severity) else 1
    for way in (step, -step):
        at = row + way
        while 0 <= at < _rows(severity):
            ac = _accept(at, column, severity)
            if ac is not None:
                return at, ac
            at += way
    raise Refused(f"the standard has no plan for letter {LETTERS[row]} and AQL {AQLS[column]:g}")


def _accept(row: int, column: int, severity: Severity) -> int | None:
    diagonal = row + column
    if diagonal > LAST and row >= SHORT_LETTERS:
        return None
    if row >= len(LETTERS) - 1 and diagonal != 18:
        return None  # S, a row of its own in table 2-B, has the one plan that R's arrow leads to.
    return ACCEPT[severity].get(diagonal)


def _points_up(diagonal: int, severity: Severity) -> bool:
    return diagonal in UP[severity] or diagonal > LAST


def _rows(severity: Severity) -> int:
    return len(SIZES) if severity is Severity.TIGHTENED else len(REDUCED_SIZES)


def _check_known(row: int, column: int, severity: Severity) -> None:
    diagonal = row + column
    if severity is Severity.REDUCED:
        unknown = _unknown_in_reduced(row, column, diagonal)
    else:
        # The diagonal would have letter A inspect less than under normal inspection, whose arrow leads to C.
        unknown = severity is Severity.TIGHTENED and row == 0 and diagonal == min(ACCEPT[severity])
    if unknown:
        raise Refused(
            f"{severity} inspection of letter {LETTERS[row]} at AQL {AQLS[column]:g} is not in this program: that cell "
            "of the standard's table could not be checked; read n and Ac there and give them as --n and --c"
        )


def _unknown_in_reduced(row: int, column: int, diagonal: int) -> bool:
    small = row < 2 and diagonal > min(ACCEPT[Severity.REDUCED])
    # What a letter from F on would be sent up to at these AQLs is one of A to E's own.
    far = diagonal > LAST and (row < SHORT_LETTERS or column > LAST - SHORT_LETTERS + 1)
    nowhere_down = row == _rows(Severity.REDUCED) - 1 and diagonal == UNKNOWN_REDUCED + 1
    return diagonal == UNKNOWN_REDUCED or small or far or nowhere_down
