"""A capability study: values and limits in, every index with what it rests on out; or a refusal in words.

Refused, unless somebody wants the numbers anyway: an unstable process (its capability is no prediction), too few values
(fewer than `FEWEST`: at twenty, the interval of Pp reaches from two thirds of it to four thirds, further than from 1.00
to 1.33), no variation at all (a gauge that doesn't resolve it, or a copied value), and limits that differ among the
values. From a summary stability can't be seen, which is told and not refused.

The distribution is normal, a given family, or `auto`: normal unless Anderson-Darling refuses it at 0.05, else the
family with the best p that reaches 0.05, else a kernel. Of a distribution that isn't normal only the overall indices
exist, by ISO 22514-2's percentiles, and no interval is known for them.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gaugetrail_statistics import moments
from gaugetrail_statistics.capability.indices import (
    NONE,
    PER_MILLION,
    CapabilityLimits,
    Convention,
    Indices,
    PerMillion,
    ProcessReach,
    cpm,
    expected,
    indices,
)
from gaugetrail_statistics.capability.intervals import Interval, effective_df, index_interval, nearer_interval
from gaugetrail_statistics.capability.within_spread import within_spread
from gaugetrail_statistics.comparing.relations import autocorrelated
from gaugetrail_statistics.distributions.families import Fitted, Values, begins_at_origin, fit
from gaugetrail_statistics.distributions.fit_tests import FitTest, fit_test
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.subgroups import RationalSubgroup

FEWEST = 20
USUAL = 100
"""AIAG's 25 subgroups with 100 values; with fewer the interval is told to be wide."""
ENDS = (0.00135, 0.5, 0.99865)
_FEWEST_TESTED = 8
REFUSED_AT = 0.05
_CANDIDATES = ("lognormal", "weibull", "gamma", "johnson", "boxcox")


@dataclass(frozen=True)
class CapabilityBasis:
    """What indices are computed from: a middle, the spreads, and what is known of them."""

    mean: float
    sd_overall: float
    sd_within: float
    n: int | None
    df_overall: float | None
    df_within: float | None
    estimator: str | None


@dataclass(frozen=True)
class Shape:
    """The distribution that was taken, why, and the tests of all that were looked at."""

    fitted: Fitted
    chosen: str
    tests: tuple[FitTest, ...]


@dataclass(frozen=True)
class Study:
    """Both families of indices with their intervals, and what lies outside."""

    within: Indices
    overall: Indices
    cpm_within: float | None
    cpm_overall: float | None
    within_ci: tuple[Interval | None, Interval | None]
    overall_ci: tuple[Interval | None, Interval | None]
    expected_within: PerMillion | None
    expected_overall: PerMillion | None
    percentiles: tuple[float, float, float] | None


def of_values(
    values: Values, subgroups: Sequence[RationalSubgroup], estimator: str | None, *, n_less_1: bool = False
) -> CapabilityBasis:
    """From values in their order, and the subgroups that they stand in, if they do. Raises `Refused`."""
    plain = array("d", values)
    within = within_spread(plain, subgroups, estimator)
    df_overall = float(len(plain) - 1)
    return CapabilityBasis(
        mean=moments.mean(plain),
        sd_overall=moments.sd(plain),
        sd_within=within.sd,
        n=len(plain),
        df_overall=df_overall,
        df_within=df_overall if n_less_1 else effective_df(within.estimator, within.sizes),
        estimator=within.estimator,
    )


def of_summary(mean: float, sd: float, n: int | None) -> CapabilityBasis:
    """From a mean and one standard deviation, which serves as both."""
    if sd < 0:
        raise Refused(f"a standard deviation isn't negative: --sd {sd:g}")
    if n is not None and n < 2:
        raise Refused(f"a standard deviation is of two values or more: --n {n}")
    df = None if n is None else float(n - 1)
    return CapabilityBasis(mean, sd, sd, n, df, df, None)


def study(basis: CapabilityBasis, limits: CapabilityLimits, confidence: float, shape: Shape | None = None) -> Study:
    """Every index of this basis; of a shape that isn't normal, the overall ones by its percentiles."""
    odd = shape is not None and shape.fitted.family != "normal"
    ends = None
    if shape is not None and odd:
        ends = _percentiles(shape.fitted)
        reach = ProcessReach(ends[1], ends[1] - ends[0], ends[2] - ends[1])
    else:
        reach = ProcessReach.normal(basis.mean, basis.sd_overall)
    within = NONE if odd else indices(ProcessReach.normal(basis.mean, basis.sd_within), limits)
    overall = indices(reach, limits)
    none: tuple[Interval | None, Interval | None] = (None, None)
    return Study(
        within=within,
        overall=overall,
        cpm_within=None if odd else cpm(basis.mean, basis.sd_within, limits),
        cpm_overall=cpm(basis.mean, basis.sd_overall, limits),
        within_ci=none if odd else _intervals(within, basis.n, basis.df_within, confidence),
        overall_ci=none if odd else _intervals(overall, basis.n, basis.df_overall, confidence),
        expected_within=None if odd else expected(basis.mean, basis.sd_within, limits),
        expected_overall=_beyond(shape.fitted, limits)
        if shape is not None and odd
        else expected(basis.mean, basis.sd_overall, limits),
        percentiles=ends,
    )


def _intervals(
    found: Indices, n: int | None, df: float | None, confidence: float
) -> tuple[Interval | None, Interval | None]:
    return index_interval(found.p, df, confidence), nearer_interval(found.k, n, df, confidence)


def _percentiles(fitted: Fitted) -> tuple[float, float, float]:
    low, middle, high = (float(x) for x in fitted.points(np.array(ENDS)))
    if not low < middle < high < math.inf:
        raise Refused(f"a {fitted.family} distribution of these values has no 99.73 % range; choose another")
    return low, middle, high


def _beyond(fitted: Fitted, limits: CapabilityLimits) -> PerMillion:
    below = None if limits.lsl is None else float(fitted.shares(np.array([limits.lsl]))[0]) * PER_MILLION
    above = None if limits.usl is None else (1 - float(fitted.shares(np.array([limits.usl]))[0])) * PER_MILLION
    return PerMillion(below, above, (below or 0.0) + (above or 0.0))


def observed(values: Values, limits: CapabilityLimits) -> PerMillion:
    """Values beyond a limit; on the limit is within."""
    below = None if limits.lsl is None else float(np.count_nonzero(values < limits.lsl)) / len(values) * PER_MILLION
    above = None if limits.usl is None else float(np.count_nonzero(values > limits.usl)) / len(values) * PER_MILLION
    return PerMillion(below, above, (below or 0.0) + (above or 0.0))


def shape_of(values: Values, wanted: str, limits: CapabilityLimits) -> Shape | None:
    """The distribution of these values; None where there are too few, or no variation, to say."""
    if float(np.ptp(values)) == 0 or (wanted == "normal" and len(values) < _FEWEST_TESTED):
        return None
    origin = limits.natural_lower or 0.0
    if wanted != "auto":
        fitted = fit(wanted, values, origin)
        return Shape(fitted, "given", (fit_test(fitted, values),))
    return _best(values, origin)


def _best(values: Values, origin: float) -> Shape:
    normal = fit("normal", values)
    tests = [fit_test(normal, values)]
    if (tests[0].anderson_darling_p or 0.0) >= REFUSED_AT:
        return Shape(normal, "auto: Anderson-Darling doesn't refuse the normal distribution", tuple(tests))
    ranked: list[tuple[float, float, Fitted]] = []
    for family in _CANDIDATES:
        if begins_at_origin(family) and float(np.min(values)) <= origin:
            continue
        try:
            fitted = fit(family, values, origin)
            _percentiles(fitted)
        except Refused:
            continue
        tests.append(fit_test(fitted, values))
        ranked.append((-(tests[-1].anderson_darling_p or 0.0), tests[-1].anderson_darling, fitted))
    if ranked:
        ranked.sort(key=lambda one: one[:2])
        if -ranked[0][0] >= REFUSED_AT:
            return Shape(ranked[0][2], "auto: the best Anderson-Darling p of those that fit", tuple(tests))
    kernel = fit("kernel", values)
    return Shape(kernel, "auto: no family fits (each p below 0.05)", (*tests, fit_test(kernel, values)))


def doubts(basis: CapabilityBasis, *, unstable: str | None) -> list[str]:
    """What a study would be refused for, each a sentence without its end."""
    found = []
    if basis.estimator is not None and basis.n is not None and basis.n < FEWEST:
        found.append(f"{basis.n} values are too few to speak of capability; {FEWEST} are the least, {USUAL} usual")
    if basis.sd_overall == 0:
        found.append("the values don't vary at all: the gauge doesn't resolve them, or one value was copied")
    elif basis.sd_within == 0:
        found.append("the values don't vary within subgroups: the gauge doesn't resolve them, or values were copied")
    if unstable is not None:
        found.append(f"the process is not stable: {unstable}")
    return found


def cautions(basis: CapabilityBasis, values: Values, limits: CapabilityLimits, shape: Shape | None) -> list[str]:
    """What a reader has to know beside the numbers."""
    found = []
    if len(values) < USUAL:
        found.append(f"{len(values)} values; {USUAL} in 25 subgroups are usual, so look at the intervals")
    found += _beyond_bounds(values, limits)
    if shape is not None:
        found += _of_shape(shape)
    if basis.sd_overall > 0 and (correlated := autocorrelated(values)):
        found.append(correlated)
    return found


def _beyond_bounds(values: Values, limits: CapabilityLimits) -> list[str]:
    found = []
    if limits.natural_lower is not None and float(np.min(values)) < limits.natural_lower:
        found.append(f"a value of {float(np.min(values)):g} is below the natural bound {limits.natural_lower:g}")
    if limits.natural_upper is not None and float(np.max(values)) > limits.natural_upper:
        found.append(f"a value of {float(np.max(values)):g} is above the natural bound {limits.natural_upper:g}")
    return found


def _of_shape(shape: Shape) -> list[str]:
    family = shape.fitted.family
    if family == "kernel":
        return ["a kernel says little beyond the outermost values; its percentiles are a picture of these values"]
    test = next(test for test in shape.tests if test.family == family)
    found = []
    if test.anderson_darling_p is not None and test.anderson_darling_p < REFUSED_AT:
        other = "; --distribution auto looks for one that does" if family == "normal" else ""
        found.append(
            f"a {family} distribution doesn't fit (Anderson-Darling p = {test.anderson_darling_p:.2g}, a low p speaks "
            f"against it): indices and ppm by it mislead{other}"
        )
    if family != "normal":
        found.append(f"a {family} distribution has no indices within subgroups and no intervals here: they are null")
    return found


def settled(found: Sequence[str], *, anyway: bool) -> list[str]:
    """The doubts as warnings, where the numbers are wanted anyway. Raises `Refused`."""
    if found and not anyway:
        raise Refused(f"no capability: {'; '.join(found)}; --anyway computes it all the same, with this as a warning")
    return [f"{one}; computed anyway" for one in found]


def by_convention(convention: Convention, found: Study) -> tuple[Indices, tuple[Interval | None, Interval | None]]:
    """Which family is called Cp and Cpk."""
    if convention == "aiag2005":
        return found.within, found.within_ci
    return found.overall, found.overall_ci
