"""Analysis of variance of one factor, or of two."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_collector.statistics.whole_rows import WholeRows

ONE = {
    "eta_squared": "ss_between / ss_total",
    "omega_squared": "(ss_between - df_between ms_within) / (ss_total + ms_within), 0 where negative",
    "f": "ms / ms_within",
}
TWO = {"ss": "type II: each factor beyond the other, the interaction beyond both", "f": "ms / ms_within"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values and one factor or two."""
    add_data(parser, "value", required=("value",))
    parser.add_argument(
        "--factor", action="append", metavar="COLUMN", required=True, help="a field; give it twice for two factors"
    )
    parser.add_argument("--no-interaction", action="store_true", help="of two factors: main effects alone")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The table of variances."""
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.comparing.groups import left_by_levels
    from gaugetrail_statistics.comparing.relations import autocorrelated, autocorrelation

    if len(args.factor) > 2 or len(set(args.factor)) < len(args.factor):
        raise Refused("an analysis of variance here has one factor or two different ones; contributors ranks more")
    rows = whole_rows(table_of(args), [args.value], args.factor)
    left = left_by_levels(rows.numbers[0], ["\0".join(cell) for cell in zip(*rows.words, strict=True)])
    correlated = autocorrelated(left)
    found = _one(rows) if len(args.factor) == 1 else _two(rows, args.factor, interaction=not args.no_interaction)
    return {
        "n": len(rows.numbers[0]),
        "warnings": [*rows.warnings, *([f"within levels {correlated}"] if correlated else [])],
        "factors": args.factor,
        "autocorrelation1": autocorrelation(left),
        **found,
    }


def _one(rows: WholeRows) -> dict[str, object]:
    from gaugetrail_collector.statistics.comparison_answer import level_row, source_row
    from gaugetrail_statistics.comparing.groups import grouped
    from gaugetrail_statistics.comparing.variance_analysis import one_way

    groups = grouped(rows.numbers[0], rows.words[0])
    table = one_way(groups)
    return {
        "method": "one-way analysis of variance",
        "formulas": ONE,
        "anova": [source_row(source) for source in (table.between, table.within, table.total)],
        "levels": [level_row(group) for group in groups],
        "eta_squared": table.eta_squared,
        "omega_squared": table.omega_squared,
        "balanced": len({group.n for group in groups}) == 1,
    }


def _two(rows: WholeRows, factors: list[str], *, interaction: bool) -> dict[str, object]:
    from gaugetrail_collector.statistics.comparison_answer import source_row
    from gaugetrail_statistics.comparing.variance_analysis import two_way

    names = (factors[0], factors[1])
    table = two_way(rows.numbers[0].tolist(), *rows.words, interaction=interaction, names=names)
    sources = (table.first, table.second, table.interaction, table.within, table.total)
    return {
        "method": "two-way analysis of variance, type II sums of squares",
        "formulas": TWO,
        "anova": [source_row(source) for source in sources if source is not None],
        "balanced": table.balanced,
    }
