"""Gauge R&R by ranges, as it is done by hand: average and range, and the short range method.

Formulas: AIAG MSA (4th ed.), chapter III. ev = Rbar / d2*(trials, parts x appraisers); av^2 = (Xdiff / d2*(appraisers,
1))^2 - ev^2 / (parts x trials), none where that is below zero; pv = Rp / d2*(parts, 1). The d2* are computed
(`range_means`), not read from AIAG's table of three decimals; as there, more than fifteen ranges take d2.
Ranges can't tell an interaction, so `int` is null; what there is of it sits in av and ev.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from gaugetrail_statistics import moments
from gaugetrail_statistics.measurement_systems.gauge_study import CrossedStudy
from gaugetrail_statistics.measurement_systems.gauge_variation import GaugeVariation, Yardstick, gauge_variation
from gaugetrail_statistics.measurement_systems.range_means import aiag_d2_star
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class GaugeRanges:
    """The averages and ranges, the divisors and what follows; null what the method doesn't have."""

    rbar: float
    xdiff: float | None
    rp: float | None
    d2_star_ev: float
    d2_star_av: float | None
    d2_star_pv: float | None
    av_variance_raw: float | None
    result: GaugeVariation


def average_range(study: CrossedStudy, by: Yardstick | None = None) -> GaugeRanges:
    """Repeatability from the ranges of trials, the rest from the ranges of averages. Raises `Refused`."""
    n, k, r = len(study.parts), len(study.appraisers), study.trials
    if r < 2:
        raise Refused("too few trials: average and range needs at least 2 of each part; with one use the range method")
    rbar = moments.mean([moments.spread(cell) for row in study.values for cell in row])
    by_part = [[value for cell in row for value in cell] for row in study.values]
    by_appraiser = [[value for cell in column for value in cell] for column in zip(*study.values, strict=True)]
    xdiff = _range_of_means(by_appraiser)
    rp = _range_of_means(by_part)
    divisors = aiag_d2_star(r, n * k), aiag_d2_star(k, 1), aiag_d2_star(n, 1)
    ev, pv = rbar / divisors[0], rp / divisors[2]
    av_raw = (xdiff / divisors[1]) ** 2 - ev * ev / (n * r)
    av = math.sqrt(max(0.0, av_raw))
    mean = moments.mean(study.all_values)
    result = gauge_variation(ev, av, None, pv, by or Yardstick(), grr=math.hypot(ev, av), mean=mean)
    return GaugeRanges(rbar, xdiff, rp, *divisors, av_raw, result)


def range_method(study: CrossedStudy, by: Yardstick | None = None) -> GaugeRanges:
    """The short study: each appraiser measured each part once; only grr is told, whole. Raises `Refused`."""
    n, k = len(study.parts), len(study.appraisers)
    if study.trials != 1:
        raise Refused(
            f"the range method takes one trial of each part by each appraiser, this study has {study.trials}; "
            "use average_range or anova"
        )
    rbar = moments.mean([moments.spread([cell[0] for cell in row]) for row in study.values])
    divisor = aiag_d2_star(k, n)
    mean = moments.mean(study.all_values)
    result = gauge_variation(None, None, None, None, by or Yardstick(), grr=rbar / divisor, mean=mean)
    return GaugeRanges(rbar, None, None, divisor, None, None, None, result)


def _range_of_means(groups: Sequence[Sequence[float]]) -> float:
    """Of groups of one size: the means' range is the sums' over that size, so that no digit is lost."""
    sums = [sum((Fraction(repr(float(value))) for value in group), Fraction()) for group in groups]
    return float((max(sums) - min(sums)) / len(groups[0]))
