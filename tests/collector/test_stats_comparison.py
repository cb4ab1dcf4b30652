"""The doors of comparison: columns in, names and nulls as promised, refusals in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app

ROWS = [
    # bore, machine, shift, temperature
    *((10.1, "M1", "early", 20.1), (10.3, "M1", "early", 21.0), (10.2, "M1", "late", 20.4), (10.4, "M1", "late", 21.6)),
    *((10.6, "M2", "early", 22.0), (10.9, "M2", "early", 23.2), (10.7, "M2", "late", 22.7), (10.8, "M2", "late", 22.4)),
]


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "F.csv"
    cells = [",".join(map(str, row)) for row in ROWS]
    path.write_text("\n".join(["bore,machine,shift,temperature", *cells, ",M1,early,20", "10.5,,late,20"]) + "\n")
    return str(path)


def ask(kind: str, table: str, *words: str) -> dict:
    done = CliRunner().invoke(app, ["stats", kind, "--data", table, *words, "--json"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert {"kind", "n", "method", "formulas", "warnings"} <= set(found)
    assert found["kind"] == kind
    return found


def refused(kind: str, table: str, *words: str) -> str:
    done = CliRunner().invoke(app, ["stats", kind, "--data", table, *words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    return done.stderr


def test_stratify_shows_each_level_and_whether_they_differ(table: str) -> None:
    found = ask("stratify", table, "--value", "bore", "--by", "machine", "--lsl", "9", "--usl", "12")
    assert [(level["level"], level["n"], level["mean"]) for level in found["levels"]] == [
        ("M1", 4, pytest.approx(10.25)),
        ("M2", 4, pytest.approx(10.75)),
    ]
    assert found["levels"][0]["ppk"] == pytest.approx(1.25 / (3 * found["levels"][0]["sd"]))
    assert found["anova"][0]["f"] == pytest.approx(0.5**2 * 2 / (1 / 60))
    assert found["p"] == found["anova"][0]["p"] < 0.01
    assert found["n"] == 8
    assert "2 rows left out" in found["warnings"][0]


def test_a_level_of_one_value_has_no_spread_and_is_named(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("v,g\n1,a\n2,a\n4,a\n9,b\n")
    found = ask("stratify", str(path), "--value", "v", "--by", "g")
    assert found["levels"][1] == {"level": "b", "n": 1, "mean": 9, "sd": None, "min": 9, "max": 9, "ppk": None}
    assert found["levene"] == {"statistic": None, "df1": None, "df2": None, "p": None}
    assert "no spread of b" in found["warnings"][0]


def test_before_and_after_are_told_by_a_column_or_a_row(table: str) -> None:
    by_column = ask("before-after", table, "--value", "bore", "--group", "machine")
    assert by_column["t"]["difference"] == pytest.approx(0.5)
    assert by_column["t"]["df"] == 6
    assert by_column["t"]["ci"][0] < 0.5 < by_column["t"]["ci"][1]
    assert by_column["mann_whitney"] == {"u": 16, "p": pytest.approx(2 / 70), "method": "exact"}
    assert by_column["f"]["statistic"] == pytest.approx(1)
    assert {"welch", "levene"} <= set(by_column)


def test_a_change_at_a_row_parts_the_file_there(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("v\n1\n2\n3\n7\n8\n9\n8\n")
    found = ask("before-after", str(path), "--value", "v", "--at", "4")
    assert (found["before"]["n"], found["after"]["n"], found["before"]["mean"]) == (3, 4, 2)
    assert "leaves one side empty" in refused("before-after", str(path), "--value", "v", "--at", "8")
    assert "--group COLUMN or --at ROW" in refused("before-after", str(path), "--value", "v")


def test_before_and_after_are_two(table: str) -> None:
    assert "has 9 words" in refused("before-after", table, "--value", "bore", "--group", "temperature")


def test_one_factor_and_two_make_tables_that_add_up(table: str) -> None:
    one = ask("anova", table, "--value", "bore", "--factor", "machine")
    assert [row["source"] for row in one["anova"]] == ["between", "within", "total"]
    two = ask("anova", table, "--value", "bore", "--factor", "machine", "--factor", "shift")
    assert [row["source"] for row in two["anova"]] == ["machine", "shift", "interaction", "within", "total"]
    assert sum(row["ss"] for row in two["anova"][:-1]) == pytest.approx(two["anova"][-1]["ss"])
    assert two["balanced"] is True
    assert two["anova"][0]["ss"] == pytest.approx(one["anova"][0]["ss"])
    main = ask("anova", table, "--value", "bore", "--factor", "machine", "--factor", "shift", "--no-interaction")
    assert [row["source"] for row in main["anova"]] == ["machine", "shift", "within", "total"]
    assert "two different ones" in refused("anova", table, "--value", "bore", *["--factor", "shift"] * 2)


def test_correlation_and_regression_tell_the_same_story(table: str) -> None:
    together = ask("correlation", table, "--x", "temperature", "--y", "bore")
    line = ask("regression", table, "--x", "temperature", "--y", "bore", "--at", "22")
    assert together["r"] ** 2 == pytest.approx(line["r2"])
    assert together["p"] == pytest.approx(line["p_slope"])
    assert together["ci"][0] < together["r"] < together["ci"][1]
    (band,) = line["bands"]
    assert band["y"] == pytest.approx(line["intercept"] + 22 * line["slope"])
    assert band["prediction"][0] < band["band"][0] < band["y"] < band["band"][1] < band["prediction"][1]
    assert len(ask("regression", table, "--x", "temperature", "--y", "bore")["bands"]) == 3


def test_contributors_are_ranked_and_what_cannot_be_judged_is_told(table: str) -> None:
    found = ask("contributors", table, "--value", "bore", "--by", "shift", "--by", "machine", "--by", "temperature")
    assert [row["field"] for row in found["contributors"]] == ["machine", "shift"]
    assert found["contributors"][0]["share"] > 0.7
    assert found["contributors"][1]["share"] == 0
    assert found["contributors"][0]["p_adjusted"] == pytest.approx(2 * found["contributors"][0]["p"])
    assert any("temperature is left out: each group has one value" in warning for warning in found["warnings"])


def test_a_level_whose_neighbours_resemble_each_other_is_warned_of(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text(
        "v,g\n" + "".join(f"{at + (100 if at >= 20 else 0)},{'b' if at >= 20 else 'a'}\n" for at in range(40))
    )
    found = ask("stratify", str(path), "--value", "v", "--by", "g")
    assert any("within levels neighbouring values are correlated" in warning for warning in found["warnings"])
    assert found["autocorrelation1"] > 0.5


def test_rows_without_any_whole_cell_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("v,g\n1,\n,a\n")
    assert "no row has a cell in each of the columns v, g" in refused(
        "stratify", str(path), "--value", "v", "--by", "g"
    )
