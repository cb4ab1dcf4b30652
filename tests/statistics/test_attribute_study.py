"""Attribute studies: AIAG's worked example, published kappas, scipy's tests, and what can't be said."""

from __future__ import annotations

import csv
import itertools
import math
import random
from pathlib import Path

import pytest
from scipy import stats

from gaugetrail_statistics.measurement_systems.attribute_study import Decision, attribute_study, judgements
from gaugetrail_statistics.measurement_systems.kappa import cohen, fleiss, kendall
from gaugetrail_statistics.measurement_systems.signal_detection import signal_detection
from gaugetrail_statistics.refusing import Refused

DATA = Path(__file__).with_name("data")
# Fleiss's kappa: 10 subjects, 14 raters, 5 categories; 0.210 with 0.378 agreed and 0.213 expected (the worked example
# of the encyclopedias, e.g. Wikipedia, Fleiss' kappa).
RATED = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def aiag() -> tuple[list[Decision], list[float]]:
    with (DATA / "aiag_attribute.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    names = ("part", "appraiser", "decision", "trial", "reference")
    sizes = {row["part"]: float(row["size"]) for row in rows}
    return [Decision(*(row[name] for name in names)) for row in rows], list(sizes.values())


# --- published numbers


def test_aiags_kappas_are_met() -> None:
    found = attribute_study(judgements(aiag()[0]), "1")
    printed = {
        ("A", "B"): 0.86, ("A", "C"): 0.78, ("B", "C"): 0.79,
        ("A", "reference"): 0.88, ("B", "reference"): 0.92, ("C", "reference"): 0.77,
    }  # fmt: skip
    assert printed == pytest.approx({(one.a, one.b): one.agreement.kappa for one in found.kappa}, abs=5e-3)
    assert {150} == {one.agreement.n for one in found.kappa}


def test_aiags_effectiveness_misses_and_false_alarms_are_met() -> None:
    found = attribute_study(judgements(aiag()[0]), "1")
    shown = {
        one.appraiser: (one.effectiveness, round(100 * one.miss, 1), round(100 * one.false_alarm, 1))
        for one in found.appraisers
    }
    assert shown == {"A": (0.84, 6.2, 4.9), "B": (0.90, 6.2, 2.0), "C": (0.80, 12.5, 8.8)}
    intervals = [one.effectiveness_ci for one in found.appraisers] + [found.system.effectiveness_ci]
    assert [(round(a, 2), round(b, 2)) for a, b in intervals] == [
        (0.71, 0.93),
        (0.78, 0.97),
        (0.66, 0.90),
        (0.64, 0.88),
    ]
    assert (found.system.effectiveness, found.system.consistency) == (0.78, 0.78)


def test_aiags_zones_of_doubt_are_met() -> None:
    decisions, sizes = aiag()
    found = signal_detection(judgements(decisions), sizes, "1", lsl=0.45, usl=0.55)
    assert pytest.approx((found.d_lower, found.d_upper)) == (0.024135, 0.023448)
    assert pytest.approx((found.d, found.percent_tolerance)) == (0.0237915, 23.7915)
    assert found.warnings == ()


def test_a_published_fleiss_kappa_is_met() -> None:
    found = fleiss([[str(at) for at, count in enumerate(row) for _ in range(count)] for row in RATED])
    assert pytest.approx((found.kappa, found.agreed, found.expected), abs=5e-4) == (0.210, 0.378, 0.213)


# --- definitions


def test_cohens_kappa_is_what_the_table_says() -> None:
    """Of 50: both yes 20, both no 15, five and ten apart; agreed 0.7, expected 0.5 (Wikipedia, Cohen's kappa)."""
    a = ["y"] * 20 + ["y"] * 5 + ["n"] * 10 + ["n"] * 15
    b = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    found = cohen(a, b)
    assert pytest.approx((found.agreed, found.expected, found.kappa)) == (0.7, 0.5, 0.4)
    assert found.z == pytest.approx(found.kappa / found.se)
    assert 2 * stats.norm.sf(found.z) == pytest.approx(found.p)


def test_the_error_under_chance_is_what_shuffling_shows() -> None:
    """Mixing one's answers breaks every tie between two people; the kappas left spread as `se` says."""
    a = ["y"] * 60 + ["n"] * 25 + ["m"] * 15
    b = ["y"] * 50 + ["n"] * 30 + ["m"] * 20
    mixing = random.Random(15)
    kappas = [cohen(a, mixing.sample(b, len(b))).kappa for _ in range(2000)]
    assert stats.tstd(kappas) == pytest.approx(cohen(a, b).se, rel=0.06)


def test_the_error_around_the_estimate_is_the_delta_methods() -> None:
    """Multinomial shares moved one at a time: n var(kappa) = sum p g^2 - (sum p g)^2, g the slope in each share."""
    pairs = [("y", "y")] * 40 + [("n", "n")] * 30 + [("y", "n")] * 20 + [("n", "y")] * 7 + [("m", "n")] * 3
    share = {pair: pairs.count(pair) / 100 for pair in itertools.product("ynm", repeat=2)}

    def kappa(of: dict[tuple[str, str], float]) -> float:
        a, b = ({w: sum(p for pair, p in of.items() if pair[at] == w) for w in "ynm"} for at in (0, 1))
        agreed, expected = sum(of[w, w] for w in "ynm"), sum(a[w] * b[w] for w in "ynm")
        return (agreed - expected) / (1 - expected)

    slope = {
        pair: (kappa(share | {pair: share[pair] + 1e-6}) - kappa(share | {pair: share[pair] - 1e-6})) / 2e-6
        for pair in share
    }
    first, second = (sum(share[pair] * slope[pair] ** power for pair in share) for power in (1, 2))
    found = cohen(*zip(*pairs, strict=True))
    assert math.sqrt((second - first**2) / 100) == pytest.approx(found.se_estimate, rel=1e-6)
    assert kappa(share) == pytest.approx(found.kappa)


def test_perfect_agreement_is_one_and_one_word_says_nothing() -> None:
    assert cohen(["a", "b"], ["a", "b"]).kappa == 1
    assert cohen(["a", "b"], ["b", "a"]).kappa == -1
    assert ((one := cohen(["a", "a"], ["a", "a"])).kappa, one.p) == (None, None)
    assert fleiss([["a", "a"], ["b", "b"]]).kappa == 1
    assert fleiss([["a", "a"], ["a", "a"]]).kappa is None


def test_two_raters_of_fleiss_are_scotts_pi() -> None:
    """As Cohen's, with the two margins taken as one."""
    a, b = ["y", "y", "n", "y", "n"], ["y", "n", "n", "y", "y"]
    yes = 6 / 10
    expected = yes**2 + (1 - yes) ** 2
    assert (3 / 5 - expected) / (1 - expected) == pytest.approx(fleiss(list(zip(a, b, strict=True))).kappa)


def test_kendalls_w_is_friedmans_statistic() -> None:
    judged = [[1, 2, 3, 4, 4], [2, 1, 3, 5, 4], [1, 1, 4, 3, 5]]
    theirs = stats.friedmanchisquare(*zip(*judged, strict=True))
    found = kendall(judged)
    assert (float(theirs.statistic), float(theirs.pvalue)) == pytest.approx((found.chi2, found.p))
    assert found.w == pytest.approx(found.chi2 / (3 * 4))
    assert kendall([[1, 2, 3], [10, 20, 30]]).w == 1
    assert kendall([[1, 1], [1, 1]]).w is None


@pytest.mark.parametrize("hits", [0, 1, 7, 12])
def test_the_interval_is_the_exact_one(hits: int) -> None:
    decisions = [Decision(str(at), "A", "1", reference="1" if at < hits else "0") for at in range(12)]
    found = attribute_study(judgements(decisions), "1", confidence=0.9)
    theirs = stats.binomtest(hits, 12).proportion_ci(0.9, "exact")
    assert (theirs.low, theirs.high) == pytest.approx(found.appraisers[0].effectiveness_ci, rel=1e-9)


# --- words and layouts


def test_without_a_reference_only_agreement_is_told() -> None:
    decisions = [Decision(one.part, one.appraiser, one.word, one.trial) for one in aiag()[0]]
    found = attribute_study(judgements(decisions), "1")
    assert len(found.kappa) == 3
    assert [one.consistency for one in found.appraisers] == [0.84, 0.90, 0.80]
    assert {None} == {one.effectiveness for one in found.appraisers} | {one.miss for one in found.appraisers}
    assert found.system.effectiveness is None


def test_trials_meet_by_their_names_whatever_the_rows_order() -> None:
    decisions, _ = aiag()
    mixed = sorted(decisions, key=lambda one: (int(one.part), one.appraiser, -int(one.trial)))
    assert attribute_study(judgements(decisions), "1").kappa == attribute_study(judgements(mixed), "1").kappa


def test_words_that_are_no_numbers_have_no_ranks_and_a_third_word_rejects() -> None:
    said = [("1", "good", "good"), ("2", "bad", "bad"), ("3", "rework", "bad"), ("4", "good", "good")]
    decisions = [Decision(part, who, word, reference=true) for part, word, true in said for who in "AB"]
    found = attribute_study(judgements(decisions), "good")
    assert found.kendall is None
    assert tuple(getattr(found.appraisers[0], name) for name in ("effectiveness", "miss", "false_alarm")) == (
        0.75,
        0.0,
        0.0,
    )


def test_words_that_are_numbers_have_ranks_where_there_are_two_judges_and_two_parts() -> None:
    assert attribute_study(judgements(aiag()[0]), "1").kendall.w == pytest.approx(0.817893, abs=1e-6)
    for rows in ([("1", "A"), ("2", "A")], [("1", "A"), ("1", "B")]):
        assert attribute_study(judgements([Decision(*row, "1") for row in rows]), "1").kendall is None
    endless = [Decision(part, who, word) for part, word in (("1", "1"), ("2", "inf")) for who in "AB"]
    assert attribute_study(judgements(endless), "1").kendall is None


def test_without_a_bad_part_there_is_no_miss_to_count() -> None:
    decisions = [Decision(part, "A", "1", reference="1") for part in "xyz"]
    one = attribute_study(judgements(decisions), "1").appraisers[0]
    assert (one.miss, one.false_alarm, one.effectiveness) == (None, 0.0, 1.0)


def test_a_zone_that_no_part_closes_is_unknown_and_told() -> None:
    decisions = [Decision(part, "A", word) for part, word in zip("pqrs", "1101", strict=True)]
    of = judgements(decisions)
    found = signal_detection(of, [1.0, 2.0, 2.5, 3.0], "1", lsl=0.5, usl=2.8)
    assert (found.d_lower, found.d_upper, found.d, found.percent_tolerance) == (None, None, None, None)
    assert len(found.warnings) == 3
    upper = signal_detection(of, [1.0, 2.0, 3.5, 3.0], "1", usl=3.2)
    assert (upper.d_lower, upper.d_upper, upper.d, upper.percent_tolerance) == (None, 0.5, 0.5, None)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no rows"),
        ([("1", "A", "1", "1"), ("1", "A", "1", "1")], "trial 1 of part 1 by appraiser A stands twice"),
        ([("1", "A", "1"), ("1", "A", "1"), ("2", "A", "1")], "unbalanced: part 2 by appraiser A has 1 decisions"),
        ([("1", "A", "1"), ("1", "B", "1"), ("2", "A", "1")], "unbalanced: part 2 by appraiser B has 0"),
        ([("1", "A", "1", "1", "0"), ("1", "B", "1", "1", "1")], "part 1 has two references, 0 and 1"),
        ([("1", "A", "1", "1", "0"), ("2", "A", "1", "1", None)], "part 2 has no reference"),
        ([("1", "A", "ok")], "no decision and no reference is '1'; there are ok"),
    ],
)
def test_what_is_no_study_is_refused_in_words(rows, said: str) -> None:
    with pytest.raises(Refused, match=said):
        attribute_study(judgements([Decision(*row) for row in rows]), "1")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: cohen(["a"], ["a", "b"]), "1 decisions can't be set against 2"),
        (lambda: cohen([], []), "at least one"),
        (lambda: fleiss([["a", "b"], ["a"]]), "equally often"),
        (lambda: fleiss([["a"], ["a"]]), "at least twice"),
        (lambda: kendall([[1, 2]]), "at least two judges"),
        (lambda: kendall([[1, 2], [1]]), "judged by everybody"),
        (lambda: signal_detection(judgements([Decision("1", "A", "1")]), [1.0], "1"), "needs a limit"),
        (lambda: signal_detection(judgements([Decision("1", "A", "1")]), [1.0], "1", lsl=2, usl=1), "not below"),
        (lambda: signal_detection(judgements([Decision("1", "A", "0")]), [1.0], "1", lsl=2), "no part was accepted"),
        (lambda: attribute_study(judgements([Decision("1", "A", "1")]), "1", confidence=1), "confidence is 1"),
    ],
)
def test_what_can_not_be_computed_is_refused(call, said: str) -> None:
    with pytest.raises(Refused, match=said):
        call()
