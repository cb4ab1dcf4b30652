"""A driver that fails in our own code: shown as down, counted, said with its traceback, and tried as others are."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from modbus_floor import Polled, bus, eventually, value
from scripted_link import Bench, LineDriver, ScriptedLink

from gaugetrail_agent.drivers import Action
from gaugetrail_agent.drivers.modbus.values import ValueReader
from gaugetrail_agent.drivers.stream import DeviceState, StreamDevice
from gaugetrail_agent.errors import DeviceGone, DriverFault
from gaugetrail_agent.health.report import Health
from gaugetrail_agent.links.wedge import KeyEvent, WedgeLink
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.figures import AGENT_FIGURES, agent_parts
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.status import AgentStatus, SpoolStatus
from gaugetrail_service.web.metrics import Metrics
from gaugetrail_sim.devices.modbus_units import SimulatedUnit


class FaultyDriver(LineDriver):
    """Raises what no driver should, wherever `at` says, so many `times`."""

    def __init__(self, at: str, times: int = 1_000_000) -> None:
        super().__init__(tick_secs=1.0)
        self.at = at
        self.times = times

    def _fail(self, where: str) -> None:
        if where == self.at and self.times > 0:
            self.times -= 1
            raise KeyError(f"{where} {self.times}")

    def opened(self) -> Sequence[Action]:
        self._fail("opened")
        return super().opened()

    def received(self, data: bytes) -> Sequence[Action]:
        self._fail("received")
        return super().received(data)

    def quiet(self) -> Sequence[Action]:
        self._fail("quiet")
        return super().quiet()

    def ask(self, channel: str | None = None) -> Sequence[Action]:
        self._fail("ask")
        return super().ask(channel)

    def ticked(self, now: float) -> Sequence[Action]:
        self._fail("ticked")
        return super().ticked(now)


HOOKS = ["opened", "received", "quiet", "ask", "ticked"]


def document(name: str, state: DeviceState) -> AgentStatus:
    """What the agent says of itself while a device is in that state."""
    health = Health("pc1", FixedClock(), "ab" * 32)
    health.devices[name] = state
    return health.document(SpoolStatus(epoch="abcdefgh", last_seq=0, waiting=0, bytes=0))


def assert_shown(name: str, state: DeviceState) -> None:
    """Status, readiness and figures all tell of it."""
    told = document(name, state)
    assert not told.devices[name].up
    assert "a fault of ours" in told.devices[name].detail
    assert told.devices[name].faults >= 1
    assert agent_parts(told)["devices"].state == "failed"
    metrics = Metrics("agent", AGENT_FIGURES, agent_parts)
    metrics.tell(told)
    page = metrics.answer("/metrics")[2].decode()
    assert f'gaugetrail_agent_device_faults_total{{device="{name}"}} {float(state.faults)}' in page
    assert f'gaugetrail_agent_device_up{{device="{name}"}} 0.0' in page


@pytest.mark.parametrize("hook", HOOKS)
def test_a_stream_driver_that_raises_is_down_counted_and_tried_ever_more_rarely(
    hook: str, caplog: pytest.LogCaptureFixture
) -> None:
    frames: list[tuple[float, bytes | str]] = [(at, b"1") for at in range(2, 100)]
    bench = Bench(ScriptedLink(frames, end=100), FaultyDriver(hook))
    with caplog.at_level(logging.INFO):
        device = bench.run(poll_secs=1.0)
    assert_shown("bore", device.state)
    assert device.state.faults == len(bench.link.pauses) > 3
    assert bench.link.pauses[:4] == [1, 2, 4, 8]
    assert "FaultyDriver._fail (KeyError)" in device.state.detail
    assert len(bench.link.opened) > 3, "it goes on being tried"
    faults = [record for record in caplog.records if vars(record).get("event") == "driver_fault"]
    assert 1 <= len(faults) < device.state.faults
    assert all(record.exc_info is not None and isinstance(record.exc_info[1], KeyError) for record in faults)


@pytest.mark.parametrize("hook", ["opened", "received", "quiet", "ticked"])
def test_after_a_fault_the_device_is_down_until_a_frame_is_understood(hook: str) -> None:
    """An open port proves nothing: a driver that fails at each frame would show as up in between."""
    bench = Bench(ScriptedLink([(2, b"1"), (20, b"2\r"), (21, b"3\r")], end=30), FaultyDriver(hook, times=1))
    device = bench.run()
    failed = next(place for place, state in enumerate(bench.states) if state.faults)
    again = next(place for place, state in enumerate(bench.states) if state.up and place > failed)
    assert all(not state.up and state.detail for state in bench.states[failed:again])
    assert bench.states[again].since == 20
    assert (device.state.up, device.state.detail, device.state.faults) == (True, "", 1)
    assert bench.values[-1] == "3"


def test_a_station_that_asks_is_told_that_the_device_is_gone() -> None:
    """Nothing of ours goes up into the station; the listener closes the link and opens it again."""

    async def asked() -> None:
        bench = Bench(ScriptedLink([], end=1e9), FaultyDriver("ask", times=1))
        device = bench.device()
        running = asyncio.create_task(device.run())
        await eventually(lambda: device.state.up)
        with pytest.raises(DeviceGone, match="a fault of ours"):
            await device.ask()
        await eventually(lambda: len(bench.link.opened) == 2)
        await device.ask()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert device.state.faults == 1

    asyncio.run(asked())


class Listener(LineDriver):
    """Greets nobody, as a keyboard takes nothing."""

    def opened(self) -> Sequence[Action]:
        return ()


class FaultyKeys:
    """A keyboard whose events our translation trips over."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def grab(self) -> None:
        """Nobody else has it."""

    def read(self) -> list[KeyEvent]:
        raise IndexError("our own")

    def close(self) -> None:
        """Nothing to give back."""


def test_a_wedge_that_trips_in_our_own_code_is_down_and_counted() -> None:
    async def scanned() -> DeviceState:
        reader, writer = os.pipe()
        os.write(writer, b"x")
        link = WedgeLink("/dev/input/event7", opener=lambda path: FaultyKeys(reader))
        device = StreamDevice("scanner", link, Listener(), emit=lambda *_: None, on_state=lambda *_: None)
        running = asyncio.create_task(device.run())
        await eventually(lambda: device.state.faults)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        os.close(reader)
        os.close(writer)
        return device.state

    assert_shown("scanner", asyncio.run(scanned()))


VALUES = [value("force", 2), value("depth", 3)]
TRIGGER = {"seq": 0, "result": 10, "echo": 11}


def fail(*_: object, **__: object) -> object:
    raise ZeroDivisionError("our own")


def test_a_polled_modbus_device_whose_values_trip_our_code_is_down_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def polled() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (_, link):
            with monkeypatch.context() as patch:
                patch.setattr(ValueReader, "readings", fail)
                async with Polled(link, poll_secs=0.01, value=VALUES) as device:
                    await eventually(lambda: device.device.state.faults >= 3)
                    assert_shown("press", device.device.state)
                    assert "(ZeroDivisionError)" in device.detail
                    assert device.device.state.unanswered == 0, "the device answered"
                    patch.undo()
                    await device.polls(1)
                    await eventually(lambda: device.device.state.up)
                    assert device.detail == ""

    asyncio.run(polled())


@pytest.mark.parametrize("step", ["poll", "start"])
def test_a_handshake_that_trips_in_our_code_is_down_and_heals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """The PLC gets no answer meanwhile, which releases nothing."""

    async def polled() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (there, link):
            there.memory[1].registers[2:4] = [7, 7]
            with monkeypatch.context() as patch:
                patch.setattr(f"gaugetrail_agent.drivers.modbus.handshake_registers.PlcHandshake.{step}", fail)
                async with Polled(link, poll_secs=0.01, value=VALUES, trigger=TRIGGER) as device:
                    await eventually(lambda: device.device.state.faults >= 2)
                    assert_shown("press", device.device.state)
                    assert device.batches == []
                    patch.undo()
                    await eventually(lambda: device.device.state.up)
                    there.memory[1].registers[0] = 1
                    await device.polls(1)
                    assert device.batches[0].trigger == 1

    asyncio.run(polled())


def test_what_a_station_asks_of_a_modbus_device_raises_a_decision_and_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must be remembered with a record, the answer to the PLC, and a reading for somebody who waits."""

    async def asked() -> None:
        async with bus("tcp", tmp_path, {1: SimulatedUnit()}) as (_, link):
            device = Polled(link, value=VALUES, trigger=TRIGGER).device
            monkeypatch.setattr("gaugetrail_agent.drivers.modbus.handshake_registers.PlcHandshake._digest", fail)
            with pytest.raises(DriverFault, match="a fault of ours"):
                device.remember(1, ResultCode.STORED_PASS)
            with pytest.raises(DriverFault, match="a fault of ours"):
                await device.answer(1, ResultCode.STORED_PASS)
            monkeypatch.setattr(ValueReader, "readings", fail)
            with pytest.raises(DriverFault, match="a fault of ours"):
                await device.ask()
            assert device.state.faults == 3
            assert_shown("press", device.state)

    asyncio.run(asked())
