"""Fitted distributions and the tests of their fit."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gaugetrail_statistics.capability import study as studies
from gaugetrail_statistics.capability.indices import CapabilityLimits
from gaugetrail_statistics.distributions.families import (
    FAMILIES,
    anderson_darling,
    fit,
    johnson_sb,
    johnson_su,
    kolmogorov,
)
from gaugetrail_statistics.distributions.fit_tests import fit_test, lilliefors_p
from gaugetrail_statistics.refusing import Refused

GRID = (np.arange(1, 20001) - 0.5) / 20000


def skewed(seed: int = 4, count: int = 120) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, 0.01, count)


@pytest.mark.parametrize("family", FAMILIES)
def test_points_are_the_inverse_of_shares(family: str) -> None:
    fitted = fit(family, skewed())
    shares = np.array([0.00135, 0.1, 0.5, 0.9, 0.99865])
    assert fitted.shares(fitted.points(shares)) == pytest.approx(shares, rel=1e-6)
    assert np.all(np.diff(fitted.points(shares)) > 0)


def test_fits_agree_with_scipys_greatest_likelihood() -> None:
    values = skewed()
    shape, _, scale = stats.weibull_min.fit(values, floc=0)
    found = fit("weibull", values).parameters
    assert (found["shape"], found["scale"]) == pytest.approx((shape, scale), rel=1e-3)
    shape, _, scale = stats.gamma.fit(values, floc=0)
    found = fit("gamma", values).parameters
    assert (found["shape"], found["scale"]) == pytest.approx((shape, scale), rel=1e-6)
    assert fit("boxcox", values).parameters["power"] == pytest.approx(
        stats.boxcox_normmax(values, method="mle"), abs=1e-5
    )


def test_weibulls_newton_stands_where_the_likelihood_does() -> None:
    """The equation of the greatest likelihood itself holds to the last digits."""
    values = skewed()
    shape = fit("weibull", values).parameters["shape"]
    powers = values**shape
    assert float(np.sum(powers * np.log(values)) / np.sum(powers)) - 1 / shape == pytest.approx(
        float(np.mean(np.log(values))), rel=1e-10
    )


@pytest.mark.parametrize("make", [johnson_su, johnson_sb])
@pytest.mark.parametrize("given_parameters", [(0.8, 1.4, 3.0, 2.0), (-0.5, 1.1, 0.0, 0.02)])
def test_slifker_and_shapiro_find_the_parameters_again(make, given_parameters) -> None:
    """Values that stand exactly where the distribution puts them give its own four parameters."""
    found = fit("johnson", make(*given_parameters).points(GRID))
    assert found.family == make.__name__
    assert tuple(found.parameters.values()) == pytest.approx(given_parameters, rel=2e-3, abs=2e-4)


def test_a_johnson_with_ends_holds_every_value() -> None:
    values = np.random.default_rng(1).beta(2, 3, 150)
    found = fit("johnson", values)
    assert np.all((found.shares(values) > 0) & (found.shares(values) < 1))


def test_the_statistics_are_those_of_the_books() -> None:
    values = np.sort(np.random.default_rng(9).normal(size=60))
    normal = fit("normal", values)
    shares = normal.shares(values)
    brute = -60 - sum((2 * at + 1) / 60 * (math.log(shares[at]) + math.log(1 - shares[59 - at])) for at in range(60))
    assert anderson_darling(shares) == pytest.approx(brute, rel=1e-10)
    assert kolmogorov(shares) == pytest.approx(stats.kstest(values, normal.shares).statistic, rel=1e-12)


def test_lilliefors_p_meets_the_published_critical_values() -> None:
    """Lilliefors' table as Dallal and Wilkinson recomputed it: n = 20, 0.05 at 0.192; n = 10, 0.01 at 0.304.

    For many values Stephens' modified statistic, 0.895 at 0.05, from which the power law in n strays by a fourteenth.
    """
    assert lilliefors_p(0.192, 20) == pytest.approx(0.05, abs=0.002)
    assert lilliefors_p(0.304, 10) == pytest.approx(0.01, abs=0.001)
    assert lilliefors_p(0.895 / (20 - 0.01 + 0.85 / 20), 400) == pytest.approx(0.05, abs=0.004)
    with pytest.raises(Refused, match="five values"):
        lilliefors_p(0.3, 4)


def test_p_with_estimated_parameters_is_even_where_the_family_is_true() -> None:
    """Kolmogorov's own table would call nearly everything normal; 400 normal samples spread evenly here."""
    random = np.random.default_rng(2)
    found = [
        lilliefors_p(kolmogorov(fit("normal", one).shares(np.sort(one))), 40) for one in random.normal(size=(400, 40))
    ]
    assert np.mean(np.array(found) < 0.05) == pytest.approx(0.05, abs=0.03)
    assert np.mean(np.array(found) < 0.5) == pytest.approx(0.5, abs=0.08)


def test_a_bootstraps_p_is_even_where_the_family_is_true() -> None:
    random = np.random.default_rng(8)
    found = []
    for _ in range(40):
        values = random.weibull(1.7, 50)
        found.append(fit_test(fit("weibull", values), values, samples=39).anderson_darling_p)
    assert 0.25 < float(np.mean(found)) < 0.75
    assert min(found) > 0.0


def test_a_low_p_is_the_signal_that_it_does_not_fit() -> None:
    """The trap: a p of 0.0001 isn't a small deviation, it is the word "no"."""
    values = np.random.default_rng(6).exponential(1.0, 200)
    assert fit_test(fit("normal", values), values).anderson_darling_p < 1e-6
    assert fit_test(fit("normal", values), values).shapiro_p < 1e-6
    assert fit_test(fit("weibull", values), values, samples=99).anderson_darling_p > 0.05
    twice = fit_test(fit("weibull", values), values, samples=99)
    assert twice == fit_test(fit("weibull", values), values, samples=99)


def test_what_lies_at_or_below_the_origin_is_refused_with_the_way_out() -> None:
    values = np.array([0.0, 0.1, 0.2, 0.3])
    for family in ("lognormal", "weibull", "gamma", "boxcox"):
        with pytest.raises(Refused, match=r"above 0 only.*--natural-lower"):
            fit(family, values)
        assert fit(family, values, origin=-0.5).parameters["origin"] == -0.5
    with pytest.raises(Refused, match="no distribution is called cauchy"):
        fit("cauchy", values)
    with pytest.raises(Refused, match="at least three"):
        fit("normal", np.array([1.0, 1.0, 1.0]))


def test_auto_takes_the_normal_unless_it_is_refused_and_says_why() -> None:
    limits = CapabilityLimits(usl=0.1, natural_lower=0.0)
    bell = np.random.default_rng(3).normal(0.05, 0.005, 100)
    found = studies.shape_of(bell, "auto", limits)
    assert found is not None
    assert found.fitted.family == "normal"
    assert "doesn't refuse" in found.chosen
    odd = studies.shape_of(skewed(), "auto", limits)
    assert odd is not None
    assert odd.fitted.family in {"gamma", "weibull", "lognormal", "boxcox", "johnson_su", "johnson_sb"}
    assert odd.tests[0].family == "normal"
    chosen = next(test for test in odd.tests if test.family == odd.fitted.family)
    assert chosen.anderson_darling_p == max(test.anderson_darling_p or 0 for test in odd.tests)


def test_two_processes_in_one_series_fit_no_family() -> None:
    random = np.random.default_rng(12)
    two = np.concatenate((random.normal(10, 0.1, 150), random.normal(12, 0.1, 150)))
    found = studies.shape_of(two, "auto", CapabilityLimits(9, 13))
    assert found is not None
    assert found.fitted.family == "kernel"
    assert "no family fits" in found.chosen
    assert (
        "kernel says little"
        in studies.cautions(studies.of_values(two, (), "mr"), two, CapabilityLimits(9, 13), found)[0]
    )


def test_percentiles_make_the_indices_of_a_skewed_process() -> None:
    """ISO 22514-2: the exponential's own percentiles, -ln(1 - p), to the digit."""
    values = -np.log1p(-GRID)
    shape = studies.Shape(fit("weibull", values), "given", ())
    basis = studies.of_values(values, (), "mr")
    limits = CapabilityLimits(lsl=-1.0, usl=10.0)
    found = studies.study(basis, limits, 0.95, shape)
    low, middle, high = (-math.log1p(-p) for p in (0.00135, 0.5, 0.99865))
    near = 2e-3
    assert found.percentiles == pytest.approx((low, middle, high), rel=near, abs=1e-4)
    assert found.overall.p == pytest.approx(11 / (high - low), rel=near)
    assert found.overall.upper == pytest.approx((10 - middle) / (high - middle), rel=near)
    assert found.overall.lower == pytest.approx((middle + 1) / (middle - low), rel=near)
    assert found.overall.k == found.overall.upper
    assert found.within.k is None
    assert found.overall_ci == (None, None)
    assert found.expected_overall is not None
    assert found.expected_overall.above == pytest.approx(math.exp(-10) * 1e6, rel=0.02)


def test_a_power_whose_scale_ends_before_the_percentile_is_refused() -> None:
    """Of a Box-Cox power below zero the upper point may lie at no value at all; infinity makes no index."""
    values = 1 / np.random.default_rng(1).normal(10, 3.2, 60).clip(0.5)
    shape = studies.Shape(fit("boxcox", values), "given", ())
    assert shape.fitted.parameters["power"] < 0
    with pytest.raises(Refused, match=r"no 99\.73 % range"):
        studies.study(studies.of_values(values, (), "mr"), CapabilityLimits(usl=2.0), 0.95, shape)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100), st.sampled_from(["weibull", "gamma", "lognormal", "boxcox"]))
def test_a_change_of_unit_scales_the_points_alone(seed: int, scale: float, family: str) -> None:
    values = np.random.default_rng(seed).gamma(3.0, 1.0, 40)
    shares = np.array([0.00135, 0.5, 0.99865])
    first, second = fit(family, values).points(shares), fit(family, values * scale).points(shares)
    assert second == pytest.approx(first * scale, rel=1e-4)
