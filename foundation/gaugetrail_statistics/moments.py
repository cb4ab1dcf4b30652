"""Mean, standard deviation and autocorrelation, as exact as the decimals that were measured.

Promise: no digit is lost on the way. A measured value is a decimal of a few digits, and the shortest text of its binary
form is that decimal again; it is taken as a whole number of its last place, sums and squares are whole numbers and
exact, and one rounding stands at the end. So neither a large offset (NIST's NumAcc4) nor the order of values changes a
digit, where the usual one-pass formula fails and a two-pass one still feels the binary form.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from decimal import Context, Decimal
from fractions import Fraction
from itertools import pairwise

from gaugetrail_statistics.refusing import Refused

AT_A_TIME = 10_000
WIDE = Context(prec=1400, Emin=-5000, Emax=5000)
"""Digits enough for the widest span of binary numbers, squared not included: the squares are whole numbers."""


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean. Raises `Refused` where there is no value."""
    if not values:
        raise Refused("no values: nothing has a mean")
    if len(values) == 1:
        return float(values[0])
    return float(_summed(sum(whole) * unit for whole, unit in _some_at_a_time(values)) / len(values))


def total(values: Sequence[float]) -> float:
    """The sum, of decimals."""
    whole, unit = _in_last_place(values)
    return float(sum(whole) * unit)


def variance(values: Sequence[float]) -> float:
    """The sample variance, over n-1. Raises `Refused` for fewer than two values."""
    if len(values) < 2:
        raise Refused(f"a standard deviation needs two values, not {len(values)}")
    count = len(values)
    added = _summed(sum(whole) * unit for whole, unit in _some_at_a_time(values))
    squares = _summed(sum(one * one for one in whole) * unit * unit for whole, unit in _some_at_a_time(values))
    return float((squares - added * added / count) / (count - 1))


def sd(values: Sequence[float]) -> float:
    """The sample standard deviation, over n-1. Raises `Refused` for fewer than two values."""
    return math.sqrt(variance(values))


def median(values: Sequence[float]) -> float:
    """The middle value, or the mean of the two middle ones. Raises `Refused` where there is no value."""
    if not values:
        raise Refused("no values: nothing has a median")
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else mean(ordered[half - 1 : half + 1])


def spread(values: Sequence[float]) -> float:
    """The range, of decimals: 0.3 - 0.1 is 0.2. Raises `Refused` where there is no value."""
    if not values:
        raise Refused("no values: nothing has a range")
    return float(Decimal(repr(max(values))) - Decimal(repr(min(values))))


def difference(value: float, other: float) -> float:
    """One less the other, of decimals: 0.3 - 0.1 is 0.2."""
    return float(Decimal(repr(float(value))) - Decimal(repr(float(other))))


def steps(values: Sequence[float]) -> list[float]:
    """How far each value lies from the one before it, of decimals."""
    decimals = [Decimal(repr(float(value))) for value in values]
    return [float(abs(after - before)) for before, after in pairwise(decimals)]


def autocorrelation1(values: Sequence[float]) -> float | None:
    """How each value goes with the one before it (lag 1, NIST's formula); `None` where all are equal."""
    whole, _ = _in_last_place(values)
    count, total = len(whole), sum(whole)
    away = [count * one - total for one in whole]
    squares = sum(one * one for one in away)
    if not squares:
        return None
    return float(Fraction(sum(one * after for one, after in pairwise(away)), squares))


def _summed(parts: Iterable[Fraction]) -> Fraction:
    return sum(parts, Fraction(0))


def _some_at_a_time(values: Sequence[float]) -> Iterator[tuple[list[int], Fraction]]:
    """As `_in_last_place`, so that a million values cost no memory."""
    for start in range(0, len(values), AT_A_TIME):
        yield _in_last_place(values[start : start + AT_A_TIME])


def _in_last_place(values: Sequence[float]) -> tuple[list[int], Fraction]:
    """The values as whole numbers of the last decimal place that any of them has, and that place."""
    texts = [repr(float(value)).partition(".") for value in values]
    if all(part.isdigit() for _, _, part in texts):
        places = max((len(part) for _, _, part in texts), default=0)
        ten = [10 ** (places - have) for have in range(places + 1)]
        return [int(whole + part) * ten[len(part)] for whole, _, part in texts], Fraction(1, 10**places)
    # Very large and very small numbers are written with an exponent.
    decimals = [Decimal("".join(text)) for text in texts]
    place = min(exponent_of(one) for one in decimals)
    return [int(one.scaleb(-place, WIDE)) for one in decimals], Fraction(10) ** place


def exponent_of(number: Decimal) -> int:
    """The power of ten of a number's last digit."""
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "not finite"
    return exponent
