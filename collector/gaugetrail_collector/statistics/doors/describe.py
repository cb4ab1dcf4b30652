"""Mean, deviation, autocorrelation, tests of normality."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics import moments
from gaugetrail_statistics.refusing import Refused

FORMULAS = {
    "mean": "sum(x)/n, exact in decimals",
    "sd": "sqrt(sum((x-mean)^2)/(n-1)), exact in decimals",
    "autocorrelation1": "sum((x[i]-mean)(x[i-1]-mean))/sum((x-mean)^2)",
    "shapiro": "Shapiro and Wilk's W, p by Royston (AS R94)",
    "anderson_darling": "D'Agostino and Stephens 1986, mean and sd estimated; a2_adjusted = a2 (1 + 0.75/n + 2.25/n^2)",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values' column."""
    add_data(parser, "value", required=("value",))


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Figures of one column. Raises `Refused`."""
    values = table_of(args).present(args.value)
    if len(values) < 2:
        raise Refused(f"column {args.value} has {len(values)} values; a description needs two")
    warnings: list[str] = []
    return {
        "n": len(values),
        "method": "sample figures (n-1)",
        "formulas": FORMULAS,
        "mean": moments.mean(values),
        "sd": moments.sd(values),
        "minimum": min(values),
        "median": moments.median(values),
        "maximum": max(values),
        "autocorrelation1": moments.autocorrelation1(values),
        **_normality(values, warnings),
        "warnings": warnings,
    }


def _normality(values: Sequence[float], warnings: list[str]) -> dict[str, object]:
    """Both tests, `None` for what can't be tested, which a warning explains."""
    from gaugetrail_statistics.distributions.normality import ROYSTON_AT_MOST, anderson_darling, shapiro

    try:
        ad, found = anderson_darling(values), shapiro(values)
    except Refused as error:
        warnings.append(str(error))
        return {"shapiro": {"w": None, "p": None}, "anderson_darling": {"a2": None, "a2_adjusted": None, "p": None}}
    if found is None:
        warnings.append(f"Shapiro's p is known for at most {ROYSTON_AT_MOST} values")
    w, p = found or (None, None)
    return {
        "shapiro": {"w": w, "p": p},
        "anderson_darling": {"a2": ad.a2, "a2_adjusted": ad.a2_adjusted, "p": ad.p},
    }
