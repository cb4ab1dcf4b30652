"""Logging on: a browser that has given a name and its password holds a cookie that is worth a working day.

Sessions live in memory: a restart of the collector logs everybody off. Guesses are made one at a time, and after five
wrong ones a name waits ever longer, whoever guesses.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gaugetrail_service.console_users import Users

COOKIE = "gaugetrail"
SESSION_SECS = 12 * 3600.0
MOST_SESSIONS = 500
MOST_NAMES = 1000
FREE_GUESSES = 5
LONGEST_WAIT_SECS = 300.0


@dataclass
class _Guesses:
    wrong: int = 0
    free_at: float = 0.0


@dataclass
class Sessions:
    """Who is logged on. Thread-safe."""

    users: Users
    mono: Callable[[], float] = time.monotonic
    _open: dict[str, tuple[str, float]] = field(default_factory=dict)
    _guesses: dict[str, _Guesses] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def who(self, cookies: str) -> str | None:
        """The user of a `Cookie` header; null for one who has to log on."""
        for part in cookies.split(";"):
            name, _, key = part.strip().partition("=")
            session = self._open.get(key) if name == COOKIE else None
            if session is not None and session[1] > self.mono():
                return session[0]
        return None

    def log_on(self, name: str, password: str) -> str:
        """The key of a new session. Raises `PermissionError` with the reason."""
        with self._lock:
            guesses = self._guesses.get(name, _Guesses())
            wait = guesses.free_at - self.mono()
            if wait > 0:
                raise PermissionError(f"too many wrong passwords for this name; wait {wait:.0f} s")
            if not self.users.knows(name, password):
                self._wrong(name, guesses)
                raise PermissionError("no such name and password")
            self._guesses.pop(name, None)
            key = secrets.token_urlsafe(32)
            if len(self._open) >= MOST_SESSIONS:
                self._open.pop(min(self._open, key=lambda one: self._open[one][1]))
            self._open[key] = (name, self.mono() + SESSION_SECS)
            return key

    def log_off(self, cookies: str) -> None:
        """End the session of a `Cookie` header, if there is one."""
        for part in cookies.split(";"):
            self._open.pop(part.strip().partition("=")[2], None)

    def _wrong(self, name: str, guesses: _Guesses) -> None:
        guesses.wrong += 1
        if guesses.wrong >= FREE_GUESSES:
            guesses.free_at = self.mono() + min(LONGEST_WAIT_SECS, 2.0 ** (guesses.wrong - FREE_GUESSES + 1))
        if name not in self._guesses and len(self._guesses) >= MOST_NAMES:
            self._guesses.pop(next(iter(self._guesses)))
        self._guesses[name] = guesses
