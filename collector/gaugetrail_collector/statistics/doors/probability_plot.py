"""Values against normal quantiles, and how straight."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics import moments
from gaugetrail_statistics.shapes import probability_points

FORMULAS = {
    "share": "(i - 0.3)/(n + 0.4), Benard's median ranks",
    "z": "normal quantile of share",
    "line": "mean + sd z",
    "r": "correlation of value and z",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values."""
    add_data(parser, "value", required=("value",))


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The points. Raises `Refused`."""
    values = table_of(args).present(args.value)
    points, r = probability_points(values)
    return {
        "n": len(values),
        "method": "normal probability plot",
        "formulas": FORMULAS,
        "mean": moments.mean(values),
        "sd": moments.sd(values),
        "r": r,
        "points": [asdict(one) for one in points],
        "warnings": [],
    }
