"""Charts of measured values: X-bar with R or s, and single values with their moving range.

Promise: limits are centre ± width sigma/sqrt(n) with each subgroup's own n, of exact constants; R and s have theirs
from the same sigma, d2 and d3, or c4 (AIAG, Statistical Process Control, 2nd edition 2005, chapter II and appendix).
A lower limit that the formula puts below 0 is 0. Moving ranges join the neighbours of a point that is left out or
missing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics import estimators, moments
from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy, charted, few_points
from gaugetrail_statistics.constants import c4, d2, d3
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.subgroups import RationalSubgroup

MEAN = {"xbar": "center ± width sigma/sqrt(n_i); center = mean of all values of the baseline"}
SPREADS = {
    "r": {"r": "center d2 sigma, limits (d2 ± width d3) sigma, not below 0"},
    "s": {"s": "center c4 sigma, limits (c4 ± width sqrt(1-c4^2)) sigma, not below 0"},
}
SINGLE = {
    "i": "center ± width sigma; center = mean of the baseline",
    "mr": "center d2(2) sigma, limits (d2(2) ± width d3(2)) sigma, not below 0",
}


@dataclass(frozen=True, slots=True)
class Level:
    """Centre and sigma of a single value, and how sigma came about."""

    center: float
    sigma: float
    estimator: str | None
    given: bool


def xbar(subgroups: Sequence[RationalSubgroup], basis: Basis, second: str) -> ChartStudy:
    """X-bar with R (`second` is `r`) or with s (`s`). Raises `Refused`."""
    if all(one.size <= 1 for one in subgroups):
        raise Refused("no subgroup has two values; single values have the chart imr")
    level = level_of(subgroups, basis, "rbar" if second == "r" else "sbar")
    means = mean_points(subgroups, basis, level)
    spreads = [
        _spread_point(one, point, level.sigma, basis.width, second) for one, point in zip(subgroups, means, strict=True)
    ]
    base = [one for one, point in zip(subgroups, means, strict=True) if point.phase == "baseline"]
    return ChartStudy(
        n=sum(one.size for one in subgroups),
        charts={"xbar": charted(means, basis), second: charted(spreads, basis)},
        formulas=MEAN | SPREADS[second] | _formula(level),
        sigma_within=level.sigma,
        estimator=level.estimator,
        rbar=_mean_or_none([one.spread() for one in base]),
        sbar=_mean_or_none([one.sd() for one in base]),
        warnings=few_points(means),
    )


def individuals(values: Sequence[RationalSubgroup], basis: Basis) -> ChartStudy:
    """Single values (subgroups of one, or empty) with their moving range. Raises `Refused`."""
    level = level_of(values, basis, "mr")
    points = mean_points(values, basis, level)
    ranges = moving_ranges(neighbours(values, basis, given=level.given))
    base = [step for step, inside in ranges.values() if inside]
    moving = [_moving_point(point, ranges.get(point.at), level.sigma, basis.width) for point in points]
    return ChartStudy(
        n=sum(one.size for one in values),
        charts={"i": charted(points, basis), "mr": charted(moving, basis)},
        formulas=SINGLE | _formula(level),
        sigma_within=level.sigma,
        estimator=level.estimator,
        mrbar=_mean_or_none(base),
        warnings=(*few_points(points), *_following(points)),
    )


def level_of(subgroups: Sequence[RationalSubgroup], basis: Basis, usual: str) -> Level:
    """Centre and sigma, given or of the baseline; `usual`: the estimator where none is named. Raises `Refused`."""
    basis.settle(len(subgroups))
    given = basis.given()
    if given:
        assert basis.center is not None, "given"
        assert basis.sigma is not None, "given"
        return Level(basis.center, basis.sigma, None, given)
    base = [one for at, one in enumerate(subgroups, 1) if basis.phase(at, given=False) == "baseline"]
    values = [value for one in base for value in one.values]
    if not values:
        raise Refused("the baseline has no values: nothing sets limits")
    center = moments.mean(values) if basis.center is None else basis.center
    if basis.sigma is not None:
        return Level(center, basis.sigma, None, given)
    estimator = basis.estimator or usual
    sigma = _estimated(subgroups, base, basis, estimator)
    if not sigma > 0:
        raise Refused("the values of the baseline do not differ: there are no limits to be had from them")
    return Level(center, sigma, estimator, given)


def mean_points(subgroups: Sequence[RationalSubgroup], basis: Basis, level: Level) -> list[ChartPoint]:
    """A point for each subgroup's mean, its limits by its own size."""
    return [_mean_point(at, one, basis, level) for at, one in enumerate(subgroups, 1)]


def neighbours(subgroups: Sequence[RationalSubgroup], basis: Basis, *, given: bool) -> list[tuple[int, float, bool]]:
    """Position, value and whether it is of the baseline, of single values that are there and not left out."""
    return [
        (at, one.values[0], basis.phase(at, given=given) == "baseline")
        for at, one in enumerate(subgroups, 1)
        if one.size and at not in basis.causes
    ]


def moving_ranges(kept: Sequence[tuple[int, float, bool]]) -> dict[int, tuple[float, bool]]:
    """The range from each to the one before it, by position, and whether both are of the baseline: one that reaches
    out of it sets no limit.
    """
    steps = moments.steps([value for _, value, _ in kept])
    return {
        at: (step, before and own) for (_, _, before), (at, _, own), step in zip(kept, kept[1:], steps, strict=False)
    }


def _estimated(
    subgroups: Sequence[RationalSubgroup], base: Sequence[RationalSubgroup], basis: Basis, estimator: str
) -> float:
    if any(one.size > 1 for one in subgroups):
        return estimators.sigma_of_subgroups(base, estimator)
    if estimator in estimators.OF_SUBGROUPS:
        raise Refused(f"{estimator} needs subgroups of two values or more; give --subgroup, or --estimator mr")
    kept = neighbours(subgroups, basis, given=False)
    ranges = [step for step, inside in moving_ranges(kept).values() if inside]
    return estimators.sigma_of_neighbours([value for _, value, own in kept if own], ranges, estimator)


def _mean_point(at: int, subgroup: RationalSubgroup, basis: Basis, level: Level) -> ChartPoint:
    phase, cause, size = basis.phase(at, given=level.given), basis.causes.get(at), subgroup.size
    if not size:
        return ChartPoint(at=at, label=subgroup.label, value=None, phase=phase, cause=cause)
    sigma = level.sigma / math.sqrt(size)
    away = basis.width * sigma
    return ChartPoint(
        at=at,
        label=subgroup.label,
        value=subgroup.mean(),
        center=level.center,
        sigma=sigma,
        ucl=level.center + away,
        lcl=level.center - away,
        phase=phase,
        cause=cause,
    )


def _spread_point(subgroup: RationalSubgroup, mean: ChartPoint, sigma: float, width: float, second: str) -> ChartPoint:
    """The point of R or s under a subgroup's mean."""
    if subgroup.size < 2:
        return _below(mean, None, 0.0, 0.0, width)
    if second == "r":
        return _below(mean, subgroup.spread(), d2(subgroup.size) * sigma, d3(subgroup.size) * sigma, width)
    middle = c4(subgroup.size)
    return _below(mean, subgroup.sd(), middle * sigma, math.sqrt(1 - middle * middle) * sigma, width)


def _moving_point(point: ChartPoint, moving: tuple[float, bool] | None, sigma: float, width: float) -> ChartPoint:
    return _below(point, None if moving is None else moving[0], d2(2) * sigma, d3(2) * sigma, width)


def _below(point: ChartPoint, value: float | None, center: float, sigma: float, width: float) -> ChartPoint:
    """The point of a spread at the same place, with limits where it has a value."""
    there = value is not None
    return ChartPoint(
        at=point.at,
        label=point.label,
        value=value,
        center=center if there else None,
        sigma=sigma if there else None,
        ucl=center + width * sigma if there else None,
        lcl=max(0.0, center - width * sigma) if there else None,
        phase=point.phase,
        cause=point.cause,
    )


def _formula(level: Level) -> dict[str, str]:
    return {"sigma_within": estimators.FORMULAS[level.estimator] if level.estimator else "sigma as given"}


def _mean_or_none(numbers: Sequence[float | None]) -> float | None:
    there = [number for number in numbers if number is not None]
    return moments.mean(there) if there else None


def _following(points: Sequence[ChartPoint]) -> tuple[str, ...]:
    """A warning where neighbours resemble each other: moving ranges are then too small, and so are the limits."""
    values = [point.value for point in points if point.phase == "baseline" and point.value is not None]
    if len(values) < 10:
        return ()
    lag1 = moments.autocorrelation1(values)
    if lag1 is None or abs(lag1) <= 2 / math.sqrt(len(values)):
        return ()
    return (f"each value goes with the one before it (autocorrelation {lag1:.2f}): limits of moving ranges mislead",)
