"""A simulated scanner or gauge that types: the key events that Linux makes of it, on a pty in place of /dev/input.

Each key is a press and a release with its scan code, and a report behind it, as a USB keyboard gives them
(linux/input.h, `struct input_event`). Separators are Ctrl keys; what the layout has no key for is an ALT code.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping

from gaugetrail_sim.devices.ptys import PtyPort

EVENT = struct.Struct("@llHHi")
EV_SYN, EV_KEY, EV_MSC, MSC_SCAN = 0, 1, 4, 4
SHIFT, CTRL, ALT, ALT_GR, ENTER, BLANK = 42, 29, 56, 100, 28, 57
KEYPAD: Mapping[str, int] = dict(zip("0123456789", (82, 79, 80, 81, 75, 76, 77, 71, 72, 73), strict=True))
CONTROLS: Mapping[str, tuple[int, ...]] = {
    "\r": (ENTER,),
    " ": (BLANK,),
    "\x1d": (CTRL, 27),
    "\x1e": (CTRL, 7),
    "\x04": (CTRL, 32),
}


def _keys(plain: str, shifted: str, alt_gr: Mapping[str, int]) -> Mapping[str, tuple[int, ...]]:
    """Character -> the keys to hold and press; the texts name the keys 2-13, 16-27, 30-40, 43-53 and 86."""
    codes = (*range(2, 14), *range(16, 28), *range(30, 41), *range(43, 54), 86)
    found: dict[str, tuple[int, ...]] = {char: (SHIFT, code) for code, char in zip(codes, shifted, strict=True)}
    found |= {char: (code,) for code, char in zip(codes, plain, strict=True)}
    found |= {char: (ALT_GR, code) for char, code in alt_gr.items()}
    return {char: keys for char, keys in {**found, **CONTROLS}.items() if char != "\0"}


KEYS: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "us": _keys(
        "1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./\\", '!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:"|ZXCVBNM<>?|', {}
    ),
    # The keys of ´ and ` are dead, so that both are typed as ALT codes.
    "de": _keys(
        "1234567890ß\0qwertzuiopü+asdfghjklöä#yxcvbnm,.-<",
        "!\"§$%&/()=?\0QWERTZUIOPÜ*ASDFGHJKLÖÄ'YXCVBNM;:_>",
        {"{": 8, "[": 9, "]": 10, "}": 11, "\\": 12, "@": 16, "~": 27, "|": 86, "€": 18, "µ": 50},
    ),
}


class SimulatedKeyboard:
    """One device that types, set to a layout. It hears nothing."""

    def __init__(self, port: PtyPort, layout: str = "us", suffix: str = "\r") -> None:
        self.port = port
        self._keys = KEYS[layout]
        self._suffix = suffix

    def open(self) -> None:
        """Plug it in. Inside a running event loop."""
        self.port.open(lambda _: None)

    def close(self) -> None:
        """Pull the plug."""
        self.port.close()

    def scan(self, code: str, *, times: int = 1) -> None:
        """Type a code or a value, and Enter."""
        self.port.write(typed((code + self._suffix) * times, self._keys))


def typed(text: str, keys: Mapping[str, tuple[int, ...]]) -> bytes:
    """The events of a text. Raises `UnicodeEncodeError` for what neither keys nor Windows-1252 have."""
    return b"".join(_events(*stroke) for char in text for stroke in _strokes(char, keys))


def _strokes(char: str, keys: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """What is held, and what is pressed one after the other meanwhile."""
    if char in keys:
        *held, key = keys[char]
        yield tuple(held), (key,)
    else:
        number = char.encode("cp1252")[0]
        yield (ALT,), tuple(KEYPAD[digit] for digit in f"0{number:03d}")


def _events(held: tuple[int, ...], pressed: tuple[int, ...]) -> bytes:
    strokes = [(key, 1) for key in held]
    for key in pressed:
        strokes += [(key, 1), (key, 0)]
    strokes += [(key, 0) for key in reversed(held)]
    return b"".join(_event(key, value) for key, value in strokes)


def _event(key: int, value: int) -> bytes:
    scan = EVENT.pack(0, 0, EV_MSC, MSC_SCAN, 0x70000 + key)
    return scan + EVENT.pack(0, 0, EV_KEY, key, value) + EVENT.pack(0, 0, EV_SYN, 0, 0)
