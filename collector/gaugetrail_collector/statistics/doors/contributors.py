"""Which fields go with the spread, by share of variance."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import add_data, table_of
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_statistics.comparing.variance_analysis import OneWay

FORMULAS = {
    "share": "omega_squared = (ss_between - df_between ms_within) / (ss_total + ms_within), 0 where negative",
    "eta_squared": "ss_between / ss_total",
    "p_adjusted": "Holm 1979, for as many questions at once",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values and the fields."""
    add_data(parser, "value", required=("value",))
    parser.add_argument(
        "--by", action="append", metavar="COLUMN", required=True, help="a field: machine, cavity, shift …; repeatable"
    )


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The fields, the greatest share first; a field that can't be judged is told, with why."""
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.comparing.groups import grouped
    from gaugetrail_statistics.comparing.relations import autocorrelated, autocorrelation
    from gaugetrail_statistics.comparing.variance_analysis import holm, one_way

    rows = whole_rows(table_of(args), [args.value], args.by)
    values = rows.numbers[0]
    tables: dict[str, OneWay] = {}
    warnings = list(rows.warnings)
    for field, levels in zip(args.by, rows.words, strict=True):
        try:
            tables[field] = one_way(grouped(values, levels))
        except Refused as error:
            warnings.append(f"{field} is left out: {error}")
    adjusted = holm([table.between.p for table in tables.values()])
    found = [_row(field, table, p) for (field, table), p in zip(tables.items(), adjusted, strict=True)]
    correlated = autocorrelated(rows.numbers[0])
    return {
        "n": len(values),
        "method": "one-way analysis of variance by each field apart; fields that go together share what they explain",
        "formulas": FORMULAS,
        "warnings": [*warnings, *([correlated] if correlated else [])],
        "contributors": sorted(found, key=lambda row: -float(str(row["share"] or 0.0))),
        "autocorrelation1": autocorrelation(rows.numbers[0]),
    }


def _row(field: str, table: OneWay, p_adjusted: float | None) -> dict[str, object]:
    between = table.between
    return {
        "field": field,
        "levels": between.df + 1,
        "share": table.omega_squared,
        "eta_squared": table.eta_squared,
        "f": between.f,
        "df": between.df,
        "df_within": table.within.df,
        "p": between.p,
        "p_adjusted": p_adjusted,
    }
