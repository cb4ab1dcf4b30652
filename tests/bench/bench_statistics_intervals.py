"""How often the intervals of capability hold the true index: simulated, beside the 95 % that they promise.

Normal processes with a known Cp and Cpk; 25 subgroups of five, and 60 single values. What `--ci-df n-1` covers stands
beside the effective degrees of freedom, for that is the reason for these.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from gaugetrail_statistics.capability.indices import CapabilityLimits, Indices, ProcessReach, indices
from gaugetrail_statistics.capability.intervals import Interval, effective_df, index_interval, nearer_interval
from gaugetrail_statistics.constants import c4, d2

ROUNDS = 4000
CONFIDENCE = 0.95
CP = 4 / 3
MEAN = 0.5
"""In standard deviations beside the middle of the limits: Cpk is 7/6."""
LIMITS = CapabilityLimits(-3 * CP, 3 * CP)
CPK = CP - MEAN / 3
Spreads = dict[str, tuple[np.ndarray, float]]


def run(say: Callable[[str], None]) -> dict[str, object]:
    """The coverage of each interval."""
    random = np.random.default_rng(22514)
    figures: dict[str, object] = {}
    subgroups = random.normal(MEAN, 1, (ROUNDS, 25, 5))
    _told(say, figures, "25 x 5", subgroups.reshape(ROUNDS, -1), _of_subgroups(subgroups))
    single = random.normal(MEAN, 1, (ROUNDS, 60))
    _told(say, figures, "60 single", single, _of_single_values(single))
    error = math.sqrt(CONFIDENCE * (1 - CONFIDENCE) / ROUNDS)
    say(f"theory: {CONFIDENCE:.1%}, two standard errors of the simulation {2 * error:.1%}")
    return {"interval_coverage": figures}


def _of_subgroups(groups: np.ndarray) -> Spreads:
    sizes = [groups.shape[2]] * groups.shape[1]
    ranges = np.ptp(groups, axis=2).mean(axis=1) / d2(sizes[0])
    deviations = groups.std(axis=2, ddof=1)
    return {
        "rbar": (ranges, effective_df("rbar", sizes)),
        "sbar": (deviations.mean(axis=1) / c4(sizes[0]), effective_df("sbar", sizes)),
        "pooled": (np.sqrt((deviations**2).mean(axis=1)), effective_df("pooled", sizes)),
    }


def _of_single_values(values: np.ndarray) -> Spreads:
    count = values.shape[1]
    moving = np.abs(np.diff(values, axis=1))
    return {
        "mr": (moving.mean(axis=1) / d2(2), effective_df("mr", [count])),
        "median_mr": (np.median(moving, axis=1) / 0.9538725524, effective_df("median_mr", [count])),
    }


def _told(
    say: Callable[[str], None], figures: dict[str, object], what: str, values: np.ndarray, spreads: Spreads
) -> None:
    count = values.shape[1]
    means = values.mean(axis=1)
    all_spreads = {"overall": (values.std(axis=1, ddof=1), float(count - 1)), **spreads}
    for name, (found, df) in all_spreads.items():
        studies = [indices(ProcessReach.normal(m, s), LIMITS) for m, s in zip(means, found, strict=True)]
        covered = {"effective": _coverage(studies, count, df), "n-1": _coverage(studies, count, count - 1)}
        figures[f"{what} {name}"] = covered
        shown = "; ".join(f"{kind} df: Cp {both[0]:.1%}, Cpk {both[1]:.1%}" for kind, both in covered.items())
        say(f"{what:>9} {name:<9} {shown}")


def _coverage(studies: list[Indices], count: int, df: float) -> tuple[float, float]:
    both = [index_interval(found.p, df, CONFIDENCE) for found in studies]
    nearer = [nearer_interval(found.k, count, df, CONFIDENCE) for found in studies]
    return _share(both, CP), _share(nearer, CPK)


def _share(intervals: list[Interval | None], true: float) -> float:
    return sum(one is not None and one[0] <= true <= one[1] for one in intervals) / len(intervals)
