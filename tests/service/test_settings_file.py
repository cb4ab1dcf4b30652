"""Which settings file a command reads where none is named, and what it says where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import cli as agent_cli
from gaugetrail_agent import commands as agent_commands
from gaugetrail_collector import cli as collector_cli
from gaugetrail_collector import commands as collector_commands
from gaugetrail_contract.problems import ConfigError
from gaugetrail_service import settings_file

# Loaded before any test puts a folder in the place of /etc/gaugetrail: their helps name it.
assert agent_commands.ConfigFile != collector_commands.ConfigFile
APPS = {"agent": agent_cli.app, "collector": collector_cli.app}


@pytest.fixture(params=["agent", "collector"])
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def etc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in the place of `/etc/gaugetrail`, and no variable."""
    monkeypatch.setattr(settings_file, "FOLDER", tmp_path / "etc")
    monkeypatch.delenv(settings_file.VARIABLE, raising=False)
    (tmp_path / "etc").mkdir()
    return tmp_path / "etc"


def example(name: str, path: Path) -> Path:
    """Settings that are read without a fault."""
    if name == "agent":
        path.write_text(f'[agent]\nid = "{path.parent.name}"\nsite = "s"\nline = "l"\ndata_dir = "d"\n')
    else:
        path.write_text(f'id = "{path.parent.name}"\ndata_dir = "d"\n[mqtt]\n[store]\nkind = "sqlite"\npath = "s.db"\n')
    return path


def checked(name: str, *words: str, env: dict[str, str] | None = None) -> str:
    done = CliRunner().invoke(APPS[name], ["check", *words], env=env)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_installed_file_is_read_where_none_is_named(name: str, etc: Path) -> None:
    path = example(name, etc / f"{name}.toml")
    assert checked(name).startswith(f"{path}: good.")


def test_the_variable_goes_before_the_installed_file_and_the_option_before_both(
    name: str, etc: Path, tmp_path: Path
) -> None:
    example(name, etc / f"{name}.toml")
    by_variable, by_option = example(name, tmp_path / "variable.toml"), example(name, tmp_path / "option.toml")
    env = {settings_file.VARIABLE: str(by_variable)}
    assert checked(name, env=env).startswith(f"{by_variable}: good.")
    assert checked(name, "-c", str(by_option), env=env).startswith(f"{by_option}: good.")


@pytest.mark.parametrize(("value", "words"), [(None, "is not set"), ("", "is empty")])
def test_where_there_is_none_it_says_where_it_looked(
    name: str, value: str | None, words: str, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 78 at the door (`run` of the frame): systemd doesn't start a service without settings again."""
    if value is not None:
        monkeypatch.setenv(settings_file.VARIABLE, value)
    done = CliRunner().invoke(APPS[name], ["status" if name == "collector" else "key"])
    assert isinstance(done.exception, ConfigError)
    said = str(done.exception)
    assert f"no -c FILE is given, GAUGETRAIL_CONFIG {words}, and there is no {etc / name}.toml" in said
    assert f"gaugetrail-{name} examples DIR" in said


def test_a_variable_that_leads_nowhere_is_no_silent_default(name: str, etc: Path, tmp_path: Path) -> None:
    """What was asked for isn't there: the installed file is not taken in its place."""
    example(name, etc / f"{name}.toml")
    env = {settings_file.VARIABLE: str(tmp_path / "none.toml")}
    done = CliRunner().invoke(APPS[name], ["status" if name == "collector" else "key"], env=env)
    assert isinstance(done.exception, ConfigError)
    assert f"{tmp_path / 'none.toml'}: can't be read" in str(done.exception)


def test_help_tells_the_default(name: str) -> None:
    said = " ".join(CliRunner().invoke(APPS[name], ["check", "--help"]).output.split())
    assert "GAUGETRAIL_CONFIG" in said
    assert f"/etc/gaugetrail/{name}.toml" in said
