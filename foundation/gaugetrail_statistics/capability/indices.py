"""Capability indices out of a middle, a spread and the limits: arithmetic alone, nothing is judged here.

An index compares what the limits leave with what the process takes, its `ProcessReach`: how far 99.73 % of the values
stand from their middle, below and above. A normal distribution reaches three standard deviations
to both sides; any other reaches from its median to its 0.135 % and 99.865 % points (ISO 22514-2:2017, the general
geometric method), so one arithmetic serves both.

Three conventions give the name Cp to different numbers; all stand in every answer under names of their own:

- `aiag2005` (AIAG, Statistical Process Control, 2nd edition 2005, chapter IV): Cp and Cpk take the standard deviation
  within subgroups (R-bar/d2 or s-bar/c4), Pp and Ppk that of all values.
- `iso22514` (ISO 22514-2): Cp and Cpk have the formulas of Pp and Ppk, over the whole distribution in time; the letter
  says whether the process was shown to be stable.
- `aiag-vda2026` (AIAG & VDA, Statistical Process Control): as ISO 22514, with Cw and Cwk as the names of the indices
  within subgroups. Known to us from the review draft of February 2026 and what was published about it, not from the
  final volume.

Cpm is Taguchi's, (usl - lsl) / 6 tau, tau the root of the variance and the squared distance to the target (Chan, Cheng,
Spiring: Journal of Quality Technology 20, 1988). A natural bound is where nature ends the scale, no limit that somebody
set: its side has no index, and cp_star sets the room from bound to limit against the whole reach.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from gaugetrail_statistics.refusing import Refused

Convention = Literal["aiag2005", "aiag-vda2026", "iso22514"]
CONVENTIONS: tuple[Convention, ...] = ("aiag2005", "aiag-vda2026", "iso22514")
PER_MILLION = 1e6


@dataclass(frozen=True)
class CapabilityLimits:
    """The limits of one characteristic, and where nature ends its scale."""

    lsl: float | None = None
    usl: float | None = None
    natural_lower: float | None = None
    natural_upper: float | None = None
    target: float | None = None

    def __post_init__(self) -> None:
        if self.lsl is None and self.usl is None:
            raise Refused("capability needs a limit; give --lsl, --usl or both")
        if self.lsl is not None and self.natural_lower is not None:
            raise Refused("below stands a limit or a natural bound, not both; leave out --lsl or --natural-lower")
        if self.usl is not None and self.natural_upper is not None:
            raise Refused("above stands a limit or a natural bound, not both; leave out --usl or --natural-upper")
        if self.lowest is not None and self.highest is not None and not self.lowest < self.highest:
            raise Refused(f"the lower end {self.lowest:g} isn't below the upper end {self.highest:g}")

    @property
    def lowest(self) -> float | None:
        """The lower limit, or the bound in its place."""
        return self.natural_lower if self.lsl is None else self.lsl

    @property
    def highest(self) -> float | None:
        """The upper limit, or the bound in its place."""
        return self.natural_upper if self.usl is None else self.usl

    @property
    def aim(self) -> float | None:
        """The target that was given, else the middle of two limits."""
        if self.target is None and self.lsl is not None and self.usl is not None:
            return self.lsl + (self.usl - self.lsl) / 2
        return self.target


@dataclass(frozen=True)
class ProcessReach:
    """The middle, and how far 99.73 % of the values stand from it on either side."""

    middle: float
    below: float
    above: float

    @classmethod
    def normal(cls, mean: float, sd: float) -> ProcessReach:
        """Three standard deviations to both sides."""
        return cls(mean, 3 * sd, 3 * sd)


@dataclass(frozen=True)
class Indices:
    """One family: of both limits, of the nearer one, of each; `star` is of a limit and a natural bound."""

    p: float | None
    k: float | None
    lower: float | None
    upper: float | None
    star: float | None


NONE = Indices(None, None, None, None, None)


@dataclass(frozen=True)
class PerMillion:
    """Values outside, in parts per million; a side without a limit has none."""

    below: float | None
    above: float | None
    total: float


def indices(reach: ProcessReach, limits: CapabilityLimits) -> Indices:
    """What the limits leave against what the process takes; what can't be is None."""
    lower = None if limits.lsl is None else _ratio(reach.middle - limits.lsl, reach.below)
    upper = None if limits.usl is None else _ratio(limits.usl - reach.middle, reach.above)
    sides = [side for side in (lower, upper) if side is not None]
    room = None
    if limits.lowest is not None and limits.highest is not None:
        room = _ratio(limits.highest - limits.lowest, reach.below + reach.above)
    both = limits.lsl is not None and limits.usl is not None
    return Indices(room if both else None, min(sides, default=None), lower, upper, None if both else room)


def cpm(mean: float, sd: float, limits: CapabilityLimits) -> float | None:
    """Taguchi's index: needs both limits; the target is the middle where none is given."""
    if limits.lsl is None or limits.usl is None or limits.aim is None:
        return None
    return _ratio(limits.usl - limits.lsl, 6 * math.hypot(sd, mean - limits.aim))


def expected(mean: float, sd: float, limits: CapabilityLimits) -> PerMillion | None:
    """Outside the limits by the normal distribution."""
    if sd <= 0:
        return None
    below = None if limits.lsl is None else normal_tail((mean - limits.lsl) / sd) * PER_MILLION
    above = None if limits.usl is None else normal_tail((limits.usl - mean) / sd) * PER_MILLION
    return PerMillion(below, above, (below or 0.0) + (above or 0.0))


def normal_tail(distance: float) -> float:
    """The share of a normal distribution beyond so many standard deviations; exact far out, where 1 - cdf is 0."""
    return math.erfc(distance / math.sqrt(2)) / 2


def _ratio(room: float, taken: float) -> float | None:
    if not taken > 0:
        return None
    found = room / taken
    return found if math.isfinite(found) else None
