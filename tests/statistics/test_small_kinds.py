"""Levels of sigma, tolerance intervals, uncertainty budgets, shapes, rankings: held against published cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from gaugetrail_statistics import moments
from gaugetrail_statistics.capability.tolerance_intervals import factor
from gaugetrail_statistics.charts.short_run import deviations, standardized
from gaugetrail_statistics.comparing.ranking import multi_vari, pareto
from gaugetrail_statistics.constants import d2
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.shapes import boxes, histogram, probability_points, quantile
from gaugetrail_statistics.six_sigma import of_counts, of_dpmo
from gaugetrail_statistics.uncertainty import UncertaintySource, budget

# --- levels of sigma


def test_six_sigma_is_three_point_four_in_a_million_by_convention() -> None:
    assert of_dpmo(3.4, 1.5).level == pytest.approx(6, abs=2e-4)
    assert of_dpmo(3.3976731247, 1.5).level == pytest.approx(6, abs=1e-10)
    assert of_dpmo(500_000, 0).level == pytest.approx(0, abs=1e-12)


def test_counts_become_a_rate() -> None:
    found = of_counts(7, 500, 4, 1.5)
    assert pytest.approx((found.dpmo, found.good)) == (3500, 0.9965)
    assert found.level == pytest.approx(1.5 + stats.norm.isf(0.0035), rel=1e-12)


@pytest.mark.parametrize("dpmo", [0.0, 1e6])
def test_all_or_nothing_has_no_level(dpmo: float) -> None:
    assert of_dpmo(dpmo, 1.5).level is None


@pytest.mark.parametrize("counts", [(1, 0, 4), (1, 5, 0), (-1, 5, 4), (21, 5, 4)])
def test_counts_that_can_not_be_are_refused(counts: tuple[float, float, float]) -> None:
    with pytest.raises(Refused):
        of_counts(*counts, 1.5)
    with pytest.raises(Refused, match="is no rate"):
        of_dpmo(1_000_001, 1.5)


# --- tolerance intervals


def test_nists_example_of_43_wafers() -> None:
    """NIST e-Handbook 7.2.6.3: coverage 0.90 with confidence 0.99, two-sided by Howe, one-sided by noncentral t."""
    assert factor(43, 0.90, 0.99) == pytest.approx(2.2173, abs=2e-4)
    assert factor(43, 0.90, 0.99, sides=1) == pytest.approx(1.8740, abs=2e-4)


@pytest.mark.parametrize(
    ("n", "coverage", "confidence"), [(3, 0.9, 0.95), (10, 0.95, 0.95), (43, 0.9, 0.99), (500, 0.99, 0.9)]
)
def test_the_exact_factor_solves_its_equation_written_the_other_way_round(n, coverage, confidence) -> None:
    """The chance of covering, integrated over s instead of the mean: of how far the mean may then stand off."""
    k, v = factor(n, coverage, confidence, method="exact"), n - 1
    least, most = stats.norm.ppf((1 + coverage) / 2) / k, math.sqrt(stats.chi2.isf(1e-13, v) / v)
    nodes, weights = np.polynomial.legendre.leggauss(80)
    # s = least + (most - least) u²: the chance rises like a root from the least s that covers at all.
    u = (nodes + 1) / 2
    s = least + (most - least) * u * u
    low, high = np.zeros_like(s), k * s + 10
    for _ in range(60):
        middle = (low + high) / 2
        inside = stats.norm.cdf(middle + k * s) - stats.norm.cdf(middle - k * s) > coverage
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    chance = (2 * stats.norm.cdf(low * math.sqrt(n)) - 1) * stats.chi2.pdf(v * s * s, v) * 2 * v * s
    assert confidence == pytest.approx(float(np.sum(weights * chance * (most - least) * u)), abs=1e-8)


def test_howe_is_near_the_exact_one_and_a_one_sided_limit_is_nearer() -> None:
    for n in (5, 60):
        howe, exact = factor(n, 0.95, 0.95), factor(n, 0.95, 0.95, method="exact")
        assert howe == pytest.approx(exact, rel=0.02)
        assert factor(n, 0.95, 0.95, sides=1) < exact
    assert factor(10**7, 0.95, 0.95) == pytest.approx(1.959964, rel=1e-3)


@pytest.mark.parametrize(
    "given_", [{"n": 1}, {"coverage": 1.0}, {"coverage": 0.0}, {"confidence": 1.0}, {"sides": 3}, {"method": "x"}]
)
def test_an_interval_that_can_not_be_is_refused(given_) -> None:
    with pytest.raises(Refused):
        factor(**({"n": 10, "coverage": 0.9, "confidence": 0.95} | given_))


# --- uncertainty


def test_the_gums_end_gauge() -> None:
    """JCGM 100:2008, example H.1, in nm: uc 32, effective degrees 16, k of 99 % 2.92, expanded 93."""
    sources = [
        UncertaintySource(25, 1, 18),
        UncertaintySource(9.7, 1, 25.6),
        UncertaintySource(2.9, 1, 50),
        UncertaintySource(16.6, -1, 2),
    ]
    found = budget(sources, 0.99)
    assert pytest.approx(found.contributions) == (25, 9.7, 2.9, 16.6)
    assert found.combined == pytest.approx(31.67, abs=0.005)
    assert found.nu_eff == pytest.approx(16.7, abs=0.1)
    assert (16, pytest.approx(2.921, abs=5e-4), pytest.approx(92.5, abs=0.1)) == (
        found.nu_used,
        found.k,
        found.expanded,
    )


def test_what_is_known_without_doubt_has_a_normal_factor() -> None:
    found = budget([UncertaintySource(3, 1), UncertaintySource(2, 2)])
    assert (found.combined, found.nu_eff, found.nu_used) == (5, None, None)
    assert found.expanded == pytest.approx(5 * 1.959963984540054)


def test_one_source_keeps_its_own_degrees() -> None:
    found = budget([UncertaintySource(0.1, 3, 7)])
    assert (pytest.approx(found.nu_eff), found.nu_used) == (7, 7)


@pytest.mark.parametrize(
    "sources",
    [[], [UncertaintySource(0)], [UncertaintySource(-1)], [UncertaintySource(1, 1, 0)], [UncertaintySource(1, 1, 0.5)]],
)
def test_a_budget_that_can_not_be_is_refused(sources) -> None:
    with pytest.raises(Refused):
        budget(sources)
    with pytest.raises(Refused):
        budget([UncertaintySource(1)], 1.0)


# --- shapes

VALUES = st.lists(st.integers(-3000, 3000).map(lambda whole: whole / 100), min_size=5, max_size=80).filter(
    lambda values: len(set(values)) > 1
)


@given(VALUES, st.sampled_from([None, 1, 7, 30]))
def test_every_value_is_in_the_bin_that_it_belongs_to(values: list[float], count) -> None:
    bins = histogram(values, count)
    assert sum(one.count for one in bins) == len(values)
    for one in bins:
        low, high = one.lower - 1e-9, one.upper + (1e-9 if one is bins[-1] else -1e-9)
        assert one.count == sum(low <= value < high for value in values)
    assert bins[0].lower <= min(values)
    assert bins[-1].upper >= max(values) - 1e-9


def test_bins_have_readable_edges_and_the_normal_curves_share() -> None:
    values = [float(one) for one in np.round(stats.norm.ppf((np.arange(200) + 0.5) / 200) * 2 + 50, 2)]
    bins = histogram(values)
    assert bins[1].lower - bins[0].lower == 1
    expected = 200 * (stats.norm.cdf(51, 50, np.std(values, ddof=1)) - stats.norm.cdf(50, 50, np.std(values, ddof=1)))
    assert next(one for one in bins if one.lower == 50).expected == pytest.approx(expected, rel=1e-3)


def test_plotting_positions_are_median_ranks() -> None:
    points, r = probability_points([3.0, 1.0, 2.0])
    assert [(one.value, one.share) for one in points] == [(1, 0.7 / 3.4), (2, 0.5), (3, 2.7 / 3.4)]
    assert r == pytest.approx(1)
    straight = stats.probplot([1.0, 2.0, 9.0, 4.0], fit=False)
    assert list(straight[1]) == [one.value for one in probability_points([1.0, 2.0, 9.0, 4.0])[0]]


@given(VALUES, st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]))
def test_quantiles_are_numpys(values: list[float], share: float) -> None:
    assert float(np.quantile(values, share)) == pytest.approx(quantile(sorted(values), share), abs=1e-12)


def test_a_box_has_its_outliers_apart() -> None:
    (box,) = boxes({"M1": [1.0, 2, 3, 4, 5, 50], "M2": []})
    assert (
        *(box.group, box.n, box.lower_whisker, box.q1, box.median, box.q3, box.upper_whisker),
        box.outliers,
    ) == ("M1", 6, 1, 2.25, 3.5, 4.75, 5, (50,))


def test_equal_values_have_no_shape() -> None:
    for shape in (histogram, probability_points):
        with pytest.raises(Refused):
            shape([2.0, 2.0, 2.0])
    with pytest.raises(Refused, match="a histogram has"):
        histogram([1.0, 2.0], 0)


# --- ranking


def test_causes_stand_by_their_sum() -> None:
    found = pareto(["scratch", "burr", "scratch", "dent"], [1, 5, 2, 3])
    assert [(one.category, one.count, one.share, one.cumulative) for one in found] == [
        ("burr", 5, 5 / 11, 5 / 11),
        ("scratch", 3, 3 / 11, 8 / 11),
        ("dent", 3, 3 / 11, 1),
    ]
    for counts in ([0.0], [-1.0]):
        with pytest.raises(Refused):
            pareto(["a"], counts)


def test_multi_vari_has_means_at_each_depth() -> None:
    shift, piece = ["day", "day", "night", "night"], ["1", "2", "1", "1"]
    wide, narrow = multi_vari([shift, piece], [1.0, 2.0, 5.0, 7.0])
    assert [(one.levels, one.mean) for one in wide] == [(("day",), 1.5), (("night",), 6)]
    assert [(one.levels, one.n, one.minimum, one.maximum) for one in narrow] == [
        (("day", "1"), 1, 1, 1),
        (("day", "2"), 1, 2, 2),
        (("night", "1"), 2, 5, 7),
    ]
    with pytest.raises(Refused):
        multi_vari([[]], [])


# --- short runs


def test_deviations_are_of_decimals_and_keep_gaps() -> None:
    assert deviations([10.3, None, 19.8], [10.2, None, 20.0]) == [0.1, None, -0.2]
    with pytest.raises(Refused, match="point 1 has a value and no nominal"):
        deviations([1.0], [None])


def test_standardized_values_are_in_sigmas_of_their_part() -> None:
    values, parts = [10.0, 100.0, 12.0, 130.0, 11.0, 110.0, None], ["a", "b", "a", "b", "a", "b", "a"]
    sigma_a, sigma_b = 1.5 / d2(2), 25 / d2(2)
    found = standardized(values, parts)
    assert [-1 / sigma_a, (100 - 340 / 3) / sigma_b, 1 / sigma_a] == pytest.approx(found[:3])
    assert found[6] is None
    assert moments.mean([value for value, part in zip(found, parts, strict=True) if part == "b"]) == pytest.approx(
        0, abs=1e-12
    )
    for own in ([1.0, 2.0], [1.0, 1.0, 1.0]):
        with pytest.raises(Refused, match="part x"):
            standardized(own, ["x"] * len(own))


def test_the_integral_over_the_means_error_is_scipys_too() -> None:
    """Krishnamoorthy's equation integrated by quad from minus infinity is the same chance."""
    from gaugetrail_statistics.capability.tolerance_intervals import _covers

    n, k, coverage = 6, 3.0, 0.9

    def at(error: float) -> float:
        half = math.sqrt(stats.ncx2.ppf(coverage, 1, error * error))
        return stats.chi2.sf((n - 1) * half * half / (k * k), n - 1) * stats.norm.pdf(error, 0, 1 / math.sqrt(n))

    value, _ = integrate.quad(at, -6, 6, limit=300)
    assert value == pytest.approx(_covers(k, n, coverage), abs=1e-8)
