"""Any device that sends lines of fields: the settings say which column is what.

For the gauge that no profile knows and that sends something like `12;ST;+0012,345;mm`. Columns count from 1. Promise:
what does not fit the settings is refused (`garbled`) and never guessed at: another number of columns, a status text
that no setting names, a value that is not plain decimal digits. Lines end with CR, LF or both; empty lines are skipped.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from gaugetrail_agent.drivers import Action, StreamDriver
from gaugetrail_agent.drivers.driver_settings import DriverSettings
from gaugetrail_agent.reading import WITH_VALUE, Reading, Status, normal_decimal

NAME = "csv-line"
MAKER: Final = "any"
MODELS: Final = ("any device that sends lines of fields",)
PROOF: Final = "built"
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

Column = Annotated[int, Field(ge=1, le=MOST_COLUMNS)]


class CsvLineSettings(DriverSettings):
    """Which column is what, and how the line is written."""

    value: Column = Field(description="column of the value, counted from 1")
    separator: str = Field(",", description="between the fields: , ; | tab space, or any other single character")
    decimal: Literal[".", ","] = Field(".", description="the decimal mark")
    channel: Column | None = Field(None, description="column of the channel")
    unit_column: Column | None = Field(None, description="column of the unit")
    unit: str | None = Field(None, description="the unit, where no column tells it")
    status: Column | None = Field(None, description="column of the status text")
    columns: Column | None = Field(None, description="how many columns a line must have")
    extra: dict[str, Column] = Field({}, description="further columns by name: lot=4|operator=5")
    ok: str | None = Field(None, description="status texts of a good value, separated by |")
    unstable: str | None = Field(None, description="status texts of a value in motion")
    over: str | None = Field(None, description="texts that mean above the range, in the status or the value column")
    under: str | None = Field(None, description="texts that mean below the range")
    no_value: str | None = Field(None, description="texts that mean no value")
    error: str | None = Field(None, description="texts that mean a fault")
    ignore: str | None = Field(None, description="lines that begin with this are no readings (a headline)")

    @field_validator("separator")
    @classmethod
    def _one_character(cls, text: str) -> str:
        separator = SEPARATORS.get(text, text)
        if len(separator) != 1 or separator in "\r\n\"'0123456789+-.":
            raise ValueError("it is no single character (or tab, space) between fields")
        return separator

    @field_validator("unit")
    @classmethod
    def _no_column(cls, text: str | None) -> str | None:
        if text is not None and text.strip().isdigit():
            raise ValueError(f"{text!r} is no unit such as mm; unit_column names the column that tells it")
        return text

    @field_validator("extra", mode="before")
    @classmethod
    def _names_and_columns(cls, text: object) -> object:
        return dict(_named(part) for part in str(text).split("|") if part) if isinstance(text, str) else text

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.decimal == self.separator:
            raise ValueError(f"separator and decimal are both {self.decimal!r}")
        texts = self.statuses()
        if self.status is not None and not texts:
            raise ValueError("a status column needs the texts it may hold, such as ok = ST, unstable = US")
        return self

    def statuses(self) -> dict[str, Status]:
        """What each text means. Raises `ValueError` for one that means two things."""
        found: dict[str, Status] = {}
        for key, status in STATUS_TEXTS.items():
            texts = getattr(self, key)
            for text in () if texts is None else texts.split("|"):
                if text.strip() in found:
                    raise ValueError(f"{key} = {text!r} means {found[text.strip()]} already")
                found[text.strip()] = status
        return found


def _named(part: str) -> tuple[str, str]:
    key, equals, column = (piece.strip() for piece in part.partition("="))
    if not equals or not key or key in FIXED_KEYS:
        raise ValueError(f"{part!r} is not name=column, such as lot=4 (and no name of a reading)")
    return key, column


Settings = CsvLineSettings


def make(settings: CsvLineSettings) -> StreamDriver:
    """The driver as set."""
    return CsvLineDriver(settings)


class CsvLineDriver(StreamDriver):
    """One line, one reading."""

    name = NAME

    def __init__(self, layout: CsvLineSettings) -> None:
        self._layout = layout
        self._statuses = layout.statuses()
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
        unit = _column(fields, layout.unit_column) or layout.unit or None
        return Reading(status, raw, value=value, unit=unit, channel=channel, extra=extra)

    def _status(self, fields: list[str]) -> tuple[Status, str]:
        """From the status column, and from a value column that holds a word instead of a number."""
        layout = self._layout
        shown = _column(fields, layout.value)
        if shown in self._statuses:
            return self._statuses[shown], shown
        if layout.status is None:
            return Status.OK, ""
        shown = _column(fields, layout.status)
        if shown not in self._statuses:
            raise ValueError(f"the status {shown!r} is none of {', '.join(self._statuses)}")
        return self._statuses[shown], shown

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
