"""A production line with a fixed seed: pistons with good and bad dimensions, the same on every run.

A boring tool wears: the bore grows a little with each unit until the tool is changed. Some units are out of tolerance,
one is measured with a chip on the gauge and measured again, some surfaces are scratched, some are pressed too hard, one
is good by the first revision of its plan and too wide by the next. Each goes through an operator's station and then, if
it is good, through an automatic press.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

FIRST_SERIAL = 4702
TOOL_LIFE = 120
WEAR_MM = 0.0003
"""Bore growth a unit."""

BORE = (Decimal("74.000"), Decimal("73.950"), Decimal("74.050"))
WEIGHT = (Decimal("250.00"), Decimal("248.50"), Decimal("251.50"))
FORCE = (Decimal("15.0"), Decimal("12.0"), Decimal("18.0"))
DEPTH = (Decimal("8.50"), Decimal("8.40"), Decimal("8.60"))
"""Nominal, lower and upper specification limit; the demo's control plans say the same."""
FIRST_REVISION = "C"
NEXT_REVISION = "D"
BORE_BY: Mapping[str, Decimal] = {FIRST_REVISION: BORE[2], NEXT_REVISION: Decimal("74.040")}
"""Upper limit of the bore by revision of the piston's plan."""


class Story(StrEnum):
    """What is special about a unit."""

    GOOD = "good"
    CHIP = "a chip on the gauge; wiped and measured again"
    WIDE = "bored too wide"
    LIGHT = "too light"
    SCRATCHED = "scratched"
    PRESSED_HARD = "pressed too hard"
    NARROW = "good by revision C, too wide by D"


SCRIPT: Mapping[int, Story] = {
    4: Story.WIDE,
    6: Story.PRESSED_HARD,
    8: Story.SCRATCHED,
    10: Story.CHIP,
    11: Story.NARROW,
    12: Story.LIGHT,
}
"""Units of the first minute, counted from 1: the shortest demo has one of each. Unit 10 is serial 4711."""
LATER = (Story.WIDE, Story.PRESSED_HARD, Story.SCRATCHED, Story.CHIP, Story.LIGHT)
LATER_RATE = 0.05


@dataclass(frozen=True, slots=True)
class LineLook:
    """One look at a unit at the operator's station: what each gauge will show, what the eye says."""

    serial: str
    values: Mapping[str, Decimal]
    typed: Mapping[str, str]
    passes: bool
    """By the first revision of the plan."""

    @property
    def pin(self) -> str:
        """The pin that goes into it."""
        return f"P{self.serial[2:]}"

    def passes_by(self, revision: str) -> bool:
        """Whether it passes by that revision."""
        return self.passes and self.values["bore"] <= BORE_BY[revision]


@dataclass(frozen=True, slots=True)
class Piece:
    """One physical piston and what the line will find."""

    number: int
    serial: str
    story: Story
    looks: tuple[LineLook, ...]
    force_kn: Decimal
    depth_mm: Decimal

    @property
    def press_passes(self) -> bool:
        """Whether the press leaves it good."""
        return _within(self.force_kn, FORCE) and _within(self.depth_mm, DEPTH)

    def first_pass(self, revision: str) -> bool:
        """Good at every station at the first look, which was by that revision."""
        return self.looks[0].passes_by(revision) and self.press_passes


def make_piece(seed: int, number: int, story: Story | None = None) -> Piece:
    """The unit of this number, from 1, with a story of its own or the one given; asked in any order, the answer is the
    same.
    """
    dice = random.Random(f"line {seed} {number}")
    by_itself = SCRIPT.get(number, Story.GOOD)
    if number > max(SCRIPT) and dice.random() < LATER_RATE:
        by_itself = dice.choice(LATER)
    story = story or by_itself
    serial = f"SN{FIRST_SERIAL - 1 + number:06d}"
    worn = WEAR_MM * (number % TOOL_LIFE) - WEAR_MM * TOOL_LIFE / 2
    tightest = (BORE[0], BORE[1], BORE_BY[NEXT_REVISION])
    bore = _limited(_decimal(74.000 + worn + dice.gauss(0, 0.006), "0.001"), tightest)
    weight = _limited(_decimal(dice.gauss(250.0, 0.3), "0.01"), WEIGHT)
    force = _limited(_decimal(dice.gauss(15.0, 0.6), "0.1"), FORCE)
    depth = _limited(_decimal(dice.gauss(8.50, 0.02), "0.01"), DEPTH)
    if story is Story.WIDE:
        bore = Decimal("74.058")
    elif story is Story.NARROW:
        bore = Decimal("74.045")
    elif story is Story.LIGHT:
        weight = Decimal("247.90")
    elif story is Story.PRESSED_HARD:
        force = Decimal("19.2")
    surface = "%NOK:SCRATCH" if story is Story.SCRATCHED else "%OK"
    looks = [_look(serial, bore, weight, surface)]
    if story is Story.CHIP:
        looks.insert(0, _look(serial, Decimal("74.063"), weight, surface))
    return Piece(number, serial, story, tuple(looks), force, depth)


def _look(serial: str, bore: Decimal, weight: Decimal, surface: str) -> LineLook:
    passes = _within(bore, BORE) and _within(weight, WEIGHT) and surface == "%OK"
    return LineLook(serial, {"bore": bore, "scale": weight}, {"surface": surface, "edge": "%OK"}, passes)


def _decimal(value: float, digits: str) -> Decimal:
    return Decimal(value).quantize(Decimal(digits))


def _within(value: Decimal, limits: tuple[Decimal, Decimal, Decimal]) -> bool:
    return limits[1] <= value <= limits[2]


def _limited(value: Decimal, limits: tuple[Decimal, Decimal, Decimal]) -> Decimal:
    """A good unit is good: the tails of the dice are cut, so that each bad unit is one by its story."""
    return min(max(value, limits[1]), limits[2])
