"""How sure an index is: intervals of confidence, and the degrees of freedom of a spread within subgroups.

- Of Cp and its like by chi-square: Cp * sqrt(chi2 / df), exact for a standard deviation of n - 1 degrees of freedom.
- Of Cpk and its like after Bissell (Applied Statistics 39, 1990, 331-340): the variance of Cpk is about 1/(9 n) of the
  mean's share and Cpk**2/(2 df) of the spread's.

A spread within subgroups out of ranges knows less than the standard deviation of as many values. Its **effective
degrees of freedom** are those of the chi distribution with the same coefficient of variation (Patnaik, Biometrika 37,
1950, 78-87, for the range; the same idea serves the others). The older books and qcc take n - 1 instead, which makes
the interval too narrow; `n-1` gives theirs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from scipy import special

from gaugetrail_statistics.constants import c4, d2, d3
from gaugetrail_statistics.refusing import Refused

Interval = tuple[float, float]
# The median of half a normal distribution, in standard deviations: the median of |x - y| is this times sqrt(2).
_HALF_NORMAL_MEDIAN = NormalDist().inv_cdf(0.75)


def index_interval(index: float | None, df: float | None, confidence: float) -> Interval | None:
    """Of Cp, Pp, Cw: by chi-square."""
    if index is None or df is None or df <= 0:
        return None
    tail = (1 - checked(confidence)) / 2
    low, high = special.chdtri(df, 1 - tail), special.chdtri(df, tail)
    return index * math.sqrt(low / df), index * math.sqrt(high / df)


def nearer_interval(index: float | None, n: int | None, df: float | None, confidence: float) -> Interval | None:
    """Of Cpk, Ppk, Cwk: after Bissell. With one limit too: it is the same sum of two variances."""
    if index is None or n is None or df is None or df <= 0:
        return None
    z = NormalDist().inv_cdf(1 - (1 - checked(confidence)) / 2)
    half = z * math.sqrt(1 / (9 * n) + index**2 / (2 * df))
    return index - half, index + half


def checked(confidence: float) -> float:
    """A confidence is between 0 and 1."""
    if not 0 < confidence < 1:
        raise Refused(f"a confidence is between 0 and 1, such as 0.95, not {confidence:g}")
    return confidence


def effective_df(estimator: str, sizes: Sequence[int]) -> float:
    """Degrees of freedom of a spread within these subgroups; of single values, `sizes` holds one number, theirs."""
    if estimator == "pooled":
        return float(sum(size - 1 for size in sizes))
    if estimator == "sd_c4":
        return float(sum(sizes) - 1)
    return _of_variation(_variation(estimator, sizes))


def _variation(estimator: str, sizes: Sequence[int]) -> float:
    """The squared coefficient of variation of that estimate."""
    several = [size for size in sizes if size > 1]
    if estimator == "rbar":
        return sum((d3(size) / d2(size)) ** 2 for size in several) / len(several) ** 2
    if estimator == "sbar":
        return sum(1 / c4(size) ** 2 - 1 for size in several) / len(several) ** 2
    if estimator in {"mr", "median_mr"}:
        ranges = sum(sizes) - 1
        return _moving_ranges(ranges) if estimator == "mr" else _median_of_moving_ranges(ranges)
    raise Refused(f"no estimator is called {estimator}; they are rbar, sbar, pooled, mr, median_mr, sd_c4")


def _moving_ranges(count: int) -> float:
    """Of the mean of `count` ranges of neighbours, which share a value each: their correlation counts.

    The differences of neighbours have the correlation -1/2, so E|a||b| = (2/pi)(sqrt(3)/2 + pi/12) of the product of
    their standard deviations (the moment of a folded bivariate normal; Cryer and Ryan, Journal of Quality Technology
    22, 1990, 187-192).
    """
    mean = 2 / math.sqrt(math.pi)
    own = 2 - mean**2
    shared = 2 * (2 / math.pi) * (math.sqrt(3) / 2 + math.pi / 12) - mean**2
    return (count * own + 2 * (count - 1) * shared) / count**2 / mean**2


def _median_of_moving_ranges(count: int) -> float:
    """Of their median, for many: (1/4 + 2 cov) / (count * density**2) of indicators that reach to one neighbour."""
    median = _HALF_NORMAL_MEDIAN * math.sqrt(2)
    density = 2 * math.exp(-(median**2) / 4) / math.sqrt(4 * math.pi)
    return (0.25 + 2 * (_both_below() - 0.25) * (count - 1) / count) / (count * density**2) / median**2


@lru_cache
def _both_below() -> float:
    """The chance that two neighbouring moving ranges both stand below their median (Gauss-Legendre, 200 points)."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    edge = _HALF_NORMAL_MEDIAN
    first = nodes * edge
    spread = math.sqrt(0.75)
    within = special.ndtr((edge + first / 2) / spread) - special.ndtr((-edge + first / 2) / spread)
    density = np.exp(-(first**2) / 2) / math.sqrt(2 * math.pi)
    return float(edge * np.sum(weights * density * within))


def _of_variation(variation: float) -> float:
    """The degrees of freedom whose chi distribution varies so much, by halving."""
    low, high = 1e-3, 1.0
    while _chi_variation(high) > variation:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if _chi_variation(middle) > variation else (low, middle)
    return (low + high) / 2


def _chi_variation(df: float) -> float:
    """The squared coefficient of variation of a chi distribution; by its series where lgamma would lose digits."""
    if df > 300:
        unbiased = 1 - 1 / (4 * df) + 1 / (32 * df**2) + 5 / (128 * df**3)
    else:
        unbiased = math.sqrt(2 / df) * math.exp(math.lgamma((df + 1) / 2) - math.lgamma(df / 2))
    return 1 / unbiased**2 - 1
