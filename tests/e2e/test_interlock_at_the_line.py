"""A machine at an operator's station: released by a record on the disk, and by nothing once the agent is dead."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, Operator, until
from line_pc import write_agent, write_plan
from modbus_floor import PlcThread

from gaugetrail_agent.spool import visit

pytestmark = [pytest.mark.processes, pytest.mark.waits]

TABLES = """
[[link]]
name = "net"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[[device]]
name = "machine"
link = "net"
driver = "modbus"
[[device.value]]
name = "parts"
address = 50
type = "uint16"
[[station]]
name = "OP10"
plan = "plan.toml"
badge_pattern = "OP-[0-9]+"
unit_pattern = "SN[0-9]+"
[station.interlock]
device = "machine"
heartbeat = 10
result = 11
echo = 12
coil = 3
"""


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with Floor(tmp_path) as made:
        yield made


def test_a_machine_runs_for_a_recorded_pass_and_stands_for_all_else(floor: Floor) -> None:
    """No broker is needed. What the PLC's program sees is read where it sees it."""
    plc = PlcThread()
    memory = plc.units.memory[1]
    try:
        write_plan(floor, '[[characteristic]]\nname = "depth"\nunit = "mm"\nlsl = "1"\nusl = "2"\ncapture = "typed"\n')
        write_agent(floor, TABLES.format(port=plc.port))
        floor.agent()
        operator = Operator(floor)
        operator.log_on()
        operator.inspect("SN1")
        until(lambda: (memory.registers[11], memory.coils[3]) == (1, 1), "it is released")
        sealed, _ = visit.entries(floor.folder / "agent-data" / "spool.db", "waiting", 10)
        assert [one.head()["verdict"] for one in sealed if one.head()["kind"] == "inspection"] == ["pass"]
        operator.type("SN2")
        until(lambda: (memory.registers[11], memory.coils[3]) == (0, 0), "the next unit takes it back")
        operator.type("9")
        until(lambda: (memory.registers[11], memory.coils[3]) == (2, 0), "a fail releases none")
        operator.type("bumper")
        until(lambda: (memory.registers[11], memory.coils[3]) == (4, 0), "a wrong part stops")
        operator.inspect("SN3")
        until(lambda: memory.coils[3] == 1, "it is released again")
        operator.close()
        floor.kill("agent")
        beat = memory.registers[10]
        floor.agent()
        until(lambda: memory.coils[3] == 0, "what an agent that died had released is taken back by the next")
        until(lambda: memory.registers[10] != beat, "and the heart beats again")
    finally:
        plc.close()
