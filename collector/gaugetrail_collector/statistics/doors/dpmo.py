"""Defects per million, yield, level of sigma."""

from __future__ import annotations

import argparse

from gaugetrail_statistics import six_sigma
from gaugetrail_statistics.refusing import Refused

FORMULAS = {
    "dpmo": "1,000,000 defects/(units opportunities)",
    "yield": "1 - dpmo/1,000,000",
    "sigma_level": "normal quantile of the yield + shift",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """A rate, or counts."""
    parser.add_argument("--dpmo", type=float, help="the rate itself, in place of counts")
    parser.add_argument("--defects", type=float, help="defects found")
    parser.add_argument("--units", type=float, help="units inspected")
    parser.add_argument("--opportunities", type=float, help="opportunities for a defect on a unit")
    parser.add_argument("--shift", type=float, default=1.5, help="added to the level by convention")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The rate and its level. Raises `Refused`."""
    counts = (args.defects, args.units, args.opportunities)
    if args.dpmo is not None and counts == (None, None, None):
        found = six_sigma.of_dpmo(args.dpmo, args.shift)
    elif args.dpmo is None and None not in counts:
        found = six_sigma.of_counts(*counts, args.shift)
    else:
        raise Refused("give --dpmo alone, or --defects with --units and --opportunities")
    one_sided = "" if found.level is not None else "no level where all or nothing is a defect"
    return {
        "n": None if args.units is None else args.units * args.opportunities,
        "method": f"normal quantile, shift {args.shift:g}",
        "formulas": FORMULAS,
        "dpmo": found.dpmo,
        "yield": found.good,
        "sigma_level": found.level,
        "shift": args.shift,
        "warnings": [one_sided] if one_sided else [],
    }
