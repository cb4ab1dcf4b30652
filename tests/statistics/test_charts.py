"""Charts: where limits come from, what is missing or left out, and what must not matter."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gaugetrail_statistics import constants
from gaugetrail_statistics.charts.attributes import FORMULAS, Count, attributes
from gaugetrail_statistics.charts.basis import Basis, causes_of, positions
from gaugetrail_statistics.charts.memory import Reach, cusum, ewma
from gaugetrail_statistics.charts.runs import run_chart
from gaugetrail_statistics.charts.variables import individuals, xbar
from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import rules_named
from gaugetrail_statistics.subgroups import RationalSubgroup, single_values, subgroups_of

ALL = Basis()


def groups(*several: Sequence[float]) -> list[RationalSubgroup]:
    return [RationalSubgroup(str(at), tuple(values)) for at, values in enumerate(several, 1)]


def counted(counts: Sequence[float | None], sizes: Sequence[float | None]) -> list[Count]:
    return [Count(str(at), *pair) for at, pair in enumerate(zip(counts, sizes, strict=True), 1)]


# --- subgroups


def test_subgroups_stand_in_the_order_in_which_each_first_appears() -> None:
    found = subgroups_of(["b", "a", "b", "c"], [1.0, 2.0, 3.0, None])
    assert [RationalSubgroup("b", (1.0, 3.0)), RationalSubgroup("a", (2.0,)), RationalSubgroup("c", ())] == found


def test_a_missing_value_changes_the_constant_of_its_subgroup() -> None:
    """Four values of five have d2(4) and their own limits; with d2(5) sigma would be too small."""
    study = xbar(groups((1, 2, 3, 4, 5), (2, 3, 4, 6), (3, 4, 5, 6, 7)), ALL, "r")
    sigma = (4 / constants.d2(5) + 4 / constants.d2(4) + 4 / constants.d2(5)) / 3
    assert sigma == pytest.approx(study.sigma_within, rel=1e-14)
    chart, ranges = study.charts["xbar"], study.charts["r"]
    assert chart.center == pytest.approx(55 / 14, rel=1e-14)
    assert (chart.ucl, ranges.center) == (None, None)
    assert chart.points[1].ucl == pytest.approx(55 / 14 + 3 * sigma / 2, rel=1e-14)
    assert ranges.points[1].center == pytest.approx(constants.d2(4) * sigma, rel=1e-14)
    assert ranges.points[1].ucl == pytest.approx((constants.d2(4) + 3 * constants.d3(4)) * sigma, rel=1e-14)


def test_subgroups_of_one_or_none_keep_their_place() -> None:
    study = xbar(groups((1, 3), (2,), (), (2, 5)), ALL, "r")
    chart, ranges = study.charts["xbar"], study.charts["r"]
    assert [point.value for point in chart.points] == [2, 2, None, 3.5]
    assert [point.value for point in ranges.points] == [2, None, None, 3]
    assert chart.points[2].ucl is None
    assert (study.n, study.rbar) == (5, 2.5)


def test_estimators_of_subgroups_are_what_their_names_say() -> None:
    several = groups((1, 2, 4), (2, 2, 5), (1, 4, 4, 6))
    ranges = [3 / constants.d2(3), 3 / constants.d2(3), 5 / constants.d2(4)]
    deviations = [statistics.stdev(one.values) for one in several]
    squares = sum((one.size - 1) * s * s for one, s in zip(several, deviations, strict=True))
    expected = {
        "rbar": sum(ranges) / 3,
        "sbar": sum(s / constants.c4(one.size) for one, s in zip(several, deviations, strict=True)) / 3,
        "pooled": math.sqrt(squares / 7),
    }
    for name, sigma in expected.items():
        study = xbar(several, Basis(estimator=name), "s")
        assert (name, pytest.approx(sigma, rel=1e-12)) == (study.estimator, study.sigma_within)


def test_estimators_of_single_values_are_what_their_names_say() -> None:
    values = [1.0, 3.0, 2.0, 6.0, 5.0]
    expected = {
        "mr": 8 / 4 / constants.d2(2),
        "median_mr": 1.5 / 0.9538725524089398,
        "sd_c4": statistics.stdev(values) / constants.c4(5),
    }
    for name, sigma in expected.items():
        study = individuals(single_values(values), Basis(estimator=name))
        assert pytest.approx(sigma, rel=1e-12) == study.sigma_within
    assert individuals(single_values(values), ALL).mrbar == 2


@pytest.mark.parametrize("estimator", ["mr", "median_mr", "sd_c4"])
def test_an_estimator_of_the_other_kind_is_refused(estimator: str) -> None:
    with pytest.raises(Refused, match="is no estimator of subgroups"):
        xbar(groups((1, 2), (3, 5)), Basis(estimator=estimator), "r")
    with pytest.raises(Refused, match="needs subgroups"):
        individuals(single_values([1.0, 2.0, 4.0]), Basis(estimator="pooled"))


# --- baselines and causes


def test_a_moving_range_that_reaches_out_of_the_baseline_sets_no_limit() -> None:
    study = individuals(single_values([50.0, 1.0, 2.0, 4.0, 90.0]), Basis(baseline=positions("2-4")))
    assert study.mrbar == 1.5
    assert [point.value for point in study.charts["mr"].points] == [None, 49, 1, 2, 86]
    assert study.charts["i"].center == pytest.approx(7 / 3)


def test_a_point_that_is_left_out_is_in_no_pattern() -> None:
    """Eight on one side around an excluded one on the other are eight in a row."""
    values = [0.0, 2.0, 0.0, 2.0, *[1.9] * 4, -50.0, *[1.9] * 4]
    basis = Basis(center=1.0, sigma=1.0, rules=rules_named("we1,we4"))
    with_it = individuals(single_values(values), basis).charts["i"]
    without = individuals(
        single_values(values), Basis(center=1.0, sigma=1.0, causes={9: "gauge fell"}, rules=basis.rules)
    ).charts["i"]
    assert [(one.rule, one.at) for one in with_it.signals] == [("we1", 9)]
    assert [(one.rule, one.at, one.points) for one in without.signals] == [
        ("we4", 12, (4, 5, 6, 7, 8, 10, 11, 12)),
        ("we4", 13, (5, 6, 7, 8, 10, 11, 12, 13)),
    ]


def test_a_missing_value_keeps_its_place_and_its_neighbours_join() -> None:
    study = individuals(single_values([1.0, None, 4.0, 3.0]), ALL)
    assert [point.value for point in study.charts["mr"].points] == [None, None, 3, 1]
    assert [point.value for point in study.charts["i"].points] == [1, None, 4, 3]
    assert (study.n, study.mrbar) == (3, 2)


def test_given_limits_judge_every_point() -> None:
    study = individuals(single_values([1.0, 9.0]), Basis(center=2.0, sigma=2.0))
    chart = study.charts["i"]
    assert (chart.center, chart.ucl, chart.lcl, study.estimator) == (2, 8, -4, None)
    assert [point.phase for point in chart.points] == ["judged", "judged"]
    assert [one.at for one in chart.signals] == [2]
    means = xbar(groups((1, 2, 3, 4), (2, 3, 4, 5)), Basis(center=2.0, sigma=2.0, width=2), "r").charts
    assert (4.0, 2 * constants.d2(4)) == (means["xbar"].ucl, means["r"].center)


def test_a_centre_or_a_sigma_alone_leaves_the_other_to_the_baseline() -> None:
    values = single_values([1.0, 2.0, 4.0])
    assert (9.0, 1.5 / constants.d2(2)) == (
        individuals(values, Basis(center=9.0)).charts["i"].center,
        pytest.approx(individuals(values, Basis(center=9.0)).sigma_within),
    )
    with_sigma = individuals(values, Basis(sigma=5.0))
    assert (pytest.approx(7 / 3), 5, None) == (
        with_sigma.charts["i"].center,
        with_sigma.sigma_within,
        with_sigma.estimator,
    )


@pytest.mark.parametrize(
    ("basis", "said"),
    [
        (Basis(baseline=positions("1-9")), "there is no point 9: the chart has points 1 to 3"),
        (Basis(causes={7: "c"}), "there is no point 7"),
        (Basis(center=1.0, sigma=0.0), "is no spread"),
        (Basis(width=-1.0), "is no width"),
        (Basis(center=1.0, sigma=1.0, baseline=positions("1-2")), "given or taken from a baseline, not both"),
        (Basis(baseline=positions("1"), causes={1: "c"}), "every point of the baseline is excluded"),
        (Basis(baseline=positions("1")), "no two values beside each other"),
        (Basis(baseline=positions("3")), "no values"),
    ],
)
def test_a_basis_that_sets_no_limit_is_refused_in_a_sentence(basis: Basis, said: str) -> None:
    with pytest.raises(Refused, match=said):
        individuals(single_values([1.0, 2.0, None]), basis)


def test_values_that_do_not_differ_have_no_limits() -> None:
    for refused in (
        lambda: individuals(single_values([5.0] * 9), ALL),
        lambda: xbar(groups((1, 1), (2, 2)), ALL, "s"),
        lambda: ewma(single_values([5.0] * 9), ALL),
        lambda: cusum(single_values([5.0] * 9), ALL),
    ):
        with pytest.raises(Refused, match="do not differ"):
            refused()
    with pytest.raises(Refused, match="single values have the chart imr"):
        xbar(groups((1,), (2,)), ALL, "r")


def test_positions_and_causes_are_read_strictly() -> None:
    assert positions("1-3,5") == {1, 2, 3, 5}
    assert causes_of(["15= new batch = cardboard"]) == {15: "new batch = cardboard"}
    for text in ("0-3", "5-2", "a", "1-", "", "1;2"):
        with pytest.raises(Refused):
            positions(text)
    for word in ("15", "15=", "15= ", "x=cause", "=cause"):
        with pytest.raises(Refused):
            causes_of([word])


def test_few_points_are_warned_of() -> None:
    assert "limits come from 3 points" in individuals(single_values([1.0, 2.0, 4.0]), ALL).warnings[0]
    assert individuals(single_values([1.0, 2.0]), Basis(center=1.0, sigma=1.0)).warnings == ()


def test_values_that_follow_each_other_are_warned_of() -> None:
    wandering = [float(k // 5) for k in range(40)]
    assert any("goes with the one before it" in one for one in individuals(single_values(wandering), ALL).warnings)
    # Nine values are too few to say so, and 0.23 of twenty lies within two sigmas of none.
    assert len(individuals(single_values(wandering[:9]), ALL).warnings) == 1
    mixed = [float(k % 5 + k // 10) for k in range(20)]
    assert individuals(single_values(mixed), ALL).warnings == ()
    by_turns = [float(k % 2) for k in range(20)]
    assert "(autocorrelation -0.95)" in individuals(single_values(by_turns), ALL).warnings[0]


# --- counts


def test_sizes_that_differ_have_limits_that_differ() -> None:
    chart = attributes("p", counted([3, 8, 10], [50, 100, 200]), ALL).charts["p"]
    rate = 21 / 350
    assert (rate, None, None) == (chart.center, chart.ucl, chart.lcl)
    assert [rate + 3 * math.sqrt(rate * (1 - rate) / n) for n in (50, 100, 200)] == pytest.approx(
        [point.ucl for point in chart.points], rel=1e-14
    )
    each = attributes("np", counted([3, 8, 10], [50, 100, 200]), ALL).charts["np"]
    assert [rate * n for n in (50, 100, 200)] == pytest.approx([point.center for point in each.points], rel=1e-14)


def test_what_can_not_be_is_no_limit() -> None:
    chart = attributes("p", counted([9, 10, 10], [10, 10, 10]), ALL).charts["p"]
    assert chart.ucl == 1
    assert attributes("np", counted([9, 10, 10], [10, 10, 10]), ALL).charts["np"].ucl == 10
    assert attributes("u", counted([1, 2], [1, 1]), ALL).charts["u"].lcl == 0


def test_laneys_factor_is_the_moving_range_of_z() -> None:
    """By hand: rates of 100 units each about 0.05, sigma_z from their neighbours' differences in sigmas."""
    counts, rate = [2, 8, 3, 7], 0.05
    sigma = math.sqrt(rate * (1 - rate) / 100)
    sigma_z = (0.06 + 0.05 + 0.04) / sigma / 3 / constants.d2(2)
    study = attributes("laney_p", counted(counts, [100] * 4), ALL)
    assert study.more["sigma_z"] == pytest.approx(sigma_z, rel=1e-12)
    assert study.charts["laney_p"].ucl == pytest.approx(rate + 3 * sigma * sigma_z, rel=1e-12)
    by_u = attributes("laney_u", counted(counts, [100] * 4), ALL)
    assert by_u.more["sigma_z"] == pytest.approx(sigma_z * math.sqrt(1 - rate), rel=1e-12)


def test_laney_leaves_out_what_has_a_cause() -> None:
    with_cause = attributes("laney_p", counted([2, 8, 90, 3, 7], [100] * 5), Basis(causes={3: "strike"}))
    without = attributes("laney_p", counted([2, 8, 3, 7], [100] * 4), ALL)
    assert with_cause.more["sigma_z"] == without.more["sigma_z"]


def test_a_given_centre_is_of_what_is_plotted() -> None:
    sizes = [50, 50]
    assert attributes("p", counted([5, 6], sizes), Basis(center=0.1)).charts["p"].center == 0.1
    assert attributes("np", counted([5, 6], sizes), Basis(center=5.0)).charts["np"].ucl == pytest.approx(
        5 + 3 * math.sqrt(5 * 0.9)
    )
    with pytest.raises(Refused, match="sizes differ; take p"):
        attributes("np", counted([5, 6], [50, 60]), Basis(center=5.0))


def test_a_count_that_is_missing_keeps_its_place() -> None:
    chart = attributes("p", counted([5, None, 6], [50, 50, None]), ALL).charts["p"]
    assert [point.value for point in chart.points] == [0.1, None, None]


@pytest.mark.parametrize(
    ("kind", "counts", "sizes", "said"),
    [
        ("p", [1, 51], [50, 50], "point 2 has 51 defectives of 50"),
        ("p", [1, -1], [50, 50], "whole and not below 0"),
        ("u", [1, 1.5], [50, 50], "point 2 has a count of 1.5"),
        ("u", [1, 1], [50, 0], "point 2 has a size of 0"),
        ("c", [1, 1], [50, 60], "sizes differ; take u"),
        ("p", [0, 0], [50, 50], "without any defect"),
        ("np", [50, 50], [50, 50], "where all are defective"),
        ("laney_p", [5, 5], [50, 50], "neighbouring points of the baseline that differ"),
        ("u", [None, None], [1, 1], "the baseline has no counts"),
        ("x", [1], [1], "no chart of counts is called x"),
    ],
)
def test_counts_that_can_not_be_are_refused(kind: str, counts, sizes, said: str) -> None:
    with pytest.raises(Refused, match=said):
        attributes(kind, counted(counts, sizes), ALL)


def test_charts_of_counts_take_their_sigma_from_the_centre() -> None:
    for basis in (Basis(sigma=1.0), Basis(estimator="mr")):
        with pytest.raises(Refused, match="takes its sigma from the centre"):
            attributes("p", counted([1, 2], [50, 50]), basis)


@given(st.lists(st.integers(0, 20), min_size=3, max_size=20), st.integers(21, 400))
def test_p_and_np_say_the_same(counts: list[int], size: int) -> None:
    assume(sum(counts) > 0)
    p = attributes("p", counted(counts, [size] * len(counts)), ALL).charts["p"]
    np = attributes("np", counted(counts, [size] * len(counts)), ALL).charts["np"]
    assert p.signals == np.signals
    assert [point.value * size for point in p.points] == pytest.approx([point.value for point in np.points])
    assert p.ucl * size == pytest.approx(np.ucl)


def test_every_kind_has_its_formula() -> None:
    assert {"p", "np", "c", "u", "laney_p", "laney_u"} == set(FORMULAS)


# --- memory


def test_ewma_is_its_recursion_and_its_variance_the_closed_form() -> None:
    values, weight = [1.0, 4.0, 2.0, 6.0], 0.3
    chart = ewma(single_values(values), Basis(center=3.0, sigma=2.0), weight).charts["ewma"]
    z = 3.0
    for i, (value, point) in enumerate(zip(values, chart.points, strict=True), 1):
        z = weight * value + (1 - weight) * z
        away = 3 * 2 * math.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * i)))
        assert (z, 3 + away, 3 - away) == pytest.approx((point.value, point.ucl, point.lcl), rel=1e-14)
    steady = ewma(single_values(values), Basis(center=3.0, sigma=2.0), weight, "steady").charts["ewma"]
    assert steady.ucl == pytest.approx(3 + 6 * math.sqrt(0.3 / 1.7), rel=1e-14)


def test_ewma_has_one_rule_of_its_own() -> None:
    chart = ewma(single_values([0.0, 9.0, 0.0, 0.0]), Basis(center=0.0, sigma=1.0, width=2.7), 0.1).charts["ewma"]
    assert [(one.rule, one.at, one.points) for one in chart.signals] == [
        ("ewma", 2, (2,)),
        ("ewma", 3, (3,)),
        ("ewma", 4, (4,)),
    ]
    assert chart.points[1].signals == ("ewma",)


def test_lambda_one_is_the_chart_itself() -> None:
    values = single_values([1.0, 4.0, 2.0, 6.0, 3.0])
    smooth, plain = ewma(values, ALL, 1.0).charts["ewma"], individuals(values, ALL).charts["i"]
    assert (smooth.ucl, smooth.lcl) == pytest.approx((plain.ucl, plain.lcl), rel=1e-14)
    assert [point.value for point in smooth.points] == [point.value for point in plain.points]


def test_cusum_is_its_recursion_and_names_the_points_since_it_left_zero() -> None:
    values = [10.0, 10.2, 11.5, 11.5, 11.5, 8.0]
    study = cusum(single_values(values), Basis(center=10.0, sigma=1.0), Reach(k=0.5, h=2.0))
    chart = study.charts["cusum"]
    upper, lower = zip(*(point.sums for point in chart.points), strict=True)
    assert pytest.approx(upper) == (0, 0, 1, 2, 3, 0.5)
    assert pytest.approx(lower) == (0, 0, 0, 0, 0, 1.5)
    assert [(one.rule, one.at, one.points) for one in chart.signals] == [("cusum_upper", 5, (3, 4, 5))]
    assert (chart.ucl, chart.center, chart.lcl) == (2.0, 10.0, None)
    down = cusum(single_values([20 - value for value in values]), Basis(center=10.0, sigma=1.0), Reach(0.5, 2.0))
    assert [(one.rule, one.at) for one in down.charts["cusum"].signals] == [("cusum_lower", 5)]


def test_montgomerys_cusum_finds_its_shift_at_point_29() -> None:
    """Montgomery, chapter 9, table 9.1: target 10, sigma 1, k 1/2, h 5; the last ten are of a mean of 11."""
    values = """9.45 7.99 9.29 11.66 12.16 10.18 8.04 11.46 9.20 10.34 9.03 11.47 10.51 9.40 10.08 9.37 10.62 10.31 8.52
    10.84 10.90 9.33 12.29 11.50 10.60 11.08 10.38 11.62 11.31 10.52"""
    study = cusum(single_values([float(one) for one in values.split()]), Basis(center=10.0, sigma=1.0))
    chart = study.charts["cusum"]
    assert [(one.rule, one.at) for one in chart.signals] == [("cusum_upper", 29), ("cusum_upper", 30)]
    assert chart.signals[0].points == tuple(range(23, 30))
    assert chart.points[28].sums[0] == pytest.approx(5.28)


def test_what_is_missing_or_left_out_moves_neither() -> None:
    basis = Basis(center=0.0, sigma=1.0, causes={2: "power cut"})
    for chart in (ewma, cusum):
        full = chart(single_values([1.0, 2.0]), Basis(center=0.0, sigma=1.0)).charts[chart.__name__]
        holed = chart(single_values([1.0, 99.0, None, 2.0]), basis).charts[chart.__name__]
        ends = [(point.value, point.sums, point.ucl) for point in (full.points[1], holed.points[3])]
        assert ends[0] == ends[1]
        assert (holed.points[1].value, holed.points[1].sums) == (None, None)
        assert holed.signals == ()


@pytest.mark.parametrize("weight", [0.0, 1.1, -0.2])
def test_a_weight_that_is_none_is_refused(weight: float) -> None:
    with pytest.raises(Refused, match="is no weight"):
        ewma(single_values([1.0, 2.0]), ALL, weight)
    with pytest.raises(Refused, match="neither exact nor steady"):
        ewma(single_values([1.0, 2.0]), ALL, 0.2, "loose")
    with pytest.raises(Refused, match="h above 0"):
        cusum(single_values([1.0, 2.0]), ALL, Reach(0.5, 0))


# --- run chart


def test_a_run_chart_stands_on_the_median_and_counts_runs() -> None:
    values = [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    study = run_chart(single_values(values), ALL)
    about, ways = study.more["runs_about_center"], study.more["runs_up_and_down"]
    assert (study.charts["run"].center, study.charts["run"].ucl) == (5.5, None)
    assert (2, 6, pytest.approx(math.sqrt(2 * 25 * 40 / 900))) == (about["runs"], about["expected"], about["sd"])
    assert about["p_clustering"] < 0.01 < about["p_mixtures"]
    assert (1, 19 / 3, pytest.approx(math.sqrt(131 / 90))) == (ways["runs"], ways["expected"], ways["sd"])
    assert ways["p_trends"] < 0.001
    assert "we1, we2, we3 can't speak" in study.warnings[0]


def test_only_rules_without_sigma_speak_on_it() -> None:
    basis = Basis(center=0.0, rules=rules_named("we,nelson3"))
    chart = run_chart(single_values([float(one) for one in range(1, 9)]), basis).charts["run"]
    assert {("we4", 8), ("nelson3", 6), ("nelson3", 7), ("nelson3", 8)} == {(one.rule, one.at) for one in chart.signals}


def test_short_series_have_no_p() -> None:
    study = run_chart(single_values([1.0, 1.0]), ALL)
    assert study.more["runs_about_center"]["p_clustering"] is None
    assert study.more["runs_up_and_down"]["p_trends"] is None
    with pytest.raises(Refused, match="has no sigma"):
        run_chart(single_values([1.0, 2.0]), Basis(sigma=1.0))


# --- invariances

VALUES = st.lists(st.integers(-500, 500).map(lambda whole: whole / 100), min_size=6, max_size=40)


@given(VALUES, st.integers(-40, 40), st.sampled_from([0.5, 2, 10]))
def test_shift_and_scale_carry_through(values: list[float], shift: int, scale: float) -> None:
    assume(len(set(values)) > 1)
    moved = [round(value * scale + shift, 4) for value in values]
    for make in (
        lambda own: individuals(single_values(own), ALL),
        lambda own: ewma(single_values(own), ALL),
        lambda own: cusum(single_values(own), ALL),
    ):
        before, after = make(values), make(moved)
        assert before.sigma_within * scale == pytest.approx(after.sigma_within, rel=1e-9)
        for name, chart in before.charts.items():
            assert chart.signals == after.charts[name].signals


@given(VALUES, st.integers(0, 1000))
def test_order_within_a_subgroup_does_not_matter(values: list[float], seed: int) -> None:
    import random

    several = [values[at : at + 3] for at in range(0, len(values) - 2, 3)]
    assume(any(len(set(one)) > 1 for one in several))
    mixed = [random.Random(seed).sample(one, len(one)) for one in several]
    for second in "rs":
        assert xbar(groups(*several), ALL, second) == xbar(groups(*mixed), ALL, second)


@given(VALUES, VALUES)
def test_what_is_judged_moves_no_limit(first: list[float], then: list[float]) -> None:
    assume(len(set(first)) > 1)
    basis = Basis(baseline=frozenset(range(1, len(first) + 1)))
    alone, both = individuals(single_values(first), ALL), individuals(single_values(first + then), basis)
    assert (alone.sigma_within, alone.charts["i"].ucl) == (both.sigma_within, both.charts["i"].ucl)
