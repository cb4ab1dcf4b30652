"""A version of limits as numbers, and what is remembered of the points before: what `judging` judges by.

Promise: a version that lacks what its type needs is refused. What is remembered is plain numbers, which survive a
restart as JSON does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gaugetrail_statistics.charts.attributes import FORMULAS, LANEY
from gaugetrail_statistics.charts.memory import OWN_RULES
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import RuleSignal, RunRule

CHARTS: Mapping[str, tuple[str, ...]] = {"xbar_r": ("xbar", "r"), "xbar_s": ("xbar", "s"), "imr": ("i", "mr")} | {
    name: (name,) for name in (*FORMULAS, *OWN_RULES)
}
"""The types that a point can be judged on, with their charts."""
BY_SIGMA = ("xbar_r", "xbar_s", "imr", "cusum")
"""Their zones, or what they allow for, are measured in sigmas of a single value."""


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
    rules: tuple[RunRule, ...] = ()
    own_rules: tuple[str, ...] = ()
    """Of EWMA and CUSUM, which have rules of their own: those that speak."""
    sigma: float | None = None
    subgroup_size: int = 1
    weight: float | None = None
    """EWMA's lambda."""
    k: float | None = None
    """What a CUSUM allows for, in sigmas of what is plotted."""
    sigma_z: float | None = None
    """Laney's factor."""

    def __post_init__(self) -> None:
        wanted = CHARTS.get(self.type)
        if wanted is None:
            raise Refused(f"a point can't be judged on a chart of type {self.type}; that takes {', '.join(CHARTS)}")
        if missing := [name for name in wanted if name not in self.charts]:
            raise Refused(f"limits {self.version} lack those of {' and '.join(missing)}")
        if self.sigma is None and self.type in BY_SIGMA:
            raise Refused(f"limits {self.version} lack sigma, by which zones are measured")
        if self.sigma_z is None and self.type in LANEY:
            raise Refused(f"limits {self.version} lack sigma_z, by which {self.type} is wider than chance")
        if self.weight is None and self.type == "ewma":
            raise Refused(f"limits {self.version} lack lambda, the weight of the last value")
        if self.type == "cusum" and (self.k is None or self.charts["cusum"].ucl is None):
            raise Refused(f"limits {self.version} lack k or ucl, by which sums are held")


@dataclass(frozen=True, slots=True)
class Remembered:
    """The last points, oldest first, that the rules may still look back at: of which version, and on each chart."""

    version: str = ""
    at: int = 0
    points: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Chart -> value and size of each point."""
    level: tuple[float, ...] = ()
    """EWMA's mean; or a CUSUM's upper and lower sum, and since how many points each is above 0."""

    def plain(self) -> dict[str, object]:
        """What JSON holds of it."""
        points = {name: [list(pair) for pair in own] for name, own in self.points.items()}
        whole: dict[str, object] = {"version": self.version, "at": self.at, "points": points}
        return whole | {"level": list(self.level)} if self.level else whole


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
        points, level = plain["points"], plain.get("level", [])
        version, at = plain["version"], plain["at"]
        assert isinstance(points, Mapping)
        assert isinstance(version, str)
        assert isinstance(at, int)
        assert isinstance(level, list)
        kept = {str(name): tuple((float(value), float(size)) for value, size in own) for name, own in points.items()}
        return Remembered(version, at, kept, tuple(map(float, level)))
    except (KeyError, TypeError, ValueError, AssertionError) as error:
        raise Refused("what was kept of the last points can't be read; patterns begin anew") from error
