"""The standard's tables as they are printed, column by column, against the plans that are made along diagonals."""

from __future__ import annotations

import pytest
from scipy import stats

from gaugetrail_statistics.sampling.iso2859 import (
    AQLS,
    LEVELS,
    LOTS,
    Severity,
    StandardPlan,
    code_letter,
    standard_plan,
)

A_TO_R = "ABCDEFGHJKLMNPQR"

# A column from letter A to R: an acceptance number, or an arrow down (v) or up (^), 14v for fourteen of them. From a
# transcription of GB/T 2828.1-2012, table 2-C (the same standard in Chinese), whose arrows were followed already.
REDUCED = {
    0.010: "14v 0 ^",
    0.015: "13v 0 2^",
    0.025: "12v 0 3^",
    0.040: "11v 0 ^ 2v 1",
    0.065: "10v 0 ^ 2v 1 2",
    0.10: "9v 0 ^ 2v 1 2 3",
    0.15: "8v 0 ^ 2v 1 2 3 5",
    0.25: "7v 0 ^ 2v 1 2 3 5 6",
    0.40: "6v 0 ^ 2v 1 2 3 5 6 8",
    0.65: "5v 0 ^ 2v 1 2 3 5 6 8 10",
    1.0: "4v 0 ^ 2v 1 2 3 5 6 8 10 ^",
    1.5: "3v 0 ^ 2v 1 2 3 5 6 8 10 2^",
    2.5: "2v 0 ^ 2v 1 2 3 5 6 8 10 3^",
    4.0: "v 0 ^ 2v 1 2 3 5 6 8 10 4^",
    6.5: "0 ^ 2v 1 2 3 5 6 8 10 5^",
    10.0: "3v 1 2 3 5 6 8 10 6^",
    15.0: "2v 1 2 3 5 6 8 10 7^",
    25.0: "1 1 2 3 5 6 8 10 8^",
    40.0: "2 2 3 5 6 8 10 9^",
    65.0: "3 3 5 6 8 10 10^",
    100.0: "5 5 6 8 10 11^",
    150.0: "7 7 8 10 14 11^",
    250.0: "10 10 10 14 21 11^",
    400.0: "14 14 14 21 12^",
    650.0: "21 21 21 13^",
    1000.0: "30 30 14^",
}
REDUCED_SAMPLES = (2, 2, 2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800)


def largest_lot(letter: str) -> tuple[int, str]:
    """The largest lot that has the letter, with its level, so that few samples are cut to the lot."""
    lots = [most or 10**6 for most, _ in LOTS]
    return max((lot, level) for lot in lots for level in LEVELS if code_letter(lot, level) == letter)


def plan_of(letter: str, aql: float, severity: Severity) -> StandardPlan:
    lot, level = largest_lot(letter)
    return standard_plan(lot, level, aql, severity)


def cells(column: str) -> list[str]:
    found = []
    for printed in column.split():
        found += [printed[-1]] * int(printed[:-1] or 1) if printed[-1] in "v^" else [printed]
    return found


def read(column: str, place: int) -> tuple[str, int, int]:
    """As a finger does it: along the arrows to the first number."""
    printed = cells(column)
    while printed[place] in "v^":
        place += 1 if printed[place] == "v" else -1
    return A_TO_R[place], REDUCED_SAMPLES[place], int(printed[place])


def test_every_cell_of_reduced_inspection_is_the_printed_one() -> None:
    assert tuple(REDUCED) == AQLS
    for aql, column in REDUCED.items():
        assert len(cells(column)) == len(A_TO_R), aql
        for place, letter in enumerate(A_TO_R):
            found = plan_of(letter, aql, Severity.REDUCED)
            plan_letter, n, ac = read(column, place)
            n = min(n, largest_lot(letter)[0])
            assert (found.letter, found.plan_letter, found.n, found.ac, found.re) == (
                letter, plan_letter, n, ac, ac + 1,
            ), (letter, aql)  # fmt: skip


@pytest.mark.parametrize(
    ("letter", "aql", "severity", "plan_letter", "n", "ac"),
    [
        # NTE INEN-ISO 2859-1, table 2-C: five, which another transcription has as four, and its neighbours.
        ("L", 1.0, "reduced", "L", 80, 3), ("M", 1.0, "reduced", "M", 125, 5), ("N", 1.0, "reduced", "N", 200, 6),
        ("J", 4.0, "reduced", "J", 32, 5), ("G", 10.0, "reduced", "G", 13, 5), ("G", 1.0, "reduced", "J", 32, 1),
        ("H", 1.0, "reduced", "J", 32, 1), ("F", 1.0, "reduced", "E", 5, 0), ("A", 10.0, "reduced", "D", 3, 1),
        # ISO 2859-1:1999, table 2-C, as in the spreadsheet functions of EGTools.
        ("Q", 0.025, "reduced", "N", 200, 0), ("P", 0.040, "reduced", "R", 800, 1), ("B", 25.0, "reduced", "B", 2, 1),
        ("C", 25.0, "reduced", "C", 2, 2), ("E", 250.0, "reduced", "E", 5, 21), ("C", 1000.0, "reduced", "B", 2, 30),
        # Table 2-B of GB/T 2828.1-2012; the first two also of NTE INEN-ISO 2859-1.
        ("A", 10.0, "tightened", "A", 2, 0), ("B", 10.0, "tightened", "D", 8, 1),
        ("R", 0.025, "tightened", "S", 3150, 1), ("P", 0.040, "tightened", "R", 2000, 1),
        ("K", 15.0, "tightened", "J", 80, 18), ("R", 1000.0, "tightened", "B", 3, 41),
    ],
)  # fmt: skip
def test_cells_that_a_second_source_has_are_met(
    letter: str, aql: float, severity: str, plan_letter: str, n: int, ac: int
) -> None:
    found = plan_of(letter, aql, Severity(severity))
    assert (found.letter, found.plan_letter, found.n, found.ac, found.re) == (letter, plan_letter, n, ac, ac + 1)


def passing(plan: StandardPlan, aql: float, times: float = 1) -> float:
    """The chance that a lot so many times as bad as the AQL is accepted."""
    return float(stats.poisson.cdf(plan.ac, plan.n * times * aql / 100))


@pytest.mark.parametrize("severity", Severity)
def test_a_bad_lot_passes_less_easily_the_larger_it_is(severity: Severity) -> None:
    """Ten times the AQL, from C on: in reduced inspection A and B have C's sample with other acceptance numbers."""
    for aql in AQLS:
        plans = {letter: plan_of(letter, aql, severity) for letter in A_TO_R[2:]}
        chances = [passing(plan, aql, 10) for letter, plan in plans.items() if plan.n < largest_lot(letter)[0]]
        assert chances == sorted(chances, reverse=True), aql


def test_at_the_aql_tightened_inspection_is_the_hardest_and_reduced_about_as_kind_as_normal() -> None:
    for aql in AQLS:
        for letter in A_TO_R:
            tightened, normal, reduced = (
                passing(plan_of(letter, aql, one), aql)
                for one in (Severity.TIGHTENED, Severity.NORMAL, Severity.REDUCED)
            )
            # Letter B has A's acceptance numbers in reduced inspection, one step behind its own of normal.
            assert reduced >= normal - (0.05 if letter == "B" else 0.008), (aql, letter)
            assert tightened <= normal, (aql, letter)
