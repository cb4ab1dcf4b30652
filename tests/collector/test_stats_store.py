"""Statistics over the store: the same options and names as over a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from samples import T0
from small_plant import SECOND, chained, correction, fill, units
from typer.testing import CliRunner

from gaugetrail_collector import cli
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.problems import ConfigError

LIMITS = ("--lsl", "73.5", "--usl", "74.5", "--rules", "we1")


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stats")
    store = SqliteStore(folder / "store.db")
    store.open()
    made = chained(units(120, 2))
    fill(store, made)
    gone = correction(made[7], action="exclude", field="bore_0", old=None, new=None)
    fill(store, chained([gone], "office", "qrstuvwx", T0 + 900 * SECOND, slot=9))
    store.close()
    path = folder / "collector.toml"
    path.write_text('id = "c1"\ndata_dir = "data"\n[store]\nkind = "sqlite"\npath = "store.db"\n')
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["stats", *words, "--json"], catch_exceptions=False)


def ask(config: Path, kind: str, *words: str) -> dict:
    done = run(kind, "--characteristic", "bore_0", "-c", str(config), *words)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def test_store_and_file_of_the_same_values_give_the_same_answer(config: Path, tmp_path: Path) -> None:
    """Every number but what only the store can tell."""
    exported = tmp_path / "F.csv"
    done = CliRunner().invoke(cli.app, ["export", "-c", str(config), "--format", "csv", "--out", str(exported)])
    assert done.exit_code == 0
    words = ("--data", str(exported), "--where", "characteristic=bore_0", "--where", "amended_by=", "--value", "value")
    file = json.loads(run("capability", *words, *LIMITS).stdout)
    store = ask(config, "capability", *LIMITS)
    assert store["n"] == 119
    assert store.pop("warnings") == [*file.pop("warnings"), "1 value left out as voided or excluded by amendments"]
    assert store == file


def test_the_raw_view_has_what_was_sealed(config: Path) -> None:
    found = ask(config, "describe", "--raw")
    assert (found["n"], found["warnings"]) == (120, [])


def test_context_of_records_makes_levels(config: Path) -> None:
    found = ask(config, "stratify", "--by", "gauge")
    assert sorted(level["level"] for level in found["levels"]) == ["G-1", "G-2", "G-3"]
    assert sum(level["n"] for level in found["levels"]) == 119
    ranked = ask(config, "contributors", "--by", "gauge", "--by", "lot", "--by", "operator")
    assert {row["field"] for row in ranked["contributors"]} == {"gauge", "lot"}
    assert any("operator is left out" in warning for warning in ranked["warnings"])


def test_a_period_and_a_filter_are_held(config: Path) -> None:
    whole = ask(config, "describe")
    gauge = ask(config, "describe", "--where", "gauge=G-1", "--where", "station=OP20")
    assert 0 < gauge["n"] < whole["n"]
    assert ask(config, "describe", "--until", "2026-09-21T14:14:30")["n"] < whole["n"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--where", "station=OP99"), "no value of characteristic bore_0 with station=OP99"),
        (("--since", "soon"), "'soon' is no time"),
        (("--last", "1d", "--since", "2d"), "give one of them"),
        (("--where", "mashine=M1"), "no column 'mashine'; did you mean machine?"),
        (("--data", "F.csv"), "not both"),
        (("--where", "part"), "has no ="),
    ],
)
def test_a_question_that_the_store_cannot_answer_is_one_sentence(
    config: Path, words: tuple[str, ...], said: str
) -> None:
    done = run("describe", "--characteristic", "bore_0", "-c", str(config), *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr


def test_a_picture_says_which_characteristic_of_which_time_it_shows(config: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.svg"
    ask(config, "chart", "--type", "imr", "--since", "2020-01-01", "--where", "station=OP20", "--svg", str(page))
    assert "bore_0, since 2020-01-01, station=OP20" in page.read_text()


def test_a_characteristic_that_nobody_measured_is_said_to_have_no_values(config: Path) -> None:
    done = run("describe", "--characteristic", "nothing", "-c", str(config))
    assert (done.exit_code, done.stdout) == (1, "")
    assert "the store has no value of characteristic nothing\n" in done.stderr
    done = run("describe", "--characteristic", "bore_0", "--last", "1d", "-c", str(config))
    assert "no value of characteristic bore_0 in that time" in done.stderr


def test_without_settings_it_is_said_where_they_were_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAUGETRAIL_CONFIG", raising=False)
    with pytest.raises(ConfigError, match="GAUGETRAIL_CONFIG is not set"):
        run("describe", "--characteristic", "bore_0")
