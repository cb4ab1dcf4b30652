"""Causes by their count, the largest first."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.comparing.ranking import pareto

FORMULAS = {"share": "count/all", "cumulative": "this and all before it"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The causes, and how often."""
    add_data(parser, "count")
    parser.add_argument("--by", metavar="COLUMN", required=True, help="the cause, defect code, station …")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The ranking; without counts a row is one. Raises `Refused`."""
    table = table_of(args)
    counts = [1.0] * len(table) if args.count is None else table.numbers(args.count)
    kept = [
        (word, count) for word, count in zip(table.words(args.by), counts, strict=True) if word and count is not None
    ]
    found = pareto([word for word, _ in kept], [count for _, count in kept])
    left = len(table) - len(kept)
    return {
        "n": len(kept),
        "method": "Pareto",
        "formulas": FORMULAS,
        "total": sum(one.count for one in found),
        "causes": [asdict(one) for one in found],
        "warnings": [f"{left} rows without cause or count are left out"] if left else [],
    }
