"""Rational subgroups: values that were taken together, in the order in which each first appeared.

Promise: a missing value makes its subgroup smaller, and with it every constant that depends on the size; a subgroup of
which every value is missing stays in its place, empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from gaugetrail_statistics import moments


class RationalSubgroup(Struct, frozen=True, gc=False):
    """Its name and the values that are there."""

    label: str
    values: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many values there are."""
        return len(self.values)

    def mean(self) -> float | None:
        """`None` where there is no value."""
        return moments.mean(self.values) if self.values else None

    def spread(self) -> float | None:
        """The range; `None` for fewer than two values."""
        return moments.spread(self.values) if self.size > 1 else None

    def sd(self) -> float | None:
        """The standard deviation; `None` for fewer than two values."""
        return moments.sd(self.values) if self.size > 1 else None


def subgroups_of(labels: Sequence[str], values: Sequence[float | None]) -> list[RationalSubgroup]:
    """Values under their labels, by first appearance."""
    gathered: dict[str, list[float]] = {}
    for label, value in zip(labels, values, strict=True):
        own = gathered.setdefault(label, [])
        if value is not None:
            own.append(value)
    return [RationalSubgroup(label, tuple(own)) for label, own in gathered.items()]


def single_values(values: Sequence[float | None], labels: Sequence[str] | None = None) -> list[RationalSubgroup]:
    """Each value alone, called by its position where it has no label."""
    names = [str(at) for at in range(1, len(values) + 1)] if labels is None else labels
    return [
        RationalSubgroup(name, () if value is None else (value,)) for name, value in zip(names, values, strict=True)
    ]
