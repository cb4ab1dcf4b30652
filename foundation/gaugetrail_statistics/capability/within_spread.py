"""Which estimator tells the spread within, and on how many values of which sizes it stands.

Where values stand in subgroups of two or more it is `rbar`, beyond ten a subgroup `sbar` (a range throws too much away
there; AIAG changes to s about here); where each stands alone it is `mr`. The estimates are `estimators`'.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from gaugetrail_statistics import estimators, moments
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.subgroups import RationalSubgroup

LARGEST_FOR_RANGES = 10


@dataclass(frozen=True)
class WithinSpread:
    """The estimate, how it was made, and the sizes that it stands on."""

    sd: float
    estimator: str
    sizes: tuple[int, ...]


def within_spread(
    values: Sequence[float], subgroups: Sequence[RationalSubgroup] = (), estimator: str | None = None
) -> WithinSpread:
    """Of these values in their order, and the subgroups that they stand in, if they do. Raises `Refused`."""
    several = [one for one in subgroups if one.size > 1]
    chosen = estimator or usual_estimator(several)
    if chosen not in estimators.OF_SUBGROUPS:
        ranges = array("d", (moments.spread(pair) for pair in pairwise(values)))
        return WithinSpread(estimators.sigma_of_neighbours(values, ranges, chosen), chosen, (len(values),))
    if not several:
        raise Refused(f"{chosen} needs subgroups of two values or more; give --subgroup, or --estimator mr")
    sizes = tuple(one.size for one in several)
    return WithinSpread(estimators.sigma_of_subgroups(several, chosen), chosen, sizes)


def usual_estimator(several: Sequence[RationalSubgroup]) -> str:
    """Where none is named."""
    if not several:
        return "mr"
    return "rbar" if max(one.size for one in several) <= LARGEST_FOR_RANGES else "sbar"
