"""`stats dpmo`, `tolerance-interval`, `uncertainty`, `histogram` and the like: names and nulls of the contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app

ALWAYS = {"kind", "n", "method", "formulas", "warnings"}


def asked(*words: str) -> dict:
    done = CliRunner().invoke(app, ["stats", *words, "--json"])
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert set(found) >= ALWAYS
    assert words[0] == found["kind"]
    return found


def refused(*words: str) -> str:
    done = CliRunner().invoke(app, ["stats", *words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def table(tmp_path: Path):
    def write(text: str) -> str:
        path = tmp_path / "F.csv"
        path.write_text(text)
        return str(path)

    return write


def test_dpmo_of_a_rate_and_of_counts() -> None:
    found = asked("dpmo", "--dpmo", "3.4")
    assert (found["dpmo"], found["yield"], found["shift"]) == (3.4, 0.9999966, 1.5)
    assert found["sigma_level"] == pytest.approx(6, abs=2e-4)
    counted = asked("dpmo", "--defects", "7", "--units", "500", "--opportunities", "4", "--shift", "0")
    assert (counted["dpmo"], counted["n"]) == (3500, 2000)
    assert asked("dpmo", "--dpmo", "0")["sigma_level"] is None


@pytest.mark.parametrize("words", [(), ("--defects", "1"), ("--dpmo", "1", "--defects", "1"), ("--dpmo", "-1")])
def test_dpmo_without_a_whole_question_is_refused(words: tuple[str, ...]) -> None:
    assert "--dpmo" in refused("dpmo", *words)


def test_a_tolerance_interval_has_limits_where_there_are_values(table) -> None:
    alone = asked("tolerance-interval", "--n", "43", "--coverage", "0.9", "--confidence", "0.99")
    assert (pytest.approx(2.2173, abs=2e-4), None, None) == (alone["k"], alone["lower"], alone["upper"])
    data = table("v\n9\n10\n\n11\n")
    found = asked("tolerance-interval", "--data", data, "--value", "v", "--method", "exact")
    assert (found["n"], found["mean"], found["sd"]) == (3, 10, 1)
    assert (10 - found["k"], 10 + found["k"]) == (found["lower"], found["upper"])
    one = asked("tolerance-interval", "--data", data, "--value", "v", "--sides", "1")
    assert "each limit stands alone" in one["warnings"][0]


def test_a_tolerance_interval_of_nothing_or_both_is_refused(table) -> None:
    assert "give --n, or --data" in refused("tolerance-interval")
    assert "give --n, or --data" in refused("tolerance-interval", "--n", "5", "--data", table("v\n1\n"))
    assert "needs --value" in refused("tolerance-interval", "--data", table("v\n1\n"))


def test_a_budget_keeps_the_rows_order_and_reads_infinite_degrees(table) -> None:
    """JCGM 100:2008, example H.1, with one source more that is known without doubt and adds nothing."""
    data = table("source,u,c,dof\nstandard,25,1,18\nd,9.7,1,25.6\ntheta,2.9,1,50\ndelta,16.6,-1,2\nzero,0,1,inf\n")
    columns = ("--uncertainty", "u", "--sensitivity", "c", "--dof", "dof", "--confidence", "0.99")
    found = asked("uncertainty", "--data", data, *columns)
    assert [one["contribution"] for one in found["contributions"]] == [25, 9.7, 2.9, 16.6, 0]
    assert (found["nu_used"], found["n"]) == (16, 5)
    assert pytest.approx((found["uc"], found["k"], found["expanded"]), rel=1e-4) == (31.671, 2.9208, 92.504)
    plain = asked("uncertainty", "--data", data, "--uncertainty", "u")
    assert (None, None, pytest.approx(1.959964)) == (plain["nu_eff"], plain["nu_used"], plain["k"])
    assert "infinite" in asked("uncertainty", "--data", data, "--uncertainty", "u", "--dof", "inf")["formulas"]["k"]


def test_a_budget_with_a_gap_is_refused(table) -> None:
    assert "line 3 lacks" in refused(
        "uncertainty", "--data", table("u,c\n1,1\n2,\n"), "--uncertainty", "u", "--sensitivity", "c"
    )


def test_shapes_answer_with_their_numbers(table) -> None:
    data = table("v,m\n1.0,A\n2.0,B\n3.0,A\n,B\n4.5,B\n")
    bins = asked("histogram", "--data", data, "--value", "v")
    assert (bins["n"], sum(one["count"] for one in bins["bins"])) == (4, 4)
    plot = asked("probability-plot", "--data", data, "--value", "v")
    assert [point["value"] for point in plot["points"]] == [1, 2, 3, 4.5]
    boxes = asked("box", "--data", data, "--value", "v", "--by", "m")
    assert [(one["group"], one["n"]) for one in boxes["boxes"]] == [("A", 2), ("B", 2)]
    depths = asked("multi-vari", "--data", data, "--value", "v", "--by", "m")["depths"]
    assert [(one["factor"], [cell["levels"] for cell in one["cells"]]) for one in depths] == [("m", [["A"], ["B"]])]


def test_pareto_counts_rows_or_sums_a_column(table) -> None:
    data = table("cause,count\nburr,2\ndent,9\nburr,3\n,4\n")
    rows = asked("pareto", "--data", data, "--by", "cause")
    assert [(one["category"], one["count"]) for one in rows["causes"]] == [("burr", 2), ("dent", 1)]
    assert "1 rows without cause" in rows["warnings"][0]
    sums = asked("pareto", "--data", data, "--by", "cause", "--count", "count")
    assert [(one["category"], one["count"]) for one in sums["causes"]] == [("dent", 9), ("burr", 5)]


def test_short_runs_are_about_their_nominal_or_in_their_own_sigmas(table) -> None:
    data = table("v,t,p\n10.1,10,a\n20.3,20,b\n9.9,10,a\n20.1,20,b\n10.2,10,a\n19.8,20,b\n")
    deviations = asked("chart", "--data", data, "--type", "short_run", "--value", "v", "--nominal", "t")
    assert [point["value"] for point in deviations["charts"]["i"]["points"]] == [0.1, 0.3, -0.1, 0.1, 0.2, -0.2]
    own = asked("chart", "--data", data, "--type", "short_run_z", "--value", "v", "--part", "p")
    assert tuple(own["charts"]["i"][name] for name in ("center", "ucl", "lcl")) == (0, 3, -3)
    assert "leave --baseline" in refused(
        *("chart", "--data", data, "--type", "short_run_z", "--value", "v", "--part", "p", "--baseline", "1-3")
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("box", "--value", "v"), "has no values"),
        (("multi-vari", "--value", "v", "--by", ","), "names 0 factors"),
        (("histogram", "--value", "v"), "needs two values"),
        (("chart", "--type", "short_run", "--value", "v"), "needs --nominal"),
    ],
)
def test_what_shows_nothing_is_refused(table, words: tuple[str, ...], said: str) -> None:
    assert said in refused(words[0], "--data", table("v,w\n,1\n"), *words[1:])
