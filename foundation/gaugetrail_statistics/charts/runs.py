"""The run chart: values about their median, and whether they come by chance in this order.

Promise: no limits and no sigma: only rules that need neither speak. Too few runs about the median tell of clusters, too
many of mixtures; too few runs up and down tell of trends, too many of oscillation. Each p is one-sided, by the normal
approximation (Wald and Wolfowitz 1940; Wallis and Moore 1941, with NIST's e-Handbook 1.3.5.13).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import NormalDist

from gaugetrail_statistics import moments
from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy, charted
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import above
from gaugetrail_statistics.subgroups import RationalSubgroup

NEEDS_SIGMA = ("limits", "within", "outside", "opposite")


def run_chart(values: Sequence[RationalSubgroup], basis: Basis) -> ChartStudy:
    """Values, or means of subgroups, about the median. Raises `Refused`."""
    basis.settle(len(values))
    if basis.sigma is not None or basis.estimator is not None:
        raise Refused("a run chart has no sigma; leave --sigma and --estimator out")
    given = basis.given(center_alone=True)
    bare = [_point(at, one, basis, given=given) for at, one in enumerate(values, 1)]
    base = [point.value for point in bare if point.value is not None and point.phase == "baseline"]
    center = moments.median(base) if basis.center is None else basis.center
    points = [_point(at, one, basis, given=given, center=center) for at, one in enumerate(values, 1)]
    kept = [point.value for point in points if point.value is not None and point.phase != "excluded"]
    return ChartStudy(
        n=sum(one.size for one in values),
        charts={"run": charted(points, basis)},
        formulas={"center": "the median of the baseline", "runs": "normal approximation, one-sided p"},
        more={"runs_about_center": _about(kept, center), "runs_up_and_down": _up_and_down(kept)},
        warnings=_silent(basis),
    )


def _point(at: int, one: RationalSubgroup, basis: Basis, *, given: bool, center: float | None = None) -> ChartPoint:
    return ChartPoint(
        at=at,
        label=one.label,
        value=one.mean(),
        center=center if one.size else None,
        phase=basis.phase(at, given=given),
        cause=basis.causes.get(at),
    )


def _silent(basis: Basis) -> tuple[str, ...]:
    names = [rule.name for rule in basis.rules if rule.shape in NEEDS_SIGMA or (rule.shape == "beyond" and rule.sigmas)]
    return (f"a run chart has no sigma, so {', '.join(names)} can't speak on it",) if names else ()


def _about(values: Sequence[float], center: float) -> dict[str, float | None]:
    """Runs above and below; values on the line are in none."""
    sides = [above(value, center) for value in values if above(value, center) or above(center, value)]
    over, count = sum(sides), len(sides)
    under = count - over
    if not over or not under:
        return _tested(_runs(sides), None, None, "clustering", "mixtures")
    expected = 2 * over * under / count + 1
    variance = 2 * over * under * (2 * over * under - count) / (count**2 * (count - 1))
    return _tested(_runs(sides), expected, math.sqrt(variance), "clustering", "mixtures")


def _up_and_down(values: Sequence[float]) -> dict[str, float | None]:
    """Runs of rises and falls; equal neighbours are neither."""
    rises = [above(after, before) for before, after in pairwise(values) if above(after, before) or above(before, after)]
    count = len(rises) + 1
    if count < 3:
        return _tested(_runs(rises), None, None, "trends", "oscillation")
    return _tested(_runs(rises), (2 * count - 1) / 3, math.sqrt((16 * count - 29) / 90), "trends", "oscillation")


def _runs(ways: Sequence[bool]) -> int:
    return sum(1 for _ in groupby(ways))


def _tested(runs: int, expected: float | None, sd: float | None, few: str, many: str) -> dict[str, float | None]:
    z = None if expected is None or not sd else (runs - expected) / sd
    return {
        "runs": runs,
        "expected": expected,
        "sd": sd,
        f"p_{few}": None if z is None else NormalDist().cdf(z),
        f"p_{many}": None if z is None else NormalDist().cdf(-z),
    }
