"""Gauge R&R: AIAG's worked example, the identities of variance, and what a study can't say."""

from __future__ import annotations

import csv
import math
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gaugetrail_statistics import constants
from gaugetrail_statistics.measurement_systems.gauge_anova import crossed_anova, nested_anova
from gaugetrail_statistics.measurement_systems.gauge_ranges import average_range, range_method
from gaugetrail_statistics.measurement_systems.gauge_study import StudyRow, crossed, nested
from gaugetrail_statistics.measurement_systems.gauge_variation import Yardstick
from gaugetrail_statistics.measurement_systems.range_means import aiag_d2_star, d2_star
from gaugetrail_statistics.refusing import Refused

DATA = Path(__file__).with_name("data")
# AIAG MSA (4th ed.), the short method's example: five parts, two appraisers, one value each.
SHORT = {"A": [0.85, 0.75, 1.00, 0.45, 0.50], "B": [0.80, 0.70, 0.95, 0.55, 0.60]}


def aiag_rows() -> list[StudyRow]:
    with (DATA / "aiag_grr.csv").open(newline="") as file:
        return [
            StudyRow(row["part"], row["appraiser"], float(row["value"]), row["trial"]) for row in csv.DictReader(file)
        ]


def short_rows() -> list[StudyRow]:
    return [StudyRow(str(at), who, value) for who, values in SHORT.items() for at, value in enumerate(values)]


def rows_of(cells: list[list[list[int]]], offset: float = 0) -> list[StudyRow]:
    """cells[part][appraiser] holds trials, in hundredths."""
    return [
        StudyRow(str(part), str(who), round(value / 100 + offset, 2))
        for part, row in enumerate(cells)
        for who, cell in enumerate(row)
        for value in cell
    ]


@st.composite
def studies(draw) -> list[list[list[int]]]:
    parts, appraisers, trials = (draw(st.integers(2, most)) for most in (4, 3, 3))
    trial = st.integers(-500, 500)
    cell = st.lists(trial, min_size=trials, max_size=trials)
    row = st.lists(cell, min_size=appraisers, max_size=appraisers)
    cells = draw(st.lists(row, min_size=parts, max_size=parts))
    return cells if len({v for r in cells for c in r for v in c}) > 1 else draw(studies())


# --- published numbers


def test_aiags_analysis_of_variance_is_met_to_its_last_digit() -> None:
    found = crossed_anova(crossed(aiag_rows()), Yardstick(tolerance=8.0))
    printed = {
        "part": (9, 88.3619, 9.81799, 492.291),
        "appraiser": (2, 3.1673, 1.58363, 79.406),
        "interaction": (18, 0.3590, 0.01994, 0.434),
        "repeatability": (60, 2.7589, 0.04598, None),
        "total": (89, 94.6471, None, None),
    }
    assert list(printed) == [row.source for row in found.table]
    for row in found.table:
        df, ss, ms, f = printed[row.source]
        assert (df, pytest.approx(ss, abs=5e-5)) == (row.df, row.ss)
        assert (ms if ms is None else pytest.approx(ms, abs=5e-6)) == row.ms
        assert (f if f is None else pytest.approx(f, abs=5e-4)) == row.f
    assert pytest.approx(0.974, abs=5e-4) == found.table[2].p
    assert found.pooled
    assert [(78, pytest.approx(3.1179, abs=5e-5))] == [(row.df, row.ss) for row in found.pooled_table[2:3]]
    sd = found.result.sd
    assert pytest.approx(0.199933, abs=5e-7) == sd["ev"]
    assert pytest.approx(0.226838, abs=5e-7) == sd["av"]
    assert sd["int"] == 0
    assert pytest.approx(0.302373, abs=2e-6) == sd["grr"]  # the manual adds its rounded parts
    assert pytest.approx(1.042327, abs=5e-7) == sd["pv"]
    assert pytest.approx(1.085, abs=5e-4) == sd["tv"]
    assert pytest.approx(27.86, abs=5e-3) == found.result.percent_study["grr"]
    assert pytest.approx(7.76, abs=5e-3) == found.result.percent_contribution["grr"]
    assert pytest.approx(22.68, abs=5e-3) == found.result.percent_tolerance["grr"]


def test_distinct_categories_are_cut_off_not_rounded() -> None:
    """AIAG's own study has 4.87 categories: that is four."""
    result = crossed_anova(crossed(aiag_rows())).result
    assert pytest.approx(math.sqrt(2) * result.sd["pv"] / result.sd["grr"]) == result.ndc_raw
    assert round(result.ndc_raw) == 5
    assert result.ndc == 4


def test_aiags_average_and_range_is_met_within_its_rounded_constants() -> None:
    found = average_range(crossed(aiag_rows()))
    assert pytest.approx(0.3417, abs=5e-5) == found.rbar
    assert pytest.approx(0.4447, abs=5e-5) == found.xdiff
    assert pytest.approx(3.511, abs=5e-4) == found.rp
    printed = {"ev": 0.20188, "av": 0.22963, "grr": 0.30575, "pv": 1.10456, "tv": 1.14610}
    assert printed == pytest.approx({name: found.result.sd[name] for name in printed}, rel=3e-4)
    assert found.result.sd["int"] is None
    assert (pytest.approx(found.result.percent_study["grr"], abs=0.05), found.result.ndc) == (26.7, 5)


def test_aiags_short_study_is_told_as_grr_alone() -> None:
    found = range_method(crossed(short_rows()), Yardstick(process_sd=0.0777))
    assert found.rbar == 0.07
    assert pytest.approx(0.0588, abs=5e-5) == found.result.sd["grr"]
    assert pytest.approx(75.7, abs=0.1) == found.result.percent_study["grr"]
    assert [found.result.sd[name] for name in ("ev", "av", "int")] == [None, None, None]
    assert range_method(crossed(short_rows())).result.ndc is None


@pytest.mark.parametrize(
    ("size", "ranges", "printed"),
    [(2, 1, 1.41421), (3, 1, 1.91155), (10, 1, 3.17905), (2, 5, 1.19105), (5, 1, 2.48124)],
)
def test_d2_star_meets_aiags_table(size: int, ranges: int, printed: float) -> None:
    """AIAG MSA (4th ed.), appendix C; its five decimals."""
    assert pytest.approx(printed, abs=2e-5) == d2_star(size, ranges)


def test_above_fifteen_ranges_d2_is_taken_as_aiag_does() -> None:
    assert d2_star(3, 15) == aiag_d2_star(3, 15)
    assert constants.d2(3) == aiag_d2_star(3, 16) < d2_star(3, 16)
    assert d2_star(3, 10**9) == pytest.approx(constants.d2(3), rel=1e-9)


# --- identities


@settings(max_examples=25)
@given(studies())
def test_sums_of_squares_and_degrees_of_freedom_add_up(cells) -> None:
    *sources, total = crossed_anova(crossed(rows_of(cells))).table
    assert sum(row.df for row in sources) == total.df
    assert math.fsum(row.ss for row in sources) == pytest.approx(total.ss, rel=1e-12)


@settings(max_examples=25)
@given(studies())
def test_a_nested_study_of_the_same_values_holds_part_and_interaction_in_one(cells) -> None:
    table = {row.source: row for row in crossed_anova(crossed(rows_of(cells))).table}
    of_own = {row.source: row for row in nested_anova(nested(rows_of(cells))).table}
    assert of_own["part"].ss == pytest.approx(table["part"].ss + table["interaction"].ss, rel=1e-12, abs=1e-12)
    assert table["appraiser"].ss == of_own["appraiser"].ss
    assert table["repeatability"].ss == of_own["repeatability"].ss
    assert of_own["part"].df == table["part"].df + table["interaction"].df


@settings(max_examples=25)
@given(studies(), st.integers(0, 10**6), st.integers(-(10**6), 10**6))
def test_neither_order_nor_offset_changes_a_digit(cells, seed: int, offset: int) -> None:
    rows = rows_of(cells, offset)
    mixed = random.Random(seed).sample(rows, len(rows))
    plain, moved = crossed(rows_of(cells)), crossed(mixed)
    for name, value in crossed_anova(plain).variance_raw.items():
        assert value == crossed_anova(moved).variance_raw[name]
    assert average_range(plain).result.sd == average_range(moved).result.sd


@settings(max_examples=25)
@given(studies())
def test_spreads_are_squares_that_add_up(cells) -> None:
    found = crossed_anova(crossed(rows_of(cells)))
    sd = found.result.sd
    assert sd["grr"] ** 2 == pytest.approx(sd["ev"] ** 2 + sd["av"] ** 2 + sd["int"] ** 2, rel=1e-12)
    assert sd["tv"] ** 2 == pytest.approx(sd["grr"] ** 2 + sd["pv"] ** 2, rel=1e-12)
    for name in ("part", "appraiser", "repeatability"):
        assert found.variance[name] >= 0
    if not found.pooled:
        assert {name: max(0, found.variance_raw[name]) for name in ("part", "interaction")} == {
            name: found.variance[name] for name in ("part", "interaction")
        }


def test_p_is_the_f_distributions_upper_tail() -> None:
    for row in crossed_anova(crossed(aiag_rows())).table[:3]:
        below = 18 if row.source != "interaction" else 60
        assert float(stats.f.sf(row.f, row.df, below)) == pytest.approx(row.p, rel=1e-12)


# --- pooling, clamping, yardsticks


def test_the_interaction_is_pooled_only_where_its_p_is_above_alpha() -> None:
    study = crossed(aiag_rows())
    p = crossed_anova(study).table[2].p
    assert crossed_anova(study, pool_alpha=p - 1e-9).pooled
    assert not crossed_anova(study, pool_alpha=p).pooled
    never = crossed_anova(study, pool_alpha=None)
    assert (never.pooled, never.pooled_table) == (False, ())
    assert never.variance["repeatability"] == never.variance_raw["repeatability"]


def test_a_variance_below_zero_counts_as_none_and_is_shown_as_it_came() -> None:
    found = crossed_anova(crossed(aiag_rows()), pool_alpha=None)
    assert pytest.approx(-0.0086796, abs=1e-7) == found.variance_raw["interaction"]
    assert found.variance["interaction"] == 0
    assert found.variance["grr"] == pytest.approx(found.variance_raw["appraiser"] + found.variance_raw["repeatability"])


def test_appraisers_closer_than_chance_have_no_spread_of_their_own() -> None:
    found = average_range(crossed(rows_of([[[0, 40], [40, 0]], [[100, 140], [140, 100]]])))
    assert found.av_variance_raw < 0
    assert found.result.sd["av"] == 0
    assert found.result.sd["grr"] == found.result.sd["ev"]


def test_an_additive_study_has_no_interaction_at_all_and_no_false_test() -> None:
    """Part plus appraiser exactly, trials alike: nothing to test against, and no p made of rounding."""
    cells = [[[part * 10 + who * 3] * 2 for who in range(3)] for part in range(4)]
    found = crossed_anova(crossed(rows_of(cells)))
    assert [found.table[2].ss, found.table[3].ss] == [0.0, 0.0]
    assert [None] * 5 == [row.f for row in found.table] == [row.p for row in found.table]
    assert not found.pooled


def test_a_known_process_spread_takes_the_totals_place() -> None:
    study = crossed(aiag_rows())
    plain, known = (crossed_anova(study, by).result for by in (Yardstick(), Yardstick(process_sd=2.0)))
    assert known.sd["tv"] == 2.0
    assert known.sd["pv"] == pytest.approx(math.sqrt(4 - known.sd["grr"] ** 2))
    assert known.pv_study == plain.sd["pv"]
    assert 100 * plain.sd["grr"] / 2 == known.percent_study["grr"]
    small = crossed_anova(study, Yardstick(process_sd=0.1)).result
    assert (small.sd["pv"], len(small.warnings)) == (0, 1)


def test_one_limit_is_half_a_spread_against_the_room_to_it() -> None:
    study = crossed(aiag_rows())
    mean = math.fsum(study.all_values) / 90
    one = crossed_anova(study, Yardstick(usl=3.0)).result
    assert 100 * 3 * one.sd["grr"] / (3.0 - mean) == pytest.approx(one.percent_tolerance["grr"])
    assert one.warnings == ()
    lower = crossed_anova(study, Yardstick(lsl=-4.0)).result
    assert 100 * 3 * one.sd["grr"] / (mean + 4.0) == pytest.approx(lower.percent_tolerance["grr"])
    both = crossed_anova(study, Yardstick(lsl=-4, usl=4, multiplier=5.15)).result
    assert 100 * 5.15 * both.sd["ev"] / 8 == pytest.approx(both.percent_tolerance["ev"])
    beyond = crossed_anova(study, Yardstick(usl=-1.0)).result
    assert (beyond.percent_tolerance["grr"], len(beyond.warnings)) == (None, 1)


def test_a_gauge_without_any_spread_tells_no_categories() -> None:
    cells = [[[part * 10] * 2 for _ in range(2)] for part in range(3)]
    result = crossed_anova(crossed(rows_of(cells))).result
    assert (result.sd["grr"], result.ndc, result.ndc_raw) == (0, None, None)


# --- refusals


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[:-1], "unbalanced: part 10 by appraiser C has 2 values where others have 3"),
        (lambda rows: [StudyRow(rows[0].part, "A", None, "1"), *rows[1:]], "part 1 by appraiser A has 2 values"),
        (lambda rows: [*rows, rows[0]], "trial 1 of part 1 by appraiser A stands twice"),
        (lambda rows: [row for row in rows if row.part == "1"], "too few parts"),
        (lambda rows: [row for row in rows if row.appraiser == "A"], "too few appraisers"),
        (lambda rows: [row for row in rows if (row.part, row.appraiser) != ("4", "B")], "part 4 by appraiser B has 0"),
        (lambda rows: [StudyRow(row.part, row.appraiser, 1.0) for row in rows], "zero variation"),
        (lambda rows: [], "no rows"),
    ],
)
def test_what_a_crossed_study_can_not_say_is_refused_in_words(change, said: str) -> None:
    with pytest.raises(Refused, match=said):
        crossed(change(aiag_rows()))


def test_one_trial_is_too_few_for_all_but_the_range_method() -> None:
    once = crossed(short_rows())
    for method in (crossed_anova, average_range):
        with pytest.raises(Refused, match="too few trials"):
            method(once)
    with pytest.raises(Refused, match="takes one trial"):
        range_method(crossed(aiag_rows()))
    with pytest.raises(Refused, match="too few trials"):
        nested_anova(nested(short_rows()))


def test_a_nested_study_needs_as_many_parts_of_each_appraiser() -> None:
    rows = aiag_rows()
    with pytest.raises(Refused, match="appraiser C has 9 parts where others have 10"):
        nested([row for row in rows if (row.part, row.appraiser) != ("3", "C")])
    with pytest.raises(Refused, match="unbalanced"):
        nested(rows[:-1])
    with pytest.raises(Refused, match="too few parts"):
        nested([row for row in rows if row.part == "1"])
    with pytest.raises(Refused, match="too few appraisers"):
        nested([row for row in rows if row.appraiser == "A"])


def test_a_nested_study_in_which_nothing_varies_is_refused() -> None:
    with pytest.raises(Refused, match="zero variation"):
        nested([StudyRow(row.part, row.appraiser, 1.0) for row in aiag_rows()])


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (Yardstick(multiplier=0), "multiplier is 0"),
        (Yardstick(tolerance=-1), "tolerance is -1"),
        (Yardstick(tolerance=1, usl=2), "not both"),
        (Yardstick(lsl=2, usl=2), "not below"),
        (Yardstick(process_sd=0), "standard deviation is 0"),
    ],
)
def test_a_yardstick_that_can_not_be_is_refused(by: Yardstick, said: str) -> None:
    with pytest.raises(Refused, match=said):
        average_range(crossed(aiag_rows()), by)


def test_an_alpha_that_is_no_chance_is_refused() -> None:
    with pytest.raises(Refused, match="alpha for pooling is 25"):
        crossed_anova(crossed(aiag_rows()), pool_alpha=25)
