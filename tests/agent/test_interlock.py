"""The machine at an operator's station: told only what is durable, and stopped by whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from modbus_floor import bus
from station_floor import BORE, Floor, setup
from station_lives import inspected, recorded
from test_reactions import BAD, GOOD

from gaugetrail_agent.drivers.modbus.device import ModbusDevice
from gaugetrail_agent.drivers.modbus.device_settings import ModbusDeviceSettings
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.interlock.machine_code import LAST_NUMBER, MachineCode, next_code
from gaugetrail_agent.interlock.writer import MachineInterlock
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.given.interlock_settings import InterlockTable
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_sim.devices.modbus_units import SimulatedUnit

TABLE = InterlockTable(device="plc", result=10, echo=11, heartbeat=12, coil=3)


class Told:
    """A floor, and what its machine is told after each step."""

    def __init__(self) -> None:
        self.floor = Floor(setup(BORE))
        self.code = MachineCode()

    def after(self, act: Callable[[], object]) -> tuple[ResultCode, int]:
        act()
        self.code = next_code(self.code, self.floor.state)
        return self.code.code, self.code.number


def test_a_part_is_released_by_its_durable_record_alone_until_the_next_one_comes() -> None:
    told = Told()
    floor = told.floor
    assert told.after(lambda: floor.scan("OP-12")) == (ResultCode.NONE, 0)
    assert told.after(lambda: floor.scan("SN000001")) == (ResultCode.NONE, 0)
    assert told.after(lambda: floor.gauge("bore", "74.0", "mm")) == (ResultCode.NONE, 0)
    assert told.after(lambda: recorded(floor)) == (ResultCode.STORED_PASS, 1)
    assert told.after(lambda: floor.gauge("bore", "74.0", "mm")) == (ResultCode.STORED_PASS, 1)
    assert told.after(lambda: floor.scan("SN000002")) == (ResultCode.NONE, 2)
    floor.gauge("bore", "75", "mm")
    assert told.after(lambda: recorded(floor)) == (ResultCode.STORED_FAIL, 3)
    assert told.after(lambda: floor.scan("no unit at all")) == (ResultCode.REJECTED, 4)
    assert told.after(lambda: floor.scan("%LOGOFF")) == (ResultCode.NONE, 5)


def test_two_parts_that_passed_have_two_numbers_and_none_is_0() -> None:
    told = Told()
    told.floor.scan("OP-12")
    told.code = MachineCode(number=LAST_NUMBER)
    assert told.after(lambda: inspected(told.floor, "SN000001", GOOD)) == (ResultCode.STORED_PASS, 1)
    assert told.after(lambda: inspected(told.floor, "SN000002", GOOD)) == (ResultCode.STORED_PASS, 2)
    assert told.after(lambda: inspected(told.floor, "SN000003", BAD)) == (ResultCode.STORED_FAIL, 3)


def test_three_registers_are_three() -> None:
    with pytest.raises(ValueError, match="three registers"):
        InterlockTable(device="plc", result=10, echo=10, heartbeat=12)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 (what a simulated PLC holds, and it tells nobody)
            await asyncio.sleep(0.01)


def test_a_plc_is_told_by_coil_and_registers_and_stops_where_the_agent_ends_or_the_cable_goes(tmp_path: Path) -> None:
    notices: list[Notice | None] = []
    unit = SimulatedUnit()

    async def shift() -> None:
        async with bus("tcp", tmp_path, {1: unit}) as (units, link):
            settings = ModbusDeviceSettings.model_validate({"value": [{"name": "x", "address": 0}]})
            plc = ModbusDevice("plc", link, settings, emit_batch=lambda *_: None, on_state=lambda *_: None)

            async def put(_: str, address: int, value: int, *, coil: bool, verify: bool) -> None:
                await plc.put(address, value, coil=coil, verify=verify)

            machine = MachineInterlock(TABLE, put, lambda _, notice: notices.append(notice))
            floor = Floor(setup(BORE))
            floor.scan("OP-12")
            running = asyncio.create_task(machine.run())
            held = units.memory[1]
            try:
                inspected(floor, "SN000001", GOOD)
                machine.show(display(floor.setup, floor.state))
                await until(lambda: held.coils[3] == 1)
                assert (held.registers[10], held.registers[11]) == (1, 1)
                beat = held.registers[12]
                await until(lambda: held.registers[12] > beat)
                floor.scan("SN000002")
                machine.show(display(floor.setup, floor.state))
                await until(lambda: (held.coils[3], held.registers[10], held.registers[11]) == (0, 0, 2))
                unit.dead = True
                floor.gauge("bore", "74.0", "mm")
                recorded(floor)
                machine.show(display(floor.setup, floor.state))
                await until(lambda: notices[-1] is not None)
                unit.dead = False
                await until(lambda: (held.coils[3], held.registers[11]) == (1, 3) and notices[-1] is None)
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
            await machine.stop()
            assert (held.coils[3], held.registers[10]) == (0, 0)

    asyncio.run(shift())


def test_a_register_that_does_not_keep_what_was_written_is_no_release(tmp_path: Path) -> None:
    async def shift() -> None:
        async with bus("rtu-tcp", tmp_path, {1: SimulatedUnit(keeps_writes=False)}) as (_, link):
            settings = ModbusDeviceSettings.model_validate({"value": [{"name": "x", "address": 0}]})
            plc = ModbusDevice("plc", link, settings, emit_batch=lambda *_: None, on_state=lambda *_: None)
            with pytest.raises(DeviceGone):
                await plc.put(10, 1)

    asyncio.run(shift())
