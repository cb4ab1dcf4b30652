"""The smallest single sampling plan that keeps two promises.

Lots as good as the AQL are rejected with a chance of alpha at most, lots as bad as the LTPD accepted with a chance of
beta at most.

Exact, by search: for each c the smallest n that keeps beta; the first c at which that n keeps alpha, too, is the plan,
since n only grows with c. Nothing is interpolated from a nomograph. With c fixed (0, say) only beta is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.sampling.acceptance import Law, SinglePlan, accepting

LARGEST = 1_000_000
"""A sample above it is no plan."""


@dataclass(frozen=True, slots=True)
class DesignedPlan:
    """The plan and the risks that it reaches; a risk that wasn't asked about is null."""

    plan: SinglePlan
    producer_risk: float | None
    consumer_risk: float


def design(
    aql: float, ltpd: float, *, alpha: float = 0.05, beta: float = 0.10, lot: int | None = None, law: Law = Law.BINOMIAL
) -> DesignedPlan:
    """Raises `Refused` where no plan can keep both."""
    _check(aql, ltpd, alpha, beta, lot, law)
    c, n = 0, 0
    while True:
        n = _smallest(c, ltpd, beta, lot, law, n + 1)
        if n == 0:
            raise Refused("no sample keeps both risks: widen the gap between aql and ltpd, or allow more risk")
        plan = SinglePlan(n, c, lot, law)
        if accepting(plan, aql) >= 1.0 - alpha:
            return DesignedPlan(plan, 1.0 - accepting(plan, aql), accepting(plan, ltpd))
        c += 1


def design_for_consumer(
    c: int, ltpd: float, *, beta: float = 0.10, lot: int | None = None, law: Law = Law.BINOMIAL
) -> DesignedPlan:
    """The smallest sample that keeps the consumer's risk with c defectives allowed; c = 0 is the zero-acceptance
    plan. Raises `Refused`.
    """
    _check(0.0, ltpd, 0.05, beta, lot, law)
    if c < 0:
        raise Refused(f"c is {c}: it is at least 0")
    n = _smallest(c, ltpd, beta, lot, law, c + 1)
    if n == 0:
        raise Refused("no sample of that lot keeps the risk: allow more, or accept fewer defectives")
    plan = SinglePlan(n, c, lot, law)
    return DesignedPlan(plan, None, accepting(plan, ltpd))


def _smallest(c: int, ltpd: float, beta: float, lot: int | None, law: Law, least: int) -> int:
    """The smallest n, from `least` on, that accepts the bad lot with a chance of beta at most; the chance only falls
    with n. 0 where there is none.
    """
    most = LARGEST if lot is None else lot
    low, step = least, max(1, least // (c + 1))
    high = low
    if low > most:
        return 0
    while accepting(SinglePlan(high, c, lot, law), ltpd) > beta:
        if high == most:
            return 0
        low, high, step = high + 1, min(high + step, most), 2 * step
    while low < high:
        middle = (low + high) // 2
        if accepting(SinglePlan(middle, c, lot, law), ltpd) > beta:
            low = middle + 1
        else:
            high = middle
    return low


def _check(aql: float, ltpd: float, alpha: float, beta: float, lot: int | None, law: Law) -> None:
    if not 0 <= aql < ltpd < 1:
        raise Refused(f"aql {aql:g} and ltpd {ltpd:g}: as fractions, 0 <= aql < ltpd < 1 (1 percent is 0.01)")
    for what, risk in (("alpha", alpha), ("beta", beta)):
        if not 0 < risk < 1:
            raise Refused(f"{what} is {risk:g}: a risk lies between 0 and 1")
    if alpha + beta >= 1:
        raise Refused(
            f"alpha {alpha:g} and beta {beta:g} are 1 or more together: a plan that looks at nothing keeps them"
        )
    if lot is not None and lot < 1:
        raise Refused(f"the lot's size is {lot}: it has at least one piece")
    if law is Law.HYPERGEOMETRIC and lot is None:
        raise Refused("the hypergeometric law needs the lot's size")
