"""An uncertainty budget by the GUM, expanded."""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.refusing import Refused

FORMULAS = {
    "contribution": "|c u|",
    "uc": "sqrt(sum of contribution^2), independent sources",
    "nu_eff": "uc^4/sum(contribution^4/dof) (Welch, Satterthwaite; JCGM 100:2008 G.4.1)",
    "k": "two-sided t of nu_used degrees, normal where they are infinite",
    "expanded": "k uc",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The columns of the budget."""
    add_data(parser)
    parser.add_argument("--uncertainty", metavar="COLUMN", required=True, help="standard uncertainties")
    parser.add_argument(
        "--sensitivity", metavar="COLUMN", help="sensitivity coefficients: a column, or a number for all; 1 without"
    )
    parser.add_argument(
        "--dof", metavar="COLUMN", help="degrees of freedom; an empty cell, inf, or no column: infinite"
    )
    parser.add_argument("--confidence", type=float, default=0.95, help="of the expanded uncertainty")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The combined and the expanded uncertainty. Raises `Refused`."""
    from gaugetrail_statistics.uncertainty import UncertaintySource, budget

    table = table_of(args)
    uncertainties = table.numbers(args.uncertainty)
    ones: list[float | None] = [1.0] * len(table)
    sensitivities = ones if args.sensitivity is None else table.numbers_or_one(args.sensitivity)
    dofs = [None] * len(table) if args.dof is None else table.numbers_or_infinite(args.dof)
    for line, u, c in zip(table.lines, uncertainties, sensitivities, strict=True):
        if u is None or c is None:
            raise Refused(f"{table.file}, line {line} lacks an uncertainty or a sensitivity: a budget has no gaps")
    found = budget(
        [
            UncertaintySource(u or 0.0, c or 0.0, dof)
            for u, c, dof in zip(uncertainties, sensitivities, dofs, strict=True)
        ],
        args.confidence,
    )
    return {
        "n": len(found.contributions),
        "method": f"GUM, independent sources, confidence {args.confidence:g}",
        "formulas": FORMULAS,
        "contributions": [{"contribution": one} for one in found.contributions],
        "uc": found.combined,
        "nu_eff": found.nu_eff,
        "nu_used": found.nu_used,
        "k": found.k,
        "expanded": found.expanded,
        "warnings": [] if found.nu_eff is not None else ["no degrees of freedom are finite: k is normal"],
    }
