"""A station as lines of text: for scripts and logs, and for a console that can show no more.

Promise: a line for each display, with the light's colour where there are colours; what isn't well, and what is to be
read by whoever is here, is said where it has changed.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading

from rich.console import Console
from rich.text import Text

from gaugetrail_agent.terminal.echo import hide_typing
from gaugetrail_agent.terminal.session import Document
from gaugetrail_agent.terminal.typed_line import Typed
from gaugetrail_contract.escapes import visible

STYLES = {"green": "bold white on green", "red": "bold white on red", "amber": "bold black on yellow", "off": "bold"}
SIGNS = {"green": "green", "amber": "yellow", "red": "bold red"}


def drawn(display: Document) -> Text:
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


def drawn_notices(before: Document, now: Document) -> list[Text]:
    """What is not well around the station, a line each, where that has changed; or that all is well again."""
    told = now.get("notices") or []
    if told == (before.get("notices") or []):
        return []
    if not told:
        return [Text(f"■  {visible(str(now.get('all_well') or 'all is well again'))}", style=SIGNS["green"])]
    return [Text(f"■  {visible(str(one['text']))}", style=SIGNS.get(str(one["sign"]), "")) for one in told]


def drawn_messages(before: Document, now: Document) -> list[Text]:
    """What is to be read by whoever is here, a line each, where that has changed."""
    told = now.get("messages") or []
    return [] if told == (before.get("messages") or []) else [Text(f"✉  {visible(str(one['text']))}") for one in told]


class Lines:
    """The face of lines."""

    wants_whole = False

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(markup=False, highlight=False)
        self._display: Document = {}
        self._masked = False
        """Whether what is typed is hidden: a PIN is waited for."""

    def show(self, document: Document) -> None:
        """As one line, after what has changed around it."""
        apart = (*drawn_notices(self._display, document), *drawn_messages(self._display, document))
        for line in (*apart, drawn(document)):
            self._console.print(line)
        self._display = document
        self._mask(hidden=bool(document.get("masked")))

    def alone(self) -> None:
        """Said once."""
        self._say("waiting for the agent; start it with gaugetrail-agent run", "yellow")

    def cut(self) -> None:
        """Lines that stand there are old anyhow."""
        self._say("the agent is gone", "red")
        self._display = {}

    def not_taken(self, text: str) -> None:
        """What was typed for a PIN is shown here neither."""
        what = "" if self._masked else f": {visible(text)}"
        self._say(f"not taken, there is no agent{what}", "red")

    def refused(self, reason: str) -> None:
        """In the agent's words."""
        self._say(reason, "red")

    def close(self) -> None:
        """Leave the console as it was."""
        self._mask(hidden=False)

    def _mask(self, *, hidden: bool) -> None:
        if hidden == self._masked:
            return
        self._masked = hidden
        if not hide_typing(hidden) and hidden:
            self._say("this console shows what is typed: cover it", "yellow")

    def _say(self, what: str, style: str) -> None:
        self._console.print(Text(what, style=style))


def read_lines(texts: asyncio.Queue[Typed | None]) -> None:
    """Standard input into the queue, on a thread that holds nobody up at the end."""
    loop = asyncio.get_running_loop()

    def put(typed: Typed | None) -> None:
        with contextlib.suppress(RuntimeError):  # the terminal has ended
            loop.call_soon_threadsafe(texts.put_nowait, typed)

    def read() -> None:
        for text in sys.stdin:
            if text.strip():
                put(Typed(text.strip()))
        put(None)

    threading.Thread(target=read, name="typing", daemon=True).start()
