"""d2*: what the mean of few ranges is divided by, so that its square estimates the variance without bias.

Source: A. J. Duncan, Quality Control and Industrial Statistics, appendix table D3; AIAG MSA (4th ed.) appendix C.
E(Rbar^2) = sigma^2 (d2^2 + d3^2 / g) for the mean of g ranges of m values, whence d2* = sqrt(d2^2 + d3^2 / g); it falls
to d2 as g grows. AIAG's K factors are 1 / d2*, and take d2 itself where g is above 15.
"""

from __future__ import annotations

import math

from gaugetrail_statistics.constants import d2, d3

MANY_RANGES = 15
"""Above so many ranges AIAG takes d2 (MSA, 4th ed., the note under the data sheet)."""


def d2_star(size: int, ranges: int) -> float:
    """For the mean of so many ranges of so many values each."""
    return math.sqrt(d2(size) ** 2 + d3(size) ** 2 / ranges)


def aiag_d2_star(size: int, ranges: int) -> float:
    """The same as AIAG's tables are read: d2 above fifteen ranges."""
    return d2(size) if ranges > MANY_RANGES else d2_star(size, ranges)
