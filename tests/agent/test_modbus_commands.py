"""Commissioning a Modbus device: `check --probe` names what it refuses, `read --all-orders` shows values four ways."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gaugetrail_agent.cli import app

PLC = """\
import asyncio
from gaugetrail_sim.devices.modbus_bus import BusUnits
from gaugetrail_sim.devices.modbus_units import SimulatedUnit

async def serve():
    there = BusUnits({1: SimulatedUnit(refused=frozenset({40}))}, "tcp")
    there.memory[1].registers[10:12] = [0x0000, 0x4178]
    there.memory[1].registers[20:24] = [0x0603, 0x4142, 0x4358, 0x5858]
    print(await there.serve(), flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""
CONFIG = """\
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[[device]]
name = "press"
link = "net"
driver = "modbus"
numbering = "modicon"
[[device.value]]
name = "force"
address = 40011
type = "float32"
[[device.value]]
name = "depth"
address = 40041
"""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    process = subprocess.Popen([sys.executable, "-c", PLC], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    path = tmp_path / "agent.toml"
    path.write_text(CONFIG.format(port=int(process.stdout.readline())))
    yield path
    process.terminate()
    process.wait(10)
    process.stdout.close()


def asked(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_scenario_23_check_names_the_address_that_the_unit_refuses(config: Path) -> None:
    done = asked("check", "--probe", "--config", str(config))
    assert done.exit_code == 0
    assert "press gives no depth at 40041: exception 2: illegal address" in done.stderr
    assert "force" not in done.stderr


def test_check_names_the_type_of_a_text_that_is_no_plain_one(config: Path) -> None:
    serial = '[[device.value]]\nname = "serial"\naddress = 40021\ntype = "string[4]"\n'
    config.write_text(config.read_text() + serial)
    done = asked("check", "--probe", "--config", str(config))
    assert done.exit_code == 0
    assert "press gives no serial at 40021: this begins as a Siemens STRING does" in done.stderr
    assert "say s7string[4]" in done.stderr


def test_all_orders_shows_a_values_own_registers_without_what_stands_beside_it(config: Path) -> None:
    text = config.read_text().replace("address = 40011\n", "address = 40011\ndecimals_at = 40009\n")
    config.write_text(text)
    done = asked("read", "press", "--all-orders", "--config", str(config))
    lines = done.stdout.splitlines()
    assert "force at 40011: 0x0000 0x4178" in lines
    assert "(denormal" in next(line for line in lines if line.startswith("  * byte big, word big"))


def test_a_live_value_is_shown_in_all_four_orders_with_the_set_one_marked(config: Path) -> None:
    done = asked("read", "press", "--all-orders", "--config", str(config))
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "force at 40011: 0x0000 0x4178" in lines
    assert any(line.startswith("  * byte big, word big") for line in lines)
    assert any(line.split() == ["byte", "big,", "word", "little", "15.5"] for line in lines)
    assert "depth at 40041: refused" in lines
    shown = json.loads(asked("read", "press", "--all-orders", "--json", "--config", str(config)).stdout.splitlines()[0])
    assert shown["ways"]["byte big, word little"]["value"] == 15.5


def test_a_unit_that_does_not_answer_is_a_warning_with_its_reason(config: Path) -> None:
    config.write_text(config.read_text().replace('driver = "modbus"', 'driver = "modbus"\nunit_id = 9'))
    done = asked("check", "--probe", "--config", str(config))
    assert done.exit_code == 0
    assert "press: 127.0.0.1" in done.stderr
    assert "unit 9 doesn't answer" in done.stderr
