"""Values by any field: do its levels differ?"""

from __future__ import annotations

import argparse

from gaugetrail_collector.statistics.csv_table import add_data, table_of

FORMULAS = {
    "sd": "n - 1",
    "eta_squared": "ss_between / ss_total",
    "omega_squared": "(ss_between - df_between ms_within) / (ss_total + ms_within), 0 where negative",
    "levene": "about the medians (Brown and Forsythe 1974)",
    "ppk": "min(usl - mean, mean - lsl) / (3 sd)",
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """The values, the field, limits for the indices of each level."""
    add_data(parser, "value", required=("value",))
    parser.add_argument("--by", metavar="COLUMN", required=True, help="the field: machine, cavity, shift, operator …")
    parser.add_argument("--lsl", type=float, metavar="L", help="lower limit, for the Ppk of each level")
    parser.add_argument("--usl", type=float, metavar="U", help="upper limit, for the Ppk of each level")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """A row for each level, and whether means and spreads differ."""
    from gaugetrail_collector.statistics.comparison_answer import level_row, source_row, variance_row
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.comparing.groups import grouped, left_by_levels, levene
    from gaugetrail_statistics.comparing.relations import autocorrelated, autocorrelation
    from gaugetrail_statistics.comparing.variance_analysis import one_way

    rows = whole_rows(table_of(args), [args.value], [args.by])
    values = rows.numbers[0]
    groups = grouped(values, rows.words[0])
    table = one_way(groups)
    alone = [group.name for group in groups if group.n < 2]
    warnings = list(rows.warnings)
    if alone:
        warnings.append(f"no spread of {', '.join(alone)}: one value each; Levene's test leaves them out")
    several = [group for group in groups if group.n > 1]
    left = left_by_levels(values, rows.words[0])
    warnings += [f"within levels {correlated}"] if (correlated := autocorrelated(left)) else []
    return {
        "n": len(values),
        "method": "one-way analysis of variance; Levene's test of spreads",
        "formulas": FORMULAS,
        "warnings": warnings,
        "by": args.by,
        "levels": [level_row(group, args.lsl, args.usl) for group in groups],
        "anova": [source_row(source) for source in (table.between, table.within, table.total)],
        "eta_squared": table.eta_squared,
        "omega_squared": table.omega_squared,
        "p": table.between.p,
        "levene": variance_row(levene(several)) if len(several) > 1 else variance_row(None),
        "autocorrelation1": autocorrelation(left),
    }
