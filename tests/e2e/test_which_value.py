"""No part gets another's value: the real agent, ptys for ports, a Modbus server, an operator who obeys the terminal.

What is believed is what the agent has sealed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from pathlib import Path

import pytest
from floor import Floor, until
from line_pc import write_agent, write_plan

from gaugetrail_contract.record import Inspection
from gaugetrail_contract.seal import cut_line, open_sealed
from gaugetrail_sim.devices import gauge as simulated
from gaugetrail_sim.devices.gauge import AndScale, MitutoyoGauge
from gaugetrail_sim.devices.modbus_bus import BusUnits
from gaugetrail_sim.devices.modbus_units import SimulatedUnit, float_registers
from gaugetrail_sim.devices.ptys import PtyPort
from gaugetrail_sim.devices.torque import TorqueController
from gaugetrail_sim.line.station_operator import Terminal

pytestmark = [pytest.mark.processes, pytest.mark.waits]

STATION = """
[[station]]
name = "OP10"
plan = "plan.toml"
unit_pattern = "SN[0-9]+"
"""
SERIAL_DEVICE = """
[[link]]
name = "{name}-port"
kind = "serial"
port = "{folder}/{name}"
[[device]]
name = "{name}"
link = "{name}-port"
driver = "{driver}"
{more}
"""
DEADLINE = 20.0


def wanted(name: str, device: str, unit: str, **more: str) -> str:
    extra = "".join(f'{key} = "{value}"\n' for key, value in more.items())
    return f'[[characteristic]]\nname = "{name}"\nunit = "{unit}"\nusl = "99999"\ndevice = "{device}"\n{extra}'


def write(floor: Floor, devices: str, *characteristics: str) -> None:
    write_agent(floor, devices + STATION)
    write_plan(floor, "".join(characteristics))


def sealed(floor: Floor) -> dict[str, list[Inspection]]:
    """Serial -> its inspections, each proven by its seal."""
    code, _, err = floor.ask_here("gaugetrail-agent", "spool", "export", "sealed.jsonl", "--config", "agent.toml")
    assert code == 0, err
    found: dict[str, list[Inspection]] = {}
    for line in (floor.folder / "sealed.jsonl").read_bytes().splitlines():
        record = open_sealed(cut_line(line))
        if isinstance(record, Inspection):
            found.setdefault(str(record.serial), []).append(record)
    return found


class Bystander:
    """Who stands at the terminal, scans, and waits for what it says."""

    def __init__(self, floor: Floor) -> None:
        self.terminal = Terminal(floor.folder / "agent-data", "OP10")

    @property
    def shown(self) -> dict[str, object]:
        return dict(self.terminal.display)

    async def until(self, found: Callable[[dict[str, object]], object], what: str) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                while not (self.terminal.display and found(self.shown)):
                    await self.terminal.next()
        except TimeoutError:
            raise AssertionError(f"not within {DEADLINE:g} s: {what}; the terminal shows {self.shown}") from None

    async def log_on(self) -> None:
        await self.until(lambda shown: shown["state"], "the terminal is there")
        if self.shown["state"] == "wait_operator":
            self.terminal.type("OP-1")
        await self.until(lambda shown: shown["state"] == "wait_unit", "somebody is logged on")

    async def scan(self, serial: str) -> None:
        self.terminal.type(serial)
        await self.until(lambda shown: shown["serial"] == serial, f"{serial} is in work")

    async def recorded(self, serial: str) -> None:
        await self.until(
            lambda shown: shown["state"] == "wait_unit" and (shown["last"] or {}).get("serial") == serial,  # type: ignore[attr-defined]
            f"{serial} is recorded",
        )


@contextlib.asynccontextmanager
async def at_station(floor: Floor) -> AsyncIterator[Bystander]:
    floor.agent()
    operator = Bystander(floor)
    try:
        await operator.log_on()
        yield operator
    finally:
        operator.terminal.close()


# --- two hundred parts on a streaming scale


class StreamingScale(AndScale):
    """A scale that counts its frames, so that whoever waits can wait for them and for no time."""

    def __init__(self, path: Path) -> None:
        super().__init__(PtyPort(path), decimals=1)
        self.frames = 0
        self.on: str | None = None
        self._framed = asyncio.Event()

    def answer_now(self) -> None:
        super().answer_now()
        self.frames += 1
        self._framed.set()

    def command(self, text: str) -> None:
        """Set to stream; it has no ears."""

    async def pass_frames(self, count: int) -> None:
        end = self.frames + count
        while self.frames < end:
            self._framed.clear()
            await self._framed.wait()

    def put(self, serial: str | None) -> None:
        self.on = serial
        self.load(Decimal(0) if serial is None else weight_of(serial))


def weight_of(serial: str) -> Decimal:
    """Each part its own."""
    return Decimal(50) + int(serial[2:])


class Weigher:
    """Puts parts on before the scan or after it, takes them off at random moments, and forgets some on the pan."""

    def __init__(self, operator: Bystander, scale: StreamingScale, dice: random.Random, first: str) -> None:
        self.operator = operator
        self.scale = scale
        self.first = first
        self.dice = dice
        self.waited: set[str] = set()
        self.cancelled: set[str] = set()
        self.forgotten = 0
        self.unsaid = 0

    async def part(self, serial: str) -> None:
        await self._before(serial)
        await self.operator.scan(serial)
        gives_up = self.dice.random() < 0.05
        for _ in range(400):
            await self.scale.pass_frames(self.dice.randrange(1, 4))
            await self._look()
            shown = self.operator.shown
            if shown["state"] == "wait_unit":
                assert (shown["last"] or {}).get("serial") == serial, shown  # type: ignore[attr-defined]
                return
            if gives_up and self.dice.random() < 0.2:
                self.operator.terminal.type("%CANCEL")
                self.cancelled.add(serial)
                await self.operator.recorded(serial)
                return
            self._obey(serial)
        raise AssertionError(f"{serial} waits and waits: {self.operator.shown}")

    async def _before(self, serial: str) -> None:
        # The first of an agent's life finds what the last life left on the pan.
        if serial != self.first and self.scale.on is not None and self.dice.random() < 0.7:
            await self._puts(None)
        self.forgotten += self.scale.on is not None
        if self.scale.on is None and self.dice.random() < 0.5:
            await self._puts(serial)
            if self.dice.random() < 0.2:
                await self._puts(None)

    async def _puts(self, serial: str | None) -> None:
        self.scale.put(serial)
        await self.scale.pass_frames(self.dice.randrange(1, 12))

    async def _look(self) -> None:
        """Take in what the terminal has said by now."""
        with contextlib.suppress(TimeoutError):
            while True:
                async with asyncio.timeout(0.002):
                    await self.operator.terminal.next()

    def _obey(self, serial: str) -> None:
        shown = self.operator.shown
        if shown["state"] != "measuring":
            return
        asks = str(shown["asks"])
        if asks == "prompt.measure":  # what lies there is taken with the next frame
            self.unsaid += 1
            assert self.unsaid < 20, f"{serial} waits, and nobody says why: {shown}"
            return
        self.unsaid = 0
        assert asks.startswith("fresh."), f"{serial} waits, and nobody says why: {shown}"
        self.waited.add(asks)
        if asks == "fresh.put_on" and self.scale.on is None:
            self.scale.put(serial)
        elif asks in ("fresh.other_part", "fresh.off_and_on") and self.scale.on is not None:
            self.scale.put(None)
        elif self.dice.random() < 0.03:
            self.scale.put(None)  # in the middle of it


def test_two_hundred_parts_on_a_streaming_scale_and_none_has_anothers_weight(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Put on before and after the scan, taken off at random moments, some never; the agent is killed twice meanwhile.

    Ten frames a second would take half an hour: the scale sends a hundred, and settles ten times as fast.
    """
    monkeypatch.setattr(simulated, "STREAM_SECS", 0.01)
    more = "settle_secs = 0.03"
    write(
        floor,
        SERIAL_DEVICE.format(name="scale", folder=floor.folder, driver="and-std", more=more),
        wanted("weight", "scale", "g"),
    )
    serials = [f"SN{number}" for number in range(1, 201)]
    dice = random.Random(20261128)
    waited: set[str] = set()
    cancelled: set[str] = set()
    forgotten = 0

    async def shift() -> None:
        nonlocal forgotten
        scale = StreamingScale(floor.folder / "scale")
        scale.open()
        scale.stream(True)
        try:
            for start, end in ((0, 67), (67, 134), (134, 200)):
                async with at_station(floor) as operator:
                    weigher = Weigher(operator, scale, dice, serials[start])
                    for serial in serials[start:end]:
                        await weigher.part(serial)
                    waited.update(weigher.waited)
                    cancelled.update(weigher.cancelled)
                    forgotten += weigher.forgotten
                floor.kill("agent")  # what lies on the pan stays there
        finally:
            scale.close()

    asyncio.run(shift())
    found = sealed(floor)
    assert set(found) == set(serials)
    for serial, inspections in found.items():
        values = [m.value for inspection in inspections for m in inspection.measurements]
        own = [str(weight_of(serial).quantize(Decimal("0.1")))]
        assert values == own or (serial in cancelled and values == []), serial
    assert {"fresh.put_on", "fresh.other_part", "fresh.wait_still", "fresh.off_and_on"} <= waited
    assert forgotten > 20
    assert any(inspection.measurements == () for found_of in found.values() for inspection in found_of)


# --- keys, polled values, unintelligible gauges


def test_a_bouncing_key_fills_one_characteristic_and_equal_digits_are_asked_about(floor: Floor) -> None:
    device = SERIAL_DEVICE.format(
        name="bore", folder=floor.folder, driver="digimatic-13", more='settings = { unit = "mm" }'
    )
    write(floor, device, wanted("top", "bore", "mm"), wanted("bottom", "bore", "mm"))

    async def shift() -> None:
        bore = MitutoyoGauge(PtyPort(floor.folder / "bore"))
        bore.open()
        async with at_station(floor) as operator:
            await operator.scan("SN1")
            await operator.until(lambda shown: shown["asks"] == "prompt.measure_first", "which of the two comes first")
            bore.load(Decimal("74.010"))
            bore.press()
            bore.press()
            await operator.until(lambda shown: shown["next"] == "bottom", "top is measured")
            await asyncio.to_thread(lambda: floor_log(floor, "key_bounced"))
            # Pressed until it counts as a press again: within 0.3 s it is a bounce.
            await press_until(bore, operator, lambda shown: shown["says"] == "value.same_again")
            operator.terminal.type("%OK")
            await operator.recorded("SN1")
        bore.close()
        floor.kill("agent")

    asyncio.run(shift())
    ((record,),) = sealed(floor).values()
    assert [(m.characteristic, m.value) for m in record.measurements] == [("top", "74.010"), ("bottom", "74.010")]


def floor_log(floor: Floor, event: str) -> None:
    until(lambda: event in floor.log("agent"), f"the agent's log tells of {event}")


async def opened(floor: Floor) -> None:
    """What is sent to a port before the agent has it open is lost."""
    await asyncio.to_thread(lambda: floor_log(floor, "device_open"))


async def press_until(bore: MitutoyoGauge, operator: Bystander, found: Callable[[dict[str, object]], object]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not found(operator.shown):
            bore.press()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await operator.terminal.next()


def test_a_polled_plc_value_is_taken_when_it_has_changed_since_the_last_unit(floor: Floor) -> None:
    """No trigger, no handshake: registers that show a value all the time."""

    async def shift() -> None:
        unit = BusUnits({1: SimulatedUnit()}, "tcp")
        port = await unit.serve()
        registers = unit.memory[1].registers
        registers[0:2] = float_registers(5.0)
        devices = (
            f'[[link]]\nname = "net"\nkind = "modbus-tcp"\nhost = "127.0.0.1"\nport = {port}\n'
            '[[device]]\nname = "press"\nlink = "net"\ndriver = "modbus"\npoll_secs = 0.05\nsettle_secs = 0.1\n'
            '[[device.value]]\nname = "force"\naddress = 0\ntype = "float32"\nunit = "kN"\ndecimals = 1\n'
        )
        write(floor, devices, wanted("force", "press", "kN", channel="force"))
        async with at_station(floor) as operator:
            for number, force in ((1, 15.0), (2, 16.0)):
                await operator.scan(f"SN{number}")
                stale = "fresh.measure_anew" if number == 1 else "fresh.other_value"
                await operator.until(lambda shown, stale=stale: shown["asks"] == stale, "it says that this is no value")  # type: ignore[misc]
                registers[0:2] = float_registers(force)
                await operator.recorded(f"SN{number}")
        floor.kill("agent")
        await unit.close()

    asyncio.run(shift())
    values = {serial: [m.value for m in record.measurements] for serial, (record,) in sealed(floor).items()}
    assert values == {"SN1": ["15.0"], "SN2": ["16.0"]}


def test_a_scale_that_is_not_understood_tells_whoever_waits_for_it(floor: Floor) -> None:
    write(
        floor,
        SERIAL_DEVICE.format(name="scale", folder=floor.folder, driver="and-std", more=""),
        wanted("weight", "scale", "g"),
    )

    async def shift() -> None:
        port = PtyPort(floor.folder / "scale")
        port.open(lambda _: None)
        async with at_station(floor) as operator:
            await opened(floor)
            port.write(b"\x8f\xfe\x00\r\n" * 3)
            await operator.scan("SN1")
            await operator.until(
                lambda shown: "speaks, but not intelligibly" in str(shown["prompt"]), "what is wrong with the scale"
            )
            assert operator.shown["asks"] == "prompt.trouble"
            told = await asyncio.to_thread(floor.ask, "gaugetrail-agent", "status", "--config", "agent.toml")
            assert "8f fe" in told[1], "the bytes are the technician's"
            port.write(b"ST,+000000.0  g\r\n")
            await operator.until(lambda shown: shown["asks"] == "fresh.put_on", "it is understood again")
        floor.kill("agent")
        port.close()

    asyncio.run(shift())
    assert json.dumps(sealed(floor)) == "{}"


def test_a_gauge_of_several_channels_fills_no_characteristic_that_names_none(floor: Floor) -> None:
    """Nothing in the settings tells of a second gauge behind the multiplexer: its first press does."""
    device = SERIAL_DEVICE.format(
        name="mux", folder=floor.folder, driver="digimatic-13", more='settings = { unit = "mm" }\nbounce_secs = 0\n'
    )
    write(floor, device, wanted("bore", "mux", "mm"))

    async def shift() -> None:
        port = PtyPort(floor.folder / "mux")
        port.open(lambda _: None)
        async with at_station(floor) as operator:
            await opened(floor)
            await operator.scan("SN1")
            port.write(b"01A+0010.100\r")
            await operator.recorded("SN1")
            port.write(b"02A+0020.200\r")
            await operator.until(lambda shown: shown["says"] == "value.before_unit", "a press for nothing")
            await operator.scan("SN2")
            for frame in (b"01A+0010.100\r", b"02A+0020.200\r"):
                channel = frame[1:2].decode()
                port.write(frame)
                await operator.until(
                    lambda shown, channel=channel: f"this value came on {channel}" in str(shown["message"]),  # type: ignore[misc]
                    "which channel is meant",
                )
            assert operator.shown["state"] == "measuring"
            operator.terminal.type("%CANCEL")
            await operator.recorded("SN2")
        floor.kill("agent")
        port.close()

    asyncio.run(shift())
    values = {serial: [m.value for m in record.measurements] for serial, (record,) in sealed(floor).items()}
    assert values == {"SN1": ["10.100"], "SN2": []}


def controllers_clock() -> str:
    return time.strftime("%Y-%m-%d:%H:%M:%S", time.gmtime())


@pytest.mark.parametrize("knows_its_clock", [True, False])
def test_a_result_that_the_controller_had_kept_is_not_the_next_units(floor: Floor, knows_its_clock: bool) -> None:
    """The line breaks, a screw is done for a part that left; what the controller then hands on is no part's here."""

    async def shift() -> None:
        controller = TorqueController()
        controller.clock = controllers_clock if knows_its_clock else None
        controller.replays = True
        await controller.start()
        controller.tighten(Decimal("9.10"), 40, "2026-11-27:06:00:00")  # of yesterday, before any agent was there
        devices = (
            f'[[link]]\nname = "net"\nkind = "tcp"\nhost = "127.0.0.1"\nport = {controller.port}\n'
            '[[device]]\nname = "wrench"\nlink = "net"\ndriver = "open-protocol"\nsettings = { alarms = "false" }\n'
        )
        write(floor, devices, wanted("torque", "wrench", "N.m", channel="torque"))
        async with at_station(floor) as operator:
            await operator.until(lambda shown: shown["says"] == "value.before_unit", "yesterday's result came")
            controller.drop()
            controller.tighten(Decimal("9.20"), 41, "2026-11-27:06:01:00")
            await operator.scan("SN1")
            await operator.until(lambda shown: shown["says"] == "fresh.made_before", "an old result is told as such")
            await until_true(lambda: controller.subscribed)
            # A tightening that comes so soon behind a reconnect could be an old one: done once more, it isn't.
            async with asyncio.timeout(DEADLINE):
                while operator.shown["state"] != "wait_unit":
                    controller.tighten(Decimal("11.00"), 45, controllers_clock())
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(1.0):
                            await operator.recorded("SN1")
        floor.kill("agent")
        await controller.stop()

    asyncio.run(shift())
    ((record,),) = sealed(floor).values()
    assert [m.value for m in record.measurements] == ["11.00"]


async def until_true(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not holds():  # noqa: ASYNC110 (a controller in this loop, with no event to wait for)
            await asyncio.sleep(0.01)


def test_no_scan_is_lost_that_comes_while_a_record_is_on_its_way(floor: Floor) -> None:
    """A quick operator: the next unit is scanned before the one before is in the spool."""
    write(floor, "", '[[characteristic]]\nname = "looks"\nkind = "attribute"\n')

    async def shift() -> None:
        async with at_station(floor) as operator:
            for number in range(1, 41, 2):
                for text in (f"SN{number}", "%OK", f"SN{number + 1}", "%NOK:DENT"):
                    operator.terminal.type(text)
                await operator.recorded(f"SN{number + 1}")
        floor.kill("agent")

    asyncio.run(shift())
    results = {serial: [m.result for m in record.measurements] for serial, (record,) in sealed(floor).items()}
    assert results == {f"SN{number}": ["ok" if number % 2 else "nok"] for number in range(1, 41)}
