"""One new point judged by a version of limits: what a station does as values come in.

Promise: limits are taken as the version says them, to their last digit, and nothing new moves them; what is remembered
is no more than the rules look back at, as plain numbers that survive a restart as JSON does. Point by point the same is
said as a chart of all points says. A point under another version begins its patterns anew: what stood under other
limits says nothing under these.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from gaugetrail_statistics import moments
from gaugetrail_statistics.charts.attributes import BINOMIAL, FORMULAS, LANEY, WITHOUT_SIZE, sigma_of
from gaugetrail_statistics.constants import c4, d3
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import Plotted, RuleSignal, RunRule, longest_window, signals_at_last

CHARTS: Mapping[str, tuple[str, ...]] = {"xbar_r": ("xbar", "r"), "xbar_s": ("xbar", "s"), "imr": ("i", "mr")} | {
    name: (name,) for name in FORMULAS
}
"""The types that a point can be judged on, with their charts; EWMA and CUSUM remember more than limits say."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Centre and limits of one chart; a limit that there isn't is `None`."""

    center: float
    ucl: float | None
    lcl: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsVersion:
    """The limits that hold: their version, the type of chart, sigma of a single value, and each chart's bounds."""

    version: str
    type: str
    charts: Mapping[str, Bounds]
    rules: tuple[RunRule, ...]
    sigma: float | None = None
    subgroup_size: int = 1

    def __post_init__(self) -> None:
        wanted = CHARTS.get(self.type)
        if wanted is None:
            raise Refused(f"a point can't be judged on a chart of type {self.type}; that takes {', '.join(CHARTS)}")
        if missing := [name for name in wanted if name not in self.charts]:
            raise Refused(f"limits {self.version} lack those of {' and '.join(missing)}")
        if self.sigma is None and self.type not in FORMULAS:
            raise Refused(f"limits {self.version} lack sigma, by which zones are measured")


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last points, oldest first, that the rules may still look back at: of which version, and on each chart."""

    version: str = ""
    at: int = 0
    points: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Chart -> value and size of each point."""

    def plain(self) -> dict[str, object]:
        """What JSON holds of it."""
        return {
            "version": self.version,
            "at": self.at,
            "points": {name: [list(pair) for pair in own] for name, own in self.points.items()},
        }


@dataclass(frozen=True, slots=True)
class Judged:
    """What was plotted on each chart, and what the rules say at this point."""

    version: str
    values: Mapping[str, float]
    signals: Mapping[str, tuple[RuleSignal, ...]]

    @property
    def quiet(self) -> bool:
        """Whether no rule spoke."""
        return not any(self.signals.values())


def remembered(plain: Mapping[str, object]) -> Remembered:
    """What `plain` made. Raises `Refused` for anything else."""
    try:
        points = plain["points"]
        version, at = plain["version"], plain["at"]
        assert isinstance(points, Mapping)
        assert isinstance(version, str)
        assert isinstance(at, int)
        kept = {str(name): tuple((float(value), float(size)) for value, size in own) for name, own in points.items()}
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise Refused("what was kept of the last points can't be read; patterns begin anew") from error
    return Remembered(version, at, kept)


def judge(
    limits: LimitsVersion, values: Sequence[float], past: Remembered | None = None, size: float | None = None
) -> tuple[Judged, Remembered]:
    """Judge the next point: the values of a subgroup, one value, or one count of `size`. Raises `Refused`."""
    before = past if past is not None and past.version == limits.version else Remembered(limits.version)
    plotted, of = _plotted(limits, values, before, size)
    back = max(2, longest_window(limits.rules))
    points = {name: (*before.points.get(name, ()), (value, of))[-back:] for name, value in plotted.items()}
    # A chart on which nothing was plotted (the first moving range) keeps what it has.
    after = Remembered(limits.version, before.at + 1, {**before.points, **points})
    signals = {name: _signals(limits, name, points[name], after.at) for name in plotted}
    return Judged(limits.version, plotted, signals), after


def _plotted(
    limits: LimitsVersion, values: Sequence[float], before: Remembered, size: float | None
) -> tuple[dict[str, float], float]:
    """The value on each chart, and the size that its sigma goes by."""
    if not values:
        raise Refused("a point needs a value")
    if limits.type in FORMULAS:
        return _counted(limits, values, size)
    if limits.type == "imr":
        if len(values) != 1:
            raise Refused(f"imr judges one value at a time, not {len(values)}")
        last = before.points.get("i")
        own = {"i": values[0]}
        return (own if not last else own | {"mr": moments.spread([last[-1][0], values[0]])}), 1.0
    if len(values) != limits.subgroup_size:
        raise Refused(f"limits {limits.version} are of {limits.subgroup_size} values, and this point has {len(values)}")
    second = CHARTS[limits.type][1]
    away = moments.spread(values) if second == "r" else moments.sd(values)
    return {"xbar": moments.mean(values), second: away}, float(len(values))


def _counted(limits: LimitsVersion, values: Sequence[float], size: float | None) -> tuple[dict[str, float], float]:
    if len(values) != 1:
        raise Refused(f"{limits.type} judges one count at a time, not {len(values)}")
    plain = limits.type == "np" or limits.type in WITHOUT_SIZE
    if size is None and not plain:
        raise Refused(f"{limits.type} needs the size that was inspected")
    of = float(limits.subgroup_size if size is None else size)
    if limits.type == "np" and of != limits.subgroup_size:
        raise Refused(f"limits {limits.version} are of {limits.subgroup_size} units, and this point has {of:g}; take p")
    if not of > 0:
        raise Refused(f"a size of {of:g}: where nothing was inspected there is no point")
    return {limits.type: values[0] if plain else values[0] / of}, of


def _signals(
    limits: LimitsVersion, name: str, points: Sequence[tuple[float, float]], at: int
) -> tuple[RuleSignal, ...]:
    first = at - len(points) + 1
    seen = []
    for place, (value, size) in enumerate(points):
        bounds, sigma = _bounds(limits, name, size)
        seen.append(Plotted(first + place, value, bounds.center, sigma, bounds.ucl, bounds.lcl))
    return tuple(signals_at_last(seen, limits.rules))


def _bounds(limits: LimitsVersion, name: str, size: float) -> tuple[Bounds, float | None]:
    """Limits and sigma of what is plotted; those of a share go by the size where it isn't the one they were set for."""
    own = limits.charts[name]
    if limits.type not in FORMULAS:
        assert limits.sigma is not None, "settled"
        n = limits.subgroup_size
        factor = {"xbar": 1 / math.sqrt(n), "i": 1.0}.get(name) or _of_spread(name, n)
        return own, factor * limits.sigma
    if limits.type in LANEY:
        sigma = None if own.ucl is None else (own.ucl - own.center) / 3
    else:
        sigma = sigma_of(limits.type, own.center / size if limits.type == "np" else own.center, size)
    if limits.type in ("np", *WITHOUT_SIZE) or size == limits.subgroup_size:
        return own, sigma
    if own.ucl is None:
        return own, sigma
    narrower = math.sqrt(limits.subgroup_size / size)
    reach = (own.ucl - own.center) * narrower
    most = 1.0 if limits.type in BINOMIAL else math.inf
    bounds = Bounds(own.center, min(most, own.center + reach), max(0.0, own.center - reach))
    return bounds, sigma * narrower if sigma is not None and limits.type in LANEY else sigma


def _of_spread(name: str, n: int) -> float:
    """How a range or a deviation of n values scatters, in sigmas of a single value."""
    return math.sqrt(1 - c4(n) ** 2) if name == "s" else d3(2 if name == "mr" else n)
