"""Values in pictures of their own: histogram, probability plot, boxes, as numbers.

Promise: what a picture would show is here to the last digit, with the rule that made it: bins, plotting positions and
quartiles have several, and a result says which.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from gaugetrail_statistics import moments
from gaugetrail_statistics.refusing import Refused

MOST_BINS = 1000
NICE = (1.0, 2.0, 2.5, 5.0, 10.0)
"""Widths of bins that people read, times a power of ten."""


@dataclass(frozen=True, slots=True)
class Bin:
    """From `lower` on and below `upper`; the last one holds its upper edge, too."""

    lower: float
    upper: float
    count: int
    expected: float
    """What the fitted normal curve puts there."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A value with its plotting position and the normal quantile of that."""

    value: float
    share: float
    z: float


@dataclass(frozen=True, slots=True)
class Box:
    """A group's quartiles, whiskers and what lies beyond them."""

    group: str
    n: int
    mean: float
    lower_whisker: float
    q1: float
    median: float
    q3: float
    upper_whisker: float
    outliers: tuple[float, ...]


def histogram(values: Sequence[float], bins: int | None = None) -> list[Bin]:
    """Bins of one width with readable edges, by Freedman and Diaconis, or about so many. Raises `Refused`."""
    middle, sd = _spread(values)
    width = _width(values, bins)
    first = math.floor(min(values) / width + 1e-9)
    count = max(1, math.ceil((max(values) - first * width) / width - 1e-9))
    if count > MOST_BINS:
        raise Refused(f"the values reach so far that a histogram would take {count} bins; give --bins")
    counts = [0] * count
    for value in values:
        counts[min(count - 1, max(0, math.floor(value / width - first + 1e-9)))] += 1
    edges = [round((first + k) * width, 12) for k in range(count + 1)]
    curve = NormalDist(middle, sd)
    return [
        Bin(low, high, own, len(values) * (curve.cdf(high) - curve.cdf(low)))
        for low, high, own in zip(edges, edges[1:], counts, strict=False)
    ]


def probability_points(values: Sequence[float]) -> tuple[list[Ranked], float]:
    """Values against normal quantiles by Benard's median ranks (i-0.3)/(n+0.4), and how straight they stand (r).

    Raises `Refused`.
    """
    _spread(values)
    n = len(values)
    shares = [(at - 0.3) / (n + 0.4) for at in range(1, n + 1)]
    ranked = [
        Ranked(value, share, NormalDist().inv_cdf(share)) for value, share in zip(sorted(values), shares, strict=True)
    ]
    return ranked, _straightness([one.z for one in ranked], [one.value for one in ranked])


def boxes(groups: Mapping[str, Sequence[float]]) -> list[Box]:
    """A box for each group that has values: whiskers to the last value within 1.5 quartile distances (Tukey 1977)."""
    return [_box(group, sorted(values)) for group, values in groups.items() if values]


def quantile(ordered: Sequence[float], share: float) -> float:
    """Linear between the values (Hyndman and Fan's type 7, as R and numpy have it)."""
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def _box(group: str, ordered: Sequence[float]) -> Box:
    q1, q3 = quantile(ordered, 0.25), quantile(ordered, 0.75)
    reach = 1.5 * (q3 - q1)
    inside = [value for value in ordered if q1 - reach <= value <= q3 + reach]
    outside = tuple(value for value in ordered if not q1 - reach <= value <= q3 + reach)
    median = moments.median(ordered)
    return Box(group, len(ordered), moments.mean(ordered), inside[0], q1, median, q3, inside[-1], outside)


def _spread(values: Sequence[float]) -> tuple[float, float]:
    sd = moments.sd(values)
    if not sd:
        raise Refused("all values are equal: there is no spread to show")
    return moments.mean(values), sd


def _width(values: Sequence[float], bins: int | None) -> float:
    """The readable width next to what the rule says."""
    ordered = sorted(values)
    reach = ordered[-1] - ordered[0]
    if bins is not None:
        if not 1 <= bins <= MOST_BINS:
            raise Refused(f"--bins {bins}: a histogram has 1 to {MOST_BINS}")
        wanted = reach / bins
    else:
        between = quantile(ordered, 0.75) - quantile(ordered, 0.25)
        wanted = 2 * between / len(values) ** (1 / 3) or reach / math.ceil(math.log2(len(values)) + 1)
    power = 10.0 ** math.floor(math.log10(wanted))
    return power * min(NICE, key=lambda nice: abs(nice * power - wanted))


def _straightness(first: Sequence[float], second: Sequence[float]) -> float:
    """The correlation of two columns."""
    mean1, mean2 = math.fsum(first) / len(first), moments.mean(second)
    both = math.fsum((a - mean1) * (b - mean2) for a, b in zip(first, second, strict=True))
    squares = math.fsum((a - mean1) ** 2 for a in first) * math.fsum((b - mean2) ** 2 for b in second)
    return both / math.sqrt(squares)
