"""Did a change help? t, Welch, Mann-Whitney, F, Levene."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_statistics.comparing.groups import ComparedGroup

FORMULAS = {
    "difference": "mean after - mean before",
    "t": "difference / (s_pooled sqrt(1/n1 + 1/n2))",
    "welch": "difference / sqrt(s1^2/n1 + s2^2/n2), df by Satterthwaite",
    "mann_whitney": "U of after, two-sided",
    "f": "s_after^2 / s_before^2",
    "levene": "about the medians (Brown and Forsythe 1974)",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values, and what tells before from after."""
    add_data(parser, "value", required=("value",))
    parser.add_argument("--group", metavar="COLUMN", help="the column that tells before from after, by two words")
    parser.add_argument("--at", type=int, metavar="ROW", help="in its place: the first row after the change, from 1")
    parser.add_argument("--confidence", type=float, default=0.95, metavar="C", help="of the intervals")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Both sides' figures and every test of means, middles and spreads."""
    from gaugetrail_collector.statistics import comparison_answer as rows_of
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.capability.intervals import checked
    from gaugetrail_statistics.comparing import groups as comparison

    confidence = checked(args.confidence)
    if (args.group is None) == (args.at is None):
        raise Refused("say how before and after are told apart: --group COLUMN or --at ROW")
    rows = whole_rows(table_of(args), [args.value], [args.group] if args.group else [])
    names = rows.words[0] if args.group else _by_place(len(rows.numbers[0]), args.at)
    before, after = _two(comparison.grouped(rows.numbers[0].tolist(), names), args.group)
    return {
        "n": before.n + after.n,
        "method": "two-sample tests, two-sided",
        "formulas": FORMULAS,
        "warnings": [*rows.warnings, *_correlated(before, after)],
        "confidence": confidence,
        "before": rows_of.level_row(before),
        "after": rows_of.level_row(after),
        "t": rows_of.mean_row(comparison.pooled_t(before, after, confidence)),
        "welch": rows_of.mean_row(comparison.welch_t(before, after, confidence)),
        "mann_whitney": rows_of.rank_row(comparison.mann_whitney(before, after)),
        "f": rows_of.variance_row(comparison.variance_ratio(before, after)),
        "levene": rows_of.variance_row(comparison.levene([before, after])),
    }


def _by_place(count: int, first_after: int) -> list[str]:
    if not 1 < first_after <= count:
        raise Refused(f"--at {first_after} leaves one side empty; rows run from 1 to {count}")
    return ["before"] * (first_after - 1) + ["after"] * (count - first_after + 1)


def _two(groups: list[ComparedGroup], column: str | None) -> tuple[ComparedGroup, ComparedGroup]:
    """In the order of first appearance."""
    if len(groups) != 2:
        names = ", ".join(group.name for group in groups[:6])
        raise Refused(f"column {column} has {len(groups)} words ({names}); before and after are two: choose by --where")
    return groups[0], groups[1]


def _correlated(*groups: ComparedGroup) -> list[str]:
    from gaugetrail_statistics.comparing.relations import autocorrelated

    found = [(group.name, autocorrelated(group.values)) for group in groups if group.n > 2]
    return [f"{name}: {warning}" for name, warning in found if warning]
