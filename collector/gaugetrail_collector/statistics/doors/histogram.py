"""Counts in bins, with the fitted normal curve."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics import moments
from gaugetrail_statistics.shapes import histogram

FORMULAS = {
    "bins": "width 2 IQR/n^(1/3) (Freedman and Diaconis 1981), rounded to 1, 2, 2.5 or 5 of a power of ten",
    "expected": "n times the normal curve of mean and sd within the bin",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values, the bins, and limits to show."""
    add_data(parser, "value", required=("value",))
    parser.add_argument("--bins", type=int, help="about so many bins")
    parser.add_argument("--lsl", type=float, help="lower specification limit, for the picture")
    parser.add_argument("--usl", type=float, help="upper specification limit, for the picture")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The bins. Raises `Refused`."""
    values = table_of(args).present(args.value)
    bins = histogram(values, args.bins)
    return {
        "n": len(values),
        "method": f"{len(bins)} bins, normal curve",
        "formulas": FORMULAS,
        "mean": moments.mean(values),
        "sd": moments.sd(values),
        "lsl": args.lsl,
        "usl": args.usl,
        "bins": [asdict(one) for one in bins],
        "warnings": [],
    }
