"""Customers' own labels: a file that proves itself, found by name, and refused with its line where it can't be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import config
from gaugetrail_agent.barcodes import label_files
from gaugetrail_agent.cli import app
from gaugetrail_contract.settings import ConfigError

LABEL = """
name = "ours"
title = "our own label"
source = "drawing 4711, sheet 2"

[[pattern]]
name = "only form"
match = '(?P<part>[0-9]{4})-(?P<serial>[0-9]{6})(?:/(?P<quantity>[0-9]+))?'

[[example]]
text = "4711-000042/5"
source = "drawing 4711, sheet 2"
fields = { part = "4711", serial = "000042", quantity = "5" }

[[example]]
hex = "5d6431 343731312d303030303432"
source = "captured with AIM identifiers on"
fields = { part = "4711", serial = "000042" }

[[example]]
text = "4711-00042"
source = "mutated: a digit lost"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A profile folder of a user's own, with one label."""
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "ours.toml").write_text(LABEL, "utf-8")
    return tmp_path


def said(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


@pytest.mark.parametrize("name", label_files.label_paths())
def test_every_shipped_label_holds_its_examples(name: str) -> None:
    loaded = label_files.load_label(label_files.label_paths()[name])
    assert all(result.passed for result in label_files.run_examples(loaded))


def test_scan_reads_by_a_users_own_label(folder: Path) -> None:
    """By name from a folder, beside the shipped ones."""
    code, out = said("scan", "--profile", "ours", "--profiles", folder, "--hex", b"4711-000042/5".hex())
    found = json.loads(out)
    assert (code, found["part_number"], found["serial"], found["quantity"]) == (0, "4711", "000042", "5")
    by_file = said("scan", "--profile", folder / "labels" / "ours.toml", "--hex", b"4711-000042/5".hex())
    assert by_file == (code, out)
    code, out = said("scan", "--profile", "theirs", "--profiles", folder, "--hex", "41")
    assert code == 2
    assert "'theirs' is not known; known are gm, gtl3, hkmc, plain, dell-ppid, lcsc-bag, ours, tme-bag" in out


def test_profiles_test_runs_labels_too(folder: Path) -> None:
    """All of them, one by name, one by its file; an example that doesn't hold is shown with both sides."""
    path = folder / "labels" / "ours.toml"
    assert "ok   ours: 3 of 3 examples" in said("profiles", "test", "--profiles", folder)[1]
    assert said("profiles", "test", "ours", "--profiles", folder) == (0, "ok   ours: 3 of 3 examples\n")
    path.write_text(LABEL.replace('quantity = "5"', 'quantity = "6"'), "utf-8")
    code, out = said("profiles", "test", path)
    assert code == 1
    assert "FAIL ours: 2 of 3 examples" in out
    assert "'quantity': '6'" in out
    assert "'quantity': '5'" in out
    assert said("profiles", "labels", "--profiles", folder)[1].split() == [*label_files.label_paths((folder,))]


@pytest.mark.parametrize(
    ("changed", "into", "complaint"),
    [
        ('name = "ours"', 'name = "yours"', "is 'yours', but the file is called ours.toml"),
        ("<serial>", "<seral>", "names the group seral; known: part, serial"),
        ("(?P<part>", "(?P<part>(", "is not a regular expression"),
        ("(?P<quantity>[0-9]+)", "(?P<order>[0-9]+", "is not a regular expression"),
        ('text = "4711-00042"', "", "needs text or hex, one of them"),
        ('title = "our own label"', "", "title"),
    ],
)
def test_a_file_that_cannot_be_is_refused_with_its_line(folder: Path, changed: str, into: str, complaint: str) -> None:
    path = folder / "labels" / "ours.toml"
    path.write_text(LABEL.replace(changed, into, 1), "utf-8")
    with pytest.raises(ConfigError, match=r"ours\.toml") as refused:
        label_files.load_label(path)
    assert complaint in str(refused.value)


def test_a_label_never_takes_anothers_name(folder: Path) -> None:
    """Neither a shipped one's nor a word that unit_code knows."""
    for name in ("dell-ppid", "structured"):
        path = folder / "labels" / f"{name}.toml"
        path.write_text(LABEL, "utf-8")
        with pytest.raises(ConfigError, match=f"there is a label '{name}' already"):
            label_files.label_paths((folder,))
        path.unlink()


def agent(folder: Path, unit_code: str) -> Path:
    folder = folder / "agent"
    folder.mkdir(exist_ok=True)
    (folder / "plan.toml").write_text(
        'id = "CP-1"\nrevision = "A"\npart = "4711"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
        '[[characteristic]]\nname = "looks"\nkind = "attribute"\n'
    )
    path = folder / "agent.toml"
    path.write_text(
        '[agent]\nid = "pc1"\nsite = "s"\nline = "l"\ndata_dir = "data"\nprofiles = [".."]\n'
        f'[[station]]\nname = "OP10"\nplan = "plan.toml"\nunit_code = "{unit_code}"\n'
    )
    return path


def test_a_station_takes_a_label_by_name_and_check_finds_a_wrong_one(folder: Path) -> None:
    """With the line, and the names there are."""
    found = config.load(agent(folder, "ours"), {})
    assert found.labels["ours"].read("4711-000042") == {"part": "4711", "serial": "000042"}
    with pytest.raises(ConfigError) as refused:
        config.load(agent(folder, "outs"), {})
    [problem] = refused.value.problems
    assert (problem.line, problem.key) == (10, "station[1].unit_code")
    assert "no label 'outs'" in problem.message
    assert "ours" in (problem.there or "")
    (folder / "labels" / "ours.toml").write_text("name = 1")
    with pytest.raises(ConfigError, match=r"ours\.toml"):
        config.load(agent(folder, "ours"), {})
