"""`stats limits`: a draft of limits that a document of the house holds, by which a station says what the chart says."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_collector.cli import app
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_statistics.charts.judging import Bounds, LimitsVersion, Remembered, judge
from gaugetrail_statistics.rules import rules_named

HEAD = ("--id", "CL-bore", "--of", "bore", "--reason", "first baseline", "--unit", "mm")
VALUES = [f"{74 + (at * 37 % 23 - 11) / 1000 + (0.03 if at > 110 else 0):.3f}" for at in range(120)]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "F.csv"
    rows = (f"{at // 4},{value},2026-11-02T06:{at // 2:02d}:00+01:00,{at % 5}\n" for at, value in enumerate(VALUES))
    path.write_text("lot,bore,at,bad\n" + "".join(rows))
    return path


def asked(data: Path, *words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["stats", "limits", "--data", str(data), *HEAD, *words, "--json"])
    return done.exit_code, done.stdout, done.stderr


def document(data: Path, *words: str) -> LimitsDocument:
    code, out, err = asked(data, *words)
    assert (code, err) == (0, "")
    return LimitsDocument.model_validate(tomllib.loads(json.loads(out)["document"]))


def test_a_draft_names_its_baseline_so_that_anybody_can_compute_it_again(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "limits.toml"
    words = (
        "--type",
        "xbar_r",
        "--value",
        "bore",
        "--subgroup",
        "lot",
        "--baseline",
        "1-25",
        "--exclude",
        "3=tool broke",
    )
    found = document(data, *words, "--time", "at", "--out", str(out))
    base = found.baseline
    assert base is not None
    assert (base.since, base.until, base.n) == ("2026-11-02T05:00:00.000000Z", "2026-11-02T05:49:00.000000Z", 96)
    kept = [value for at, value in enumerate(VALUES[:100]) if at // 4 != 2]
    assert hashlib.sha256("".join(f"{value}\n" for value in kept).encode()).hexdigest() == base.sha256
    assert base.excluded == ("point 3 (2): tool broke",)
    assert (found.subgroup_size, found.estimator, tuple(one.name for one in found.chart)) == (4, "rbar", ("xbar", "r"))
    assert LimitsDocument.model_validate(tomllib.loads(out.read_text())) == found


def test_a_station_says_by_the_draft_what_the_chart_says(data: Path) -> None:
    words = ("--type", "imr", "--value", "bore", "--baseline", "1-100")
    found = document(data, *words, "--time", "at")
    limits = LimitsVersion(
        version="1",
        type=found.type,
        charts={one.name: Bounds(float(one.center), float(one.ucl), float(one.lcl)) for one in found.chart},
        rules=rules_named(",".join(found.rules)),
        sigma=float(found.sigma),
        subgroup_size=found.subgroup_size,
    )
    said, past = [], Remembered()
    for value in VALUES:
        judged, past = judge(limits, [float(value)], past)
        said += [(name, signal.rule, signal.at) for name, own in judged.signals.items() for signal in own]
    done = CliRunner().invoke(app, ["stats", "chart", "--data", str(data), *words, "--json"])
    charts = json.loads(done.stdout)["charts"]
    shown = [(name, one["rule"], one["at"]) for name, own in charts.items() for one in own["signals"]]
    assert sorted(shown) == sorted(said)
    assert len(said) > 10


def test_limits_that_were_set_have_no_baseline(data: Path) -> None:
    found = document(data, "--type", "imr", "--value", "bore", "--center", "74", "--sigma", "0.01")
    assert (found.baseline, found.estimator, found.sigma) == (None, None, "0.01")
    counts = document(data, "--type", "u", "--count", "bad", "--size", "50", "--center", "0.04")
    assert (counts.subgroup_size, counts.sigma, counts.of("u").center) == (50, None, "0.04")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--type", "run", "--value", "bore"), "limits of type run are no document"),
        (("--type", "imr", "--value", "bore"), "--time"),
        (("--type", "imr", "--value", "bore", "--time", "lot"), "is no time"),
        (("--type", "imr", "--value", "bore", "--time", "at", "--rules", "we4:9"), "is no rule of a chart"),
        (("--type", "ewma", "--value", "bore", "--time", "at"), "limits differ from point to point"),
        (("--type", "u", "--count", "bad", "--size", "1.5", "--time", "at"), "no whole numbers"),
        (("--type", "imr", "--value", "bore", "--time", "at", "--out", "/no/such/folder/f.toml"), "can't be written"),
    ],
)
def test_what_makes_no_document_is_refused_in_one_sentence(data: Path, words: tuple[str, ...], said: str) -> None:
    code, out, err = asked(data, *words)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert said in err


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "F.csv"
    path.write_text("bore,at\n1,2026-11-02T06:00:00\n2,2026-11-02T06:01:00\n")
    assert "has no zone" in asked(path, "--type", "imr", "--value", "bore", "--time", "at")[2]
