"""Key events to bytes, by a keyboard layout of our own: what a scanner or gauge typed, whatever the host is set to.

Promise: any events give bytes and none raises. A scanner's own Shift, AltGr, caps lock, dead keys, Ctrl keys (`Ctrl+]`
is GS) and ALT codes (`ALT+029`) are understood; key repeats count for nothing. Where the kernel reports lost events, a
byte 0xFF stands in the text, which UTF-8 never holds: the scan is refused, not shortened.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from gaugetrail_agent.links.key_layouts import DEAD, LAYOUTS, KeyLayout

# Event types and key values of the kernel's input-event-codes.h.
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
RELEASED, PRESSED = 0, 1

LOST = b"\xff"
"""Stands where key events were lost."""

_SHIFT = frozenset({42, 54})
_CTRL = frozenset({29, 97})
_LEFT_ALT, _RIGHT_ALT = 56, 100
_ALT = frozenset({_LEFT_ALT, _RIGHT_ALT})
_CAPS_LOCK = 58
_KEYPAD_DECIMAL = 83

_KEYPAD = {
    71: "7", 72: "8", 73: "9", 74: "-", 75: "4", 76: "5", 77: "6", 78: "+", 79: "1", 80: "2", 81: "3", 82: "0",
    55: "*", 98: "/", 121: ",",
}  # fmt: skip
_ALWAYS = {28: "\r", 96: "\r", 15: "\t", 57: " ", 14: "\b", 1: "\x1b"} | _KEYPAD
_KEYPAD_DIGITS = frozenset({71, 72, 73, 75, 76, 77, 79, 80, 81, 82})

# Ctrl with a key gives the control character of its ASCII column; digits stand for those that have no letter.
_CONTROL_KEYS = {"6": "\x1e", "^": "\x1e", "-": "\x1f", "_": "\x1f", "/": "\x1f", "2": "\x00", "@": "\x00",
                 "[": "\x1b", "]": "\x1d", "\\": "\x1c"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One event of an input device, as the kernel gives it."""

    type: int
    code: int
    value: int


class Keyboard:
    """Key events of one device to bytes, UTF-8. Knows no device."""

    def __init__(self, layout: KeyLayout = LAYOUTS["us"]) -> None:
        self._layout = layout
        self._held: set[int] = set()
        self._caps = False
        self._alt_digits = ""
        self._dead = ""

    def translate(self, events: Iterable[KeyEvent]) -> bytes:
        """What these events typed."""
        return b"".join(self._one(event) for event in events)

    def _one(self, event: KeyEvent) -> bytes:
        if event.type == EV_SYN and event.code == SYN_DROPPED:
            self._held.clear()
            self._alt_digits = self._dead = ""
            return LOST
        if event.type != EV_KEY:
            return b""
        if event.value == RELEASED:
            return self._released(event.code)
        return self._pressed(event.code) if event.value == PRESSED else b""

    def _pressed(self, code: int) -> bytes:
        if code in _SHIFT | _CTRL | _ALT:
            self._held.add(code)
            return b""
        if code == _CAPS_LOCK:
            # A scanner that presses caps lock means its own state, not the host's.
            self._caps = not self._caps
            return b""
        if self._held & _ALT and not self._alt_gr():
            if code in _KEYPAD_DIGITS:
                self._alt_digits += _KEYPAD[code]
            return b""
        char = self._character(code)
        return self._typed(char).encode() if char is not None else b""

    def _alt_gr(self) -> bool:
        """AltGr is the right Alt key, or on Windows' keyboards Ctrl and the left one."""
        if not self._layout.has_alt_gr:
            return False
        return _RIGHT_ALT in self._held or (_LEFT_ALT in self._held and bool(self._held & _CTRL))

    def _character(self, code: int) -> str | None:
        if code in _ALWAYS:
            return _ALWAYS[code]
        if code == _KEYPAD_DECIMAL:
            return self._layout.decimal
        plain, upper, third, fourth = (level.get(code) for level in self._layout.levels)
        shift = bool(self._held & _SHIFT)
        if self._alt_gr():
            return fourth if shift else third
        if self._held & _CTRL:
            return self._control(code)
        # Caps lock turns letters round, and leaves the accents of a French row of digits alone.
        capital = plain is not None and plain.isalpha() and plain.upper() == upper
        return upper if shift != (self._caps and capital) else plain

    def _control(self, code: int) -> str | None:
        """By the layout's character, else by the place that it has on a US keyboard: scanners do either."""
        for layout in (self._layout, LAYOUTS["us"]):
            char = layout.levels[0].get(code, "")
            if char.isascii() and char.isalpha():
                return chr(ord(char) & 0x1F)
            if char in _CONTROL_KEYS:
                return _CONTROL_KEYS[char]
        return None

    def _typed(self, char: str) -> str:
        """The character, with the accent of the dead key before it."""
        dead, self._dead = self._dead, ""
        if char in DEAD:
            if not dead:
                self._dead = char
                return ""
            return DEAD[dead][0] + DEAD[char][0]
        if not dead:
            return char
        alone, accent = DEAD[dead]
        if char == " ":
            return alone
        composed = unicodedata.normalize("NFC", char + accent)
        return composed if len(composed) == 1 else alone + char

    def _released(self, code: int) -> bytes:
        self._held.discard(code)
        if code not in _ALT or self._held & _ALT:
            return b""
        digits, self._alt_digits = self._alt_digits, ""
        if not digits:
            return b""
        number = int(digits[-6:])
        if number > 0xFF:
            return LOST
        if number < 0x80:
            return bytes((number,))
        # ALT+0nnn is a character of Windows-1252, ALT+nnn one of code page 437.
        char = bytes((number,)).decode("cp1252" if digits.startswith("0") else "cp437", "replace")
        return LOST if char == "\ufffd" else char.encode()


def key_text(events: Iterable[KeyEvent], layout: str = "us") -> bytes:
    """What a scanner typed, from its first event on."""
    return Keyboard(LAYOUTS[layout]).translate(events)
