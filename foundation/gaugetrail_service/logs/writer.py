"""The log's lines on their way out: whoever logs never waits for whoever reads.

Promise: to log is to put a line down in memory. One thread writes them. Where nobody reads (a pipe that stands still, a
journal that hangs, a full disk) it alone waits, and the lines gather up to `MOST_BYTES`; what comes then is dropped and
counted, and when it goes on, a line in its place says how many. At the end what can be written within `LAST_SECS` is;
nothing hangs. Lines of one cause are counted (`repeats`).

Not promised: that the last lines of a process that is killed come out.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TextIO

from gaugetrail_contract.counts import counted
from gaugetrail_service.logs.repeats import Repeats

MOST_BYTES = 500_000
LAST_SECS = 2.0

Write = Callable[[bytes], None]


class LogWriter(logging.Handler):
    """Writes each line to a stream, on a thread of its own."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._write, self._let_go = writing_to(stream)
        self._changed = threading.Condition()
        self._lines: deque[bytes] = deque()
        self._bytes = 0
        self._gap = 0
        self._full = self._writing = self._ending = self._given_up = False
        self._repeats = Repeats()
        self.dropped = 0
        """Lines since start that nobody will read."""
        self._thread = threading.Thread(target=self._write_for_ever, name="log", daemon=True)
        self._thread.start()

    # --- who logs

    def emit(self, record: logging.LogRecord) -> None:
        """Put the line down, or count it. Never waits, never raises."""
        with self._changed:
            if self._repeats.is_news(record, time.monotonic()):
                self._put(record)
            self._changed.notify_all()

    def _put(self, record: logging.LogRecord) -> None:
        try:
            line = (self.format(record) + "\n").encode("utf-8", "backslashreplace")
        except (TypeError, ValueError, LookupError, AttributeError) as error:  # words and arguments that don't fit
            line = f"a line of the log can't be formed ({error!r}): {record.msg!r}\n".encode("utf-8", "replace")
        self._full = self._full or self._bytes + len(line) > MOST_BYTES
        if self._full:  # also for a short line that would fit: what is missing is missing in one place
            self._gap += 1
            self.dropped += 1
            return
        self._lines.append(line)
        self._bytes += len(line)

    # --- the thread

    def _write_for_ever(self) -> None:
        while (lines := self._next()) is not None:
            try:
                self._write(b"".join(lines))
            except (OSError, ValueError):  # the reader is gone, the disk is full, the stream is closed
                self._lost(len(lines))
        self._let_go()

    def _next(self) -> list[bytes] | None:
        """All lines that wait, behind them how many are missing there; null at the end."""
        with self._changed:
            self._writing = self._given_up = False
            self._changed.notify_all()
            while not self._lines:
                if self._ending:
                    return None
                self._say_counted(time.monotonic())
                if not self._lines:
                    self._changed.wait(self._repeats.wait_secs(time.monotonic()))
            lines = [*self._lines, *self._missing()]
            self._lines.clear()
            self._bytes, self._gap, self._full, self._writing = 0, 0, False, True
            return lines

    def _say_counted(self, now: float) -> None:
        for record in self._repeats.due(now):
            self._put(record)

    def _missing(self) -> list[bytes]:
        if not self._gap:
            return []
        words = f"the log was not read for a while: {counted(self._gap, 'line')} dropped here"
        told = {"name": __name__, "levelno": logging.WARNING, "levelname": "WARNING", "msg": words}
        record = logging.makeLogRecord(told | {"event": "log_dropped", "lines": self._gap})
        return [(self.format(record) + "\n").encode("utf-8")]

    def _lost(self, lines: int) -> None:
        with self._changed:
            self.dropped += lines
            self._gap += lines

    # --- the end

    def flush(self) -> None:
        """Wait until all is written, or for `LAST_SECS` where nobody reads; asked twice at the end, it waits once."""
        until = time.monotonic() + LAST_SECS
        with self._changed:
            while (self._lines or self._writing) and not self._given_up:
                self._given_up = not self._changed.wait(until - time.monotonic())

    def close(self) -> None:
        """Write what has been counted and what waits, as far as somebody reads; let go of the stream."""
        with self._changed:
            self._say_counted(float("inf"))
            self._ending = True
            self._changed.notify_all()
        self.flush()
        super().close()


def writing_to(stream: TextIO) -> tuple[Write, Callable[[], None]]:
    """How lines get out, and how to let go. A file is written past the stream, whose lock somebody who stands still
    would hold; its number is our own copy, so that nobody's closing makes another file of it.
    """
    try:
        number = os.dup(stream.fileno())
    except (OSError, ValueError, AttributeError):  # a stream that is no file
        return partial(_say, stream), lambda: None
    return partial(_write_whole, number), partial(os.close, number)


def _write_whole(number: int, data: bytes) -> None:
    while data:
        data = data[os.write(number, data) :]


def _say(stream: TextIO, data: bytes) -> None:
    stream.write(data.decode("utf-8"))
    stream.flush()


def dropped() -> int:
    """Lines of this process's log that nobody will read, since start."""
    return sum(one.dropped for one in logging.getLogger().handlers if isinstance(one, LogWriter))
