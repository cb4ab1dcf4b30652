"""Skip-lot sampling: after so many accepted lots in a row only a fraction of lots is inspected at all.

Formulas: SkSP-2, Perry, Journal of Quality Technology 5 (1973); with P the chance of acceptance of the plan that each
inspected lot meets, i the lots in a row and f the fraction: pa = (f P + (1 - f) P^i) / (f + (1 - f) P^i), and the share
of lots that is inspected F = f / ((1 - f) P^i + f).
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class SkipLot:
    """What skipping does at one quality."""

    pa: float
    inspected: float


def skip_lot(accepted: float, *, in_a_row: int, fraction: float) -> SkipLot:
    """`accepted`: the chance that the plan accepts an inspected lot. Raises `Refused`."""
    if in_a_row < 1:
        raise Refused(f"{in_a_row} lots in a row: at least one is accepted before any is skipped")
    if not 0 < fraction <= 1:
        raise Refused(f"the fraction of lots is {fraction:g}: it lies above 0 and is at most 1")
    run = accepted**in_a_row
    whole = fraction + (1.0 - fraction) * run
    return SkipLot((fraction * accepted + (1.0 - fraction) * run) / whole, fraction / whole)
