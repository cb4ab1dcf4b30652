"""The rows of a table as a chart's points: single values, subgroups, counts with their sizes.

Promise: rows stand together where `--subgroup` says so, by first appearance, or by `--subgroup-size` one after the
other, of those that have a cell; rows that fill no subgroup of that size are left out and told. Each row alone else.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gaugetrail_collector.statistics.csv_table import CsvTable
from gaugetrail_contract.counts import counted
from gaugetrail_statistics import moments
from gaugetrail_statistics.charts.attributes import FORMULAS, WITHOUT_SIZE, Count
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.subgroups import RationalSubgroup, single_values, subgroups_of


def chart_rows(args: argparse.Namespace, table: CsvTable) -> CsvTable:
    """The table, less what fills no subgroup where a size is given. Raises `Refused`."""
    if args.subgroup_size is None:
        return table
    if args.subgroup is not None:
        raise Refused("subgroups are named by a column or are rows one after the other: --subgroup or --subgroup-size")
    if args.subgroup_size < 2:
        raise Refused(f"--subgroup-size {args.subgroup_size} is no subgroup: it takes two rows or more")
    there = [at for at, word in enumerate(table.words(plotted_column(args))) if word]
    over = len(there) % args.subgroup_size
    if over == len(there):
        raise Refused(f"{counted(over, 'row')} fill no subgroup of {args.subgroup_size}")
    if over:
        args.notes = (*args.notes, f"{counted(over, 'row')} left out: they fill no subgroup of {args.subgroup_size}")
    return table.only(there[: len(there) - over])


def plotted_column(args: argparse.Namespace) -> str:
    """The column of values, or of counts. Raises `Refused`."""
    return needed(args, "count" if args.type in FORMULAS else "value")


def labels_of(args: argparse.Namespace, table: CsvTable) -> Sequence[str] | None:
    """The subgroup of each row; `None` where each stands alone. Raises `Refused`."""
    if args.subgroup_size is not None:
        return [str(at // args.subgroup_size + 1) for at in range(len(table))]
    if args.subgroup is None:
        return None
    labels = table.words(args.subgroup)
    for label, line in zip(labels, table.lines, strict=True):
        if not label:
            raise Refused(f"{table.file}, line {line}, column {args.subgroup} is empty: which subgroup is it of?")
    return labels


def subgroups(args: argparse.Namespace, table: CsvTable) -> list[RationalSubgroup]:
    """The values of `--value`, together where options say so. Raises `Refused`."""
    values, labels = table.numbers(needed(args, "value")), labels_of(args, table)
    return single_values(values) if labels is None else subgroups_of(labels, values)


def together(args: argparse.Namespace, table: CsvTable) -> list[RationalSubgroup]:
    """The same, where each alone makes no chart. Raises `Refused`."""
    if args.subgroup_size is None:
        needed(args, "subgroup")
    return subgroups(args, table)


def alone(args: argparse.Namespace, table: CsvTable) -> list[RationalSubgroup]:
    """Single values; a column of `--subgroup` may name them. Raises `Refused`."""
    values, labels = table.numbers(needed(args, "value")), labels_of(args, table)
    if labels is None:
        return single_values(values)
    if len(set(labels)) < len(labels):
        named = args.subgroup or "--subgroup-size"
        raise Refused(f"imr takes single values, and {named} puts several together; take xbar_r or xbar_s")
    return single_values(values, labels)


def counts_of(args: argparse.Namespace, table: CsvTable) -> list[Count]:
    """Counts with their sizes, added up where rows stand together. Raises `Refused`."""
    counts = table.numbers(needed(args, "count"))
    if args.type not in WITHOUT_SIZE:
        needed(args, "size")
    sizes = [1.0] * len(table) if args.size is None else table.numbers_or_one(args.size)
    labels = labels_of(args, table)
    if labels is None:
        return [Count(str(at), *pair) for at, pair in enumerate(zip(counts, sizes, strict=True), 1)]
    gathered: dict[str, list[tuple[float, float]]] = {}
    for label, count, size in zip(labels, counts, sizes, strict=True):
        own = gathered.setdefault(label, [])
        if count is not None and size is not None:
            own.append((count, size))
    return [
        Count(label, sum(count for count, _ in own), moments.total([size for _, size in own]))
        if own
        else Count(label, None, None)
        for label, own in gathered.items()
    ]


def needed(args: argparse.Namespace, option: str) -> str:
    """What an option says that the type can't be without. Raises `Refused`."""
    given = getattr(args, option)
    if given is None:
        raise Refused(f"a chart of type {args.type} needs --{option}")
    return str(given)
