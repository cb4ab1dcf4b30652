"""Comparisons: certified numbers of NIST, agreement with scipy, and what must hold whatever the values are."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from gaugetrail_statistics.comparing import relations
from gaugetrail_statistics.comparing.groups import (
    ComparedGroup,
    grouped,
    left_by_levels,
    levene,
    mann_whitney,
    pooled_t,
    variance_ratio,
    welch_t,
)
from gaugetrail_statistics.comparing.variance_analysis import contribution, holm, one_way, two_way
from gaugetrail_statistics.refusing import Refused

# NIST Statistical Reference Datasets, analysis of variance, SiRstv: resistivity of silicon wafers by five instruments
# (itl.nist.gov/div898/strd/anova/SiRstv.html), with the certified sums.
SIRSTV = (
    (196.3052, 196.1240, 196.1890, 196.2569, 196.3403),
    (196.3042, 196.3825, 196.1669, 196.3257, 196.0422),
    (196.1303, 196.2005, 196.2889, 196.0343, 196.1811),
    (196.2795, 196.1748, 196.1494, 196.1485, 195.9885),
    (196.2119, 196.1051, 196.1850, 196.0052, 196.2090),
)
# The same collection, linear regression, Norris: a customer's ozone monitor (y) against NIST's (x).
NORRIS_X = (
    *(
        0.2,
        337.4,
        118.2,
        884.6,
        10.1,
        226.5,
        666.3,
        996.3,
        448.6,
        777.0,
        558.2,
        0.4,
        0.6,
        775.5,
        666.9,
        338.0,
        447.5,
        11.6,
    ),
    *(
        556.0,
        228.1,
        995.8,
        887.6,
        120.2,
        0.3,
        0.3,
        556.8,
        339.1,
        887.2,
        999.0,
        779.0,
        11.1,
        118.3,
        229.2,
        669.1,
        448.9,
        0.5,
    ),
)
NORRIS_Y = (
    *(
        0.1,
        338.8,
        118.1,
        888.0,
        9.2,
        228.1,
        668.5,
        998.5,
        449.1,
        778.9,
        559.2,
        0.3,
        0.1,
        778.1,
        668.8,
        339.3,
        448.9,
        10.8,
    ),
    *(
        557.7,
        228.3,
        998.0,
        888.8,
        119.6,
        0.3,
        0.6,
        557.6,
        339.3,
        888.0,
        998.5,
        778.9,
        10.2,
        117.6,
        228.9,
        668.4,
        449.2,
        0.2,
    ),
)
BEFORE = (10.12, 10.31, 9.94, 10.05, 10.22, 10.48, 9.87, 10.15)
AFTER = (10.02, 9.91, 10.08, 9.85, 9.98, 10.03, 9.95, 9.89, 10.01, 9.9)


def group(values, name: str = "A") -> ComparedGroup:
    return ComparedGroup(name, np.array(values, dtype=np.float64))


def test_nists_resistivities_have_the_certified_analysis_of_variance() -> None:
    found = one_way([group(row) for row in SIRSTV])
    assert found.between.ss == pytest.approx(5.11462616000000e-02, rel=1e-11)
    assert found.within.ss == pytest.approx(2.16636560000000e-01, rel=1e-11)
    assert found.between.f == pytest.approx(1.18046237440255, rel=1e-11)
    assert found.eta_squared == pytest.approx(1.90999039051129e-01, rel=1e-11)
    assert (found.between.df, found.within.df, found.total.df) == (4, 20, 24)


@pytest.mark.parametrize(("offset", "digits"), [(0, 1e-12), (1e6, 1e-8), (1e12, 1e-4)])
def test_an_offset_costs_no_more_than_its_own_digits(offset: float, digits: float) -> None:
    """NIST's SmLs01, 04 and 07: nine groups of 21, F = 21 exactly; at 1e12 the values themselves hold four digits."""
    rows = []
    for at in range(9):
        first = 1.4 if at == 0 else (1.3 if at % 2 else 1.5)
        rows.append([offset + first, *[offset + first - 0.1, offset + first + 0.1] * 10])
    found = one_way([group(row) for row in rows])
    assert found.between.f == pytest.approx(21, rel=digits)
    assert (found.between.df, found.within.df) == (8, 180)


def test_nists_ozone_monitors_have_the_certified_line() -> None:
    found = relations.line(np.array(NORRIS_X), np.array(NORRIS_Y))
    assert found.intercept == pytest.approx(-0.262323073774029, rel=1e-11)
    assert found.slope == pytest.approx(1.00211681802045, rel=1e-13)
    assert found.se_intercept == pytest.approx(0.232818234301152, rel=1e-11)
    assert found.se_slope == pytest.approx(0.429796848199937e-03, rel=1e-11)
    assert found.s == pytest.approx(0.884796396144373, rel=1e-11)
    assert found.r2 == pytest.approx(0.999993745883712, rel=1e-13)
    assert found.df == 34


def test_two_samples_agree_with_scipy() -> None:
    before, after = group(BEFORE), group(AFTER)
    for found, equal in ((pooled_t(before, after, 0.9), True), (welch_t(before, after, 0.9), False)):
        theirs = stats.ttest_ind(AFTER, BEFORE, equal_var=equal)
        interval = theirs.confidence_interval(0.9)
        assert (found.t, found.p, found.df) == pytest.approx((theirs.statistic, theirs.pvalue, theirs.df), rel=1e-10)
        assert found.interval == pytest.approx((interval.low, interval.high), rel=1e-10)
    w = levene([before, after])
    theirs = stats.levene(BEFORE, AFTER, center="median")
    assert (w.statistic, w.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-10)
    u = mann_whitney(before, after)
    theirs = stats.mannwhitneyu(AFTER, BEFORE, alternative="two-sided", method="exact")
    assert (u.u, u.p, u.method) == (theirs.statistic, theirs.pvalue, "exact")


def test_ties_and_many_values_leave_the_exact_u() -> None:
    assert mann_whitney(group([1, 2, 2, 3]), group([2, 5, 6])).method == "asymptotic"
    assert mann_whitney(group(range(21)), group([0.5, 1.5])).method == "asymptotic"
    assert mann_whitney(group(range(20)), group([0.5, 1.5])).method == "exact"


def test_the_ratio_of_variances_is_two_sided() -> None:
    found = variance_ratio(group(BEFORE), group(AFTER))
    ratio = np.var(AFTER, ddof=1) / np.var(BEFORE, ddof=1)
    assert found.statistic == pytest.approx(ratio)
    assert found.p == pytest.approx(2 * stats.f.cdf(ratio, 9, 7), rel=1e-10)
    back = variance_ratio(group(AFTER), group(BEFORE))
    assert back.p == pytest.approx(found.p, rel=1e-10)
    assert (back.df1, back.df2) == (7, 9)
    assert variance_ratio(group([1, 2]), group([1, 2])).p == 1


def test_what_does_not_vary_has_no_test_and_no_nan() -> None:
    flat, other = group([5, 5, 5]), group([5, 6, 7])
    assert variance_ratio(flat, other) == variance_ratio(flat, flat)
    assert variance_ratio(flat, other).p is None
    both = pooled_t(flat, group([6, 6]), 0.95)
    assert (both.difference, both.t, both.p, both.interval) == (1, None, None, (1, 1))
    assert welch_t(flat, flat, 0.95).t is None
    assert levene([flat, group([6, 6, 6])]).p is None
    table = one_way([flat, group([5, 5])])
    assert (table.eta_squared, table.between.f, table.between.p) == (None, None, None)


def test_a_single_value_is_no_group_to_compare() -> None:
    with pytest.raises(Refused, match="group alone has 1 value"):
        pooled_t(group(BEFORE), group([1.0], "alone"), 0.95)
    with pytest.raises(Refused, match="one level"):
        one_way([group(BEFORE)])
    with pytest.raises(Refused, match="each group has one value"):
        one_way([group([1]), group([2])])


def test_groups_come_in_the_order_of_first_appearance() -> None:
    found = grouped([1, 2, 3, 4], ["b", "a", "b", "c"])
    assert [(one.name, one.values.tolist()) for one in found] == [("b", [1, 3]), ("a", [2]), ("c", [4])]
    left = left_by_levels(np.array([1.0, 2, 3, 4]), ["b", "a", "b", "c"])
    assert left.tolist() == [-1, 0, 1, 0]


def book_of_two_factors(cells: dict[tuple[str, str], list[float]]) -> dict[str, float]:
    """The textbook's sums of squares where all cells hold as many values."""
    everything = [value for own in cells.values() for value in own]
    grand = float(np.mean(everything))

    def main(place: int) -> float:
        total = 0.0
        for level in {key[place] for key in cells}:
            own = [value for key, values in cells.items() if key[place] == level for value in values]
            total += len(own) * (float(np.mean(own)) - grand) ** 2
        return total

    between = sum(len(own) * (float(np.mean(own)) - grand) ** 2 for own in cells.values())
    total = sum((value - grand) ** 2 for value in everything)
    return {"first": main(0), "second": main(1), "joint": between - main(0) - main(1), "within": total - between}


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(2, 4), st.integers(2, 4), st.integers(0, 2**32 - 1))
def test_two_balanced_factors_have_the_books_sums(rows: int, columns: int, repeats: int, seed: int) -> None:
    drawn = np.random.default_rng(seed).normal(50, 5, (rows, columns, repeats))
    cells = {(f"r{i}", f"c{j}"): drawn[i, j].tolist() for i in range(rows) for j in range(columns)}
    book = book_of_two_factors(cells)
    values = [value for own in cells.values() for value in own]
    first = [key[0] for key, own in cells.items() for _ in own]
    second = [key[1] for key, own in cells.items() for _ in own]
    found = two_way(values, first, second)
    assert found.balanced
    assert found.interaction is not None
    ours = (found.first.ss, found.second.ss, found.interaction.ss, found.within.ss)
    assert ours == pytest.approx(tuple(book.values()), rel=1e-8, abs=1e-8)
    assert sum(ours) == pytest.approx(found.total.ss, rel=1e-9)
    dfs = (found.first.df, found.second.df, found.interaction.df, found.within.df)
    assert dfs == (rows - 1, columns - 1, (rows - 1) * (columns - 1), rows * columns * (repeats - 1))
    additive = two_way(values, first, second, interaction=False)
    assert additive.interaction is None
    assert additive.within.ss == pytest.approx(found.interaction.ss + found.within.ss, rel=1e-9)
    assert additive.within.df == found.interaction.df + found.within.df


def squares_left(values: np.ndarray, *factors: list[str], crossed: bool = False) -> float:
    """What full dummy columns of the factors leave: a plain model, value by value."""
    columns = [np.ones(len(values))]
    for factor in factors:
        columns += [np.array([float(word == level) for word in factor]) for level in sorted(set(factor))]
    if crossed:
        pairs = list(zip(*factors, strict=True))
        columns += [np.array([float(pair == level) for pair in pairs]) for level in sorted(set(pairs))]
    matrix = np.stack(columns, axis=1)
    fitted = np.linalg.lstsq(matrix, values, rcond=None)[0]
    return float(np.sum((values - matrix @ fitted) ** 2))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_unbalanced_factors_are_differences_of_nested_models(seed: int) -> None:
    """Type II: what a factor explains beyond the other one, cells of any number, also none."""
    random = np.random.default_rng(seed)
    first = ["a", "b", "c", *random.choice(["a", "b", "c"], 27).tolist()]
    second = ["x", "y", "x", *random.choice(["x", "y"], 27, p=[0.8, 0.2]).tolist()]
    values = random.normal(10, 1, 30) + np.array([ord(word) for word in first]) * 0.5
    found = two_way(values.tolist(), first, second)
    main = squares_left(values, first, second)
    full = squares_left(values, first, second, crossed=True)
    assert found.first.ss == pytest.approx(squares_left(values, second) - main, rel=1e-7, abs=1e-8)
    assert found.second.ss == pytest.approx(squares_left(values, first) - main, rel=1e-7, abs=1e-8)
    assert found.within.ss == pytest.approx(full, rel=1e-8)
    assert found.interaction is not None
    assert found.interaction.ss == pytest.approx(main - full, rel=1e-6, abs=1e-8)


def test_one_value_a_cell_leaves_the_interaction_as_the_spread() -> None:
    """Without repetition nothing tells the interaction from chance: it is the spread that is tested against."""
    values = [5.0, 6, 8, 4, 7, 9]
    found = two_way(values, list("aaabbb"), list("xyzxyz"))
    assert found.interaction is None
    assert found.within.df == 2
    with pytest.raises(Refused, match="two levels"):
        two_way(values, list("aaaaaa"), list("xyzxyz"))
    with pytest.raises(Refused, match="nothing tells the spread"):
        two_way([1.0, 2, 3], list("aab"), list("xyx"))


MEASURED = st.lists(st.integers(-500, 500).map(lambda n: n / 100), min_size=2, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(MEASURED, min_size=2, max_size=5), st.floats(-100, 100), st.floats(0.1, 10))
def test_sums_of_squares_add_up_and_know_no_origin(rows: list[list[float]], shift: float, scale: float) -> None:
    found = one_way([group(row) for row in rows])
    everything = [value for row in rows for value in row]
    assert found.between.ss + found.within.ss == pytest.approx(found.total.ss)
    assert found.total.ss == pytest.approx(float(np.var(everything)) * len(everything), abs=1e-9)
    moved = one_way([group([value * scale + shift for value in row]) for row in rows])
    assert moved.within.ss == pytest.approx(found.within.ss * scale**2, rel=1e-6, abs=1e-8)
    if found.within.ss > 1e-6:
        theirs = stats.f_oneway(*rows)
        assert found.between.f == pytest.approx(theirs.statistic, rel=1e-7, abs=1e-9)
        tail = stats.f.sf(found.between.f, len(rows) - 1, len(everything) - len(rows))
        assert found.between.p == pytest.approx(tail, rel=1e-7)
        assert moved.between.f == pytest.approx(found.between.f, rel=1e-5, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(MEASURED, min_size=2, max_size=2))
def test_one_factor_of_two_levels_is_students_t_squared(rows: list[list[float]]) -> None:
    t = pooled_t(group(rows[0]), group(rows[1]), 0.95)
    table = one_way([group(row) for row in rows])
    if t.t is not None and table.within.ss > 1e-6:
        assert table.between.f == pytest.approx(t.t**2, rel=1e-6, abs=1e-9)
        assert table.between.p == pytest.approx(t.p, rel=1e-6)


def test_many_levels_alone_make_no_contributor() -> None:
    """Eta-squared grows with every level; the share that ranks does not."""
    values = np.random.default_rng(3).normal(size=120)
    share, table = contribution(grouped(values.tolist(), [str(at % 40) for at in range(120)]))
    assert table.eta_squared is not None
    assert table.eta_squared > 0.25
    assert share < 0.1


def test_several_questions_at_once_raise_each_p() -> None:
    assert holm([0.01, 0.04, None, 0.03, 0.9]) == [pytest.approx(0.04), pytest.approx(0.09), None, 0.09, 0.9]
    assert holm([0.5, 0.6]) == [1.0, 1.0]
    assert holm([math.nan]) == [None]


def test_correlation_agrees_with_scipy() -> None:
    x, y = np.array(NORRIS_X[:20]), np.array(BEFORE + AFTER + (10.0, 9.8))
    found = relations.correlation(x, y, 0.95)
    theirs = stats.pearsonr(x, y)
    interval = theirs.confidence_interval(0.95)
    assert (found.r, found.p) == pytest.approx((theirs.statistic, theirs.pvalue), rel=1e-10)
    assert found.interval == pytest.approx((interval.low, interval.high), rel=1e-10)
    exact = relations.correlation(x, 3 * x - 1, 0.95)
    assert (exact.r, exact.p, exact.interval) == (pytest.approx(1), pytest.approx(0, abs=1e-50), exact.interval)


def test_bands_hold_what_the_books_say() -> None:
    """In the middle the line's band is t s / sqrt(n); a single value's band is always the wider one."""
    x = np.array([1.0, 2, 3, 4, 5])
    found = relations.line(x, np.array([1.1, 1.9, 3.2, 3.9, 5.1]))
    t = stats.t.ppf(0.975, 3)
    low, high = found.band(3.0, 0.95)
    assert (high - low) / 2 == pytest.approx(t * found.s / math.sqrt(5), rel=1e-10)
    low, high = found.prediction(3.0, 0.95)
    assert (high - low) / 2 == pytest.approx(t * found.s * math.sqrt(1.2), rel=1e-10)
    wider = found.band(5.0, 0.95)
    assert wider[1] - wider[0] == pytest.approx(2 * t * found.s * math.sqrt(1 / 5 + 4 / 10), rel=1e-10)


def test_pairs_that_make_no_line_are_refused() -> None:
    same, other = np.array([2.0, 2, 2]), np.array([1.0, 2, 3])
    with pytest.raises(Refused, match="all values of x"):
        relations.line(same, other)
    with pytest.raises(Refused, match="all values of y"):
        relations.correlation(other, same, 0.95)
    with pytest.raises(Refused, match="2 pairs are too few"):
        relations.line(other[:2], other[:2])
    with pytest.raises(Refused, match="go in pairs"):
        relations.line(other, other[:2])
    assert relations.line(other, same).r2 is None
    assert relations.t_and_p(1.0, 0.0, 3) == (None, None)


def test_neighbours_that_resemble_each_other_are_named() -> None:
    steps = np.random.default_rng(5).normal(size=200)
    wandering = np.array(list(itertools.accumulate(steps)))
    assert relations.autocorrelated(steps) is None
    found = relations.autocorrelated(wandering)
    assert found is not None
    assert "autocorrelation 0.9" in found
    assert relations.autocorrelation([1.0, 2.0, 3.0, 4.0]) == pytest.approx(0.25)
    assert relations.autocorrelation([5.0, 5.0, 5.0]) is None
    assert relations.autocorrelated([1.0, 2.0]) is None
