"""Mean and standard deviation to the last digit, whatever the offset and the order; NIST's own certified figures."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nist_strd import SETS

from gaugetrail_statistics import moments
from gaugetrail_statistics.refusing import Refused

DECIMALS = st.lists(st.integers(-(10**7), 10**7).map(lambda whole: whole / 1000), min_size=2, max_size=30)


@pytest.mark.parametrize("name", SETS)
def test_nists_certified_figures_are_met_to_all_their_digits(name: str) -> None:
    """Fifteen digits are certified; the last of them is rounded."""
    values, mean, sd, lag1 = SETS[name]
    assert mean == pytest.approx(moments.mean(values), rel=1e-14)
    assert sd == pytest.approx(moments.sd(values), rel=2e-15)
    assert lag1 == pytest.approx(moments.autocorrelation1(values), rel=2e-14)


def test_the_one_pass_formula_would_have_failed_there() -> None:
    values = SETS["NumAcc4"][0]
    one_pass = (sum(one * one for one in values) - sum(values) ** 2 / len(values)) / (len(values) - 1)
    assert one_pass != pytest.approx(0.01, rel=0.01)


@given(DECIMALS, st.integers(-(10**9), 10**9))
def test_an_offset_changes_no_digit_of_the_deviation(values: list[float], offset: int) -> None:
    moved = [round(value + offset, 3) for value in values]
    assert moments.sd(values) == moments.sd(moved)


@given(DECIMALS, st.integers(0, 10**6))
def test_order_changes_nothing_but_the_autocorrelation(values: list[float], seed: int) -> None:
    mixed = random.Random(seed).sample(values, len(values))
    assert moments.mean(values) == moments.mean(mixed)
    assert moments.sd(values) == moments.sd(mixed)
    assert moments.median(values) == moments.median(mixed)
    assert moments.spread(values) == moments.spread(mixed)


@given(DECIMALS)
def test_a_thousandfold_scale_is_a_shift_of_the_point(values: list[float]) -> None:
    scaled = [round(value * 1000) for value in values]
    assert moments.sd(scaled) == pytest.approx(moments.sd(values) * 1000, rel=1e-15)


@given(DECIMALS)
def test_they_are_what_their_definitions_say(values: list[float]) -> None:
    middle = math.fsum(values) / len(values)
    assert middle == pytest.approx(moments.mean(values), rel=1e-12, abs=1e-12)
    squares = math.fsum((value - middle) ** 2 for value in values)
    assert math.sqrt(squares / (len(values) - 1)) == pytest.approx(moments.sd(values), rel=1e-9, abs=1e-9)


def test_tiny_and_huge_values_together_are_no_trouble() -> None:
    assert moments.mean([1e300, -1e300, 3e-300]) == 1e-300
    assert moments.sd([5e-324, 5e-324]) == 0


def test_differences_of_decimals_are_decimals() -> None:
    assert moments.spread([0.1, 0.3]) == 0.2
    assert moments.mean([0.1, 0.2, 0.3]) == 0.2
    assert moments.median([0.1, 0.2, 0.3, 0.4]) == 0.25
    assert moments.median([3, 1, 2]) == 2


def test_equal_values_have_no_autocorrelation() -> None:
    assert moments.autocorrelation1([2.5, 2.5, 2.5]) is None


@pytest.mark.parametrize(
    ("call", "values"),
    [(moments.mean, []), (moments.median, []), (moments.spread, []), (moments.sd, [1.0]), (moments.variance, [])],
)
def test_too_few_values_are_refused(call, values: list[float]) -> None:
    with pytest.raises(Refused):
        call(values)
