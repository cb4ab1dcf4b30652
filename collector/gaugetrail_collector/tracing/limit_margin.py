"""How far a measured value is from its nearest limit, exactly: decimal arithmetic on the digits, never floats."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext

from gaugetrail_contract.record import Measurement

PRECISION = 140
"""Digits: two decimal texts of 64 characters can be subtracted without rounding."""


@dataclass(frozen=True, slots=True)
class Margin:
    """The distance to the nearest limit, in the value's unit: negative outside, 0 on the limit itself."""

    distance: Decimal
    percent: Decimal | None
    """Of the width between the limits, one decimal; null where there is only one limit or no width."""

    def __str__(self) -> str:
        return plain(self.distance)


def margin(measured: Measurement) -> Margin | None:
    """Null where there is no value or no limit."""
    if measured.value is None or (measured.lsl is None and measured.usl is None):
        return None
    with localcontext(prec=PRECISION):
        value = Decimal(measured.value)
        lower = None if measured.lsl is None else value - Decimal(measured.lsl)
        upper = None if measured.usl is None else Decimal(measured.usl) - value
        distance = min(side for side in (lower, upper) if side is not None)
        if lower is None or upper is None or (width := lower + upper) <= 0:
            return Margin(distance, None)
        return Margin(distance, (distance * 100 / width).quantize(Decimal("0.1")))


def plain(number: Decimal) -> str:
    """Digits without an exponent, and no minus before a zero."""
    return f"{abs(number) if number == 0 else number:f}"
