"""What a gauge R&R study says in the end, by whatever method: spreads, their shares, and how many classes of parts the
gauge can tell apart.

Formulas (AIAG MSA, 4th ed., chapter III): grr^2 = ev^2 + av^2 + int^2; tv^2 = grr^2 + pv^2; ndc = sqrt(2) pv / grr,
truncated (AIAG prints 1.41 for sqrt 2). With a known process spread tv is that, and pv^2 = tv^2 - grr^2. Against a
two-sided tolerance T: multiplier * sd / T; against one limit: (multiplier / 2) * sd / |limit - mean|.
A part that a method can't tell (the interaction, of ranges) is null and counts as none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from gaugetrail_statistics.refusing import Refused

Shares = Mapping[str, float | None]
"""By `ev`, `av`, `int`, `grr`, `pv`, `tv`."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the spreads are held against."""

    tolerance: float | None = None
    lsl: float | None = None
    usl: float | None = None
    multiplier: float = 6.0
    process_sd: float | None = None


@dataclass(frozen=True, slots=True)
class GaugeVariation:
    """Standard deviations and what follows from them."""

    sd: Shares
    percent_study: Shares
    percent_contribution: Shares
    percent_tolerance: Shares
    ndc: int | None
    ndc_raw: float | None
    pv_study: float | None
    warnings: tuple[str, ...]


def gauge_variation(
    ev: float | None,
    av: float | None,
    interaction: float | None,
    pv: float | None,
    by: Yardstick,
    *,
    grr: float,
    mean: float,
) -> GaugeVariation:
    """The study's result from its spreads. Raises `Refused` for a yardstick that can't be."""
    _check(by)
    warnings: list[str] = []
    shown_pv, tv = _totals(grr, pv, by.process_sd, warnings)
    sd: Shares = {"ev": ev, "av": av, "int": interaction, "grr": grr, "pv": shown_pv, "tv": tv}
    ndc_raw = None if shown_pv is None or grr == 0 else math.sqrt(2.0) * shown_pv / grr
    return GaugeVariation(
        sd=sd,
        percent_study={name: _percent(one, tv) for name, one in sd.items()},
        percent_contribution={name: _contribution(one, tv) for name, one in sd.items()},
        percent_tolerance=_of_tolerance(sd, by, mean, warnings),
        ndc=None if ndc_raw is None else math.floor(ndc_raw),
        ndc_raw=ndc_raw,
        pv_study=pv,
        warnings=tuple(warnings),
    )


def _check(by: Yardstick) -> None:
    if not (math.isfinite(by.multiplier) and by.multiplier > 0):
        raise Refused(f"the multiplier is {by.multiplier:g}: it must be above zero (6 is usual, 5.15 in older books)")
    if by.tolerance is not None and by.tolerance <= 0:
        raise Refused(f"the tolerance is {by.tolerance:g}: give its whole width, which is above zero")
    if by.tolerance is not None and (by.lsl is not None or by.usl is not None):
        raise Refused("give the tolerance's width or its limits, not both")
    if by.lsl is not None and by.usl is not None and by.lsl >= by.usl:
        raise Refused(f"the lower limit {by.lsl:g} is not below the upper limit {by.usl:g}")
    if by.process_sd is not None and by.process_sd <= 0:
        raise Refused(f"the process's standard deviation is {by.process_sd:g}: it must be above zero")


def _totals(
    grr: float, pv: float | None, process_sd: float | None, warnings: list[str]
) -> tuple[float | None, float | None]:
    """The parts' spread and the total."""
    if process_sd is None:
        return pv, None if pv is None else math.hypot(grr, pv)
    if grr > process_sd:
        warnings.append("the gauge varies more than the process's standard deviation that was given: pv is taken as 0")
    return math.sqrt(max(0.0, (process_sd - grr) * (process_sd + grr))), process_sd


def _of_tolerance(sd: Shares, by: Yardstick, mean: float, warnings: list[str]) -> Shares:
    width = by.tolerance
    if by.lsl is not None and by.usl is not None:
        width = by.usl - by.lsl
    elif by.lsl is not None or by.usl is not None:
        room = mean - by.lsl if by.lsl is not None else (by.usl or 0.0) - mean
        if room <= 0:
            warnings.append("the mean of all values is at or beyond the one limit: there is no tolerance to share")
        # Half of the spread against the room on the one side is the whole against twice the room.
        width = 2.0 * room if room > 0 else None
    return {name: _percent(None if one is None else by.multiplier * one, width) for name, one in sd.items()}


def _percent(part: float | None, whole: float | None) -> float | None:
    return None if part is None or whole is None or whole == 0 else 100.0 * part / whole


def _contribution(part: float | None, whole: float | None) -> float | None:
    return None if part is None or whole is None or whole == 0 else 100.0 * (part / whole) ** 2
