"""`gaugetrail-agent profiles` and `decode` as a technician types them, with a folder of own profiles."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from gaugetrail_agent import cli
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile.driver import new_profile_text


@dataclass
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """Run the command in this process, its own handling of faults included."""

    def run(*words: str | Path) -> Said:
        monkeypatch.setattr(sys, "argv", ["gaugetrail-agent", *map(str, words)])
        code: object = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = ended.code
        said = capsys.readouterr()
        return Said(code if isinstance(code, int) else 0, said.out, said.err)

    return run


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with one profile of a user's own."""
    folder = tmp_path / "profiles"
    folder.mkdir()
    (folder / "our-bore-gauge.toml").write_text(new_profile_text("our-bore-gauge"), "utf-8")
    return folder


def test_names_of_profiles_and_drivers_share_one_list(agent, own: Path) -> None:
    names = json.loads(agent("profiles", "--json").out)
    assert names == catalogue.driver_names()
    assert {"digimatic-13", "toledo-cont", "scanner"} <= set(names)
    assert "our-bore-gauge" in agent("profiles", "--profiles", own).out.split()


def test_every_profile_is_tested_with_the_users_own(agent, own: Path) -> None:
    said = agent("profiles", "test", "--profiles", own)
    assert said.code == 0, said.err
    assert "ok   our-bore-gauge: 2 of 2 examples" in said.out
    assert "ok   mt-sics: " in said.out


def test_one_profile_is_tested_by_name_or_by_file(agent, own: Path) -> None:
    assert agent("profiles", "test", "our-bore-gauge", "--profiles", own).code == 0
    assert agent("profiles", "test", own / "our-bore-gauge.toml").out == "ok   our-bore-gauge: 2 of 2 examples\n"


def test_example_that_does_not_hold_shows_both_and_fails(agent, own: Path) -> None:
    file = own / "our-bore-gauge.toml"
    file.write_text(file.read_text("utf-8").replace('value = "12.345"', 'value = "12.34"'), "utf-8")
    said = agent("profiles", "test", file)
    assert said.code == 1
    assert "FAIL our-bore-gauge: 1 of 2 examples" in said.out
    assert "expected {'status': 'ok', 'value': '12.34'" in said.out
    assert "got      {'status': 'ok', 'value': '12.345'" in said.out
    assert "1 example doesn't hold" in said.err


def test_broken_profile_names_file_line_key_and_what_is_allowed(agent, own: Path) -> None:
    file = own / "our-bore-gauge.toml"
    file.write_text(file.read_text("utf-8").replace('parity = "none"', 'parity = "nome"'), "utf-8")
    line = file.read_text("utf-8").splitlines().index('parity = "nome"') + 1
    said = agent("profiles", "test", file)
    assert said.code == 78
    assert f"our-bore-gauge.toml:{line}: line.parity:" in said.err
    assert "even" in said.err
    assert "Traceback" not in said.err


def test_profile_of_ones_own_never_shadows_a_shipped_one(agent, own: Path) -> None:
    """Two meanings of one name would make the same bytes two values."""
    (own / "mt-sics.toml").write_text(new_profile_text("mt-sics"), "utf-8")
    said = agent("decode", "--profiles", own, "--profile", "mt-sics", "--hex", "53")
    assert said.code == 78
    assert "there is a driver 'mt-sics' already" in said.err
    assert "give the file and its name another name" in said.err


def test_folder_that_is_none_is_named(agent, tmp_path: Path) -> None:
    said = agent("profiles", "test", "--profiles", tmp_path / "nowhere")
    assert said.code == 78
    assert "nowhere: is no folder" in said.err


def test_shown_profile_is_its_file(agent) -> None:
    text = (catalogue.SHIPPED / "mt-sics.toml").read_text("utf-8")
    assert agent("profiles", "show", "mt-sics").out == text


def test_wrong_name_is_answered_with_the_closest(agent) -> None:
    for words in (
        ("profiles", "show", "digimatic"),
        ("profiles", "test", "digimatic"),
        ("decode", "--profile", "digimatic", "--hex", "00"),
    ):
        said = agent(*words)
        assert said.code == 2, said
        assert (
            "there is no profile or driver 'digimatic'; did you mean digimatic-13? There are digimatic-13, " in said.err
        )


def test_driver_in_python_has_no_file_to_show(agent) -> None:
    said = agent("profiles", "show", "toledo-cont")
    assert said.code == 2
    assert "toledo-cont is a driver in Python" in said.err


def test_file_that_is_not_there_is_named(agent, tmp_path: Path) -> None:
    said = agent("profiles", "test", tmp_path / "gone.toml")
    assert said.code == 78
    assert "gone.toml" in said.err
    assert "Traceback" not in said.err


def test_new_profile_is_printed_ready_to_be_filled_in(agent, tmp_path: Path) -> None:
    said = agent("profiles", "new", "press-force")
    assert said.code == 0
    file = tmp_path / "press-force.toml"
    file.write_text(said.out, "utf-8")
    assert agent("profiles", "test", file).code == 0
    said = agent("profiles", "new", "Press Force")
    assert said.code == 78
    assert "small letters, digits and '-'" in said.err


def test_decode_with_a_profile_of_ones_own(agent, own: Path) -> None:
    said = agent("decode", "--profiles", own, "--profile", "our-bore-gauge", "--hex", "2b31322e333435206d6d0d0a")
    assert said.code == 0
    assert json.loads(said.out)["value"] == "12.345"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--profile", "mt-sics", "--set", "unit"), "'unit' is no setting: write key=value"),
        (("--profile", "mt-sics", "--set", "unit=g", "--set", "unit=kg"), "the setting unit is given twice"),
        (("--profile", "mt-sics", "--set", "colour=red"), "there is no setting 'colour'; there are"),
        (("--profile", "mt-sics", "--driver", "mt-sics"), "say --profile NAME or --driver NAME"),
        ((), "say --profile NAME or --driver NAME"),
        (("--driver", "toledo-cont", "--set", "checksum=maybe"), "it must be 'auto', 'true' or 'false'"),
    ],
)
def test_usage_fault_of_decode_is_a_sentence(agent, words: tuple[str, ...], said: str) -> None:
    answer = agent("decode", "--hex", "53", *words)
    assert answer.code == 2
    assert said in " ".join(answer.err.replace("│", " ").split())


def test_bytes_that_are_no_hex_are_a_usage_fault(agent) -> None:
    answer = agent("decode", "--profile", "mt-sics", "--hex", "5g")
    assert answer.code == 2
    assert "is no hex" in answer.err


def test_ls_shows_maker_models_and_proof_of_what_a_word_names(agent, own: Path) -> None:
    """A word is looked for in name, title, maker and models; drivers in Python are listed beside profiles."""
    said = agent("profiles", "ls", "toledo")
    assert said.code == 0
    assert {line.split()[0] for line in said.out.splitlines()} >= {"mt-sics", "toledo-cont"}
    (row,) = json.loads(agent("profiles", "ls", "ND 281", "--json").out)
    assert (row["name"], row["maker"], row["proof"]) == ("heidenhain-nd", "Heidenhain", "printed")
    nothing = agent("profiles", "ls", "nosuchmaker")
    assert (nothing.code, nothing.out) == (1, "")
    assert "nosuchmaker" in nothing.err
    listed = {one["name"] for one in json.loads(agent("profiles", "ls", "--json", "--profiles", own).out)}
    assert listed == {*catalogue.driver_names(), "our-bore-gauge"}


@pytest.mark.parametrize("name", catalogue.python_drivers())
def test_driver_in_python_is_found_by_its_files_name_and_describes_each_setting(name: str) -> None:
    """No list to edit: a file below drivers/ with Settings and make is a driver."""
    module = catalogue.python_module(name)
    assert (catalogue.HERE / catalogue.driver_file(name)).is_file()
    for key, field in module.Settings.model_fields.items():
        assert field.description, key
    with pytest.raises(catalogue.BadSetting, match=rf"{name}: there is no setting 'colour'.*; there are "):
        catalogue.make_driver(name, {"colour": "red"})
