"""Reads one sheet of an Excel workbook and prints its rows as JSON: a process by itself, with little memory and time.

    python -m gaugetrail_collector.documents.from_tables.sheet_child FILE [SHEET]

The first line is `{"errors": [["F3", "#N/A"], …]}` or `{"fault": "…"}`; then a line for each row, cells as text: what a
number shows in Excel (15 digits), dates as YYYY-MM-DD, line breaks within a cell as spaces. Whatever goes beyond the
limits ends the process, and whoever started it says so. Where the system knows no such limits (Windows), only the
clock of whoever started it holds.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from decimal import Decimal

from python_calamine import CalamineError, CalamineWorkbook

MOST_BYTES = 90_000_000
MOST_SECS = 5
MOST_ERRORS = 500
_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*?>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*?>")
_ERROR = re.compile(rb"<(?:\w+:)?c\b([^>]*\bt=[\"']e[\"'][^>]*)>(.{0,400}?)</(?:\w+:)?c>", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]{1,20})<")


def main(path: str, wanted: str | None) -> Iterator[str]:
    """What is printed."""
    with CalamineWorkbook.from_path(path) as book:
        names = book.sheet_names
        if not names:
            yield json.dumps({"fault": "has no sheet: is it an Excel workbook?"})
            return
        if wanted is not None and wanted not in names:
            there = ", ".join(names)
            yield json.dumps({"fault": f"has no sheet {wanted!r} (there are: {there})"})
            return
        number = 0 if wanted is None else names.index(wanted)
        rows = book.get_sheet_by_index(number).to_python(skip_empty_area=False)
    yield json.dumps({"errors": errors_in(path, number)})
    for row in rows:
        yield json.dumps([text_of(cell) for cell in row], ensure_ascii=False)


def text_of(cell: object) -> str:
    """A cell as text."""
    match cell:
        case str():
            return " ".join(cell.split()) if "\n" in cell or "\r" in cell else cell
        case bool():
            return str(cell).upper()
        case float():
            return f"{Decimal(f'{cell:.15g}').normalize():f}"
        case dt.datetime() if cell.time() == dt.time():
            return cell.date().isoformat()
        case dt.date() | dt.time():
            return cell.isoformat()
        case _:
            return str(cell)


def errors_in(path: str, number: int) -> list[list[str]]:
    """Cells of the sheet that hold an error, which the reader gives as empty."""
    with zipfile.ZipFile(path) as packed:
        member = _member(packed, number)
        content = b"" if member is None else packed.read(member)
    found: list[list[str]] = []
    for cell in _ERROR.finditer(content):
        value = _VALUE.search(cell[2])
        found.append([_attribute(cell[1], "r") or "?1", "" if value is None else value[1].decode("utf-8", "replace")])
        if len(found) == MOST_ERRORS:
            break
    return found


def _member(packed: zipfile.ZipFile, number: int) -> str | None:
    """Where the sheet of that number lies."""
    sheets = _SHEET.findall(packed.read("xl/workbook.xml"))
    wanted = _attribute(sheets[number], "id") if number < len(sheets) else None
    for relation in _RELATION.findall(packed.read("xl/_rels/workbook.xml.rels")):
        if wanted is not None and _attribute(relation, "Id") == wanted:
            target = _attribute(relation, "Target") or ""
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return None


def _attribute(tag: bytes, name: str) -> str | None:
    found = re.search(rb"(?:^|[\s:])" + name.encode() + rb"=[\"']([^\"']*)[\"']", tag)
    return None if found is None else found[1].decode("utf-8", "replace")


def limit() -> None:
    """From here on, more ends the process."""
    try:
        import resource
    except ImportError:  # Windows
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECS, MOST_SECS))


if __name__ == "__main__":
    limit()
    try:
        for line in main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None):
            sys.stdout.buffer.write(line.encode() + b"\n")
    except (CalamineError, zipfile.BadZipFile, KeyError, OSError) as error:
        what = "is no Excel workbook that can be read: open it in Excel and save it anew"
        sys.stdout.buffer.write(json.dumps({"fault": f"{what} ({error})"}).encode() + b"\n")
