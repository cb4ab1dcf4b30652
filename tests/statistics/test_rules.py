"""The rules of control charts: strict, at the point that completes the pattern and at each further one."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_statistics.refusing import Refused
from gaugetrail_statistics.rules import (
    DEFAULT,
    RULES,
    SETS,
    Plotted,
    RuleSignal,
    longest_window,
    rules_named,
    signals_at_last,
    signals_of,
)


def plotted(values: Sequence[float], center: float = 0.0, sigma: float | None = 1.0) -> list[Plotted]:
    away = None if sigma is None else 3 * sigma
    return [
        Plotted(
            at, value, center, sigma, None if away is None else center + away, None if away is None else center - away
        )
        for at, value in enumerate(values, 1)
    ]


def at(rule: str, values: Sequence[float], center: float = 0.0, sigma: float | None = 1.0) -> list[int]:
    return [signal.at for signal in signals_of(plotted(values, center, sigma), rules_named(rule))]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        # On the limit is no signal, just beyond it is one.
        ("we1", [3.0, -3.0, 3.001, -3.001], [3, 4]),
        ("nelson1", [0, 4, 0], [2]),
        # Two of three, on one side; the window must be full and the last point itself beyond.
        ("we2", [2.1, 2.1], []),
        ("we2", [2.1, 2.1, 0], []),
        ("we2", [0, 2.1, 2.1], [3]),
        ("we2", [2.1, 0, 2.1], [3]),
        ("we2", [2.1, 0, -2.1], []),
        ("we2", [2.1, 2.1, -2.1, 2.1], [4]),
        ("we2", [2.0, 2.0, 2.0], []),
        ("we2", [0, -2.1, -2.1, -2.1], [3, 4]),
        ("we3", [1.1, 1.1, 1.1, 1.1], []),
        ("we3", [1.1, 1.1, 0, 1.1, 1.1], [5]),
        ("we3", [1.1, 1.1, 1.1, 1.1, -1.1], []),
        ("we3", [-1.1, -1.1, 1.1, -1.1, -1.1, -1.1], [5, 6]),
        ("we4", [0.1] * 7, []),
        ("we4", [0.1] * 9, [8, 9]),
        ("we4", [0.1] * 7 + [0.0] + [0.1] * 7, []),
        ("we4", [-0.1] * 8, [8]),
        ("nelson2", [0.1] * 10, [9, 10]),
        ("aiag2", [0.1] * 7, [7]),
        ("juran4", [0.1] * 9, [9]),
        # Six points, five steps; equal neighbours break a trend.
        ("nelson3", [1, 2, 3, 4, 5], []),
        ("nelson3", [1, 2, 3, 4, 5, 6, 7], [6, 7]),
        ("nelson3", [1, 2, 3, 3, 4, 5], []),
        ("nelson3", [6, 5, 4, 3, 2, 1], [6]),
        ("nelson4", [0, 1] * 7, [14]),
        ("nelson4", [0, 1] * 6 + [0, 0], []),
        ("nelson4", [0, 1] * 6 + [1, 2], []),
        ("nelson5", [0, 2.1, 2.1], [3]),
        ("nelson6", [1.1] * 5, [5]),
        ("nelson7", [0.9, -0.9] * 8, [15, 16]),
        ("nelson7", [0.9] * 14 + [1.0], []),
        # Nelson's eighth needs both sides, AIAG's does not.
        ("nelson8", [1.1] * 8, []),
        ("nelson8", [1.1] * 7 + [-1.1], [8]),
        ("nelson8", [1.1] * 7 + [-1.0], []),
        ("aiag8", [1.1] * 8, [8]),
        ("westgard_1_2s", [2.0, 2.1], [2]),
        ("westgard_1_3s", [3.0, 3.1], [2]),
        ("westgard_2_2s", [2.1, 2.1, -2.1, -2.1], [2, 4]),
        ("westgard_r_4s", [2.1, -2.1, 0, 2.1], [2]),
        ("westgard_r_4s", [2.1, 2.1], []),
        ("westgard_4_1s", [1.1] * 4, [4]),
        ("westgard_10_x", [0.1] * 10, [10]),
        # Counts are parameters.
        ("we4:9", [0.1] * 9, [9]),
        ("nelson3:7", [1, 2, 3, 4, 5, 6, 7], [7]),
        ("we2:3of4", [2.1, 2.1, 0, 2.1], [4]),
        ("we2:2of4", [2.1, 0, 0, 2.1], [4]),
    ],
)
def test_a_rule_speaks_where_its_pattern_is_complete(rule: str, values: list[float], expected: list[int]) -> None:
    assert expected == at(rule, values)


def test_a_signal_names_its_points() -> None:
    assert [RuleSignal("we2", 4, (2, 4))] == signals_of(plotted([0, 2.5, 0, 2.5]), rules_named("we2"))
    assert [RuleSignal("we4", 9, tuple(range(2, 10)))] == signals_of(plotted([-1, *[0.1] * 8]), rules_named("we4"))


def test_a_decimal_on_the_limit_is_on_it_however_binary_rounding_falls() -> None:
    """10.3 is 10 + 3 x 0.1, and in binary 0.30000000000000004 and 10.3 differ by less than nothing."""
    assert at("we1", [10.3, 9.7, 10.300000000000001], 10.0, 0.1) == []
    assert at("we1", [10.3001], 10.0, 0.1) == [1]
    assert at("we2", [74.03, 74.03, 74.03], 74.01, 0.01) == []
    assert at("nelson3", [0.1 + 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]) == []


def test_limits_are_each_points_own() -> None:
    points = [
        Plotted(1, 5.0, 0.0, 1.0, 6.0, 0.0),
        Plotted(2, 5.0, 0.0, 1.0, 4.0, 0.0),
        Plotted(3, -1.0, 0.0, 1, None, 0),
    ]
    assert [signal.at for signal in signals_of(points, rules_named("we1"))] == [2, 3]


def test_without_sigma_only_rules_that_need_none_speak() -> None:
    assert at("we,nelson4,nelson7,nelson8,westgard", [50.0] * 8, 0.0, None) == [8]


def test_a_set_is_named_by_its_name_and_a_rule_twice_is_one() -> None:
    assert tuple(rule.name for rule in rules_named("we, WE1")) == ("we1", "we2", "we3", "we4")
    assert rules_named("we") == rules_named(DEFAULT)
    assert {name: len(own) for name, own in SETS.items()} == {
        "nelson": 8,
        "aiag": 8,
        "juran": 6,
        "we": 4,
        "westgard": 5,
    }
    assert rules_named("westgard_13s")[0].sigmas == RULES["westgard_1_3s"].sigmas
    assert longest_window(rules_named("nelson")) == 15


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("we9", "no rule is called 'we9'"),
        ("", "no rule is named"),
        ("we1:2", "takes no count"),
        ("we4:1", "takes 2 points or more"),
        ("we2:4of3", "at most as many as its window"),
        ("nelson3:5of6", "without a gap"),
        ("we4;we1", "no rule is called"),
    ],
)
def test_what_names_no_rule_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        rules_named(text)


VALUES = st.lists(st.integers(-400, 400).map(lambda whole: whole / 100), max_size=40)
EVERY = ",".join((*SETS, "westgard_1_2s"))


@given(VALUES)
def test_the_mirror_image_has_the_same_signals(values: list[float]) -> None:
    mirrored = signals_of(plotted([-value for value in values]), rules_named(EVERY))
    assert signals_of(plotted(values), rules_named(EVERY)) == mirrored


@given(VALUES, st.integers(-50, 50), st.sampled_from([0.5, 1, 2, 8]))
def test_shift_and_scale_change_no_signal(values: list[float], shift: int, scale: float) -> None:
    moved = plotted([value * scale + shift for value in values], shift, scale)
    assert signals_of(plotted(values), rules_named(EVERY)) == signals_of(moved, rules_named(EVERY))


@given(VALUES)
def test_point_by_point_the_same_is_said_as_of_the_whole(values: list[float]) -> None:
    """What a station hears as values come in, with the last points alone kept, is what the office computes of all."""
    rules, points = rules_named(EVERY), plotted(values)
    back = longest_window(rules)
    heard = [
        one for last in range(1, len(points) + 1) for one in signals_at_last(points[max(0, last - back) : last], rules)
    ]
    assert signals_of(points, rules) == heard


def test_what_a_station_judges_by_needs_neither_numpy_nor_scipy() -> None:
    script = (
        "import sys\n"
        "from gaugetrail_statistics import constants, estimators, moments, rules, subgroups\n"
        "from gaugetrail_statistics.charts import attributes, basis, chart, judging, memory, runs, variables\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules} & {'numpy', 'scipy', 'pydantic', 'matplotlib'}))"
    )
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "[]\n"
