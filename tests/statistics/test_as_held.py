"""A chart by the limits that held: each point by its own version, patterns under one version alone."""

from __future__ import annotations

import pytest

from gaugetrail_statistics.charts.as_held import HeldLimits, as_held
from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import rules_named

A = HeldLimits("A", 10.0, 13.0, 7.0)
B = HeldLimits("B", 12.0, 15.0, 9.0)


def spoken(values: list[float | None], held: list[HeldLimits | None], rules: str, **basis: object) -> list[tuple]:
    labelled = [(str(at), value) for at, value in enumerate(values, 1)]
    chart = as_held(labelled, held, Basis(rules=rules_named(rules), **basis))  # type: ignore[arg-type]
    return [(one.rule, one.points) for one in chart.signals]


def test_each_point_is_held_against_its_own_version() -> None:
    """14 is beyond under A and within under B; on the limit, under no limits and missing is no signal."""
    values = [14.0, 14.0, 13.0, 99.0, None, 8.0, 8.0]
    assert spoken(values, [A, B, A, None, A, A, B], "we1") == [("we1", (1,)), ("we1", (7,))]


def test_a_pattern_is_of_points_under_one_version() -> None:
    """Three beyond 2 sigma; the one between them, under other limits, neither joins nor breaks the pattern."""
    assert spoken([12.5, 12.5], [A, A], "we2:2") == [("we2:2", (1, 2))]
    assert spoken([12.5, 14.5], [A, B], "we2:2") == []
    assert spoken([12.5, 12.0, 12.5], [A, B, A], "we2:2") == [("we2:2", (1, 3))]


def test_zones_go_by_the_distance_of_the_limit_that_there_is() -> None:
    upper, lower, none = HeldLimits("U", 10, 13, None), HeldLimits("L", 10, None, 7), HeldLimits("N", 10)
    for own, expected in ((upper, True), (lower, True), (none, False)):
        assert bool(spoken([12.5, 12.5], [own, own], "we2:2")) is expected
    assert spoken([11.5, 11.5], [A, A], "we2:2", width=6.0) == [("we2:2", (1, 2))]


def test_a_point_that_is_left_out_keeps_its_cause_and_is_in_no_pattern() -> None:
    chart = as_held([("1", 14.0), ("2", 14.0)], [A, A], Basis(rules=rules_named("we1"), causes={1: "burr"}))
    assert [(point.phase, point.cause, point.signals) for point in chart.points] == [
        ("excluded", "burr", ()),
        ("judged", None, ("we1",)),
    ]
    assert (chart.center, chart.ucl, chart.lcl) == (10, 13, 7)


@pytest.mark.parametrize(
    ("held", "basis", "says"),
    [
        ([None], {}, "no record says by which limits"),
        ([HeldLimits("A")], {}, "no record says by which limits"),
        ([A], {"center": 1.0}, "are not estimated"),
        ([A], {"sigma": 1.0}, "are not estimated"),
        ([A], {"estimator": "mr"}, "are not estimated"),
        ([A], {"baseline": frozenset({1})}, "are not estimated"),
        ([A], {"causes": {2: "burr"}}, "there is no point 2"),
    ],
)
def test_what_makes_no_such_chart_is_refused(held: list[HeldLimits | None], basis: dict, says: str) -> None:
    with pytest.raises(Refused, match=says):
        spoken([1.0], held, "we1", **basis)
