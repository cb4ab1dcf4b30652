"""A control chart: points with their limits and phases, and what the rules say of them.

Promise: points stand at their positions from 1, those without a value too; the rules see the others in their order,
less the excluded ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from gaugetrail_statistics.charts.basis import FEW, Basis
from gaugetrail_statistics.rules import Plotted, RuleSignal, signals_of


class ChartPoint(Struct, frozen=True, kw_only=True, gc=False):
    """One point with the limits that hold for it."""

    at: int
    label: str
    value: float | None
    center: float | None = None
    sigma: float | None = None
    """Of what is plotted."""
    ucl: float | None = None
    lcl: float | None = None
    phase: str = "judged"
    cause: str | None = None
    signals: tuple[str, ...] = ()
    sums: tuple[float, float] | None = None
    """The upper and the lower sum of a CUSUM, which has them for its value."""


@dataclass(frozen=True, slots=True)
class ControlChart:
    """Its points in their order, and every signal."""

    points: tuple[ChartPoint, ...]
    signals: tuple[RuleSignal, ...]

    @property
    def center(self) -> float | None:
        """The one centre; `None` where it differs by point."""
        return _common(point.center for point in self.points)

    @property
    def ucl(self) -> float | None:
        """The one upper limit; `None` where it differs by point."""
        return _common(point.ucl for point in self.points)

    @property
    def lcl(self) -> float | None:
        """The one lower limit; `None` where it differs by point."""
        return _common(point.lcl for point in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartStudy:
    """One or two charts of the same points, and what their limits were made of."""

    n: int
    charts: Mapping[str, ControlChart]
    formulas: Mapping[str, str]
    sigma_within: float | None = None
    estimator: str | None = None
    rbar: float | None = None
    sbar: float | None = None
    mrbar: float | None = None
    more: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    """What only this type has."""
    warnings: tuple[str, ...] = ()


def charted(points: Iterable[ChartPoint], basis: Basis) -> ControlChart:
    """Points with what the basis' rules say of them."""
    drawn = tuple(points)
    return with_signals(drawn, signals_of(plotted(drawn), basis.rules))


def plotted(points: Iterable[ChartPoint]) -> list[Plotted]:
    """What the rules see: points that have a value and a centre, less the excluded."""
    return [
        Plotted(point.at, point.value, point.center, point.sigma, point.ucl, point.lcl)
        for point in points
        if point.value is not None and point.center is not None and point.phase != "excluded"
    ]


def with_signals(points: Sequence[ChartPoint], signals: Sequence[RuleSignal]) -> ControlChart:
    """The chart, each point with the rules that spoke at it."""
    spoken: dict[int, tuple[str, ...]] = {}
    for signal in signals:
        spoken[signal.at] = (*spoken.get(signal.at, ()), signal.rule)
    return ControlChart(
        tuple(replace(point, signals=spoken[point.at]) if point.at in spoken else point for point in points),
        tuple(signals),
    )


def few_points(points: Iterable[ChartPoint]) -> tuple[str, ...]:
    """A warning where the limits stand on few points."""
    count = sum(point.phase == "baseline" and point.value is not None for point in points)
    if not 0 < count < FEW:
        return ()
    return (f"the limits come from {count} points; with fewer than {FEW} they are rough",)


def _common(numbers: Iterable[float | None]) -> float | None:
    found = set(numbers) - {None}
    return found.pop() if len(found) == 1 else None
