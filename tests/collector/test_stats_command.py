"""`stats KIND`: the frame that every kind stands in: a table, its columns, its answer, its refusals."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.statistics.answers import complete, lines_for_people, plain
from gaugetrail_collector.statistics.csv_table import filtered, read_csv, table_of_text
from gaugetrail_collector.statistics.kinds import door_of, kinds, parsed
from gaugetrail_statistics.refusing import Refused

TABLE = "lot, bore ,machine\nA,74.03,M1\nB,,M2\n\nC,-1e-3,M1\n"


def test_rows_stand_in_the_files_order_and_an_empty_cell_is_missing() -> None:
    table = table_of_text("F.csv", TABLE)
    assert table.numbers("bore") == [74.03, None, -0.001]
    assert table.present("bore") == [74.03, -0.001]
    assert table.words("lot") == ["A", "B", "C"]


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_cells_part_at_comma_semicolon_or_tab_as_the_headings_do(between: str) -> None:
    table = table_of_text("F.csv", TABLE.replace(",", between))
    assert table.header == ("lot", "bore", "machine")


def test_where_leaves_rows_in_order_and_may_be_repeated() -> None:
    table = filtered(table_of_text("F.csv", TABLE), ["machine=M1", "lot=C"])
    assert table.numbers("bore") == [-0.001]
    assert table.lines == (5,)


def test_a_size_is_a_number_for_all_rows_unless_a_heading_has_that_name() -> None:
    assert table_of_text("F.csv", TABLE).numbers_or_one("50") == [50.0, 50.0, 50.0]
    assert table_of_text("F.csv", "a,50\n1,7\n2,8\n").numbers_or_one("50") == [7.0, 8.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("v\n1\n2,5\n", "line 3 has 2 cells, the line of headings 1"),
        ("v;w\n1;2\n2,5;1\n", "line 3, column v: '2,5' is no number: write a decimal point"),
        ("v\nnan\n", "line 2, column v: 'nan' is no number"),
        ("v\n1e999\n", "line 2, column v: '1e999' is no number"),
        ("v\n1_000\n", "line 2, column v: '1_000' is no number"),
        ("w\n1\n", "has no column 'v'"),
        ("v,v\n1,2\n", "has 2 columns that are called 'v'"),
        ('v\n"1\n', "is not CSV"),
        ("v\n", "has no rows"),
        ("", "has no rows"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        table_of_text("F.csv", text).numbers("v")
    assert said in str(refused.value)
    assert "F.csv" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_filter_that_leaves_nothing_names_what_there_is() -> None:
    table = table_of_text("F.csv", TABLE)
    with pytest.raises(Refused, match="in column machine stand M1, M2"):
        filtered(table, ["machine=M9"])
    with pytest.raises(Refused, match="has no ="):
        filtered(table, ["machine"])


def test_a_file_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"none\.csv can't be read: No such file"):
        read_csv(tmp_path / "none.csv")
    (tmp_path / "latin.csv").write_bytes(b"gr\xf6\xdfe\n1\n")
    with pytest.raises(Refused, match=r"latin\.csv is not UTF-8"):
        read_csv(tmp_path / "latin.csv")


def test_json_keeps_every_digit_and_has_null_for_what_no_number_is() -> None:
    found = {"n": 1, "method": "m", "formulas": {}, "warnings": (), "a": float("inf"), "b": [float("nan"), 0.1 + 0.2]}
    whole = complete("thing", found)
    assert {name: value for name, value in whole.items() if name != "b"} == {
        "kind": "thing",
        "n": 1,
        "method": "m",
        "formulas": {},
        "warnings": [],
        "a": None,
    }
    assert json.dumps(whole["b"]) == "[null, 0.30000000000000004]"
    with pytest.raises(TypeError):
        plain(object())


def test_numpys_numbers_become_pythons() -> None:
    import numpy as np

    found = plain({"f": np.float64(0.1), "i": np.int64(3), "b": np.bool_(True), "a": list(np.array([1.5, np.nan]))})
    assert json.dumps(found) == '{"f": 0.1, "i": 3, "b": true, "a": [1.5, null]}'


def test_people_read_the_same_answer_in_lines() -> None:
    shown = "\n".join(lines_for_people({"n": 2, "x": None, "y": 1 / 3, "rows": [{"at": 1, "v": 2.5}, {"at": 10}]}))
    assert shown == "n     2\nx     -\ny     0.333333\nrows\n  at  v\n  1   2.5\n  10  -"


def test_every_kind_says_what_it_answers_and_has_both_functions() -> None:
    assert "constants" in kinds()
    for kind in kinds():
        assert callable(door_of(kind).add_options)
        assert callable(door_of(kind).answer)


def test_a_value_may_begin_with_a_minus() -> None:
    assert parsed("constants", ["--n", "-1e-3"]).n == "-1e-3"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["stats", "constants"], 2, "--n"),
        (["stats", "constants", "--n", "1"], 1, "sizes run from 2"),
        (["stats", "constants", "--n", "5-2"], 1, "the smaller one first"),
        (["stats", "constants", "--n", "x"], 1, "is no size"),
        (["stats", "nothing"], 2, "No such command"),
    ],
)
def test_a_refusal_is_1_and_no_question_is_2_with_nothing_on_standard_output(words, code: int, said: str) -> None:
    done = CliRunner().invoke(app, words)
    assert (code, "") == (done.exit_code, done.stdout)
    assert said in done.stderr


def test_no_door_needs_numpy_for_its_help_and_without_it_the_extra_is_named(tmp_path: Path) -> None:
    """A server without the extra lists the kinds; a kind that needs more than Python says what to install."""
    blocked = tmp_path / "sitecustomize.py"
    blocked.write_text("import sys\nfor name in ('numpy', 'scipy', 'matplotlib'): sys.modules[name] = None\n")
    script = (
        "import sys; from gaugetrail_collector.statistics.kinds import kinds, parser_of\n"
        "for kind in kinds(): parser_of(kind).format_help()\n"
        "from gaugetrail_collector.statistics.kinds import ask, parsed\n"
        "print(ask('constants', parsed('constants', ['--n', '5']))['constants'][0]['d2'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("2.32592894728")


def test_describe_answers_for_programs_and_people(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("bore,machine\n" + "".join(f"{value},M1\n" for value in (10000001, "", 10000003, 10000002)))
    words = ["stats", "describe", "--data", str(path), "--value", "bore"]
    found = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert tuple(found[name] for name in ("kind", "n", "mean", "sd", "autocorrelation1")) == (
        "describe",
        3,
        10000002,
        1,
        -0.5,
    )
    assert {"w", "p"} == set(found["shapiro"])
    assert {"a2", "a2_adjusted", "p"} == set(found["anderson_darling"])
    assert "mean              1e+07" in CliRunner().invoke(app, words).stdout


def test_describe_says_why_equal_values_have_no_test(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("bore\n5\n5\n5\n")
    done = CliRunner().invoke(app, ["stats", "describe", "--data", str(path), "--value", "bore", "--json"])
    found = json.loads(done.stdout)
    assert (done.exit_code, found["sd"], found["shapiro"]["w"], found["autocorrelation1"]) == (0, 0, None, None)
    assert "all values are equal" in found["warnings"][0]
