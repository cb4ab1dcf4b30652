"""The limits that records say they were judged by, for the points of a chart.

Promise: a point of several rows has the limits of its last: that one completed it. What says no version held by none.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from gaugetrail_collector.statistics.chart_rows import alone, counts_of, labels_of, together
from gaugetrail_collector.statistics.csv_table import CsvTable
from gaugetrail_statistics.charts.as_held import HeldLimits, as_held
from gaugetrail_statistics.charts.attributes import FORMULAS
from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartStudy
from gaugetrail_statistics.refusing import Refused

RECORDED = "recorded"
VERSION = ["control_version", "control_document"]
NUMBERS = ["cl", "ucl", "lcl"]
"""Columns of `export`, and of the store."""
CHARTS: Mapping[str, str] = {"imr": "i", "xbar_r": "xbar", "xbar_s": "xbar"} | {kind: kind for kind in FORMULAS}
"""What a record's limits are of; the moving range and the spread have none there."""


def held_limits(args: argparse.Namespace, table: CsvTable) -> list[HeldLimits | None] | None:
    """By point; nothing at all where the table doesn't say it. Raises `Refused`."""
    if not table.has(VERSION[0]):
        return None
    rows = _rows(table, numbers=args.limits == RECORDED)
    labels = labels_of(args, table)
    if labels is None:
        return rows
    by_label: dict[str, HeldLimits | None] = {}
    for label, own in zip(labels, rows, strict=True):
        by_label[label] = own or by_label.get(label)
    return list(by_label.values())


def recorded_study(
    args: argparse.Namespace, table: CsvTable, basis: Basis, held: list[HeldLimits | None] | None
) -> ChartStudy:
    """The chart by limits as they held. Raises `Refused`."""
    name = CHARTS.get(args.type)
    if name is None:
        raise Refused(f"limits as recorded are for {', '.join(CHARTS)}, not for {args.type}")
    if held is None:
        raise Refused(f"{table.file} has no column {VERSION[0]}: export writes it, and the store has it")
    values = _values(args, table)
    return ChartStudy(
        n=len(values),
        charts={name: as_held(values, held, basis)},
        formulas={"limits": "those that held for each point, as its record says them; sigma = (ucl - center)/width"},
    )


def _values(args: argparse.Namespace, table: CsvTable) -> list[tuple[str, float | None]]:
    if args.type not in FORMULAS:
        points = alone(args, table) if args.type == "imr" else together(args, table)
        return [(one.label, one.mean()) for one in points]
    plain = args.type in ("np", "c")
    return [
        (one.label, one.count if plain or one.count is None or not one.size else one.count / one.size)
        for one in counts_of(args, table)
    ]


def _rows(table: CsvTable, *, numbers: bool) -> list[HeldLimits | None]:
    versions, empty = table.words(VERSION[0]), [""] * len(table)
    documents = table.words(VERSION[1]) if table.has(VERSION[1]) else empty
    names = [f"{document} {version}".strip() for document, version in zip(documents, versions, strict=True)]
    if not numbers:
        known = {name: HeldLimits(name) for name in set(names)}
        return [known[name] if version else None for name, version in zip(names, versions, strict=True)]
    columns = (table.numbers(name) for name in NUMBERS)
    return [
        HeldLimits(name, *limits) if version else None
        for name, version, *limits in zip(names, versions, *columns, strict=True)
    ]
