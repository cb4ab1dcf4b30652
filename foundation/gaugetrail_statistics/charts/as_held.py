"""A chart by the limits that held when each point was measured, whichever these were.

Promise: nothing is estimated. Each point has the centre and limits of the version that held for it, and none where none
held: then it stands on the chart and no rule speaks of it. A pattern is of points under one version: what stood under
other limits says nothing under these. Zones are by the limits' own distance from the centre.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ControlChart, plotted, with_signals
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import signals_of


@dataclass(frozen=True, slots=True)
class HeldLimits:
    """A version of limits, with the numbers of one chart."""

    version: str
    center: float | None = None
    ucl: float | None = None
    lcl: float | None = None


def as_held(
    values: Sequence[tuple[str, float | None]], held: Sequence[HeldLimits | None], basis: Basis
) -> ControlChart:
    """Labels and values in their order, with what held for each. Raises `Refused` where nothing held for any."""
    _settle(basis, len(values))
    points = [
        _point(at, label, value, own, basis)
        for at, ((label, value), own) in enumerate(zip(values, held, strict=True), 1)
    ]
    if all(point.center is None for point in points):
        raise Refused("no record says by which limits it was judged; leave --limits recorded out")
    under: dict[str, list[ChartPoint]] = {}
    for point, own in zip(points, held, strict=True):
        if own is not None:
            under.setdefault(own.version, []).append(point)
    signals = [signal for own in under.values() for signal in signals_of(plotted(own), basis.rules)]
    return with_signals(points, sorted(signals, key=lambda one: one.at))


def _settle(basis: Basis, count: int) -> None:
    basis.settle(count)
    if basis.baseline is not None or basis.center is not None or basis.sigma is not None or basis.estimator is not None:
        raise Refused("limits as recorded are not estimated; leave --baseline, --center, --sigma and --estimator out")


def _point(at: int, label: str, value: float | None, own: HeldLimits | None, basis: Basis) -> ChartPoint:
    bare = ChartPoint(at=at, label=label, value=value, phase=basis.phase(at, given=True), cause=basis.causes.get(at))
    if own is None or own.center is None or value is None:
        return bare
    reach = own.ucl - own.center if own.ucl is not None else own.center - own.lcl if own.lcl is not None else None
    sigma = reach / basis.width if reach else None
    return replace(bare, center=own.center, ucl=own.ucl, lcl=own.lcl, sigma=sigma)
