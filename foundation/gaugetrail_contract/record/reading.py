"""From bytes to a record: one quick way, and one plain way for whatever the quick one leaves.

Quick: the bytes are decoded and written again. Where that gives the same bytes, no key stands twice, and their order,
their spelling and all that stands between them is ours. What is left are the rules that `msgspec` doesn't know
(`rules`): those on what repeats from record to record stand behind caches, the others run once.

Plain: strict JSON, no key twice, normal form C, every key and every rule. It takes what a record may be all the same:
another order of keys, escapes, blanks, nulls, the first record of a chain, letters that join with others, and keys of
a newer writer (`unknown_keys`), which it names.

Promise: the quick way gives the record that the plain way gives, or nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec

from gaugetrail_contract import strict_json
from gaugetrail_contract.clock import are_moments
from gaugetrail_contract.record.measurement import Measurement
from gaugetrail_contract.record.model import (
    FIRST_PREV,
    FIRST_SCHEMA,
    KINDS,
    MAX_RECORD_BYTES,
    SCHEMAS,
    Inspection,
    Record,
    write,
)
from gaugetrail_contract.record.parts import Part
from gaugetrail_contract.record.rules import Key, fault_in, keys_of
from gaugetrail_contract.record.unknown_keys import TooStrange, known_keys
from gaugetrail_contract.text import DECIMAL, is_normal, visible

_ASCII = bytes(range(128))
_BEFORE_AGENT = b',"agent":'
_DECODERS = {
    f'{{"schema":"{schema}","kind":"{kind}"'.encode(): msgspec.json.Decoder(model).decode
    for kind, model in KINDS.items()
    for schema in SCHEMAS
}
"""By what a record begins with."""
_LOWER_HEX = re.compile("[0-9a-f]*").fullmatch
_SURROGATE = re.compile("[\ud800-\udfff]")
_STEP = re.compile(r"\[(\d+|\.\.\.)\]")


class BadRecord(ValueError):
    """These bytes are no record that can be trusted; the text says why, in words fit for a set-aside list."""


def parse_record(data: bytes) -> Record:
    """The record that `data` spells. Raises `BadRecord`."""
    return read_record(data)[0]


def read_record(data: bytes) -> tuple[Record, tuple[str, ...]]:
    """As `parse_record`, with the names of the keys that this reader doesn't know."""
    if len(data) > MAX_RECORD_BYTES:
        raise BadRecord(f"the record has {len(data)} bytes; {MAX_RECORD_BYTES} are allowed")
    quick = read_quickly(data)
    return read_plainly(data) if quick is None else (quick, ())


# --- the quick way


def read_quickly(data: bytes) -> Record | None:
    """The record, where its bytes are plainly ours; null for anything else."""
    decode = _DECODERS.get(data[: data.find(_BEFORE_AGENT, 0, 64)])
    if decode is None or b"\\" in data or not _is_ordinary_text(data):
        return None
    try:
        record = decode(data)
        if write(record) != data:
            return None
    except (msgspec.MsgspecError, UnicodeDecodeError, OverflowError, RecursionError):
        return None
    return record if record.seq > 1 and _holds(record) else None


def _is_ordinary_text(data: bytes) -> bool:
    """Whether it is text in normal form C without a control character (the decoder refuses those below a blank)."""
    if data.isascii():
        return b"\x7f" not in data
    return b"\x7f" not in data and _stand_alone(data.translate(None, _ASCII))


@lru_cache(maxsize=4096)
def _stand_alone(letters: bytes) -> bool:
    """Whether these letters (µ, °, Ω, ü …) are in normal form C whatever ASCII stands between them: each is by itself,
    and none joins with the one before it.
    """
    try:
        return all(map(stands_alone, letters.decode("utf-8")))
    except UnicodeDecodeError:
        return False


def stands_alone(letter: str) -> bool:
    """Printable, in normal form C, and neither a mark nor the second or third part of a Korean syllable."""
    joins = unicodedata.category(letter).startswith("M") or "\u1160" <= letter <= "\u11ff"
    return letter.isprintable() and not joins and is_normal(letter)


def _holds(record: Record) -> bool:
    """Whether every rule holds that the text as a whole doesn't show."""
    if not isinstance(record, Inspection):
        return fault_in(record) is None
    measured = record.measurements
    raws = [one.raw for one in measured if one.raw]
    return (
        are_moments([record.time, record.started, *[one.time for one in measured]])
        and len(record.prev) == 64
        and _LOWER_HEX("".join([record.prev, *raws])) is not None
        and not sum([len(raw) % 2 for raw in raws])
        and _rests(_resting(record))
        and all(map(_is_number, [one.value for one in measured if one.value is not None]))
        and all(map(_is_planned, map(_planned, measured)))
    )


_is_number = lru_cache(maxsize=16_384)(DECIMAL.holds)


def _other_keys(part: type[Part], *own: str) -> tuple[Key, ...]:
    """The keys whose rules the text as a whole doesn't show, besides those that are looked at one by one."""
    return tuple(key for key in keys_of(part) if key.name not in own and not key.is_seen_in_the_text)


def _remembered(keys: tuple[Key, ...]) -> Callable[[tuple[Any, ...]], bool]:
    """Whether these values are what the keys may hold; each set of values is looked at once."""

    @lru_cache(maxsize=16_384)
    def fit(values: tuple[Any, ...]) -> bool:
        return all(key.fault(value) is None for key, value in zip(keys, values, strict=True))

    return fit


_RESTING = _other_keys(Inspection, "time", "started", "prev", "measurements")
"""What seldom changes from one inspection of a station to the next."""
_PLANNED = _other_keys(Measurement, "time", "value", "raw")
"""What is the same for piece after piece of a characteristic."""
_resting, _rests = attrgetter(*(key.name for key in _RESTING)), _remembered(_RESTING)
_planned, _is_planned = attrgetter(*(key.name for key in _PLANNED)), _remembered(_PLANNED)


# --- the plain way


def read_plainly(data: bytes) -> tuple[Record, tuple[str, ...]]:
    """The record, key by key and rule by rule, and the keys that nobody here knows. Raises `BadRecord`."""
    try:
        value = strict_json.parse_object(data)
    except strict_json.BadJson as error:
        raise BadRecord(str(error)) from error
    # A writer that doesn't say which schema it follows has always been taken at the first one's word.
    schema = value.setdefault("schema", FIRST_SCHEMA)
    if schema not in SCHEMAS:
        known = " and ".join(SCHEMAS)
        raise BadRecord(f"unknown schema {visible(str(schema)[:80])!r}; this reader knows {known}: update it and retry")
    _refuse_unnormal(value)
    record, unknown = _as_record(value)
    fault = fault_in(record)
    if fault is not None:
        raise BadRecord(visible(fault)[:300])
    if record.seq == 1 and record.prev != FIRST_PREV:
        raise BadRecord("prev: seq 1 must name a zero predecessor")
    return record, unknown


def _as_record(value: dict[str, strict_json.Json]) -> tuple[Record, tuple[str, ...]]:
    kind = value.get("kind")
    model = KINDS.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise BadRecord(f"kind: it must be one of {', '.join(KINDS)}, not {visible(str(kind)[:80])!r}")
    try:
        known, unknown = known_keys(value, model)
        return msgspec.convert(known, model), unknown
    except TooStrange as error:
        raise BadRecord(visible(str(error))[:300]) from error
    except msgspec.ValidationError as error:
        raise BadRecord(_reworded(str(error))) from error


def _reworded(text: str) -> str:
    """`Expected … - at `$.measurements[0].value`` -> `measurements.0.value: expected …`."""
    what, _, where = text.partition(" - at `$.")
    path = _STEP.sub(r".\1", where.rstrip("`")) or "record"
    return visible(f"{path}: {what[:1].lower()}{what[1:]}")[:300]


def _refuse_unnormal(value: strict_json.Json) -> None:
    if isinstance(value, str):
        # Document texts come this way, too, tens of thousands of letters each: none is looked at one by one.
        if not value.isascii() and _SURROGATE.search(value):
            raise BadRecord(f"{visible(value)[:100]!r} is no valid Unicode (a lone surrogate)")
        if not is_normal(value):
            raise BadRecord(f"{visible(value)[:100]!r} is not in Unicode normal form C")
    elif isinstance(value, list):
        for inner in value:
            _refuse_unnormal(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_unnormal(key)
            _refuse_unnormal(inner)
