"""Logging on: a browser that has given a name and its password holds a cookie that is worth a working day.

Sessions live in memory: a restart of the collector logs everybody off. A user who is taken out of the file, or has
another password in it, is logged off at the next request. After some wrong guesses a name waits ever longer, whoever
guesses, and so does an address, whatever names it tries. Log-ons, log-offs and wrong guesses leave a line in the log.
"""

from __future__ import annotations

import ipaddress
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gaugetrail_contract.escapes import visible
from gaugetrail_service.web.console_users import Users

log = logging.getLogger(__name__)

COOKIE = "gaugetrail"
SESSION_SECS = 12 * 3600.0
MOST_SESSIONS = 500
MOST_KNOWN = 1000
"""Names, and addresses, whose wrong guesses are remembered."""
FREE_GUESSES = 5
FREE_FROM_ONE_PLACE = 20
LONGEST_WAIT_SECS = 300.0
NAME_SHOWN = 60


class _LoggedOn(NamedTuple):
    name: str
    phc: str
    """The hash that the password was tried against."""
    ends_at: float


@dataclass
class _Guesses:
    """Wrong guesses by whom they are counted by; the oldest are forgotten."""

    free: int
    wrong: dict[str, int] = field(default_factory=dict)
    free_at: dict[str, float] = field(default_factory=dict)

    def wait(self, key: str, now: float) -> float:
        return self.free_at.get(key, now) - now

    def count(self, key: str, now: float) -> None:
        if key not in self.wrong and len(self.wrong) >= MOST_KNOWN:
            self.forget(next(iter(self.wrong)))
        self.wrong[key] = self.wrong.get(key, 0) + 1
        if self.wrong[key] >= self.free:
            self.free_at[key] = now + min(LONGEST_WAIT_SECS, 2.0 ** min(10, self.wrong[key] - self.free + 1))

    def forget(self, key: str) -> None:
        self.wrong.pop(key, None)
        self.free_at.pop(key, None)


@dataclass
class Sessions:
    """Who is logged on. Thread-safe; `users` tells who may, at this moment."""

    users: Callable[[], Users]
    mono: Callable[[], float] = time.monotonic
    _open: dict[str, _LoggedOn] = field(default_factory=dict)
    _by_name: _Guesses = field(default_factory=lambda: _Guesses(FREE_GUESSES))
    _by_source: _Guesses = field(default_factory=lambda: _Guesses(FREE_FROM_ONE_PLACE))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def who(self, cookies: str) -> str | None:
        """The user of a `Cookie` header; null for one who has to log on."""
        session = self._open.get(_key_in(cookies))
        if session is None or session.ends_at <= self.mono():
            return None
        return session.name if self.users().hashes.get(session.name) == session.phc else None

    def refuse(self, name: str, source: str) -> str | None:
        """Why nobody may try that name from there now; null when somebody may."""
        with self._lock:
            now = self.mono()
            waits = (
                (self._by_name.wait(name, now), "for this name"),
                (self._by_source.wait(source, now), "from this address"),
            )
        wait, what = max(waits)
        return f"too many wrong passwords {what}; wait {max(1, round(wait))} s" if wait > 0 else None

    def log_on(self, name: str, password: str, source: str = "") -> str:
        """The key of a new session. Raises `PermissionError` with the reason. One at a time: it takes a while."""
        phc = self._prove(name, password, source)
        key = secrets.token_urlsafe(32)
        with self._lock:
            if len(self._open) >= MOST_SESSIONS:
                self._open.pop(min(self._open, key=lambda one: self._open[one].ends_at))
            self._open[key] = _LoggedOn(name, phc, self.mono() + SESSION_SECS)
        _note(logging.INFO, "%s has logged on from %s", "log_on", name, source)
        return key

    def prove(self, name: str, password: str, source: str = "") -> str:
        """Who has logged on is asked again, before they sign something; gives their name. Raises as `log_on`."""
        self._prove(name, password, source)
        return name

    def _prove(self, name: str, password: str, source: str) -> str:
        """The hash that the password was tried against."""
        reason = self.refuse(name, source)
        if reason is not None:
            raise PermissionError(reason)
        users = self.users()
        if not users.knows(name, password):
            self._count_wrong(name, source)
            raise PermissionError("no such name and password")
        with self._lock:
            self._by_name.forget(name)
        return users.hashes[name]

    def log_off(self, cookies: str, source: str = "") -> None:
        """End the session of a `Cookie` header, if there is one."""
        session = self._open.pop(_key_in(cookies), None)
        if session is not None:
            _note(logging.INFO, "%s has logged off from %s", "log_off", session.name, source)

    def _count_wrong(self, name: str, source: str) -> None:
        with self._lock:
            now = self.mono()
            self._by_name.count(name, now)
            self._by_source.count(source, now)
        _note(logging.WARNING, "a wrong password for %s from %s", "wrong_password", name, source)


def _note(level: int, sentence: str, event: str, name: str, source: str) -> None:
    shown = visible(name[:NAME_SHOWN])
    log.log(level, f"console: {sentence}", shown, source, extra={"event": event, "user": shown, "source": source})


def _key_in(cookies: str) -> str:
    for part in cookies.split(";"):
        name, _, key = part.strip().partition("=")
        if name == COOKIE:
            return key
    return ""


def source_of(peer: str, headers: Mapping[str, str]) -> str:
    """Whose address a request comes from: that of the connection; through a proxy on this machine, what that proxy says
    last. What is said by anybody else is not believed.
    """
    said = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    try:
        if said and ipaddress.ip_address(peer).is_loopback:
            return str(ipaddress.ip_address(said))
    except ValueError:
        return peer
    return peer
