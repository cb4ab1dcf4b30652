"""Numbers out of registers that already stand in order: exactly, in decimal arithmetic. Pure.

Promise: the digits are those that the registers hold: 0x436E3333 is 238.2 and not 238.1999969, a 64-bit counter never
passes through a float. NaN and infinity are no number; a digit that is none is an error (promise G4).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Literal

from gaugetrail_agent.drivers.modbus.types import (
    BadRegisters,
    Bcd,
    BitRange,
    DecadeExponent,
    Float,
    Integer,
    Plain,
    Radix,
)

Special = Literal["nan", "+inf", "-inf"]

MOST_DECADES = 18
"""No device scales by more: 10^18 takes a 64-bit number to its end. SunSpec allows -10 to 10."""
PACK = {16: ">e", 32: ">f", 64: ">d"}
_WIDE = Context(prec=400)  # a 64-bit float has up to 309 digits before the point, one scaled by another twice as many


def number_of(data: bytes, type_: Plain | BitRange) -> Decimal | Special:
    """The number in the bytes, highest first. Raises `BadRegisters`."""
    match type_:
        case Integer():
            used = data[-1:] if type_.width == 8 else data
            return Decimal(int.from_bytes(used, "big", signed=type_.signed))
        case Float():
            return _float(data, type_.width)
        case Bcd():
            return _bcd(data)
        case Radix():
            return _radix(struct.unpack(f">{len(data) // 2}H", data), type_)
        case DecadeExponent():
            return _decade_exponent(data, type_)
        case BitRange():
            return Decimal(int.from_bytes(data, "big") >> type_.first & (1 << type_.last - type_.first + 1) - 1)


def _bcd(data: bytes) -> Decimal:
    digits = data.hex()
    if not digits.isdecimal():
        raise BadRegisters("bcd", f"0x{digits} holds a nibble that is no decimal digit")
    return Decimal(digits)


def _radix(words: Sequence[int], type_: Radix) -> Decimal:
    """Schneider PowerLogic writes energies so (its FA212766): each register a digit from 0, or -9,999, to 9,999."""
    digits = [word - 0x10000 if type_.signed and word >= 0x8000 else word for word in words]
    if any(abs(digit) >= type_.base for digit in digits):
        raise BadRegisters("digit", f"{max(digits, key=abs)} is no digit of base {type_.base}; see word_order and type")
    if min(digits) < 0 < max(digits):
        raise BadRegisters("digit", f"{', '.join(map(str, digits))}: digits of both signs are no number")
    number = 0
    for digit in digits:
        number = number * type_.base + digit
    return Decimal(number)


def _decade_exponent(data: bytes, type_: DecadeExponent) -> Decimal:
    """Finder 7M.38 manual, p. 54: 0xFD01E240 is 123456 x 10^-3, type T5 unsigned, T6 signed, T4 in one register."""
    bits = type_.width - type_.exponent_bits
    whole = int.from_bytes(data, "big")
    number, exponent = whole & (1 << bits) - 1, whole >> bits
    if type_.signed and number >> bits - 1:
        number -= 1 << bits
    if type_.exponent_signed and exponent >> type_.exponent_bits - 1:
        exponent -= 1 << type_.exponent_bits
    return Decimal(number) * power_of_ten(exponent)


def power_of_ten(exponent: int) -> Decimal:
    """10 to that, written so that a number keeps its digits: 1230 x 10^-2 is 12.30. Raises `BadRegisters`."""
    if abs(exponent) > MOST_DECADES:
        raise BadRegisters("exponent", f"10^{exponent} is no scale of any device; see type, byte_order and word_order")
    return Decimal(1).scaleb(exponent) if exponent < 0 else Decimal(10**exponent)


def _float(data: bytes, width: int) -> Decimal | Special:
    (number,) = struct.unpack(PACK[width], data)
    if math.isnan(number):
        return "nan"
    if math.isinf(number):
        return "+inf" if number > 0 else "-inf"
    return Decimal(shortest(number, width))


def is_denormal(data: bytes, width: int) -> bool:
    """Whether the float is smaller than any that a device computes: registers in another order look like that."""
    number: float = struct.unpack(PACK[width], data)[0]
    least = {16: 2.0**-14, 32: 2.0**-126, 64: 2.0**-1022}[width]
    return 0 < abs(number) < least


def shortest(number: float, width: int) -> str:
    """The fewest digits that give the same float of that width back: 0x436E3333 is 238.2, not 238.1999969."""
    if width == 64:
        return repr(number)
    form = PACK[width]
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


def rounded(number: Decimal, decimals: int) -> Decimal:
    """To so many digits behind the point, however many stand before it."""
    return number.quantize(Decimal(1).scaleb(-decimals), context=_WIDE)


def decimal_text(number: Decimal) -> str:
    """Plain digits, no exponent, no minus before a zero: what a record carries."""
    return format(number.copy_abs() if number.is_zero() else number, "f")
