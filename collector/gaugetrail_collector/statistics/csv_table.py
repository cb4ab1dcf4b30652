"""A table for statistics, of a CSV file (`--data F.csv`) or of the store (`--characteristic C`), filtered by `--where`,
its columns named by options.

Promise: rows come in the file's order, or in that of `--time`, those that `--where` leaves; an empty cell is a missing
value (`None`), and anything else that isn't a number where one is asked for is refused with its line and column.
Nothing is guessed: a decimal comma, `NaN` and a second column of the same name are refused. Between cells stands a
comma, or a semicolon or tab where the line of headings has more of them.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gaugetrail_collector.statistics.store_table import add_store_options, store_table
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_statistics.refusing import Refused

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
MEANINGS = {
    "value": "the measured value",
    "subgroup": "the subgroup that a row belongs to; in the order of first appearance",
    "count": "defectives, or defects",
    "size": "units inspected or opportunities: a column, or a number for all rows",
    "part": "the part that was measured",
    "appraiser": "who measured",
    "trial": "which repetition; without it rows repeat in their order",
    "reference": "the true value: a column, or a number for all rows",
}
"""The columns that options name, with what stands in them."""


def add_data(parser: argparse.ArgumentParser, *columns: str, required: Sequence[str] = ()) -> None:
    """`--data`, `--where` and an option for each of these columns (of `MEANINGS`)."""
    parser.add_argument("--data", type=Path, metavar="F.csv", help="the table, with a line of headings")
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="COLUMN=VALUE",
        help="only rows that have this value; may be repeated",
    )
    parser.add_argument(
        "--time", metavar="COLUMN", help="of --data: when each value was measured; rows then count in that order"
    )
    add_store_options(parser)
    for name in columns:
        usual = name == "value" and name in required
        text = f"{MEANINGS[name]}{', value if left out' if usual else ', required' if name in required else ''}"
        parser.add_argument(
            f"--{name}",
            metavar="COLUMN",
            required=name in required and not usual,
            default="value" if usual else None,
            help=text,
        )


@dataclass(frozen=True, slots=True)
class CsvTable:
    """Rows of text under headings, each with the line of the file that it ends on."""

    file: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: Sequence[int]

    def __len__(self) -> int:
        return len(self.rows)

    def has(self, column: str) -> bool:
        """Whether there is a heading of that name."""
        return column in self.header

    def words(self, column: str) -> list[str]:
        """The column as text, empty where nothing stands. Raises `Refused`."""
        at = self._index(column)
        return [row[at] for row in self.rows]

    def numbers(self, column: str) -> list[float | None]:
        """The column as numbers, `None` where nothing stands. Raises `Refused`."""
        at = self._index(column)
        return [
            None if not row[at] else self._number(row[at], column, line)
            for row, line in zip(self.rows, self.lines, strict=True)
        ]

    def present(self, column: str) -> list[float]:
        """The column as numbers, without what is missing. Raises `Refused`."""
        return [value for value in self.numbers(column) if value is not None]

    def numbers_or_infinite(self, given: str) -> list[float | None]:
        """A column of that name, or one number for every row; `None` where there is no end. Raises `Refused`."""
        endless = ("inf", "infinite", "infinity", "∞")
        if not self.has(given):
            return [None] * len(self) if given.lower() in endless else self.numbers_or_one(given)
        at = self._index(given)
        return [
            None if not row[at] or row[at].lower() in endless else self._number(row[at], given, line)
            for row, line in zip(self.rows, self.lines, strict=True)
        ]

    def numbers_or_one(self, given: str) -> list[float | None]:
        """A column of that name, or else the same number for every row. Raises `Refused`."""
        if not self.has(given) and NUMBER.fullmatch(given):
            return [float(given)] * len(self)
        return self.numbers(given)

    def only(self, kept: Sequence[int]) -> CsvTable:
        """These rows alone, by their places from 0."""
        rows, lines = tuple(self.rows[at] for at in kept), tuple(self.lines[at] for at in kept)
        return CsvTable(self.file, self.header, rows, lines)

    def _number(self, text: str, column: str, line: int) -> float:
        if NUMBER.fullmatch(text) and abs(number := float(text)) != float("inf"):
            return number
        hint = ": write a decimal point" if re.fullmatch(r"[+-]?\d+,\d+", text) else ""
        raise Refused(f"{self.file}, line {line}, column {column}: {text[:40]!r} is no number{hint}")

    def _index(self, column: str) -> int:
        found = self.header.count(column)
        if found == 1:
            return self.header.index(column)
        if found:
            raise Refused(f"{self.file} has {found} columns that are called {column!r}; give them different names")
        known = ", ".join(self.header)
        raise Refused(f"{self.file} has no column {column!r}, only {known}{did_you_mean(column, self.header)}")


def table_of(args: argparse.Namespace) -> CsvTable:
    """The rows that the options name. Raises `Refused`."""
    if args.characteristic is not None:
        found = store_table(args)
        args.notes = found.notes
        return filtered(found, args.where)
    if args.data is None:
        raise Refused("no data: give a table with --data F.csv, or --characteristic C of the store")
    table = filtered(read_csv(args.data), args.where)
    return table if args.time is None else by_time(table, args.time)


def by_time(table: CsvTable, column: str) -> CsvTable:
    """The rows as they were measured, late ones where they belong; of one moment as in the file. Raises `Refused`."""
    moments = [
        moment_of(table, column, word, line) for word, line in zip(table.words(column), table.lines, strict=True)
    ]
    if len({moment.tzinfo is None for moment in moments}) > 1:
        raise Refused(f"{table.file}, column {column}: some times have a zone and some have none; give all of them one")
    return table.only(sorted(range(len(table)), key=moments.__getitem__))


def moment_of(table: CsvTable, column: str, text: str, line: int) -> datetime:
    """A cell as a time. Raises `Refused`."""
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        said = f"{text[:40]!r} is no time: 2026-11-02T06:00:00Z"
        raise Refused(f"{table.file}, line {line}, column {column}: {said}") from error


def filtered(table: CsvTable, conditions: Sequence[str]) -> CsvTable:
    """The rows that meet every `COLUMN=VALUE`. Raises `Refused`, where none is left too."""
    for condition in conditions:
        column, equals, value = condition.partition("=")
        if not equals:
            raise Refused(f"--where {condition} has no =: write COLUMN=VALUE")
        words = table.words(column)
        kept = [at for at, word in enumerate(words) if word == value.strip()]
        if not kept:
            seen = ", ".join(list(dict.fromkeys(words))[:10])
            raise Refused(f"no row of {table.file} has {condition}; in column {column} stand {seen or 'no values'}")
        table = table.only(kept)
    return table


def read_csv(path: Path) -> CsvTable:
    """A file as a table. Raises `Refused`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is not UTF-8 text; save it as CSV UTF-8") from error
    return table_of_text(path.name, text)


def table_of_text(file: str, text: str) -> CsvTable:
    """The same of a text that was read. Raises `Refused`."""
    head = text.partition("\n")[0]
    between = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between, strict=True)
    rows, lines = [], []
    try:
        for cells in reader:
            if any(cells):
                rows.append(tuple(cell.strip() for cell in cells))
                lines.append(reader.line_num)
    except csv.Error as error:
        raise Refused(f"{file}, line {reader.line_num} is not CSV: {error}") from error
    if len(rows) < 2:
        raise Refused(f"{file} has no rows under a line of headings")
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(rows[0]):
            raise Refused(f"{file}, line {line} has {len(row)} cells, the line of headings {len(rows[0])}")
    return CsvTable(file, rows[0], tuple(rows[1:]), tuple(lines[1:]))
