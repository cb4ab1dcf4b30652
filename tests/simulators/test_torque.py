"""The simulated torque controller: what it says fits the public telegrams, and our driver lives with its faults."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gaugetrail_agent.drivers.catalogue import decode, make_driver
from gaugetrail_agent.drivers.stream import DeviceState, StreamDevice
from gaugetrail_agent.links.tcp import TcpLink, TcpSettings
from gaugetrail_agent.reading import Reading
from gaugetrail_sim.devices.torque import Tightening, TorqueController, old_result, result, telegram

SIM = str(Path(sys.executable).with_name("gaugetrail-sim"))
TIME = "2026-11-25:09:54:09"


def test_result_has_the_length_that_the_public_test_telegram_has() -> None:
    one = Tightening(345_675, Decimal("7.39"), 0, TIME, "KPOL3456JKLO897", Decimal("8.40"), Decimal("14.00"))
    assert result(one).startswith(b"02310061001")
    assert len(result(one)) == 232
    torque, angle = decode("open-protocol", {}, result(one))
    assert (torque.value, torque.unit, torque.extra["judgement"]) == ("7.39", "N.m", "low")
    assert (angle.value, torque.extra["vin"], torque.extra["ok"]) == ("0", "KPOL3456JKLO897", False)
    old, _ = decode("open-protocol", {}, old_result(one))
    assert (old.value, old.extra["tightening_id"]) == ("7.39", "0000345675")


@contextlib.asynccontextmanager
async def connected(controller: TorqueController) -> AsyncIterator[Callable[[], Awaitable[str]]]:
    """Our driver on a real socket; what comes back waits for the next torque."""
    await controller.start()
    told: asyncio.Queue[str] = asyncio.Queue()

    def heard(name: str, reading: Reading) -> None:
        if reading.channel == "torque":
            told.put_nowait(f"{reading.extra['tightening_id']} {reading.value}")

    async def soon(secs: float) -> None:
        await asyncio.sleep(0.01)

    def state(name: str, state: DeviceState) -> None:
        pass

    link = TcpLink(TcpSettings(host="127.0.0.1", port=controller.port))
    device = StreamDevice("tool", link, make_driver("open-protocol", {}), emit=heard, on_state=state, sleep=soon)
    task = asyncio.create_task(device.run())
    try:
        async with asyncio.timeout(20):
            yield told.get
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await controller.stop()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a condition; the scene's own deadline ends the waiting."""
    while True:
        if holds():
            return
        await asyncio.sleep(0.005)


def test_tightenings_of_an_outage_are_fetched_by_their_id() -> None:
    """A pulled cable costs time, no screw."""

    async def scene() -> list[str]:
        controller = TorqueController()
        async with connected(controller) as told:
            await until(lambda: controller.subscribed)
            controller.tighten(Decimal("11.20"), 45, TIME)
            got = [await told()]
            await until(lambda: controller.acknowledged == 1)
            controller.drop()
            controller.tighten(Decimal("11.30"), 46, TIME)
            controller.tighten(Decimal("15.00"), 47, TIME)
            got += [await told(), await told()]
            await until(lambda: controller.subscribed)
            controller.tighten(Decimal("11.40"), 48, TIME)
            return [*got, await told()]

    assert asyncio.run(scene()) == ["0000000001 11.20", "0000000002 11.30", "0000000003 15.00", "0000000004 11.40"]


def test_controller_that_is_taken_refuses_the_second_client() -> None:
    async def scene() -> bytes:
        controller = TorqueController()
        async with connected(controller):
            await until(lambda: controller.subscribed)
            reader, writer = await asyncio.open_connection("127.0.0.1", controller.port)
            said = await reader.readuntil(b"\0")
            writer.close()
            return said

    assert asyncio.run(scene()) == telegram(4, "000116")


@pytest.mark.processes
def test_torque_controller_by_hand() -> None:
    words = (SIM, "torque", "--port", "0", "--every", "0.05")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert re.search(r"Open Protocol on TCP 127\.0\.0\.1:\d+", process.stdout.readline())
        assert "nobody has subscribed" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
