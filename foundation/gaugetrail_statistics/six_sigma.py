"""Defects per million opportunities, yield and the level of sigma.

The level is the normal quantile of the yield plus a shift by convention: Motorola's 1.5 makes 3.4 defects per million a
level of 6 (Montgomery, chapter 1). The shift is no measurement; it is printed on every result.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

from gaugetrail_statistics.refusing import Refused

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class SigmaLevel:
    """A rate of defects, and what it is called; the level is `None` where all or nothing is a defect."""

    dpmo: float
    good: float
    """The share of opportunities without a defect."""
    level: float | None


def of_dpmo(dpmo: float, shift: float) -> SigmaLevel:
    """The level of a rate. Raises `Refused`."""
    if not 0 <= dpmo <= MILLION:
        raise Refused(f"--dpmo {dpmo:g} is no rate: it lies between 0 and 1,000,000")
    share = dpmo / MILLION
    level = -NormalDist().inv_cdf(share) + shift if 0 < share < 1 else None
    return SigmaLevel(dpmo, 1 - share, level)


def of_counts(defects: float, units: float, opportunities: float, shift: float) -> SigmaLevel:
    """The level of counts: defects in so many units with so many opportunities each. Raises `Refused`."""
    if not (units > 0 and opportunities > 0):
        raise Refused(f"{units:g} units with {opportunities:g} opportunities each: both must be above 0")
    if not 0 <= defects <= units * opportunities:
        raise Refused(f"{defects:g} defects do not fit into {units * opportunities:g} opportunities")
    return of_dpmo(MILLION * defects / (units * opportunities), shift)
