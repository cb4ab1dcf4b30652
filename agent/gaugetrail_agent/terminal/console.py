"""The operator's terminal in a console: one station's prompts in colour, typed lines as scans.

For a PC whose scanner types like a keyboard, and for trying a station by hand. A page replaces it where there is one.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

from gaugetrail_contract.escapes import visible

STYLES = {"green": "bold white on green", "red": "bold white on red", "amber": "bold black on yellow", "off": "bold"}


def drawn(display: dict[str, object]) -> Text:
    """A station's display as one coloured line; what came from a device or a scan is shown with visible escapes."""
    message = visible(str(display.get("message") or ""))
    prompt = visible(str(display.get("prompt") or ""))
    line = Text(f" {message or prompt} ", style=STYLES.get(str(display.get("light")), ""))
    if message and prompt:
        line.append(f"  {prompt}", style="not bold")
    return line


async def run(host: str, port: int, token_path: Path, station: str) -> int:
    """Show the station until the agent goes or refuses (1) or standard input ends (0): the exit code."""
    console = Console(markup=False, highlight=False)
    try:
        token = await asyncio.to_thread(token_path.read_text, "utf-8")
        reader, writer = await asyncio.open_connection(host, port)
    except OSError as error:
        console.print(f"no agent to talk to ({error}); start it with gaugetrail-agent run", style="red")
        return 1
    writer.write(json.dumps({"token": token}).encode() + b"\n" + json.dumps({"station": station}).encode() + b"\n")
    typing = asyncio.create_task(_type(writer))
    refused = False
    while line := await reader.readline():
        display = json.loads(line)
        refused = "error" in display
        console.print(display["error"] if refused else drawn(display))
    left = typing.done() and not refused
    typing.cancel()
    writer.close()
    if left:
        return 0
    if not refused:
        console.print("the agent has closed the connection", style="red")
    return 1


async def _type(writer: asyncio.StreamWriter) -> None:
    while text := await asyncio.to_thread(sys.stdin.readline):
        if text.strip():
            writer.write(json.dumps({"typed": text.strip()}).encode() + b"\n")
            await writer.drain()
    writer.write_eof()
