"""A draft of control limits, a document to approve."""

from __future__ import annotations

import argparse
import hashlib
from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gaugetrail_collector.statistics.chart_rows import chart_rows, counts_of, labels_of
from gaugetrail_collector.statistics.csv_table import CsvTable, moment_of, table_of
from gaugetrail_collector.statistics.doors import chart
from gaugetrail_collector.statistics.recorded_limits import RECORDED
from gaugetrail_contract.documents.limits import CHARTS, LimitsDocument
from gaugetrail_contract.documents.toml_text import toml_text
from gaugetrail_statistics.charts.attributes import FORMULAS
from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.chart import ChartPoint, ChartStudy
from gaugetrail_statistics.charts.memory import OWN_RULES
from gaugetrail_statistics.refusing import Refused

OF_TYPES = ("lambda", "k", "sigma_z")
"""What a document holds of one type alone; h stands in the limit of the sums."""
MEASURED, DIGITS = "measured_time", "digits"
"""Columns of the store: when (its rows stand in that order already), and the value as it stands in the record."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Those of a chart, and the head of the document."""
    chart.add_options(parser)
    parser.add_argument("--id", required=True, help="the document's id, such as CL-bore-OP20")
    parser.add_argument("--of", required=True, metavar="CHARACTERISTIC", help="the characteristic, by the plan's name")
    parser.add_argument("--reason", required=True, help="why these limits hold from now on")
    for name, text in (("part-number", "the part that they are for"), ("operation", "the step"), ("unit", "of values")):
        parser.add_argument(f"--{name}", help=text)
    parser.add_argument("--out", type=Path, metavar="F.toml", help="write the document there")


def answer(args: argparse.Namespace) -> dict[str, object]:
    """The document, and the numbers in it. Raises `Refused`."""
    if args.type not in CHARTS:
        raise Refused(f"limits of type {args.type} are no document; they are of {', '.join(CHARTS)}")
    if args.limits == RECORDED:
        raise Refused("a draft is made of a baseline, not of limits that held; leave --limits recorded out")
    args.beside = [*args.beside, MEASURED, DIGITS]
    table = chart_rows(args, table_of(args))
    study, basis = chart.study_of(args, table)
    document = _document(args, table, study, basis)
    text = toml_text(document)
    if args.out is not None:
        _write(args.out, text)
    return {
        "n": study.n,
        "method": f"{args.type}, {basis.width:g} sigma, a draft: it holds once it is approved",
        "formulas": study.formulas,
        "sigma": document.sigma,
        "limits": [one.model_dump() for one in document.chart],
        "document": text,
        "warnings": study.warnings,
    }


def _document(args: argparse.Namespace, table: CsvTable, study: ChartStudy, basis: Basis) -> LimitsDocument:
    points = next(iter(study.charts.values())).points
    base = [point for point in points if point.phase == "baseline"]
    whole: dict[str, Any] = {
        "id": args.id,
        "part": args.part_number,
        "operation": args.operation,
        "characteristic": args.of,
        "unit": args.unit,
        "type": args.type,
        "subgroup_size": _size(args, table, points),
        "sigma": None if study.sigma_within is None else digits(study.sigma_within),
        "estimator": study.estimator,
        **{
            name: digits(number)
            for name, number in study.more.items()
            if name in OF_TYPES and isinstance(number, float)
        },
        "rules": OWN_RULES.get(args.type, [rule.name for rule in basis.rules]),
        "reason": args.reason,
        "baseline": _baseline(args, table, points) if base else None,
        "chart": [
            {"name": name, "center": _one(own.center), "ucl": _one(own.ucl), "lcl": _lower(args.type, own.lcl)}
            for name, own in study.charts.items()
        ],
    }
    try:
        return LimitsDocument.model_validate({key: value for key, value in whole.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in first["loc"])
        raise Refused(
            f"the document would not be taken: {where}: {first['msg'].removeprefix('Value error, ')}"
        ) from error


def digits(number: float) -> str:
    """All its digits, without an exponent."""
    return format(Decimal(repr(number)), "f")


def _one(number: float | None) -> str:
    """A limit that all points share. Raises `Refused`."""
    if number is None:
        raise Refused("limits differ from point to point: a document holds those of one size and of limits as they end")
    return digits(number)


def _lower(kind: str, number: float | None) -> str | None:
    return None if kind == "cusum" else _one(number)


def _size(args: argparse.Namespace, table: CsvTable, points: tuple[ChartPoint, ...]) -> int:
    """Values of a subgroup, or units inspected. Raises `Refused` where they differ."""
    if args.type in FORMULAS:
        sizes = {one.size for one in counts_of(args, table) if one.size is not None}
    elif args.type != "imr" and (labels := labels_of(args, table)) is not None:
        words = table.words(args.value)
        filled = [label for label, word in zip(labels, words, strict=True) if word]
        sizes = {float(filled.count(point.label)) for point in points if point.value is not None or point.sums}
    else:
        sizes = {1.0}
    if len(sizes) != 1 or (size := sizes.pop()) != int(size):
        raise Refused("sizes differ, or are no whole numbers: a document holds limits of one size")
    return int(size)


def _baseline(args: argparse.Namespace, table: CsvTable, points: tuple[ChartPoint, ...]) -> dict[str, object]:
    """When, how many and which values, by the digest of their digits. Raises `Refused`."""
    column = args.count if args.type in FORMULAS else args.value
    labels = labels_of(args, table) or [str(at) for at in range(1, len(table) + 1)]
    inside = {point.label for point in points if point.phase == "baseline"}
    rows = [at for at, word in enumerate(table.words(column)) if word and labels[at] in inside]
    column_of_times = args.time or (None if args.characteristic is None else MEASURED)
    if column_of_times is None:
        raise Refused("a baseline has a beginning and an end: name the column of times with --time")
    times = table.words(column_of_times)
    moments = sorted(_moment(table, column_of_times, times[at], table.lines[at]) for at in rows)
    words = table.words(DIGITS if args.characteristic is not None and column == "value" else column)
    return {
        "since": moments[0],
        "until": moments[-1],
        "n": len(rows),
        "sha256": hashlib.sha256("".join(f"{words[at]}\n" for at in rows).encode()).hexdigest(),
        "excluded": [f"point {p.at} ({p.label}): {p.cause}" for p in points if p.phase == "excluded"],
    }


def _moment(table: CsvTable, column: str, text: str, line: int) -> str:
    """A time of the table as documents write it. Raises `Refused`."""
    moment = moment_of(table, column, text, line)
    if moment.tzinfo is None:
        raise Refused(f"{table.file}, line {line}, column {column}: {text} has no zone; write Z or +01:00 behind it")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise Refused(f"{path} can't be written: {error.strerror or error}") from error
