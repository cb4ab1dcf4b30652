"""Capability: the published numbers of both conventions, and the traps of public examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from piston_rings import RINGS
from scipy import stats

from gaugetrail_statistics.capability import study as studies
from gaugetrail_statistics.capability.indices import CapabilityLimits, ProcessReach, cpm, expected, indices, normal_tail
from gaugetrail_statistics.capability.intervals import effective_df, index_interval, nearer_interval
from gaugetrail_statistics.capability.within_spread import within_spread
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.subgroups import RationalSubgroup

SUBGROUPS = [RationalSubgroup(str(at), row) for at, row in enumerate(RINGS, 1)]
VALUES = np.array([value for row in RINGS for value in row])
PLAIN = VALUES.tolist()
LIMITS = CapabilityLimits(73.95, 74.05, target=74.0)


def rings(ci_df: str = "effective") -> studies.CapabilityBasis:
    return studies.of_values(VALUES, SUBGROUPS, None, n_less_1=ci_df == "n-1")


def test_the_piston_rings_have_the_published_indices() -> None:
    """Montgomery's piston rings as the vignette of qcc 3.0 prints them, with exact d2 to its third decimal."""
    found = studies.study(rings(), LIMITS, 0.95)
    assert found.within.p == pytest.approx(1.703, abs=5e-4)
    assert found.within.lower == pytest.approx(1.743, abs=5e-4)
    assert found.within.upper == found.within.k == pytest.approx(1.663, abs=5e-4)
    assert found.cpm_within == pytest.approx(1.69, abs=5e-3)
    assert studies.study(rings(), CapabilityLimits(73.95, 74.05, target=74.02), 0.95).cpm_within == pytest.approx(
        0.786, abs=5e-4
    )
    narrow = studies.study(rings(), CapabilityLimits(73.99, 74.01), 0.95)
    assert narrow.within.p == pytest.approx(0.341, abs=5e-4)
    assert narrow.within.k == pytest.approx(0.301, abs=5e-4)
    outside = studies.observed(VALUES, CapabilityLimits(73.99, 74.01))
    assert (outside.below, outside.above, outside.total) == pytest.approx((120000, 160000, 280000))


def test_the_older_books_intervals_are_had_by_n_less_one() -> None:
    """qcc prints 1.491 to 1.915 and 1.448 to 1.878: n - 1 = 124 degrees of freedom for a spread out of ranges."""
    found = studies.study(rings("n-1"), LIMITS, 0.95)
    assert found.within_ci[0] == pytest.approx((1.491, 1.915), abs=5e-4)
    assert found.within_ci[1] == pytest.approx((1.448, 1.878), abs=5e-4)


def test_a_spread_out_of_ranges_knows_less_than_n_less_one() -> None:
    """The effective degrees of freedom: about 0.9 k (n - 1) for ranges of five, fewer than of pooled spreads."""
    assert effective_df("rbar", [5] * 25) == pytest.approx(0.9 * 100, rel=0.02)
    assert effective_df("sbar", [5] * 25) == pytest.approx(0.95 * 100, rel=0.01)
    assert effective_df("pooled", [5] * 25) == 100
    assert effective_df("pooled", [5, 3, 4]) == 9
    assert effective_df("sd_c4", [40]) == 39
    # One subgroup of two: |x - y| is a chi distribution of one degree of freedom.
    assert effective_df("rbar", [2]) == pytest.approx(1, rel=1e-9)
    assert effective_df("mr", [2]) == pytest.approx(1, rel=1e-9)
    wide = index_interval(1.0, effective_df("rbar", [5] * 25), 0.95)
    narrow = index_interval(1.0, 124, 0.95)
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < 1 < narrow[1] < wide[1]


@pytest.mark.parametrize("estimator", ["mr", "median_mr"])
def test_overlapping_moving_ranges_vary_as_their_degrees_of_freedom_say(estimator: str) -> None:
    """Against 4,000 simulated series of 60: neighbours share a value, so n - 1 would be far too many."""
    series = np.random.default_rng(7).standard_normal((4000, 60))
    spreads = np.array([within_spread(one.tolist(), (), estimator).sd for one in series])
    variation = float(np.var(spreads) / np.mean(spreads) ** 2)
    df = effective_df(estimator, [60])
    assert 1 / (2 * df) == pytest.approx(variation, rel=0.1)
    assert np.mean(spreads) == pytest.approx(1, abs=0.02)


def test_each_estimator_is_the_books_own() -> None:
    ranges = [max(row) - min(row) for row in RINGS]
    assert within_spread(PLAIN, SUBGROUPS).sd == pytest.approx(np.mean(ranges) / 2.3259289473, rel=1e-10)
    assert within_spread(PLAIN, SUBGROUPS, "sbar").sd == pytest.approx(0.009829977, abs=5e-10)
    pooled = math.sqrt(np.mean([np.var(row, ddof=1) for row in RINGS]))
    assert within_spread(PLAIN, SUBGROUPS, "pooled").sd == pytest.approx(pooled, rel=1e-12)
    moving = np.abs(np.diff(VALUES))
    assert within_spread(PLAIN, SUBGROUPS, "mr").sd == pytest.approx(
        np.mean(moving) * math.sqrt(math.pi) / 2, rel=1e-10
    )
    assert within_spread(PLAIN, (), "median_mr").sd == pytest.approx(np.median(moving) / 0.953872552, rel=1e-8)
    assert within_spread(PLAIN, (), "sd_c4").sd == pytest.approx(
        np.std(VALUES, ddof=1) * (1 + 1 / (4 * 124.5)), rel=1e-4
    )


def test_without_subgroups_neighbours_tell_the_spread_and_large_subgroups_take_s() -> None:
    assert within_spread([1.0, 2.0, 4.0]).estimator == "mr"
    assert within_spread(PLAIN, SUBGROUPS).estimator == "rbar"
    assert (
        within_spread(
            PLAIN, [RationalSubgroup("a", tuple(PLAIN[:10])), RationalSubgroup("b", tuple(PLAIN[10:20]))]
        ).estimator
        == "rbar"
    )
    assert (
        within_spread(
            PLAIN, [RationalSubgroup("a", tuple(PLAIN[:11])), RationalSubgroup("b", tuple(PLAIN[11:20]))]
        ).estimator
        == "sbar"
    )


def test_a_subgroup_that_lost_values_takes_its_own_constant() -> None:
    """A missing value changes d2: a subgroup of four counts by d2(4), one of a single value not at all."""
    rows = [(1.0, 2.0, 4.0, 3.0, 0.0), (1.0, 3.0, 2.0, 2.0), (9.0,)]
    found = within_spread([], [RationalSubgroup("", row) for row in rows], "rbar")
    assert found.sd == pytest.approx((4 / 2.3259289473 + 2 / 2.0587507460) / 2, rel=1e-9)
    assert found.sizes == (5, 4)


def test_one_limit_has_no_cp_and_still_a_cpk() -> None:
    """The trap: a Cp of an open end is no number."""
    found = indices(ProcessReach.normal(10, 1), CapabilityLimits(usl=13))
    assert (found.p, found.k, found.lower, found.upper, found.star) == (None, 1.0, None, 1.0, None)
    assert cpm(10, 1, CapabilityLimits(usl=13, target=10)) is None


def test_a_side_without_a_limit_expects_nothing_beyond_it() -> None:
    found = expected(10, 1, CapabilityLimits(usl=13))
    assert found is not None
    assert found.below is None
    assert found.above == found.total == pytest.approx(1349.8980316, rel=1e-9)


def test_a_natural_bound_is_no_limit() -> None:
    """Run-out ends at zero: no index to that side, and cp_star compares the room with the whole reach."""
    found = indices(ProcessReach.normal(0.01, 0.002), CapabilityLimits(usl=0.02, natural_lower=0.0))
    assert found.p is None
    assert found.lower is None
    assert found.k == found.upper == pytest.approx(0.01 / 0.006)
    assert found.star == pytest.approx(0.02 / 0.012)
    above = indices(ProcessReach.normal(99.0, 0.1), CapabilityLimits(lsl=98.5, natural_upper=100.0))
    assert above.star == pytest.approx(1.5 / 0.6)
    assert above.k == above.lower == pytest.approx(0.5 / 0.3)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "needs a limit"),
        ({"natural_lower": 0.0}, "needs a limit"),
        ({"lsl": 1.0, "usl": 2.0, "natural_lower": 0.0}, "not both"),
        ({"lsl": 1.0, "usl": 2.0, "natural_upper": 3.0}, "not both"),
        ({"lsl": 2.0, "usl": 2.0}, "isn't below"),
        ({"usl": 2.0, "natural_lower": 3.0}, "isn't below"),
    ],
)
def test_limits_that_make_no_tolerance_are_refused(given: dict[str, float], words: str) -> None:
    with pytest.raises(Refused, match=words):
        CapabilityLimits(**given)


def test_no_variation_makes_no_index_and_no_nan() -> None:
    found = studies.study(studies.of_summary(10.0, 0.0, 30), CapabilityLimits(9, 11), 0.95)
    assert found.within == found.overall == indices(ProcessReach.normal(10, 0), CapabilityLimits(9, 11))
    assert {found.within.p, found.within.k, found.expected_overall, *found.within_ci} == {None}
    assert found.cpm_overall is None


def test_what_would_mislead_is_refused_in_words_and_computed_anyway() -> None:
    few = studies.of_values(VALUES[:19], (), "mr")
    enough = studies.of_values(VALUES[:20], (), "mr")
    flat = studies.of_values(np.full(30, 5.0), (), "mr")
    alike = studies.of_values(
        np.repeat([5.0, 5.1], 20), [RationalSubgroup("a", (5.0,) * 20), RationalSubgroup("b", (5.1,) * 20)], "pooled"
    )
    assert studies.doubts(enough, unstable=None) == []
    assert "19 values are too few" in studies.doubts(few, unstable=None)[0]
    assert "don't vary at all" in studies.doubts(flat, unstable=None)[0]
    assert "don't vary within" in studies.doubts(alike, unstable=None)[0]
    unstable = studies.doubts(enough, unstable="we1 at 7")
    with pytest.raises(Refused, match=r"not stable: we1 at 7.*--anyway"):
        studies.settled(unstable, anyway=False)
    assert studies.settled(unstable, anyway=True) == ["the process is not stable: we1 at 7; computed anyway"]


def test_a_summary_serves_both_families() -> None:
    found = studies.study(studies.of_summary(10.1, 0.2, 50), CapabilityLimits(9, 11), 0.95)
    assert found.within == found.overall
    assert found.overall.k == pytest.approx(0.9 / 0.6)
    without = studies.study(studies.of_summary(10.1, 0.2, None), CapabilityLimits(9, 11), 0.95)
    assert without.overall == found.overall
    assert without.overall_ci == (None, None)


def test_conventions_give_cp_to_different_families() -> None:
    found = studies.study(rings(), LIMITS, 0.95)
    assert studies.by_convention("aiag2005", found) == (found.within, found.within_ci)
    assert studies.by_convention("iso22514", found) == (found.overall, found.overall_ci)
    assert studies.by_convention("aiag-vda2026", found) == (found.overall, found.overall_ci)
    assert found.within.k != found.overall.k


def test_the_tail_is_a_number_where_one_less_cdf_is_nothing() -> None:
    assert normal_tail(9) == pytest.approx(float(stats.norm.sf(9)), rel=1e-12)
    assert normal_tail(-1) == pytest.approx(float(stats.norm.sf(-1)), rel=1e-12)


@pytest.mark.parametrize("confidence", [0, 1, 1.5, -0.1, 95])
def test_a_confidence_that_is_none_is_refused(confidence: float) -> None:
    with pytest.raises(Refused, match="between 0 and 1"):
        nearer_interval(1.0, 30, 29, confidence)


def test_the_interval_of_a_negative_index_is_in_its_order() -> None:
    """A mean beyond the limit has a negative Cpk, whose interval still runs from low to high."""
    found = nearer_interval(-0.5, 30, 29, 0.95)
    assert found is not None
    assert found[0] < -0.5 < found[1]
    at_zero = nearer_interval(0.0, 36, 35, 0.95)
    assert at_zero == pytest.approx((-1.959964 / 18, 1.959964 / 18), rel=1e-6)


SPREADS = st.floats(0.01, 100)
MEANS = st.floats(-1000, 1000)


@given(mean=MEANS, sd=SPREADS, lsl=MEANS, width=SPREADS, shift=MEANS, scale=st.floats(0.01, 100))
def test_indices_know_no_origin_and_no_unit(
    mean: float, sd: float, lsl: float, width: float, shift: float, scale: float
) -> None:
    """Inch or millimetre, from the drawing's zero or the gauge's: the same index."""
    before = indices(ProcessReach.normal(mean, sd), CapabilityLimits(lsl, lsl + width))
    after = indices(
        ProcessReach.normal((mean + shift) * scale, sd * scale),
        CapabilityLimits((lsl + shift) * scale, (lsl + width + shift) * scale),
    )
    near = pytest.approx
    assert (after.p, after.k) == (near(before.p, rel=1e-6, abs=1e-6), near(before.k, rel=1e-6, abs=1e-6))


@given(mean=MEANS, sd=SPREADS, lsl=MEANS, width=SPREADS)
def test_cpk_never_exceeds_cp_and_is_it_in_the_middle(mean: float, sd: float, lsl: float, width: float) -> None:
    limits = CapabilityLimits(lsl, lsl + width)
    found = indices(ProcessReach.normal(mean, sd), limits)
    assert found.p is not None
    assert found.k is not None
    assert found.lower is not None
    assert found.upper is not None
    assert found.k <= found.p * (1 + 1e-9) + 1e-9
    assert (found.lower + found.upper) / 2 == pytest.approx(found.p, rel=1e-6, abs=1e-9)
    index = cpm(mean, sd, limits)
    assert index is not None
    assert index <= found.p * (1 + 1e-12)


@given(st.permutations(range(25)), st.permutations(range(5)))
def test_the_order_of_subgroups_and_within_them_is_nothing_to_ranges(order: list[int], within: list[int]) -> None:
    turned = [RationalSubgroup(str(row), tuple(RINGS[row][at] for at in within)) for row in order]
    assert within_spread(PLAIN, turned, "rbar").sd == pytest.approx(
        within_spread(PLAIN, SUBGROUPS, "rbar").sd, rel=1e-12
    )
    assert within_spread(PLAIN, turned, "sbar").sd == pytest.approx(
        within_spread(PLAIN, SUBGROUPS, "sbar").sd, rel=1e-12
    )
