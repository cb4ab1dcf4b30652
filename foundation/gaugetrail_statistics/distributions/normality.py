"""Is it normal? Tests with mean and standard deviation estimated from the same values.

A low p speaks against a normal distribution. A high one proves nothing, least of all with few values; and with
thousands every trifle is found. Look at the probability plot, too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from gaugetrail_statistics import moments
from gaugetrail_statistics.refusing import Refused

ROYSTON_AT_MOST = 5000
"""Royston's approximation (AS R94) was fitted for up to so many values."""
FAR = -37.0
"""Below it Φ is taken by its asymptotic series: `erfc` runs out of numbers."""
UNHEARD_OF = 10.0
"""From here the fitted polynomial of p would rise again; its value here is 4e-24."""


@dataclass(frozen=True, slots=True)
class AndersonDarling:
    """A², the same adjusted for n, and the p of the latter."""

    a2: float
    a2_adjusted: float
    p: float


def anderson_darling(values: Sequence[float]) -> AndersonDarling:
    """Stephens' test with both parameters estimated (D'Agostino and Stephens, Goodness-of-Fit Techniques, 1986, 4.8.5).

    Raises `Refused` for fewer than three values, or equal ones.
    """
    middle, width = _scale(values)
    z = sorted((value - middle) / width for value in values)
    a2 = a_squared(np.array([log_below(one) for one in z]), np.array([log_below(-one) for one in z]))
    adjusted = adjusted_for(a2, len(z))
    return AndersonDarling(a2, adjusted, p_of(adjusted))


def a_squared(below: npt.NDArray[np.float64], above: npt.NDArray[np.float64]) -> float:
    """A² of values in ascending order (Anderson and Darling, 1954), whatever the distribution: of the logarithms of the
    shares that it has below each value, and above.
    """
    count = len(below)
    places = 2 * np.arange(1, count + 1) - 1
    return float(-count - np.sum(places * (below + above[::-1])) / count)


def adjusted_for(a2: float, count: int) -> float:
    """What `p_of` takes: A² for the number of values, with both parameters of the normal distribution estimated."""
    return a2 * (1 + 0.75 / count + 2.25 / count**2)


def p_of(adjusted: float) -> float:
    """The p of an adjusted A² (the same book, table 4.9)."""
    a = min(adjusted, UNHEARD_OF)
    if a >= 0.6:
        return math.exp(1.2937 - 5.709 * a + 0.0186 * a * a)
    if a >= 0.34:
        return math.exp(0.9177 - 4.279 * a - 1.38 * a * a)
    if a >= 0.2:
        return 1 - math.exp(-8.318 + 42.796 * a - 59.938 * a * a)
    return 1 - math.exp(-13.436 + 101.14 * a - 223.73 * a * a)


def shapiro(values: Sequence[float]) -> tuple[float, float] | None:
    """W and p of Shapiro and Wilk by Royston (AS R94, as in scipy); `None` beyond 5000 values. Raises `Refused`."""
    from scipy import stats  # 50 MB and the better part of a second, for this alone

    middle, _ = _scale(values)
    if len(values) > ROYSTON_AT_MOST:
        return None
    found = stats.shapiro(np.asarray([value - middle for value in values]))
    return float(found.statistic), float(found.pvalue)


def log_below(z: float) -> float:
    """The logarithm of Φ(z), far in the tail too (Abramowitz and Stegun 26.2.12)."""
    if z > FAR:
        return math.log(math.erfc(-z / math.sqrt(2)) / 2)
    return -z * z / 2 - math.log(-z) - math.log(2 * math.pi) / 2 + math.log1p(-1 / (z * z))


def _scale(values: Sequence[float]) -> tuple[float, float]:
    if len(values) < 3:
        raise Refused(f"a test of normality needs three values, not {len(values)}")
    width = moments.sd(values)
    if not width:
        raise Refused("all values are equal: no distribution has a shape to test")
    return moments.mean(values), width
