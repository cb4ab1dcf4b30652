"""CSV for people: what a spreadsheet would take for a formula is shown to it as text.

A cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return and is no number gets an apostrophe in front,
which spreadsheets take for "this is text" (OWASP, CSV Injection). Numbers stay as they are. Programs want the cell
itself: `raw`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from typing import TextIO

from gaugetrail_collector.tracing import record_rows

ACTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class CsvRows:
    """Rows of `record_rows` under their heading, as CSV."""

    def __init__(self, out: TextIO, *, raw: bool) -> None:
        self._writer = csv.DictWriter(out, record_rows.COLUMNS, restval="", lineterminator="\n")
        self._raw = raw
        self._writer.writeheader()

    def write(self, rows: Iterable[Mapping[str, object]]) -> int:
        """How many."""
        count = 0
        for row in rows:
            self._writer.writerow(row if self._raw else {key: as_text(cell) for key, cell in row.items()})
            count += 1
        return count


def as_text(cell: object) -> object:
    """The cell, with an apostrophe where a spreadsheet would obey it."""
    if isinstance(cell, str) and cell.startswith(ACTS) and NUMBER.fullmatch(cell) is None:
        return f"'{cell}"
    return cell
