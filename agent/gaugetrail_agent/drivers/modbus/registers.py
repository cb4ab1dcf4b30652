"""What Modbus registers mean: two switches (byte order in a register, word order of registers), a type, a scale. Pure.

The letters ABCD/CDAB are not used: their meaning differs between makers. Numbers are decoded exactly and scaled in
decimal arithmetic, so 273 x 0.1 is 27.3 and a 64-bit counter never passes through a float. NaN and infinity are no
value; a declared sentinel is no value; a wrong number of registers or a nibble that is no digit is an error, never the
first or last value again (promise G4). `types` has the names, `numbers` and `texts` what they read.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal, InvalidOperation, localcontext
from functools import lru_cache
from typing import Literal

from gaugetrail_agent.drivers.modbus import texts
from gaugetrail_agent.drivers.modbus.numbers import (
    PACK,
    decimal_text,
    is_denormal,
    number_of,
    power_of_ten,
    rounded,
    shortest,
)
from gaugetrail_agent.drivers.modbus.texts import ENCODINGS, Order
from gaugetrail_agent.drivers.modbus.types import (
    TYPES,
    Array,
    BadRegisters,
    Flags,
    Float,
    Integer,
    RegisterType,
    Scaled,
    TextType,
    Truth,
    parse,
)

__all__ = ["ENCODINGS", "TYPES", "BadRegisters", "decimal_text", "rounded", "shortest"]

WordOrder = Literal["big", "little", "dword-little"]
WORD_ORDERS: tuple[WordOrder, ...] = ("big", "little", "dword-little")
ORDERS: tuple[Order, ...] = ("big", "little")
_QUOTIENT = Context(prec=17)
"""A quotient seldom ends: so many digits are more than any gauge has."""


MOST_PLACES = 307
"""A float ends at 1.8 x 10^308."""


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """How a value lies in its registers."""

    type: str
    byte_order: Order = "big"
    word_order: WordOrder = "big"
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
    found = parse(type_)
    return 1 if found == Flags(None) else found.count


def decode(registers: Sequence[int], spec: ValueSpec) -> DecodedRegisters:
    """The value in the registers; a bit field without a width is as wide as they are.

    Raises `BadRegisters`, and `ValueError` for an unknown type.
    """
    type_ = parse(spec.type)
    wanted = None if type_ == Flags(None) and len(registers) <= 4 else register_count(spec.type)
    if not registers or (wanted is not None and len(registers) != wanted):
        raise BadRegisters("length", f"{spec.type} takes {wanted or 'some'} registers, there are {len(registers)}")
    if any(not 0 <= register <= 0xFFFF for register in registers):
        raise BadRegisters("range", "a register is a number from 0 to 0xFFFF")
    return _decoded(registers, type_, spec)


def _decoded(registers: Sequence[int], type_: RegisterType, spec: ValueSpec) -> DecodedRegisters:
    match type_:
        case TextType():
            return DecodedRegisters(text=_text(registers, type_, spec))
        case Array():
            starts = range(0, len(registers), type_.each)
            items = (_decoded(registers[start : start + type_.each], type_.of, spec) for start in starts)
            return DecodedRegisters(items=tuple(items))
        case Scaled():
            return _by_register(registers, type_, spec)
        case Flags() | Truth():
            data = ordered(registers, spec)
            return DecodedRegisters(special="sentinel") if _sent(registers, data, type_, spec) else _flags(data, type_)
    data = ordered(registers, spec)
    if _sent(registers, data, type_, spec):
        return DecodedRegisters(special="sentinel")
    number = number_of(data, type_)
    return DecodedRegisters(special=number) if isinstance(number, str) else _scaled(number, spec)


def _text(registers: Sequence[int], type_: TextType, spec: ValueSpec) -> str:
    words: Order = "little" if spec.word_order == "little" else "big"
    order, encoding = spec.byte_order, spec.encoding
    return texts.text_of(registers, type_.layout, byte_order=order, word_order=words, encoding=encoding)


def _flags(data: bytes, type_: Flags | Truth) -> DecodedRegisters:
    number = int.from_bytes(data, "big")
    if isinstance(type_, Truth):
        return DecodedRegisters(bits={"0": bool(number)})
    return DecodedRegisters(bits={str(bit): bool(number >> bit & 1) for bit in range(len(data) * 8)})


def _by_register(registers: Sequence[int], type_: Scaled, spec: ValueSpec) -> DecodedRegisters:
    """A number and, in the registers behind it, what it is to be multiplied by."""
    own, beside = registers[: type_.number.count], registers[type_.number.count :]
    plain = replace(spec, scale=Decimal(1), offset=Decimal(0))
    value = _decoded(own, type_.number, plain)
    factor = number_of(ordered(beside, spec), type_.by)
    if value.number is None:
        return value
    if isinstance(factor, str):
        return DecodedRegisters(special=factor)
    if type_.by == Integer(16, signed=True) and type_.how.startswith("*10^") and factor == -0x8000:
        return DecodedRegisters(special="no-scale")  # SunSpec: 0x8000 is a scale factor that isn't implemented
    return _scaled(by_factor(value.number, factor, type_.how), spec)


def by_factor(number: Decimal, factor: Decimal, how: str) -> Decimal:
    """The number multiplied or divided as its type says. Raises `BadRegisters`."""
    with localcontext(prec=60):
        if how == "*":
            return number * factor
        if how == "/":
            if not factor:
                raise BadRegisters("divisor", "the register that the value is divided by is 0")
            return Decimal(format(_QUOTIENT.divide(number, factor), "f"))
        return number * power_of_ten(int(factor) if how == "*10^" else -int(factor))


def ordered(registers: Sequence[int], spec: ValueSpec) -> bytes:
    """The registers as bytes, highest first, after both switches."""
    words = list(registers)
    if spec.word_order == "little":
        words.reverse()
    elif spec.word_order == "dword-little":
        pairs = [words[at : at + 2] for at in range(0, len(words), 2)]
        words = [word for pair in reversed(pairs) for word in pair]
    form = ">" if spec.byte_order == "big" else "<"
    return struct.pack(f"{form}{len(words)}H", *words)


def _sent(registers: Sequence[int], data: bytes, type_: RegisterType, spec: ValueSpec) -> bool:
    """A sentinel is given as the raw pattern (0xFFC00000, 0x8000) or as the raw number before scaling (-32768)."""
    if not spec.sentinels:
        return False
    as_sent = struct.pack(f">{len(registers)}H", *registers)
    patterns = {int.from_bytes(data, "big"), int.from_bytes(as_sent, "big")}
    return any(_means(sentinel_number(text), data, patterns, type_) for text in spec.sentinels)


@lru_cache(maxsize=1024)
def sentinel_number(sentinel: str) -> int | Decimal:
    """A pattern as an int, a number as a decimal. Raises `ValueError`."""
    try:
        if sentinel.lower().startswith("0x"):
            return int(sentinel, 16)
        return Decimal(sentinel)
    except (ValueError, InvalidOperation) as error:
        raise ValueError(f"{sentinel!r} is no sentinel: write 0x8000 or -32768") from error


def _means(wanted: int | Decimal, data: bytes, patterns: set[int], type_: RegisterType) -> bool:
    if isinstance(wanted, int):
        return wanted in patterns
    if isinstance(type_, Float) and wanted.is_finite():
        # A manual prints -9999.9 or 3.402823e38 for what is the nearest float of that width.
        try:
            return struct.pack(PACK[type_.width], float(wanted)) == data
        except OverflowError:
            return False
    if isinstance(type_, Integer) and wanted in patterns:
        return True  # 32768 and -32768 are one pattern in an int16
    if isinstance(type_, Array | Scaled | TextType | Flags | Truth):
        return False
    try:
        return wanted == number_of(data, type_)
    except BadRegisters:
        return False


def _scaled(number: Decimal, spec: ValueSpec) -> DecodedRegisters:
    return DecodedRegisters(number=scaled(number, spec))


def scaled(number: Decimal, spec: ValueSpec) -> Decimal:
    """By the settings' own scale and offset. Raises `BadRegisters` for what no JSON number can hold."""
    with localcontext(prec=60):  # a 64-bit number times a long scale keeps every digit
        found = number * spec.scale + spec.offset
    if found.adjusted() > MOST_PLACES:
        raise BadRegisters("range", "larger than any device measures; see type, byte_order and word_order")
    return found


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


def registers_answer(registers: Sequence[int], spec: ValueSpec, ok: int | None = None) -> dict[str, object]:
    """What `gaugetrail-agent registers` prints; `ok` is the number that is a good result."""
    try:
        decoded = decode(registers, spec)
    except BadRegisters as error:
        return {"value": None, "error": error.kind, "message": str(error)}
    shown: dict[str, object] = {"value": answer(decoded)}
    if decoded.number is not None:
        shown["text"] = decimal_text(decoded.number)
        if ok is not None:
            shown["result"] = "ok" if decoded.number == ok else "nok"
    if decoded.special is not None:
        shown["special"] = decoded.special
    return shown


def all_orders_answer(registers: Sequence[int], spec: ValueSpec) -> dict[str, object]:
    """Every order side by side, for commissioning: look for the one that shows what the device's display shows."""
    words = WORD_ORDERS if _has_halves(parse(spec.type)) else WORD_ORDERS[:2]
    return {
        f"byte {byte}, word {word}": _one_order(registers, replace(spec, byte_order=byte, word_order=word))
        for byte in ORDERS
        for word in words
    }


def _one_order(registers: Sequence[int], spec: ValueSpec) -> dict[str, object]:
    shown = registers_answer(registers, spec)
    type_ = parse(spec.type)
    one = type_.of if isinstance(type_, Array) else type_
    if isinstance(one, Float) and "error" not in shown:
        starts = range(0, len(registers), one.count)
        if any(is_denormal(ordered(registers[at : at + one.count], spec), one.width) for at in starts):
            shown["suspicious"] = "denormal: smaller than any device computes, so hardly this order"
    return shown


def _has_halves(type_: RegisterType) -> bool:
    """Whether a number of the type has two halves of 32 bits, which some devices swap whole."""
    one = type_.of if isinstance(type_, Array) else type_.number if isinstance(type_, Scaled) else type_
    return not isinstance(one, TextType) and one.count == 4


def check_halves(type_: str, word_order: str) -> None:
    """Raises `ValueError` where no 32-bit halves are there to be swapped."""
    if word_order == "dword-little" and not _has_halves(parse(type_)):
        raise ValueError(f"dword-little swaps the halves of 64-bit numbers; {type_} has none: big or little")


def make_spec(
    type_: str, byte_order: str, word_order: str, scale: str, offset: str, sentinel: tuple[str, ...], encoding: str
) -> ValueSpec:
    """A spec from texts. Raises `ValueError` that names what is allowed."""
    register_count(type_)
    orders: dict[str, Order] = {order: order for order in ORDERS}
    words: dict[str, WordOrder] = {order: order for order in WORD_ORDERS}
    if byte_order not in orders:
        raise ValueError(f"the byte order {byte_order!r} is none: big or little")
    if word_order not in words:
        raise ValueError(f"the word order {word_order!r} is none: big or little, for 64 bits also dword-little")
    check_halves(type_, word_order)
    known = texts.known_encoding(encoding)
    try:
        factor, addend = Decimal(scale), Decimal(offset)
    except InvalidOperation as error:
        raise ValueError(f"scale {scale!r} or offset {offset!r} is no decimal number") from error
    if not (factor.is_finite() and addend.is_finite()):
        raise ValueError("scale and offset must be finite")
    for text in sentinel:
        sentinel_number(text)
    return ValueSpec(type_, orders[byte_order], words[word_order], factor, addend, sentinel, known)


def in_bits(type_: str, bits: str) -> str:
    """The type that reads one bit (`3`) or a range of bits (`4-7`) of a number. Raises `ValueError`."""
    if not isinstance(parse(type_), Integer | Flags):
        raise ValueError(f"{type_} has no bits to choose from; say uint16 or uint32")
    name = f"{type_}:{bits}"
    try:
        parse(name)
    except ValueError as error:
        raise ValueError(f"{type_} has no bits {bits}: write 3, or 4-7 with the lower first") from error
    return name
