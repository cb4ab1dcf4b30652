"""Cp, Cpk, Pp, Ppk, Cw, Cpm with their intervals."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gaugetrail_collector.statistics.csv_table import NUMBER, add_data, table_of
from gaugetrail_statistics.refusing import Refused

if TYPE_CHECKING:
    from gaugetrail_collector.statistics.capability_answer import CapabilityAsked
    from gaugetrail_collector.statistics.csv_table import CsvTable
    from gaugetrail_statistics.capability.indices import CapabilityLimits

CONVENTIONS = ("aiag2005", "aiag-vda2026", "iso22514")
DISTRIBUTIONS = ("normal", "auto", "lognormal", "weibull", "gamma", "johnson", "boxcox", "kernel")
ESTIMATORS = ("rbar", "sbar", "pooled", "mr", "median_mr", "sd_c4")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Values or a summary, the limits, the convention."""
    add_data(parser, "value", "subgroup")
    parser.add_argument("--mean", type=float, metavar="M", help="in place of data: the mean")
    parser.add_argument("--sd", type=float, metavar="S", help="in place of data: the standard deviation")
    parser.add_argument("--n", type=int, metavar="N", help="in place of data: how many values, for the intervals")
    parser.add_argument("--lsl", metavar="L", help="lower limit: a number, or a column")
    parser.add_argument("--usl", metavar="U", help="upper limit: a number, or a column")
    parser.add_argument("--natural-lower", type=float, metavar="B", help="where nature ends the scale below")
    parser.add_argument("--natural-upper", type=float, metavar="B", help="where nature ends the scale above")
    parser.add_argument("--target", type=float, metavar="T", help="of Cpm; left out: the middle of the limits")
    parser.add_argument("--convention", choices=CONVENTIONS, default="aiag2005", help="what is called Cp")
    parser.add_argument("--estimator", choices=ESTIMATORS, help="of the spread within; left out: rbar, or mr")
    parser.add_argument("--distribution", choices=DISTRIBUTIONS, default="normal", help="auto takes what fits")
    parser.add_argument("--rules", default="we1,we2,we3,we4", metavar="R", help="of the chart that shows it stable")
    parser.add_argument("--ci-df", choices=("effective", "n-1"), default="effective", help="of the spread within")
    parser.add_argument("--confidence", type=float, default=0.95, metavar="C", help="of the intervals")
    parser.add_argument("--machine", action="store_true", help="a machine's run: Pm, Pmk, no stability over time asked")
    parser.add_argument("--anyway", action="store_true", help="compute what would be refused, with a warning")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """Every index, or a refusal in words."""
    if args.mean is not None or args.sd is not None:
        return _of_summary(args)
    if args.value is None:
        raise Refused("capability needs values (--data F.csv --value COLUMN) or a summary (--mean M --sd S)")
    return _of_table(args, table_of(args))


def _of_summary(args: argparse.Namespace) -> dict[str, object]:
    from gaugetrail_collector.statistics import capability_answer as answers
    from gaugetrail_statistics.capability import study as studies
    from gaugetrail_statistics.stability import UNSEEN

    if args.mean is None or args.sd is None or args.data is not None:
        raise Refused("a summary is --mean and --sd together, without --data")
    if args.distribution != "normal":
        raise Refused(f"a summary can't show a {args.distribution} distribution; give the values with --data")
    limits = _tolerance(args, _number(args.lsl, "lsl"), _number(args.usl, "usl"))
    basis = studies.of_summary(args.mean, args.sd, args.n)
    warnings = studies.settled(studies.doubts(basis, unstable=None), anyway=args.anyway)
    warnings.append("of a summary neither stability nor the distribution can be seen")
    found = studies.study(basis, limits, args.confidence)
    return answers.capability_answer(_asked(args, limits), basis, found, None, UNSEEN, None, warnings)


def _of_table(args: argparse.Namespace, table: CsvTable) -> dict[str, object]:
    from gaugetrail_collector.statistics import capability_answer as answers
    from gaugetrail_collector.statistics.whole_rows import whole_rows
    from gaugetrail_statistics.capability import study as studies
    from gaugetrail_statistics.stability import MOST_POINTS, UNSEEN, stability
    from gaugetrail_statistics.subgroups import subgroups_of

    rows = whole_rows(table, [args.value], [args.subgroup] if args.subgroup else [])
    values = rows.numbers[0]
    lsl, lsl_mixed = _limit(table, args.lsl, "lsl")
    usl, usl_mixed = _limit(table, args.usl, "usl")
    limits = _tolerance(args, lsl, usl)
    subgroups = subgroups_of(rows.words[0], values.tolist()) if args.subgroup else []
    basis = studies.of_values(values, subgroups, args.estimator, n_less_1=args.ci_df == "n-1")
    seen = UNSEEN if basis.sd_within == 0 else stability(values, subgroups, str(basis.estimator), args.rules)
    doubtful = studies.doubts(basis, unstable=None if args.machine else seen.why_not)
    warnings = studies.settled([*doubtful, *lsl_mixed, *usl_mixed], anyway=args.anyway)
    shape = studies.shape_of(values, args.distribution, limits)
    found = studies.study(basis, limits, args.confidence, shape)
    if seen.stable is None and basis.sd_within > 0:
        warnings.append(f"more than {MOST_POINTS} single values make no chart: stability wasn't looked at")
    warnings += [*rows.warnings, *studies.cautions(basis, values, limits, shape)]
    asked = _asked(args, limits)
    outside = studies.observed(values, limits)
    return answers.capability_answer(asked, basis, found, shape, seen, outside, warnings)


def _tolerance(args: argparse.Namespace, lsl: float | None, usl: float | None) -> CapabilityLimits:
    from gaugetrail_statistics.capability.indices import CapabilityLimits

    return CapabilityLimits(lsl, usl, args.natural_lower, args.natural_upper, args.target)


def _asked(args: argparse.Namespace, limits: CapabilityLimits) -> CapabilityAsked:
    from gaugetrail_collector.statistics.capability_answer import CapabilityAsked

    return CapabilityAsked(limits, args.convention, args.confidence, args.ci_df, args.machine)


def _number(given: str | None, name: str) -> float | None:
    if given is None:
        return None
    if not NUMBER.fullmatch(given):
        raise Refused(f"--{name} {given} is no number: write a decimal point and digits")
    return float(given)


def _limit(table: CsvTable, given: str | None, name: str) -> tuple[float | None, list[str]]:
    """A number for all rows, or a column that says the same everywhere; what differs is told, and the last holds."""
    if given is None:
        return None, []
    if not table.has(given):
        return _number(given, name), []
    seen = list(dict.fromkeys(table.present(given)))
    if not seen:
        return None, []
    mixed = f"the values were judged by {len(seen)} different limits in column {given} ({_several(seen)})"
    return seen[-1], [mixed] if len(seen) > 1 else []


def _several(numbers: list[float]) -> str:
    shown = ", ".join(f"{number:g}" for number in numbers[:4])
    return f"{shown} …" if len(numbers) > 4 else shown
