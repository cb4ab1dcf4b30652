"""Gauge R&R: repeatability, appraisers, parts, ndc."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import add_data
from gaugetrail_collector.statistics.study_columns import (
    add_limits,
    add_record_options,
    filled,
    finite,
    study_table,
    trials,
)

if TYPE_CHECKING:
    from gaugetrail_statistics.measurement_systems.gauge_anova import GaugeAnova, SourceRow
    from gaugetrail_statistics.measurement_systems.gauge_ranges import GaugeRanges
    from gaugetrail_statistics.measurement_systems.gauge_study import CrossedStudy, NestedStudy, StudyRow
    from gaugetrail_statistics.measurement_systems.gauge_variation import GaugeVariation, Yardstick

METHODS = ("anova", "average_range", "range", "nested")
FEW_PARTS = 5
MOST_CELLS = 150
"""More than this a page can't show, and a sealed study has no room for."""
FORMULAS = {
    "grr": "sqrt(ev^2 + av^2 + int^2) (AIAG MSA 4th ed.)",
    "tv": "sqrt(grr^2 + pv^2); with --process-sd that, and pv = sqrt(tv^2 - grr^2)",
    "percent_study": "100 sd/tv",
    "percent_contribution": "100 sd^2/tv^2",
    "percent_tolerance": "100 multiplier sd/tolerance; one limit: 100 (multiplier/2) sd/|limit - mean|",
    "ndc": "sqrt(2) pv/grr, truncated",
}
ANOVA_FORMULAS = {
    "variance": "mean squares of random effects, below zero taken as 0 (AIAG MSA 4th ed., appendix A)",
    "pooled": "interaction joins repeatability where its p is above pool_alpha",
}
RANGE_FORMULAS = {
    "ev": "rbar/d2*(trials, parts x appraisers), d2 above fifteen ranges",
    "av": "sqrt((xdiff/d2*(appraisers, 1))^2 - ev^2/(parts trials)), 0 where that is below zero",
    "pv": "rp/d2*(parts, 1)",
    "d2*": "sqrt(d2^2 + d3^2/ranges), d2 and d3 by integration",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The study's columns, the method, and what the spreads are held against."""
    columns = ("value", "part", "appraiser")
    add_data(parser, *columns, "trial", required=columns)
    parser.add_argument("--method", choices=METHODS, default="anova", help="how the spreads are told apart")
    pooling = parser.add_mutually_exclusive_group()
    pooling.add_argument(
        "--pool-alpha", type=finite, default=0.25, metavar="0.25", help="pool the interaction where its p is above"
    )
    pooling.add_argument("--no-pooling", action="store_true", help="never pool the interaction")
    parser.add_argument("--tolerance", type=finite, metavar="T", help="the tolerance's whole width")
    add_limits(parser)
    parser.add_argument("--multiplier", type=finite, default=6.0, metavar="6", help="standard deviations to a spread")
    parser.add_argument("--process-sd", type=finite, metavar="S", help="the process's known standard deviation")
    add_record_options(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The study by the method that was asked for. Raises `Refused`."""
    from gaugetrail_statistics.measurement_systems import gauge_study
    from gaugetrail_statistics.measurement_systems.gauge_variation import Yardstick

    table = study_table(args)
    parts, appraisers = filled(table, args.part), filled(table, args.appraiser)
    columns = zip(parts, appraisers, table.numbers(args.value), trials(table, args.trial), strict=True)
    rows = [gauge_study.StudyRow(*row) for row in columns]
    by = Yardstick(args.tolerance, args.lsl, args.usl, args.multiplier, args.process_sd)
    if args.method == "nested":
        of_own = gauge_study.nested(rows)
        sized = _size(of_own.parts, of_own.appraisers, of_own.trials, args)
        return _by_nested(of_own, by) | sized | {"cells": _cells(rows)}
    study = gauge_study.crossed(rows)
    found = _by_anova(study, by, args) if args.method == "anova" else _by_ranges(study, by, args.method)
    return found | _size(len(study.parts), study.appraisers, study.trials, args) | {"cells": _cells(rows)}


def _cells(rows: Sequence[StudyRow]) -> list[dict[str, object]]:
    """What each appraiser measured of each part; none of a study that is too large to be seen."""
    from gaugetrail_statistics import moments

    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.value is not None:
            found.setdefault((row.part, row.appraiser), []).append(row.value)
    if len(found) > MOST_CELLS:
        return []
    return [
        {"part": part, "appraiser": who, "mean": moments.mean(own), "minimum": min(own), "maximum": max(own)}
        for (part, who), own in found.items()
    ]


def _size(parts: int, appraisers: Sequence[str], trials: int, args: argparse.Namespace) -> dict[str, object]:
    return {"parts": parts, "appraisers": list(appraisers), "trials": trials, "multiplier": args.multiplier}


def _by_anova(study: CrossedStudy, by: Yardstick, args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_statistics.measurement_systems.gauge_anova import crossed_anova

    alpha = None if args.no_pooling else args.pool_alpha
    found = crossed_anova(study, by, pool_alpha=alpha)
    head = {"n": len(study.all_values), "method": "anova", "pool_alpha": alpha}
    return head | _of_variation(found.result, ANOVA_FORMULAS, len(study.parts)) | _of_anova(found)


def _by_nested(study: NestedStudy, by: Yardstick) -> dict[str, object]:
    from gaugetrail_statistics.measurement_systems.gauge_anova import nested_anova

    found = nested_anova(study, by)
    head: dict[str, object] = {"n": len(study.all_values), "method": "nested"}
    return head | _of_variation(found.result, ANOVA_FORMULAS, study.parts) | _of_anova(found)


def _by_ranges(study: CrossedStudy, by: Yardstick, method: str) -> dict[str, object]:
    from gaugetrail_statistics.measurement_systems.gauge_ranges import average_range, range_method

    found = average_range(study, by) if method == "average_range" else range_method(study, by)
    head: dict[str, object] = {"n": len(study.all_values), "method": method}
    return head | _of_variation(found.result, RANGE_FORMULAS, len(study.parts)) | _of_ranges(found)


def _of_variation(found: GaugeVariation, formulas: dict[str, str], parts: int) -> dict[str, object]:
    few = [f"{parts} parts say little of how parts vary; AIAG asks for 10"] if parts < FEW_PARTS else []
    return {
        "formulas": FORMULAS | formulas,
        **found.sd,
        "percent_study": found.percent_study,
        "percent_contribution": found.percent_contribution,
        "percent_tolerance": found.percent_tolerance,
        "ndc": found.ndc,
        "ndc_raw": found.ndc_raw,
        "pv_study": found.pv_study,
        "warnings": [*found.warnings, *few],
    }


def _of_anova(found: GaugeAnova) -> dict[str, object]:
    return {
        "anova": _rows(found.table),
        "pooled": found.pooled,
        "anova_pooled": _rows(found.pooled_table),
        "variance": found.variance,
        "variance_raw": found.variance_raw,
    }


def _rows(table: Sequence[SourceRow]) -> list[dict[str, object]]:
    return [{"source": row.source, "df": row.df, "ss": row.ss, "ms": row.ms, "f": row.f, "p": row.p} for row in table]


def _of_ranges(found: GaugeRanges) -> dict[str, object]:
    return {
        "rbar": found.rbar,
        "xdiff": found.xdiff,
        "rp": found.rp,
        "d2_star": {"ev": found.d2_star_ev, "av": found.d2_star_av, "pv": found.d2_star_pv},
        "av_variance_raw": found.av_variance_raw,
    }
