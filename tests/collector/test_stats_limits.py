"""`stats limits`: a draft of limits that a document of the house holds, by which a station says what the chart says."""

from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent.station.given.limits_here import limits_here
from gaugetrail_collector.cli import app
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_statistics.charts.judging import judge
from gaugetrail_statistics.charts.limits_version import Bounds, LimitsVersion, Remembered
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


@pytest.mark.parametrize(
    ("words", "has"),
    [
        (("ewma", "--value", "bore", "--limits", "steady", "--lambda", "0.3"), {"weight": "0.3", "rules": ("ewma",)}),
        (("cusum", "--value", "bore", "--k", "0.25"), {"k": "0.25", "rules": ("cusum_upper", "cusum_lower")}),
        (("cusum", "--value", "bore", "--subgroup-size", "5"), {"k": "0.5", "subgroup_size": 5}),
        (("xbar_s", "--value", "bore", "--subgroup-size", "4", "--rules", "we1,we4:9"), {"rules": ("we1", "we4:9")}),
        (("np", "--count", "bad", "--size", "10", "--subgroup-size", "5"), {"subgroup_size": 50}),
        (("np", "--count", "bad", "--size", "10", "--subgroup", "lot"), {"subgroup_size": 40}),
        (("c", "--count", "bad", "--subgroup-size", "5"), {"subgroup_size": 5}),
        (("p", "--count", "bad", "--size", "2000"), {"subgroup_size": 2000}),
    ],
)
def test_a_draft_has_all_that_a_station_judges_by(data: Path, words: tuple[str, ...], has: dict[str, object]) -> None:
    found = document(data, "--type", *words, "--baseline", "1-20", "--time", "at")
    assert {name: getattr(found, name) for name in has} == has
    whole = {"id": "CL-bore", "kind": "limits", "revision": "1", "edition": 1, "state": "effective", "size": 1}
    edition = ListedEdition.model_validate(whole | {"sha256": "ab" * 32, "effective": "2026-11-02T06:00:00.000000Z"})
    version = limits_here(edition, found).version
    assert version.subgroup_size == found.subgroup_size
    assert version.own_rules == (found.rules if found.type in ("ewma", "cusum") else ())


def test_laney_s_factor_stands_in_the_draft(data: Path) -> None:
    found = document(data, "--type", "laney_p", "--count", "bad", "--size", "40", "--time", "at")
    done = CliRunner().invoke(
        app, ["stats", "chart", "--data", str(data), "--type", "laney_p", "--count", "bad", "--size", "40", "--json"]
    )
    assert float(found.sigma_z or 0) == json.loads(done.stdout)["sigma_z"] > 0


def test_rows_that_fill_no_subgroup_are_left_out_and_told(data: Path) -> None:
    code, out, _ = asked(data, "--type", "xbar_r", "--value", "bore", "--subgroup-size", "7", "--time", "at")
    assert (code, json.loads(out)["warnings"][-1]) == (0, "1 row left out: they fill no subgroup of 7")


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
        (("--type", "imr", "--value", "bore", "--time", "at", "--rules", "we4:100"), "is no rule of a chart"),
        (("--type", "xbar_r", "--value", "bore", "--subgroup-size", "1"), "takes two rows or more"),
        (("--type", "xbar_r", "--value", "bore", "--subgroup-size", "200"), "120 rows fill no subgroup of 200"),
        (
            ("--type", "xbar_r", "--value", "bore", "--subgroup", "lot", "--subgroup-size", "4"),
            "by a column or are rows",
        ),
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
