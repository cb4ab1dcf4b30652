"""A control chart: centre, limits, points, signals."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace

from gaugetrail_collector.statistics.chart_rows import (
    alone,
    chart_rows,
    counts_of,
    labels_of,
    needed,
    subgroups,
    together,
)
from gaugetrail_collector.statistics.csv_table import CsvTable, add_data, table_of
from gaugetrail_collector.statistics.doors.rules import add_rules, formulas_of
from gaugetrail_collector.statistics.recorded_limits import NUMBERS, RECORDED, VERSION, held_limits, recorded_study
from gaugetrail_statistics.charts.as_held import HeldLimits
from gaugetrail_statistics.charts.attributes import FORMULAS, attributes
from gaugetrail_statistics.charts.basis import Basis, causes_of, positions
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy, ControlChart
from gaugetrail_statistics.charts.memory import EXACT, OWN_RULES, STEADY, Reach, cusum, ewma
from gaugetrail_statistics.charts.runs import run_chart
from gaugetrail_statistics.charts.short_run import deviations, standardized
from gaugetrail_statistics.charts.variables import individuals, xbar
from gaugetrail_statistics.estimators import OF_SINGLE_VALUES, OF_SUBGROUPS
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import DEFAULT, rules_named
from gaugetrail_statistics.subgroups import single_values, subgroups_of

Made = Callable[[argparse.Namespace, CsvTable, Basis], ChartStudy]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The type, its columns, where limits come from, and the rules."""
    parser.add_argument("--type", required=True, choices=list(TYPES), help="the kind of chart")
    add_data(parser, "value", "subgroup", "count", "size")
    parser.add_argument(
        "--subgroup-size", type=int, metavar="N", help="in place of --subgroup: rows one after the other, N to each"
    )
    parser.add_argument(
        "--nominal", metavar="COLUMN", help="short_run: what each value should be: a column, or a number for all rows"
    )
    parser.add_argument("--part", metavar="COLUMN", help="short_run_z: the part, each in sigmas of its own")
    parser.add_argument("--baseline", metavar="1-25", help="the points that set the limits; the rest is judged")
    parser.add_argument(
        "--exclude",
        action="append",
        default=[],
        metavar="15=CAUSE",
        help="a point that sets no limit, with its cause; may be repeated",
    )
    parser.add_argument("--center", type=float, help="a given centre line; of cusum, the target")
    parser.add_argument(
        "--sigma", type=float, help="a given sigma, of a single value; of what is plotted, without --subgroup"
    )
    parser.add_argument("--width", type=float, default=3.0, help="the limits, in sigmas")
    parser.add_argument(
        "--estimator", choices=[*OF_SUBGROUPS, *OF_SINGLE_VALUES], help="how sigma is estimated from the baseline"
    )
    add_rules(parser)
    parser.add_argument("--lambda", dest="weight", type=float, default=0.2, help="ewma: the weight of the last value")
    parser.add_argument(
        "--limits",
        choices=[EXACT, STEADY, RECORDED],
        default=EXACT,
        help="ewma: limits point by point, or where they end; recorded: those that held, as each record says them",
    )
    parser.add_argument("--k", type=float, default=0.5, help="cusum: what is allowed for, in sigmas")
    parser.add_argument("--h", type=float, default=5.0, help="cusum: the limit of the sums, in sigmas")
    parser.set_defaults(beside=VERSION)


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The chart or the two charts of a type. Raises `Refused`."""
    if args.limits == RECORDED:
        args.beside = [*VERSION, *NUMBERS]
    table = chart_rows(args, table_of(args))
    held = held_limits(args, table)
    study, basis = study_of(args, table, held)
    own = args.type in OWN_RULES
    unused = ["--rules is not used: this chart has a rule of its own"] if own and args.rules != DEFAULT else []
    return {
        "n": study.n,
        "method": f"{args.type}, {_from_where(study, basis, recorded=args.limits == RECORDED)}",
        "type": args.type,
        "formulas": study.formulas,
        "rules": {args.type: "a point beyond its limit"} if own else formulas_of(args.rules),
        "sigma_within": study.sigma_within,
        "estimator": study.estimator,
        "rbar": study.rbar,
        "sbar": study.sbar,
        "mrbar": study.mrbar,
        "width": args.width,
        **study.more,
        "charts": {
            name: _chart(chart, _Shown(name == "cusum", held, args.limits == RECORDED))
            for name, chart in study.charts.items()
        },
        "warnings": [*study.warnings, *unused],
    }


def study_of(
    args: argparse.Namespace, table: CsvTable, held: list[HeldLimits | None] | None = None
) -> tuple[ChartStudy, Basis]:
    """The study that the options ask for, and what its limits stand on. Raises `Refused`."""
    basis = Basis(
        baseline=None if args.baseline is None else positions(args.baseline),
        causes=causes_of(args.exclude),
        center=args.center,
        sigma=args.sigma,
        width=args.width,
        estimator=args.estimator,
        rules=rules_named(args.rules),
    )
    if args.limits == RECORDED:
        return recorded_study(args, table, basis, held), basis
    return TYPES[args.type](args, table, basis), basis


def _from_where(study: ChartStudy, basis: Basis, *, recorded: bool) -> str:
    points = next(iter(study.charts.values())).points
    count = sum(point.phase == "baseline" and point.value is not None for point in points)
    count = count or sum(point.phase == "baseline" and point.sums is not None for point in points)
    where = f"limits from {count} points" if count else "limits as given"
    where = "limits as they held" if recorded else where
    return f"{where}, {basis.width:g} sigma"


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an answer says of each point beside its numbers."""

    summed: bool
    held: list[HeldLimits | None] | None
    judged: bool
    """Whether the limits that held are what the rules went by."""

    def version(self, at: int) -> str | None:
        own = None if self.held is None else self.held[at - 1]
        return None if own is None else own.version


def _chart(chart: ControlChart, shown: _Shown) -> dict[str, object]:
    return {
        "center": chart.center,
        "ucl": chart.ucl,
        "lcl": chart.lcl,
        "points": [_point(point, shown) for point in chart.points],
        "signals": [
            {
                "rule": one.rule,
                "at": one.at,
                "points": one.points,
                **({} if shown.held is None else {"limits_version": shown.version(one.at) if shown.judged else None}),
            }
            for one in chart.signals
        ],
    }


def _point(point: ChartPoint, shown: _Shown) -> dict[str, object]:
    upper, lower = point.sums or (None, None)
    return {
        "at": point.at,
        "label": point.label,
        **({"upper": upper, "lower": lower} if shown.summed else {"value": point.value}),
        "center": point.center,
        "ucl": point.ucl,
        "lcl": point.lcl,
        "phase": point.phase,
        "cause": point.cause,
        "signals": point.signals,
        **({} if shown.held is None else {"limits_version": shown.version(point.at)}),
    }


def _deviations(args: argparse.Namespace, table: CsvTable, basis: Basis) -> ChartStudy:
    """Single values, or means where `--subgroup` puts them together, each less its nominal. Raises `Refused`."""
    values = deviations(table.numbers(needed(args, "value")), table.numbers_or_one(needed(args, "nominal")))
    labels = labels_of(args, table)
    return (
        individuals(single_values(values), basis) if labels is None else xbar(subgroups_of(labels, values), basis, "r")
    )


def _standardized(args: argparse.Namespace, table: CsvTable, basis: Basis) -> ChartStudy:
    """Single values in sigmas of their part, about a centre of 0. Raises `Refused`."""
    if basis.baseline is not None or basis.center is not None or basis.sigma is not None:
        raise Refused("short_run_z has centre 0 and sigma 1; leave --baseline, --center and --sigma out")
    values = standardized(table.numbers(needed(args, "value")), table.words(needed(args, "part")))
    study = individuals(single_values(values), replace(basis, center=0.0, sigma=1.0))
    return replace(study, formulas={**study.formulas, "value": "(x - mean of the part)/(MR-bar of the part/d2(2))"})


def _attributes(args: argparse.Namespace, table: CsvTable, basis: Basis) -> ChartStudy:
    return attributes(args.type, counts_of(args, table), basis)


TYPES: dict[str, Made] = {
    "xbar_r": lambda args, table, basis: xbar(together(args, table), basis, "r"),
    "xbar_s": lambda args, table, basis: xbar(together(args, table), basis, "s"),
    "imr": lambda args, table, basis: individuals(alone(args, table), basis),
    **dict.fromkeys(FORMULAS, _attributes),
    "ewma": lambda args, table, basis: ewma(subgroups(args, table), basis, args.weight, args.limits),
    "cusum": lambda args, table, basis: cusum(subgroups(args, table), basis, Reach(args.k, args.h)),
    "short_run": _deviations,
    "short_run_z": _standardized,
    "run": lambda args, table, basis: run_chart(subgroups(args, table), basis),
}
