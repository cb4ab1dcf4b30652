"""Pictures of answers: a page that an auditor files, drawn by matplotlib from the numbers and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_collector.statistics.kinds import ask, parsed
from gaugetrail_collector.statistics.pictures import DRAWN
from gaugetrail_collector.statistics.pictures.control_chart import MOST_POINTS, thinned
from gaugetrail_collector.statistics.pictures.making import FORMS, picture

ROWS = [(f"L{at // 4}", 10 + (at * 7 % 11) / 10 + (3 if at == 30 else 0), at % 5 + 1, 50 + at % 3) for at in range(40)]
ASKED = {
    "chart": [
        "--type",
        "xbar_r",
        "--value",
        "bore",
        "--subgroup",
        "lot",
        "--baseline",
        "1-6",
        "--exclude",
        "2=tool broke",
    ],
    "histogram": ["--value", "bore", "--lsl", "9", "--usl", "12"],
    "probability-plot": ["--value", "bore"],
    "box": ["--value", "bore", "--by", "lot"],
    "pareto": ["--by", "lot", "--count", "bad"],
    "multi-vari": ["--value", "bore", "--by", "lot,n"],
    "grr": ["--value", "bore", "--part", "part", "--appraiser", "who", "--tolerance", "8"],
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "F.csv"
    rows = (f"{lot},{bore:.1f},{bad},{n},P{at // 4},{'AB'[at % 2]}\n" for at, (lot, bore, bad, n) in enumerate(ROWS))
    path.write_text("lot,bore,bad,n,part,who\n" + "".join(rows))
    return path


def answered(data: Path, kind: str, words: list[str]) -> dict:
    return ask(kind, parsed(kind, ["--data", str(data), *words]))


def test_every_kind_of_picture_is_tried_here() -> None:
    assert set(DRAWN) == set(ASKED)


@pytest.mark.parametrize("kind", DRAWN)
def test_a_page_has_head_facts_and_foot_and_the_same_answer_the_same_bytes(data: Path, kind: str) -> None:
    answer = answered(data, kind, ASKED[kind])
    pages = [
        picture(answer, "svg", title="Bore & <co>", about=["F.csv, lot=A"], printed="printed today").decode()
        for _ in "12"
    ]
    assert pages[0] == pages[1]
    for said in (
        "Bore &amp; &lt;co&gt;",
        "F.csv, lot=A",
        "printed today",
        "checked ____",
        str(answer["method"]).split(",")[0],
    ):
        assert said in pages[0]


@pytest.mark.parametrize("kind", ["imr", "p", "laney_u", "ewma", "cusum", "run"])
def test_each_type_of_chart_is_drawn(data: Path, kind: str) -> None:
    columns = ["--count", "bad", "--size", "n"] if kind in ("p", "laney_u") else ["--value", "bore"]
    page = picture(answered(data, "chart", ["--type", kind, *columns]), "svg").decode()
    assert f"Control chart {kind}" in page


def test_a_chart_says_what_was_left_out_and_why_and_names_the_rules_that_spoke(data: Path) -> None:
    page = picture(answered(data, "chart", ASKED["chart"]), "svg").decode()
    assert "left out: point 2 (L1): tool broke" in page
    assert "note: the limits come from 5 points" in page
    assert ">we1" in page.replace("\n", "")


def test_a_chart_says_which_limits_held(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    limits = "10,11,9"
    path.write_text(f"bore,control_version,cl,ucl,lcl\n9,,,,\n9.5,A,{limits}\n10.5,A,{limits}\n10.1,B,{limits}\n")
    page = picture(
        answered(path, "chart", ["--type", "imr", "--value", "bore", "--limits", "recorded"]), "svg"
    ).decode()
    assert "judged when they were measured by A for 2 points from 2 to 3; B for 1 point from 4 to 4" in page


@pytest.mark.parametrize("method", ["anova", "average_range", "nested"])
def test_a_gauge_study_shows_every_cell_and_where_the_variation_comes_from(data: Path, method: str) -> None:
    answer = answered(data, "grr", [*ASKED["grr"], "--method", method])
    own = [bore for at, (_, bore, _, _) in enumerate(ROWS) if at // 4 == 7 and at % 2 == 0]
    (cell,) = [one for one in answer["cells"] if (one["part"], one["appraiser"]) == ("P7", "A")]
    assert (cell["minimum"], cell["maximum"]) == (pytest.approx(min(own)), pytest.approx(max(own)))
    assert cell["mean"] == pytest.approx(sum(own) / len(own))
    assert len(answer["cells"]) == 20
    page = picture(answer, "svg").decode()
    for said in (
        "components of variation",
        "repeatability",
        "% tolerance",
        "measured by part and appraiser",
        ">P9<",
        ">B<",
    ):
        assert said in page


def test_a_gauge_study_too_large_to_be_seen_has_its_components_alone(data: Path) -> None:
    answer = answered(data, "grr", ASKED["grr"]) | {"cells": []}
    page = picture(answer, "svg").decode()
    assert "components of variation" in page
    assert "measured by part and appraiser" not in page


def test_thousands_of_points_are_thinned_for_the_eye_and_none_that_signals_is_lost() -> None:
    points = [
        {"at": at, "value": at * 7919 % 1009 / 10, "signals": ["we1"] if at == 501 else [], "phase": "judged"}
        for at in range(1, 20_001)
    ]
    points[7000]["value"], points[9000]["value"] = 500.0, None
    drawn = thinned(points, "value")
    assert len(drawn) < 2 * MOST_POINTS
    assert {501, 7001} <= {point["at"] for point in drawn}
    assert sorted(drawn, key=lambda point: point["at"]) == drawn
    assert len(thinned(points[:100], "value")) == 100


def test_the_command_writes_what_is_asked_for_and_answers_as_ever(data: Path, tmp_path: Path) -> None:
    words = ["stats", "histogram", "--data", str(data), *ASKED["histogram"]]
    paths = {form: tmp_path / f"page.{form}" for form in FORMS}
    done = CliRunner().invoke(app, [*words, "--json", *(f"--{form}={path}" for form, path in paths.items())])
    assert (done.exit_code, done.stderr) == (0, "")
    assert CliRunner().invoke(app, [*words, "--json"]).stdout == done.stdout
    assert [path.read_bytes()[:4] for path in paths.values()] == [b"<?xm", b"\x89PNG", b"%PDF"]
    assert "F.csv, bore" in paths["svg"].read_text()


def test_a_picture_that_can_not_be_written_is_one_sentence(data: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["stats", "box", "--data", str(data), "--value", "bore", "--svg", str(tmp_path / "no" / "p.svg")]
    )
    assert (done.exit_code, done.stdout) == (1, "")
    assert "p.svg can't be written: No such file" in done.stderr


def test_without_matplotlib_the_extra_is_named(data: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['matplotlib'] = None\n")
    script = "from gaugetrail_collector.cli import main; main()"
    words = [*("stats", "box", "--data"), str(data), "--value", "bore", "--svg", str(tmp_path / "p.svg")]
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "gaugetrail[pictures]" in done.stderr
