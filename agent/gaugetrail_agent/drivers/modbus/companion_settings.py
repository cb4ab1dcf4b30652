"""How the settings name what stands beside a value; `companions` says what it means.

Promise: a bare number is an address, and bits that a type doesn't have are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.registers import WordOrder
from gaugetrail_agent.links.modbus_settings import Function
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier

Bits = Annotated[str, Field(pattern=r"^[0-9]{1,2}(-[0-9]{1,2})?$")]


def _type(text: str) -> str:
    registers.register_count(text)
    return text


TypeName = Annotated[str, AfterValidator(_type)]


class Beside(Settings):
    """A register or bit beside a value, read in the same request. A bare number is its address."""

    address: int = Field(ge=0, le=465_536, description="register, in the device's numbering")
    function: Function | None = Field(None, description="default: the value's; another can't be read in one request")
    type: TypeName = Field("uint16", description="a number, as of a value; int16 for exponents below 0")
    bit: int | None = Field(None, ge=0, le=63, description="only this bit of it")
    bits: Bits | None = Field(None, description="only these bits of it", examples=["4-7"])
    byte_order: Literal["big", "little"] | None = Field(None, description="default: the value's")
    word_order: WordOrder | None = Field(None, description="default: the value's")

    @model_validator(mode="after")
    def _bits_are_there(self) -> Self:
        self.type_name()
        return self

    def type_name(self) -> str:
        """With the bits that are wanted of it. Raises `ValueError`."""
        return type_name(self.type, self.bit, self.bits)


class ConditionBeside(Beside):
    """What must stand there."""

    equals: int | tuple[int, ...] = Field(description="the number, or several of which one is enough")

    def holds(self, number: int) -> bool:
        """Whether one of them stands there."""
        return number == self.equals if isinstance(self.equals, int) else number in self.equals


class SignBeside(Beside):
    """Where the sign of a number stands."""

    positive: int = Field(0, description="the number that means plus")
    negative: int = Field(1, description="the number that means minus; anything else is no value")


class UnitBeside(Beside):
    """Where the unit stands, as a code or as text."""

    units: dict[str, Identifier] = Field(
        {}, description="code or text -> unit; a text that isn't listed is the unit", examples=[{"0": "g", "1": "kg"}]
    )


At = int | Beside
SignAt = int | SignBeside
UnitAt = int | UnitBeside
Conditions = ConditionBeside | tuple[ConditionBeside, ...]


def type_name(type_: str, bit: int | None, bits: str | None) -> str:
    """A type with the bits that are wanted of it. Raises `ValueError`."""
    if bit is not None and bits is not None:
        raise ValueError("bit and bits are both given; keep one")
    wanted = bits if bit is None else str(bit)
    return type_ if wanted is None else registers.in_bits(type_, wanted)


class Accompanied(Settings):
    """The companions of a value; all are optional."""

    decimals_at: At | None = Field(None, description="register with the number of decimals: 1230 with 2 is 12.30")
    scale_at: At | None = Field(None, description="register with the factor")
    exponent_at: At | None = Field(None, description="register with the exponent of ten, as SunSpec's scale factors")
    sign_at: SignAt | None = Field(None, description="register or bit with the sign")
    unit_at: UnitAt | None = Field(None, description="register with the unit's code or text")
    valid_if: Conditions = Field((), description="all of these hold, or there is no value")
    overrange_if: Conditions = Field((), description="one of these holds: overload, no value")
    underrange_if: Conditions = Field((), description="one of these holds: below the range, no value")
    unstable_if: Conditions = Field((), description="one of these holds: the value moves, and is never recorded")

    @property
    def companions(self) -> dict[str, Beside]:
        """Each under the name that its messages carry."""
        return dict(self._named())

    def _named(self) -> Iterator[tuple[str, Beside]]:
        for key in ("decimals_at", "scale_at", "exponent_at", "sign_at", "unit_at"):
            found = getattr(self, key)
            if found is not None:
                yield key, found if isinstance(found, Beside) else _at(key, found)
        for key in ("valid_if", "overrange_if", "underrange_if", "unstable_if"):
            found = getattr(self, key)
            for number, condition in enumerate((found,) if isinstance(found, ConditionBeside) else found, 1):
                yield f"{key}[{number}]", condition


def _at(key: str, address: int) -> Beside:
    if key == "sign_at":
        return SignBeside(address=address)
    if key == "unit_at":
        return UnitBeside(address=address)
    return Beside(address=address, type="int16" if key == "exponent_at" else "uint16")
