"""What Modbus registers mean: two switches (byte order in a register, word order of registers), a type, a scale. Pure.

The letters ABCD/CDAB are not used: their meaning differs between makers. Numbers are decoded exactly and scaled in
decimal arithmetic, so 273 x 0.1 is 27.3 and a 64-bit counter never passes through a float. NaN and infinity are no
value; a declared sentinel is no value; a wrong number of registers or a nibble that is no digit is an error, never the
first or last value again (promise G4).
"""

from __future__ import annotations

import codecs
import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, InvalidOperation, localcontext
from typing import Literal

Order = Literal["big", "little"]

_INTEGER = re.compile(r"(u?)int(8|16|32|48|64)\Z")
_FLOAT = re.compile(r"float(16|32|64)\Z")
_BCD = re.compile(r"bcd(16|32|48|64)\Z")
_ARRAY = re.compile(r"([a-z]+[0-9]*)\[([0-9]{1,3})\]\Z")
_STRING = re.compile(r"string(?:\[([0-9]{1,3})\])?\Z")
_BITS = re.compile(r"(?:bitfield|bits)(16|32)?\Z")
_WIDE = Context(prec=400)  # a 64-bit float has up to 309 digits before the point
_PACK = {16: ">e", 32: ">f", 64: ">d"}
TYPES = "(u)int16, 32, 64, float32, 64, bcd16, 32, bitfield, bitfield32, bool, string[N], and arrays: float32[4]"
ENCODINGS = ("ascii", "utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "shift_jis", "gbk", "euc_kr")
_CODECS = {codecs.lookup(name).name: name for name in ENCODINGS} | {"utf-16-be": "utf-16"}


class BadRegisters(ValueError):
    """These registers can't be a value of that type; `kind` is a word for programs."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """How a value lies in its registers."""

    type: str
    byte_order: Order = "big"
    word_order: Order = "big"
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    sentinels: tuple[str, ...] = ()
    encoding: str = "ascii"


@dataclass(frozen=True, slots=True)
class DecodedRegisters:
    """A value: `number` exactly, `text`, `bits` or `items`; none of them is no value, and `special` may say why."""

    number: Decimal | None = None
    text: str | None = None
    bits: Mapping[str, bool] | None = None
    items: tuple[DecodedRegisters, ...] | None = None
    special: str | None = None


def register_count(type_: str) -> int | None:
    """How many registers the type takes; null for a string of any length. Raises `ValueError` for an unknown type."""
    if array := _ARRAY.match(type_):
        if array[1] == "string":
            return int(array[2])
        one = register_count(array[1])
        if one is None or not int(array[2]):
            raise ValueError(f"{type_!r} is no type; known: {TYPES}")
        return one * int(array[2])
    if type_ == "string":
        return None
    if type_ == "bool":
        return 1
    for pattern in (_INTEGER, _FLOAT, _BCD, _BITS):
        if match := pattern.match(type_):
            width = match.groups()[-1] or "16"
            return max(1, int(width) // 16)
    raise ValueError(f"{type_!r} is no type; known: {TYPES}")


def decode(registers: Sequence[int], spec: ValueSpec) -> DecodedRegisters:
    """The value in the registers; a bit field without a width is as wide as they are.

    Raises `BadRegisters`, and `ValueError` for an unknown type.
    """
    wanted = None if spec.type in ("bitfield", "bits") and len(registers) <= 4 else register_count(spec.type)
    if not registers or (wanted is not None and len(registers) != wanted):
        raise BadRegisters("length", f"{spec.type} takes {wanted or 'some'} registers, there are {len(registers)}")
    if any(not 0 <= register <= 0xFFFF for register in registers):
        raise BadRegisters("range", "a register is a number from 0 to 0xFFFF")
    array = _ARRAY.match(spec.type)
    if array and array[1] != "string":
        return _array(registers, spec, array[1])
    if _STRING.match(spec.type):
        return DecodedRegisters(text=_string(registers, spec))
    data = ordered(registers, spec)
    if _is_sentinel(data, registers, spec):
        return DecodedRegisters(special="sentinel")
    return _scalar(data, spec)


def _array(registers: Sequence[int], spec: ValueSpec, element: str) -> DecodedRegisters:
    size = register_count(element) or 1
    one = replace(spec, type=element)
    starts = range(0, len(registers), size)
    return DecodedRegisters(items=tuple(decode(registers[start : start + size], one) for start in starts))


def ordered(registers: Sequence[int], spec: ValueSpec) -> bytes:
    """The registers as bytes, highest first, after both switches."""
    words = registers if spec.word_order == "big" else list(reversed(registers))
    form = ">H" if spec.byte_order == "big" else "<H"
    return b"".join(struct.pack(form, word) for word in words)


def _string(registers: Sequence[int], spec: ValueSpec) -> str:
    """Text up to the first NUL; what stands behind it is left over from before. Word order doesn't apply to text."""
    form = ">H" if spec.byte_order == "big" else "<H"
    data = b"".join(struct.pack(form, word) for word in registers)
    wide = spec.encoding.startswith("utf-16")
    if wide:
        end = next((at for at in range(0, len(data), 2) if data[at : at + 2] == b"\0\0"), len(data))
    else:
        end = data.find(b"\0")
        end = len(data) if end < 0 else end
    try:
        text = data[:end].decode("utf-16-be" if spec.encoding == "utf-16" else spec.encoding)
    except UnicodeDecodeError as error:
        raise BadRegisters("encoding", f"these bytes are no {spec.encoding} text: {data[:end].hex()}") from error
    return text.rstrip(" ")


def _is_sentinel(data: bytes, registers: Sequence[int], spec: ValueSpec) -> bool:
    """A sentinel is given as the raw pattern (0xFFC00000, 0x8000) or as the raw number before scaling (-32768)."""
    if not spec.sentinels:
        return False
    as_sent = b"".join(struct.pack(">H", word) for word in registers)
    patterns = {int.from_bytes(data, "big"), int.from_bytes(as_sent, "big")}
    return any(_means(sentinel, data, patterns, spec) for sentinel in spec.sentinels)


def _means(sentinel: str, data: bytes, patterns: set[int], spec: ValueSpec) -> bool:
    try:
        if sentinel.lower().startswith("0x"):
            return int(sentinel, 16) in patterns
        wanted = Decimal(sentinel)
    except (ValueError, InvalidOperation) as error:
        raise ValueError(f"{sentinel!r} is no sentinel: write 0x8000 or -32768") from error
    if (match := _FLOAT.match(spec.type)) and wanted.is_finite():
        # A manual prints -9999.9 or 3.402823e38 for what is the nearest float of that width.
        try:
            return struct.pack(_PACK[int(match[1])], float(wanted)) == data
        except OverflowError:
            return False
    if _INTEGER.match(spec.type) and wanted in patterns:
        return True  # 32768 and -32768 are one pattern in an int16
    try:
        return wanted == _scalar(data, ValueSpec(spec.type)).number
    except BadRegisters:
        return False


def _scalar(data: bytes, spec: ValueSpec) -> DecodedRegisters:
    if integer := _INTEGER.match(spec.type):
        used = data[-1:] if integer[2] == "8" else data
        return _scaled(Decimal(int.from_bytes(used, "big", signed=not integer[1])), spec)
    if match := _FLOAT.match(spec.type):
        return _float(data, int(match[1]), spec)
    if _BCD.match(spec.type):
        digits = data.hex()
        if not digits.isdecimal():
            raise BadRegisters("bcd", f"0x{digits} holds a nibble that is no decimal digit")
        return _scaled(Decimal(digits), spec)
    if spec.type == "bool":
        return DecodedRegisters(bits={"0": bool(int.from_bytes(data, "big"))})
    number = int.from_bytes(data, "big")
    return DecodedRegisters(bits={str(bit): bool(number >> bit & 1) for bit in range(len(data) * 8)})


def _float(data: bytes, width: int, spec: ValueSpec) -> DecodedRegisters:
    (number,) = struct.unpack(_PACK[width], data)
    if math.isnan(number):
        return DecodedRegisters(special="nan")
    if math.isinf(number):
        return DecodedRegisters(special="+inf" if number > 0 else "-inf")
    return _scaled(Decimal(shortest(number, width)), spec)


def shortest(number: float, width: int) -> str:
    """The fewest digits that give the same float of that width back: 0x436E3333 is 238.2, not 238.1999969."""
    if width == 64:
        return repr(number)
    form = _PACK[width]
    packed = struct.pack(form, number)
    # A decimal of at most `fewest` digits is never further than rounding from the float that it makes, so rounding the
    # float to `fewest` digits gives that very decimal; only longer ones have to be tried one after the other.
    # The smallest floats (subnormals) have fewer sure digits: they are tried from one.
    fewest, least = (6, 1.2e-38) if width == 32 else (3, 6.2e-5)
    if abs(number) < least:
        fewest = 1
    for digits in range(fewest, 10):
        text = f"{number:.{digits}g}"
        try:
            if struct.pack(form, float(text)) == packed:
                return text
        except OverflowError:
            continue
    return repr(number)


def _scaled(number: Decimal, spec: ValueSpec) -> DecodedRegisters:
    with localcontext(prec=60):  # a 64-bit number times a long scale keeps every digit
        return DecodedRegisters(number=number * spec.scale + spec.offset)


def rounded(number: Decimal, decimals: int) -> Decimal:
    """To so many digits behind the point, however many stand before it."""
    return number.quantize(Decimal(1).scaleb(-decimals), context=_WIDE)


def decimal_text(number: Decimal) -> str:
    """Plain digits, no exponent, no minus before a zero: what a record carries."""
    return format(number.copy_abs() if number.is_zero() else number, "f")


def answer(decoded: DecodedRegisters) -> object:
    """The JSON value of a decoded value."""
    if decoded.number is not None:
        number = decoded.number
        return int(number) if number == number.to_integral_value() and abs(number) < 10**24 else float(number)
    if decoded.text is not None:
        return decoded.text
    if decoded.bits is not None:
        return dict(decoded.bits)
    if decoded.items is not None:
        return [answer(item) for item in decoded.items]
    return None


def registers_answer(registers: Sequence[int], spec: ValueSpec) -> dict[str, object]:
    """What `gaugetrail-agent registers` prints. Raises `ValueError` for a sentinel that is none."""
    try:
        decoded = decode(registers, spec)
    except BadRegisters as error:
        return {"value": None, "error": error.kind, "message": str(error)}
    shown: dict[str, object] = {"value": answer(decoded)}
    if decoded.number is not None:
        shown["text"] = decimal_text(decoded.number)
    if decoded.special is not None:
        shown["special"] = decoded.special
    return shown


def all_orders_answer(registers: Sequence[int], spec: ValueSpec) -> dict[str, object]:
    """The four ways side by side, for commissioning: look for the one that shows what the device's display shows."""
    orders: tuple[Order, ...] = ("big", "little")
    return {
        f"byte {byte}, word {word}": registers_answer(registers, replace(spec, byte_order=byte, word_order=word))
        for byte in orders
        for word in orders
    }


def make_spec(
    type_: str, byte_order: str, word_order: str, scale: str, offset: str, sentinel: tuple[str, ...], encoding: str
) -> ValueSpec:
    """A spec from texts. Raises `ValueError` that names what is allowed."""
    register_count(type_)
    for name, order in (("byte order", byte_order), ("word order", word_order)):
        if order not in ("big", "little"):
            raise ValueError(f"the {name} {order!r} is none: big or little")
    try:
        known = _CODECS[codecs.lookup(encoding).name]
    except LookupError as error:
        raise ValueError(f"the encoding {encoding!r} is not known: {', '.join(ENCODINGS)}") from error
    try:
        factor, addend = Decimal(scale), Decimal(offset)
    except InvalidOperation as error:
        raise ValueError(f"scale {scale!r} or offset {offset!r} is no decimal number") from error
    if not (factor.is_finite() and addend.is_finite()):
        raise ValueError("scale and offset must be finite")
    orders: dict[str, Order] = {"big": "big", "little": "little"}
    return ValueSpec(type_, orders[byte_order], orders[word_order], factor, addend, sentinel, known)
