"""`check` names what shares a gauge, and says nothing where channels tell values apart."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from gaugetrail_agent import config as configuration
from gaugetrail_agent.cli import app
from gaugetrail_agent.doubts.gauge_sharing import shared_gauges

AGENT = """
[agent]
id = "pc"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "port"
kind = "serial"
port = "/dev/ttyUSB0"
[[device]]
name = "bore"
link = "port"
driver = "digimatic-13"
"""
STATION = '[[station]]\nname = "{name}"\nplan = "{name}.toml"\n'
PLAN = 'id = "CP-1"\nrevision = "A"\npart = "P"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'


def written(folder: Path, **plans: list[tuple[str, str]]) -> Path:
    """Stations by name, each with its characteristics and what else stands there of them."""
    file = folder / "agent.toml"
    file.write_text(AGENT + "".join(STATION.format(name=name) for name in plans))
    for name, characteristics in plans.items():
        tables = (f'[[characteristic]]\nname = "{what}"\n{more}\n' for what, more in characteristics)
        (folder / f"{name}.toml").write_text(PLAN + "".join(tables))
    return file


def warnings(file: Path) -> list[str]:
    return [str(problem).partition("warning: ")[2] for problem in shared_gauges(configuration.load(file, {}))]


def test_two_characteristics_on_one_gauge_are_named(tmp_path: Path) -> None:
    bore = 'device = "bore"'
    file = written(tmp_path, OP10=[("top", bore), ("bottom", bore), ("looks", 'kind = "attribute"')])
    (warning,) = warnings(file)
    assert warning.startswith("station[1].plan: 'bore' measures top and bottom: only their order tells the two values")
    answer = CliRunner().invoke(app, ["check", "--config", str(file), "--json"])
    assert answer.exit_code == 0, "a warning is no fault"
    assert warning.partition(": ")[2] in [p["message"] for p in json.loads(answer.stdout)["problems"]]


def test_channels_tell_values_apart_but_not_from_one_without(tmp_path: Path) -> None:
    one, two, any_channel = ('device = "bore"\nchannel = "1"', 'device = "bore"\nchannel = "2"', 'device = "bore"')
    assert warnings(written(tmp_path, OP10=[("top", one), ("bottom", two)])) == []
    assert len(warnings(written(tmp_path, OP10=[("top", one), ("bottom", any_channel)]))) == 1
    assert len(warnings(written(tmp_path, OP10=[("top", one), ("bottom", one)]))) == 1


def test_two_stations_with_one_gauge_are_named(tmp_path: Path) -> None:
    bore = 'device = "bore"'
    (warning,) = warnings(written(tmp_path, OP10=[("top", bore)], OP20=[("top", bore)]))
    assert warning.startswith("station[2].plan: OP10 and OP20 both measure with 'bore': a value goes to the unit")
