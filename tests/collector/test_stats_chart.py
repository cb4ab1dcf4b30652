"""`stats chart` and `stats rules`: the contract that programs read, name by name."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.statistics.kinds import ask, parsed

POINT = {"at", "label", "value", "center", "ucl", "lcl", "phase", "cause", "signals"}
ROWS = [
    ("a", "10.0", 3, 50),
    ("a", "10.2", 4, 50),
    ("b", "10.1", 2, 40),
    ("b", "", 6, 50),
    ("b", "10.4", 5, 60),
    ("c", "10.3", "", 50),
    ("c", "9.9", 3, 50),
    ("d", "11.9", 9, 50),
    ("d", "11.7", 20, 50),
]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "F.csv"
    path.write_text("lot,bore,bad,n\n" + "".join(",".join(map(str, row)) + "\n" for row in ROWS))
    return path


def chart(data: Path, *words: str, kind: str = "chart") -> dict:
    done = CliRunner().invoke(app, ["stats", kind, "--data", str(data), *words, "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    return json.loads(done.stdout)


def refused(data: Path, *words: str, code: int = 1) -> str:
    done = CliRunner().invoke(app, ["stats", "chart", "--data", str(data), *words, "--json"])
    assert (code, "") == (done.exit_code, done.stdout)
    assert done.stderr.count("\n") == 1
    return done.stderr


VALUE = ("--value", "bore")
TOGETHER = (*VALUE, "--subgroup", "lot")
COUNTS = ("--count", "bad", "--size", "n")


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (("--type", "xbar_r", *TOGETHER), ["xbar", "r"]),
        (("--type", "xbar_s", *TOGETHER), ["xbar", "s"]),
        (("--type", "imr", *VALUE), ["i", "mr"]),
        (("--type", "ewma", *VALUE), ["ewma"]),
        (("--type", "run", *VALUE), ["run"]),
        (("--type", "p", *COUNTS), ["p"]),
        (("--type", "np", *COUNTS), ["np"]),
        (("--type", "c", "--count", "bad"), ["c"]),
        (("--type", "u", *COUNTS), ["u"]),
        (("--type", "laney_p", *COUNTS), ["laney_p"]),
        (("--type", "laney_u", *COUNTS), ["laney_u"]),
    ],
    ids=lambda part: part[1] if isinstance(part, tuple) else None,
)
def test_each_type_answers_with_the_names_of_the_contract(data: Path, words: Sequence[str], names: list[str]) -> None:
    found = chart(data, *words)
    assert {"kind", "n", "method", "formulas", "warnings", "charts"} <= set(found)
    assert {"sigma_within", "estimator", "rbar", "sbar", "mrbar"} <= set(found)
    assert names == list(found["charts"])
    for one in found["charts"].values():
        assert {"center", "ucl", "lcl", "points", "signals"} == set(one)
        assert all(set(point) == POINT for point in one["points"])
        assert list(range(1, len(one["points"]) + 1)) == [point["at"] for point in one["points"]]


def test_a_cusums_point_has_its_two_sums_for_a_value(data: Path) -> None:
    found = chart(data, "--type", "cusum", *VALUE, "--center", "10.2", "--sigma", "0.1", "--k", "0.5", "--h", "4")
    points = found["charts"]["cusum"]["points"]
    assert POINT - {"value"} | {"upper", "lower"} == set(points[0])
    assert found["charts"]["cusum"]["signals"][0] == {"rule": "cusum_upper", "at": 8, "points": [8]}
    assert found["charts"]["cusum"]["ucl"] == 0.4
    assert [pytest.approx(points[0]["lower"]), points[3]["lower"]] == [0.15, None]


def test_subgroups_are_labelled_and_a_missing_value_makes_theirs_smaller(data: Path) -> None:
    found = chart(data, "--type", "xbar_r", *TOGETHER)
    points = found["charts"]["xbar"]["points"]
    assert [point["label"] for point in points] == ["a", "b", "c", "d"]
    assert [point["value"] for point in points] == [10.1, 10.25, 10.1, 11.8]
    assert (found["n"], found["estimator"]) == (8, "rbar")


def test_an_excluded_point_stays_with_its_cause(data: Path) -> None:
    words = ("--type", "imr", *VALUE, "--baseline", "1-7", "--exclude", "6=coolant ran dry")
    points = chart(data, *words)["charts"]["i"]["points"]
    assert tuple(points[5][name] for name in ("phase", "cause", "value")) == ("excluded", "coolant ran dry", 10.3)
    assert [point["phase"] for point in points] == ["baseline"] * 5 + ["excluded", "baseline", "judged", "judged"]
    assert None is points[0]["cause"]


def test_counts_of_a_subgroup_are_added_up(data: Path) -> None:
    points = chart(data, "--type", "p", *COUNTS, "--subgroup", "lot")["charts"]["p"]["points"]
    assert [point["value"] for point in points] == [7 / 100, 13 / 150, 3 / 50, 29 / 100]


def test_a_size_is_a_number_for_all(data: Path) -> None:
    found = chart(data, "--type", "p", "--count", "bad", "--size", "50")
    assert found["charts"]["p"]["center"] == pytest.approx(52 / 8 / 50, rel=1e-15)


def test_rules_are_chosen_and_said_in_words(data: Path) -> None:
    found = chart(data, "--type", "imr", *VALUE, "--center", "10", "--sigma", "0.1", "--rules", "nelson1,we4:5")
    assert found["rules"] == {"nelson1": "a point beyond its limits", "we4:5": "5 in a row on one side of the centre"}
    assert found["charts"]["i"]["points"][4]["signals"] == ["nelson1"]


def test_rules_alone_speak_of_a_column(data: Path) -> None:
    found = chart(data, *VALUE, "--center", "10", "--sigma", "0.1", "--rules", "we1", kind="rules")
    assert [signal["at"] for signal in found["signals"]] == [5, 8, 9]
    assert (found["n"], found["kind"]) == (8, "rules")


def test_a_column_names_single_values_unless_it_puts_them_together(data: Path) -> None:
    assert (
        chart(data, "--type", "imr", *VALUE, "--subgroup", "bore", "--where", "lot=a")["charts"]["i"]["points"][0][
            "label"
        ]
        == "10.0"
    )
    assert "imr takes single values" in refused(data, "--type", "imr", *TOGETHER)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--type", "xbar_r", *VALUE), "needs --subgroup"),
        (("--type", "imr"), "needs --value"),
        (("--type", "p", "--count", "bad"), "needs --size"),
        (("--type", "imr", *VALUE, "--exclude", "3"), "has no cause"),
        (("--type", "imr", *VALUE, "--rules", "we7"), "no rule is called 'we7'"),
        (("--type", "imr", "--value", "boer"), "has no column 'boer', only lot, bore, bad, n; did you mean bore?"),
        (("--type", "imr", *VALUE, "--estimator", "rbar"), "needs subgroups"),
        (("--type", "p", *COUNTS, "--sigma", "1"), "leave --sigma out"),
    ],
)
def test_a_refusal_is_one_sentence(data: Path, words: Sequence[str], said: str) -> None:
    assert said in refused(data, *words)


def test_no_question_ends_with_two(data: Path) -> None:
    assert "--type" in refused(data, *VALUE, code=2)
    assert "invalid choice: 'x'" in refused(data, "--type", "x", code=2)


def test_an_own_rule_is_the_only_one(data: Path) -> None:
    assert "--rules is not used" in " ".join(chart(data, "--type", "ewma", *VALUE, "--rules", "nelson")["warnings"])


def test_ten_thousand_values_are_charted_soon(tmp_path: Path) -> None:
    """All points, limits and four rules on both charts; `make bench NAMES=statistics` takes fifty thousand."""
    path = tmp_path / "F.csv"
    path.write_text("bore\n" + "".join(f"{74 + (at * 7919 % 1009) / 10000:.4f}\n" for at in range(10_000)))
    args = parsed("chart", ["--type", "imr", "--value", "bore", "--data", str(path)])
    begun = time.process_time()
    found = ask("chart", args)
    assert time.process_time() - begun < 3
    assert found["n"] == 10_000
