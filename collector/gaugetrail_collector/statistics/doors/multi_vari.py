"""Means by nested factors: where values differ."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.comparing.ranking import multi_vari
from gaugetrail_statistics.refusing import Refused

FORMULAS = {"mean": "of the values under the same levels of the first factors"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values and the factors."""
    add_data(parser, "value", required=("value",))
    parser.add_argument(
        "--by", metavar="COLUMN,…", required=True, help="one to four factors, from the widest to the narrowest"
    )


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Means at each depth. Raises `Refused`."""
    table = table_of(args)
    factors = [one.strip() for one in args.by.split(",") if one.strip()]
    if not 1 <= len(factors) <= 4:
        raise Refused(f"--by {args.by} names {len(factors)} factors; a picture holds one to four")
    values = table.numbers(args.value)
    kept = [at for at, value in enumerate(values) if value is not None]
    levels = [[table.words(factor)[at] for at in kept] for factor in factors]
    found = multi_vari(levels, [value for value in values if value is not None])
    return {
        "n": len(kept),
        "method": f"multi-vari by {', '.join(factors)}",
        "formulas": FORMULAS,
        "factors": factors,
        "depths": [
            {"factor": factor, "cells": [asdict(one) for one in own]}
            for factor, own in zip(factors, found, strict=True)
        ],
        "warnings": [],
    }
