"""Limits that hold a share of all values, normal."""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics import moments
from gaugetrail_statistics.refusing import Refused

FORMULAS = {
    "howe": "k = z sqrt((n-1)(1+1/n)/chi2), z of (1+coverage)/2, chi2 of 1-confidence (Howe 1969)",
    "exact": "k of the integral equation over the mean's error (Krishnamoorthy and Mathew 2009)",
    "one-sided": "k = noncentral t of confidence with n-1 degrees and z sqrt(n), over sqrt(n)",
    "limits": "mean ± k sd",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """How many values, or the values themselves."""
    add_data(parser, "value")
    parser.add_argument("--n", type=int, help="how many values, for the factor alone")
    parser.add_argument("--coverage", type=float, default=0.99, help="the share that the interval is to hold")
    parser.add_argument("--confidence", type=float, default=0.95, help="how sure that is to be")
    parser.add_argument("--sides", type=int, default=2, choices=[1, 2], help="both limits, or each alone")
    parser.add_argument(
        "--method", choices=["howe", "exact"], default="howe", help="of the two-sided factor; one-sided is exact"
    )


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The factor, and the limits where there are values. Raises `Refused`."""
    from gaugetrail_statistics.capability.tolerance_intervals import factor

    values = _values(args)
    n = args.n if values is None else len(values)
    k = factor(n, args.coverage, args.confidence, args.sides, args.method)
    mean, sd = (None, None) if values is None else (moments.mean(values), moments.sd(values))
    method = args.method if args.sides == 2 else "one-sided"
    away = None if sd is None else k * sd
    return {
        "n": n,
        "method": f"{method}, normal, coverage {args.coverage:g} with confidence {args.confidence:g}",
        "formulas": {name: FORMULAS[name] for name in (method, "limits")},
        "k": k,
        "mean": mean,
        "sd": sd,
        "lower": None if mean is None or away is None else mean - away,
        "upper": None if mean is None or away is None else mean + away,
        "warnings": ["each limit stands alone: --sides 1 is for one of them"] if args.sides == 1 and values else [],
    }


def _values(args: argparse.Namespace) -> list[float] | None:
    if (args.n is None) == (args.data is None):
        raise Refused("give --n, or --data with --value")
    if args.data is None:
        return None
    if args.value is None:
        raise Refused("--data needs --value, the column of the values")
    return table_of(args).present(args.value)
