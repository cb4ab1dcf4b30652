"""Tables that people keep, row by row into a model: each fault with its row and column, and nothing half read.

Promise: `rows_of` finds the line of headings, whatever stands above it, and gives what stands below by our own column
names; `build` makes a model of each row or names every fault there is, never the first one only. A cell is text: what a
number is, the model says. Where a plant has other headings, a mapping gives them. Pure; whoever reads the file makes
the `Sheet`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails

from gaugetrail_contract.settings import Problem, Settings, fault_in_words
from gaugetrail_contract.suggestions import did_you_mean
from gaugetrail_contract.text import Text

MOST_ROWS = 100_000
MOST_FAULTS = 200
"""More are counted, not listed."""
HEADINGS_WITHIN = 40
"""Rows from the top in which the line of headings is looked for: a control plan form has a block of names above it."""
BETWEEN = ";"
"""Between several entries of one cell."""
_COMMA = re.compile(r"-?[0-9]+,[0-9]+")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read: rows of cells as text, the first of them numbered `first`."""

    file: str
    rows: Sequence[Sequence[str]]
    first: int = 1
    lines: Sequence[int] = ()
    """Where a row isn't one line of the file: the line that each ends on."""

    def number(self, index: int) -> int:
        """What people call the row."""
        return self.lines[index] if self.lines else self.first + index


@dataclass(frozen=True, slots=True)
class Column:
    """A column that we know: the model's key, and the headings that it may stand under."""

    key: str
    headings: tuple[str, ...]
    required: bool = False
    many: bool = False
    """Several entries in a cell, with `;` between them."""
    number: bool = False
    """A decimal comma in it is a fault, or a point where the mapping says so."""

    @property
    def heading(self) -> str:
        """The first, which is written."""
        return self.headings[0]


class TableMapping(Settings):
    """How a plant's own table is read: `[columns]` says under which heading each of our columns stands."""

    columns: dict[Text, Text] = Field({}, description="our column = your heading", examples=[{"usl": "obere Grenze"}])
    decimal: str = Field(".", pattern="^[.,]$", description="what stands before the decimals of a number")
    fixed: dict[Text, Text] = Field(
        {}, description="our column = the value of every row, where the table has no such column"
    )


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row by our column names; what is empty isn't there."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FoundRows:
    """The rows below the headings, and what they stood under: our column -> the heading as it is written there."""

    file: str
    rows: tuple[SheetRow, ...]
    headings: Mapping[str, str]
    above: tuple[SheetRow, ...] = ()
    """What stands above the headings, each cell under its number."""
    faults: tuple[Problem, ...] = ()
    """Of single cells, which are read on as if they were well: what else is wrong is to be found, too."""

    def problem(self, row: int | None, key: str, message: str, allowed: str | None = None) -> Problem:
        """A fault at a place of the table."""
        return Problem(self.file, self.headings.get(key, key), message, row, allowed)


def plain_heading(text: str) -> str:
    """What two headings are compared by: small letters, single spaces, none around a slash, nothing at the ends."""
    return re.sub(r" ?/ ?", "/", " ".join(text.split())).strip(" .:*").casefold()


def rows_of(
    sheet: Sheet, columns: Sequence[Column], mapping: TableMapping | None = None
) -> tuple[FoundRows, list[Problem]]:
    """What stands under headings that we know; and what is wrong with the headings or the table as such, in which case
    its rows can't be understood.
    """
    mapping = mapping or TableMapping()
    strange = sorted({*mapping.columns, *mapping.fixed} - {column.key for column in columns})
    if strange:
        return FoundRows(sheet.file, (), {}), [_unknown_column(sheet, strange[0], [column.key for column in columns])]
    at, places = _headings(sheet, columns, mapping)
    line = heading_line(sheet, at) if at < len(sheet.rows) else []
    headings = {key: " ".join(line[place].split()) for key, place in places.items()}
    problems = list(_heading_faults(sheet, columns, mapping, at, places))
    found = FoundRows(sheet.file, (), headings, tuple(_above(sheet, at)))
    rows: list[SheetRow] = []
    faults: list[Problem] = []
    for index in range(at + 1, len(sheet.rows)):
        cells = sheet.rows[index]
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MOST_ROWS:
            problems.append(Problem(sheet.file, "", f"has more than {MOST_ROWS:,} rows", sheet.number(index)))
            break
        taken = {key: cells[place].strip() for key, place in places.items() if place < len(cells)}
        taken = {**mapping.fixed, **{key: text for key, text in taken.items() if text}}
        row, commas = _numbers(found, SheetRow(sheet.number(index), taken), columns, mapping.decimal)
        faults += commas
        rows.append(row)
    return replace(found, rows=tuple(rows), faults=tuple(faults)), problems


def _unknown_column(sheet: Sheet, name: str, known: Sequence[str]) -> Problem:
    what = f"the mapping names the column {name!r}, which there isn't{did_you_mean(name, known)}"
    return Problem(sheet.file, "", what, allowed=", ".join(known))


def heading_line(sheet: Sheet, index: int) -> list[str]:
    """The headings of a row; where one is empty, what stands above it: cells of two rows that were merged."""
    line = list(sheet.rows[index])
    above = sheet.rows[index - 1] if index else ()
    return [cell if cell.strip() or at >= len(above) else above[at] for at, cell in enumerate(line)]


def _headings(sheet: Sheet, columns: Sequence[Column], mapping: TableMapping) -> tuple[int, dict[str, int]]:
    """The row that has most of our headings, and where each stands; the first row where none has any."""
    best: tuple[int, dict[str, int]] = (0, {})
    for index in range(min(len(sheet.rows), HEADINGS_WITHIN)):
        plain = [plain_heading(cell) for cell in heading_line(sheet, index)]
        places = {}
        for column in columns:
            known = (mapping.columns[column.key],) if column.key in mapping.columns else column.headings
            wanted = [plain_heading(heading) for heading in known]
            place = next((plain.index(one) for one in wanted if one in plain), None)
            if place is not None:
                places[column.key] = place
        if len(places) > len(best[1]):
            best = index, places
    return best


def _heading_faults(
    sheet: Sheet, columns: Sequence[Column], mapping: TableMapping, at: int, places: Mapping[str, int]
) -> Iterator[Problem]:
    line = heading_line(sheet, at) if at < len(sheet.rows) else []
    there = [" ".join(cell.split()) for cell in line if cell.strip()]
    missing = [
        mapping.columns.get(one.key, one.heading)
        for one in columns
        if (one.required or one.key in mapping.columns) and one.key not in {*places, *mapping.fixed}
    ]
    if missing:
        what = f"lacks the column {', '.join(missing)}"
        yield Problem(sheet.file, "", what, sheet.number(at), there=", ".join(there) or "no headings")
    plain = [plain_heading(cell) for cell in line]
    headings = {key: " ".join(line[place].split()) for key, place in places.items()}
    for key, place in places.items():
        if plain.count(plain[place]) > 1:
            yield Problem(sheet.file, headings[key], "stands twice", sheet.number(at))
        if key in mapping.fixed:
            what = "is in the table, and the mapping has a fixed value for it: keep one"
            yield Problem(sheet.file, headings[key], what, sheet.number(at))


def _above(sheet: Sheet, at: int) -> Iterator[SheetRow]:
    for index in range(at):
        cells = {str(place): cell.strip() for place, cell in enumerate(sheet.rows[index]) if cell.strip()}
        if cells:
            yield SheetRow(sheet.number(index), cells)


def _numbers(
    found: FoundRows, row: SheetRow, columns: Sequence[Column], decimal: str
) -> tuple[SheetRow, list[Problem]]:
    cells, faults = dict(row.cells), []
    for column in columns:
        text = cells.get(column.key, "")
        if not column.number or not _COMMA.fullmatch(text):
            continue
        cells[column.key] = point = text.replace(",", ".")
        if decimal != ",":
            what = f'{text} has a comma: write {point}, or say decimal = "," in the mapping file'
            faults.append(found.problem(row.number, column.key, what))
    return SheetRow(row.number, cells), faults


# --- rows into models

M = TypeVar("M", bound=Settings)


@dataclass(frozen=True, slots=True)
class Built(Generic[M]):
    """Models with the row of each, and every fault; where there is a fault nothing of it may be used."""

    items: tuple[tuple[SheetRow, M], ...]
    problems: tuple[Problem, ...] = field(default=())


def build(
    model: type[M], found: FoundRows, columns: Sequence[Column], *, only: Sequence[str] | None = None
) -> Built[M]:
    """A model of each row. `only`: the keys that are this model's, where a row says something of two."""
    items, problems = [], list(found.faults)
    many = {column.key for column in columns if column.many}
    for row in found.rows:
        data: dict[str, Any] = {
            key: [part.strip() for part in text.split(BETWEEN) if part.strip()] if key in many else text
            for key, text in row.cells.items()
            if only is None or key in only
        }
        made, faults = made_of(model, data, found, row.number)
        problems += faults
        if made is not None:
            items.append((row, made))
    return Built(tuple(items), tuple(problems))


def made_of(model: type[M], data: Mapping[str, Any], found: FoundRows, row: int) -> tuple[M | None, list[Problem]]:
    """The model of a row's values, or its faults by column."""
    try:
        return model.model_validate(data, context=None), []
    except ValidationError as error:
        return None, [_fault(model, found, row, data, detail) for detail in error.errors(include_url=False)]


def _fault(model: type[M], found: FoundRows, row: int, data: Mapping[str, Any], detail: ErrorDetails) -> Problem:
    steps, message, allowed = fault_in_words(model, detail)
    key = str(steps[0]) if steps else _named_in(message, found, data)
    text = data.get(key)
    seen = f"{text!r}: " if isinstance(text, str) and text not in message else ""
    return found.problem(row, key, f"{seen}{message}", allowed)


def _named_in(message: str, found: FoundRows, data: Mapping[str, Any]) -> str:
    """The column that a sentence about the whole row names first."""
    places = [(at, key) for key in data if key in found.headings and (at := _word_at(message, key)) >= 0]
    return min(places)[1] if places else ""


def _word_at(message: str, word: str) -> int:
    place = re.search(rf"\b{re.escape(word)}\b", message)
    return -1 if place is None else place.start()


def at_most(problems: Sequence[Problem], file: str) -> list[Problem]:
    """As many faults as anybody reads, in the order of the rows, one a cell, and how many more there are."""
    by_cell: dict[tuple[object, ...], Problem] = {}
    for one in problems:
        by_cell.setdefault((one.line, one.key, "" if one.line and one.key else one.message), one)
    listed = sorted(by_cell.values(), key=lambda one: one.line or 0)
    if len(listed) <= MOST_FAULTS:
        return listed
    more = Problem(file, "", f"and {len(listed) - MOST_FAULTS} more faults")
    return [*listed[:MOST_FAULTS], more]
