"""Signal detection: how wide the zone is at a limit in which people no longer agree on a part.

Formula: AIAG MSA (4th ed.), chapter III section C. Of parts whose size is known, at each limit the distance from the
nearest part that all rejected every time to the nearest that all accepted every time; `d` is their mean, and 100 d over
the tolerance is what a gauge R&R would call percent of tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gaugetrail_statistics.measurement_systems.attribute_study import Judgements
from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class SignalDetection:
    """The zones; null where a limit is not given or has no part on one of its sides."""

    d_lower: float | None
    d_upper: float | None
    d: float | None
    percent_tolerance: float | None
    warnings: tuple[str, ...]


def signal_detection(
    of: Judgements, sizes: Sequence[float], accept: str, *, lsl: float | None = None, usl: float | None = None
) -> SignalDetection:
    """`sizes` are the parts' own, in the order of `of.parts`. Raises `Refused`."""
    if lsl is None and usl is None:
        raise Refused("signal detection needs a limit: give the lower one, the upper one or both")
    if lsl is not None and usl is not None and lsl >= usl:
        raise Refused(f"the lower limit {lsl:g} is not below the upper limit {usl:g}")
    said = [{word for person in of.words for word in person[i]} for i in range(len(of.parts))]
    accepted = [size for size, words in zip(sizes, said, strict=True) if words == {accept}]
    rejected = [size for size, words in zip(sizes, said, strict=True) if accept not in words]
    if not accepted:
        raise Refused("no part was accepted by everybody every time: the zones have no inner end")
    d_lower = None if lsl is None else _zone(min(accepted), [one for one in rejected if one < min(accepted)])
    d_upper = None if usl is None else _zone(max(accepted), [one for one in rejected if one > max(accepted)])
    zones = [one for one in (d_lower, d_upper) if one is not None]
    d = math.fsum(zones) / len(zones) if zones else None
    width = usl - lsl if lsl is not None and usl is not None else None
    share = None if d is None or width is None else 100.0 * d / width
    inside = [one for one in rejected if min(accepted) < one < max(accepted)]
    return SignalDetection(d_lower, d_upper, d, share, _warnings(lsl, d_lower, usl, d_upper, inside))


def _zone(accepted: float, rejected: Sequence[float]) -> float | None:
    return min((abs(accepted - one) for one in rejected), default=None)


def _warnings(
    lsl: float | None, d_lower: float | None, usl: float | None, d_upper: float | None, inside: Sequence[float]
) -> tuple[str, ...]:
    told = []
    if lsl is not None and d_lower is None:
        told.append("no part below the accepted ones was rejected by everybody: the zone at the lower limit is unknown")
    if usl is not None and d_upper is None:
        told.append("no part above the accepted ones was rejected by everybody: the zone at the upper limit is unknown")
    if inside:
        told.append(f"{len(inside)} parts were rejected by everybody though smaller and larger ones were accepted")
    return tuple(told)
