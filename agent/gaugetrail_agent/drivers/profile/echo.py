"""Devices that echo the command before they answer: the echo is no answer, and silently taken off.

Promise: only bytes that repeat a command of the profile are taken off: those just sent, as far as they come at once
behind the command; and a frame that is nothing but a command and that no pattern explains. Everything else is passed on
unchanged, however it is cut.
"""

from __future__ import annotations

from gaugetrail_agent.drivers.profile.file import Commands


class Echo:
    """What was said last, and how much of it has come back."""

    def __init__(self, commands: Commands) -> None:
        told = (
            commands.poll,
            *commands.then,
            commands.trigger,
            commands.start_stream,
            commands.stop_stream,
            *commands.requests.values(),
        )
        self._commands = {
            text.encode("latin-1").strip(b"\r\n") for text in told if text is not None and "{" not in text
        }
        self._expected = b""
        self._held = b""

    def sent(self, data: bytes) -> None:
        """A command went out; what comes next may be its echo. A command of one letter begins too many answers."""
        self._expected = data if len(data) > 1 else b""
        self._held = b""

    def taken_off(self, data: bytes) -> bytes:
        """The bytes without the echo; those that may still become one are held."""
        if not self._expected:
            return data
        data, self._held = self._held + data, b""
        if data.startswith(self._expected):
            data, self._expected = data[len(self._expected) :], b""
        elif self._expected.startswith(data):
            self._held = data
            return b""
        self._expected = b""
        return data

    def given_up(self) -> bytes:
        """Silence: what was held was no echo."""
        held, self._held, self._expected = self._held, b"", b""
        return held

    def is_command(self, raw: bytes) -> bool:
        """Whether a frame is nothing but one of the profile's commands."""
        return raw.strip(b"\r\n") in self._commands
