"""`stats capability`: the contract's names and nulls, each refusal in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from piston_rings import RINGS
from typer.testing import CliRunner

from gaugetrail_collector.cli import app

FAMILY = [name + suffix for name in ("cp", "pp", "cw") for suffix in ("", "k", "l", "u")]
NAMES = {
    *("kind", "n", "method", "formulas", "warnings", "mean", "sd_overall", "sd_within", "stable", "convention"),
    *("estimator", "cpm_within", "cpm_overall", "cp_star", "ci", "ppm_observed", "ppm_expected", *FAMILY),
}
LIMITS = ("--lsl", "73.95", "--usl", "74.05")


def ask(*words: str) -> dict:
    done = CliRunner().invoke(app, ["stats", "capability", *words, "--json"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) >= NAMES
    assert set(found["ci"]) == {"cp", "cpk", "pp", "ppk", "cw", "cwk"}
    for name in ("ppm_observed", "ppm_expected"):
        assert set(found[name]) == {"below", "above", "total"}
    return found


def refused(*words: str) -> str:
    done = CliRunner().invoke(app, ["stats", "capability", *words, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def rings(tmp_path: Path) -> tuple[str, ...]:
    path = tmp_path / "rings.csv"
    rows = [f"{at},{value:.3f}" for at, row in enumerate(RINGS, 1) for value in row]
    path.write_text("\n".join(["sample,diameter", *rows]) + "\n")
    return ("--data", str(path), "--value", "diameter", "--subgroup", "sample")


def column(tmp_path: Path, values, name: str = "F.csv") -> tuple[str, ...]:
    path = tmp_path / name
    path.write_text("v\n" + "".join(f"{value!r}\n" for value in values))
    return ("--data", str(path), "--value", "v")


def bell(count: int = 60, seed: int = 21) -> list[float]:
    return [round(float(value), 3) for value in np.random.default_rng(seed).normal(10, 0.1, count)]


def test_aiag_calls_the_spread_within_cp_and_the_others_the_whole(rings: tuple[str, ...]) -> None:
    """Both families in each answer; the piston rings are 1.703 and 1.663 within, 1.655 and 1.616 overall."""
    aiag = ask(*rings, *LIMITS)
    assert (aiag["cp"], aiag["cpk"]) == (aiag["cw"], aiag["cwk"]) == pytest.approx((1.703, 1.663), abs=5e-4)
    assert (aiag["pp"], aiag["ppk"]) == pytest.approx((1.6551, 1.6162), abs=5e-5)
    assert (aiag["stable"], aiag["estimator"], aiag["convention"]) == (True, "rbar", "aiag2005")
    for convention in ("aiag-vda2026", "iso22514"):
        other = ask(*rings, *LIMITS, "--convention", convention)
        assert [other[name] for name in ("cp", "cpk", "cpl", "cpu")] == [
            other[name] for name in ("pp", "ppk", "ppl", "ppu")
        ]
        assert other["cwk"] == aiag["cwk"]
        assert other["ci"]["cpk"] == other["ci"]["ppk"] == aiag["ci"]["ppk"]
        assert other["ppm_expected"] == other["ppm_expected_overall"] != aiag["ppm_expected"]


def test_the_degrees_of_freedom_are_chosen_and_told(rings: tuple[str, ...]) -> None:
    older = ask(*rings, *LIMITS, "--ci-df", "n-1")
    assert older["ci"]["cp"] == pytest.approx([1.491, 1.915], abs=5e-4)
    assert older["ci"]["cpk"] == pytest.approx([1.448, 1.878], abs=5e-4)
    usual = ask(*rings, *LIMITS)
    assert usual["ci_df"] == {"choice": "effective", "within": pytest.approx(90.82, abs=0.01), "overall": 124}
    assert usual["ci"]["cw"][0] < older["ci"]["cw"][0]
    assert usual["ci"]["pp"] == older["ci"]["pp"]
    assert ask(*rings, *LIMITS, "--confidence", "0.9")["ci"]["cp"][0] > usual["ci"]["cp"][0]


def test_the_target_is_the_middle_where_none_is_given_and_that_is_told(rings: tuple[str, ...]) -> None:
    middle = ask(*rings, *LIMITS)
    assert (middle["target"], middle["target_source"]) == (74, "middle of the limits")
    assert middle["cpm_within"] == ask(*rings, *LIMITS, "--target", "74")["cpm_within"]
    away = ask(*rings, *LIMITS, "--target", "74.02")
    assert away["cpm_within"] == pytest.approx(0.786, abs=5e-4)
    assert away["cpm_overall"] < away["cpm_within"]


def test_one_limit_leaves_nulls_and_a_cpk(rings: tuple[str, ...]) -> None:
    found = ask(*rings, "--usl", "74.05", "--target", "74")
    nulls = {name for name in FAMILY if found[name] is None}
    assert nulls == {"cp", "cpl", "pp", "ppl", "cw", "cwl"}
    assert (found["cpm_within"], found["cpm_overall"]) == (None, None)
    assert found["cpk"] == found["cpu"]
    assert found["ci"]["cp"] is None
    assert len(found["ci"]["cpk"]) == 2
    assert found["ppm_observed"] == {"below": None, "above": 0, "total": 0}
    assert found["ppm_expected"]["below"] is None


def test_a_natural_bound_has_a_star_and_no_side(tmp_path: Path) -> None:
    data = column(tmp_path, [abs(value - 9.4) for value in bell()])
    found = ask(*data, "--usl", "1.5", "--natural-lower", "0", "--anyway")
    assert found["cp"] is None
    assert found["cpk"] == found["cpu"]
    assert found["cp_star"] == pytest.approx(1.5 / (6 * found["sd_within"]))
    iso = ask(*data, "--usl", "1.5", "--natural-lower", "0", "--anyway", "--convention", "iso22514")
    assert iso["cp_star"] == pytest.approx(1.5 / (6 * found["sd_overall"]))


def test_a_summary_gives_every_family_the_same_and_no_stability() -> None:
    found = ask("--mean", "10.1", "--sd", "0.2", "--n", "50", "--lsl", "9", "--usl", "11")
    assert found["cpk"] == found["ppk"] == found["cwk"] == pytest.approx(1.5)
    assert (found["n"], found["stable"], found["ppm_observed"]["total"]) == (50, None, None)
    assert (found["sd_overall"], found["sd_within"], found["estimator"]) == (0.2, 0.2, None)
    without = ask("--mean", "10.1", "--sd", "0.2", "--lsl", "9", "--usl", "11")
    assert (without["n"], without["cpk"]) == (None, found["cpk"])
    assert set(without["ci"].values()) == {None}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--mean", "1", "--lsl", "0"), "--mean and --sd together"),
        (("--sd", "1", "--lsl", "0"), "--mean and --sd together"),
        (("--lsl", "0"), "needs values"),
        (("--mean", "1", "--sd", "1"), "needs a limit"),
        (("--mean", "1", "--sd", "1", "--lsl", "x"), "--lsl x is no number"),
        (("--mean", "1", "--sd", "-1", "--lsl", "0"), "isn't negative"),
        (("--mean", "1", "--sd", "1", "--lsl", "0", "--n", "1"), "two values or more"),
        (("--mean", "1", "--sd", "1", "--lsl", "0", "--n", "9", "--confidence", "95"), "between 0 and 1"),
        (("--mean", "1", "--sd", "1", "--lsl", "0", "--distribution", "weibull"), "can't show a weibull"),
        (("--mean", "1", "--sd", "0", "--lsl", "0"), "don't vary at all"),
    ],
)
def test_questions_without_an_answer_are_refused(words: tuple[str, ...], said: str) -> None:
    assert said in refused(*words)


def test_what_would_mislead_is_refused_and_anyway_is_a_warning(tmp_path: Path, rings: tuple[str, ...]) -> None:
    """Unstable, too few, no variation, mixed limits: one sentence each; --anyway computes with the sentence beside."""
    shifted = column(tmp_path, [*bell(30), *(value + 1 for value in bell(30))])
    assert "not stable: we" in refused(*shifted, "--lsl", "9", "--usl", "12")
    found = ask(*shifted, "--lsl", "9", "--usl", "12", "--anyway")
    assert found["stable"] is False
    assert "not stable" in found["warnings"][0]
    few = column(tmp_path, [10.0, 10.1, 9.9, 10.05], "few.csv")
    assert "4 values are too few" in refused(*few, "--lsl", "9", "--usl", "12")
    assert ask(*few, "--lsl", "9", "--usl", "12", "--anyway")["n"] == 4
    same = column(tmp_path, [10.0] * 30, "same.csv")
    assert "don't vary at all" in refused(*same, "--lsl", "9", "--usl", "12")
    nothing = ask(*same, "--lsl", "9", "--usl", "12", "--anyway")
    assert {nothing[name] for name in FAMILY} == {None}
    assert (nothing["stable"], nothing["ppm_expected"]["total"]) == (None, None)
    assert "rings" in rings[1]


def test_limits_out_of_a_column_must_be_the_same_for_all(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    values = bell(40, seed=5)
    path.write_text("v,low,high\n" + "".join(f"{v},9,{11 if at < 20 else 11.5}\n" for at, v in enumerate(values)))
    words = ("--data", str(path), "--value", "v", "--lsl", "low", "--usl", "high", "--rules", "we1")
    assert "2 different limits in column high (11, 11.5)" in refused(*words)
    found = ask(*words, "--anyway")
    assert (found["lsl"], found["usl"]) == (9, 11.5)
    assert any("different limits" in warning for warning in found["warnings"])


def test_a_machines_run_has_pm_and_asks_for_no_stability(tmp_path: Path) -> None:
    trend = column(tmp_path, [10 + 0.01 * at for at in range(60)])
    assert "not stable" in refused(*trend, "--lsl", "9", "--usl", "12")
    found = ask(*trend, "--lsl", "9", "--usl", "12", "--machine")
    assert (found["pm"], found["pmk"]) == (found["pp"], found["ppk"])
    assert ask(*trend, "--lsl", "9", "--usl", "12", "--anyway")["pm"] is None


def test_the_distribution_and_its_test_are_printed_on_the_result(tmp_path: Path) -> None:
    skew = [round(float(value), 4) for value in np.random.default_rng(4).gamma(2.0, 1.0, 150)]
    data = (*column(tmp_path, skew), "--usl", "15", "--natural-lower", "0", "--anyway")
    normal = ask(*data)
    assert normal["fit"][0]["anderson_darling_p"] < 0.05
    assert any("a low p speaks against it" in warning for warning in normal["warnings"])
    found = ask(*data, "--distribution", "auto", "--convention", "iso22514")
    assert found["distribution"] in {"gamma", "weibull", "lognormal", "boxcox", "johnson_sb", "johnson_su"}
    assert found["distribution_choice"].startswith("auto: the best")
    assert "normal" in {test["family"] for test in found["fit"]}
    ends = found["percentiles"]
    assert found["cpk"] == pytest.approx((15 - ends["x50"]) / (ends["x99_865"] - ends["x50"]))
    assert found["cp_star"] == pytest.approx(15 / (ends["x99_865"] - ends["x0_135"]))
    assert (found["cwk"], found["ci"]["cpk"]) == (None, None)
    assert any("no indices within" in warning for warning in found["warnings"])


def test_values_that_resemble_their_neighbours_are_named(tmp_path: Path) -> None:
    wave = [10 + 0.1 * float(np.sin(at / 8)) for at in range(120)]
    found = ask(*column(tmp_path, wave), "--lsl", "9", "--usl", "11", "--anyway")
    assert any("neighbouring values are correlated" in warning for warning in found["warnings"])


def test_a_missing_value_makes_its_subgroup_smaller(rings: tuple[str, ...]) -> None:
    path = Path(rings[1])
    lines = path.read_text().splitlines()
    lines[3] = "1,"
    path.write_text("\n".join(lines) + "\n")
    found = ask(*rings, *LIMITS)
    assert found["n"] == 124
    assert any("1 row left out" in warning for warning in found["warnings"])
    ranges = [0.038, *(max(row) - min(row) for row in RINGS[1:])]
    assert found["sd_within"] == pytest.approx((ranges[0] / 2.0587507460 + sum(ranges[1:]) / 2.3259289473) / 25)


def test_an_estimator_of_subgroups_needs_them(tmp_path: Path) -> None:
    assert "needs subgroups" in refused(*column(tmp_path, bell()), "--lsl", "9", "--usl", "11", "--estimator", "rbar")
