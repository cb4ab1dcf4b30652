"""A control chart: centre, limits, points, signals."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import replace

from gaugetrail_collector.statistics.csv_table import CsvTable, add_data, table_of
from gaugetrail_collector.statistics.doors.rules import add_rules, formulas_of
from gaugetrail_statistics import moments
from gaugetrail_statistics.charts.attributes import FORMULAS, WITHOUT_SIZE, Count, attributes
from gaugetrail_statistics.charts.basis import Basis, causes_of, positions
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy, ControlChart
from gaugetrail_statistics.charts.memory import EXACT, STEADY, Reach, cusum, ewma
from gaugetrail_statistics.charts.runs import run_chart
from gaugetrail_statistics.charts.short_run import deviations, standardized
from gaugetrail_statistics.charts.variables import individuals, xbar
from gaugetrail_statistics.estimators import OF_SINGLE_VALUES, OF_SUBGROUPS
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import DEFAULT, rules_named
from gaugetrail_statistics.subgroups import RationalSubgroup, single_values, subgroups_of

OWN_RULE = ("ewma", "cusum")
Made = Callable[[argparse.Namespace, CsvTable, Basis], ChartStudy]


def add_options(parser: argparse.ArgumentParser) -> None:
    """The type, its columns, where limits come from, and the rules."""
    parser.add_argument("--type", required=True, choices=list(TYPES), help="the kind of chart")
    add_data(parser, "value", "subgroup", "count", "size")
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
        "--limits", choices=[EXACT, STEADY], default=EXACT, help="ewma: limits point by point, or where they end"
    )
    parser.add_argument("--k", type=float, default=0.5, help="cusum: what is allowed for, in sigmas")
    parser.add_argument("--h", type=float, default=5.0, help="cusum: the limit of the sums, in sigmas")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The chart or the two charts of a type. Raises `Refused`."""
    study, basis = study_of(args, table_of(args))

    own = args.type in OWN_RULE
    unused = ["--rules is not used: this chart has a rule of its own"] if own and args.rules != DEFAULT else []
    return {
        "n": study.n,
        "method": f"{args.type}, {_from_where(study, basis)}",
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
        "charts": {name: _chart(chart, summed=name == "cusum") for name, chart in study.charts.items()},
        "warnings": [*study.warnings, *unused],
    }


def study_of(args: argparse.Namespace, table: CsvTable) -> tuple[ChartStudy, Basis]:
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
    return TYPES[args.type](args, table, basis), basis


def _from_where(study: ChartStudy, basis: Basis) -> str:
    points = next(iter(study.charts.values())).points
    count = sum(point.phase == "baseline" and point.value is not None for point in points)
    count = count or sum(point.phase == "baseline" and point.sums is not None for point in points)
    where = f"limits from {count} points" if count else "limits as given"
    return f"{where}, {basis.width:g} sigma"


def _chart(chart: ControlChart, *, summed: bool) -> dict[str, object]:
    return {
        "center": chart.center,
        "ucl": chart.ucl,
        "lcl": chart.lcl,
        "points": [_point(point, summed=summed) for point in chart.points],
        "signals": [{"rule": one.rule, "at": one.at, "points": one.points} for one in chart.signals],
    }


def _point(point: ChartPoint, *, summed: bool) -> dict[str, object]:
    upper, lower = point.sums or (None, None)
    return {
        "at": point.at,
        "label": point.label,
        **({"upper": upper, "lower": lower} if summed else {"value": point.value}),
        "center": point.center,
        "ucl": point.ucl,
        "lcl": point.lcl,
        "phase": point.phase,
        "cause": point.cause,
        "signals": point.signals,
    }


def _subgroups(args: argparse.Namespace, table: CsvTable) -> list[RationalSubgroup]:
    """The values of `--value`, together where `--subgroup` says so. Raises `Refused`."""
    values = table.numbers(_needed(args, "value"))
    return single_values(values) if args.subgroup is None else subgroups_of(_labels(args, table), values)


def _together(args: argparse.Namespace, table: CsvTable) -> list[RationalSubgroup]:
    _needed(args, "subgroup")
    return _subgroups(args, table)


def _alone(args: argparse.Namespace, table: CsvTable) -> list[RationalSubgroup]:
    """Single values; a column of `--subgroup` may name them."""
    values = table.numbers(_needed(args, "value"))
    if args.subgroup is None:
        return single_values(values)
    labels = _labels(args, table)
    if len(set(labels)) < len(labels):
        raise Refused(f"imr takes single values, and {args.subgroup} puts several together; take xbar_r or xbar_s")
    return single_values(values, labels)


def _deviations(args: argparse.Namespace, table: CsvTable, basis: Basis) -> ChartStudy:
    """Single values, or means where `--subgroup` puts them together, each less its nominal. Raises `Refused`."""
    values = deviations(table.numbers(_needed(args, "value")), table.numbers_or_one(_needed(args, "nominal")))
    if args.subgroup is None:
        return individuals(single_values(values), basis)
    return xbar(subgroups_of(_labels(args, table), values), basis, "r")


def _standardized(args: argparse.Namespace, table: CsvTable, basis: Basis) -> ChartStudy:
    """Single values in sigmas of their part, about a centre of 0. Raises `Refused`."""
    if basis.baseline is not None or basis.center is not None or basis.sigma is not None:
        raise Refused("short_run_z has centre 0 and sigma 1; leave --baseline, --center and --sigma out")
    values = standardized(table.numbers(_needed(args, "value")), table.words(_needed(args, "part")))
    study = individuals(single_values(values), replace(basis, center=0.0, sigma=1.0))
    return replace(study, formulas={**study.formulas, "value": "(x - mean of the part)/(MR-bar of the part/d2(2))"})


def _labels(args: argparse.Namespace, table: CsvTable) -> Sequence[str]:
    labels = table.words(args.subgroup)
    for label, line in zip(labels, table.lines, strict=True):
        if not label:
            raise Refused(f"{table.file}, line {line}, column {args.subgroup} is empty: which subgroup is it of?")
    return labels


def _counts(args: argparse.Namespace, table: CsvTable) -> list[Count]:
    """Counts with their sizes, added up where `--subgroup` puts rows together. Raises `Refused`."""
    counts = table.numbers(_needed(args, "count"))
    if args.type not in WITHOUT_SIZE:
        _needed(args, "size")
    sizes = [1.0] * len(table) if args.size is None else table.numbers_or_one(args.size)
    if args.subgroup is None:
        return [Count(str(at), *pair) for at, pair in enumerate(zip(counts, sizes, strict=True), 1)]
    gathered: dict[str, list[tuple[float, float]]] = {}
    for label, count, size in zip(_labels(args, table), counts, sizes, strict=True):
        own = gathered.setdefault(label, [])
        if count is not None and size is not None:
            own.append((count, size))
    return [
        Count(label, sum(count for count, _ in own), moments.total([size for _, size in own]))
        if own
        else Count(label, None, None)
        for label, own in gathered.items()
    ]


def _needed(args: argparse.Namespace, option: str) -> str:
    given = getattr(args, option)
    if given is None:
        raise Refused(f"a chart of type {args.type} needs --{option}")
    return str(given)


def _attributes(args: argparse.Namespace, table: CsvTable, basis: Basis) -> ChartStudy:
    return attributes(args.type, _counts(args, table), basis)


TYPES: dict[str, Made] = {
    "xbar_r": lambda args, table, basis: xbar(_together(args, table), basis, "r"),
    "xbar_s": lambda args, table, basis: xbar(_together(args, table), basis, "s"),
    "imr": lambda args, table, basis: individuals(_alone(args, table), basis),
    **dict.fromkeys(FORMULAS, _attributes),
    "ewma": lambda args, table, basis: ewma(_subgroups(args, table), basis, args.weight, args.limits),
    "cusum": lambda args, table, basis: cusum(_subgroups(args, table), basis, Reach(args.k, args.h)),
    "short_run": _deviations,
    "short_run_z": _standardized,
    "run": lambda args, table, basis: run_chart(_subgroups(args, table), basis),
}
