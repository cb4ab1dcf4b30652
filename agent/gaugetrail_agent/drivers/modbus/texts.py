"""Texts in registers as PLCs keep them: where the text begins and ends, and what around it is no part of it. Pure.

A field is longer than its text; what stands behind the end is left over from an earlier one (promise G4: the serial of
the part before is no part of this one). Each layout has its own sign of the end:

    plain              the first NUL; blanks at the end are fill
    s7                 Siemens STRING: a byte for the most characters, a byte for the actual ones, then the text
    s7wide             Siemens WSTRING: the same in whole registers, two bytes a character
    length8, 16, 32    the number of bytes before the text, in a byte, a register or two (Pascal, Rockwell, others)
    char-per-register  one character a register, in either byte, NUL or blank in the other

A length beyond the field is an error, never the part that fits. A plain text that begins as a Siemens STRING does, or
that holds one character a register, is refused with the name of the type that reads it.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Sequence
from typing import Literal

from gaugetrail_agent.drivers.modbus.types import BadRegisters, Layout

Order = Literal["big", "little"]

LONGEST_S7 = 254
"""A STRING without a length in its declaration has room for so many (Siemens, STEP 7 and TIA Portal)."""
LONGEST_S7_WIDE = 16_382
_WIDE = {"utf-16-be": 2, "utf-16-le": 2, "utf-32-be": 4, "utf-32-le": 4}
# In Python, utf-16 without an order looks for a mark that says it; registers have an order already.
_ORDERED = {"utf-16": "utf-16-be", "utf-32": "utf-32-be"}
_NO_TEXT = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})
ENCODINGS = "ascii, utf-8, latin-1, cp1252, cp437, utf-16, shift_jis, gbk, big5, euc_kr or another of Python's codecs"


def known_encoding(name: str) -> str:
    """The codec's own name. Raises `ValueError` for what Python has no text codec for."""
    try:
        found = codecs.lookup(name).name
        if found not in _NO_TEXT:
            b"A\0A\0".decode(found, "replace")  # a codec from bytes to bytes says here that it is none for text
            return _ORDERED.get(found, found)
    except (LookupError, ValueError, TypeError):
        pass
    raise ValueError(f"the encoding {name!r} is not known: {ENCODINGS}")


def text_of(registers: Sequence[int], layout: Layout, *, byte_order: Order, word_order: Order, encoding: str) -> str:
    """The text. Word order matters to a length in two registers alone. Raises `BadRegisters`."""
    data = struct.pack(f"{'>' if byte_order == 'big' else '<'}{len(registers)}H", *registers)
    match layout:
        case "plain":
            _refuse_other_layouts(data, len(registers), encoding)
            return _decoded(data, encoding)
        case "s7":
            return _s7(data, encoding)
        case "s7wide":
            return _s7_wide(data)
        case "char-per-register":
            return _decoded(data if encoding in _WIDE else _single(data), encoding)
        case "length8":
            return _decoded(_counted(data[1:], data[0]), encoding)
        case "length16":
            # A length is a number like any other register: where the characters are swapped in it, it isn't.
            return _decoded(_counted(data[2:], registers[0]), encoding)
        case "length32":
            return _decoded(_counted(data[4:], _length32(registers, word_order)), encoding)


def _decoded(data: bytes, encoding: str) -> str:
    width = _WIDE.get(encoding, 1)
    ends = (at for at in range(0, len(data), width) if not any(data[at : at + width]))
    text = data[: next(ends, len(data))]
    try:
        return text.decode(encoding).rstrip(" ")
    except UnicodeError as error:
        raise BadRegisters("encoding", f"these bytes are no {encoding} text: {text.hex()}") from error


def _counted(data: bytes, length: int) -> bytes:
    if length > len(data):
        raise BadRegisters("length", f"the text says that it has {length} bytes; the field has room for {len(data)}")
    return data[:length]


def _length32(registers: Sequence[int], word_order: Order) -> int:
    if len(registers) < 2:
        raise BadRegisters("length", "a length of 32 bits takes two registers")
    high, low = registers[:2] if word_order == "big" else registers[1::-1]
    return high << 16 | low


def _s7(data: bytes, encoding: str) -> str:
    most, actual = data[0], data[1]
    if actual > most or most > LONGEST_S7:
        raise BadRegisters("layout", f"no Siemens STRING: it has room for {most} characters and says it holds {actual}")
    return _decoded(_counted(data[2:], actual), encoding)


def _s7_wide(data: bytes) -> str:
    if len(data) < 4:
        raise BadRegisters("length", "a Siemens WSTRING takes two registers before its text")
    most, actual = struct.unpack(">2H", data[:4])
    if actual > most or most > LONGEST_S7_WIDE:
        raise BadRegisters(
            "layout", f"no Siemens WSTRING: it has room for {most} characters and says it holds {actual}"
        )
    return _decoded(_counted(data[4:], 2 * actual), "utf-16-be")


def _single(data: bytes) -> bytes:
    """The characters alone: the last byte of each register where the first is fill, or the other way round."""
    high, low = data[::2], data[1::2]
    for characters, others in ((low, high), (high, low)):
        if not others.strip(b" \0"):
            return characters
    raise BadRegisters("layout", f"more than one character a register ({data[:16].hex(' ', 2)}); say string[N]")


def _refuse_other_layouts(data: bytes, count: int, encoding: str) -> None:
    if encoding in _WIDE:
        most, actual = struct.unpack(">2H", data[:4]) if len(data) >= 4 else (0, 0)
        if most and most in (count - 2, LONGEST_S7) and actual <= most:
            raise BadRegisters("layout", _cure("a Siemens WSTRING", most, actual, f"s7wstring[{count}]"))
        return
    if _begins_as_s7(data):
        raise BadRegisters("layout", _cure("a Siemens STRING", data[0], data[1], f"s7string[{count}]"))
    if _is_spread(data[::2], data[1::2]) or _is_spread(data[1::2], data[::2]):
        message = f"one character a register ({data[:8].hex(' ', 2)}); say char-per-register[{count}]"
        raise BadRegisters("layout", message)


def _begins_as_s7(data: bytes) -> bool:
    """Whether the field is a whole Siemens STRING: room for all but its two lengths, or for the most that there can be.

    In a field of 52 bytes the room is 50, which is the digit 2: there "20261128" is a plain text as long as NUL or
    blank fill stands where a STRING would have characters.
    """
    most, actual = data[0], data[1]
    if not most or actual > most:
        return False
    if most < 0x20:
        return most in (len(data) - 2, len(data) - 3)
    if most not in (len(data) - 2, LONGEST_S7):
        return False
    text = data[2 : 2 + actual]
    return actual < 0x20 or not (b"\0" in text or text.endswith(b" "))


def _cure(what: str, most: int, actual: int, type_: str) -> str:
    return f"this begins as {what} does (room for {most} characters, {actual} in it); say {type_}"


def _is_spread(characters: bytes, others: bytes) -> bool:
    """Whether at least two characters stand with nothing but NUL between them."""
    text = characters.rstrip(b"\0")
    return len(text) > 1 and 0 not in text and not any(others)
