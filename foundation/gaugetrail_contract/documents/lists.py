"""The gauge register and the people list: from a table, from a TOML document, and back into a table.

Promise: a list is read whole and checked whole, and every fault is named with its row and column. CSV lists of before
(`id,calibration_due,status` and `id,name,qualification`) mean what they meant: whoever is on such a people list may
measure. A people table with a column for an operation or a characteristic says who is qualified, one row for each
qualification of a person, and then everybody needs one.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from gaugetrail_contract.documents.gauges import Gauge, GaugeRegister
from gaugetrail_contract.documents.people import PeopleList, Person, Qualification
from gaugetrail_contract.documents.tables import (
    BETWEEN,
    Column,
    FoundRows,
    Sheet,
    SheetRow,
    TableMapping,
    at_most,
    build,
    made_of,
    rows_of,
)
from gaugetrail_contract.files import read_bounded, text_of
from gaugetrail_contract.settings import ConfigError, Problem, load_settings, settings_in
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_contract.toml_words import TomlFault, read_toml

L = TypeVar("L", GaugeRegister, PeopleList)
MOST_LIST_BYTES = 16_000_000
"""Of a gauge register or people list."""

GAUGE_COLUMNS = (
    Column("id", ("id", "gauge", "gauge number", "inventory number"), required=True),
    Column("calibration_due", ("calibration_due", "calibration due", "due"), required=True),
    Column("status", ("status",), required=True),
    Column("kind", ("kind", "kind of gauge", "gauge type")),
    Column("resolution", ("resolution",), number=True),
    Column("unit", ("unit",)),
    Column("range_from", ("range_from", "range from"), number=True),
    Column("range_to", ("range_to", "range to"), number=True),
    Column("certificate", ("certificate", "certificate number")),
    Column("calibrated_on", ("calibrated_on", "calibrated on")),
    Column("grace_days", ("grace_days", "grace days")),
    Column("grace_approved_by", ("grace_approved_by", "grace approved by")),
    Column("characteristics", ("characteristics",), many=True),
    Column("location", ("location",)),
    Column("description", ("description",)),
)
PEOPLE_COLUMNS = (
    Column("badge", ("id", "badge"), required=True),
    Column("name", ("name",), required=True),
    Column("qualification", ("qualification",)),
    Column("roles", ("roles", "role"), many=True),
    Column("language", ("language",)),
    Column("line", ("line", "lines"), many=True),
    Column("operation", ("operation",)),
    Column("characteristic", ("characteristic",)),
    Column("issued", ("issued",)),
    Column("expires", ("expires",)),
    Column("evidence", ("evidence",)),
)
OF_PERSON = ("badge", "name", "qualification", "roles", "language", "line")
OF_QUALIFICATION = ("operation", "characteristic", "issued", "expires", "evidence")


# --- as files beside the settings


def load_gauges(path: Path) -> dict[str, Gauge]:
    """The gauge register, `.csv` or `.toml`, by inventory number. Raises `ConfigError` with every fault."""
    if path.suffix.lower() == ".toml":
        return {one.id: one for one in load_settings(GaugeRegister, path).settings.gauge}
    return {one.id: one for one in gauges_in(sheet_of(path)).gauge}


def load_people(path: Path) -> PeopleList:
    """The people list, `.csv` or `.toml`. Raises `ConfigError` with every fault."""
    if path.suffix.lower() == ".toml":
        return load_settings(PeopleList, path).settings
    return people_in(sheet_of(path))


def gauges_of(text: bytes, name: str) -> dict[str, Gauge]:
    """The gauge register in a document's text, TOML or CSV. Raises `ConfigError` with every fault."""
    return {one.id: one for one in _document(GaugeRegister, gauges_in, text, name).gauge}


def people_of_text(text: bytes, name: str) -> PeopleList:
    """The people list in a document's text, TOML or CSV. Raises `ConfigError` with every fault."""
    return _document(PeopleList, people_in, text, name)


def _document(model: type[L], in_sheet: Callable[[Sheet], L], text: bytes, name: str) -> L:
    try:
        read_toml(text_of(text))
    except TomlFault:
        return in_sheet(csv_sheet(name, text_of(text)))
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(name, "", "is not UTF-8 text")]) from error
    return settings_in(model, text, Path(name)).settings


def sheet_of(path: Path) -> Sheet:
    """A CSV file as a table; between cells a comma, or a semicolon where the headings have it. Raises `ConfigError`."""
    name = str(path)
    try:
        text = text_of(read_bounded(path, MOST_LIST_BYTES))
    except OSError as error:
        raise ConfigError([Problem(name, "", f"can't be read: {error.strerror or error}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(name, "", "is not UTF-8 text; save it as CSV UTF-8")]) from error
    return csv_sheet(name, text)


def csv_sheet(name: str, text: str) -> Sheet:
    """The same of a text that was read. Raises `ConfigError`."""
    head = text.partition("\n")[0]
    between = ";" if head.count(";") > head.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=between, strict=True)
    rows, lines = [], []
    try:
        for cells in reader:
            rows.append(cells)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise ConfigError([Problem(name, "", f"is not CSV: {error}", reader.line_num)]) from error
    ragged = [
        Problem(name, "", f"has another number of fields than the {len(rows[0])} of the head line", line)
        for cells, line in zip(rows, lines, strict=True)
        if cells and len(cells) != len(rows[0])
    ]
    if ragged:
        raise ConfigError(at_most(ragged, name))
    return Sheet(name, rows, lines=lines)


# --- out of tables


def gauges_in(sheet: Sheet, mapping: TableMapping | None = None) -> GaugeRegister:
    """A register of a table, whole. Raises `ConfigError` with every fault."""
    found, problems = rows_of(sheet, GAUGE_COLUMNS, mapping)
    if not problems:
        built = build(Gauge, found, GAUGE_COLUMNS)
        problems = [*built.problems, *_identifiers(found, "id"), *_twice(found, "id")]
        if not problems:
            return GaugeRegister(gauge=tuple(gauge for _, gauge in built.items))
    raise ConfigError(at_most(problems, sheet.file))


def people_in(sheet: Sheet, mapping: TableMapping | None = None) -> PeopleList:
    """A people list of a table, whole. Raises `ConfigError` with every fault."""
    found, problems = rows_of(sheet, PEOPLE_COLUMNS, mapping)
    kept = {"operation", "characteristic"} & {*found.headings, *(mapping.fixed if mapping else ())}
    if not problems and not kept and "qualification" not in found.headings:
        what = "lacks the column qualification, or operation, issued and expires"
        problems = [Problem(sheet.file, "", what, sheet.number(0))]
    if not problems:
        people, problems = _people(found, qualified=bool(kept))
        if not problems:
            return PeopleList(qualifications="required" if kept else "not_kept", person=tuple(people))
    raise ConfigError(at_most(problems, sheet.file))


def _people(found: FoundRows, *, qualified: bool) -> tuple[list[Person], list[Problem]]:
    """Each person of their first row, with the qualifications of all their rows."""
    problems = [*_identifiers(found, "badge"), *(() if qualified else _twice(found, "badge"))]
    first: dict[str, SheetRow] = {}
    of: dict[str, list[Qualification]] = {}
    for row in found.rows:
        badge = row.cells.get("badge", "")
        before = first.setdefault(badge, row)
        problems += _contradictions(found, before, row)
        data = {key: row.cells[key] for key in OF_QUALIFICATION if key in row.cells}
        if data and qualified:
            made, faults = made_of(Qualification, data, found, row.number)
            problems += faults
            of.setdefault(badge, []).extend(() if made is None else (made,))
    people = []
    alone = FoundRows(found.file, tuple(first.values()), found.headings)
    built = build(Person, alone, PEOPLE_COLUMNS, only=OF_PERSON)
    people = [one.model_copy(update={"qualified": tuple(of.get(one.badge, ()))}) for _, one in built.items]
    return people, [*problems, *built.problems]


def _contradictions(found: FoundRows, before: SheetRow, row: SheetRow) -> Iterator[Problem]:
    """A person's further rows say the same of the person, or nothing."""
    for key in OF_PERSON[1:]:
        text = row.cells.get(key)
        if row is not before and text is not None and text != before.cells.get(key):
            what = f"{text!r} contradicts row {before.number}, which is the same person's; write it once"
            yield found.problem(row.number, key, what)


def _identifiers(found: FoundRows, key: str) -> Iterator[Problem]:
    """Before pydantic's own words: why it can't be one."""
    for row in found.rows:
        text = row.cells.get(key)
        if text is None:
            continue
        reason = refuse_identifier(text)
        if reason is not None:
            yield found.problem(row.number, key, f"can't be used: {reason}")


def _twice(found: FoundRows, key: str) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for row in found.rows:
        text = row.cells.get(key, "")
        if text and seen.setdefault(text, row.number) != row.number:
            yield found.problem(row.number, key, f"{text} stands twice: row {seen[text]} has it already")


# --- into tables


def gauge_table(register: GaugeRegister) -> str:
    """The register as CSV, with every column that we know."""
    return csv_text(GAUGE_COLUMNS, [one.model_dump(mode="json") for one in register.gauge])


def people_table(people: PeopleList) -> str:
    """The list as CSV: a row for each qualification of a person."""
    rows: list[dict[str, Any]] = []
    for one in people.person:
        person = one.model_dump(mode="json", exclude={"qualified"})
        rows += [{**person, **held.model_dump(mode="json")} for held in one.qualified] or [person]
    columns: Sequence[Column] = PEOPLE_COLUMNS
    if people.qualifications == "not_kept":
        columns = tuple(one for one in PEOPLE_COLUMNS if one.key not in OF_QUALIFICATION)
    return csv_text(columns, rows)


def csv_text(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows by our column names as CSV, under our headings."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([column.heading for column in columns])
    writer.writerows([[_cell(row.get(column.key)) for column in columns] for row in rows])
    return out.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return BETWEEN.join(map(str, value)) if isinstance(value, list | tuple) else str(value)
