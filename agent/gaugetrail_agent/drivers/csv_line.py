"""Any device that sends lines of fields: the settings say which column is what.

For the gauge that no profile knows and that sends something like `12;ST;+0012,345;mm`. Columns count from 1. Promise:
what does not fit the settings is refused (`garbled`) and never guessed at: another number of columns, a status text
that no setting names, a value that is not plain decimal digits. Lines end with CR, LF or both; empty lines are skipped.

    separator      , (default) ; | tab space, or any other single character
    decimal        . (default) or ,
    value          column of the value (required)
    channel, unit_column, status   columns of the channel, the unit, the status text
    unit           the unit, where no column tells it
    columns        how many columns a line must have
    extra          further columns by name: lot=4|operator=5
    ok, unstable, over, under, no_value, error   the texts that mean so, separated by |
    ignore         lines that begin with this are no readings (a headline)
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gaugetrail_agent.drivers import Action, StreamDriver
from gaugetrail_agent.drivers.driver_settings import choice, refuse_unknown, whole_number
from gaugetrail_agent.reading import WITH_VALUE, Reading, Status, normal_decimal

NAME = "csv-line"
LONGEST_LINE = 2048
MOST_COLUMNS = 200
FIXED_KEYS = frozenset({"status", "value", "unit", "channel", "error_code", "raw_hex", "decimals", "text"})
SEPARATORS = {"tab": "\t", "space": " ", "comma": ",", "semicolon": ";"}
STATUS_TEXTS = {
    "ok": Status.OK,
    "unstable": Status.UNSTABLE,
    "over": Status.OVERRANGE,
    "under": Status.UNDERRANGE,
    "no_value": Status.NO_VALUE,
    "error": Status.ERROR,
}
COLUMNS = ("value", "channel", "unit_column", "status", "columns")
ALLOWED = (*COLUMNS, *STATUS_TEXTS, "separator", "decimal", "unit", "extra", "ignore")


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column is what; columns count from 1."""

    value: int
    separator: str = ","
    decimal: str = "."
    channel: int | None = None
    unit_column: int | None = None
    status: int | None = None
    columns: int | None = None
    unit: str | None = None
    ignore: str | None = None
    statuses: Mapping[str, Status] = field(default_factory=dict)
    extra: Mapping[str, int] = field(default_factory=dict)


def build(name: str, settings: Mapping[str, str]) -> StreamDriver:
    """The settings of the module's docstring."""
    refuse_unknown(name, settings, ALLOWED)
    separator = SEPARATORS.get(settings.get("separator", ","), settings.get("separator", ","))
    if len(separator) != 1 or separator in "\r\n\"'0123456789+-.":
        raise ValueError(f"{name}: separator = {separator!r} is no single character (or tab, space) between fields")
    decimal = choice(name, settings, "decimal", (".", ","), ".")
    if decimal == separator:
        raise ValueError(f"{name}: separator and decimal are both {decimal!r}")
    numbers = {key: whole_number(name, settings, key, 1, MOST_COLUMNS, None) for key in COLUMNS}
    value = numbers.pop("value")
    if value is None:
        raise ValueError(f"{name}: value (the column of the value, from 1) is required")
    layout = Layout(
        value,
        separator,
        decimal,
        **numbers,
        unit=settings.get("unit") or None,
        ignore=settings.get("ignore") or None,
        statuses=_statuses(name, settings),
        extra=_extra(name, settings.get("extra", "")),
    )
    if layout.status is not None and not layout.statuses:
        raise ValueError(f"{name}: a status column needs the texts it may hold, such as ok = ST, unstable = US")
    return CsvLineDriver(layout)


def _statuses(name: str, settings: Mapping[str, str]) -> dict[str, Status]:
    found: dict[str, Status] = {}
    for key, status in STATUS_TEXTS.items():
        for text in settings.get(key, "").split("|") if key in settings else ():
            if text.strip() in found:
                raise ValueError(f"{name}: {key} = {text!r} means {found[text.strip()]} already")
            found[text.strip()] = status
    return found


def _extra(name: str, text: str) -> dict[str, int]:
    found = {}
    for part in filter(None, text.split("|")):
        key, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not key or key in FIXED_KEYS:
            raise ValueError(f"{name}: extra = {part!r} is not name=column, such as lot=4 (and no name of a reading)")
        number = whole_number(name, {key: column}, key, 1, MOST_COLUMNS, None)
        if number is None:
            raise ValueError(f"{name}: extra = {part!r} names no column")
        found[key] = number
    return found


class CsvLineDriver(StreamDriver):
    """One line, one reading."""

    name = NAME

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._line = bytearray()
        self._too_long = False

    def opened(self) -> Sequence[Action]:
        """Forget half a line."""
        self._line.clear()
        self._too_long = False
        return ()

    def received(self, data: bytes) -> Sequence[Action]:
        """A line ends at CR or LF; CRLF ends it once, as empty lines are skipped."""
        readings: list[Action] = []
        for byte in data:
            if byte not in b"\r\n":
                self._add(byte, readings)
                continue
            if self._line and not self._too_long:
                readings.append(self._decoded(bytes(self._line)))
            self._line.clear()
            self._too_long = False
        return readings

    def rest(self) -> Reading | None:
        """A line without its end."""
        return Reading(Status.INCOMPLETE, bytes(self._line)) if self._line else None

    def _add(self, byte: int, readings: list[Action]) -> None:
        if self._too_long:
            return
        self._line.append(byte)
        if len(self._line) > LONGEST_LINE:
            reason = f"no line end in {LONGEST_LINE} bytes"
            readings.append(Reading(Status.GARBLED, bytes(self._line), extra={"reason": reason}))
            self._line.clear()
            self._too_long = True

    def _decoded(self, raw: bytes) -> Reading:
        layout = self._layout
        try:
            text = raw.decode("utf-8")
            if not text.strip() or (layout.ignore and text.startswith(layout.ignore)):
                return Reading(Status.INFO, raw)
            rows = list(csv.reader([text], delimiter=layout.separator, strict=True))
            fields = [field.strip() for field in rows[0]] if rows else []
            return self._reading(raw, fields)
        except (UnicodeDecodeError, csv.Error, LookupError, ValueError) as error:
            return Reading(Status.GARBLED, raw, extra={"reason": str(error)})

    def _reading(self, raw: bytes, fields: list[str]) -> Reading:
        layout = self._layout
        if layout.columns is not None and len(fields) != layout.columns:
            raise ValueError(f"{len(fields)} columns instead of {layout.columns}")
        status, shown = self._status(fields)
        channel = _column(fields, layout.channel) or None
        extra = {key: _column(fields, column) for key, column in layout.extra.items()}
        if status not in WITH_VALUE:
            code = shown if status is Status.ERROR else None
            return Reading(status, raw, channel=channel, error_code=code, extra=extra)
        value = self._value(_column(fields, layout.value))
        unit = _column(fields, layout.unit_column) or layout.unit
        return Reading(status, raw, value=value, unit=unit, channel=channel, extra=extra)

    def _status(self, fields: list[str]) -> tuple[Status, str]:
        """From the status column, and from a value column that holds a word instead of a number."""
        layout = self._layout
        shown = _column(fields, layout.value)
        if shown in layout.statuses:
            return layout.statuses[shown], shown
        if layout.status is None:
            return Status.OK, ""
        shown = _column(fields, layout.status)
        if shown not in layout.statuses:
            raise ValueError(f"the status {shown!r} is none of {', '.join(layout.statuses)}")
        return layout.statuses[shown], shown

    def _value(self, text: str) -> str:
        if self._layout.decimal == ",":
            if "." in text:
                raise ValueError(f"{text!r} has a point, but decimal is a comma")
            text = text.replace(",", ".")
        sign, digits = (text[0], text[1:].lstrip()) if text[:1] in ("+", "-") else ("", text)
        return normal_decimal(sign + digits)


def _column(fields: list[str], number: int | None) -> str:
    if number is None:
        return ""
    if number > len(fields):
        raise ValueError(f"column {number} is missing: the line has {len(fields)}")
    return fields[number - 1]
