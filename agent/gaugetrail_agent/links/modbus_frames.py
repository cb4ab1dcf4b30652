"""Modbus frames: what a request looks like on each wire, and which bytes are its answer. Pure.

Promise: an answer is the PDU that answers the request and nothing else: right unit, right function (or its exception),
right length, right sum, and for a write the same address and value. Whatever stands before or behind it is skipped.

    TCP    number(2) 0(2) length(2) unit(1) PDU
    RTU    unit(1) PDU CRC16(2, low byte first)
    ASCII  ':' hex of: unit(1) PDU LRC(1) CR LF
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass

MOST_PDU_BYTES = 253
MOST_PROBES = 8
_ASCII_FRAME = re.compile(rb":((?:[0-9A-Fa-f]{2}){3,})\r\n")


EXCEPTIONS = {
    1: "the unit doesn't know this function",
    2: "illegal address",
    3: "illegal value, or too many registers at once",
    4: "the unit failed",
    5: "accepted, still working",
    6: "busy",
    8: "memory parity error",
    10: "the gateway has no path to the unit",
    11: "the unit behind the gateway doesn't answer",
}


class RequestRefused(Exception):
    """The unit answered, with an exception code: what was asked for has no value now; the link is fine."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}: {EXCEPTIONS.get(code, 'unknown')}")
        self.code = code


class OutOfStep(Exception):
    """The stream holds something that is no frame: where the next one begins is unknown."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: `starts` is how the answer's PDU begins, `length` how long it is."""

    unit: int
    pdu: bytes
    starts: bytes
    length: int

    @classmethod
    def of(cls, unit: int, pdu: bytes) -> Ask:
        """The request with what follows from it. Raises `ValueError` for a function that isn't 1-6, 15 or 16."""
        function = pdu[0]
        if function in (1, 2, 3, 4):
            (count,) = struct.unpack(">H", pdu[3:5])
            size = 2 * count if function in (3, 4) else (count + 7) // 8
            return cls(unit, pdu, bytes((function, size)), 2 + size)
        if function in (5, 6):
            return cls(unit, pdu, pdu, len(pdu))
        if function in (15, 16):
            return cls(unit, pdu, pdu[:5], 5)
        raise ValueError(f"function {function} is none of 1-6, 15, 16")

    @property
    def is_read(self) -> bool:
        """Whether the answer carries values, so that a late one could be mistaken for another's."""
        return self.pdu[0] <= 4

    def fits(self, pdu: bytes) -> bool:
        """Whether the PDU answers this request, with values or with an exception."""
        if pdu[0] == self.pdu[0] | 0x80:
            return len(pdu) == 2
        return len(pdu) == self.length and pdu.startswith(self.starts)

    def misfit(self, unit: int, pdu: bytes) -> str:
        """Why an answer doesn't fit, in words."""
        if unit != self.unit:
            return f"unit {self.unit} was asked and unit {unit} answered"
        if pdu[0] & 0x7F != self.pdu[0]:
            return f"unit {unit} was asked for function {self.pdu[0]} and answered {pdu[0] & 0x7F}"
        return f"unit {unit} answered with {len(pdu)} bytes that don't fit the question ({self.length} do)"

    def of_other_length(self, lengths: Collection[int]) -> Ask | None:
        """A question to the same place whose answer has none of these lengths, so that no late answer fits it."""
        for more in range(MOST_PROBES):
            count = 1 + more if self.pdu[0] in (3, 4) else 1 + 8 * more
            other = Ask.of(self.unit, self.pdu[:3] + count.to_bytes(2, "big"))
            if other.length not in lengths:
                return other
        return None


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC = _crc_table()


def crc16(data: bytes) -> bytes:
    """The RTU sum as it stands on the wire."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return struct.pack("<H", crc)


def lrc(data: bytes) -> int:
    """The ASCII sum."""
    return -sum(data) & 0xFF


def tcp_frame(unit: int, pdu: bytes, number: int) -> bytes:
    """With its header."""
    return struct.pack(">HHHB", number, 0, len(pdu) + 1, unit) + pdu


def take_tcp(buffer: bytearray) -> tuple[int, int, bytes] | None:
    """The first whole frame, taken out of the buffer: number, unit, PDU. Null while more must come.

    Raises `OutOfStep` for bytes that can't be a header.
    """
    if len(buffer) < 6:
        return None
    number, protocol, length = struct.unpack_from(">HHH", buffer)
    if protocol or not 3 <= length <= MOST_PDU_BYTES + 1:
        raise OutOfStep(f"no Modbus TCP header: {buffer[:8].hex()}")
    if len(buffer) < 6 + length:
        return None
    unit, pdu = buffer[6], bytes(buffer[7 : 6 + length])
    del buffer[: 6 + length]
    return number, unit, pdu


def rtu_frame(unit: int, pdu: bytes) -> bytes:
    """With its sum."""
    data = bytes((unit,)) + pdu
    return data + crc16(data)


def ascii_frame(unit: int, pdu: bytes) -> bytes:
    """As text."""
    data = bytes((unit,)) + pdu
    return b":" + (data + bytes((lrc(data),))).hex().upper().encode() + b"\r\n"


def rtu_answer(buffer: bytes, ask: Ask) -> bytes | None:
    """The answer's PDU, wherever in the buffer it stands; null while it isn't there."""
    exception = bytes((ask.unit, ask.pdu[0] | 0x80))
    for start, size in (
        *((at, 1 + ask.length) for at in _places(buffer, bytes((ask.unit,)) + ask.starts)),
        *((at, 3) for at in _places(buffer, exception)),
    ):
        frame = buffer[start : start + size + 2]
        if len(frame) == size + 2 and frame[size:] == crc16(frame[:size]):
            return frame[1:size]
    return None


def _places(buffer: bytes, start: bytes) -> Iterator[int]:
    at = buffer.find(start)
    while at >= 0:
        yield at
        at = buffer.find(start, at + 1)


def ascii_answer(buffer: bytes, ask: Ask) -> bytes | None:
    """The answer's PDU among the lines that have come; null while it isn't there."""
    for unit, pdu in ascii_lines(buffer):
        if unit == ask.unit and ask.fits(pdu):
            return pdu
    return None


def ascii_lines(buffer: bytes) -> Iterator[tuple[int, bytes]]:
    """Unit and PDU of each whole line with a right sum."""
    for line in _ASCII_FRAME.finditer(buffer):
        data = bytes.fromhex(line[1].decode("ascii"))
        if lrc(data[:-1]) == data[-1]:
            yield data[0], data[1:-1]


def who_spoke(buffer: bytes, *, ascii_: bool) -> set[int]:
    """The units whose whole, sound frames stand in the buffer, for the message when the one asked is silent."""
    if ascii_:
        return {unit for unit, _ in ascii_lines(buffer)}
    found = set()
    for start in range(len(buffer) - 4):
        for size in _rtu_sizes(buffer, start):
            frame = buffer[start : start + size]
            if len(frame) == size and frame[-2:] == crc16(frame[:-2]):
                found.add(frame[0])
    return found


def _rtu_sizes(buffer: bytes, start: int) -> tuple[int, ...]:
    """How long a frame that begins here could be: an exception, an echo of a write, values."""
    function = buffer[start + 1]
    if function & 0x80:
        return (5,)
    return (8, buffer[start + 2] + 5) if function in (1, 2, 3, 4, 5, 6, 15, 16) else ()
