"""One station in a console: finds its agent, shows what it says, and sends it what is typed.

Promise: it waits for its agent, also for one that is started later or anew, and says so; what is typed meanwhile is
said to be lost, and never given to an agent that comes later. Every text that an agent sends is made visible here, at
the door, so that no code and no device's name ever rules a console. How it looks is a `Face`'s: lines, or the whole
console.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from gaugetrail_agent.terminal.typed_line import Typed
from gaugetrail_contract.escapes import visible

RETRY_SECS = 0.5
SILENT_SECS = 4.0
"""After four beats that didn't come nothing is taken: the agent hangs."""
LONGEST_LINE = 1_000_000

Document = Mapping[str, Any]
"""What an agent sends, every text of it visible."""


@dataclass(frozen=True, slots=True)
class AgentPlace:
    """Where an agent says how to reach its terminals; it writes both files anew at each start."""

    data_dir: Path

    def read(self) -> tuple[int, str]:
        """Port and token. Raises `OSError`, `ValueError` while no agent has been there."""
        port = int((self.data_dir / "terminal.port").read_text("utf-8"))
        return port, (self.data_dir / "terminal.token").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class AgentLine:
    """A connection to an agent, and the token that it was opened with."""

    token: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


class Face(Protocol):
    """How a station looks in a console."""

    wants_whole: bool
    """Whether it draws all of the station, and hears its beat; else its displays."""

    def show(self, document: Document) -> None:
        """The agent says this now."""

    def alone(self) -> None:
        """There is no agent yet, or none any more: said once, until there is one."""

    def cut(self) -> None:
        """What is shown is over from now on: the agent has gone, or is silent."""

    def not_taken(self, text: str) -> None:
        """This was typed while there was nobody to take it."""

    def refused(self, reason: str) -> None:
        """The agent wants nothing to do with this console, and why."""


class TerminalSession:
    """One station in this console, until nothing is typed any more."""

    def __init__(self, place: AgentPlace, station: str, face: Face, texts: asyncio.Queue[Typed | None]) -> None:
        """`texts`: what is typed; null once nothing will come any more."""
        self._place = place
        self._station = station
        self._face = face
        self._texts = texts
        self._refused = ""
        self._is_cut = True

    async def run(self) -> int:
        """Show the station until nothing is typed any more: 0; 1 where the agent refuses, or none was there."""
        said = False
        while True:
            line = await self._reached()
            if line is None:
                if not said:
                    self._face.alone()
                said = True
                if await self._typed_in_vain():
                    return 1
                continue
            said = False
            if (code := await self._talk(line)) is not None:
                return code
            self._cut()

    async def _reached(self) -> AgentLine | None:
        """A connection; null while there is no agent."""
        try:
            port, token = await asyncio.to_thread(self._place.read)
            reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LONGEST_LINE)
        except (OSError, ValueError):
            return None
        wanted: dict[str, object] = {"station": self._station}
        if self._face.wants_whole:
            wanted["whole"] = True
        for word in ({"token": token}, wanted):
            writer.write(json.dumps(word).encode() + b"\n")
        return AgentLine(token, reader, writer)

    async def _typed_in_vain(self) -> bool:
        """For as long as the next try is away; whether nothing is typed any more."""
        try:
            async with asyncio.timeout(RETRY_SECS):
                while (typed := await self._texts.get()) is not None:
                    self._face.not_taken(typed.text)
        except TimeoutError:
            return False
        return True

    async def _talk(self, line: AgentLine) -> int | None:
        """Show and type until the agent is gone (null), has refused, or nothing is typed any more."""
        self._refused = ""
        typing = asyncio.create_task(self._type(line.writer))
        try:
            await self._show_all(line.reader)
            if self._refused:
                return await self._after_refusal(line.token)
            return 0 if typing.done() and typing.exception() is None else None
        finally:
            typing.cancel()
            await asyncio.gather(typing, return_exceptions=True)
            line.writer.close()

    async def _after_refusal(self, token: str) -> int | None:
        """An agent that was started anew has a new token: that is read again."""
        try:
            _, now = await asyncio.to_thread(self._place.read)
        except (OSError, ValueError):
            return None
        if now != token:
            return None
        self._face.refused(self._refused)
        return 1

    async def _show_all(self, reader: asyncio.StreamReader) -> None:
        has_shown = False
        try:
            while text := await self._line(reader):
                document = read_document(text)
                if "error" in document:
                    self._refused = str(document["error"])
                    return
                has_shown = has_shown or "beat" not in document
                if has_shown:  # a beat alone makes nothing present that an agent before this one has said
                    self._is_cut = False
                    self._face.show(document)
        except (OSError, ValueError):
            pass  # killed, perhaps in the middle of a line

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        """The next line. Where an agent has a beat, one that misses it is as good as away, until it speaks again."""
        reading = asyncio.ensure_future(reader.readline())
        try:
            if self._face.wants_whole and not (await asyncio.wait({reading}, timeout=SILENT_SECS))[0]:
                self._cut()
            return await reading
        finally:
            reading.cancel()

    def _cut(self) -> None:
        if not self._is_cut:
            self._is_cut = True
            self._face.cut()

    async def _type(self, writer: asyncio.StreamWriter) -> None:
        while (typed := await self._texts.get()) is not None:
            if self._is_cut and self._face.wants_whole:
                self._face.not_taken(typed.text)
                continue
            writer.write(json.dumps({"scanned" if typed.is_scan else "typed": typed.text}).encode() + b"\n")
            await writer.drain()
        writer.write_eof()


def read_document(line: bytes) -> Document:
    """An agent's line, with control characters and invisible signs of every text as escapes. Raises `ValueError`."""
    found = json.loads(line, object_pairs_hook=_visible_pairs)
    if not isinstance(found, dict):
        raise ValueError("an agent says objects only")
    return found


def _visible_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return {visible(name): _visible(value) for name, value in pairs}


def _visible(value: object) -> object:
    if isinstance(value, list):
        return [_visible(one) for one in value]
    return visible(value) if isinstance(value, str) else value
