"""Normal tolerance intervals: limits that hold a share of all values with a given confidence.

Promise: two-sided by Howe's approximation (`howe`) or by the equation itself, integrated and solved (`exact`);
one-sided by the noncentral t, which is exact. Sources: Howe, JASA 64, 1969, with NIST's e-Handbook 7.2.6.3;
Krishnamoorthy and Mathew, Statistical Tolerance Regions, 2009, chapter 2.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy import integrate, optimize, stats

from gaugetrail_statistics.refusing import Refused

HOWE, EXACT = "howe", "exact"


def factor(n: int, coverage: float, confidence: float, sides: int = 2, method: str = HOWE) -> float:
    """How many sample standard deviations from the mean the limits stand. Raises `Refused`."""
    _settle(n, coverage, confidence, sides, method)
    if sides == 1:
        return float(stats.nct.ppf(confidence, n - 1, stats.norm.ppf(coverage) * math.sqrt(n))) / math.sqrt(n)
    return _howe(n, coverage, confidence) if method == HOWE else _exact(n, coverage, confidence)


def _settle(n: int, coverage: float, confidence: float, sides: int, method: str) -> None:
    if n < 2:
        raise Refused(f"a tolerance interval needs two values, not {n}")
    for name, share in (("coverage", coverage), ("confidence", confidence)):
        if not 0 < share < 1:
            raise Refused(f"--{name} {share:g} is no share: it lies between 0 and 1")
    if sides not in (1, 2):
        raise Refused(f"--sides {sides} is neither 1 nor 2")
    if method not in (HOWE, EXACT):
        raise Refused(f"--method {method} is neither {HOWE} nor {EXACT}")


def _howe(n: int, coverage: float, confidence: float) -> float:
    z = float(stats.norm.ppf((1 + coverage) / 2))
    return z * math.sqrt((n - 1) * (1 + 1 / n) / float(stats.chi2.ppf(1 - confidence, n - 1)))


def _exact(n: int, coverage: float, confidence: float) -> float:
    """The k at which the chance of covering the share is the confidence, over where the mean may lie."""
    start = _howe(n, coverage, confidence)
    missing: Callable[[float], float] = lambda k: _covers(k, n, coverage) - confidence  # noqa: E731 (of k alone)
    return float(optimize.brentq(missing, start / 3, start * 3, xtol=1e-13, rtol=1e-13))


def _covers(k: float, n: int, coverage: float) -> float:
    """The chance that mean ± k s holds the share: 2 sqrt(n/(2 pi)) times the integral over the mean's error, of the
    chance that s is wide enough: chi-square of n-1 degrees above (n-1) r²/k², with r the half width about that error.
    """
    v = n - 1

    def at(error: float) -> float:
        half = math.sqrt(float(stats.ncx2.ppf(coverage, 1, error * error)))
        return float(stats.chi2.sf(v * half * half / (k * k), v)) * math.exp(-n * error * error / 2)

    reach = 8 / math.sqrt(n)
    value, _ = integrate.quad(at, 0, reach, epsabs=1e-13, epsrel=1e-12, limit=200)
    return 2 * math.sqrt(n / (2 * math.pi)) * float(value)
