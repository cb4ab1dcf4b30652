"""By which limits records were judged: in the points of a chart of the store and of a table, and drawn as they held."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from samples import T0, inspection, measurement
from small_plant import SECOND, chained, fill
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import utc_text


def limits(version: str, away: float) -> dict[str, str]:
    return {"lcl": f"{10 - away}", "cl": "10", "ucl": f"{10 + away}", "version": version, "document": "CL-1"}


A, B = limits("A", 3), limits("B", 1)
UNITS = [("9.5", None), ("12.5", A), ("10.1", A), ("12.5", B), ("10.2", B)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five units, the last subgroup of two under B; the third was measured again, which no limits judged."""
    folder = tmp_path_factory.mktemp("held")
    store = SqliteStore(folder / "store.db")
    store.open()
    bodies = []
    for at, (value, control) in enumerate([*UNITS, ("10.7", None)], 1):
        group = {"id": f"G{at // 2}", "position": at % 2 + 1, "size": 2} if 1 < at < 6 else None
        own = measurement(0, value=value, time=utc_text(T0 + at * SECOND), control=control, subgroup=group)
        bodies.append(inspection(f"SN{at}", measurements=(own,)))
    bodies[5] = msgspec.structs.replace(bodies[5], attempt=2, supersedes="pc1/abcdefgh/3")
    fill(store, chained(bodies))
    store.close()
    (folder / "collector.toml").write_text(
        'id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n'
    )
    return folder


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli.app, ["stats", *words, "--json"], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def chart(folder: Path, *words: str) -> dict:
    code, out, err = run("chart", "--characteristic", "bore_0", "-c", str(folder / "collector.toml"), *words)
    assert (code, err) == (0, "")
    return json.loads(out)


def test_each_point_says_by_which_version_its_record_was_judged(folder: Path) -> None:
    """The unit that was measured again stands under the limits that held at its place."""
    charts = chart(folder, "--type", "imr")["charts"]
    for one in charts.values():
        assert [point["limits_version"] for point in one["points"]] == [None, "CL-1 A", "CL-1 A", "CL-1 B", "CL-1 B"]
    assert charts["i"]["points"][2]["value"] == 10.7
    assert all(signal["limits_version"] is None for signal in charts["i"]["signals"])


def test_a_chart_by_limits_as_they_held(folder: Path) -> None:
    found = chart(folder, "--type", "imr", "--limits", "recorded")
    assert list(found["charts"]) == ["i"]
    assert found["method"].startswith("imr, limits as they held")
    points = found["charts"]["i"]["points"]
    assert [point["ucl"] for point in points] == [None, 13, 13, 11, 11]
    assert found["charts"]["i"]["signals"] == [{"rule": "we1", "at": 4, "points": [4], "limits_version": "CL-1 B"}]
    assert (found["charts"]["i"]["center"], found["charts"]["i"]["ucl"]) == (10, None)


def test_a_subgroup_has_the_limits_of_its_last_value(folder: Path) -> None:
    """And what was measured again belongs to the subgroup of the first."""
    time = ("--since", utc_text(T0 + 2 * SECOND - 1))
    found = chart(folder, "--type", "xbar_r", "--subgroup", "subgroup", "--limits", "recorded", *time)
    (means,) = found["charts"].values()
    shown = [(point["label"], point["value"], point["limits_version"]) for point in means["points"]]
    assert shown == [("G1", 11.6, "CL-1 A"), ("G2", 11.35, "CL-1 B")]
    assert [(signal["rule"], signal["at"]) for signal in means["signals"]] == [("we1", 2)]


def test_an_exported_table_says_it_too(folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "F.csv"
    config = str(folder / "collector.toml")
    assert CliRunner().invoke(cli.app, ["export", "-c", config, "--format", "csv", "--out", str(table)]).exit_code == 0
    words = ("--data", str(table), "--where", "attempt=1", "--value", "value")
    code, out, _ = run("chart", "--type", "imr", "--limits", "recorded", *words)
    assert code == 0
    points = json.loads(out)["charts"]["i"]["points"]
    assert [(point["limits_version"], point["ucl"]) for point in points] == [
        *((None, None), ("A", 13), ("A", 13)),
        *(("B", 11), ("B", 11)),
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--type", "ewma"), "limits as recorded are for imr, xbar_r, xbar_s, p, np, c, u"),
        (("--type", "imr", "--baseline", "1-3"), "are not estimated"),
    ],
)
def test_what_has_no_recorded_limits_is_refused(folder: Path, words: tuple[str, ...], says: str) -> None:
    asked = ("--characteristic", "bore_0", "-c", str(folder / "collector.toml"), "--limits", "recorded", *words)
    code, out, err = run("chart", *asked)
    assert (code, out) == (1, "")
    assert says in err
    head = ("--id", "CL", "--of", "bore", "--reason", "first", "--type", "imr")
    assert "a draft is made of a baseline" in run("limits", *head, *asked[:6])[2]


def test_a_table_that_says_nothing_of_limits_is_as_it_was(tmp_path: Path) -> None:
    table = tmp_path / "F.csv"
    table.write_text("bore\n1\n2\n3\n")
    words = ("chart", "--type", "imr", "--data", str(table), "--value", "bore")
    assert "limits_version" not in run(*words)[1]
    assert "F.csv has no column control_version" in run(*words, "--limits", "recorded")[2]
