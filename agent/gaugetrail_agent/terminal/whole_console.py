"""The face that takes the whole console: draws on its own page of the console, and reads key by key.

Promise: what it draws fits the console, also once that has another size; the console is left as it was, however this
ends: Ctrl-C, Ctrl-D, a hang-up, a signal, a fault. Only lines that have changed are written.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

from rich.cells import cell_len
from rich.console import Console
from rich.control import Control
from rich.text import Span, Text

from gaugetrail_agent.terminal.drawing import ConsoleLook, drawn, typed
from gaugetrail_agent.terminal.session import AgentPlace, Document, TerminalSession
from gaugetrail_agent.terminal.typed_line import Ended, Typed, TypedLine
from gaugetrail_contract.escapes import visible

if sys.platform != "win32":
    import termios
    import tty

BAR_BEATS = 3
"""So many beats a gauge's value stands that no newer one follows."""


class WholeConsole:
    """The face. `size`: columns and lines of the console now."""

    wants_whole = True

    def __init__(self, console: Console, size: Callable[[], tuple[int, int]]) -> None:
        self._console = console
        self._size = size
        self._seen = ConsoleLook(cut_since="")
        self._looks: list[tuple[str, str, tuple[Span, ...]]] = []
        """Of each line that stands on the console."""
        self._bar_beats = 0
        """How many beats the gauge has been silent for."""
        self.reason = ""
        """Why the agent refuses."""

    # --- what the session says

    def show(self, document: Document) -> None:
        """The station, its gauge, or the time."""
        if "whole" in document:
            self._now(whole=document["whole"], cut_since=None)
        elif "bar" in document:
            self._bar_beats = 0
            self._now(bar=document["bar"], cut_since=None)
        else:
            self._bar_beats += 1
            bar = self._seen.bar if self._bar_beats < BAR_BEATS else None
            self._now(bar=bar, clock=document["beat"], cut_since=None)

    def alone(self) -> None:
        """It stands there until there is an agent."""
        self.draw()

    def cut(self) -> None:
        """Since the last beat."""
        self._now(bar=None, cut_since=self._seen.clock or datetime.now().astimezone().strftime("%H:%M:%S"))

    def not_taken(self, text: str) -> None:
        """What was typed for a PIN is shown here neither."""
        masked = self._seen.whole is not None and self._seen.whole["masked"]
        self._now(not_taken="" if masked else visible(text))

    def refused(self, reason: str) -> None:
        """Said once the console is as it was."""
        self.reason = reason

    # --- what is typed

    def typing(self, line: TypedLine, *, is_sent: bool) -> None:
        """The line as it is typed; once one is sent, nothing is not taken any more."""
        self._now(typed=line.shown, not_taken=None if is_sent else self._seen.not_taken)

    # --- on the console

    def _now(self, **changed: object) -> None:
        self._seen = replace(self._seen, **changed)  # type: ignore[arg-type]  # each is a field of its own type
        self.draw()

    def draw(self, *, anew: bool = False) -> None:
        """Write the lines that have changed, or all of them; the cursor stands behind what is typed."""
        width, height = self._size()
        lines = drawn(self._seen, width, height)
        looks = [(line.plain, str(line.style), tuple(line.spans)) for line in lines]
        with self._console:  # written at once
            if anew or len(looks) != len(self._looks):
                self._looks = []
                self._console.control(Control.clear())
            for number, line in enumerate(lines):
                if number >= len(self._looks) or looks[number] != self._looks[number]:
                    self._console.control(Control.move_to(0, number))
                    self._console.print(line, end="", no_wrap=True, overflow="crop", width=width)
            self._looks = looks
            self._console.control(Control.move_to(2 + cell_len(typed(self._seen, width)), height - 1))


class KeyReader:
    """The console's keys, one by one; what they complete goes into `texts`. `ended` once nothing is typed any more."""

    def __init__(self, face: WholeConsole, texts: asyncio.Queue[Typed | None]) -> None:
        self._face = face
        self._texts = texts
        self._line = TypedLine()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.ended = asyncio.Event()

    def read(self) -> None:
        """Something has been typed, or the console is gone."""
        try:
            data = os.read(sys.stdin.fileno(), 4096)
        except OSError:  # hung up
            data = b""
        if not data:
            self.ended.set()
            return
        is_sent = False
        try:
            for typed_line in self._line.keys(self._decoder.decode(data), asyncio.get_running_loop().time()):
                self._texts.put_nowait(typed_line)
                is_sent = True
        except Ended:
            self.ended.set()
        self._face.typing(self._line, is_sent=is_sent)


async def run_whole(place: AgentPlace, station: str, console: Console) -> int:
    """Show the station on the whole console until it is left; the exit code."""
    texts: asyncio.Queue[Typed | None] = asyncio.Queue()
    face = WholeConsole(console, _size)
    keys = KeyReader(face, texts)
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(name, keys.ended.set)
    loop.add_signal_handler(signal.SIGWINCH, lambda: face.draw(anew=True))
    with _taken_over(console):
        loop.add_reader(sys.stdin.fileno(), keys.read)
        running = asyncio.create_task(TerminalSession(place, station, face, texts).run())
        leaving = asyncio.create_task(keys.ended.wait())
        try:
            await asyncio.wait({running, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.remove_reader(sys.stdin.fileno())
            leaving.cancel()
            running.cancel()
            await asyncio.gather(running, leaving, return_exceptions=True)
    if face.reason:
        console.print(Text(face.reason, style="red"))
    return 0 if running.cancelled() else running.result()


def _size() -> tuple[int, int]:
    """Columns and lines; a serial console knows neither, and is taken for a usual one."""
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    return (max(columns, 20), max(lines, 4)) if columns and lines else (80, 24)


@contextlib.contextmanager
def _taken_over(console: Console) -> Iterator[None]:
    """A page of its own, keys as they come; all as it was behind it, as far as there still is a console."""
    before = termios.tcgetattr(sys.stdin.fileno())
    try:
        tty.setraw(sys.stdin.fileno())
        console.set_alt_screen(True)
        yield
    finally:
        with contextlib.suppress(OSError, termios.error):  # hung up: there is nothing to leave as it was
            console.set_alt_screen(False)
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSADRAIN, before)
