"""Stability as capability asks for it: the process' own chart."""

from __future__ import annotations

import numpy as np
import pytest
from piston_rings import RINGS

from gaugetrail_statistics import stability as stable_or_not
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.stability import stability
from gaugetrail_statistics.subgroups import RationalSubgroup

RULES = "we1,we2,we3,we4"


def subgroups(rows) -> list[RationalSubgroup]:
    return [RationalSubgroup(str(at), tuple(row)) for at, row in enumerate(rows, 1)]


def flat(rows) -> list[float]:
    return [value for row in rows for value in row]


@pytest.mark.parametrize(("estimator", "chart"), [("rbar", "xbar_r"), ("sbar", "xbar_s"), ("pooled", "xbar_s")])
def test_the_piston_rings_are_in_control(estimator: str, chart: str) -> None:
    found = stability(flat(RINGS), subgroups(RINGS), estimator, RULES)
    assert (found.stable, found.chart, found.rules, found.why_not) == (True, chart, tuple(RULES.split(",")), None)


def test_a_subgroup_that_moved_is_named_with_its_rule() -> None:
    moved = [*RINGS[:10], tuple(value + 0.03 for value in RINGS[10]), *RINGS[11:]]
    found = stability(flat(moved), subgroups(moved), "rbar", "we1")
    assert found.stable is False
    assert found.why_not == "we1 at 11"


def test_a_subgroup_that_spread_out_is_named_by_its_range() -> None:
    wide = [*RINGS[:10], tuple(74 + 10 * (value - 74) for value in RINGS[10]), *RINGS[11:]]
    found = stability(flat(wide), subgroups(wide), "rbar", "we1")
    assert "r beyond its limits at 11" in found.signals


def test_a_range_on_the_limit_is_within_and_zones_of_ranges_are_not_asked() -> None:
    """Eight ranges in a row above their middle are no signal here: their distribution leans."""
    rows = [(0.0, 1.0 + 0.01 * at) for at in range(12)] + [(0.0, 0.5)] * 12
    found = stability(flat(rows), subgroups(rows), "rbar", "we4")
    assert not [signal for signal in found.signals if signal.startswith("r ")]


def test_single_values_are_judged_without_their_moving_ranges() -> None:
    values = [10.0, 10.2] * 12
    assert stability(values, (), "mr", RULES).stable is True
    jump = [10.0, 10.2] * 6 + [10.4, 9.8] + [10.0, 10.2] * 6
    found = stability(jump, (), "mr", "nelson1")
    assert (found.stable, found.chart) == (True, "imr")
    assert stability([*values, 12.0], (), "mr", "we1").why_not == "we1 at 25"


def test_many_signals_are_counted_beyond_the_first_five() -> None:
    values = np.arange(40.0).tolist()
    found = stability(values, (), "mr", "we4")
    assert found.why_not is not None
    assert found.why_not.startswith("we4 at 8; we4 at 9; we4 at 10; we4 at 11; we4 at 12 and ")
    assert found.why_not.endswith(f"and {len(found.signals) - 5} more")


def test_a_pattern_within_the_limits_is_said_to_be_no_more() -> None:
    """Eight a little above the middle: a rule speaks, and no point is beyond its limits. A range beyond them is."""
    values = [10.0, 10.2] * 12 + [10.15] * 8
    assert str(stability(values, (), "mr", "we4").why_not).endswith("; no point is beyond its limits")
    wide = [[1.0, 1.2], [1.2, 1.0]] * 12 + [[0.0, 2.2]]
    assert str(stability(flat(wide), subgroups(wide), "rbar", "we4").why_not).endswith("r beyond its limits at 25")


def test_more_single_values_than_a_chart_holds_are_said_to_be_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stable_or_not, "MOST_POINTS", 4)
    assert stability([1.0, 2.0, 1.0, 2.0], (), "mr", RULES).stable is not None
    assert stability([1.0, 2.0, 1.0, 2.0, 1.0], (), "mr", RULES).stable is None


def test_rules_that_there_are_not_are_refused() -> None:
    with pytest.raises(Refused):
        stability([1.0, 2.0, 3.0], (), "mr", "we99")
