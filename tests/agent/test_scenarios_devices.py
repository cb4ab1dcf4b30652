"""What devices on a line do to us, by the number that each failure has in the list that the product is held against.

Modbus answers that must not be taken (24-28, 47, 50) stand in test_modbus_link.py, one refused address (23) in
test_modbus_device.py, specials and digits (32, 33) in test_registers.py, frames of gauges (29) in
test_scenarios_frames.py; here is what a device does over time.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from modbus_floor import Polled, bus, eventually, registers_reply, rtu, value

from gaugetrail_agent.links import serial_port
from gaugetrail_agent.links.serial_port import PortInfo
from gaugetrail_agent.reading import Status
from gaugetrail_sim.devices.modbus_bus import BusUnits
from gaugetrail_sim.devices.modbus_units import SimulatedUnit
from gaugetrail_sim.devices.ptys import LinePort, PtyPort

pytestmark = pytest.mark.waits


class PlcWithPower:
    """A PLC whose power goes: refused, silent while it boots, alive."""

    def __init__(self) -> None:
        self.state = "on"
        self.served = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def on(self) -> None:
        self.state = "on"
        if self._server is None:
            self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def off(self, *, listening: bool = False) -> None:
        """Connections are reset; without `listening` new ones are refused, with it they are taken and stay silent."""
        self.state = "booting"
        if self._server is not None and not listening:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while request := await reader.read(100):
                if self.state == "on":
                    self.served += 1
                    writer.write(registers_reply(request, [self.served & 0xFFFF]))
        except ConnectionError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


def test_scenario_21_polling_goes_on_within_two_cycles_of_each_of_twenty_power_cycles() -> None:
    """Reset, silent boot, slow boot, in turns. Two cycles: at most two further tries fail once the PLC is up."""
    from modbus_floor import tcp

    async def session() -> None:
        plc = PlcWithPower()
        await plc.on()
        link = tcp(plc.port, timeout_secs=0.15)
        async with Polled(link, poll_secs=0.1, value=[value("a", 0)]) as press:
            await press.polls(1)
            for cycle in range(20):
                tried = press.device.state.unanswered
                await plc.off(listening=cycle % 2 == 1)
                outage = 1 + cycle % 3
                await eventually(lambda least=tried + outage: press.device.state.unanswered >= least, "it is noticed")
                assert not press.device.state.up
                polled = len(press.batches)
                tried = press.device.state.unanswered
                await plc.on()
                await eventually(lambda least=polled: len(press.batches) > least, "it is polled again")
                assert press.device.state.unanswered - tried <= 2
                assert press.device.state.up
        await link.close()
        await plc.off()

    asyncio.run(session())


def test_scenario_22_two_dead_of_eight_on_a_bus_leave_the_others_nine_tenths_of_their_rate(tmp_path: Path) -> None:
    """At 19,200 baud with the real time that a frame takes; requests to each unit are counted on the bus itself. The
    best of ten: a busy machine takes from the rate what the dead don't, in many tries one after the other.
    """

    async def session(name: str) -> float:
        units = {number: SimulatedUnit(dead=number in (3, 6)) for number in range(1, 9)}
        there = BusUnits(units)
        line = LinePort(tmp_path / name, baud=19200)
        there.open(line)
        link = rtu(line.path, timeout_secs=0.4, parity="none")
        devices = [
            Polled(link, f"unit{number}", unit_id=number, poll_secs=0.5, value=[value("a", 0, "uint16[10]")])
            for number in units
        ]
        async with asyncio.TaskGroup() as group:
            for one in devices:
                await group.create_task(one.__aenter__())
        living = [one for number, one in enumerate(devices, 1) if number not in (3, 6)]
        began = asyncio.get_running_loop().time()
        await eventually(lambda: all(len(one.batches) >= 12 for one in living), "twelve polls of each of the six")
        points = (asyncio.get_running_loop().time() - began) / 0.5
        for one in devices:
            await one.__aexit__()
        await link.close()
        await there.close()
        assert line.garbled == 0
        assert all(one.states[-1].up for one in living)
        assert not any(one.states[-1].up for one in devices if one not in living)
        assert there.requests[3] + there.requests[6] <= 8  # tried ever more rarely
        return (min(len(one.batches) for one in living) + 1) / points

    assert any(asyncio.run(session(f"bus{number}")) >= 0.9 for number in range(10))


def test_two_silent_units_behind_a_gateway_cost_the_others_nothing(tmp_path: Path) -> None:
    async def session() -> None:
        units = {number: SimulatedUnit(dead=number in (1, 2)) for number in range(1, 9)}
        async with bus("tcp", tmp_path, units, timeout_secs=5) as (_, link):
            devices = [
                Polled(link, f"unit{number}", unit_id=number, poll_secs=0.25, value=[value("a", 0)]) for number in units
            ]
            for one in devices:
                await one.__aenter__()
            began = asyncio.get_running_loop().time()
            await eventually(lambda: all(len(one.batches) >= 12 for one in devices[2:]))
            points = (asyncio.get_running_loop().time() - began) / 0.25
            for one in devices:
                await one.__aexit__()
            assert min(len(one.batches) for one in devices[2:]) >= 0.9 * points - 1

    asyncio.run(session())


def test_scenario_30_an_adapter_replugged_under_another_name_is_found_by_its_serial_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The RS-485 adapter comes back as another tty; the settings name it by USB id, and polling goes on."""
    plugged: list[PortInfo] = []
    monkeypatch.setattr(serial_port, "installed_ports", lambda: plugged)
    monkeypatch.setattr(serial_port.resolve, "__defaults__", (lambda: plugged,))

    def plug(name: str) -> PtyPort:
        port = PtyPort(tmp_path / name)
        there.open(port)
        plugged[:] = [PortInfo(str(port.path), "USB-RS485", 0x0403, 0x6001, "A50285BI")]
        return port

    there = BusUnits({1: SimulatedUnit()})

    async def session() -> None:
        port = plug("ttyUSB0")
        link = rtu(Path("usb:0403:6001:A50285BI"), timeout_secs=0.3)
        async with Polled(link, poll_secs=0.1, value=[value("a", 0)]) as press:
            await press.polls(2)
            port.close()
            plugged.clear()
            await eventually(lambda: "no such port" in press.detail, "the gap is named")
            polled = len(press.batches)
            port = plug("ttyUSB7")
            await press.polls(2)
            assert len(press.batches) > polled
        await link.close()
        port.close()

    asyncio.run(session())


def test_scenario_31_numbers_that_are_names_stay_text_from_the_registers_on(tmp_path: Path) -> None:
    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            memory = there.memory[1].registers
            memory[0:4] = [0x3030, 0x3031, 0x3233, 0x3435]
            memory[4:6] = [0x3145, 0x3500]
            values = [value("serial", 0, "string[4]"), value("part", 4, "string[2]")]
            async with Polled(link, poll_secs=0.1, value=values) as press:
                await press.polls(1)
            serial, part = press.batches[0].readings
            assert (serial.text, serial.value, part.text, part.value) == ("00012345", None, "1E5", None)

    asyncio.run(session())


def test_scenario_34_what_was_read_before_an_outage_is_never_given_again(tmp_path: Path) -> None:
    """While the unit is silent nothing comes out at all; its state says since when and why."""

    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}, timeout_secs=0.1) as (there, link):
            there.memory[1].registers[0] = 77
            async with Polled(link, poll_secs=0.05, value=[value("a", 0)]) as press:
                await press.polls(1)
                there.units[1].dead = True
                await eventually(lambda: press.device.state.unanswered >= 1)
                polled, last = len(press.batches), press.device.state.last_reading
                await eventually(lambda: press.device.state.unanswered >= 4)
                assert (len(press.batches), press.device.state.last_reading) == (polled, last)
                assert not press.device.state.up
                assert "unit 1 doesn't answer in 0.1 s" in press.detail
                there.memory[1].registers[0] = 78
                there.units[1].dead = False
                await press.polls(1)
                assert press.last() == {"a": "78"}

    asyncio.run(session())


def test_a_value_that_cannot_be_read_now_is_a_status_and_no_number(tmp_path: Path) -> None:
    """Refused, a sentinel, no digit, not a number: four readings without a value beside one with."""

    async def session() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit(refused=frozenset({9}))}) as (there, link):
            there.memory[1].registers[:6] = [5, 0x8000, 0xABCD, 0x7FC0, 0, 0]
            values = [
                value("good", 0),
                value("none", 1, sentinel=["0x8000"]),
                value("bcd", 2, "bcd16"),
                value("nan", 3, "float32"),
                value("refused", 9),
            ]
            async with Polled(link, poll_secs=0.1, value=values) as press:
                await press.polls(1)
            found = {reading.channel: (reading.status, reading.value) for reading in press.batches[0].readings}
            assert found == {
                "good": (Status.OK, "5"),
                "none": (Status.NO_VALUE, None),
                "bcd": (Status.GARBLED, None),
                "nan": (Status.NO_VALUE, None),
                "refused": (Status.ERROR, None),
            }

    asyncio.run(session())


def test_a_wrong_baud_rate_is_no_value_and_is_told_from_silence(tmp_path: Path) -> None:
    async def session() -> None:
        there = BusUnits({1: SimulatedUnit()})
        line = LinePort(tmp_path / "bus", baud=9600)
        there.open(line)
        link = rtu(line.path, timeout_secs=0.2, baud=19200, parity="none")
        async with Polled(link, poll_secs=0.1, value=[value("a", 0)]) as press:
            await eventually(lambda: press.device.state.unanswered >= 2)
            assert press.batches == []
        assert line.garbled >= 2
        await link.close()
        line.baud = 19200
        link = rtu(line.path, baud=19200, parity="none")
        async with Polled(link, poll_secs=0.1, value=[value("a", 0)]) as press:
            await press.polls(1)
        await link.close()
        await there.close()

    asyncio.run(session())
