"""One new point judged by a version of limits: what a station does as values come in.

Promise: limits are taken as the version says them, to their last digit, and nothing new moves them; what is remembered
is no more than the rules look back at, and of EWMA and CUSUM what they have come to. Point by point the same is
said as a chart of all points says. A point under another version begins its patterns anew: what stood under other
limits says nothing under these.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from gaugetrail_statistics import moments
from gaugetrail_statistics.charts.attributes import BINOMIAL, FORMULAS, LANEY, WITHOUT_SIZE, sigma_of
from gaugetrail_statistics.charts.limits_version import CHARTS, Bounds, Judged, LimitsVersion, Remembered
from gaugetrail_statistics.charts.memory import CUSUM_RULES, OWN_RULES, beyond, next_mean, next_sum
from gaugetrail_statistics.constants import c4, d3
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import Plotted, RuleSignal, above, longest_window, signals_at_last


def judge(
    limits: LimitsVersion, values: Sequence[float], past: Remembered | None = None, size: float | None = None
) -> tuple[Judged, Remembered]:
    """Judge the next point: the values of a subgroup, one value, or one count of `size`. Raises `Refused`."""
    before = past if past is not None and past.version == limits.version else Remembered(limits.version)
    if limits.type in OWN_RULES:
        return (_smoothed if limits.type == "ewma" else _summed)(limits, _mean(limits, values), before)
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
    second, mean = CHARTS[limits.type][1], _mean(limits, values)
    away = moments.spread(values) if second == "r" else moments.sd(values)
    return {"xbar": mean, second: away}, float(len(values))


def _mean(limits: LimitsVersion, values: Sequence[float]) -> float:
    """The mean of a whole subgroup. Raises `Refused` for one of another size."""
    if len(values) != limits.subgroup_size:
        raise Refused(f"limits {limits.version} are of {limits.subgroup_size} values, and this point has {len(values)}")
    return moments.mean(values)


def _smoothed(limits: LimitsVersion, mean: float, before: Remembered) -> tuple[Judged, Remembered]:
    """The next point of an EWMA, by limits as they end."""
    bounds, at = limits.charts["ewma"], before.at + 1
    assert limits.weight is not None, "settled"
    level = next_mean(before.level[0] if before.level else bounds.center, mean, limits.weight)
    signals = (RuleSignal("ewma", at, (at,)),) if beyond(level, bounds.ucl, bounds.lcl) else ()
    after = Remembered(limits.version, at, level=(level,))
    return Judged(limits.version, {"ewma": level}, {"ewma": signals}), after


def _summed(limits: LimitsVersion, mean: float, before: Remembered) -> tuple[Judged, Remembered]:
    """The next point of a CUSUM; a signal is by the points since its sum left 0."""
    bounds, at = limits.charts["cusum"], before.at + 1
    assert limits.k is not None, "settled"
    assert limits.sigma is not None, "settled"
    assert bounds.ucl is not None, "settled"
    slack = limits.k * (limits.sigma / math.sqrt(limits.subgroup_size))
    kept = before.level or (0.0, 0.0, 0.0, 0.0)
    sums = tuple(
        next_sum(own, away, slack)
        for own, away in zip(kept[:2], (mean - bounds.center, bounds.center - mean), strict=True)
    )
    since = tuple(own + 1 if total else 0.0 for own, total in zip(kept[2:], sums, strict=True))
    signals = tuple(
        RuleSignal(rule, at, tuple(range(at - int(own) + 1, at + 1)))
        for rule, total, own in zip(CUSUM_RULES, sums, since, strict=True)
        if rule in (limits.own_rules or CUSUM_RULES) and above(total, bounds.ucl)
    )
    values = {"upper": sums[0], "lower": sums[1]}
    return Judged(limits.version, values, {"cusum": signals}), Remembered(limits.version, at, level=(*sums, *since))


def _counted(limits: LimitsVersion, values: Sequence[float], size: float | None) -> tuple[dict[str, float], float]:
    if len(values) != 1:
        raise Refused(f"{limits.type} judges one count at a time, not {len(values)}")
    if values[0] < 0 or values[0] != int(values[0]):
        raise Refused(f"{values[0]:g} is no count: counts are whole and not below 0")
    plain = limits.type == "np" or limits.type in WITHOUT_SIZE
    if size is None and not plain:
        raise Refused(f"{limits.type} needs the size that was inspected")
    of = float(limits.subgroup_size if size is None else size)
    if limits.type == "np" and of != limits.subgroup_size:
        raise Refused(f"limits {limits.version} are of {limits.subgroup_size} units, and this point has {of:g}; take p")
    if not of > 0:
        raise Refused(f"a size of {of:g}: where nothing was inspected there is no point")
    if limits.type in BINOMIAL and values[0] > of:
        raise Refused(f"{values[0]:g} defectives of {of:g}: more than there are")
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
    sigma = sigma_of(limits.type, own.center / size if limits.type == "np" else own.center, size)
    if limits.type in LANEY:
        assert limits.sigma_z is not None, "settled"
        sigma *= limits.sigma_z
    if limits.type in ("np", *WITHOUT_SIZE) or size == limits.subgroup_size:
        return own, sigma
    if own.ucl is None:
        return own, sigma
    narrower = math.sqrt(limits.subgroup_size / size)
    reach = (own.ucl - own.center) * narrower
    most = 1.0 if limits.type in BINOMIAL else math.inf
    return Bounds(own.center, min(most, own.center + reach), max(0.0, own.center - reach)), sigma


def _of_spread(name: str, n: int) -> float:
    """How a range or a deviation of n values scatters, in sigmas of a single value."""
    return math.sqrt(1 - c4(n) ** 2) if name == "s" else d3(2 if name == "mr" else n)
