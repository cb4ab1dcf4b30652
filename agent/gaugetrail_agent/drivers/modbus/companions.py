"""What stands beside a value and decides about it: decimals, scale, sign, unit, whether it is valid, stable, in range.

Promise: companions come in the same answer as their value, so they are of the same moment; a value whose companion says
nothing that is known is no value. Which registers that takes is `Spread`; what they make of the value is a `Ruling`.
Pure.

The order in which they count: first whether there is a value at all (`valid_if`, all of them), then whether it is out
of range, then its size (`decimals_at`, `scale_at`, `exponent_at`, `sign_at`), its unit, and last whether it moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.blocks import WORDS, Wanted
from gaugetrail_agent.drivers.modbus.numbers import MOST_DECADES, power_of_ten
from gaugetrail_agent.drivers.modbus.registers import BadRegisters, DecodedRegisters, ValueSpec, WordOrder
from gaugetrail_agent.links.modbus_settings import Function
from gaugetrail_agent.reading import Status
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import Identifier

MOST_DECIMALS = 12
LONGEST_UNIT = 32
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


@dataclass(frozen=True, slots=True)
class Spread:
    """Where value and companions lie in the one answer that holds them all."""

    wanted: Wanted
    own: slice
    beside: Mapping[str, slice]


def spread(name: str, own: Wanted, beside: Mapping[str, Wanted]) -> Spread:
    """Value and companions as one piece. Raises `ValueError` where one request can't read them."""
    for key, place in beside.items():
        if place.function != own.function:
            raise ValueError(
                f"{name}: {key} is {WORDS[place.function]} and the value {WORDS[own.function]}; one request can't read "
                "both, so they would be of two moments"
            )
    everything = [own, *beside.values()]
    start = min(place.address for place in everything)
    count = max(place.address + place.count for place in everything) - start
    slices = {key: slice(place.address - start, place.address - start + place.count) for key, place in beside.items()}
    return Spread(
        Wanted(name, own.function, start, count),
        slice(own.address - start, own.address - start + own.count),
        slices,
    )


def gap(own: Wanted, beside: Mapping[str, Wanted]) -> bool:
    """Whether registers lie between them that nobody declares."""
    covered = {at for place in (own, *beside.values()) for at in range(place.address, place.address + place.count)}
    return len(covered) < max(covered) - min(covered) + 1


Said = int | Decimal | str
"""What a companion's registers say."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the companions make of a value. `why`: there is none."""

    status: Status = Status.OK
    why: str | None = None
    factors: tuple[Decimal, ...] = ()
    decimals: int | None = None
    negative: bool | None = None
    unit: str | None = None


class UnknownCompanion(Exception):
    """A companion says nothing that is known: the value is none, and this is why."""


@dataclass(frozen=True, slots=True)
class Companions:
    """A value's companions, ready to be read."""

    beside: Mapping[str, Beside]
    specs: Mapping[str, ValueSpec] = field(default_factory=dict)

    @classmethod
    def of(cls, value: Accompanied, spec: ValueSpec) -> Companions:
        """With the orders of the value where a companion has none of its own."""
        beside = value.companions
        specs = {
            key: ValueSpec(
                one.type_name(),
                one.byte_order or spec.byte_order,
                one.word_order or ("big" if spec.word_order == "dword-little" else spec.word_order),
                encoding=spec.encoding,
            )
            for key, one in beside.items()
        }
        return cls(beside, specs)

    def judge(self, cut: Mapping[str, Sequence[int]], function: Function) -> Ruling:
        """What they say, from the registers of each."""
        try:
            return self._judge({key: self._said(key, words, function) for key, words in cut.items()})
        except UnknownCompanion as error:
            return Ruling(Status.NO_VALUE, str(error))

    def _said(self, key: str, words: Sequence[int], function: Function) -> Said:
        if function in ("coil", "discrete"):
            return int(words[0])
        try:
            return _plain(key, registers.decode(words, self.specs[key]))
        except BadRegisters as error:
            raise UnknownCompanion(f"{key}: {error.kind}") from error

    def _judge(self, said: Mapping[str, Said]) -> Ruling:
        for why, holds in self._conditions("valid_if", said):
            if not holds:
                return Ruling(Status.NO_VALUE, why)
        for prefix, status in (("overrange_if", Status.OVERRANGE), ("underrange_if", Status.UNDERRANGE)):
            for why, holds in self._conditions(prefix, said):
                if holds:
                    return Ruling(status, why)
        moving = any(holds for _, holds in self._conditions("unstable_if", said))
        return Ruling(
            Status.UNSTABLE if moving else Status.OK,
            factors=_factors(said),
            decimals=_decimals(said.get("decimals_at")),
            negative=self._negative(said.get("sign_at")),
            unit=self._unit(said.get("unit_at")),
        )

    def _conditions(self, prefix: str, said: Mapping[str, Said]) -> Iterator[tuple[str, bool]]:
        """Each of that name in words, and whether it holds."""
        for key, one in self.beside.items():
            if isinstance(one, ConditionBeside) and key.startswith(f"{prefix}["):
                number = said[key]
                yield f"{key} at {one.address} is {number}", isinstance(number, int) and one.holds(number)

    def _negative(self, number: Said | None) -> bool | None:
        if number is None:
            return None
        sign = self.beside["sign_at"]
        assert isinstance(sign, SignBeside)
        if number not in (sign.negative, sign.positive):
            raise UnknownCompanion(f"sign_at is {number}")
        return number == sign.negative

    def _unit(self, code: Said | None) -> str | None:
        if code is None:
            return None
        unit = self.beside["unit_at"]
        assert isinstance(unit, UnitBeside)
        found = unit.units.get(str(code), code.strip() if isinstance(code, str) else None)
        if not found or not found.isprintable() or len(found) > LONGEST_UNIT:
            raise UnknownCompanion(f"unit_at is {code!r}")
        return found


def _plain(key: str, decoded: DecodedRegisters) -> Said:
    if decoded.text is not None:
        return decoded.text
    if decoded.bits is not None:
        return sum(state << int(bit) for bit, state in decoded.bits.items())
    if decoded.number is None:
        raise UnknownCompanion(f"{key} is {decoded.special or 'no single number'}")
    whole = decoded.number == decoded.number.to_integral_value()
    return int(decoded.number) if whole else decoded.number


def _decimals(said: Said | None) -> int | None:
    if said is None:
        return None
    if not isinstance(said, int) or not 0 <= said <= MOST_DECIMALS:
        raise UnknownCompanion(f"decimals_at is {said}")
    return said


def _factors(said: Mapping[str, Said]) -> tuple[Decimal, ...]:
    factors = []
    if (exponent := said.get("exponent_at")) is not None:
        if not isinstance(exponent, int) or abs(exponent) > MOST_DECADES:
            raise UnknownCompanion(f"exponent_at is {exponent}")
        factors.append(power_of_ten(exponent))
    if (factor := said.get("scale_at")) is not None:
        if isinstance(factor, str) or not factor:
            raise UnknownCompanion(f"scale_at is {factor}")
        factors.append(Decimal(factor))
    return tuple(factors)
