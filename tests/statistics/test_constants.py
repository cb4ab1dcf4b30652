"""Constants of control charts: computed, and to more digits than a table has."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from gaugetrail_statistics import constants
from gaugetrail_statistics.refusing import Refused

CLOSED = {
    # The range of two is |N(0, 2)|; of three, half the sum of three such differences.
    2: (2 / math.sqrt(math.pi), math.sqrt(2 - 4 / math.pi)),
    3: (3 / math.sqrt(math.pi), math.sqrt(2 + 3 * math.sqrt(3) / math.pi - 9 / math.pi)),
}
AIAG = {
    # AIAG SPC, 2nd edition, appendix E, in its three decimals: A2, d2, D3, D4, A3, c4, B3, B4.
    2: (1.880, 1.128, 0, 3.267, 2.659, 0.7979, 0, 3.267),
    5: (0.577, 2.326, 0, 2.114, 1.427, 0.9400, 0, 2.089),
    7: (0.419, 2.704, 0.076, 1.924, 1.182, 0.9594, 0.118, 1.882),
    10: (0.308, 3.078, 0.223, 1.777, 0.975, 0.9727, 0.284, 1.716),
    25: (0.153, 3.931, 0.459, 1.541, 0.606, 0.9896, 0.565, 1.435),
}


@pytest.mark.parametrize("n", CLOSED)
def test_small_ranges_meet_their_closed_forms(n: int) -> None:
    assert CLOSED[n] == pytest.approx(constants.range_moments(n), rel=1e-12)


@pytest.mark.parametrize("n", AIAG)
def test_a_published_table_is_met_within_its_digits(n: int) -> None:
    found = constants.of_size(n)
    named = [found[name] for name in ("A2", "d2", "D3", "D4", "A3", "c4", "B3", "B4")]
    assert list(AIAG[n]) == pytest.approx(named, abs=6e-4)
    assert 3 / found["d2"] == found["E2"]


def test_a_table_of_three_decimals_is_not_what_is_computed() -> None:
    """With 2.326 for d2(5) sigma of Montgomery's piston rings is 0.009785039, off in the fifth digit."""
    assert pytest.approx(0.009785039, abs=5e-10) == 0.02276 / 2.326
    assert 0.02276 / constants.d2(5) == pytest.approx(0.0097853376074, rel=1e-10)


@pytest.mark.parametrize("n", [2, 5, 12, 60])
def test_the_range_agrees_with_scipys_distribution_of_it(n: int) -> None:
    """scipy's studentized range with infinite degrees of freedom is the same one."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    at = 6.5 * (nodes + 1)
    beyond = np.array([float(stats.studentized_range.sf(w, n, np.inf)) for w in at])
    assert float(np.sum(6.5 * weights * beyond)) == pytest.approx(constants.d2(n), rel=1e-9)
    second = float(np.sum(13 * weights * at * beyond))
    assert math.sqrt(second - constants.d2(n) ** 2) == pytest.approx(constants.d3(n), rel=1e-8)


def test_c4_is_gammas_and_its_series_joins_without_a_step() -> None:
    assert math.sqrt(2 / math.pi) == pytest.approx(constants.c4(2), rel=1e-15)
    assert constants.c4(3) == pytest.approx(math.sqrt(math.pi) / 2, rel=1e-15)
    for n in (500, 501, 502, 900):
        by_gamma = math.sqrt(2 / (n - 1)) * math.exp(math.lgamma(n / 2) - math.lgamma((n - 1) / 2))
        assert by_gamma == pytest.approx(constants.c4(n), rel=2e-12)
    assert pytest.approx(constants.c4(1_000_000), rel=1e-13) == 1 - 1 / (4 * 999_999)


@pytest.mark.parametrize(("call", "n"), [(constants.d2, 1), (constants.d3, 1001), (constants.c4, 1)])
def test_a_size_that_has_no_constant_is_refused(call, n: int) -> None:
    with pytest.raises(Refused, match=f"not o?f? ?{n}"):
        call(n)
