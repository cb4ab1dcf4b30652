"""Seals and wire lines: the exact bytes of a record, what they hash to, and how they travel.

On the wire a record is one line: `{"sha256":"<64 hex>","record":<the bytes>}`; several lines in one message are
separated by a line feed, and the last line may be the agent's signature (see `signing`). The seal is the SHA-256 of
`<the bytes>`, which name the previous record's seal in `prev`, so the records of an epoch form a chain. The line's
frame is fixed to the letter: the record's bytes are cut out of it, never parsed and written again. A record's bytes
hold no raw line feed (JSON escapes it), so splitting is safe.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import NamedTuple

from pydantic import ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.clock import utc_us
from gaugetrail_contract.forms import Forms, Reading
from gaugetrail_contract.record import MAX_RECORD_BYTES, RECORD, SCHEMA, Body, Frozen, Head, Inspection, Record
from gaugetrail_contract.text import is_normal, visible

_FRONT = b'{"sha256":"'
_MIDDLE = b'","record":'
_DATA_AT = len(_FRONT) + 64 + len(_MIDDLE)
_HEX = re.compile(rb"[0-9a-f]{64}")
_LINK = re.compile(rb'"epoch":"([0-9a-z]{8,32})","seq":([0-9]{1,16}),"prev":"')
_FORMS = Forms()
MAX_LINE_BYTES = MAX_RECORD_BYTES + _DATA_AT + 1


class BadRecord(ValueError):
    """These bytes are no record that can be trusted; the text says why, in words fit for a set-aside list."""


class RecordTooLarge(ValueError):
    """A record would pass `MAX_RECORD_BYTES`; the station splits such an inspection into pieces."""


class Sealed(NamedTuple):
    """A record's exact bytes and their seal."""

    sha256: str
    data: bytes

    def line(self) -> bytes:
        """The wire line, without a line end."""
        return _FRONT + self.sha256.encode("ascii") + _MIDDLE + self.data + b"}"


@dataclass(frozen=True, slots=True)
class Link:
    """A record's place in its chain, as its bytes say."""

    epoch: str
    seq: int


class Opened:
    """A wire line whose seal holds, with the record it carries.

    `reading` is how it was read, where that was by a form that was met before; the record is then made when it is asked
    for. `made` is what a store has made of it beforehand.
    """

    __slots__ = ("_record", "agent", "epoch", "made", "measured", "prev", "reading", "sealed", "seq", "time_us")

    def __init__(self, sealed: Sealed, record: Record | None = None, reading: Reading | None = None) -> None:
        self.sealed = sealed
        self.reading = reading
        self.made: bytes | None = None
        self._record = record
        if reading is not None:
            front, known = reading.front, reading.form.model
            self.agent, self.epoch = known.agent, known.epoch
            self.seq, self.prev, self.time_us = front.seq, front.prev, front.time_us
            self.measured = len(reading.measured.times_us)
        else:
            assert record is not None
            self.agent, self.epoch = record.agent, record.epoch
            self.seq, self.prev, self.time_us = record.seq, record.prev, record.time_us
            self.measured = len(record.measurements) if isinstance(record, Inspection) else 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Opened) and (self.sealed, self.record) == (other.sealed, other.record)

    def __hash__(self) -> int:
        return hash(self.sealed)

    def __repr__(self) -> str:
        return f"Opened({self.agent}/{self.epoch}/{self.seq} {self.sealed.sha256})"

    @property
    def slot(self) -> int:
        """The agent's nanosecond slot."""
        return self.record.slot if self.reading is None else self.reading.form.model.slot

    @property
    def record(self) -> Record:
        """The record."""
        if self._record is None:
            assert self.reading is not None
            self._record = self.reading.record()
        return self._record


def seal_of(data: bytes) -> str:
    """The seal of a record's bytes: SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def seal(head: Head, body: Body) -> Sealed:
    """Write a record's bytes, once, and seal them. Raises `RecordTooLarge`.

    The bytes are the head's keys, then the body's, as compact JSON in UTF-8 with nulls left out: what the whole
    model would serialise to.
    """
    data = _canonical(head)[:-1] + b"," + _canonical(body)[1:]
    if len(data) > MAX_RECORD_BYTES:
        raise RecordTooLarge(f"the record has {len(data)} bytes; {MAX_RECORD_BYTES} are allowed")
    return Sealed(seal_of(data), data)


def link_of(data: bytes) -> Link:
    """The place in the chain that a record's bytes name, read without parsing them. Raises `BadRecord`.

    The keys follow one another in every record that was ever sealed, and no text before them can look like them: a
    quotation mark inside a JSON text is escaped.
    """
    found = _LINK.search(data)
    if found is None:
        raise BadRecord("the bytes name no place in a chain")
    return Link(found[1].decode("ascii"), int(found[2]))


def split_message(payload: bytes) -> list[bytes]:
    """The lines of one MQTT message; empty ones are no lines."""
    return [line for line in payload.split(b"\n") if line]


def open_line(line: bytes) -> Opened:
    """A wire line's record, once its seal is proven. Raises `BadRecord` with the reason."""
    sealed = cut_line(line)
    _prove(sealed)
    reading = _read_by_form(sealed.data)
    return Opened(sealed, parse_record(sealed.data) if reading is None else None, reading)


def cut_line(line: bytes) -> Sealed:
    """Cut seal and record bytes out of a wire line, proving nothing yet. Raises `BadRecord` for any other frame."""
    if len(line) > MAX_LINE_BYTES:
        raise BadRecord(f"the line has {len(line)} bytes; {MAX_LINE_BYTES} are allowed")
    sha = line[len(_FRONT) : len(_FRONT) + 64]
    if (
        not line.startswith(_FRONT)
        or line[len(_FRONT) + 64 : _DATA_AT] != _MIDDLE
        or not line.endswith(b"}")
        or _HEX.fullmatch(sha) is None
    ):
        raise BadRecord('not a wire line: it must read {"sha256":"<64 hex>","record":{...}}')
    return Sealed(sha.decode("ascii"), line[_DATA_AT:-1])


def open_sealed(sealed: Sealed) -> Record:
    """The record in sealed bytes. Raises `BadRecord` when the seal doesn't hold or the bytes are no record."""
    _prove(sealed)
    reading = _read_by_form(sealed.data)
    return parse_record(sealed.data) if reading is None else reading.record()


def _prove(sealed: Sealed) -> None:
    if seal_of(sealed.data) != sealed.sha256:
        raise BadRecord(
            f"the seal doesn't hold: the bytes hash to {seal_of(sealed.data)}, the line says {sealed.sha256}"
        )


def _read_by_form(data: bytes) -> Reading | None:
    """The inspection, where it is like one that was read before (`forms`)."""
    if len(data) > MAX_RECORD_BYTES:
        return None
    try:
        return _FORMS.read(data.decode("utf-8"))
    except UnicodeDecodeError:
        return None


def parse_record(data: bytes) -> Record:
    """The record that `data` spells, read in full. Raises `BadRecord`.

    pydantic's JSON parser takes the last of two equal keys. Where it can be seen at a glance that no key stands twice,
    which is so for all that our agents write, the parsed record is believed; other bytes are read again by the strict
    parser first.
    """
    if len(data) > MAX_RECORD_BYTES:
        raise BadRecord(f"the record has {len(data)} bytes; {MAX_RECORD_BYTES} are allowed")
    try:
        record = RECORD.validate_json(data)
    except ValidationError as error:
        raise BadRecord(_why(error, data)) from error
    except RecursionError as error:
        raise BadRecord("nested too deeply") from error
    if not _each_key_once(record, data):
        _read_strictly(data)
    _refuse_impossible_days(record)
    if isinstance(record, Inspection):
        _FORMS.learn(data.decode("utf-8"), record)
    return record


def _each_key_once(record: Record, data: bytes) -> bool:
    """Whether it is certain that no key stands twice and no string is abnormal; false only means that it isn't.

    Without a backslash each colon ends a key or stands in a string; each moment has two, and each key that is read sets
    a field of its own. So where there are no more colons than that, no key stands twice.
    """
    if not isinstance(record, Inspection):
        return _canonical(record) == data and data.isascii()
    if b"\\" in data or not data.isascii():
        return False
    colons = len(record.model_fields_set) + len(record.plan.model_fields_set) + 2 * 2
    for one in record.measurements:
        colons += len(one.model_fields_set) + 2
    return data.count(b":") == colons


def _refuse_impossible_days(record: Record) -> None:
    """The models let a 31st of February pass; there is no such moment to store anything at."""
    _refuse_impossible_day(record.time)
    if isinstance(record, Inspection):
        _refuse_impossible_day(record.started)
        for one in record.measurements:
            if one.time[8:10] > "28":
                _refuse_impossible_day(one.time)


def _refuse_impossible_day(time: str) -> None:
    if time[8:10] > "28":
        try:
            utc_us(time)
        except ValueError as error:
            raise BadRecord(f"{time} is no moment: {error}") from error


def _canonical(model: Frozen) -> bytes:
    """Compact JSON, keys in the model's order, what is null left out."""
    return model.model_dump_json(by_alias=True, exclude_none=True).encode("utf-8")


def _read_strictly(data: bytes) -> None:
    try:
        value = strict_json.parse_object(data)
    except strict_json.BadJson as error:
        raise BadRecord(str(error)) from error
    _refuse_unnormalised(value)


def _refuse_unnormalised(value: strict_json.Json) -> None:
    if isinstance(value, str):
        if not is_normal(value):
            raise BadRecord(f"{visible(value)!r} is not in Unicode normal form C")
    elif isinstance(value, list):
        for inner in value:
            _refuse_unnormalised(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unnormalised(key)
            _refuse_unnormalised(inner)


def _why(error: ValidationError, data: bytes) -> str:
    """The first thing wrong, in one line; an unknown schema is named as such."""
    try:
        value = strict_json.parse_object(data)
    except strict_json.BadJson as bad:
        return str(bad)
    if value.get("schema") != SCHEMA:
        return f"unknown schema {visible(str(value.get('schema'))[:80])!r}; this reader knows {SCHEMA}"
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(str(step) for step in first["loc"]) or "record"
    return visible(f"{where}: {first['msg']}")[:300]
