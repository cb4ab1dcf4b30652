"""The standard deviation within subgroups, or between neighbours where each value stands alone.

- `rbar`: the mean of R/d2 of each subgroup (of one size: R-bar/d2); `sbar`: the mean of s/c4. AIAG, Statistical Process
  Control, 2nd edition 2005, appendix; with sizes that differ each subgroup's own constant.
- `pooled`: the root of the mean square within subgroups, as an analysis of variance has it.
- `mr`: the mean moving range of two over d2(2); `median_mr`: their median over the median of such a range, 0.9539
  sigma (Wheeler, Advanced Topics in Statistical Process Control, 1995); `sd_c4`: the standard deviation of all values
  over c4, which holds whatever wandered too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, median

from gaugetrail_statistics.constants import c4, d2
from gaugetrail_statistics.refusing import Refused

OF_SUBGROUPS = ("rbar", "sbar", "pooled")
OF_SINGLE_VALUES = ("mr", "median_mr", "sd_c4")
LARGEST_FOR_RANGES = 10
"""Up to this size the range is the default; beyond, it throws away too much (AIAG changes to s about here)."""


@dataclass(frozen=True)
class WithinSpread:
    """The estimate, how it was made, and the sizes that it stands on."""

    sd: float
    estimator: str
    sizes: tuple[int, ...]


def within_spread(
    values: Sequence[float], subgroups: Sequence[Sequence[float]] = (), estimator: str | None = None
) -> WithinSpread:
    """Of these values in their order, and the subgroups that they stand in, if they do. Raises `Refused`."""
    several = [values for values in subgroups if len(values) > 1]
    chosen = estimator or _usual(several)
    if chosen in OF_SUBGROUPS:
        if not several:
            raise Refused(f"{chosen} needs subgroups of two values or more; give --subgroup, or --estimator mr")
        return WithinSpread(_OF_SUBGROUPS[chosen](several), chosen, tuple(len(values) for values in several))
    if chosen not in OF_SINGLE_VALUES:
        known = ", ".join((*OF_SUBGROUPS, *OF_SINGLE_VALUES))
        raise Refused(f"no estimator is called {chosen}; they are {known}")
    if len(values) < 2:
        raise Refused(f"a spread takes two values or more, not {len(values)}")
    return WithinSpread(_OF_SINGLE_VALUES[chosen](values), chosen, (len(values),))


def _usual(several: Sequence[Sequence[float]]) -> str:
    if not several:
        return "mr"
    return "rbar" if max(len(values) for values in several) <= LARGEST_FOR_RANGES else "sbar"


def squares(values: Sequence[float]) -> float:
    """Squared distances from the mean, summed; about the first value, so that an offset costs no digits."""
    away = [value - values[0] for value in values]
    mean = math.fsum(away) / len(away)
    return math.fsum((one - mean) ** 2 for one in away)


def _deviation(values: Sequence[float]) -> float:
    return math.sqrt(squares(values) / (len(values) - 1))


def _of_ranges(several: Sequence[Sequence[float]]) -> float:
    return math.fsum((max(own) - min(own)) / d2(len(own)) for own in several) / len(several)


def _of_deviations(several: Sequence[Sequence[float]]) -> float:
    return math.fsum(_deviation(own) / c4(len(own)) for own in several) / len(several)


def _pooled(several: Sequence[Sequence[float]]) -> float:
    return math.sqrt(math.fsum(squares(own) for own in several) / sum(len(own) - 1 for own in several))


def _moving(values: Sequence[float]) -> list[float]:
    return [abs(second - first) for first, second in pairwise(values)]


def _of_moving_ranges(values: Sequence[float]) -> float:
    ranges = _moving(values)
    return math.fsum(ranges) / len(ranges) / d2(2)


def _of_their_median(values: Sequence[float]) -> float:
    return median(_moving(values)) / (math.sqrt(2) * NormalDist().inv_cdf(0.75))


def _of_all(values: Sequence[float]) -> float:
    return _deviation(values) / c4(len(values))


_OF_SUBGROUPS = {"rbar": _of_ranges, "sbar": _of_deviations, "pooled": _pooled}
_OF_SINGLE_VALUES = {"mr": _of_moving_ranges, "median_mr": _of_their_median, "sd_c4": _of_all}
