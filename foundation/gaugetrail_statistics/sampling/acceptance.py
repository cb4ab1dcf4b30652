"""What a single sampling plan does: take n of a lot, accept it with at most c defectives.

Formulas (Montgomery, Introduction to Statistical Quality Control, chapter 15): pa, the chance of acceptance, by the
hypergeometric (a lot of N holds a whole number of defectives), the binomial (a stream of lots) or the Poisson law
(defects per unit); aoq = pa p (N - n) / N, what leaves when rejected lots are sorted and defectives replaced; aoql, its
largest; ati = n + (1 - pa)(N - n). Without a lot's size aoq = pa p and there is no ati.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gaugetrail_statistics.distributions.tails import (
    binomial_at_most,
    binomial_exactly,
    hypergeometric_of_many,
    poisson_at_most,
    poisson_exactly,
)
from gaugetrail_statistics.refusing import Refused

EXACT_UP_TO = 20_000
"""Pieces up to which the hypergeometric chance is computed from whole numbers, right to the last digit; beyond, by
logarithms of factorials, to about nine.
"""


class Law(enum.StrEnum):
    """How defectives come into the sample."""

    BINOMIAL = "binomial"
    HYPERGEOMETRIC = "hypergeometric"
    POISSON = "poisson"


@dataclass(frozen=True, slots=True)
class SinglePlan:
    """n pieces, at most c defective; `lot` is the lot's size where it is known."""

    n: int
    c: int
    lot: int | None = None
    law: Law = Law.BINOMIAL


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What the plan does to lots of fraction defective p."""

    p: float
    pa: float
    aoq: float
    ati: float | None


@dataclass(frozen=True, slots=True)
class PlanCurves:
    """The curves at the asked fractions and the worst that can leave."""

    points: tuple[CurvePoint, ...]
    aoql: float
    aoql_at: float
    warnings: tuple[str, ...]


def plan_curves(plan: SinglePlan, fractions: Sequence[float]) -> PlanCurves:
    """Raises `Refused` for a plan or fraction that can't be."""
    check_plan(plan)
    points = tuple(_point(plan, p) for p in fractions)
    at = _worst(plan)
    rounded = [f"{p:g}" for p in fractions if plan.law is Law.HYPERGEOMETRIC and not _whole(p * (plan.lot or 0))]
    told = (f"a lot of {plan.lot} has whole defectives: for p {', '.join(rounded)} the nearest number was taken",)
    return PlanCurves(points, _aoq(plan, at), at, told if rounded else ())


def accepting(plan: SinglePlan, p: float) -> float:
    """The chance that a lot of fraction defective p is accepted. Raises `Refused`."""
    if not 0 <= p <= 1:
        raise Refused(f"the fraction defective is {p:g}: it lies between 0 and 1 (2 percent is 0.02)")
    if plan.law is Law.BINOMIAL:
        return binomial_at_most(plan.c, plan.n, p)
    if plan.law is Law.POISSON:
        return poisson_at_most(plan.c, plan.n * p)
    assert plan.lot is not None
    return hypergeometric_at_most(plan.c, plan.lot, _defectives(plan.lot, p), plan.n)


def hypergeometric_at_most(count: int, lot: int, bad: int, n: int) -> float:
    """Probability of at most so many of the lot's bad pieces among n that are drawn."""
    # Who draws whom is the same chance; the smaller number makes the shorter products.
    bad, n = max(bad, n), min(bad, n)
    least, most = max(0, n - (lot - bad)), min(n, bad)
    if count >= most:
        return 1.0
    if count < least:
        return 0.0
    if n > EXACT_UP_TO:
        return hypergeometric_of_many(count, lot, bad, n)
    # Whole numbers of any length: each term follows from the one before, and only the last division rounds.
    ways = math.comb(bad, least) * math.comb(lot - bad, n - least)
    total = ways
    for k in range(least, count):
        ways = ways * (bad - k) * (n - k) // ((k + 1) * (lot - bad - n + k + 1))
        total += ways
    return total / math.comb(lot, n)


def check_plan(plan: SinglePlan) -> None:
    """Raises `Refused` for a plan that can't be."""
    if plan.n < 1:
        raise Refused(f"the sample is {plan.n}: at least one piece is inspected")
    if not 0 <= plan.c < plan.n:
        raise Refused(f"c is {plan.c} and n is {plan.n}: c is at least 0 and below n, else every lot is accepted")
    if plan.lot is not None and plan.lot < plan.n:
        raise Refused(f"the sample of {plan.n} is larger than the lot of {plan.lot}")
    if plan.law is Law.HYPERGEOMETRIC and plan.lot is None:
        raise Refused("the hypergeometric law needs the lot's size")


def _point(plan: SinglePlan, p: float) -> CurvePoint:
    pa = accepting(plan, p)
    ati = None if plan.lot is None else plan.n + (1.0 - pa) * (plan.lot - plan.n)
    return CurvePoint(p, pa, pa * p * _left_over(plan), ati)


def _aoq(plan: SinglePlan, p: float) -> float:
    return accepting(plan, p) * p * _left_over(plan)


def _left_over(plan: SinglePlan) -> float:
    """The share of the lot that is not in the sample."""
    return 1.0 if plan.lot is None else (plan.lot - plan.n) / plan.lot


def _worst(plan: SinglePlan) -> float:
    """The fraction at which most leaves. p pa(p) rises and then falls, for pa is log-concave in p."""
    if plan.law is Law.HYPERGEOMETRIC and plan.lot is not None:
        return _worst_of_whole(plan, plan.lot) / plan.lot
    n, c = plan.n, plan.c
    # d(p pa)/dp = pa - (c + 1) P(just c + 1), for the binomial and for the Poisson law alike.
    if plan.law is Law.POISSON:
        return min(1.0, _zero(lambda x: poisson_at_most(c, x) - (c + 1) * poisson_exactly(c + 1, x), c + 2.0) / n)
    return _zero(lambda p: binomial_at_most(c, n, p) - (c + 1) * binomial_exactly(c + 1, n, p), 1.0)


def _zero(slope: Callable[[float], float], high: float) -> float:
    """Where a slope that is first above and then below zero crosses it, by halving; to the last digit."""
    low = 0.0
    while True:
        middle = (low + high) / 2.0
        if middle in (low, high):
            return middle
        if slope(middle) > 0:
            low = middle
        else:
            high = middle


def _worst_of_whole(plan: SinglePlan, lot: int) -> int:
    """The number of defectives in the lot at which most leaves."""
    low, high = 0, lot
    while low < high:
        middle = (low + high) // 2
        if middle * accepting(plan, middle / lot) < (middle + 1) * accepting(plan, (middle + 1) / lot):
            low = middle + 1
        else:
            high = middle
    return low


def _defectives(lot: int, p: float) -> int:
    return round(lot * p)


def _whole(count: float) -> bool:
    return math.isclose(count, round(count), rel_tol=1e-12, abs_tol=1e-9)
