"""What a newcomer without a clone gets: a wheel that carries examples, and a command that writes them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import cli as agent_cli
from gaugetrail_agent import config as agent_config
from gaugetrail_collector import cli as collector_cli
from gaugetrail_collector import config as collector_config
from gaugetrail_service import examples

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as `make wheel` builds it, unpacked: what an installation has of it."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = Path(sys.executable).parent / "uv"
    subprocess.run([uv, "build", "-q", "--wheel", "--out-dir", folder], cwd=ROOT, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder / "installed")
    return folder / "installed"


def installed(unpacked: Path, folder: Path, program: str, *words: str) -> subprocess.CompletedProcess[str]:
    """A command of the unpacked wheel, far from the clone."""
    script = f"import sys; sys.argv[0] = 'gaugetrail-{program}'; from gaugetrail_{program}.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.processes
def test_the_wheel_writes_examples_that_pass_the_check(unpacked: Path, tmp_path: Path) -> None:
    done = installed(unpacked, tmp_path, "agent", "examples", "begin")
    assert (done.returncode, done.stderr) == (0, "")
    files = sorted(path.relative_to(tmp_path / "begin") for path in (tmp_path / "begin").rglob("*") if path.is_file())
    assert done.stdout == f"{len(files)} files written to begin; settings to begin with: begin/examples\n"
    checked = installed(unpacked, tmp_path, "agent", "check", "-c", "begin/examples/agent.toml")
    assert (checked.returncode, "good" in checked.stdout) == (0, True), checked.stderr
    checked = installed(unpacked, tmp_path, "collector", "check", "-c", "begin/examples/collector.toml")
    assert (checked.returncode, "good" in checked.stdout) == (0, True), checked.stderr
    for path in files:
        assert (tmp_path / "begin" / path).read_bytes() == (ROOT / "config" / path).read_bytes()


@pytest.mark.processes
def test_the_wheel_is_what_the_command_names(unpacked: Path) -> None:
    """What is packed and what is written are two lists; they are the same."""
    packed = {path.relative_to(unpacked / "gaugetrail_service" / "shipped").parts for path in _files(unpacked)}
    named = {Path(name).parts for name in examples.WANTED}
    assert {parts[: len(one)] for parts in packed for one in named if parts[: len(one)] == one} == named
    assert all(any(parts[: len(one)] == one for one in named) for parts in packed)
    dashboards = [parts for parts in packed if parts[:2] == ("grafana", "dashboards")]
    assert len(dashboards) == len(list((ROOT / "config" / "grafana" / "dashboards").glob("*.json")))


def _files(unpacked: Path) -> list[Path]:
    return [path for path in (unpacked / "gaugetrail_service" / "shipped").rglob("*") if path.is_file()]


@pytest.mark.parametrize("app", [agent_cli.app, collector_cli.app], ids=["agent", "collector"])
def test_what_is_there_is_left_as_it_is_and_said(app, tmp_path: Path) -> None:
    """A setter's own settings are not lost to a second look at the examples."""
    mine = tmp_path / "examples" / "agent.toml"
    mine.parent.mkdir()
    mine.write_text("mine")
    done = CliRunner().invoke(app, ["examples", str(tmp_path)])
    assert done.exit_code == 0
    assert done.stdout.splitlines()[1] == "1 file there already and left as it is"
    assert mine.read_text() == "mine"
    again = CliRunner().invoke(app, ["examples", str(tmp_path)])
    assert again.stdout.startswith("0 files written")
    assert "files there already and left as they are" in again.stdout


def test_a_clone_writes_the_same(tmp_path: Path) -> None:
    assert CliRunner().invoke(agent_cli.app, ["examples", str(tmp_path)]).exit_code == 0
    assert agent_config.load(tmp_path / "examples" / "agent.toml", {}).plans
    assert collector_config.load(tmp_path / "examples" / "collector.toml", {}).settings.id
    assert json.loads((tmp_path / "schema" / "record.json").read_text())
    assert tomllib.loads((tmp_path / "plans" / "piston.toml").read_text())


def test_a_folder_that_cant_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(agent_cli.app, ["examples", str(tmp_path / "file")])
    assert (done.exit_code, done.stdout) == (1, "")
    assert "can't be written" in done.stderr
