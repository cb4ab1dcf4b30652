"""Two groups or several: do their means, their middles, their spreads differ?

- two means: Student's t with a pooled spread, and Welch's, which asks for no equal spreads (Welch, Biometrika 34, 1947;
  his degrees of freedom by Satterthwaite); two middles: Mann and Whitney's U, exact for few values without ties.
- spreads: F of two variances (it leans heavily on normality), and Levene's test about the medians (Brown and Forsythe,
  Journal of the American Statistical Association 69, 1974), which doesn't.

Each p is two-sided. A low p says that the groups differ, not why; a high one that these values don't show it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from gaugetrail_statistics.distributions.families import Values
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True)
class ComparedGroup:
    """One group's values under its name."""

    name: str
    values: Values

    @property
    def n(self) -> int:
        """How many values."""
        return len(self.values)

    @property
    def mean(self) -> float:
        """Their mean."""
        return float(np.mean(self.values))

    @property
    def variance(self) -> float:
        """Of n - 1; a single value has none."""
        return float(np.var(self.values, ddof=1)) if self.n > 1 else math.nan


@dataclass(frozen=True)
class MeanTest:
    """A difference of means (second less first) in units of its standard error, with its interval."""

    difference: float
    se: float
    t: float | None
    df: float
    p: float | None
    interval: tuple[float, float]


@dataclass(frozen=True)
class VarianceTest:
    """A ratio of spreads; what can't be is None."""

    statistic: float | None
    df1: float
    df2: float
    p: float | None


@dataclass(frozen=True)
class RankTest:
    """U of the second group, and how often ranks alone would bring that much."""

    u: float
    p: float
    method: str


def grouped(values: Sequence[float] | Values, names: Sequence[str]) -> list[ComparedGroup]:
    """Groups by their name, in the order of first appearance."""
    codes, levels = _coded(names)
    order = np.argsort(codes, kind="stable")
    parts = np.split(np.asarray(values, dtype=np.float64)[order], np.cumsum(np.bincount(codes))[:-1])
    return [ComparedGroup(name, part) for name, part in zip(levels, parts, strict=True)]


def left_by_levels(values: Values, names: Sequence[str]) -> Values:
    """Each value less its level's mean, in the values' order: what the levels leave."""
    codes, _ = _coded(names)
    away = values - np.mean(values)
    means: Values = np.bincount(codes, weights=away) / np.bincount(codes)
    left: Values = away - means[codes]
    return left


def _coded(names: Sequence[str]) -> tuple[npt.NDArray[np.intc], list[str]]:
    """A number for each name, and the names by their numbers: a million names cost their numbers alone."""
    seen: dict[str, int] = {}
    codes = np.fromiter((seen.setdefault(name, len(seen)) for name in names), dtype=np.intc, count=len(names))
    return codes, list(seen)


def pooled_t(first: ComparedGroup, second: ComparedGroup, confidence: float) -> MeanTest:
    """Student's, with one spread for both."""
    _at_least_two(first, second)
    df = float(first.n + second.n - 2)
    pooled = ((first.n - 1) * first.variance + (second.n - 1) * second.variance) / df
    return _mean_test(first, second, math.sqrt(pooled * (1 / first.n + 1 / second.n)), df, confidence)


def welch_t(first: ComparedGroup, second: ComparedGroup, confidence: float) -> MeanTest:
    """Welch's, each with its own spread."""
    _at_least_two(first, second)
    one, two = first.variance / first.n, second.variance / second.n
    below = one**2 / (first.n - 1) + two**2 / (second.n - 1)
    df = (one + two) ** 2 / below if below > 0 else float(first.n + second.n - 2)
    return _mean_test(first, second, math.sqrt(one + two), df, confidence)


def _mean_test(first: ComparedGroup, second: ComparedGroup, se: float, df: float, confidence: float) -> MeanTest:
    difference = second.mean - first.mean
    half = float(special.stdtrit(df, (1 + confidence) / 2)) * se
    t = difference / se if se > 0 else None
    p = None if t is None else 2 * float(special.stdtr(df, -abs(t)))
    return MeanTest(difference, se, t, df, p, (difference - half, difference + half))


def mann_whitney(first: ComparedGroup, second: ComparedGroup) -> RankTest:
    """Whether one group's values stand above the other's more often than not."""
    from scipy import stats  # 50 MB and the better part of a second, for this alone

    few = max(first.n, second.n) <= 20 and len(np.unique(np.concatenate((first.values, second.values)))) == (
        first.n + second.n
    )
    method = "exact" if few else "asymptotic"
    found = stats.mannwhitneyu(second.values, first.values, alternative="two-sided", method=method)
    return RankTest(float(found.statistic), float(found.pvalue), method)


def variance_ratio(first: ComparedGroup, second: ComparedGroup) -> VarianceTest:
    """F: the second group's variance over the first's."""
    _at_least_two(first, second)
    df2, df1 = float(first.n - 1), float(second.n - 1)
    if first.variance == 0:
        return VarianceTest(None, df1, df2, None)
    ratio = second.variance / first.variance
    tail = min(float(special.fdtr(df1, df2, ratio)), float(special.fdtrc(df1, df2, ratio)))
    return VarianceTest(ratio, df1, df2, min(1.0, 2 * tail))


def levene(groups: Sequence[ComparedGroup]) -> VarianceTest:
    """Levene's test about the medians, for two groups or more."""
    _at_least_two(*groups)
    away = [np.abs(group.values - np.median(group.values)) for group in groups]
    count = sum(len(own) for own in away)
    df1, df2 = float(len(away) - 1), float(count - len(away))
    centre = float(np.mean(np.concatenate(away)))
    between = sum(len(own) * (float(np.mean(own)) - centre) ** 2 for own in away)
    within = sum(float(np.sum((own - np.mean(own)) ** 2)) for own in away)
    if within == 0 or df1 < 1:
        return VarianceTest(None, df1, df2, None)
    w = (between / df1) / (within / df2)
    return VarianceTest(w, df1, df2, float(special.fdtrc(df1, df2, w)))


def _at_least_two(*groups: ComparedGroup) -> None:
    for group in groups:
        if group.n < 2:
            raise Refused(f"group {group.name} has {group.n} value; a comparison takes two or more of each")
