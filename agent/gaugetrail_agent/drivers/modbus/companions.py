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

from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.blocks import WORDS, Wanted
from gaugetrail_agent.drivers.modbus.companion_settings import (
    Accompanied,
    Beside,
    ConditionBeside,
    SignBeside,
    UnitBeside,
)
from gaugetrail_agent.drivers.modbus.numbers import MOST_DECADES, power_of_ten
from gaugetrail_agent.drivers.modbus.registers import BadRegisters, DecodedRegisters, ValueSpec
from gaugetrail_agent.links.modbus_settings import Function
from gaugetrail_agent.reading import Status

MOST_DECIMALS = 12
LONGEST_UNIT = 32


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
