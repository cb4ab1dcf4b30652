"""Scanners that type like a keyboard (USB HID): read alone, without the desktop, with a key map of our own.

Promise: while the link is open no other window receives a keystroke of this scanner (exclusive grab), and the host's
keyboard layout and caps lock change nothing: keys are read as the US layout that scanners send by default. GS, RS and
EOT arrive as Ctrl keys (`Ctrl+]`) or ALT codes and come out as control characters. Where the kernel reports lost
events, a byte 0xFF stands in the text, which no text encoding but Latin-1 accepts: the scan is refused, not shortened.

Linux only, with the extra `wedge` (imported when the link opens). Elsewhere, and for everything that matters, set the
scanner to USB-COM or serial: it has no layouts, no lost keys, and answers commands.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gaugetrail_agent.errors import DeviceGone, PortMissing

# Event types and key values of the kernel's input-event-codes.h.
EV_SYN, EV_KEY = 0, 1
SYN_DROPPED = 3
RELEASED, PRESSED = 0, 1

LOST = b"\xff"
"""Stands where key events were lost."""

_SHIFT = frozenset({42, 54})
_CTRL = frozenset({29, 97})
_ALT = frozenset({56, 100})
_CAPS_LOCK = 58

_ROWS: tuple[tuple[int, str, str], ...] = (
    (2, "1234567890-=", "!@#$%^&*()_+"),
    (16, "qwertyuiop[]", "QWERTYUIOP{}"),
    (30, "asdfghjkl;'`", 'ASDFGHJKL:"~'),
    (43, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
)
_KEYPAD = {
    71: "7", 72: "8", 73: "9", 74: "-", 75: "4", 76: "5", 77: "6", 78: "+", 79: "1", 80: "2", 81: "3", 82: "0",
    83: ".", 55: "*", 98: "/",
}  # fmt: skip
_PLAIN_KEYS = {28: "\r", 96: "\r", 15: "\t", 57: " ", 14: "\b", 1: "\x1b"}
_KEYPAD_DIGITS = frozenset({71, 72, 73, 75, 76, 77, 79, 80, 81, 82})


def _key_map(shifted: bool) -> Mapping[int, str]:
    keys = dict(_PLAIN_KEYS) | _KEYPAD
    for start, plain, upper in _ROWS:
        keys |= {start + place: char for place, char in enumerate(upper if shifted else plain)}
    return keys


_PLAIN = _key_map(shifted=False)
_UPPER = _key_map(shifted=True)

# Ctrl with a key gives the control character of its ASCII column; digits stand for those that have no letter.
_CONTROL_KEYS = {"6": "\x1e", "-": "\x1f", "2": "\x00", "[": "\x1b", "]": "\x1d", "\\": "\x1c", "/": "\x1f"}


@dataclass(frozen=True, slots=True)
class KeyEvent:
    """One event of an input device, as the kernel gives it."""

    type: int
    code: int
    value: int


class Keyboard:
    """Key events of one scanner to bytes. Knows no device; any events give bytes, none raises."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._caps = False
        self._alt_digits = ""

    def translate(self, events: Iterable[KeyEvent]) -> bytes:
        """What these events typed. Key repeats count for nothing: a scanner presses each key by itself."""
        return b"".join(self._one(event) for event in events)

    def _one(self, event: KeyEvent) -> bytes:
        if event.type == EV_SYN and event.code == SYN_DROPPED:
            self._held.clear()
            self._alt_digits = ""
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
        if self._held & _ALT:
            if code in _KEYPAD_DIGITS:
                self._alt_digits += _KEYPAD[code]
            return b""
        char = self._character(code)
        return char.encode() if char is not None else b""

    def _character(self, code: int) -> str | None:
        plain = _PLAIN.get(code)
        if plain is None:
            return None
        if self._held & _CTRL:
            return chr(ord(plain) & 0x1F) if plain.isalpha() else _CONTROL_KEYS.get(plain)
        shifted = bool(self._held & _SHIFT) != (self._caps and plain.isalpha())
        return _UPPER[code] if shifted else plain

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


def key_text(events: Iterable[KeyEvent]) -> bytes:
    """What a scanner typed, from its first event on."""
    return Keyboard().translate(events)


class KeyDevice(Protocol):
    """What the link needs of an input device; evdev's `InputDevice` has it."""

    @property
    def fd(self) -> int:
        """The open file."""

    def grab(self) -> None:
        """Take the device for this process alone."""

    def read(self) -> Iterable[KeyEvent]:
        """Events that have arrived; raises `BlockingIOError` when none has."""

    def close(self) -> None:
        """Give the device back, grab included."""


def open_evdev(path: str) -> KeyDevice:
    """The real device; `DeviceGone` says what is missing and what to do."""
    if not sys.platform.startswith("linux"):
        raise DeviceGone(
            f"{path}: keyboard scanners can be read alone on Linux only; set the scanner to USB-COM or serial"
        )
    try:
        evdev = importlib.import_module("evdev")
    except ImportError as error:
        raise DeviceGone(
            f"{path}: the extra wedge is not installed; install gaugetrail[agent,wedge], or set the "
            "scanner to USB-COM or serial"
        ) from error
    try:
        device: KeyDevice = evdev.InputDevice(path)
    except PermissionError as error:
        raise DeviceGone(f"{path}: not allowed to read it; put the service's user into the group 'input'") from error
    except OSError as error:
        raise PortMissing(f"{path}: no such scanner: {error.strerror or error}") from error
    return device


class WedgeLink:
    """A keyboard scanner as a `ByteLink`: bytes come as a serial scanner would send them, Enter as CR."""

    def __init__(self, path: str, *, opener: Callable[[str], KeyDevice] = open_evdev) -> None:
        self._path = path
        self._opener = opener
        self._device: KeyDevice | None = None
        self._keyboard = Keyboard()

    @property
    def name(self) -> str:
        """The input device's path; best one of /dev/input/by-id, which survives a replug."""
        return self._path

    async def open(self) -> None:
        """Open and grab; a device that another process holds is not shared."""
        if self._device is not None:
            return
        device = self._opener(self._path)
        try:
            device.grab()
        except OSError as error:
            device.close()
            raise DeviceGone(f"{self._path}: another program holds this scanner: {error.strerror or error}") from error
        self._keyboard = Keyboard()
        self._device = device

    async def read(self, timeout_secs: float) -> bytes:
        """What was typed; `b""` when no character came in `timeout_secs`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_secs
        while True:
            device = self._opened()
            ready = asyncio.Event()
            loop.add_reader(device.fd, ready.set)
            try:
                await asyncio.wait_for(ready.wait(), max(0.0, deadline - loop.time()))
            except TimeoutError:
                return b""
            finally:
                loop.remove_reader(device.fd)
            typed = self._arrived(device)
            if typed:
                return typed

    async def write(self, data: bytes) -> None:
        """A keyboard listens to nobody."""
        del data
        raise DeviceGone(
            f"{self._path}: a keyboard scanner takes no commands; set it to USB-COM or serial for triggers"
        )

    async def close(self) -> None:
        """Give the scanner back to the desktop."""
        device, self._device = self._device, None
        if device is not None:
            device.close()

    def _opened(self) -> KeyDevice:
        if self._device is None:
            raise DeviceGone(f"{self._path}: the scanner is not open")
        return self._device

    def _arrived(self, device: KeyDevice) -> bytes:
        try:
            return self._keyboard.translate(device.read())
        except BlockingIOError:
            return b""
        except OSError as error:
            raise DeviceGone(f"{self._path}: the scanner is gone: {error.strerror or error}") from error
