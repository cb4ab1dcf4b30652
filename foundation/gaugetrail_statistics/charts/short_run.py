"""Short runs: many parts on one chart, each about its own nominal, or in its own sigmas.

Promise: `deviations` leaves the unit and asks that all parts scatter alike; `standardized` asks for nothing but enough
values of each part, and its chart has centre 0 and sigma 1 (Montgomery, Introduction to Statistical Quality Control,
chapter 10.1; Farnum, Journal of Quality Technology 24, 1992).
"""

from __future__ import annotations

from collections.abc import Sequence

from gaugetrail_statistics import moments
from gaugetrail_statistics.constants import d2
from gaugetrail_statistics.refusing import Refused

FEWEST = 3
"""Values of a part without which its sigma is anybody's guess."""


def deviations(values: Sequence[float | None], nominals: Sequence[float | None]) -> list[float | None]:
    """Each value less its nominal, of decimals. Raises `Refused` where a value has none."""
    found: list[float | None] = []
    for at, (value, nominal) in enumerate(zip(values, nominals, strict=True), 1):
        if value is None:
            found.append(None)
        elif nominal is None:
            raise Refused(f"point {at} has a value and no nominal to hold it against")
        else:
            found.append(moments.difference(value, nominal))
    return found


def standardized(values: Sequence[float | None], parts: Sequence[str]) -> list[float | None]:
    """Each value in sigmas of its part from that part's mean, sigma by its own moving ranges. Raises `Refused`."""
    scales = {
        part: _scale(part, [v for v, own in zip(values, parts, strict=True) if own == part])
        for part in dict.fromkeys(parts)
    }
    return [
        None if value is None else (value - scales[part][0]) / scales[part][1]
        for value, part in zip(values, parts, strict=True)
    ]


def _scale(part: str, values: Sequence[float | None]) -> tuple[float, float]:
    own = [value for value in values if value is not None]
    if len(own) < FEWEST:
        raise Refused(f"part {part} has {len(own)} values; its own sigma takes {FEWEST} at least")
    sigma = moments.mean(moments.steps(own)) / d2(2)
    if not sigma > 0:
        raise Refused(f"the values of part {part} do not differ: it has no sigma of its own")
    return moments.mean(own), sigma
