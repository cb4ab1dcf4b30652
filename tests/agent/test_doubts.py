"""What `check` doubts: units that nobody knows or that differ, odd baud rates. Each is a warning with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import config as configuration
from gaugetrail_agent.cli import app
from gaugetrail_agent.doubts.odd_settings import BAUD_RATES, doubts
from gaugetrail_contract.settings import ConfigError

AGENT = """\
[agent]
id = "pc"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "port"
kind = "serial"
port = "/dev/ttyUSB0"
baud = {baud}
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
[[device]]
name = "bore"
link = "port"
driver = "digimatic-13"
gauge = "G-1"
settings = {{ unit = "{gauge_unit}" }}
[[device]]
name = "press"
link = "net"
driver = "modbus"
gauge = "{gauge}"
[[device.value]]
name = "serial"
address = 10
type = "string[8]"
[[device.value]]
name = "force"
address = 18
{force}
[[station]]
name = "OP10"
plan = "plan.toml"
[[station.wiring]]
characteristic = "bore"
device = "bore"
[[station.wiring]]
characteristic = "force"
device = "press"
channel = "force"
"""
PLAN = """\
id = "CP-1"
revision = "A"
part = "PR-1"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "bore"
unit = "{bore}"
[[characteristic]]
name = "force"
unit = "kN"
{reaction}
"""

UNIT_AT = 'unit_at = { address = 20, units = { 0 = "%s", 1 = "%s" } }'


def write(folder: Path, **more: str) -> Path:
    facts = {
        "baud": "9600",
        "gauge_unit": "mm",
        "gauge": "G-2",
        "force": 'unit = "kN"',
        "bore": "mm",
        "reaction": "",
    } | more
    (folder / "plan.toml").write_text(PLAN.format(**facts), "utf-8")
    file = folder / "agent.toml"
    file.write_text(AGENT.format(**facts), "utf-8")
    return file


def said(folder: Path, **more: str) -> list[str]:
    return [str(problem) for problem in doubts(configuration.load(write(folder, **more), {}))]


def test_nothing_is_doubted_where_all_fits(tmp_path: Path) -> None:
    assert said(tmp_path) == []


@pytest.mark.parametrize(
    ("more", "line", "message"),
    [
        ({"baud": "9660"}, 10, "9660 is no usual baud rate; did you mean 9600?"),
        ({"force": 'unit = "kn"'}, 33, "the unit 'kn' is not known here; did you mean kN?"),
        ({"force": 'unit = "N"'}, 33, "press (force) measures in N, and the plan of OP10 wants force in kN"),
        ({"force": UNIT_AT % ("N", "lbf")}, 33, "(force) measures in N, lbf, and the plan of OP10 wants force in kN"),
        ({"force": UNIT_AT % ("kN", "zz")}, 33, "the unit 'zz' is not known here"),
        ({"force": ""}, 30, "press gives force no unit; the plan of OP10 wants kN; a value without one is not judged"),
        ({"gauge_unit": "in"}, 20, "bore measures in in, and the plan of OP10 wants bore in mm"),
    ],
)  # fmt: skip
def test_what_can_hardly_be_meant_is_a_warning_at_its_line(
    tmp_path: Path, more: dict[str, str], line: int, message: str
) -> None:
    (warning, *others) = [one for one in said(tmp_path, **more) if message in one]
    assert not others
    assert f"agent.toml:{line}: warning: " in warning


def test_a_plans_own_unit_is_doubted_too(tmp_path: Path) -> None:
    assert any("plan.toml: warning: characteristic bore: the unit 'mmm'" in one for one in said(tmp_path, bore="mmm"))


def test_a_unit_from_a_register_that_can_be_the_plans_is_no_doubt(tmp_path: Path) -> None:
    assert said(tmp_path, force=UNIT_AT % ("N", "kN")) == []
    assert said(tmp_path, force="unit_at = 20") == []


@pytest.mark.parametrize("baud", BAUD_RATES)
def test_a_usual_baud_rate_is_none(tmp_path: Path, baud: int) -> None:
    assert said(tmp_path, baud=str(baud)) == []


def test_what_a_quality_engineer_would_ask_about_the_plan_is_said(tmp_path: Path) -> None:
    """Once for a plan, at its line; a plan's own devices are read as ever."""
    (warning,) = said(tmp_path, reaction='usl = "5"')
    assert "plan.toml: warning: no reaction is planned for force" in warning
    (warning,) = said(tmp_path, reaction='lsl = "1.00"\nusl = "1.05"\nresolution = "0.01"\nreaction = "stop"')
    assert "plan.toml:14: warning: characteristic[2].resolution: force: steps of 0.01 are coarser than" in warning


@pytest.mark.parametrize(
    ("resolution", "unit", "named"), [("0.006", "kN", 1), ("0.005", "kN", 0), ("0.006", "", 1), ("0.006", "N", 0)]
)
def test_a_gauge_that_is_too_coarse_for_the_tolerance_is_named(
    tmp_path: Path, resolution: str, unit: str, named: int
) -> None:
    """What another unit's steps come to is not known here."""
    file = write(tmp_path, reaction='lsl = "1.00"\nusl = "1.05"\nreaction = "stop"')
    file.write_text(file.read_text().replace("[agent]\n", '[agent]\ngauges = "gauges.csv"\n'))
    register = f"id,calibration_due,status,resolution,unit\nG-2,2099-01-01,active,{resolution},{unit}\n"
    (tmp_path / "gauges.csv").write_text(register)
    found = [str(one) for one in doubts(configuration.load(file, {}))]
    told = f"G-2 resolves {resolution}, which is coarser than a tenth of the tolerance of force at OP10, 0.05"
    assert len([one for one in found if told in one]) == named == len(found)


def test_check_prints_them_and_the_settings_are_good_all_the_same(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["check", "--config", str(write(tmp_path, baud="9660"))])
    assert done.exit_code == 0
    assert "did you mean 9600?" in done.stderr
    assert done.stdout.endswith(", 4 warnings\n"), "the others: no collector's key, no people list, the plan a file"


def test_one_inventory_number_on_two_devices_is_a_fault(tmp_path: Path) -> None:
    """The calibration of one gauge would stand in the records of the other."""
    with pytest.raises(ConfigError) as caught:
        configuration.load(write(tmp_path, gauge="G-1"), {})
    (problem,) = caught.value.problems
    assert (problem.line, problem.key, problem.warning) == (25, "device[2].gauge", False)
    assert "the inventory number 'G-1' is that of 'bore' already" in problem.message
