"""Do two measured quantities go together?"""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data, table_of

FORMULAS = {
    "r": "sum((x - mean)(y - mean)) / sqrt(sum((x - mean)^2) sum((y - mean)^2))",
    "t": "r sqrt((n - 2) / (1 - r^2))",
    "ci": "tanh(artanh(r) +- z / sqrt(n - 3)) (Fisher)",
    "spearman": "r of the ranks",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The two columns."""
    add_data(parser)
    parser.add_argument("--x", metavar="COLUMN", required=True, help="one quantity")
    parser.add_argument("--y", metavar="COLUMN", required=True, help="the other")
    parser.add_argument("--confidence", type=float, default=0.95, metavar="C", help="of the interval")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """r with its test and interval, and Spearman's."""
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.capability.intervals import checked
    from gaugetrail_statistics.comparing.relations import autocorrelated, correlation

    rows = whole_rows(table_of(args), [args.x, args.y])
    x, y = rows.numbers
    found = correlation(x, y, checked(args.confidence))
    series = [(name, autocorrelated(own)) for name, own in ((args.x, x), (args.y, y))]
    return {
        "n": found.n,
        "method": "Pearson's r; Spearman's of ranks",
        "formulas": FORMULAS,
        "warnings": [*rows.warnings, *(f"{name}: {warning}" for name, warning in series if warning)],
        "confidence": args.confidence,
        "r": found.r,
        "t": found.t,
        "df": found.n - 2,
        "p": found.p,
        "ci": found.interval,
        "spearman": {"r": found.spearman, "p": found.spearman_p},
    }
