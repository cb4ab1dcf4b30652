"""What counts most: Pareto's ranking of causes, and multi-vari's of where values differ.

Promise: categories stand by their sum, the largest first, and in the order of their appearance where sums are equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics import moments
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class Cause:
    """A category with its sum, its share of all and that of those before it with it."""

    category: str
    count: float
    share: float
    cumulative: float


@dataclass(frozen=True, slots=True)
class VariCell:
    """The values under one combination of factors."""

    levels: tuple[str, ...]
    n: int
    mean: float
    minimum: float
    maximum: float


def pareto(categories: Sequence[str], counts: Sequence[float]) -> list[Cause]:
    """Categories by what they sum up to. Raises `Refused`."""
    gathered: dict[str, list[float]] = {}
    for category, count in zip(categories, counts, strict=True):
        if count < 0:
            raise Refused(f"{category!r} has a count of {count:g}: counts are not below 0")
        gathered.setdefault(category, []).append(count)
    sums = sorted(((moments.total(own), category) for category, own in gathered.items()), key=lambda pair: -pair[0])
    whole = moments.total([own for own, _ in sums])
    if not whole > 0:
        raise Refused("nothing was counted: there is no first cause")
    found, before = [], 0.0
    for own, category in sums:
        before += own
        found.append(Cause(category, own, own / whole, before / whole))
    return found


def multi_vari(levels: Sequence[Sequence[str]], values: Sequence[float]) -> list[list[VariCell]]:
    """Means at each depth of nested factors: by the first, by the first two, and so on, by first appearance."""
    if not values:
        raise Refused("no values: nothing differs")
    found = []
    for depth in range(1, len(levels) + 1):
        gathered: dict[tuple[str, ...], list[float]] = {}
        for key, value in zip(zip(*levels[:depth], strict=True), values, strict=True):
            gathered.setdefault(key, []).append(value)
        found.append([VariCell(key, len(own), moments.mean(own), min(own), max(own)) for key, own in gathered.items()])
    return found
