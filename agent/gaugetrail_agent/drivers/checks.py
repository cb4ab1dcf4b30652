"""Checks inside a frame: how a maker computes one, what it covers, where it stands and how it is written.

Promise: a frame whose check doesn't fit its bytes is told so with what was found and what was computed; a frame too
short to hold its check doesn't fit. Nothing here raises on what a device sends.

Makers call many things a checksum, a BCC or an LRC: an LRC is `xor-8` where ISO 1155 is meant and
`twos-complement-8` where Modbus is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Written = Literal["binary", "binary-low-first", "hex", "decimal", "nibbles"]


def _sum(covered: bytes) -> int:
    return sum(covered)


def _xor(covered: bytes) -> int:
    result = 0
    for byte in covered:
        result ^= byte
    return result


def _sum_of_seven_bits(covered: bytes) -> int:
    # Toledo continuous output: the low 7 bits of all bytes, checksum included, add up to 0 (IND445 manual p. 50).
    return -sum(byte & 0x7F for byte in covered)


def _crc(covered: bytes, begin: int, polynomial: int) -> int:
    """Sixteen bits, the highest first."""
    crc = begin
    for byte in covered:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ polynomial if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def _crc_modbus(covered: bytes) -> int:
    crc = 0xFFFF
    for byte in covered:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return crc


METHODS: Final[Mapping[str, tuple[Callable[[bytes], int], int]]] = {
    "sum-8": (_sum, 8),
    "sum-7": (_sum, 7),
    "sum-16": (_sum, 16),
    "xor-8": (_xor, 8),
    "xor-7": (_xor, 7),
    "twos-complement-8": (lambda covered: -_sum(covered), 8),
    "twos-complement-7": (_sum_of_seven_bits, 7),
    "ones-complement-8": (lambda covered: ~_sum(covered), 8),
    "crc-16-modbus": (_crc_modbus, 16),
    "crc-16-ccitt": (lambda covered: _crc(covered, 0xFFFF, 0x1021), 16),
    "crc-16-xmodem": (lambda covered: _crc(covered, 0, 0x1021), 16),
}
"""How the check is computed from the bytes that it covers, and how many of its bits count."""


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """One maker's check. Places count from 1, or with a minus from the frame's last byte, which is -1."""

    method: str
    at: int
    first: int
    last: int
    written: Written = "binary"
    offset: int = 0
    unused: tuple[bytes, ...] = ()

    def width(self) -> int:
        """How many characters the check takes."""
        bits = METHODS[self.method][1]
        if self.written == "decimal":
            return len(str((1 << bits) - 1))
        return (bits + 7) // 8 * (2 if self.written in ("hex", "nibbles") else 1)

    def place(self, frame: bytes) -> slice | None:
        """Where it stands in a frame; null if the frame has no such place."""
        start = _index(self.at, frame)
        if start < 0 or start + self.width() > len(frame):
            return None
        return slice(start, start + self.width())

    def fault(self, frame: bytes) -> str | None:
        """Why the check doesn't fit the frame; null if it does, or if the device says that it sends none."""
        place = self.place(frame)
        if place is None:
            return f"a frame of {len(frame)} bytes is too short for its check"
        found = frame[place]
        if found in self.unused:
            return None
        compute, bits = METHODS[self.method]
        wanted = compute(frame[max(_index(self.first, frame), 0) : _index(self.last, frame) + 1]) & (1 << bits) - 1
        if bits == 7:
            found = bytes(byte & 0x7F for byte in found)  # the eighth bit is parity, where it is anything
        if self._text(wanted) == (found.upper() if self.written == "hex" else found):
            return None
        return f"check is {found!r}, computed {self._text(wanted)!r}"

    def _text(self, value: int) -> bytes:
        width = self.width()
        match self.written:
            case "hex":
                return f"{value:0{width}X}".encode("ascii")
            case "decimal":
                return f"{value:0{width}d}".encode("ascii")
            case "nibbles":
                return bytes((value >> 4 * place & 0x0F) + 0x30 for place in reversed(range(width)))
            case "binary" | "binary-low-first":
                order: Literal["big", "little"] = "big" if self.written == "binary" else "little"
                return bytes((byte + self.offset) & 0xFF for byte in value.to_bytes(width, order))


def _index(place: int, frame: bytes) -> int:
    return place - 1 if place > 0 else len(frame) + place
