"""Constants of control charts for normal values, computed and not looked up.

Promise: `c4`, `d2` and `d3` are right to ten digits and more for every size up to `LARGEST`, in pure Python; the
factors of charts (`A2` … `E2`) follow from them. Three-decimal tables differ in the fourth digit of a limit.

d2 and d3 are mean and standard deviation of the range W of n independent standard normal values (Tippett, On the
extreme individuals and the range of samples taken from a normal population, Biometrika 17, 1925):

    P(W <= w) = n ∫ φ(x) (Φ(x+w) - Φ(x))^(n-1) dx      E W = ∫ P(W > w) dw      E W² = 2 ∫ w P(W > w) dw

The inner integral runs over the whole line and its integrand is smooth and dies out, so the trapezoidal rule converges
faster than any power of its step (Trefethen and Weideman, SIAM Review 56, 2014); the outer one is Gauss-Legendre's.
"""

from __future__ import annotations

import math
from functools import cache

from gaugetrail_statistics.refusing import Refused

LARGEST = 1000
"""The largest size that d2 and d3 are computed for."""
STEP = 0.1
REACH = 9.0
"""Φ(-9) is 1e-19: nothing beyond it counts."""
WIDEST = 16.0
"""No range of at most `LARGEST` values is wider with a chance that counts."""
NODES = 80
SERIES_FROM = 500
"""Degrees of freedom from which the series of c4 is exact to the last digit, where `lgamma` begins to cancel."""


@cache
def c4(n: int) -> float:
    """The mean of the standard deviation of n standard normal values, as a fraction of sigma (AIAG SPC, appendix)."""
    if n < 2:
        raise Refused(f"a standard deviation needs two values, not {n}")
    v = n - 1
    if v >= SERIES_FROM:
        return 1 - 1 / (4 * v) + 1 / (32 * v**2) + 5 / (128 * v**3) - 21 / (2048 * v**4)
    return math.sqrt(2 / v) * math.exp(math.lgamma(n / 2) - math.lgamma(v / 2))


def d2(n: int) -> float:
    """The mean of the range of n standard normal values."""
    return range_moments(n)[0]


def d3(n: int) -> float:
    """The standard deviation of the range of n standard normal values."""
    return range_moments(n)[1]


@cache
def range_moments(n: int) -> tuple[float, float]:
    """Mean and standard deviation of the range of n standard normal values. Raises `Refused`."""
    if not 2 <= n <= LARGEST:
        raise Refused(f"a range is computed of 2 to {LARGEST} values, not of {n}")
    mean = square = 0.0
    for at, weight in _gauss_legendre(NODES):
        w = WIDEST * (at + 1) / 2
        beyond = WIDEST / 2 * weight * (1 - _range_within(w, n))
        mean += beyond
        square += 2 * w * beyond
    return mean, math.sqrt(square - mean * mean)


def of_size(n: int) -> dict[str, float]:
    """Every factor for subgroups of n, by the names that the books give them (AIAG SPC 2nd ed., appendix E)."""
    mean, spread = range_moments(n)
    short = c4(n)
    loose = 3 * math.sqrt(1 - short * short) / short
    return {
        "A2": 3 / (mean * math.sqrt(n)),
        "A3": 3 / (short * math.sqrt(n)),
        "B3": max(0.0, 1 - loose),
        "B4": 1 + loose,
        "c4": short,
        "d2": mean,
        "d3": spread,
        "D3": max(0.0, 1 - 3 * spread / mean),
        "D4": 1 + 3 * spread / mean,
        "E2": 3 / mean,
    }


def _range_within(w: float, n: int) -> float:
    """The chance that the range of n standard normal values is at most w."""
    return n * STEP * sum(density * max(0.0, _below(x + w) - below) ** (n - 1) for x, density, below in _normal_grid())


@cache
def _normal_grid() -> tuple[tuple[float, float, float], ...]:
    """x, φ(x) and Φ(x) at the steps of the trapezoidal rule."""
    steps = round(REACH / STEP)
    at = [STEP * k for k in range(-steps, steps + 1)]
    return tuple((x, math.exp(-x * x / 2) / math.sqrt(2 * math.pi), _below(x)) for x in at)


def _below(x: float) -> float:
    """Φ(x)."""
    return math.erfc(-x / math.sqrt(2)) / 2


@cache
def _gauss_legendre(count: int) -> tuple[tuple[float, float], ...]:
    """Nodes and weights on -1 to 1, by Newton's method on Legendre's polynomial (Abramowitz and Stegun 25.4.29)."""
    found = []
    for k in range(1, count + 1):
        x = math.cos(math.pi * (k - 0.25) / (count + 0.5))
        for _ in range(20):
            value, slope = _legendre(count, x)
            x -= value / slope
        found.append((x, 2 / ((1 - x * x) * _legendre(count, x)[1] ** 2)))
    return tuple(found)


def _legendre(degree: int, x: float) -> tuple[float, float]:
    """Legendre's polynomial and its slope at x."""
    before, value = 1.0, x
    for k in range(2, degree + 1):
        before, value = value, ((2 * k - 1) * x * value - (k - 1) * before) / k
    return value, degree * (x * value - before) / (x * x - 1)
