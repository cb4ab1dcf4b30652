"""Quartiles, whiskers and outliers of each group."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.shapes import boxes
from gaugetrail_statistics.subgroups import subgroups_of

FORMULAS = {
    "quartiles": "linear between values (Hyndman and Fan's type 7)",
    "whiskers": "the last value within 1.5 (q3 - q1) of the box (Tukey 1977)",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values, and what they are grouped by."""
    add_data(parser, "value", required=("value",))
    parser.add_argument(
        "--by", metavar="COLUMN", help="the group: machine, shift, cavity, lot …; all values without it"
    )


def answer(args: argparse.Namespace) -> dict[str, object]:
    """A box for each group. Raises `Refused`."""
    table = table_of(args)
    labels = ["all"] * len(table) if args.by is None else table.words(args.by)
    groups = {one.label: one.values for one in subgroups_of(labels, table.numbers(args.value))}
    found = boxes(groups)
    if not found:
        raise Refused(f"column {args.value} has no values")
    empty = [label for label, values in groups.items() if not values]
    return {
        "n": sum(one.n for one in found),
        "method": "boxes by group",
        "formulas": FORMULAS,
        "boxes": [asdict(one) for one in found],
        "warnings": [f"no values in {', '.join(empty)}"] if empty else [],
    }
