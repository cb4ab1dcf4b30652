"""Framing: where one frame of a device ends and the next begins.

Promise: bytes in any pieces give the same frames as the same bytes at once. A partial frame waits; glued frames split;
a frame never holds more than `max_frame` bytes: what is longer comes out once, cut off, with a fault, and everything up
to the next end is dropped. No method raises.

A frame ends at the end bytes (with `after_end` bytes behind them, a checksum), at a fixed length, or at silence. What
its check covers and where it stands is `checks`; a frame that the check doesn't fit has a fault, whatever else it looks
like. Half a frame that stays silent for `give_up_secs` is given up, so that its head can't be glued to the next frame's
tail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gaugetrail_agent.drivers.checks import FrameCheck

ENDS: Final[Mapping[str, bytes]] = {
    "cr": b"\r",
    "lf": b"\n",
    "crlf": b"\n",
    "etx": b"\x03",
    "eot": b"\x04",
    "nul": b"\x00",
    "idle": b"",
    "length": b"",
}
"""`crlf` ends at the line feed; the carriage return before it is taken off, and missed by nobody if it isn't there."""


@dataclass(frozen=True, slots=True)
class FrameRule:
    """How one protocol frames; see the fields of a profile's `[framing]`."""

    end: bytes = b""
    drop_cr: bool = False
    other_end: bytes = b""
    start: bytes = b""
    length: int | None = None
    after_end: int = 0
    check: FrameCheck | None = None
    singles: bytes = b""
    skip: bytes = b"\r\n\x00"
    max_frame: int = 80


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: all its bytes, the text between start and end, and why it can't be one (null: nothing wrong)."""

    raw: bytes
    body: bytes
    fault: str | None = None


class Framer:
    """Cuts a stream into frames."""

    def __init__(self, rule: FrameRule) -> None:
        self._rule = rule
        self._pending = bytearray()
        self._body: bytes | None = None
        self._overlong = False
        self._tail = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that end in `data`."""
        frames: list[Frame] = []
        for byte in data:
            frames += self._take(byte)
        return frames

    def silence(self) -> Frame | None:
        """Silence as an end: what is pending, as a frame; null if the protocol has ends or lengths of its own."""
        if self._rule.end or self._rule.length or not self._pending:
            self._overlong = False
            return None
        raw = bytes(self._pending)
        self.reset()
        return Frame(raw, raw)

    def give_up(self) -> bytes:
        """What is pending, which is forgotten."""
        raw = bytes(self._pending)
        self.reset()
        return raw

    def reset(self) -> None:
        """Forget half a frame."""
        self._pending.clear()
        self._body = None
        self._overlong = False
        self._tail = b""

    def _take(self, byte: int) -> list[Frame]:
        rule = self._rule
        if self._overlong:
            self._look_for_end(byte)
            return []
        if not self._pending and self._body is None:
            if byte in rule.singles:
                return [Frame(bytes([byte]), bytes([byte]))]
            if byte in rule.skip:
                return []
        self._pending.append(byte)
        if self._body is not None:
            return self._collect_checksum()
        if rule.start and len(self._pending) > len(rule.start) and self._pending.endswith(rule.start):
            noise = bytes(self._pending[: -len(rule.start)])
            self._pending = bytearray(rule.start)
            return [Frame(noise, noise, "a new frame began before this one ended")]
        if rule.length is not None:
            return [self._frame(bytes(self._pending))] if len(self._pending) == rule.length else []
        if rule.end and self._pending.endswith(rule.end):
            self._body = bytes(self._pending[: -len(rule.end)])
            return self._collect_checksum()
        if rule.other_end and self._pending.endswith(rule.other_end):
            return [self._frame(bytes(self._pending[: -len(rule.other_end)]))]
        if len(self._pending) >= rule.max_frame + len(rule.end):
            raw = bytes(self._pending)
            self.reset()
            self._overlong = True
            return [Frame(raw, raw, f"more than {rule.max_frame} bytes without an end of frame")]
        return []

    def _collect_checksum(self) -> list[Frame]:
        """Emit the frame if all bytes behind its end are there."""
        assert self._body is not None
        wanted = len(self._body) + len(self._rule.end) + self._rule.after_end
        return [self._frame(self._body)] if len(self._pending) == wanted else []

    def _frame(self, body: bytes) -> Frame:
        rule, raw = self._rule, bytes(self._pending)
        self.reset()
        fault = None
        if rule.check is not None:
            fault = rule.check.fault(raw)
            body = _without(body, rule.check.place(raw))
        if rule.start:
            if not raw.startswith(rule.start):
                fault = "the start of the frame is missing"
            body = body.removeprefix(rule.start)
        if rule.drop_cr:
            body = body.removesuffix(b"\r")
        return Frame(raw, body, fault)

    def _look_for_end(self, byte: int) -> None:
        """Behind an overlong frame: drop until an end (or a start) lets frames be trusted again."""
        rule = self._rule
        self._tail = (self._tail + bytes([byte]))[-max(len(rule.end), len(rule.other_end), len(rule.start), 1) :]
        if rule.start and self._tail.endswith(rule.start):
            self.reset()
            self._pending = bytearray(rule.start)
        elif any(end and self._tail.endswith(end) for end in (rule.end, rule.other_end)):
            self.reset()


def _without(body: bytes, place: slice | None) -> bytes:
    """The body without the characters of its check, where they stand inside it."""
    return body if place is None else body[: place.start] + body[place.stop :]
