"""A person's console with the terminal in it: a real pty, a real process, and somebody else's emulator of a screen."""

from __future__ import annotations

import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Mapping
from pathlib import Path

import pyte
from floor import until


class ConsoleProcess:
    """`gaugetrail-agent` with these words, at a console of so many columns and lines."""

    def __init__(
        self, words: tuple[str, ...], columns: int = 80, lines: int = 24, environ: Mapping[str, str] | None = None
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self.written = b""
        self._ours, far = os.openpty()
        self.before = termios.tcgetattr(far)
        self._set_size(columns, lines)
        self._far = far
        command = (str(Path(sys.executable).parent / "gaugetrail-agent"), *words)
        given = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "LINES")}
        try:
            self.process = subprocess.Popen(
                command,
                stdin=far,
                stdout=far,
                stderr=far,
                env={**given, "TERM": "xterm-256color", "LANG": "C.UTF-8", **(environ or {})},
                start_new_session=True,
                preexec_fn=lambda: fcntl.ioctl(far, termios.TIOCSCTTY, 0),
            )
        except BaseException:
            os.close(far)
            os.close(self._ours)
            raise
        self._thread = threading.Thread(target=self._read, name="console", daemon=True)
        self._thread.start()

    def _set_size(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._ours, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._ours, 65536)
            except OSError:
                return
            if not data:
                return
            with self._lock:
                self.written += data
                self._stream.feed(data)

    @property
    def lines(self) -> list[str]:
        """What stands on it now."""
        with self._lock:
            return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The same, for a look whether something is there."""
        return "\n".join(self.lines)

    def colours(self, word: str) -> set[str]:
        """The background behind the line that has the word."""
        with self._lock:
            at = next(number for number, line in enumerate(self._screen.display) if word in line)
            return {self._screen.buffer[at][column].bg for column in range(self._screen.columns)}

    @property
    def modes(self) -> list[object]:
        """How the console is set now; that is what a shell behind would find."""
        return termios.tcgetattr(self._far)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """The window has another size."""
        with self._lock:
            self._screen.resize(lines, columns)
        self._set_size(columns, lines)

    def shows(self, *words: str) -> None:
        """Wait until all of it is there."""
        until(lambda: all(word in self.text for word in words), f"the console shows {words}; it shows\n{self.text}")

    def ended(self) -> int:
        return self.process.wait(20)

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._far)
        os.kill(self.process.pid, signal.SIGHUP)

    def close(self) -> None:
        self.process.kill()
        self.process.wait(20)
        for end in (self._far, self._ours):
            try:
                os.close(end)
            except OSError:
                continue  # hung up before
        self._thread.join(10)
