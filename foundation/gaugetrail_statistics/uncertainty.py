"""An uncertainty budget by the GUM: from standard uncertainties to an expanded one.

Promise: independent contributions are added by their squares; effective degrees of freedom are Welch's and
Satterthwaite's, truncated, and k is Student's two-sided factor for them, normal where they are infinite (JCGM 100:2008,
5.1.2, G.4.1, G.6.4). Correlation is not taken into account.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from gaugetrail_statistics.refusing import Refused


@dataclass(frozen=True, slots=True)
class UncertaintySource:
    """A standard uncertainty with its sensitivity; `dof` is `None` where it is known without doubt."""

    uncertainty: float
    sensitivity: float = 1.0
    dof: float | None = None

    @property
    def contribution(self) -> float:
        """|c u|."""
        return abs(self.sensitivity * self.uncertainty)


@dataclass(frozen=True, slots=True)
class Budget:
    """The combined uncertainty and its expansion; degrees of freedom are `None` where they are infinite."""

    contributions: tuple[float, ...]
    combined: float
    nu_eff: float | None
    nu_used: int | None
    k: float
    expanded: float


def budget(sources: Sequence[UncertaintySource], confidence: float = 0.95) -> Budget:
    """The budget of independent sources. Raises `Refused`."""
    _settle(sources, confidence)
    combined = math.sqrt(math.fsum(one.contribution**2 for one in sources))
    if not combined > 0:
        raise Refused("every contribution is 0: there is no uncertainty to expand")
    doubt = math.fsum((one.contribution / combined) ** 4 / one.dof for one in sources if one.dof is not None)
    nu_eff = 1 / doubt if doubt > 0 else None
    nu_used = None if nu_eff is None else math.floor(nu_eff * (1 + 1e-12))
    if nu_used is not None and nu_used < 1:
        raise Refused(f"the effective degrees of freedom are {nu_eff:.3g}: too few for any factor k")
    tail = (1 + confidence) / 2
    k = float(stats.norm.ppf(tail) if nu_used is None else stats.t.ppf(tail, nu_used))
    return Budget(tuple(one.contribution for one in sources), combined, nu_eff, nu_used, k, k * combined)


def _settle(sources: Sequence[UncertaintySource], confidence: float) -> None:
    if not sources:
        raise Refused("the budget has no contribution")
    if not 0 < confidence < 1:
        raise Refused(f"--confidence {confidence:g} is no share: it lies between 0 and 1")
    for at, one in enumerate(sources, 1):
        if one.uncertainty < 0:
            raise Refused(f"contribution {at} has an uncertainty of {one.uncertainty:g}: it can't be below 0")
        if one.dof is not None and not one.dof > 0:
            raise Refused(f"contribution {at} has {one.dof:g} degrees of freedom: they must be above 0")
