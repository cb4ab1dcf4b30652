"""A station judges point by point what the office charts as a whole: the same limits, the same signals."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest

from gaugetrail_statistics.charts.attributes import Count, attributes
from gaugetrail_statistics.charts.basis import Basis, positions
from gaugetrail_statistics.charts.chart import ChartStudy
from gaugetrail_statistics.charts.judging import judge
from gaugetrail_statistics.charts.limits_version import Bounds, LimitsVersion, Remembered, remembered
from gaugetrail_statistics.charts.memory import Reach, cusum, ewma
from gaugetrail_statistics.charts.variables import individuals, xbar
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import RuleSignal, rules_named
from gaugetrail_statistics.subgroups import RationalSubgroup, single_values

RULES = rules_named("we,nelson")


def measured(count: int) -> list[float]:
    """Values of a bore, of which the later ones wander."""
    own = random.Random(15)
    return [round(74 + own.gauss(0, 0.01) + max(0, at - count // 2) / count * 0.015, 3) for at in range(count)]


def version_of(study: ChartStudy, kind: str, size: int = 1, **more: Any) -> LimitsVersion:
    """The limits that a document of this study would hold."""
    base = {name: next(p for p in chart.points if p.center is not None) for name, chart in study.charts.items()}
    return LimitsVersion(
        version="1",
        type=kind,
        charts={name: Bounds(point.center, point.ucl, point.lcl) for name, point in base.items()},
        rules=RULES,
        sigma=study.sigma_within,
        subgroup_size=size,
        **more,
    )


def said(
    limits: LimitsVersion, points: Sequence[Sequence[float]], size: float | None = None
) -> dict[str, list[RuleSignal]]:
    """What is said point by point, with what is remembered written down and read again in between."""
    found: dict[str, list[RuleSignal]] = {name: [] for name in limits.charts}
    past = Remembered()
    for values in points:
        judged, past = judge(limits, values, past, size)
        past = remembered(json.loads(json.dumps(past.plain())))
        for name, signals in judged.signals.items():
            found[name] += signals
    return found


def whole(study: ChartStudy) -> dict[str, list[RuleSignal]]:
    return {name: list(chart.signals) for name, chart in study.charts.items()}


def test_single_values_are_judged_alike_at_the_edge_and_in_the_office() -> None:
    """Ten thousand of them go through a station's own code, beside its other tests."""
    values = measured(2_000)
    study = individuals(single_values(values), Basis(baseline=positions("1-200"), rules=RULES))
    assert whole(study) == said(version_of(study, "imr"), [[value] for value in values])
    assert len(study.charts["i"].signals) > 100


@pytest.mark.parametrize(("kind", "second"), [("xbar_r", "r"), ("xbar_s", "s")])
def test_subgroups_are_judged_alike(kind: str, second: str) -> None:
    values = measured(2_000)
    several = [values[at : at + 5] for at in range(0, 2_000, 5)]
    groups = [RationalSubgroup(str(at), tuple(own)) for at, own in enumerate(several)]
    study = xbar(groups, Basis(baseline=positions("1-25"), rules=RULES), second)
    found = said(version_of(study, kind, 5), several)
    assert whole(study) == found
    assert found["xbar"]


@pytest.mark.parametrize("kind", ["p", "np", "c", "u"])
def test_counts_are_judged_alike(kind: str) -> None:
    own = random.Random(3)
    counts = [sum(own.random() < 0.05 + at / 5000 for _ in range(50)) for at in range(300)]
    size = 1.0 if kind == "c" else 50.0
    study = attributes(
        kind,
        [Count(str(at), count, size) for at, count in enumerate(counts)],
        Basis(baseline=positions("1-30"), rules=RULES),
    )
    found = said(version_of(study, kind, int(size)), [[float(count)] for count in counts], size)
    assert whole(study) == found
    assert found[kind]


@pytest.mark.parametrize("kind", ["laney_p", "laney_u"])
def test_laney_s_are_judged_alike_by_zones_of_any_width(kind: str) -> None:
    own = random.Random(9)
    counts = [sum(own.random() < 0.05 + at % 7 / 200 for _ in range(80)) for at in range(300)]
    study = attributes(
        kind,
        [Count(str(at), count, 80.0) for at, count in enumerate(counts)],
        Basis(baseline=positions("1-60"), rules=RULES, width=2.5),
    )
    limits = version_of(study, kind, 80, sigma_z=study.more["sigma_z"])
    found = said(limits, [[float(count)] for count in counts], 80.0)
    assert whole(study) == found
    assert {"we2", "we3"} <= {signal.rule for signal in found[kind]}


@pytest.mark.parametrize("size", [1, 4])
def test_charts_with_a_memory_are_judged_alike(size: int) -> None:
    """What is remembered is a mean, or two sums, and not the points."""
    values = measured(2_000)
    groups = [RationalSubgroup(str(at), tuple(values[at : at + size])) for at in range(0, 2_000, size)]
    points = [group.values for group in groups]
    basis = Basis(baseline=positions("1-200"))
    smooth, summed = ewma(groups, basis, 0.2, "steady"), cusum(groups, basis, Reach(0.5, 5.0))
    mean = said(version_of(smooth, "ewma", size, weight=0.2), points)
    assert whole(smooth) == mean
    assert {signal.rule for signal in mean["ewma"]} == {"ewma"}
    sums = said(version_of(summed, "cusum", size, k=0.5), points)
    assert whole(summed) == sums
    assert max(len(signal.points) for signal in sums["cusum"]) > 10
    upper = said(version_of(summed, "cusum", size, k=0.5, own_rules=("cusum_upper",)), points)
    assert upper["cusum"] == [signal for signal in sums["cusum"] if signal.rule == "cusum_upper"]


def test_another_size_has_its_own_limits() -> None:
    limits = LimitsVersion(
        version="1", type="p", charts={"p": Bounds(0.1, 0.1 + 0.9 / 7, 0.0)}, rules=rules_named("we1"), subgroup_size=49
    )
    loud, _ = judge(limits, [35.0], None, 196)
    quiet, _ = judge(limits, [7.0], None, 49)
    assert loud.values == {"p": 35 / 196}
    assert (loud.quiet, quiet.quiet) == (False, True)
    # With four times the size the way to the limit is half of 0.1286: 0.1643 of 196 are 32.2.
    assert [judge(limits, [count], None, 196)[0].quiet for count in (32.0, 33.0)] == [True, False]


def test_the_first_value_has_no_moving_range() -> None:
    limits = LimitsVersion(
        version="7",
        type="imr",
        charts={"i": Bounds(0.0, 3.0, -3.0), "mr": Bounds(1.13, 3.69, 0.0)},
        rules=rules_named("we1"),
        sigma=1.0,
    )
    first, past = judge(limits, [4.0])
    assert (first.values, first.version, first.quiet) == ({"i": 4.0}, "7", False)
    second, _ = judge(limits, [-0.5], past)
    assert ({"i": -0.5, "mr": 4.5}, {"mr"}) == (second.values, {name for name, own in second.signals.items() if own})
    assert second.signals["mr"] == (RuleSignal("we1", 2, (2,)),)


def test_no_more_is_remembered_than_the_rules_look_back() -> None:
    limits = LimitsVersion(
        version="1",
        type="imr",
        charts={"i": Bounds(0.0, 3.0, -3.0), "mr": Bounds(1.13, 3.69, 0.0)},
        rules=rules_named("we"),
        sigma=1.0,
    )
    past = Remembered()
    for _ in range(50):
        _, past = judge(limits, [0.5], past)
    assert (past.at, len(past.points["i"]), len(past.points["mr"])) == (50, 8, 8)


def test_other_limits_begin_their_patterns_anew() -> None:
    charts = {"i": Bounds(0.0, 3.0, -3.0), "mr": Bounds(1.13, 3.69, 0.0)}
    old, new = (
        LimitsVersion(version=name, type="imr", charts=charts, rules=rules_named("we4"), sigma=1.0)
        for name in ("1", "2")
    )
    past = Remembered()
    for _ in range(7):
        _, past = judge(old, [0.5], past)
    assert judge(new, [0.5], past)[0].quiet
    assert not judge(old, [0.5], past)[0].quiet
    assert judge(new, [0.5], past)[1].at == 1


@pytest.mark.parametrize(
    ("kind", "values", "size", "text"),
    [
        ("imr", [1.0, 2.0], None, "one value at a time"),
        ("imr", [], None, "a point needs a value"),
        ("xbar_r", [1.0, 2.0], None, "are of 5 values, and this point has 2"),
        ("p", [1.0], None, "needs the size"),
        ("p", [1.0, 2.0], 50, "one count at a time"),
        ("p", [1.0], 0, "a size of 0"),
        ("np", [1.0], 6, "are of 5 units, and this point has 6"),
        ("np", [6.0], None, "6 defectives of 5: more than there are"),
        ("c", [-1.0], None, "-1 is no count"),
        ("c", [1.5], None, "1.5 is no count"),
        ("ewma", [1.0], None, "are of 5 values, and this point has 1"),
    ],
)
def test_a_point_that_the_limits_are_not_for_is_refused(kind: str, values, size, text: str) -> None:
    bounds = {name: Bounds(0.5, 1.0, 0.0) for name in ("xbar", "r", "i", "mr", "p", "np", "c", "ewma")}
    limits = LimitsVersion(version="1", type=kind, charts=bounds, rules=RULES, sigma=1.0, subgroup_size=5, weight=0.2)
    with pytest.raises(Refused, match=text):
        judge(limits, values, None, size)


def test_limits_that_lack_something_are_refused() -> None:
    for given, text in (
        ({"type": "run", "charts": {}, "sigma": 1.0}, "can't be judged on a chart of type run"),
        ({"type": "ewma", "charts": {"ewma": Bounds(0, 1, -1)}}, "lack lambda"),
        ({"type": "cusum", "charts": {"cusum": Bounds(0, 1, None)}, "sigma": 1.0}, "lack k or ucl"),
        ({"type": "cusum", "charts": {"cusum": Bounds(0, None, None)}, "sigma": 1.0, "k": 0.5}, "lack k or ucl"),
        ({"type": "cusum", "charts": {"cusum": Bounds(0, 1, None)}, "k": 0.5}, "lack sigma, by which"),
        ({"type": "laney_p", "charts": {"laney_p": Bounds(0, 1, 0)}}, "lack sigma_z"),
        ({"type": "imr", "charts": {"i": Bounds(0, 1, -1)}, "sigma": 1.0}, "lack those of mr"),
        ({"type": "xbar_r", "charts": {"xbar": Bounds(0, 1, -1), "r": Bounds(1, 2, 0)}}, "lack sigma"),
    ):
        with pytest.raises(Refused, match=text):
            LimitsVersion(version="1", rules=RULES, **given)


@pytest.mark.parametrize(
    "kept",
    [
        {},
        {"version": 1, "at": 1, "points": {}},
        {"version": "1", "at": 1, "points": {"i": [1]}},
        {"version": "1", "at": 1, "points": {}, "level": 3},
    ],
)
def test_what_is_no_memory_is_refused(kept) -> None:
    with pytest.raises(Refused, match="patterns begin anew"):
        remembered(kept)
