"""The operator's door takes what it must and refuses the rest."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gaugetrail_agent.terminal.onlookers import Onlookers
from gaugetrail_agent.terminal.server import MAX_CLIENTS, TerminalServer
from gaugetrail_contract.clock import FixedClock


def serve(tmp_path: Path, talk: Callable[[TerminalServer, str], Awaitable[None]]) -> list[tuple[str, str]]:
    """Run a server with one station, let `talk` use it, return what was typed."""
    typed: list[tuple[str, str]] = []

    async def main() -> None:
        path = tmp_path / "terminal.token"
        onlookers = Onlookers(("OP20",), FixedClock())
        server = TerminalServer(0, path, ("OP20",), lambda station, text, _: typed.append((station, text)), onlookers)
        await server.start()
        try:
            async with asyncio.timeout(20):
                await talk(server, path.read_text())
        finally:
            await server.stop()
            for writer in writers:
                writer.close()
            await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)
            writers.clear()

    asyncio.run(main())
    return typed


writers: list[asyncio.StreamWriter] = []


async def connect(server: TerminalServer, *lines: object) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writers.append(writer)
    for line in lines:
        writer.write((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n")
    await writer.drain()
    return reader, writer


def test_a_terminal_sees_each_display_and_its_texts_arrive(tmp_path: Path) -> None:
    async def talk(server: TerminalServer, token: str) -> None:
        server.show("OP20", {"prompt": "scan your badge"})
        reader, writer = await connect(server, {"token": token}, {"station": "OP20"}, {"typed": "OP-12"})
        assert json.loads(await reader.readline()) == {"prompt": "scan your badge"}
        server.show("OP20", {"prompt": "scan the unit"})
        assert json.loads(await reader.readline()) == {"prompt": "scan the unit"}
        writer.write_eof()
        assert await reader.read() == b""

    assert serve(tmp_path, talk) == [("OP20", "OP-12")]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([{"token": "guess"}, {"station": "OP20"}], "wrong token"),
        ([b"GET / HTTP/1.1"], "JSON"),
        ([b"x" * 5000], "4096 bytes"),
        ([{"token": 1}], "must read"),
        ([[1, 2]], "object"),
    ],
)
def test_what_is_no_terminal_is_refused_with_a_reason(tmp_path: Path, lines: list[object], words: str) -> None:
    async def talk(server: TerminalServer, token: str) -> None:
        reader, _ = await connect(server, *lines)
        assert words in json.loads(await reader.readline())["error"]
        assert await reader.read() == b""

    assert serve(tmp_path, talk) == []


def test_an_unknown_station_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    async def talk(server: TerminalServer, token: str) -> None:
        reader, _ = await connect(server, {"token": token}, {"station": "OP99"})
        assert "there is OP20" in json.loads(await reader.readline())["error"]

    serve(tmp_path, talk)


def test_the_token_is_readable_by_its_owner_only_and_new_at_each_start(tmp_path: Path) -> None:
    tokens = []

    async def talk(server: TerminalServer, token: str) -> None:
        tokens.append(token)
        assert stat.S_IMODE((tmp_path / "terminal.token").stat().st_mode) == 0o600

    serve(tmp_path, talk)
    serve(tmp_path, talk)
    assert tokens[0] != tokens[1]


def test_a_crowd_of_terminals_is_turned_away_and_a_silent_one_loses_only_old_displays(tmp_path: Path) -> None:
    async def talk(server: TerminalServer, token: str) -> None:
        crowd = [await connect(server, {"token": token}, {"station": "OP20"}) for _ in range(MAX_CLIENTS)]
        server.show("OP20", {"n": -1})
        assert all([await reader.readline() for reader, _ in crowd])
        reader, _ = await connect(server, {"token": token})
        assert "connected already" in json.loads(await reader.readline())["error"]
        for number in range(200):
            server.show("OP20", {"n": number})
        seen = [json.loads(await crowd[0][0].readline())["n"]]
        while seen[-1] != 199:
            seen.append(json.loads(await crowd[0][0].readline())["n"])
        assert seen == sorted(seen)

    serve(tmp_path, talk)
