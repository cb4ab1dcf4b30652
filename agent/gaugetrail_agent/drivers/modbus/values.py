"""Declared Modbus values: their settings, and the readings that their registers become.

Promise: what `registers.decode` says, faster: a value whose registers haven't changed gives the same reading again, for
it was read again and is the same; plain numbers take a short way that a property test holds against the long one.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from decimal import Context, Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.registers import BadRegisters, DecodedRegisters, ValueSpec
from gaugetrail_agent.links.modbus_settings import Function
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DecimalText, Identifier

_EXACT = Context(prec=60)


def _type(text: str) -> str:
    registers.register_count(text)
    return text


class ValueSettings(Settings):
    """`[[device.value]]`: one value in the unit's registers."""

    name: Identifier = Field(description="the channel that plans name", examples=["force"])
    address: int = Field(ge=0, le=465_536, description="register, in the device's numbering")
    function: Function = Field("holding", description="holding, input, coil or discrete")
    type: Annotated[str, AfterValidator(_type)] = Field("uint16", description=registers.TYPES)
    byte_order: Literal["big", "little"] = Field("big", description="order of the bytes inside a register")
    word_order: Literal["big", "little"] = Field("big", description="big: the first register is the highest")
    scale: DecimalText = Field("1", description="factor, in quotes", examples=["0.1"])
    offset: DecimalText = Field("0", description="added after the factor, in quotes")
    sentinel: tuple[str, ...] = Field((), description="raw values that mean no value", examples=["0x8000"])
    encoding: Literal["ascii", "utf-8", "latin-1", "cp1252", "utf-16", "utf-16-le", "shift_jis", "gbk", "euc_kr"] = (
        Field("ascii", description="of text")
    )
    unit: Identifier | None = Field(None, description="unit of measurement", examples=["kN"])
    decimals: int | None = Field(None, ge=0, le=12, description="round a float to so many digits behind the point")

    def spec(self) -> ValueSpec:
        """The value's decoding."""
        scale, offset = Decimal(self.scale), Decimal(self.offset)
        return ValueSpec(self.type, self.byte_order, self.word_order, scale, offset, self.sentinel, self.encoding)


class ValueReader:
    """Makes readings of one value's registers."""

    def __init__(self, value: ValueSettings) -> None:
        self.value = value
        self.spec = value.spec()
        self.number_text = _short_way(value, self.spec)
        self._last: tuple[Sequence[int], tuple[Reading, ...]] = ((), ())

    def readings(self, cut: Sequence[int]) -> tuple[Reading, ...]:
        """One reading, or one for each element of an array."""
        if cut == self._last[0]:
            return self._last[1]
        made = self._make(cut)
        self._last = (cut, made)
        return made

    def _make(self, cut: Sequence[int]) -> tuple[Reading, ...]:
        value = self.value
        if value.function in ("coil", "discrete"):
            return (
                Reading(Status.INFO, bytes(cut), channel=value.name, text=str(cut[0]), extra={"bit": bool(cut[0])}),
            )
        raw = struct.pack(f">{len(cut)}H", *cut)
        if self.number_text is not None and (text := self.number_text(cut)) is not None:
            return (Reading(Status.OK, raw, value=text, unit=value.unit, channel=value.name),)
        try:
            decoded = registers.decode(cut, self.spec)
        except BadRegisters as error:
            return (Reading(Status.GARBLED, raw, channel=value.name, error_code=error.kind),)
        if decoded.items is None:
            return (_reading(value, value.name, decoded, raw),)
        names = (f"{value.name}[{number}]" for number in range(1, len(decoded.items) + 1))
        return tuple(_reading(value, name, item, raw) for name, item in zip(names, decoded.items, strict=True))


def _short_way(value: ValueSettings, spec: ValueSpec) -> Callable[[Sequence[int]], str | None] | None:
    """For plain numbers without a sentinel: registers to decimal text; its null sends the value the long way."""
    plain = value.type in ("uint16", "int16", "uint32", "int32", "uint64", "int64", "float32")
    if not plain or value.sentinel or value.function not in ("holding", "input"):
        return None
    form = f"{'>' if value.byte_order == 'big' else '<'}{registers.register_count(value.type)}H"
    step = 1 if value.word_order == "big" else -1
    unscaled = spec.scale == 1 and spec.offset == 0 and value.decimals is None and _is_whole(spec)
    signed = value.type.startswith("int")

    def finished(number: Decimal) -> str:
        scaled = _EXACT.fma(number, spec.scale, spec.offset)
        return registers.decimal_text(scaled if value.decimals is None else registers.rounded(scaled, value.decimals))

    def integer(cut: Sequence[int]) -> str:
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


def _reading(value: ValueSettings, channel: str, decoded: DecodedRegisters, raw: bytes) -> Reading:
    if decoded.number is not None:
        number = decoded.number
        if value.decimals is not None:
            number = registers.rounded(number, value.decimals)
        return Reading(Status.OK, raw, value=registers.decimal_text(number), unit=value.unit, channel=channel)
    if decoded.text is not None:
        return Reading(Status.INFO, raw, channel=channel, text=decoded.text)
    if decoded.bits is not None:
        extra: Mapping[str, bool] = {f"bit_{bit}": state for bit, state in decoded.bits.items()}
        text = str(sum(state << int(bit) for bit, state in decoded.bits.items()))
        return Reading(Status.INFO, raw, channel=channel, text=text, extra=dict(extra))
    return Reading(Status.NO_VALUE, raw, channel=channel, error_code=decoded.special)
