"""Sigma of a single value, from what subgroups or neighbours differ by.

Promise: each estimator is named on every result. With sizes that differ each subgroup is divided by the constant of its
own size, and the quotients are averaged without weights; with one size that is R-bar/d2 and s-bar/c4 (AIAG, Statistical
Process Control, 2nd edition 2005, appendix).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from gaugetrail_statistics import moments
from gaugetrail_statistics.constants import c4, d2
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.subgroups import RationalSubgroup

MEDIAN_RANGE = math.sqrt(2) * NormalDist().inv_cdf(0.75)
"""The median of the range of two standard normal values, 0.95387."""
FORMULAS = {
    "rbar": "sigma = mean of R_i/d2(n_i)",
    "sbar": "sigma = mean of s_i/c4(n_i)",
    "pooled": "sigma = sqrt(sum((n_i-1) s_i^2)/sum(n_i-1))",
    "mr": "sigma = MR-bar/d2(2)",
    "median_mr": "sigma = median(MR)/0.95387",
    "sd_c4": "sigma = s/c4(n), of all values of the baseline",
}
OF_SUBGROUPS = ("rbar", "sbar", "pooled")
OF_SINGLE_VALUES = ("mr", "median_mr", "sd_c4")


def sigma_of_subgroups(subgroups: Sequence[RationalSubgroup], estimator: str) -> float:
    """Sigma within subgroups of two values or more. Raises `Refused`."""
    several = [one for one in subgroups if one.size > 1]
    if estimator not in OF_SUBGROUPS:
        raise Refused(f"{estimator} is no estimator of subgroups; take one of {', '.join(OF_SUBGROUPS)}")
    if not several:
        raise Refused("no subgroup of the baseline has two values: nothing tells how single values differ")
    if estimator == "rbar":
        return moments.mean([moments.spread(one.values) / d2(one.size) for one in several])
    if estimator == "sbar":
        return moments.mean([moments.sd(one.values) / c4(one.size) for one in several])
    squares = math.fsum((one.size - 1) * moments.variance(one.values) for one in several)
    return math.sqrt(squares / sum(one.size - 1 for one in several))


def sigma_of_neighbours(values: Sequence[float], ranges: Sequence[float], estimator: str) -> float:
    """Sigma of single values by the moving ranges between them. Raises `Refused`."""
    if estimator not in OF_SINGLE_VALUES:
        raise Refused(f"{estimator} is no estimator of single values; take one of {', '.join(OF_SINGLE_VALUES)}")
    if len(values) < 2 or not ranges:
        raise Refused("the baseline has no two values beside each other: nothing tells how single values differ")
    if estimator == "mr":
        return moments.mean(ranges) / d2(2)
    if estimator == "median_mr":
        return moments.median(ranges) / MEDIAN_RANGE
    return moments.sd(values) / c4(len(values))
