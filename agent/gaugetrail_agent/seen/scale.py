"""A value against its limits, as places 0 to 100 on a bar. Pure; decimals are compared digit for digit.

Promise: the tolerance fills the middle half where there are two limits; a value far outside stands at the bar's end, on
its own side.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

EDGE = 2.0
"""How near to an end of the bar anything is drawn."""


@dataclass(frozen=True, slots=True)
class LimitScale:
    """Where a bar begins, and how much it holds."""

    start: Decimal
    width: Decimal

    def place(self, value: str) -> float:
        """Where a value stands on it."""
        at = float((Decimal(value) - self.start) / self.width * 100)
        return round(min(max(at, EDGE), 100 - EDGE), 2)


def scale_of(nominal: str | None, lsl: str | None, usl: str | None) -> LimitScale | None:
    """The bar of a characteristic; null where it has no limit."""
    lower, upper = _number(lsl), _number(usl)
    if lower is not None and upper is not None and upper > lower:
        width = (upper - lower) * 2
        return LimitScale(lower - width / 4, width)
    limit = lower if lower is not None else upper
    if limit is None:
        return None
    middle = _number(nominal)
    reach = abs(limit - middle) if middle is not None else Decimal(0)
    width = max(reach, abs(limit) / 10, Decimal("1e-9")) * 4
    return LimitScale(limit - width / 2, width)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
