"""Two measured quantities: correlation, a straight line through them with its bands, and a series against itself.

Correlation: Pearson's r with Fisher's interval (z = artanh r, of the standard error 1/sqrt(n - 3)), and Spearman's of
the ranks. Line: least squares, with standard errors, and for any x the band of the mean and the wider one of a single
further value (Draper and Smith, Applied Regression Analysis, 3rd edition 1998, chapters 1 and 3). Sums are of
deviations from the means, so that a large offset costs no digits.

Neighbours in time that resemble each other (autocorrelation) make every p and every interval here too bold: the first
coefficient of a series is told, and named where it is beyond 1.96/sqrt(n) (Bartlett, 1946).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from scipy import special

from gaugetrail_statistics.distributions.families import Values
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True)
class Correlation:
    """How far two quantities go together."""

    n: int
    r: float
    t: float | None
    p: float | None
    interval: tuple[float, float] | None
    spearman: float
    spearman_p: float


@dataclass(frozen=True)
class Line:
    """y = intercept + slope * x, by least squares."""

    n: int
    slope: float
    intercept: float
    se_slope: float
    se_intercept: float
    s: float
    df: int
    r2: float | None
    mean_x: float
    sxx: float

    def at(self, x: float) -> float:
        """The line's y there."""
        return self.intercept + self.slope * x

    def mean_se(self, x: float) -> float:
        """The standard error of the line's y there."""
        return self.s * math.sqrt(1 / self.n + (x - self.mean_x) ** 2 / self.sxx)

    def band(self, x: float, confidence: float) -> tuple[float, float]:
        """Where the true line lies at that x."""
        return self._about(x, self.mean_se(x), confidence)

    def prediction(self, x: float, confidence: float) -> tuple[float, float]:
        """Where one further value at that x will lie."""
        return self._about(x, math.hypot(self.s, self.mean_se(x)), confidence)

    def _about(self, x: float, se: float, confidence: float) -> tuple[float, float]:
        half = float(special.stdtrit(self.df, (1 + confidence) / 2)) * se
        return self.at(x) - half, self.at(x) + half


def correlation(x: Values, y: Values, confidence: float) -> Correlation:
    """Pearson's and Spearman's of pairs."""
    from scipy import stats  # 50 MB and the better part of a second, for this alone

    sxx, syy, sxy = _sums(x, y)
    if sxx == 0 or syy == 0:
        raise Refused(f"all values of {'x' if sxx == 0 else 'y'} are the same; nothing can go together with them")
    n = len(x)
    r = max(-1.0, min(1.0, sxy / math.sqrt(sxx) / math.sqrt(syy)))
    rest = 1 - r * r
    t = r * math.sqrt((n - 2) / rest) if rest > 0 else None
    p = 0.0 if t is None else 2 * float(special.stdtr(n - 2, -abs(t)))
    ranked = stats.spearmanr(x, y)
    return Correlation(n, r, t, p, _fisher(r, n, confidence), float(ranked.statistic), float(ranked.pvalue))


def _fisher(r: float, n: int, confidence: float) -> tuple[float, float] | None:
    if n < 4 or abs(r) == 1:
        return None
    half = NormalDist().inv_cdf((1 + confidence) / 2) / math.sqrt(n - 3)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def line(x: Values, y: Values) -> Line:
    """The straight line of least squares."""
    sxx, syy, sxy = _sums(x, y)
    if sxx == 0:
        raise Refused("all values of x are the same; a line needs two places at least")
    n, mean_x, mean_y = len(x), float(np.mean(x)), float(np.mean(y))
    slope = sxy / sxx
    rest = (y - mean_y) - slope * (x - mean_x)
    left = float(np.sum(rest**2))
    s = math.sqrt(left / (n - 2))
    return Line(
        n=n,
        slope=slope,
        intercept=mean_y - slope * mean_x,
        se_slope=s / math.sqrt(sxx),
        se_intercept=s * math.sqrt(1 / n + mean_x**2 / sxx),
        s=s,
        df=n - 2,
        r2=1 - left / syy if syy > 0 else None,
        mean_x=mean_x,
        sxx=sxx,
    )


def t_and_p(estimate: float, se: float, df: int) -> tuple[float | None, float | None]:
    """A coefficient against zero; None where the values lie on the line exactly."""
    if se <= 0:
        return None, None
    t = estimate / se
    return t, 2 * float(special.stdtr(df, -abs(t)))


def _sums(x: Values, y: Values) -> tuple[float, float, float]:
    if len(x) != len(y):
        raise Refused(f"{len(x)} values of x stand against {len(y)} of y; they go in pairs")
    if len(x) < 3:
        raise Refused(f"{len(x)} pairs are too few; three or more are needed")
    away_x, away_y = x - np.mean(x), y - np.mean(y)
    return float(np.sum(away_x**2)), float(np.sum(away_y**2)), float(np.sum(away_x * away_y))


def autocorrelation(values: Sequence[float] | Values) -> float | None:
    """The first coefficient: each value with the one before it."""
    found = np.asarray(values, dtype=np.float64)
    away = found - np.mean(found)
    whole = float(np.sum(away**2))
    return float(np.sum(away[1:] * away[:-1])) / whole if len(found) > 2 and whole > 0 else None


def autocorrelated(values: Sequence[float] | Values) -> str | None:
    """The warning where neighbours resemble each other more than chance lets them."""
    first = autocorrelation(values)
    if first is None or abs(first) <= 1.96 / math.sqrt(len(values)):
        return None
    return (
        f"neighbouring values are correlated (autocorrelation {first:.2f} at lag 1): every p, interval and control "
        "limit here is bolder than it may be"
    )
