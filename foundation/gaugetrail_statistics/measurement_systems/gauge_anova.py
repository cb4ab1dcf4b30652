"""Gauge R&R by analysis of variance: every appraiser on every part (crossed), or each on parts of his own (nested).

Formulas: AIAG MSA (4th ed.), appendix A; Burdick, Borror and Montgomery, Design and Analysis of Gauge R&R Studies
(2005), chapters 2 and 8. All effects are random, so part and appraiser are tested against the interaction, it against
repeatability. Where the interaction's p is above `pool_alpha` it is pooled into repeatability, which then is what part
and appraiser are tested against. A variance below zero is an estimate of none: `variance` clamps it at zero,
`variance_raw` shows it as it came from the full model.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from gaugetrail_statistics import moments
from gaugetrail_statistics.distributions.tails import f_upper
from gaugetrail_statistics.measurement_systems.gauge_study import CrossedStudy, NestedStudy
from gaugetrail_statistics.measurement_systems.gauge_variation import GaugeVariation, Yardstick, gauge_variation
from gaugetrail_statistics.refusing import Refused

Sums = Mapping[str, tuple[int, Fraction]]
"""Degrees of freedom and sum of squares by source."""
Cells = Sequence[Sequence[Sequence[float]]]
POOL_ALPHA = 0.25
"""AIAG MSA (4th ed.), appendix A."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One line of a table of variance; null where there is nothing to test against."""

    source: str
    df: int
    ss: float
    ms: float | None
    f: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class GaugeAnova:
    """The tables and the variances that follow."""

    table: tuple[SourceRow, ...]
    pooled: bool
    pooled_table: tuple[SourceRow, ...]
    variance: Mapping[str, float]
    variance_raw: Mapping[str, float]
    result: GaugeVariation


def crossed_anova(
    study: CrossedStudy, by: Yardstick | None = None, *, pool_alpha: float | None = POOL_ALPHA
) -> GaugeAnova:
    """Part, appraiser, interaction and repeatability; `pool_alpha` null never pools. Raises `Refused`."""
    if study.trials < 2:
        raise Refused(
            "too few trials: with one trial the interaction can't be told from repeatability; measure each "
            "part at least twice, or use the range method"
        )
    if pool_alpha is not None and not 0 <= pool_alpha <= 1:
        raise Refused(f"the alpha for pooling is {pool_alpha:g}: it lies between 0 and 1")
    sums = _crossed_sums(study)
    full = _table(sums, {"part": "interaction", "appraiser": "interaction", "interaction": "repeatability"})
    p = full[2].p
    raw = variance = _crossed_variance(sums, study)
    pooled: tuple[SourceRow, ...] = ()
    if pool_alpha is not None and p is not None and p > pool_alpha:
        pooled = _table(_pooled(sums), {"part": "repeatability", "appraiser": "repeatability"})
        variance = _crossed_variance(_pooled(sums), study)
    return _result(full, pooled, raw, variance, by or Yardstick(), moments.mean(study.all_values))


def nested_anova(study: NestedStudy, by: Yardstick | None = None) -> GaugeAnova:
    """Appraiser, part within appraiser, repeatability; there is no interaction to tell. Raises `Refused`."""
    if study.trials < 2:
        raise Refused(
            "too few trials: with one trial the part can't be told from repeatability; measure pieces that "
            "are as good as one (of one batch) at least twice for each part"
        )
    sums = _nested_sums(study)
    table = _table(sums, {"appraiser": "part", "part": "repeatability"})
    raw = _nested_variance(sums, study)
    return _result(table, (), raw, raw, by or Yardstick(), moments.mean(study.all_values))


# --- sums of squares, exact: a measured value is the decimal that it prints as


def _crossed_sums(study: CrossedStudy) -> Sums:
    cells, scale = _whole(study.values)
    n, k, r = len(study.parts), len(study.appraisers), study.trials
    totals = [[sum(cell) for cell in row] for row in cells]
    by_part = _uncorrected((sum(row) for row in totals), k * r)
    by_appraiser = _uncorrected((sum(column) for column in zip(*totals, strict=True)), n * r)
    by_cell = _uncorrected((one for row in totals for one in row), r)
    single, mean = _singles(cells), _uncorrected([sum(sum(row) for row in totals)], n * k * r)
    sums = {
        "part": (n - 1, by_part - mean),
        "appraiser": (k - 1, by_appraiser - mean),
        "interaction": ((n - 1) * (k - 1), by_cell - by_part - by_appraiser + mean),
        "repeatability": (n * k * (r - 1), single - by_cell),
        "total": (n * k * r - 1, single - mean),
    }
    return {source: (df, ss / scale**2) for source, (df, ss) in sums.items()}


def _nested_sums(study: NestedStudy) -> Sums:
    cells, scale = _whole(study.values)
    k, n, r = len(study.appraisers), study.parts, study.trials
    totals = [[sum(cell) for cell in row] for row in cells]
    by_appraiser = _uncorrected((sum(row) for row in totals), n * r)
    by_cell = _uncorrected((one for row in totals for one in row), r)
    single, mean = _singles(cells), _uncorrected([sum(sum(row) for row in totals)], n * k * r)
    sums = {
        "appraiser": (k - 1, by_appraiser - mean),
        "part": (k * (n - 1), by_cell - by_appraiser),
        "repeatability": (k * n * (r - 1), single - by_cell),
        "total": (k * n * r - 1, single - mean),
    }
    return {source: (df, ss / scale**2) for source, (df, ss) in sums.items()}


def _whole(values: Cells) -> tuple[list[list[list[int]]], int]:
    """The values as whole numbers of one small unit, and how many of these make one."""
    exact = [[[Fraction(repr(float(value))) for value in cell] for cell in row] for row in values]
    scale = math.lcm(*(value.denominator for row in exact for cell in row for value in cell))
    return [[[int(value * scale) for value in cell] for cell in row] for row in exact], scale


def _uncorrected(totals: Iterable[int], of_each: int) -> Fraction:
    """Squared totals over how many values made each, added: of whole numbers, so that subtracting loses nothing."""
    return Fraction(sum(one * one for one in totals), of_each)


def _singles(cells: Sequence[Sequence[Sequence[int]]]) -> int:
    return sum(value * value for row in cells for cell in row for value in cell)


# --- tables and variances


def _table(sums: Sums, against: Mapping[str, str]) -> tuple[SourceRow, ...]:
    rows = []
    for source, (df, ss) in sums.items():
        f = p = None
        if source in against:
            below_df, below_ss = sums[against[source]]
            if below_ss > 0:
                f = float((ss / df) / (below_ss / below_df))
                p = f_upper(f, df, below_df)
        rows.append(SourceRow(source, df, float(ss), None if source == "total" else float(ss / df), f, p))
    return tuple(rows)


def _pooled(sums: Sums) -> Sums:
    df = sums["interaction"][0] + sums["repeatability"][0]
    ss = sums["interaction"][1] + sums["repeatability"][1]
    return {"part": sums["part"], "appraiser": sums["appraiser"], "repeatability": (df, ss), "total": sums["total"]}


def _crossed_variance(sums: Sums, study: CrossedStudy) -> dict[str, float]:
    ms = {source: ss / df for source, (df, ss) in sums.items()}
    n, k, r = len(study.parts), len(study.appraisers), study.trials
    below = ms.get("interaction", ms["repeatability"])
    return {
        "part": float((ms["part"] - below) / (k * r)),
        "appraiser": float((ms["appraiser"] - below) / (n * r)),
        "interaction": float((below - ms["repeatability"]) / r),
        "repeatability": float(ms["repeatability"]),
    }


def _nested_variance(sums: Sums, study: NestedStudy) -> dict[str, float]:
    ms = {source: ss / df for source, (df, ss) in sums.items()}
    return {
        "part": float((ms["part"] - ms["repeatability"]) / study.trials),
        "appraiser": float((ms["appraiser"] - ms["part"]) / (study.trials * study.parts)),
        "repeatability": float(ms["repeatability"]),
    }


def _with_totals(variance: Mapping[str, float]) -> dict[str, float]:
    grr = math.fsum(one for source, one in variance.items() if source != "part")
    return {**variance, "grr": grr, "total": grr + variance["part"]}


def _result(
    full: tuple[SourceRow, ...],
    pooled_table: tuple[SourceRow, ...],
    raw: Mapping[str, float],
    variance: Mapping[str, float],
    by: Yardstick,
    mean: float,
) -> GaugeAnova:
    clamped = _with_totals({source: max(0.0, one) for source, one in variance.items()})
    spread = {source: math.sqrt(one) for source, one in clamped.items()}
    result = gauge_variation(
        spread["repeatability"], spread["appraiser"], spread.get("interaction"), spread["part"], by,
        grr=spread["grr"], mean=mean,
    )  # fmt: skip
    return GaugeAnova(full, bool(pooled_table), pooled_table, clamped, _with_totals(raw), result)
