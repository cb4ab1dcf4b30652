"""Is a process stable? What its own control chart says, limits from all values (phase I).

Means (or single values) are held to all rules that are asked, ranges and deviations of subgroups to their limits alone:
the zones are made for a quantity that is spread evenly to both sides. Moving ranges aren't asked: one in a hundred of a
stable process is beyond its limit, and what they show the values show as well (Rigdon, Cruthis, Champ: Journal of
Quality Technology 26, 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy
from gaugetrail_statistics.charts.variables import individuals, xbar
from gaugetrail_statistics.distributions.families import Values
from gaugetrail_statistics.estimators import OF_SUBGROUPS
from gaugetrail_statistics.rules import rules_named
from gaugetrail_statistics.subgroups import RationalSubgroup, single_values

MOST_POINTS = 50_000
"""More single values than this make no chart here: each is an object of its own."""
_MOST_NAMED = 5


@dataclass(frozen=True)
class ProcessStability:
    """What the chart says; `stable` is None where there is no chart, and `signals` name rule and point."""

    stable: bool | None
    chart: str | None
    rules: tuple[str, ...]
    signals: tuple[str, ...]
    beyond: bool = False
    """Whether a point lies beyond its limits: a pattern within them is rather chance."""

    @property
    def why_not(self) -> str | None:
        """The signals in words, where there are some."""
        if self.stable is not False:
            return None
        more = len(self.signals) - _MOST_NAMED
        named = "; ".join(self.signals[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        return named if self.beyond else f"{named}; no point is beyond its limits"


UNSEEN = ProcessStability(None, None, (), ())


def stability(
    values: Sequence[float] | Values, subgroups: Sequence[RationalSubgroup], estimator: str, rules: str
) -> ProcessStability:
    """Of these values in their order, and the subgroups that they stand in, if they do. Raises `Refused`."""
    basis = Basis(rules=rules_named(rules), estimator=estimator)
    if estimator in OF_SUBGROUPS:
        second = "r" if estimator == "rbar" else "s"
        return _read(xbar(subgroups, basis, second), f"xbar_{second}", basis)
    if len(values) > MOST_POINTS:
        return UNSEEN
    return _read(individuals(single_values([float(value) for value in values]), basis), "imr", basis)


def _read(study: ChartStudy, kind: str, basis: Basis) -> ProcessStability:
    (_, level), (name, spread) = study.charts.items()
    found = [f"{signal.rule} at {signal.at}" for signal in level.signals]
    beyond = any(_outside(point) for point in level.points)
    if kind != "imr":
        outside = [f"{name} beyond its limits at {point.at}" for point in spread.points if _outside(point)]
        found, beyond = found + outside, beyond or bool(outside)
    return ProcessStability(not found, kind, tuple(rule.name for rule in basis.rules), tuple(found), beyond)


def _outside(point: ChartPoint) -> bool:
    if point.value is None or point.ucl is None or point.lcl is None:
        return False
    return not point.lcl <= point.value <= point.ucl
