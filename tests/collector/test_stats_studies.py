"""`stats grr`, `type1`, `bias`, `linearity`, `attribute`, `sampling`: names, nulls and refusals for programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app

DATA = Path(__file__).parents[1] / "statistics" / "data"
GRR = ["grr", "--data", str(DATA / "aiag_grr.csv"), "--value", "value", "--part", "part", "--appraiser", "appraiser"]
LINE = ["--data", str(DATA / "aiag_linearity.csv"), "--value", "value"]
DECISIONS = [
    "attribute", "--data", str(DATA / "aiag_attribute.csv"), "--value", "decision", "--part", "part",
    "--appraiser", "appraiser", "--trial", "trial", "--accept", "1",
]  # fmt: skip
ALWAYS = {"kind", "n", "method", "formulas", "warnings"}
SPREADS = ["ev", "av", "int", "grr", "pv", "tv"]


def ask(*words: str) -> dict:
    done = CliRunner().invoke(app, ["stats", *words, "--json"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found.keys() >= ALWAYS
    return found


def refused(*words: str) -> str:
    done = CliRunner().invoke(app, ["stats", *words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


# --- gauge R&R


def test_grr_by_anova_has_every_name_of_the_contract() -> None:
    found = ask(*GRR, "--tolerance", "8")
    assert [found["n"], found["method"], found["pool_alpha"], found["pooled"]] == [90, "anova", 0.25, True]
    for name in ("percent_study", "percent_contribution", "percent_tolerance"):
        assert list(found[name]) == SPREADS
    sources = ["part", "appraiser", "interaction", "repeatability", "total"]
    assert [row["source"] for row in found["anova"]] == sources
    assert list(found["anova"][0]) == ["source", "df", "ss", "ms", "f", "p"]
    assert [row["source"] for row in found["anova_pooled"]] == ["part", "appraiser", "repeatability", "total"]
    assert {"grr", "total"} <= found["variance"].keys()
    assert found["variance_raw"]["interaction"] < 0 == found["variance"]["interaction"]
    assert [found["ndc"], round(found["ndc_raw"], 2)] == [4, 4.88]


def test_grr_without_pooling_keeps_the_full_model_and_has_no_second_table() -> None:
    found = ask(*GRR, "--trial", "trial", "--no-pooling")
    assert [found["pooled"], found["anova_pooled"], found["pool_alpha"]] == [False, [], None]
    assert found["ev"] ** 2 == pytest.approx(found["variance_raw"]["repeatability"])
    assert found["percent_tolerance"] == dict.fromkeys(SPREADS)
    assert ask(*GRR, "--pool-alpha", "0.99")["pooled"] is False


def test_grr_by_the_other_methods_has_null_for_what_they_can_not_tell() -> None:
    by_hand = ask(*GRR, "--method", "average_range")
    assert [by_hand[name] for name in ("int", "rbar")] == [None, pytest.approx(0.341667, abs=1e-6)]
    assert by_hand["xdiff"] < by_hand["rp"]
    of_own = ask(*GRR, "--method", "nested")
    assert [of_own["int"], of_own["pooled"]] == [None, False]
    assert [row["source"] for row in of_own["anova"]] == ["appraiser", "part", "repeatability", "total"]


def test_grr_by_range_of_one_trial(tmp_path: Path) -> None:
    table = tmp_path / "short.csv"
    table.write_text("part,who,mm\n1,A,0.85\n2,A,0.75\n1,B,0.80\n2,B,0.65\n")
    found = ask(
        "grr",
        "--data",
        str(table),
        "--value",
        "mm",
        "--part",
        "part",
        "--appraiser",
        "who",
        "--method",
        "range",
        "--process-sd",
        "0.1",
    )
    assert [found[name] for name in ("ev", "av", "int", "xdiff", "rp", "tv")] == [None] * 5 + [0.1]
    assert found["percent_study"]["grr"] == pytest.approx(1000 * found["grr"])
    assert found["warnings"] == ["2 parts say little of how parts vary; AIAG asks for 10"]


def test_grr_refuses_a_gap_with_its_cell(tmp_path: Path) -> None:
    lines = (DATA / "aiag_grr.csv").read_text().splitlines()
    table = tmp_path / "gap.csv"
    table.write_text("\n".join(lines[:-1]))
    short = ["--value", "value", "--part", "part", "--appraiser", "appraiser"]
    assert "part 10 by appraiser C has 2 values where others have 3" in refused("grr", "--data", str(table), *short)
    table.write_text("\n".join([*lines[:-1], lines[-1].replace("10,", ",", 1)]))
    assert "line 91, column part is empty" in refused("grr", "--data", str(table), *short)


def test_numbers_too_large_to_be_squared_are_refused_in_words(tmp_path: Path) -> None:
    table = tmp_path / "huge.csv"
    table.write_text("part,who,mm\n" + "".join(f"{at},{who},{at}.5e300\n{at},{who},1\n" for at in "12" for who in "AB"))
    words = ["--data", str(table), "--value", "mm"]
    for one in (["grr", "--part", "part", "--appraiser", "who"], ["bias", "--reference", "0"]):
        assert "numbers of this size can't be squared" in refused(*one, *words)


# --- one gauge


def test_bias_has_every_name_of_the_contract_from_data_and_from_a_summary() -> None:
    found = ask("bias", *LINE, "--reference", "6", "--where", "piece=3")
    names = ["mean", "sd", "bias", "se", "t", "df", "t_critical", "p", "ci", "significant"]
    assert found.keys() == ALWAYS | set(names)
    summary = ["--mean", str(found["mean"]), "--sd", str(found["sd"]), "--reference", "6"]
    short = ask("bias", *summary, "--n", "12")
    assert [short[name] for name in ("t", "p")] == pytest.approx([found[name] for name in ("t", "p")], rel=1e-9)
    untested = ask("bias", *summary)
    assert [untested[name] for name in ("n", "se", "t", "df", "t_critical", "p", "ci", "significant")] == [None] * 8
    assert "can't be tested" in untested["warnings"][0]


def test_type1_has_cg_and_cgk_beside_the_bias() -> None:
    found = ask("type1", *LINE, "--reference", "reference", "--where", "piece=3", "--tolerance", "8")
    assert found["cg"] == pytest.approx(1.6 / (6 * found["sd"]))
    assert found["cgk"] == pytest.approx((0.8 - abs(found["bias"])) / (3 * found["sd"]))
    assert found["warnings"] == ["12 values; a type-1 study has 50, 25 at least"]
    assert "this study is of one piece" in refused("type1", *LINE, "--reference", "reference", "--tolerance", "8")


def test_a_gauge_that_always_says_the_same_has_null_for_cg(tmp_path: Path) -> None:
    table = tmp_path / "still.csv"
    table.write_text("v\n6\n6\n6\n")
    found = ask("type1", "--data", str(table), "--value", "v", "--reference", "5.9", "--tolerance", "1")
    assert [found["cg"], found["cgk"], found["t"], found["p"], found["significant"]] == [None, None, None, None, True]
    assert found["bias"] == 0.1


def test_linearity_has_every_name_of_the_contract() -> None:
    found = ask("linearity", *LINE, "--reference", "reference")
    names = ["slope", "intercept", "r2", "s", "df", "t_slope", "p_slope", "t_intercept", "p_intercept"]
    assert found.keys() == ALWAYS | {*names, "percent_linearity", "references", "acceptable"}
    assert list(found["references"][0]) == ["reference", "n", "bias", "t", "p"]
    assert found["acceptable"] is False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["bias", "--reference", "6"], "no data: give a table with --data F.csv"),
        (["bias", "--reference", "6", "--mean", "1"], "a summary is --mean and --sd"),
        (["bias", "--reference", "r", "--mean", "1", "--sd", "1"], "--reference r is no number"),
        (["bias", *LINE[:2], "--reference", "6"], "name their column with --value"),
        (["linearity", *LINE, "--reference", "6"], "at least 2 sizes"),
    ],
)
def test_one_gauges_refusals_are_one_sentence(words: list[str], said: str) -> None:
    assert said in refused(*words)


def test_a_value_without_a_reference_is_told_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "gap.csv"
    table.write_text("v,r\n1,1\n2,\n,3\n")
    assert "line 3 has a value and no reference" in refused(
        "linearity", "--data", str(table), "--value", "v", "--reference", "r"
    )


# --- decisions


def test_attribute_has_every_name_of_the_contract() -> None:
    zones = ["--reference-value", "size", "--lsl", "0.45", "--usl", "0.55"]
    found = ask(*DECISIONS, "--reference", "reference", *zones)
    assert found["n"] == 450
    assert [(one["a"], one["b"]) for one in found["kappa"]][2:4] == [("B", "C"), ("A", "reference")]
    assert {"a", "b", "kappa", "se", "p"} <= found["kappa"][0].keys()
    assert [round(found["fleiss"], 4), round(found["kendall"], 4)] == [0.7936, 0.8179]
    names = {"appraiser", "effectiveness", "effectiveness_ci", "miss", "false_alarm"}
    assert names <= found["appraisers"][0].keys()
    assert [found["system"]["effectiveness"], len(found["system"]["effectiveness_ci"])] == [0.78, 2]
    assert list(found["signal_detection"]) == ["d_lower", "d_upper", "d", "percent_tolerance"]
    assert found["signal_detection"]["percent_tolerance"] == pytest.approx(23.7915)
    bare = ask(*DECISIONS)
    assert [bare["signal_detection"], bare["appraisers"][0]["effectiveness"]] == [None, None]


def test_attribute_refuses_a_part_of_two_sizes_or_none(tmp_path: Path) -> None:
    table = tmp_path / "sizes.csv"
    words = [
        "attribute",
        "--data",
        str(table),
        "--value",
        "d",
        "--part",
        "p",
        "--appraiser",
        "w",
        "--accept",
        "ok",
        "--reference-value",
        "s",
        "--usl",
        "1",
    ]
    table.write_text("p,w,d,s\n1,A,ok,0.5\n1,B,ok,0.6\n")
    assert "part 1 has two sizes, 0.5 and 0.6" in refused(*words)
    table.write_text("p,w,d,s\n1,A,ok,0.5\n1,B,ok,\n")
    assert "line 3, column s is empty: part 1 has no size" in refused(*words)


# --- sampling


def test_a_plan_has_its_points_and_the_worst_that_leaves() -> None:
    found = ask("sampling", "--lot", "1000", "--n", "80", "--c", "2", "--p", "0.01,0.02", "--model", "hypergeometric")
    assert [found["n"], found["ac"], found["re"], found["method"]] == [80, 2, 3, "hypergeometric"]
    assert list(found["points"][0]) == ["p", "pa", "aoq", "ati"]
    for point in found["points"]:
        assert point["aoq"] == pytest.approx(point["pa"] * point["p"] * 0.92)
    assert found["aoql"] >= max(point["aoq"] for point in found["points"])
    skipping = ask("sampling", "--n", "80", "--c", "2", "--p", "0.01", "--skip-after", "10", "--skip-fraction", "0.25")
    assert skipping["points"][0]["pa"] < skipping["points"][0]["pa_skip_lot"]
    assert skipping["points"][0]["ati"] is None


def test_a_design_says_the_risks_that_it_reaches() -> None:
    found = ask("sampling", "--design", "--aql", "0.05", "--alpha", "0.05", "--ltpd", "0.15", "--beta", "0.075")
    assert [found["n"], found["c"], found["ac"]] == [80, 7, 7]
    assert found["alpha"] <= 0.05
    assert found["beta"] <= 0.075
    zero = ask("sampling", "--design", "--c", "0", "--ltpd", "0.05")
    assert [zero["n"], zero["c"], zero["alpha"]] == [45, 0, None]


def test_a_standards_plan_and_the_history_of_lots(tmp_path: Path) -> None:
    found = ask("sampling", "--standard", "iso2859-1", "--lot", "2000", "--level", "II", "--aql", "0.25")
    assert [found[name] for name in ("letter", "plan_letter", "n", "ac", "re")] == ["K", "L", 200, 1, 2]
    table = tmp_path / "lots.csv"
    table.write_text("lot,ok,better\n" + "".join(f"{at},{1 if at > 2 else 0},1\n" for at in range(1, 9)))
    lots = ask("sampling", "--data", str(table), "--accepted", "ok")["lots"]
    assert [one["severity"] for one in lots] == ["normal"] * 2 + ["tightened"] * 5 + ["normal"]
    assert [one["at"] for one in lots] == list(range(1, 9))
    table.write_text("ok,better\n" + "1,1\n" * 11)
    earned = ask("sampling", "--data", str(table), "--accepted", "ok", "--tighter", "better", "--reduced")
    assert earned["lots"][10]["severity"] == "reduced"


def test_measured_values_have_a_plan_and_a_verdict(tmp_path: Path) -> None:
    plan = ask("sampling", "--variables", "--aql", "0.01", "--ltpd", "0.06")
    assert [plan["n"], round(plan["k"], 3)] == [42, 1.898]
    assert ask("sampling", "--variables", "--aql", "0.01", "--ltpd", "0.06", "--sigma-known")["n"] == 15
    table = tmp_path / "lot.csv"
    table.write_text("mm\n9.8\n10\n10.2\n")
    lot = ["sampling", "--variables", "--data", str(table), "--value", "mm"]
    assert ask(*lot, "--k", "2", "--lsl", "9.5")["accepted"] is True
    assert "give --k" in refused(*lot, "--lsl", "9.5")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no plan: give --n and --c"),
        (["--n", "5", "--c", "1", "--p", "1%"], "--p 1% is no list of fractions"),
        (["--design", "--variables"], "--variables and --design are different questions"),
        (["--design", "--aql", "0.01"], "a design needs --aql and --ltpd"),
        (["--standard", "iso2859-1"], "needs --lot and --aql"),
        (["--variables"], "needs --aql and --ltpd"),
        (["--n", "5", "--c", "1", "--p", "0.1", "--skip-after", "3"], "needs both --skip-after and --skip-fraction"),
        (["--accepted", "ok"], "no data"),
    ],
)
def test_samplings_refusals_are_one_sentence(words: list[str], said: str) -> None:
    assert said in refused("sampling", *words)


def test_a_lot_is_accepted_or_not_and_nothing_else(tmp_path: Path) -> None:
    table = tmp_path / "lots.csv"
    table.write_text("ok\n1\nyes\n")
    assert "line 3, column ok: 'yes' is neither 1 nor 0" in refused(
        "sampling", "--data", str(table), "--accepted", "ok"
    )


@pytest.mark.parametrize(
    ("words", "option"),
    [
        ([*GRR, "--tolerance", "nan"], "--tolerance"),
        ([*GRR, "--process-sd", "inf"], "--process-sd"),
        ([*GRR, "--lsl", "1e999"], "--lsl"),
        (["bias", "--reference", "6", "--mean", "nan", "--sd", "1"], "--mean"),
        (["sampling", "--design", "--aql", "nan", "--ltpd", "0.1"], "--aql"),
    ],
)
def test_what_is_no_number_makes_no_question(words: list[str], option: str) -> None:
    done = CliRunner().invoke(app, ["stats", *words])
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"argument {option}" in done.stderr
    assert "is no number" in done.stderr


def test_the_standard_of_measured_values_is_refused_with_the_way_to_a_plan() -> None:
    done = CliRunner().invoke(app, ["stats", "sampling", "--standard", "iso3951-1", "--lot", "1000", "--aql", "1"])
    assert (done.exit_code, done.stdout) == (2, "")
    said = " ".join(done.stderr.split())
    assert "the tables of n and k of ISO 3951-1 are not in this program" in said
    assert "--variables --aql --ltpd" in said


# --- over time

ZIGZAG = [0.02, -0.01, 0.01, -0.02] * 6


def over_time(folder: Path, values: list[float]) -> list[str]:
    table = folder / "piece.csv"
    table.write_text("mm\n" + "".join(f"{value}\n" for value in values))
    return ["stability", "--data", str(table), "--value", "mm"]


def test_a_gauge_that_drifts_is_told_from_one_that_stands(tmp_path: Path) -> None:
    still = ask(*over_time(tmp_path, [6 + off for off in ZIGZAG]), "--type", "imr")
    assert [still["stable"], still["signals"], still["drift"]["significant"]] == [True, 0, False]
    assert list(still["charts"]) == ["i", "mr"]
    words = over_time(tmp_path, [6 + off + at / 500 for at, off in enumerate(ZIGZAG)])
    moving = ask(*words, "--type", "imr", "--rules", "we1")
    assert [moving["stable"], moving["signals"], moving["drift"]["significant"]] == [False, 0, True]
    slopes = [one["drift"]["slope"] for one in (still, moving)]
    assert slopes[1] - slopes[0] == pytest.approx(0.002)
    assert moving["drift"]["total"] == pytest.approx(23 * slopes[1])
    assert moving["drift"]["df"] == 22
    surer = ask(*words, "--type", "imr", "--rules", "we1", "--confidence", "0.9999999")
    assert [surer["stable"], surer["drift"]["p"]] == [True, moving["drift"]["p"]]


def test_a_signal_alone_makes_a_gauge_unstable_and_an_excluded_point_none(tmp_path: Path) -> None:
    words = over_time(tmp_path, [*(6 + off for off in ZIGZAG[:12]), 6.2, *(6 + off for off in ZIGZAG[12:])])
    jumped = ask(*words, "--type", "imr")
    assert [jumped["stable"], jumped["drift"]["significant"]] == [False, False]
    explained = ask(*words, "--type", "imr", "--exclude", "13=fell down")
    assert [explained["stable"], explained["drift"]["df"]] == [True, 22]


def test_stability_is_refused_where_nothing_can_drift(tmp_path: Path) -> None:
    assert "not run" in refused(*over_time(tmp_path, [1, 2, 3]), "--type", "run")
    assert "confidence is 95" in refused(*over_time(tmp_path, [1, 2, 3]), "--type", "imr", "--confidence", "95")
    assert "at least 3, there are 2" in refused(*over_time(tmp_path, [1, 2]), "--type", "imr")
