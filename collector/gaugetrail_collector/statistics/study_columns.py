"""Columns of a study of a measuring system: who measured which part, and what is true of it.

Promise: a study hides no gap. A cell that names a part, an appraiser or a decision and is empty is refused with its
line; a missing value is told by the study itself, which is unbalanced by it.
"""

from __future__ import annotations

import argparse
import contextlib
import math
from collections.abc import Sequence
from pathlib import Path

from gaugetrail_collector.statistics.csv_table import NUMBER, CsvTable, table_of
from gaugetrail_statistics.refusing import Refused


def finite(text: str) -> float:
    """A number as an option has it: `nan` and `inf` are none. Raises `argparse.ArgumentTypeError`."""
    if not NUMBER.fullmatch(text) or not math.isfinite(number := float(text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return number


def add_confidence(parser: argparse.ArgumentParser) -> None:
    """How sure intervals and tests are to be."""
    parser.add_argument("--confidence", type=finite, default=0.95, metavar="0.95", help="of intervals and tests")


def add_limits(parser: argparse.ArgumentParser) -> None:
    """The limits of what is measured."""
    parser.add_argument("--lsl", type=finite, metavar="L", help="lower limit")
    parser.add_argument("--usl", type=finite, metavar="U", help="upper limit")


def add_record_options(parser: argparse.ArgumentParser) -> None:
    """What is said of a study that is sealed (`study_record`)."""
    parser.add_argument("--record", action="store_true", help="seal the study into the store, under your name")
    parser.add_argument("--gauge", metavar="ID", help="inventory number of the gauge, required with --record")
    parser.add_argument("--for", dest="made_for", metavar="C", help="the characteristic, required with --record")
    parser.add_argument("--by", metavar="NAME", help="who you are: a user of the console, required with --record")
    parser.add_argument("--comment", default="", metavar="TEXT", help="what you have to say of it; kept with it")
    parser.add_argument("--stdin", action="store_true", help="read the password from standard input, its first line")
    # Where values may come out of the store, it is there already.
    with contextlib.suppress(argparse.ArgumentError):
        parser.add_argument(
            "--config", "-c", type=Path, metavar="FILE", help="of the store: the collector's settings file"
        )


def study_table(args: argparse.Namespace) -> CsvTable:
    """The rows that the options name, kept in `args.studied` for the record of the study. Raises `Refused`."""
    table = args.studied = table_of(args)
    return table


def filled(table: CsvTable, column: str) -> list[str]:
    """The column as text with nothing missing. Raises `Refused`."""
    words = table.words(column)
    for word, line in zip(words, table.lines, strict=True):
        if not word:
            raise Refused(f"{table.file}, line {line}, column {column} is empty: a study needs it in every row")
    return words


def trials(table: CsvTable, column: str | None) -> Sequence[str | None]:
    """The trials' names; null where rows repeat in order. Raises `Refused`."""
    return [None] * len(table) if column is None else filled(table, column)


def words_or_one(table: CsvTable, given: str) -> list[str]:
    """A column of that name, or else the same number for every row. Raises `Refused`."""
    if not table.has(given) and NUMBER.fullmatch(given):
        return [given] * len(table)
    return filled(table, given)


def measured_pieces(args: argparse.Namespace) -> tuple[list[float], list[float]]:
    """Values with the reference of each; rows without a value are left out. Raises `Refused`."""
    table = study_table(args)
    if args.value is None:
        raise Refused("no values: name their column with --value")
    values, references = table.numbers(args.value), table.numbers_or_one(args.reference)
    kept = []
    for value, reference, line in zip(values, references, table.lines, strict=True):
        if value is not None and reference is None:
            raise Refused(f"{table.file}, line {line} has a value and no reference")
        if value is not None and reference is not None:
            kept.append((value, reference))
    return [value for value, _ in kept], [reference for _, reference in kept]


def one_reference(references: Sequence[float]) -> float:
    """What all rows have. Raises `Refused`."""
    if not references:
        raise Refused("no values: the column is empty")
    if len(set(references)) > 1:
        raise Refused(
            f"{len(set(references))} references: this study is of one piece; linearity takes several, --where picks one"
        )
    return references[0]
