"""A straight line through two quantities, with bands."""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data, table_of

FORMULAS = {
    "slope": "sum((x - mean)(y - mean)) / sum((x - mean)^2)",
    "intercept": "mean y - slope mean x",
    "s": "sqrt(sum(rest^2) / (n - 2))",
    "band": "y +- t s sqrt(1/n + (x - mean)^2 / sxx): where the line lies",
    "prediction": "y +- t s sqrt(1 + 1/n + (x - mean)^2 / sxx): where one further value lies",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The two columns, and where the bands are wanted."""
    add_data(parser)
    parser.add_argument("--x", metavar="COLUMN", required=True, help="what may explain")
    parser.add_argument("--y", metavar="COLUMN", required=True, help="what is explained")
    parser.add_argument(
        "--at", action="append", type=float, metavar="X", help="bands there; left out: at the ends and the mean of x"
    )
    parser.add_argument("--confidence", type=float, default=0.95, metavar="C", help="of the bands")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The line, its errors, its bands."""
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.capability.intervals import checked
    from gaugetrail_statistics.comparing.relations import autocorrelated, line, t_and_p

    rows = whole_rows(table_of(args), [args.x, args.y])
    x, y = rows.numbers
    found = line(x, y)
    confidence = checked(args.confidence)
    t_slope, p_slope = t_and_p(found.slope, found.se_slope, found.df)
    t_intercept, p_intercept = t_and_p(found.intercept, found.se_intercept, found.df)
    correlated = autocorrelated(y - found.intercept - found.slope * x) if found.s > 0 else None
    return {
        "n": found.n,
        "method": "least squares",
        "formulas": FORMULAS,
        "warnings": [*rows.warnings, *([f"of what the line leaves: {correlated}"] if correlated else [])],
        "confidence": confidence,
        "slope": found.slope,
        "intercept": found.intercept,
        "se_slope": found.se_slope,
        "se_intercept": found.se_intercept,
        "t_slope": t_slope,
        "p_slope": p_slope,
        "t_intercept": t_intercept,
        "p_intercept": p_intercept,
        "s": found.s,
        "df": found.df,
        "r2": found.r2,
        "bands": [
            {
                "x": at,
                "y": found.at(at),
                "band": found.band(at, confidence),
                "prediction": found.prediction(at, confidence),
            }
            for at in args.at or (float(x.min()), found.mean_x, float(x.max()))
        ],
    }
