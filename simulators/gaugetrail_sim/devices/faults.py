"""What goes wrong, and when: a plan of faults drawn from a seed, the same on every run of that seed.

Each kind of fault comes once at a fixed unit, so that the shortest demo meets all of them, and then again at random.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """One thing that happens on a real line."""

    GARBLED = "garbled"
    """A character of the frame is hit on the wire."""
    OVERLOAD = "overload"
    """The gauge is beyond its range and says so instead of a value."""
    CUT = "cut"
    """The frame comes in two pieces with a pause between them."""
    GLUED = "glued"
    """Two frames come as one piece: the key bounced."""
    DOUBLE_SCAN = "double_scan"
    """The scanner reads the same code twice."""


@dataclass(frozen=True, slots=True)
class UnitFaults:
    """What happens to one unit."""

    gauge: Fault | None = None
    scale: Fault | None = None
    scanner: Fault | None = None

    @property
    def kinds(self) -> tuple[Fault, ...]:
        """All of them, for counting."""
        return tuple(fault for fault in (self.gauge, self.scale, self.scanner) if fault is not None)


SCRIPT: Mapping[int, UnitFaults] = {
    3: UnitFaults(gauge=Fault.GARBLED),
    5: UnitFaults(scale=Fault.OVERLOAD),
    7: UnitFaults(scanner=Fault.DOUBLE_SCAN),
    9: UnitFaults(gauge=Fault.CUT),
    11: UnitFaults(gauge=Fault.GLUED),
    13: UnitFaults(gauge=Fault.OVERLOAD),
}
"""Faults of the first units, counted from 1."""

WIRE_FAULTS = (Fault.GARBLED, Fault.OVERLOAD, Fault.CUT, Fault.GLUED)


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults by unit number. `rate` is the chance of each kind of device to misbehave with a unit."""

    seed: int
    rate: float = 0.04

    def of_unit(self, number: int) -> UnitFaults:
        """What happens to the unit of this number; asked in any order, the answer is the same."""
        if number in SCRIPT:
            return SCRIPT[number]
        if number < max(SCRIPT):
            return UnitFaults()
        dice = random.Random(f"faults {self.seed} {number}")
        return UnitFaults(
            gauge=dice.choice(WIRE_FAULTS) if dice.random() < self.rate else None,
            scale=dice.choice(WIRE_FAULTS) if dice.random() < self.rate else None,
            scanner=Fault.DOUBLE_SCAN if dice.random() < self.rate else None,
        )
