"""Charts of counts: p and np of defectives, c and u of defects, and Laney's p' and u' for large samples.

Promise: limits are centre ± width sigma of the binomial or Poisson distribution with each point's own size, 0 where the
formula goes below (and 1, or n, above). Laney's widen or narrow them by sigma_z, by how much neighbouring points differ
more than the distribution says (Laney, Improved Control Charts for Attributes, Quality Engineering 14, 2002).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics import moments
from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy, charted, few_points
from gaugetrail_statistics.constants import d2
from gaugetrail_statistics.refusing import Refused

BINOMIAL = ("p", "np", "laney_p")
WITHOUT_SIZE = ("c",)
LANEY = ("laney_p", "laney_u")
FORMULAS = {
    "p": "p-bar ± width sqrt(p-bar (1-p-bar)/n_i), within 0 and 1; p-bar = all defectives/all units",
    "np": "n_i p-bar ± width sqrt(n_i p-bar (1-p-bar)), within 0 and n_i",
    "c": "c-bar ± width sqrt(c-bar), not below 0",
    "u": "u-bar ± width sqrt(u-bar/n_i), not below 0; u-bar = all defects/all opportunities",
    "laney_p": "p-bar ± width sqrt(p-bar (1-p-bar)/n_i) sigma_z; sigma_z = mean moving range of z/d2(2)",
    "laney_u": "u-bar ± width sqrt(u-bar/n_i) sigma_z; sigma_z = mean moving range of z/d2(2)",
}


@dataclass(frozen=True, slots=True)
class Count:
    """Defectives or defects, of so many units or opportunities; `None` where nothing was counted."""

    label: str
    count: float | None
    size: float | None = 1.0


@dataclass(frozen=True, slots=True)
class _Spot:
    """A count that is there."""

    at: int
    count: float
    size: float


def attributes(kind: str, counts: Sequence[Count], basis: Basis) -> ChartStudy:
    """A chart of one of the kinds in `FORMULAS`. Raises `Refused`."""
    basis.settle(len(counts))
    _settle(kind, counts, basis)
    given = basis.given(center_alone=True) and kind not in LANEY
    spots = _there(counts)
    base = [spot for spot in spots if basis.phase(spot.at, given=given) == "baseline"]
    rate = _rate(base, kind) if basis.center is None else basis.center / (_one_size(spots) if kind == "np" else 1)
    _settle_rate(kind, rate)
    sigma_z = _sigma_z(spots, base, basis, kind, rate) if kind in LANEY else 1.0
    drawn = {spot.at: spot for spot in spots}
    points = [
        _point(kind, at, one.label, drawn.get(at), basis, rate, sigma_z, given=given)
        for at, one in enumerate(counts, 1)
    ]
    return ChartStudy(
        n=len(spots),
        charts={kind: charted(points, basis)},
        formulas={kind: FORMULAS[kind]},
        more={"sigma_z": sigma_z} if kind in LANEY else {},
        warnings=few_points(points),
    )


def _there(counts: Sequence[Count]) -> list[_Spot]:
    return [
        _Spot(at, one.count, one.size)
        for at, one in enumerate(counts, 1)
        if one.count is not None and one.size is not None
    ]


def _settle(kind: str, counts: Sequence[Count], basis: Basis) -> None:
    if kind not in FORMULAS:
        raise Refused(f"no chart of counts is called {kind}; there are {', '.join(FORMULAS)}")
    if basis.sigma is not None:
        raise Refused(f"{kind} takes its sigma from the centre; leave --sigma out")
    if basis.estimator is not None:
        raise Refused(f"{kind} takes its sigma from the centre; leave --estimator out")
    for at, one in enumerate(counts, 1):
        if one.count is not None and (one.count < 0 or one.count != int(one.count)):
            raise Refused(f"point {at} has a count of {one.count:g}: counts are whole and not below 0")
        if one.size is not None and not one.size > 0:
            raise Refused(f"point {at} has a size of {one.size:g}: where nothing was inspected there is no point")
        if kind in BINOMIAL and one.count is not None and one.size is not None and one.count > one.size:
            raise Refused(f"point {at} has {one.count:g} defectives of {one.size:g}: more than there are")
    if kind in WITHOUT_SIZE and len({one.size for one in counts if one.size is not None}) > 1:
        raise Refused(f"{kind} is for one size, and here sizes differ; take u")


def _settle_rate(kind: str, rate: float) -> None:
    if not rate > 0:
        raise Refused(f"the centre is {rate:g}: without any defect counted {kind} has no limits")
    if kind in BINOMIAL and not rate < 1:
        raise Refused(f"the centre is {rate:g} of all units: {kind} has no limits where all are defective")


def _rate(base: Sequence[_Spot], kind: str) -> float:
    """Counts over sizes; of c, the mean count."""
    if not base:
        raise Refused("the baseline has no counts: nothing sets limits")
    counts = sum(spot.count for spot in base)
    return counts / len(base) if kind in WITHOUT_SIZE else counts / moments.total([spot.size for spot in base])


def _one_size(spots: Sequence[_Spot]) -> float:
    """The size behind a given centre of np."""
    sizes = {spot.size for spot in spots}
    if len(sizes) != 1:
        raise Refused("a given centre of np is for one size, and here sizes differ; take p")
    return sizes.pop()


def sigma_of(kind: str, rate: float, size: float) -> float:
    """Of what is plotted, before Laney's factor."""
    if kind in WITHOUT_SIZE:
        return math.sqrt(rate)
    if kind == "np":
        return math.sqrt(size * rate * (1 - rate))
    return math.sqrt((rate * (1 - rate) if kind in BINOMIAL else rate) / size)


def _sigma_z(spots: Sequence[_Spot], base: Sequence[_Spot], basis: Basis, kind: str, rate: float) -> float:
    """How far neighbours of the baseline differ, in the distribution's own sigmas."""
    own = {spot.at for spot in base}
    kept = [spot for spot in spots if spot.at not in basis.causes]
    z = [(spot.at, (spot.count / spot.size - rate) / sigma_of(kind, rate, spot.size)) for spot in kept]
    moving = [
        abs(after - before)
        for (first, before), (second, after) in itertools.pairwise(z)
        if first in own and second in own
    ]
    if not moving or not max(moving) > 0:
        raise Refused(f"{kind} takes neighbouring points of the baseline that differ, and there are none")
    return math.fsum(moving) / len(moving) / d2(2)


def _point(
    kind: str, at: int, label: str, spot: _Spot | None, basis: Basis, rate: float, sigma_z: float, *, given: bool
) -> ChartPoint:
    phase, cause = basis.phase(at, given=given), basis.causes.get(at)
    if spot is None:
        return ChartPoint(at=at, label=label, value=None, phase=phase, cause=cause)
    plain = kind == "np" or kind in WITHOUT_SIZE
    center = rate * spot.size if kind == "np" else rate
    sigma = sigma_of(kind, rate, spot.size) * sigma_z
    most = math.inf if kind not in BINOMIAL else spot.size if plain else 1.0
    return ChartPoint(
        at=at,
        label=label,
        value=spot.count if plain else spot.count / spot.size,
        center=center,
        sigma=sigma,
        ucl=min(most, center + basis.width * sigma),
        lcl=max(0.0, center - basis.width * sigma),
        phase=phase,
        cause=cause,
    )
