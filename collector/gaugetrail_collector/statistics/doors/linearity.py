"""Linearity: how a gauge's bias changes with the size."""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data
from gaugetrail_collector.statistics.study_columns import add_confidence, add_record_options, measured_pieces

FEW = 5
FORMULAS = {
    "slope": "least squares of each value - reference over reference (AIAG MSA 4th ed.)",
    "t_slope": "slope/(s/sqrt(sxx)), n-2 degrees of freedom",
    "t_intercept": "intercept/(s sqrt(1/n + xbar^2/sxx))",
    "percent_linearity": "100 |slope|",
    "references": "t of each piece's own bias, its own sd",
    "acceptable": "neither slope nor intercept significant",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Values of several pieces."""
    add_data(parser, "value", "reference", required=("value", "reference"))
    add_confidence(parser)
    add_record_options(parser)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The line and each piece's bias. Raises `Refused`."""
    from gaugetrail_statistics.measurement_systems.gauge_bias import linearity

    found = linearity(*measured_pieces(args), confidence=args.confidence)
    pieces = len(found.references)
    return {
        "n": found.n,
        "method": "least squares",
        "formulas": FORMULAS,
        "slope": found.slope,
        "intercept": found.intercept,
        "r2": found.r2,
        "s": found.s,
        "df": found.df,
        "t_slope": found.t_slope,
        "p_slope": found.p_slope,
        "t_intercept": found.t_intercept,
        "p_intercept": found.p_intercept,
        "percent_linearity": found.percent_linearity,
        "references": [
            {"reference": one.reference, "n": one.n, "bias": one.bias, "t": one.t, "p": one.p}
            for one in found.references
        ],
        "acceptable": found.acceptable,
        "warnings": [f"{pieces} pieces; AIAG asks for {FEW} over the gauge's range"] if pieces < FEW else [],
    }
