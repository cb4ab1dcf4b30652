"""The simulated operator at a terminal played by the test: he does what it asks and believes only what it shows."""

from __future__ import annotations

import asyncio
import contextlib
import json
from decimal import Decimal
from pathlib import Path

import pytest

from gaugetrail_sim.devices.faults import Fault
from gaugetrail_sim.devices.gauge import MitutoyoGauge
from gaugetrail_sim.devices.ptys import PtyPort
from gaugetrail_sim.devices.scanner import SimulatedScanner
from gaugetrail_sim.line.pieces import LineLook
from gaugetrail_sim.line.station_operator import StationOperator, Terminal

LOOK = LineLook("SN000001", {"bore": Decimal("74.012")}, {"surface": "%OK"}, passes=True)
FRAME = b"01A+0074.012\r"


class PlayedAgent:
    """The agent's side: a terminal server with the token file, and the far ends of gauge and scanner."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        self._writer: asyncio.StreamWriter | None = None
        self._connected = asyncio.Event()
        self.gone = asyncio.Event()

    async def start(self) -> None:
        self.server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        (self.folder / "terminal.port").write_text(str(self.server.sockets[0].getsockname()[1]))
        (self.folder / "terminal.token").write_text("secret")

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._connected.set()
        while line := await reader.readline():
            self.lines.put_nowait(json.loads(line))
        writer.close()
        self.gone.set()

    async def show(self, state: str, **more: object) -> None:
        await self._connected.wait()
        assert self._writer is not None
        shown = {"state": state, "serial": None, "next": None, "device": None, "light": "off", "last": None} | more
        self._writer.write(json.dumps(shown).encode() + b"\n")

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.close()
        self._connected.clear()

    async def hears(self) -> dict[str, str]:
        async with asyncio.timeout(5):
            return await self.lines.get()


@contextlib.asynccontextmanager
async def station(folder: Path, host):
    agent = PlayedAgent(folder)
    await agent.start()
    bore, scanner = MitutoyoGauge(PtyPort(folder / "bore")), SimulatedScanner(PtyPort(folder / "scanner"))
    bore.open()
    scanner.open()
    terminal = Terminal(folder, "OP20")
    operator = StationOperator(terminal, scanner, {"bore": bore}, "OP-12")
    try:
        yield agent, operator, host(folder / "bore"), host(folder / "scanner")
    finally:
        agent.gone.clear()
        terminal.close()
        await agent.gone.wait()
        agent.server.close()
        bore.close()
        scanner.close()


def last(record: str = "a/e/1", serial: str = "SN000001", verdict: str = "pass") -> dict[str, object]:
    return {"serial": serial, "verdict": verdict, "record": record, "recorded": True}


async def log_on(agent: PlayedAgent, scanned) -> None:
    assert await agent.hears() == {"token": "secret"}
    assert await agent.hears() == {"station": "OP20"}
    await agent.show("wait_operator")
    assert await scanned.hears(b"OP-12\r") == b"OP-12\r"
    scanned.forget()
    await agent.show("wait_unit", operator="OP-12")
    assert await scanned.hears(b"SN000001\r") == b"SN000001\r"


def test_operator_follows_the_prompts_and_ends_with_the_word_recorded(tmp_path: Path, host) -> None:
    """Badge, unit, gauge, typed result; being sealed is not yet being recorded."""

    async def play() -> None:
        async with station(tmp_path, host) as (agent, operator, pressed, scanned):
            working = asyncio.create_task(operator.inspect(LOOK, {}))
            await log_on(agent, scanned)
            await agent.show("measuring", serial="SN000001", next="bore_diameter", device="bore")
            assert await pressed.hears(FRAME) == FRAME
            await agent.show("measuring", serial="SN000001", next="surface")
            assert await agent.hears() == {"typed": "%OK"}
            await agent.show("sealing")
            await asyncio.wait({working}, timeout=0.05)
            assert not working.done()
            await agent.show("wait_unit", light="green", last=last())
            told = await working
            assert (told.serial, told.verdict, told.record) == ("SN000001", "pass", "a/e/1")

    asyncio.run(play())


def test_operator_presses_again_after_an_amber_light(tmp_path: Path, host) -> None:
    """A garbled frame is answered amber with the same prompt; the second press is good."""

    async def play() -> None:
        async with station(tmp_path, host) as (agent, operator, pressed, scanned):
            working = asyncio.create_task(operator.inspect(LOOK, {"bore": [Fault.GARBLED]}))
            await log_on(agent, scanned)
            await agent.show("measuring", serial="SN000001", next="bore_diameter", device="bore")
            assert await pressed.hears(b"01A+0074.01r\r") == b"01A+0074.01r\r"
            pressed.forget()
            await agent.show("measuring", serial="SN000001", next="bore_diameter", device="bore", light="amber")
            assert await pressed.hears(FRAME) == FRAME
            await agent.show("wait_unit", last=last())
            await working

    asyncio.run(play())


@pytest.mark.parametrize("other", [last(serial="SN000009"), None], ids=["another unit's", "none"])
def test_operator_does_not_take_another_units_word_for_his(tmp_path: Path, host, other) -> None:
    async def play() -> None:
        async with station(tmp_path, host) as (agent, operator, _, scanned):
            working = asyncio.create_task(operator.inspect(LOOK, {}))
            await log_on(agent, scanned)
            await agent.show("wait_unit", last=other)
            await asyncio.wait({working}, timeout=0.05)
            assert not working.done()
            await agent.show("wait_unit", last=last())
            await working

    asyncio.run(play())


def test_operator_measures_anew_when_the_agent_went_away(tmp_path: Path, host) -> None:
    """A restarted agent knows neither him nor the unit in hand, so neither was told to be recorded."""

    async def play() -> None:
        async with station(tmp_path, host) as (agent, operator, _, scanned):
            working = asyncio.create_task(operator.inspect(LOOK, {}))
            await log_on(agent, scanned)
            scanned.forget()
            agent.hang_up()
            await log_on(agent, scanned)
            await agent.show("wait_unit", last=last())
            assert (await working).record == "a/e/1"

    asyncio.run(play())
