"""The terminal as lines: what it prints, and that it waits for its agent, a new one too."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from floor import until
from rich.console import Console

from gaugetrail_agent.terminal import session
from gaugetrail_agent.terminal.console import run_lines
from gaugetrail_agent.terminal.lines import drawn, drawn_messages, drawn_notices
from gaugetrail_agent.terminal.onlookers import Onlookers
from gaugetrail_agent.terminal.server import TerminalServer
from gaugetrail_agent.terminal.session import AgentPlace
from gaugetrail_contract.clock import FixedClock

AWAY = {"about": "device bore", "sign": "red", "says": "notice.no_answer", "text": "bore does not answer"}
LOW = {"about": "disk", "sign": "amber", "says": "notice.disk_low", "text": "the disk is nearly\x1b full"}


def test_a16_a_display_is_drawn_with_light_sign_and_visible_escapes() -> None:
    line = drawn({"message": "bore\x1b 74", "prompt": "scan the unit", "light": "green", "sign": "red"})
    assert line.plain == "■  bore\\x1b 74   scan the unit"
    assert [str(span.style) for span in line.spans[:1]] == ["bold white on green"]
    assert str(line.style) == "bold red"
    assert drawn({"message": "", "prompt": "scan the unit", "light": "off"}).plain == "■  scan the unit "


def test_notices_are_printed_where_they_have_changed() -> None:
    assert drawn_notices({}, {"notices": []}) == []
    assert [line.plain for line in drawn_notices({}, {"notices": [AWAY, LOW]})] == [
        "■  bore does not answer",
        "■  the disk is nearly\\x1b full",
    ]
    assert [str(line.style) for line in drawn_notices({}, {"notices": [AWAY, LOW]})] == ["bold red", "yellow"]
    assert drawn_notices({"notices": [AWAY]}, {"notices": [AWAY]}) == []
    (well,) = drawn_notices({"notices": [AWAY]}, {"notices": []})
    assert (well.plain, str(well.style)) == ("■  all is well again", "green")


def test_what_is_to_be_read_is_printed_where_it_has_changed() -> None:
    note = {"key": "1", "kind": "handover", "text": "note of OP-12: the jaw\x1b sticks"}
    (line,) = drawn_messages({}, {"messages": [note]})
    assert line.plain == "✉  note of OP-12: the jaw\\x1b sticks"
    assert drawn_messages({"messages": [note]}, {"messages": [note]}) == []
    assert drawn_messages({"messages": [note]}, {"messages": []}) == []


class Desk:
    """A terminal's console with a pipe for a keyboard, beside agents that come and go."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.printed = io.StringIO()
        read, self._keys = os.pipe()
        self._stdin = os.fdopen(read)
        monkeypatch.setattr("sys.stdin", self._stdin)
        monkeypatch.setattr(session, "RETRY_SECS", 0.02)
        self.typed: list[str] = []

    def type(self, text: str) -> None:
        os.write(self._keys, text.encode() + b"\n")

    def end(self) -> None:
        os.close(self._keys)

    async def agent(self, port: int = 0) -> TerminalServer:
        token = self.folder / "terminal.token"
        onlookers = Onlookers(("OP20",), FixedClock())
        server = TerminalServer(port, token, ("OP20",), lambda _, text, __: self.typed.append(text), onlookers)
        await server.start()
        server.show("OP20", {"prompt": "scan your badge", "light": "off", "sign": "green", "notices": []})
        (self.folder / "terminal.port").write_text(str(server.port))
        return server

    async def until(self, found: Callable[[], object], what: str) -> None:
        await asyncio.to_thread(until, found, what)

    async def says(self, words: str) -> None:
        """Until it is printed behind what was waited for before."""
        await self.until(lambda: words in self.printed.getvalue(), words)
        self.printed.seek(0)
        rest = self.printed.read().partition(words)[2]
        self.printed.seek(0)
        self.printed.truncate()
        self.printed.write(rest)

    def run(self, talk: Callable[[Desk], Awaitable[None]], station: str = "OP20") -> int:
        async def both() -> int:
            screen = Console(file=self.printed, width=200, markup=False, highlight=False)
            running = asyncio.create_task(run_lines(AgentPlace(self.folder), station, screen))
            await talk(self)
            async with asyncio.timeout(20):
                return await running

        try:
            return asyncio.run(both())
        finally:
            self._stdin.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_it_waits_for_its_agent_and_what_is_typed_meanwhile_is_said_to_be_lost(desk: Desk) -> None:
    """A scan that waited a minute would count for another part."""

    async def talk(desk: Desk) -> None:
        await desk.says("waiting for the agent")
        desk.type("SN\x1b1")
        await desk.says("not taken, there is no agent: SN\\x1b1")
        server = await desk.agent()
        await desk.says("scan your badge")
        desk.type("OP-1")
        await desk.until(lambda: desk.typed, "the badge has arrived")
        desk.end()
        await desk.until(lambda: not server._clients, "the terminal has left")
        await server.stop()

    assert desk.run(talk) == 0
    assert desk.typed == ["OP-1"]


def test_it_reconnects_to_an_agent_that_was_started_anew_with_another_port_and_token(desk: Desk) -> None:
    async def talk(desk: Desk) -> None:
        first = await desk.agent()
        await desk.says("scan your badge")
        await first.stop()
        await desk.says("the agent is gone")
        await desk.says("waiting for the agent")
        second = await desk.agent()
        await desk.says("scan your badge")
        desk.type("OP-2")
        await desk.until(lambda: desk.typed == ["OP-2"], "the badge has arrived")
        desk.end()
        await desk.until(lambda: not second._clients, "the terminal has left")
        await second.stop()

    assert desk.run(talk) == 0


def test_a_token_that_was_read_too_early_is_read_again(desk: Desk) -> None:
    async def talk(desk: Desk) -> None:
        server = await desk.agent()
        right = (desk.folder / "terminal.token").read_text()
        await desk.says("scan your badge")
        desk.end()
        await desk.until(lambda: not server._clients, "the terminal has left")
        assert right == (desk.folder / "terminal.token").read_text()
        await server.stop()

    (desk.folder / "terminal.token").write_text("of an agent that was")
    (desk.folder / "terminal.port").write_text("1")
    assert desk.run(talk) == 0


def test_a_refusal_ends_it_with_the_agents_words(desk: Desk) -> None:
    servers: list[TerminalServer] = []

    async def talk(desk: Desk) -> None:
        servers.append(await desk.agent())
        await desk.says("no station 'OP99' here; there is OP20")
        await servers[0].stop()
        desk.end()

    assert desk.run(talk, station="OP99") == 1


def test_the_end_of_what_is_typed_without_an_agent_is_a_failure(desk: Desk) -> None:
    async def talk(desk: Desk) -> None:
        desk.type("OP-1")
        await desk.says("not taken, there is no agent: OP-1")
        desk.end()

    assert desk.run(talk) == 1
