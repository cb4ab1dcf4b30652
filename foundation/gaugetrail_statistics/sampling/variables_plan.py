"""Sampling by variables, the k method of ISO 3951: accept the lot where (limit - mean) / s of n pieces is k or more.

The plan is computed from two points, exactly: with the spread unknown (`s`), sqrt(n) (limit - mean) / s is a noncentral
t, so k follows from its quantile and n is the smallest that keeps both risks; with sigma known both follow from the
normal (Lieberman and Resnikoff, JASA 50, 1955; Montgomery, chapter 16). The standard's own tables of k, made to match
the curves of ISO 2859-1 letter by letter, are not here: no two sources of them were found.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics.distributions.tails import (
    noncentral_t_quantile,
    noncentral_t_upper,
    normal_quantile,
    normal_two_sided,
)
from gaugetrail_statistics.refusing import Refused

LARGEST = 100_000


@dataclass(frozen=True, slots=True)
class VariablesPlan:
    """n values and the constant; the risks that it reaches."""

    n: int
    k: float
    sigma_known: bool
    producer_risk: float
    consumer_risk: float


@dataclass(frozen=True, slots=True)
class VariablesVerdict:
    """One lot's quality statistics, null for a limit that it doesn't have."""

    q_lower: float | None
    q_upper: float | None
    accepted: bool


def variables_plan(
    aql: float, ltpd: float, *, alpha: float = 0.05, beta: float = 0.10, sigma_known: bool = False
) -> VariablesPlan:
    """For one limit. Raises `Refused`."""
    if not 0 < aql < ltpd < 0.5:
        raise Refused(f"aql {aql:g} and ltpd {ltpd:g}: as fractions, 0 < aql < ltpd < 0.5 (1 percent is 0.01)")
    for what, risk in (("alpha", alpha), ("beta", beta)):
        if not 0 < risk < 0.5:
            raise Refused(f"{what} is {risk:g}: a risk lies between 0 and 0.5")
    # About as many as are needed with sigma known: the search for the exact number begins there.
    good, bad = -normal_quantile(aql), -normal_quantile(ltpd)
    least = max(2, math.ceil(((-normal_quantile(alpha) - normal_quantile(beta)) / (good - bad)) ** 2))
    if sigma_known:
        return _known(least, good, bad, beta)
    for n in range(least, LARGEST):
        k = _k(n, bad, beta)
        if accepting_by_variables(n, k, aql) >= 1.0 - alpha:
            return VariablesPlan(
                n, k, False, 1.0 - accepting_by_variables(n, k, aql), accepting_by_variables(n, k, ltpd)
            )
    raise Refused("no sample keeps both risks: widen the gap between aql and ltpd, or allow more risk")


def accepting_by_variables(n: int, k: float, p: float) -> float:
    """The chance that a normal lot of fraction p beyond its one limit is accepted, its spread unknown."""
    return noncentral_t_upper(math.sqrt(n) * k, n - 1, -math.sqrt(n) * normal_quantile(p))


def judge_by_variables(
    values: Sequence[float], k: float, *, lsl: float | None = None, usl: float | None = None
) -> VariablesVerdict:
    """Each limit that is given is judged by itself with the same k. Raises `Refused`."""
    if lsl is None and usl is None:
        raise Refused("a lot is judged against a limit: give the lower one, the upper one or both")
    if len(values) < 2:
        raise Refused(f"too few values: a spread needs at least 2, there are {len(values)}")
    mean = math.fsum(values) / len(values)
    s = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
    if s == 0:
        raise Refused("zero variation: every value is the same, so the distance to the limit has no measure")
    q_lower = None if lsl is None else (mean - lsl) / s
    q_upper = None if usl is None else (usl - mean) / s
    return VariablesVerdict(q_lower, q_upper, all(q >= k for q in (q_lower, q_upper) if q is not None))


def _k(n: int, bad: float, beta: float) -> float:
    """The constant with which a bad lot is accepted with a chance of beta."""
    return noncentral_t_quantile(1.0 - beta, n - 1, math.sqrt(n) * bad) / math.sqrt(n)


def _known(n: int, good: float, bad: float, beta: float) -> VariablesPlan:
    k = bad - normal_quantile(beta) / math.sqrt(n)
    producer, consumer = (_below(math.sqrt(n) * (k - z)) for z in (good, bad))
    return VariablesPlan(n, k, True, producer, 1.0 - consumer)


def _below(z: float) -> float:
    return normal_two_sided(z) / 2.0 if z < 0 else 1.0 - normal_two_sided(z) / 2.0
