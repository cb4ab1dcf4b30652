"""The names of register types, and what each of them takes: how many registers, which bits, how a number is made.

Promise: a name means one thing or is refused with the nearest known name; no register is looked at here. Pure.

    (u)int8…64, float16…64, bcd16…64      numbers in binary or decimal digits
    mod10k32, radix1000-32, …-signed      each register a digit of base 10,000 or 1,000
    decade-exponent-uint24, -int24        signed exponent of ten in the highest byte, 24 bits behind it
    decade-exponent-uint14                the same in one register: 2 bits of exponent, 14 of number
    int32*10^-uint16, int16*10^int16      a number, then its scale in a register of its own; also A*B and A/B
    uint16:3, uint32:4-7, bit[3]          one bit or a range of bits, as a number
    bitfield, bitfield32, bool            every bit by itself
    string[8], s7string[16], …            texts, see `texts`
    float32[4]                            several of one kind
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Layout = Literal["plain", "s7", "s7wide", "length8", "length16", "length32", "char-per-register"]

TYPES = (
    "(u)int8, 16, 32, 48, 64, float16, 32, 64, bcd16, 32, 48, 64, mod10k32 or radix1000-32 (48, 64, -signed), "
    "decade-exponent-uint24 or -int24, bitfield, bitfield32, bool, bit[3], uint16:4-7, scaled by another register: "
    "int32*10^-uint16, arrays: float32[4], texts of N registers: string[N], s7string[N], s7wstring[N], "
    "length8-string[N], length16-string[N], length32-string[N], char-per-register[N]"
)
_WIDTHS = (16, 32, 48, 64)
_EXAMPLES = (
    *(f"{sign}int{width}" for sign in ("", "u") for width in (8, *_WIDTHS)),
    *(f"float{width}" for width in (16, 32, 64)),
    *(f"bcd{width}" for width in _WIDTHS),
    *(f"{radix}{width}" for radix in ("mod10k", "radix1000-") for width in _WIDTHS[1:]),
    "decade-exponent-uint24", "decade-exponent-int24", "decade-exponent-uint14", "bitfield", "bitfield32", "bool",
    "bit[0]", "bits[0-7]", "uint16:0", "uint16:0-7", "int32*10^-uint16", "int16*10^int16", "uint16*uint16",
    "uint16/uint16", "string", "string[8]", "s7string[8]", "s7wstring[8]", "length8-string[8]", "length16-string[8]",
    "length32-string[8]", "char-per-register[8]",
)  # fmt: skip

_LAYOUTS: dict[str, Layout] = {
    "string": "plain",
    "s7string": "s7",
    "s7wstring": "s7wide",
    "length8-string": "length8",
    "pstring": "length8",
    "length16-string": "length16",
    "length32-string": "length32",
    "char-per-register": "char-per-register",
}


class BadRegisters(ValueError):
    """These registers can't be a value of that type; `kind` is a word for programs."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Integer:
    """Binary, two's complement when signed. Of 8 bits: the byte of the register that stands last."""

    width: int
    signed: bool

    @property
    def count(self) -> int:
        """Registers."""
        return max(1, self.width // 16)


@dataclass(frozen=True, slots=True)
class Float:
    """IEEE 754."""

    width: int

    @property
    def count(self) -> int:
        """Registers."""
        return self.width // 16


@dataclass(frozen=True, slots=True)
class Bcd:
    """A decimal digit in each four bits."""

    count: int


@dataclass(frozen=True, slots=True)
class Radix:
    """Each register is one digit of a large base, with its own sign where it is signed."""

    base: int
    count: int
    signed: bool


@dataclass(frozen=True, slots=True)
class DecadeExponent:
    """An exponent of ten in the highest bits and a binary number in the rest."""

    width: int
    exponent_bits: int
    exponent_signed: bool
    signed: bool

    @property
    def count(self) -> int:
        """Registers."""
        return self.width // 16


@dataclass(frozen=True, slots=True)
class BitRange:
    """Bits `first` to `last` of a number, counted from its lowest."""

    width: int
    first: int
    last: int

    @property
    def count(self) -> int:
        """Registers."""
        return self.width // 16


@dataclass(frozen=True, slots=True)
class Flags:
    """Each bit by itself; a count of none: as many registers as there are, four at most."""

    count: int | None


@dataclass(frozen=True, slots=True)
class Truth:
    """Any bit set is true."""

    count: int = 1


Plain = Integer | Float | Bcd | Radix | DecadeExponent


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number with its factor behind it in registers of its own."""

    number: Plain
    by: Integer | Float
    how: Literal["*", "/", "*10^", "*10^-"]

    @property
    def count(self) -> int:
        """Registers."""
        return self.number.count + self.by.count


@dataclass(frozen=True, slots=True)
class TextType:
    """Characters; a count of none: as many registers as there are."""

    layout: Layout
    count: int | None


Element = Plain | BitRange | Flags | Truth


@dataclass(frozen=True, slots=True)
class Array:
    """Several of one kind, one behind the other."""

    of: Element
    each: int
    times: int

    @property
    def count(self) -> int:
        """Registers."""
        return self.each * self.times


RegisterType = Plain | Scaled | BitRange | Flags | Truth | TextType | Array

_INTEGER = re.compile(r"(u?)int(8|16|32|48|64)\Z")
_FLOAT = re.compile(r"float(16|32|64)\Z")
_BCD = re.compile(r"bcd(16|32|48|64)\Z")
_RADIX = re.compile(r"(?:mod|radix)-?(10k|10000|1k|1000)(?:[-x]?(32|48|64)|\[([2-4])\])(-signed)?\Z")
_DECADE = re.compile(r"decade-exponent-(u?)int(24)\Z|decade-exponent-uint(14)\Z")
_FLAGS = re.compile(r"(?:bitfield|bits)(16|32|48|64)?\Z")
_BIT = re.compile(r"bits?\[([0-9]{1,2})(?:-([0-9]{1,2}))?\]\Z|bit([0-9]{1,2})\Z")
_SLICE = re.compile(r"(?:u?int|bitfield|bits)(16|32|48|64)?:([0-9]{1,2})(?:-([0-9]{1,2}))?\Z")
_SCALED = re.compile(r"([a-z0-9-]+?)(\*10\^-|\*10\^|\*|/)([a-z0-9]+)\Z")
_TEXT = re.compile(rf"({'|'.join(_LAYOUTS)})(?:\[([0-9]{{1,3}})\])?\Z")
_ARRAY = re.compile(r"([a-z0-9:-]+)\[([0-9]{1,3})\]\Z")


@lru_cache(maxsize=1024)
def parse(name: str) -> RegisterType:
    """The type of that name. Raises `ValueError` that says what is known, the nearest name first."""
    found = _number(name) or _bits(name) or _scaled(name) or _text(name) or _array(name)
    if found is None:
        raise ValueError(f"{name!r} is no type{_meant(name)}; known: {TYPES}")
    return found


def _meant(name: str) -> str:
    """Nobody means a bit of a number who writes a name of letters: what looks most like it."""
    size = re.search(r"\[[0-9]+\]\Z", name)
    bare = name[: size.start()] if size else name
    close = difflib.get_close_matches(bare.lower(), [text.partition("[")[0] for text in _EXAMPLES], 1, 0.6)
    return f"; did you mean {close[0]}{size[0] if size else ''}?" if close else ""


def _number(name: str) -> Plain | None:
    if match := _INTEGER.match(name):
        return Integer(int(match[2]), signed=not match[1])
    if match := _FLOAT.match(name):
        return Float(int(match[1]))
    if match := _BCD.match(name):
        return Bcd(int(match[1]) // 16)
    if match := _RADIX.match(name):
        count = int(match[2]) // 16 if match[2] else int(match[3])
        return Radix(10_000 if match[1] in ("10k", "10000") else 1_000, count, signed=bool(match[4]))
    if match := _DECADE.match(name):
        if match[3]:
            return DecadeExponent(16, 2, exponent_signed=False, signed=False)
        return DecadeExponent(32, 8, exponent_signed=True, signed=not match[1])
    return None


def _bits(name: str) -> BitRange | Flags | Truth | None:
    if name == "bool":
        return Truth()
    if match := _FLAGS.match(name):
        return Flags(int(match[1]) // 16 if match[1] else None if name in ("bitfield", "bits") else 1)
    if (match := _BIT.match(name)) and not (name.startswith("bits[") and match[2] is None):
        first, last = int(match[1] or match[3]), int(match[2] or match[1] or match[3])
        return _bit_range(32 if last > 15 else 16, first, last)
    if match := _SLICE.match(name):
        return _bit_range(int(match[1] or 16), int(match[2]), int(match[3] or match[2]))
    return None


def _bit_range(width: int, first: int, last: int) -> BitRange | None:
    return BitRange(width, first, last) if first <= last < width else None


def _scaled(name: str) -> Scaled | None:
    match = _SCALED.match(name)
    number, by = (_number(match[1]), _number(match[3])) if match else (None, None)
    if match is None or number is None or not isinstance(by, Integer | Float):
        return None
    how = match[2]
    if how in ("*10^", "*10^-"):
        return Scaled(number, by, "*10^" if how == "*10^" else "*10^-") if isinstance(by, Integer) else None
    return Scaled(number, by, "*" if how == "*" else "/")


def _text(name: str) -> TextType | None:
    match = _TEXT.match(name)
    if match is None or (match[2] and not int(match[2])):
        return None
    return TextType(_LAYOUTS[match[1]], int(match[2]) if match[2] else None)


def _array(name: str) -> Array | None:
    match = _ARRAY.match(name)
    if match is None or not int(match[2]):
        return None
    element = _number(match[1]) or _bits(match[1])
    if element is None:
        return None
    one = Flags(1) if element == Flags(None) else element
    return Array(one, one.count or 1, int(match[2]))
