"""Where records of one form differ: cutting these places out of a record's text, and what may stand in them.

Pure functions on text that is cut before it is known to be a record: nothing here believes anything. What may stand in
a place is the model's own rule for the field (`text`), narrowed to printable ASCII without quotation mark, backslash
and braces, so that a place can't reach beyond itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

from gaugetrail_contract.clock import utc_us

_SECOND_LETTERS, _FRACTION_LETTERS = 20, 6
_MOST_DIGITS = 64
_MOST_RAW = 8192

_PLAIN = r"[ !#-\[\]-z|~]"
_STRING = r'"[^"]*"'
_WHOLE = r"(0|[1-9][0-9]{0,14})"


def _maybe(*keys: str) -> str:
    return "".join(f'(?:,"{key}":{_STRING})?' for key in keys)


_FRONT = re.compile(
    rf'(\{{"schema":{_STRING},"kind":"inspection","agent":{_STRING},"epoch":{_STRING},"seq":){_WHOLE}'
    r',"prev":"([0-9a-f]{64})"'
    r',"time":"([^"]{26})Z"'
    rf'(,"utc_offset_min":-?[0-9]+,"clock":{_STRING},"mono_ns":){_WHOLE}'
    rf'(,"boot":{_STRING},"slot":[0-9]+,"site":{_STRING},"line":{_STRING},"station":{_STRING},"part":{_STRING}'
    rf'{_maybe("revision")})(?:,"serial":"({_PLAIN}{{1,200}})")?'
    rf"({_maybe('lot', 'order', 'heat', 'supplier_lot', 'cavity', 'fixture', 'tool')})"
    r'(?:,"components":\[([^\]]*)\])?'
    rf'({_maybe("operator", "qualification")},"plan":\{{[^}}]*\}},"reason":{_STRING},"attempt":[0-9]+'
    rf'{_maybe("supersedes")},"piece":[0-9]+,"pieces":[0-9]+,"verdict":{_STRING}'
    rf',"started":")([^"]{{26}})Z","duration_ms":{_WHOLE},"measurements":\['
).match
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch
_HEX = re.compile(r"[0-9a-f]*").fullmatch
_SECOND = re.compile(
    r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\."
).fullmatch

_TEXT = re.compile(rf"{_PLAIN}{{0,2000}}").fullmatch
_IDENTIFIERS = re.compile(rf'(?:"{_PLAIN}{{1,200}}"(?:,"{_PLAIN}{{1,200}}"){{0,499}})?').fullmatch


class Kind(IntEnum):
    """What stands in a place of a measurement that differs."""

    NUMBER = 0
    TEXT = 1
    TIME = 2
    RAW = 3


STOPS = {Kind.NUMBER: '"', Kind.TEXT: '"', Kind.TIME: 'Z"', Kind.RAW: '"'}
"""Where a place ends."""
_KEYS = ((Kind.NUMBER, '"value":"'), (Kind.TEXT, '"text":"'), (Kind.TIME, '"time":"'), (Kind.RAW, '"raw":"'))


class Front(NamedTuple):
    """All that stands before the measurements: what stays the same, and the places that differ."""

    same: tuple[str, str, str, str, str]
    end: int
    """Where the measurements begin, behind their bracket."""
    seq: int
    prev: str
    time: str
    time_us: int
    mono_ns: int
    serial: str | None
    components: tuple[str, ...]
    started: str
    duration_ms: int


class Piece(NamedTuple):
    """One measurement: the letters before each place that differs and behind the last, and what stands in them."""

    letters: tuple[str, ...]
    kinds: tuple[Kind, ...]
    own: tuple[str, ...]


def cut_front(text: str) -> Front | None:
    """The front of an inspection; null where its keys don't stand in our order, or something in a place may not.

    The first record of a chain has a rule of its own, so it is never taken.
    """
    found = _FRONT(text)
    if found is None:
        return None
    a, seq, prev, time, b, mono_ns, c, serial, d, components, e, started, duration_ms = found.groups()
    moments = instants((time, started))
    if moments is None or seq in ("0", "1"):
        return None
    if components and _IDENTIFIERS(components) is None:
        return None
    inside = tuple(components[1:-1].split('","')) if components else ()
    whole = int(seq), prev, time + "Z", moments[0], int(mono_ns), serial, inside, started + "Z", int(duration_ms)
    # With and without a serial or a list are two forms, though the letters beside them are the same.
    same = (a, b, c, d if serial is None else f'"{d}', e if components is None else f"]{e}")
    return Front(same, found.end(), *whole)


def cut_pieces(rest: str) -> list[Piece]:
    """The measurements, from behind their opening bracket to the record's end.

    A brace inside a string makes more or fewer of them than there are; whoever believes them must count braces.
    """
    inside = rest.removesuffix("]}")
    return [_cut_piece(f"{{{one}}}") for one in inside[1:-1].split("},{")] if inside else []


def _cut_piece(piece: str) -> Piece:
    letters: list[str] = []
    kinds: list[Kind] = []
    own: list[str] = []
    at = 0
    for kind, key in _KEYS:
        found = piece.find(key, at)
        if found >= 0:
            start = found + len(key)
            end = piece.find(STOPS[kind], start)
            letters.append(piece[at:start])
            kinds.append(kind)
            own.append(piece[start:end])
            at = end
    return Piece((*letters, piece[at:]), tuple(kinds), tuple(own))


def instants(texts: Sequence[str]) -> list[int] | None:
    """Microseconds since 1970 of each `2026-11-23T08:00:00.000000`, which is a record's time without its `Z`; null
    where one is none. They mostly fall into the same second.
    """
    made: list[int] = []
    before, second = "", None
    for text in texts:
        fraction = text[_SECOND_LETTERS:]
        if text[:_SECOND_LETTERS] != before:
            before = text[:_SECOND_LETTERS]
            second = second_us(before)
        if second is None or len(fraction) != _FRACTION_LETTERS or not (fraction.isascii() and fraction.isdigit()):
            return None
        made.append(second + int(fraction))
    return made


@lru_cache(maxsize=8192)
def second_us(text: str) -> int | None:
    """`2026-11-23T08:00:00.` -> microseconds since 1970; null for what is no such second."""
    if _SECOND(text) is None:
        return None
    try:
        return utc_us(f"{text}000000Z")
    except ValueError:  # a 31st of February
        return None


@lru_cache(maxsize=16_384)
def is_number(text: str) -> bool:
    """Whether it is a measured number; gauges show the same ones again and again."""
    return len(text) <= _MOST_DIGITS and _NUMBER(text) is not None


def is_text(text: str) -> bool:
    """Whether it is a plain text."""
    return _TEXT(text) is not None


def are_raw(texts: Sequence[str]) -> bool:
    """Whether each of them is the hex of a device's bytes."""
    for text in texts:
        if len(text) & 1 or len(text) > _MOST_RAW:
            return False
    return _HEX("".join(texts)) is not None
