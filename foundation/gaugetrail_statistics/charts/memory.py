"""Charts with a memory, for small shifts: EWMA and the tabular CUSUM.

Promise: both start at the centre and pass over points that are missing or left out, which neither move them nor are
forgotten. With sizes that differ each mean counts with its own sigma.

EWMA: z = lambda x + (1-lambda) z before; its variance is carried along, which for one size is the formula with
1-(1-lambda)^2i (Lucas and Saccucci, Technometrics 32, 1990). CUSUM: the upper sum is max(0, before + x - target - k
sigma), the lower one max(0, before + target - x - k sigma), each against h sigma (Montgomery, chapter 9).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy, few_points, with_signals
from gaugetrail_statistics.charts.variables import Level, level_of, mean_points
from gaugetrail_statistics.estimators import FORMULAS
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import RuleSignal, above
from gaugetrail_statistics.subgroups import RationalSubgroup

STEADY, EXACT = "steady", "exact"
CUSUM_RULES = ("cusum_upper", "cusum_lower")
OWN_RULES = {"ewma": ("ewma",), "cusum": CUSUM_RULES}
"""The rules of these charts, which are asked no others."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a CUSUM allows for (k) and how far it may go (h), in sigmas of what is plotted."""

    k: float = 0.5
    h: float = 5.0


def ewma(values: Sequence[RationalSubgroup], basis: Basis, weight: float = 0.2, limits: str = EXACT) -> ChartStudy:
    """The exponentially weighted mean; `weight` is lambda. Raises `Refused`."""
    if not 0 < weight <= 1:
        raise Refused(f"--lambda {weight:g} is no weight: it lies above 0 and at most at 1")
    if limits not in (EXACT, STEADY):
        raise Refused(f"--limits {limits} is neither {EXACT} nor {STEADY}")
    level = _level(values, basis)
    points = mean_points(values, basis, level)
    drawn = _smoothed(points, level.center, weight, basis.width, limits)
    signals = [
        RuleSignal("ewma", point.at, (point.at,))
        for point in drawn
        if point.phase != "excluded" and point.value is not None and beyond(point.value, point.ucl, point.lcl)
    ]
    reach = "lambda/(2-lambda)" if limits == STEADY else "lambda/(2-lambda) (1-(1-lambda)^2i)"
    return ChartStudy(
        n=sum(one.size for one in values),
        charts={"ewma": with_signals(drawn, signals)},
        formulas={"ewma": f"center ± width sigma/sqrt(n) sqrt({reach})", **_formula(level)},
        sigma_within=level.sigma,
        estimator=level.estimator,
        more={"lambda": weight, "limits": limits},
        warnings=few_points(points),
    )


def cusum(values: Sequence[RationalSubgroup], basis: Basis, reach: Reach | None = None) -> ChartStudy:
    """The tabular CUSUM about the centre as its target. Raises `Refused`."""
    allowed = reach or Reach()
    if not (allowed.k >= 0 and allowed.h > 0):
        raise Refused(f"--k {allowed.k:g} --h {allowed.h:g}: k is not below 0, h above 0")
    level = _level(values, basis)
    points = mean_points(values, basis, level)
    drawn, signals = _summed(points, level.center, allowed)
    return ChartStudy(
        n=sum(one.size for one in values),
        charts={"cusum": with_signals(drawn, signals)},
        formulas={
            "upper": "max(0, upper before + x - center - k sigma)",
            "lower": "max(0, lower before + center - x - k sigma)",
            "ucl": "h sigma, of what is plotted",
            **_formula(level),
        },
        sigma_within=level.sigma,
        estimator=level.estimator,
        more={"k": allowed.k, "h": allowed.h},
        warnings=few_points(points),
    )


def next_mean(before: float, value: float, weight: float) -> float:
    """What an EWMA comes to with a value more."""
    return weight * value + (1 - weight) * before


def next_sum(before: float, away: float, slack: float) -> float:
    """What a sum comes to with a value that lies so far away on its side."""
    return max(0.0, before + away - slack)


def beyond(value: float, ucl: float | None, lcl: float | None) -> bool:
    """Whether it lies outside of the limits that there are."""
    return (ucl is not None and above(value, ucl)) or (lcl is not None and above(lcl, value))


def _level(values: Sequence[RationalSubgroup], basis: Basis) -> Level:
    """Ranges within subgroups where there are any, else moving ranges."""
    return level_of(values, basis, "rbar" if any(one.size > 1 for one in values) else "mr")


def _formula(level: Level) -> dict[str, str]:
    return {"sigma_within": FORMULAS[level.estimator] if level.estimator else "sigma as given"}


def _smoothed(
    points: Sequence[ChartPoint], center: float, weight: float, width: float, limits: str
) -> list[ChartPoint]:
    level, variance, drawn = center, 0.0, []
    for point in points:
        bare = replace(point, value=None, ucl=None, lcl=None)
        if point.value is None or point.sigma is None or point.phase == "excluded":
            drawn.append(replace(bare, center=center))
            continue
        level = next_mean(level, point.value, weight)
        variance = weight**2 * point.sigma**2 + (1 - weight) ** 2 * variance
        sigma = math.sqrt(variance) if limits == EXACT else point.sigma * math.sqrt(weight / (2 - weight))
        away = width * sigma
        drawn.append(replace(bare, value=level, sigma=sigma, ucl=center + away, lcl=center - away))
    return drawn


def _summed(points: Sequence[ChartPoint], center: float, reach: Reach) -> tuple[list[ChartPoint], list[RuleSignal]]:
    """The sums at each point, and a signal wherever one is beyond its limit, by the points since it left 0."""
    sums, since = [0.0, 0.0], ([], [])  # type: tuple[list[float], tuple[list[int], list[int]]]
    drawn, signals = [], []
    for point in points:
        bare = replace(point, value=None, ucl=None, lcl=None)
        if point.value is None or point.sigma is None or point.phase == "excluded":
            drawn.append(bare)
            continue
        ucl = reach.h * point.sigma
        for way, away in enumerate((point.value - center, center - point.value)):
            sums[way] = next_sum(sums[way], away, reach.k * point.sigma)
            since[way].append(point.at)
            if not sums[way]:
                since[way].clear()
            if above(sums[way], ucl):
                signals.append(RuleSignal(CUSUM_RULES[way], point.at, tuple(since[way])))
        drawn.append(replace(bare, ucl=ucl, sums=(sums[0], sums[1])))
    return drawn, signals
