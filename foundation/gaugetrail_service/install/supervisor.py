"""A daemon's word to whoever started it: that it serves, that it still turns, that it stops.

The protocol is systemd's (sd_notify(3)): `KEY=value` lines in one datagram to the socket that `NOTIFY_SOCKET` names;
a name that begins with `@` is an abstract one. `WATCHDOG_USEC` says how long the daemon may be silent, `WATCHDOG_PID`
to which process that applies (sd_watchdog_enabled(3)).

Promise: without such a supervisor nothing is sent and nothing fails. `turned` is called by the daemon's own main loop,
never by a thread of its own, so a loop that hangs is silent and the daemon is started again.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Mapping


class Supervisor:
    """Who started this process and wants to hear of it, as its environment says."""

    def __init__(self, environ: Mapping[str, str] = os.environ, now: Callable[[], float] = time.monotonic) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._now = now
        self._due = 0.0
        self.every_secs = _every_secs(environ) if self._address else None
        """How often it wants to hear that the loop turns; null where it doesn't."""

    def ready(self) -> None:
        """The daemon serves; only from now on its silence counts."""
        self._tell("READY=1")

    def stopping(self) -> None:
        """The daemon has begun to end."""
        self._tell("STOPPING=1")

    def turned(self) -> None:
        """The main loop has come round once more; told as often as is asked for."""
        if self.every_secs is None or self._now() < self._due:
            return
        self._due = self._now() + self.every_secs
        self._tell("WATCHDOG=1")

    def _tell(self, word: str) -> None:
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        # A supervisor that is gone or busy is no reason to stop work; a silence that lasts is its to judge.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.setblocking(False)
            line.sendto(word.encode(), address)


def _every_secs(environ: Mapping[str, str]) -> float | None:
    """A third of the silence that is allowed: two words may be late before it counts."""
    allowed = environ.get("WATCHDOG_USEC", "")
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not allowed.isdecimal():
        return None
    return int(allowed) / 3e6 or None
