"""Tests of normality with estimated parameters, held against scipy and the published table."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from scipy import special, stats

from gaugetrail_statistics.distributions.normality import anderson_darling, log_below, p_of, shapiro
from gaugetrail_statistics.refusing import Refused

SAMPLE = [round(float(value), 3) for value in np.random.default_rng(15).normal(10, 2, 40)]
SKEW = [round(math.exp(value / 4), 3) for value in SAMPLE]


@pytest.mark.parametrize("values", [SAMPLE, SKEW, [1, 2, 4]])
def test_the_statistic_is_scipys(values: list[float]) -> None:
    with np.errstate(all="ignore"):
        z = np.sort((np.array(values) - np.mean(values)) / np.std(values, ddof=1))
    k = np.arange(1, len(z) + 1)
    a2 = -len(z) - np.sum((2 * k - 1) / len(z) * (stats.norm.logcdf(z) + stats.norm.logsf(z[::-1])))
    assert float(a2) == pytest.approx(anderson_darling(values).a2, rel=1e-10)


@pytest.mark.parametrize(("critical", "alpha"), [(0.631, 0.1), (0.752, 0.05), (0.873, 0.025), (1.035, 0.01)])
def test_p_meets_the_published_critical_values(critical: float, alpha: float) -> None:
    """Stephens' percentage points of the adjusted A² with both parameters estimated."""
    assert alpha == pytest.approx(p_of(critical), rel=0.02)


def test_p_falls_all_the_way_and_stays_a_chance() -> None:
    found = [p_of(at / 100) for at in range(1, 3000)]
    assert all(0 <= one <= 1 for one in found)
    # The four pieces of the published fit meet within a few thousandths.
    assert all(later <= earlier + 0.005 for earlier, later in itertools.pairwise(found))
    assert p_of(400) == p_of(10) < 1e-20


def test_shapiro_is_scipys_with_an_offset_taken_off() -> None:
    w, p = shapiro([value + 1e6 for value in SAMPLE])
    assert (w, p) == pytest.approx(tuple(stats.shapiro(SAMPLE)), rel=1e-5)
    assert shapiro([float(k) for k in range(5001)]) is None


def test_a_low_p_is_a_signal_against_normality() -> None:
    assert anderson_darling(SKEW).p < 0.05 < anderson_darling(SAMPLE).p
    assert shapiro(SKEW)[1] < 0.05 < shapiro(SAMPLE)[1]


@pytest.mark.parametrize("z", [8.5, 1.0, -5.0, -36.9, -37.1, -60.0])
def test_the_logarithm_of_the_tail_has_no_end(z: float) -> None:
    assert float(special.log_ndtr(z)) == pytest.approx(log_below(z), rel=1e-6)


@pytest.mark.parametrize("values", [[1.0, 2.0], [3.0, 3.0, 3.0]])
def test_what_has_no_shape_is_refused(values: list[float]) -> None:
    for test in (anderson_darling, shapiro):
        with pytest.raises(Refused):
            test(values)
