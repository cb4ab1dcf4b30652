"""Type 1, bias and linearity: AIAG's examples, scipy's tests, and what can't be said."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gaugetrail_statistics.measurement_systems.gauge_bias import bias, bias_of_summary, linearity, type1
from gaugetrail_statistics.refusing import Refused

DATA = Path(__file__).with_name("data")
# AIAG MSA (4th ed.), the independent sample method's example: 15 values of a piece of 6.00.
PIECE = [5.8, 5.7, 5.9, 5.9, 6.0, 6.1, 6.0, 6.1, 6.4, 6.3, 6.0, 6.1, 6.2, 5.6, 6.0]
VALUES = st.lists(st.integers(-1000, 1000).map(lambda whole: whole / 100), min_size=3, max_size=20)


def aiag_line() -> tuple[list[float], list[float]]:
    with (DATA / "aiag_linearity.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [float(row["value"]) for row in rows], [float(row["reference"]) for row in rows]


def test_aiags_bias_is_met_where_it_does_not_depend_on_the_spreads_estimator() -> None:
    found = bias(PIECE, 6.0)
    assert pytest.approx(6.0067, abs=5e-5) == found.mean
    assert pytest.approx(0.0067, abs=5e-5) == found.bias
    assert not found.significant
    assert found.ci[0] < 0 < found.ci[1]


@given(VALUES, st.integers(-1000, 1000))
def test_the_test_of_a_bias_is_scipys(values: list[float], hundredths: int) -> None:
    reference = hundredths / 100
    found = bias(values, reference)
    if found.sd == 0:
        assert (None, None, reference != values[0]) == (found.t, found.p, found.significant)
        return
    theirs = stats.ttest_1samp(values, reference)
    assert float(theirs.statistic) == pytest.approx(found.t, rel=1e-9, abs=1e-9)
    assert float(theirs.pvalue) == pytest.approx(found.p, rel=1e-8)
    low, high = theirs.confidence_interval(0.95)
    assert (low - reference, high - reference) == pytest.approx(found.ci, rel=1e-8, abs=1e-9)
    assert found.significant == (not found.ci[0] <= 0 <= found.ci[1])


def test_a_bias_keeps_its_digits_whatever_the_size() -> None:
    assert bias([1000000.1, 1000000.3], 1000000.0).bias == 0.2
    assert bias([0.1, 0.2, 0.3], 0.2).bias == 0


def test_a_summary_says_what_its_values_would() -> None:
    full = bias(PIECE, 6.0, confidence=0.99)
    short = bias_of_summary(full.mean, full.sd, 15, 6.0, confidence=0.99)
    assert (full.t, full.p, full.t_critical) == pytest.approx((short.t, short.p, short.t_critical))
    assert float(stats.t.ppf(0.995, 14)) == pytest.approx(short.t_critical, rel=1e-12)


def test_cg_is_a_fifth_of_the_tolerance_over_six_deviations() -> None:
    found = type1(PIECE, 6.0, 8.0)
    assert 0.2 * 8 / (6 * found.bias.sd) == pytest.approx(found.cg)
    assert (0.1 * 8 - abs(found.bias.bias)) / (3 * found.bias.sd) == pytest.approx(found.cgk)
    other = type1(PIECE, 6.0, 8.0, percent=15, multiplier=4)
    assert 0.15 * 8 / (4 * found.bias.sd) == pytest.approx(other.cg)
    assert type1(PIECE, 9.0, 8.0).cgk < 0
    assert ((still := type1([6.0, 6.0], 6.0, 8.0)).cg, still.cgk) == (None, None)


def test_aiags_line_is_met_to_its_last_digit() -> None:
    """slope, intercept, R-Sq and both t as the manual prints them; the linearity is 13.17 percent."""
    found = linearity(*aiag_line())
    assert pytest.approx(-0.131667, abs=5e-7) == found.slope
    assert pytest.approx(0.736667, abs=5e-7) == found.intercept
    assert pytest.approx(0.714, abs=5e-4) == found.r2
    assert pytest.approx(0.23954, abs=5e-6) == found.s
    assert (58, pytest.approx(-12.043, abs=5e-4)) == (found.df, found.t_slope)
    assert pytest.approx(10.158, abs=5e-4) == found.t_intercept
    assert pytest.approx(13.1667, abs=5e-5) == found.percent_linearity
    printed = [0.491667, 0.125, 0.025, -0.291667, -0.616667]
    assert printed == pytest.approx([one.bias for one in found.references], abs=5e-7)
    assert [one.reference for one in found.references] == [2, 4, 6, 8, 10]
    assert not found.acceptable


def test_the_line_is_scipys_and_each_piece_has_its_own_test() -> None:
    values, references = aiag_line()
    off = [value - reference for value, reference in zip(values, references, strict=True)]
    theirs, found = stats.linregress(references, off), linearity(values, references)
    assert float(theirs.pvalue) == pytest.approx(found.p_slope, rel=1e-9)
    assert float(theirs.intercept / theirs.intercept_stderr) == pytest.approx(found.t_intercept, rel=1e-9)
    assert float(theirs.rvalue**2) == pytest.approx(found.r2)
    one = stats.ttest_1samp([value for value, at in zip(values, references, strict=True) if at == 4], 4)
    assert (float(one.statistic), float(one.pvalue)) == pytest.approx((found.references[1].t, found.references[1].p))


def test_a_gauge_is_acceptable_only_where_neither_slope_nor_offset_is_told_from_chance() -> None:
    scatter = [(1, 0.1), (1, -0.1), (2, 0.1), (2, -0.1), (3, 0.1), (3, -0.1)]
    even = linearity([at + off for at, off in scatter], [at for at, _ in scatter])
    assert (even.slope, even.intercept, even.acceptable) == (0, 0, True)
    assert [(one.n, one.t, one.p) for one in even.references] == [(2, 0, 1)] * 3
    offset = linearity([at + off + 1 for at, off in scatter], [at for at, _ in scatter])
    assert (offset.slope, offset.intercept, offset.acceptable) == (0, 1, False)


def test_a_line_without_scatter_is_told_without_a_test() -> None:
    exact = linearity([1.1, 2.2, 3.3], [1.0, 2.0, 3.0])
    assert (exact.slope, exact.intercept, exact.s, exact.r2, exact.p_slope) == (0.1, 0, 0, 1, None)
    assert not exact.acceptable
    right = linearity([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert (right.slope, right.r2, right.acceptable) == (0, None, True)
    assert [one.t for one in right.references] == [None] * 3


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: bias([1.0], 1.0), "at least 2"),
        (lambda: bias([], 1.0), "there are 0"),
        (lambda: bias([1.0, 2.0], 1.0, confidence=95), "confidence is 95"),
        (lambda: bias_of_summary(1.0, -1.0, 5, 1.0), "can't be below zero"),
        (lambda: bias_of_summary(1.0, math.inf, 5, 1.0), "can't be below zero"),
        (lambda: bias_of_summary(1.0, 1.0, 1, 1.0), "at least 2"),
        (lambda: type1([1.0, 2.0], 1.0, 0.0), "tolerance is 0"),
        (lambda: type1([1.0, 2.0], 1.0, 1.0, percent=-1), "percent is -1"),
        (lambda: linearity([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]), "at least 2 sizes"),
        (lambda: linearity([1.0, 2.0], [1.0, 2.0]), "at least 3"),
        (lambda: linearity([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], confidence=0), "confidence is 0"),
    ],
)
def test_what_can_not_be_said_is_refused(call, said: str) -> None:
    with pytest.raises(Refused, match=said):
        call()
