"""The real agent killed between the commit and the echo: the PLC gets the code all the same, and one record stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, command, until
from modbus_floor import PlcThread

from gaugetrail_sim.devices import plc
from gaugetrail_sim.devices.modbus_units import float_registers, text_registers

CONFIG = """\
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "agent-data"
[mqtt]
host = "127.0.0.1"
port = {mqtt}
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[[device]]
name = "press"
link = "net"
driver = "modbus"
poll_secs = 0.05
trigger = {{ seq = {seq}, result = {result}, echo = {echo} }}
[[device.value]]
name = "serial"
address = {serial}
type = "string[8]"
[[device.value]]
name = "force"
address = {force}
type = "float32"
unit = "kN"
[[station]]
name = "OP40"
mode = "automatic"
device = "press"
plan = "plan.toml"
"""
PLAN = (
    'id = "CP-1"\nrevision = "A"\npart = "PR-1"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
    '[[characteristic]]\nname = "force"\nunit = "kN"\nlsl = "10"\nusl = "20"\ndevice = "press"\nchannel = "force"\n'
)


@pytest.fixture
def press() -> Iterator[PlcThread]:
    press = PlcThread()
    yield press
    press.close()


@pytest.mark.processes
def test_a53_an_agent_killed_between_commit_and_echo_answers_from_its_log(press: PlcThread, tmp_path: Path) -> None:
    memory = press.units.memory[1].registers
    press.units.units[1].lacks = frozenset({6, 16})  # it can't be written: the answer never gets there
    (tmp_path / "plan.toml").write_text(PLAN)
    with Floor(tmp_path) as floor:
        (tmp_path / "agent.toml").write_text(
            CONFIG.format(
                mqtt=floor.mqtt_port,
                port=press.port,
                seq=plc.SEQ,
                result=plc.RESULT,
                echo=plc.ECHO,
                serial=plc.SERIAL,
                force=plc.FORCE,
            )
        )
        run = (command("gaugetrail-agent"), "run", "--config", str(tmp_path / "agent.toml"))
        floor.start("agent", *run)
        until(lambda: "ready: pc1" in floor.log("agent"), "the agent is ready")
        memory[plc.SERIAL : plc.SERIAL + 8] = text_registers("SN004711", 8)
        memory[plc.FORCE : plc.FORCE + 2] = float_registers(15.5)
        memory[plc.SEQ] = 1
        until(
            lambda: "the answer 1 to 1 is not out" in floor.log("agent"),
            "the record is committed, the answer is not out",
        )
        floor.kill("agent")
        assert memory[plc.ECHO] == 0
        press.units.units[1].lacks = frozenset()
        floor.start("agent", *run)
        until(lambda: memory[plc.ECHO] == 1, "the PLC has its echo")
        assert memory[plc.RESULT] == plc.STORED_PASS
        assert floor.waiting() == 1
        floor.stop("agent")
