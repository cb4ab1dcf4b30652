"""The operator's terminal in a console: one station's prompts in colour, typed lines as scans.

Promise: it waits for its agent, also for one that is started later or anew, and says so; what is typed meanwhile is
said to be lost, and never given to an agent that comes later. For a PC whose scanner types like a keyboard, and for
trying a station by hand. A page replaces it where there is one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from gaugetrail_agent.terminal.echo import hide_typing
from gaugetrail_contract.escapes import visible

STYLES = {"green": "bold white on green", "red": "bold white on red", "amber": "bold black on yellow", "off": "bold"}
SIGNS = {"green": "green", "amber": "yellow", "red": "bold red"}
RETRY_SECS = 0.5

Screenful = Mapping[str, Any]
"""A station's display as the agent sends it."""


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


def drawn(display: Screenful) -> Text:
    """A station's display as one coloured line with its sign; what came from a device or a scan is shown with visible
    escapes.
    """
    message = visible(str(display.get("message") or ""))
    prompt = visible(str(display.get("prompt") or ""))
    line = Text("■ ", style=SIGNS.get(str(display.get("sign")), "dim"))
    line.append(f" {message or prompt} ", style=STYLES.get(str(display.get("light")), ""))
    if message and prompt:
        line.append(f"  {prompt}", style="not bold")
    return line


def drawn_notices(before: Screenful, now: Screenful) -> list[Text]:
    """What isn't well around the station, a line each, where that has changed; or that all is well again."""
    told = now.get("notices") or []
    if told == (before.get("notices") or []):
        return []
    if not told:
        return [Text(f"■  {visible(str(now.get('all_well') or 'all is well again'))}", style=SIGNS["green"])]
    return [Text(f"■  {visible(str(one['text']))}", style=SIGNS.get(str(one["sign"]), "")) for one in told]


class TerminalConsole:
    """One station in this console, until standard input ends."""

    def __init__(self, place: AgentPlace, station: str, console: Console | None = None) -> None:
        self._place = place
        self._station = station
        self._console = console or Console(markup=False, highlight=False)
        self._texts: asyncio.Queue[str | None] = asyncio.Queue()
        """What is typed; null once nothing will come any more."""
        self._display: Screenful = {}
        self._refused = ""
        self._masked = False
        """Whether what is typed is hidden: a PIN is waited for."""

    async def run(self) -> int:
        """Show the station until standard input ends: 0; 1 where the agent refuses, or none was there at the end."""
        read_lines(self._texts)
        try:
            return await self._run()
        finally:
            self._mask(hidden=False)

    async def _run(self) -> int:
        said = False
        while True:
            line = await self._reached()
            if line is None:
                if not said:
                    self._say("waiting for the agent; start it with gaugetrail-agent run", "yellow")
                said = True
                if await self._typed_in_vain():
                    return 1
                continue
            said = False
            if (code := await self._talk(line)) is not None:
                return code
            self._say("the agent is gone", "red")

    async def _reached(self) -> AgentLine | None:
        """A connection; null while there is no agent."""
        try:
            port, token = await asyncio.to_thread(self._place.read)
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except (OSError, ValueError):
            return None
        for word in ({"token": token}, {"station": self._station}):
            writer.write(json.dumps(word).encode() + b"\n")
        return AgentLine(token, reader, writer)

    async def _typed_in_vain(self) -> bool:
        """For as long as the next try is away; whether standard input has ended."""
        try:
            async with asyncio.timeout(RETRY_SECS):
                while (text := await self._texts.get()) is not None:
                    # What was typed for a PIN is shown here neither.
                    what = "" if self._masked else f": {visible(text)}"
                    self._say(f"not taken, there is no agent{what}", "red")
        except TimeoutError:
            return False
        return True

    async def _talk(self, line: AgentLine) -> int | None:
        """Show and type until the agent is gone (null), has refused, or nothing is typed any more."""
        self._display, self._refused = {}, ""
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
        self._say(self._refused, "red")
        return 1

    async def _show_all(self, reader: asyncio.StreamReader) -> None:
        try:
            while text := await reader.readline():
                display = json.loads(text)
                if "error" in display:
                    self._refused = str(display["error"])
                    return
                self._show(display)
        except (OSError, ValueError):
            pass  # killed, perhaps in the middle of a line

    def _show(self, display: Screenful) -> None:
        for line in (*drawn_notices(self._display, display), drawn(display)):
            self._console.print(line)
        self._display = display
        self._mask(hidden=bool(display.get("masked")))

    def _mask(self, *, hidden: bool) -> None:
        if hidden == self._masked:
            return
        self._masked = hidden
        if not hide_typing(hidden) and hidden:
            self._say("this console shows what is typed: cover it", "yellow")

    async def _type(self, writer: asyncio.StreamWriter) -> None:
        while (text := await self._texts.get()) is not None:
            writer.write(json.dumps({"typed": text}).encode() + b"\n")
            await writer.drain()
        writer.write_eof()

    def _say(self, what: str, style: str) -> None:
        self._console.print(Text(what, style=style))


def read_lines(texts: asyncio.Queue[str | None]) -> None:
    """Standard input into the queue, on a thread that holds nobody up at the end."""
    loop = asyncio.get_running_loop()

    def put(text: str | None) -> None:
        with contextlib.suppress(RuntimeError):  # the terminal has ended
            loop.call_soon_threadsafe(texts.put_nowait, text)

    def read() -> None:
        for text in sys.stdin:
            if text.strip():
                put(text.strip())
        put(None)

    threading.Thread(target=read, name="typing", daemon=True).start()
