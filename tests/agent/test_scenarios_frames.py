"""Failure scenarios of gauge frames, each named after its number: simulated gauges on a real pty, read by the agent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.stream import DeviceState, StreamDevice
from gaugetrail_agent.links.serial_port import SerialLink, SerialSettings
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_sim.devices import replay
from gaugetrail_sim.devices.faults import Fault
from gaugetrail_sim.devices.gauge import SimulatedGauge
from gaugetrail_sim.devices.models import MODELS
from gaugetrail_sim.devices.ptys import PtyPort

FAMILIES = ["digimatic-13", "mt-sics", "toledo-cont", "keyence-lk", "mahr-maxum", "sartorius-sbi", "hioki-3174"]
"""CR, CRLF, CR and a checksum, LF, and several readings in one frame."""


class Bench:
    """A gauge on a bench, and everything that the agent reads of it."""

    def __init__(self, gauge: SimulatedGauge, told: asyncio.Queue[Reading]) -> None:
        self.gauge = gauge
        self._told = told

    async def reading(self) -> Reading:
        """The next one."""
        return await self._told.get()

    def nothing_more(self) -> bool:
        """Whether all that was read has been looked at."""
        return self._told.empty()


@contextlib.asynccontextmanager
async def bench(name: str, folder: Path) -> AsyncIterator[Bench]:
    """The simulated gauge of a family on a pty, with the agent's own link, driver and device at the other end."""
    model = MODELS[name] if name in MODELS else replay.model_of(catalogue.profile_path(name))
    gauge = model.make(PtyPort(folder / "gauge0"))
    gauge.open()
    gauge.value = model.nominal
    told: asyncio.Queue[Reading] = asyncio.Queue()
    opened = asyncio.Event()

    def state(_: str, state: DeviceState) -> None:
        if state.up:
            opened.set()

    link = SerialLink(SerialSettings(port=str(folder / "gauge0")))
    driver = catalogue.make_driver(name, {})
    device = StreamDevice("gauge", link, driver, emit=lambda _, reading: told.put_nowait(reading), on_state=state)
    task = asyncio.create_task(device.run())
    try:
        async with asyncio.timeout(20):
            await opened.wait()
            yield Bench(gauge, told)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        gauge.close()


@pytest.mark.parametrize("name", FAMILIES)
def test_scenario_29_a_frame_cut_in_two_or_glued_is_one_value_each(name: str, tmp_path: Path) -> None:
    """A USB adapter hands over half a frame, then the rest; or two at once."""

    async def scene() -> None:
        async with bench(name, tmp_path) as on_bench:
            gauge = on_bench.gauge
            frame = gauge.frame(gauge.value)
            whole = [reading.value for reading in catalogue.decode(name, {}, frame)]
            assert None not in whole
            # The last frame is whole: it proves that nothing else was read before it.
            for fault, frames in ((Fault.CUT, 1), (Fault.GLUED, 2), (None, 1)):
                gauge.load(gauge.value, [fault] if fault else [])
                gauge._send(frame)
                assert whole * frames == [(await on_bench.reading()).value for _ in range(frames * len(whole))]
            assert on_bench.nothing_more()

    asyncio.run(scene())


def test_scenario_29_a_frame_that_never_ends_is_flagged_and_the_next_is_whole(tmp_path: Path) -> None:
    """Half a frame is never a number, and never the head of the next one."""

    async def scene() -> None:
        async with bench("mt-sics", tmp_path) as on_bench:
            on_bench.gauge.port.write(b"S S     100.0")
            left = await on_bench.reading()
            assert (left.status, left.value, left.raw) == (Status.INCOMPLETE, None, b"S S     100.0")
            on_bench.gauge.port.write(b"S S     250.12 g\r\n")
            assert (await on_bench.reading()).value == "250.12"
            assert on_bench.nothing_more()

    asyncio.run(scene())


def test_scenario_33_the_digits_of_a_gauge_come_through_as_they_stand(tmp_path: Path) -> None:
    """0.00012345 mm is neither 0.000123 nor 1.2345E-4, and 1.2340 keeps its zero."""
    found = catalogue.decode("gageway", {"unit": "mm"}, b".0001234\r1.2340\r-.5000\r")
    assert [(one.value, one.decimals, one.unit) for one in found] == [
        ("0.0001234", 7, "mm"),
        ("1.2340", 4, "mm"),
        ("-0.5000", 4, "mm"),
    ]
    (small,) = catalogue.decode("hioki-bt", {}, b"  0.1234E-3\r\n")
    assert (small.value, Decimal(small.value or "")) == ("0.0001234", Decimal("0.1234E-3"))
