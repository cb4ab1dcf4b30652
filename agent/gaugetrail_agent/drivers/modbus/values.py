"""Declared Modbus values: their settings, and the readings that their registers become.

Promise: what `registers.decode` says, faster: a value whose registers haven't changed gives the same reading again, for
it was read again and is the same; plain numbers take a short way that a property test holds against the long one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Context, Decimal, localcontext
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.companion_settings import Accompanied, Bits, TypeName, type_name
from gaugetrail_agent.drivers.modbus.companions import Companions, Ruling, Spread
from gaugetrail_agent.drivers.modbus.registers import (
    ENCODINGS,
    BadRegisters,
    DecodedRegisters,
    ValueSpec,
    WordOrder,
)
from gaugetrail_agent.drivers.modbus.texts import known_encoding
from gaugetrail_agent.drivers.modbus.types import Array, Flags, Float, RegisterType, TextType, Truth, parse
from gaugetrail_agent.links.modbus_settings import Function
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.text import DecimalText, Identifier

_EXACT = Context(prec=60)
MOST_DIGITS = 64
"""A record's number has at most so many; no device measures one that is longer."""


def _encoding(text: str) -> str:
    known_encoding(text)
    return text


def _sentinel(text: str) -> str:
    registers.sentinel_number(text)
    return text


Codes = int | tuple[int, ...]


class ValueSettings(Accompanied):
    """`[[device.value]]`: one value in the unit's registers."""

    name: Identifier = Field(description="the channel that plans name", examples=["force"])
    address: int = Field(ge=0, le=465_536, description="register, in the device's numbering")
    function: Function = Field("holding", description="holding, input, coil or discrete")
    type: TypeName = Field("uint16", description=registers.TYPES)
    bit: int | None = Field(None, ge=0, le=63, description="only this bit of the number")
    bits: Bits | None = Field(None, description="only these bits of the number", examples=["4-7"])
    ok: Codes | None = Field(None, description="an attribute's result: ok for this number, or one of several")
    nok: Codes | None = Field(None, description="nok for this number, no value for any other; default: all but ok")
    byte_order: Literal["big", "little"] = Field("big", description="order of the bytes inside a register")
    word_order: WordOrder = Field(
        "big",
        description="big: the first register is the highest; little: the last; dword-little: the halves of 64 bits "
        "swapped, each with its first register highest",
    )
    scale: DecimalText = Field("1", description="factor, in quotes", examples=["0.1"])
    offset: DecimalText = Field("0", description="added after the factor, in quotes")
    sentinel: tuple[Annotated[str, AfterValidator(_sentinel)], ...] = Field(
        (), description="raw values that mean no value", examples=["0x8000"]
    )
    encoding: Annotated[str, AfterValidator(_encoding)] = Field("ascii", description=f"of text: {ENCODINGS}")
    unit: Identifier | None = Field(None, description="unit of measurement", examples=["kN"])
    decimals: int | None = Field(None, ge=0, le=12, description="round a float to so many digits behind the point")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        registers.check_halves(self.type, self.word_order)
        type_ = parse(self.type_name())
        of_number = [
            key for key in ("decimals_at", "scale_at", "exponent_at", "sign_at") if getattr(self, key) is not None
        ]
        bits = self.function in ("coil", "discrete")
        if (bits or isinstance(type_, TextType | Flags | Truth)) and of_number:
            raise ValueError(f"{self.name}: {of_number[0]} is for numbers; {self.function} {self.type} is none")
        if bits and (self.type not in ("uint16", "bool") or self.bit is not None or self.bits is not None):
            raise ValueError(f"{self.name}: a {self.function} is one bit; leave out type and bits")
        if self.nok is not None and self.ok is None:
            raise ValueError(f"{self.name}: nok needs ok beside it")
        if self.ok is not None and isinstance(type_, TextType | Array):
            raise ValueError(f"{self.name}: ok names a number, and {self.type} is none")
        if self.unit is not None and self.unit_at is not None:
            raise ValueError(f"{self.name}: unit and unit_at are both given; keep one")
        return self

    @property
    def is_text(self) -> bool:
        """Whether it names a part, and is no measurement."""
        return isinstance(parse(self.type_name()), TextType)

    def type_name(self) -> str:
        """The type with the bits that are wanted of it."""
        return type_name(self.type, self.bit, self.bits)

    def spec(self) -> ValueSpec:
        """The value's decoding."""
        scale, offset, encoding = Decimal(self.scale), Decimal(self.offset), known_encoding(self.encoding)
        return ValueSpec(self.type_name(), self.byte_order, self.word_order, scale, offset, self.sentinel, encoding)


class ValueReader:
    """Makes readings of one value's registers, or of the piece in which its companions stand with it."""

    def __init__(self, value: ValueSettings, spread: Spread | None = None) -> None:
        self.value = value
        self.spec = value.spec()
        self.spread = spread
        self.number_text = _short_way(value, self.spec)
        # With companions, the settings' own scale comes after theirs.
        plain = replace(self.spec, scale=Decimal(1), offset=Decimal(0))
        self._raw_spec = self.spec if spread is None else plain
        self._companions = Companions.of(value, self.spec)
        self._last: tuple[Sequence[int], tuple[Reading, ...]] = ((), ())

    def readings(self, cut: Sequence[int]) -> tuple[Reading, ...]:
        """One reading, or one for each element of an array."""
        if cut == self._last[0]:
            return self._last[1]
        made = self._make(cut)
        self._last = (cut, made)
        return made

    def own(self, cut: Sequence[int]) -> Sequence[int]:
        """The value's own registers."""
        return cut if self.spread is None else cut[self.spread.own]

    def _make(self, cut: Sequence[int]) -> tuple[Reading, ...]:
        value = self.value
        bits = value.function in ("coil", "discrete")
        raw = bytes(cut) if bits else struct.pack(f">{len(cut)}H", *cut)
        if self.number_text is not None and (text := self.number_text(cut)) is not None:
            return (Reading(Status.OK, raw, value=text, unit=value.unit, channel=value.name),)
        ruling = self._ruling(cut)
        if ruling.why is not None:
            return (Reading(ruling.status, raw, channel=value.name, error_code=ruling.why),)
        own = self.own(cut)
        if bits:
            return (_coil(value, int(own[0]), raw),)
        try:
            return self._accompanied(registers.decode(own, self._raw_spec), ruling, raw)
        except BadRegisters as error:
            return (_garbled(value.name, raw, error),)

    def _ruling(self, cut: Sequence[int]) -> Ruling:
        if self.spread is None:
            return Ruling()
        beside = {key: cut[place] for key, place in self.spread.beside.items()}
        return self._companions.judge(beside, self.value.function)

    def _accompanied(self, decoded: DecodedRegisters, ruling: Ruling, raw: bytes) -> tuple[Reading, ...]:
        value = self.value
        if decoded.items is None:
            return (self._reading(value.name, decoded, ruling, raw),)
        names = (f"{value.name}[{number}]" for number in range(1, len(decoded.items) + 1))
        return tuple(self._reading(name, item, ruling, raw) for name, item in zip(names, decoded.items, strict=True))

    def _reading(self, channel: str, decoded: DecodedRegisters, ruling: Ruling, raw: bytes) -> Reading:
        value = self.value
        if decoded.number is None or value.ok is not None:
            return _no_number(value, channel, decoded, raw)
        number: Decimal | None = decoded.number
        if self.spread is not None:
            number = _sized(decoded.number, ruling, self.spec, is_float=isinstance(_one(parse(self.spec.type)), Float))
        if number is None:
            return Reading(Status.NO_VALUE, raw, channel=channel, error_code="sign_at, and a sign of its own")
        if value.decimals is not None:
            number = registers.rounded(number, value.decimals)
        text = registers.decimal_text(number)
        if len(text) > MOST_DIGITS:
            return Reading(Status.GARBLED, raw, channel=channel, error_code="digits")
        return Reading(ruling.status, raw, value=text, unit=ruling.unit or value.unit, channel=channel)


def _one(type_: RegisterType) -> RegisterType:
    return type_.of if isinstance(type_, Array) else type_


def _sized(number: Decimal, ruling: Ruling, spec: ValueSpec, *, is_float: bool) -> Decimal | None:
    """The number as its companions have it, then as the settings do; null for a sign that contradicts another."""
    with localcontext(_EXACT):
        if ruling.negative is not None:
            if number < 0:
                return None
            number = -number if ruling.negative else number
        if ruling.decimals is not None and not is_float:
            number *= Decimal(1).scaleb(-ruling.decimals)
        for factor in ruling.factors:
            number *= factor
    number = registers.scaled(number, spec)
    # A float has its point already: the register says how many digits behind it are shown.
    return registers.rounded(number, ruling.decimals) if is_float and ruling.decimals is not None else number


def _short_way(value: ValueSettings, spec: ValueSpec) -> Callable[[Sequence[int]], str | None] | None:
    """For plain numbers without a sentinel: registers to decimal text; its null sends the value the long way."""
    plain = value.type in ("uint16", "int16", "uint32", "int32", "uint64", "int64", "float32")
    alone = not value.companions and value.ok is None and value.bit is None and value.bits is None
    if not plain or not alone or value.sentinel or value.function not in ("holding", "input"):
        return None
    form = f"{'>' if value.byte_order == 'big' else '<'}{registers.register_count(value.type)}H"
    step = -1 if value.word_order == "little" else 1
    unscaled = spec.scale == 1 and spec.offset == 0 and value.decimals is None and _is_whole(spec)
    signed = value.type.startswith("int")

    def finished(number: Decimal) -> str | None:
        scaled = _EXACT.fma(number, spec.scale, spec.offset)
        text = registers.decimal_text(scaled if value.decimals is None else registers.rounded(scaled, value.decimals))
        return text if len(text) <= MOST_DIGITS else None

    def integer(cut: Sequence[int]) -> str | None:
        number = int.from_bytes(struct.pack(form, *cut[::step]), "big", signed=signed)
        return str(number) if unscaled else finished(Decimal(number))

    def float32(cut: Sequence[int]) -> str | None:
        data = struct.pack(form, *cut[::step])
        (number,) = struct.unpack(">f", data)
        if number - number != 0:  # NaN and the infinities
            return None
        text = registers.shortest(number, 32)
        return text if unscaled and number and "e" not in text else finished(Decimal(text))

    return float32 if value.type == "float32" else integer


def _is_whole(spec: ValueSpec) -> bool:
    """Whether scale and offset add no digits: a scale of 1.00 does."""
    return all(number.as_tuple().exponent == 0 for number in (spec.scale, spec.offset))


def _coil(value: ValueSettings, bit: int, raw: bytes) -> Reading:
    if value.ok is not None:
        return _result(value, value.name, bit, raw)
    return Reading(Status.INFO, raw, channel=value.name, text=str(bit), extra={"bit": bool(bit)})


def _garbled(channel: str, raw: bytes, error: BadRegisters) -> Reading:
    return Reading(Status.GARBLED, raw, channel=channel, error_code=error.kind, extra={"why": str(error)})


def _no_number(value: ValueSettings, channel: str, decoded: DecodedRegisters, raw: bytes) -> Reading:
    """Texts, bits, results, and what is none of them."""
    if decoded.bits is not None:
        number = sum(state << int(bit) for bit, state in decoded.bits.items())
        if value.ok is not None:
            return _result(value, channel, number, raw)
        extra: Mapping[str, bool] = {f"bit_{bit}": state for bit, state in decoded.bits.items()}
        return Reading(Status.INFO, raw, channel=channel, text=str(number), extra=dict(extra))
    if decoded.text is not None:
        return Reading(Status.INFO, raw, channel=channel, text=decoded.text)
    if decoded.number is not None:
        return _result(value, channel, decoded.number, raw)
    return Reading(Status.NO_VALUE, raw, channel=channel, error_code=decoded.special)


def _result(value: ValueSettings, channel: str, number: int | Decimal, raw: bytes) -> Reading:
    """An attribute's result; a number that is neither good nor bad is none."""
    good = _among(value.ok, number)
    if not good and value.nok is not None and not _among(value.nok, number):
        return Reading(Status.NO_VALUE, raw, channel=channel, error_code=f"{number} is neither ok nor nok")
    result = "ok" if good else "nok"
    return Reading(Status.OK, raw, channel=channel, text=result, extra={"result": result, "code": str(number)})


def _among(codes: Codes | None, number: int | Decimal) -> bool:
    return number in (codes if isinstance(codes, tuple) else (codes,))
