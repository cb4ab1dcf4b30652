"""Exact constants of control charts by subgroup size."""

from __future__ import annotations

import argparse

from gaugetrail_statistics import constants
from gaugetrail_statistics.refusing import Refused

FORMULAS = {
    "d2": "mean of the range of n standard normal values, by integration",
    "d3": "its standard deviation, by integration",
    "c4": "sqrt(2/(n-1)) gamma(n/2)/gamma((n-1)/2)",
    "A2": "3/(d2 sqrt(n))",
    "A3": "3/(c4 sqrt(n))",
    "E2": "3/d2",
    "D3": "max(0, 1 - 3 d3/d2)",
    "D4": "1 + 3 d3/d2",
    "B3": "max(0, 1 - 3 sqrt(1-c4^2)/c4)",
    "B4": "1 + 3 sqrt(1-c4^2)/c4",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The sizes."""
    parser.add_argument("--n", required=True, metavar="2-10", help="a subgroup size, or the first and last of several")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """A row of constants for each size. Raises `Refused`."""
    sizes = sizes_of(args.n)
    rows = [{"n": n, **constants.of_size(n)} for n in sizes]
    return {"n": len(rows), "method": "exact", "formulas": FORMULAS, "warnings": [], "constants": rows}


def sizes_of(text: str) -> range:
    """The sizes of `5` or `2-10`. Raises `Refused`."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and (last or first).isdecimal()):
        raise Refused(f"--n {text} is no size: write 5, or 2-10")
    sizes = range(int(first), int(last or first) + 1)
    if not sizes or sizes[0] < 2 or sizes[-1] > constants.LARGEST:
        raise Refused(f"--n {text}: sizes run from 2 to {constants.LARGEST}, the smaller one first")
    return sizes
