"""The terminal of a station in whatever console it was started in: the whole of it, or lines.

Promise: lines where the console is none (a pipe, a log), where it can't be drawn on, or where they are asked for.
"""

from __future__ import annotations

import asyncio
import sys

from rich.console import Console

from gaugetrail_agent.terminal.lines import Lines, read_lines
from gaugetrail_agent.terminal.session import AgentPlace, TerminalSession
from gaugetrail_agent.terminal.typed_line import Typed
from gaugetrail_agent.terminal.whole_console import run_whole


def can_be_drawn_on(console: Console) -> bool:
    """Whether this is a person's console that shows signs and takes keys one by one; not on Windows."""
    is_console = sys.stdin.isatty() and console.is_terminal and not console.is_dumb_terminal
    return is_console and sys.platform != "win32" and console.encoding.startswith("utf")


async def run_terminal(place: AgentPlace, station: str, *, as_lines: bool) -> int:
    """Show the station until nothing is typed any more; the exit code."""
    console = Console(markup=False, highlight=False)
    if as_lines or not can_be_drawn_on(console):
        return await run_lines(place, station, console)
    return await run_whole(place, station, console)


async def run_lines(place: AgentPlace, station: str, console: Console) -> int:
    """The same as lines, until standard input ends."""
    texts: asyncio.Queue[Typed | None] = asyncio.Queue()
    face = Lines(console)
    read_lines(texts)
    try:
        return await TerminalSession(place, station, face, texts).run()
    finally:
        face.close()
