"""Where an Open Protocol telegram begins and ends: on TCP by its length and a NUL, on a serial line in a wrapping.

Promise: any bytes in any pieces come out again, each once, in order: as telegrams whose length fits, or as damage. A
telegram that is whole behind damage is found again.
"""

from __future__ import annotations

from gaugetrail_agent.drivers.open_protocol.messages import HEADER_SIZE, LONGEST, NUL, RAW_FIELDS, declared_length

TAG = b"\x07\x09\x07\x09\x02"
"""Four bytes of greeting and STX (MTF 6000 Open Protocol manual, on RS-232)."""
END = b"\x00\x03"
LIMIT = LONGEST + 1

Piece = tuple[bytes, bytes | None]
"""What stood on the wire, and the telegram in it without NUL; null if there is none."""


class TcpFraming:
    """Telegrams one behind the other, each ended by NUL."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def clear(self) -> None:
        """A new connection: nothing of the old one counts."""
        self._buffer.clear()

    def wrapped(self, message: bytes) -> bytes:
        """A telegram with its NUL goes out as it is."""
        return message

    def split(self, data: bytes) -> list[Piece]:
        """The pieces that `data` completes."""
        self._buffer += data
        pieces: list[Piece] = []
        while (piece := self._next()) is not None:
            del self._buffer[: len(piece[0])]
            pieces.append(piece)
        return pieces

    def rest(self) -> tuple[bytes, bool]:
        """What is left over, and whether it may be the beginning of a telegram."""
        left = bytes(self._buffer)
        length = declared_length(left[:HEADER_SIZE])
        return left, length is not None and len(left) <= length

    def _next(self) -> Piece | None:
        length = declared_length(bytes(self._buffer[:HEADER_SIZE]))
        end = self._first_nul()
        if length is not None and end == length:
            return bytes(self._buffer[: length + 1]), bytes(self._buffer[:length])
        if end is None:
            return (bytes(self._buffer[:LIMIT]), None) if len(self._buffer) >= LIMIT else None
        return bytes(self._buffer[: self._telegram_before(end)]), None

    def _first_nul(self) -> int | None:
        """The first NUL that ends something; bit fields sent as raw bytes may hold others."""
        head = bytes(self._buffer[8:11])
        mid = int(self._buffer[4:8]) if bytes(self._buffer[4:8]).isdigit() else 0
        raw_fields = RAW_FIELDS.get(mid, ()) if head.isdigit() and int(head) > 1 else ()
        place = self._buffer.find(NUL, 0, LIMIT)
        while place >= 0 and any(start <= place < start + size for start, size in raw_fields):
            place = self._buffer.find(NUL, place + 1, LIMIT)
        return place if place >= 0 else None

    def _telegram_before(self, end: int) -> int:
        """Where a whole telegram that ends at `end` begins behind damage; the byte after `end` if there is none."""
        for start in range(1, end - HEADER_SIZE + 1):
            if self._buffer[start : start + 4].isdigit():
                header = bytes(self._buffer[start : start + HEADER_SIZE])
                if declared_length(header) == end - start:
                    return start
        return end + 1


class SerialFraming:
    """Each telegram between a tag and ETX."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def clear(self) -> None:
        """The port was opened anew: nothing from before counts."""
        self._buffer.clear()

    def wrapped(self, message: bytes) -> bytes:
        """`message` ends with its NUL."""
        return TAG + message + END[1:]

    def split(self, data: bytes) -> list[Piece]:
        """The pieces that `data` completes."""
        self._buffer += data
        pieces: list[Piece] = []
        while (piece := self._next()) is not None:
            del self._buffer[: len(piece[0])]
            pieces.append(piece)
        return pieces

    def rest(self) -> tuple[bytes, bool]:
        """What is left over, and whether it may be the beginning of a wrapped telegram."""
        left = bytes(self._buffer)
        if len(left) < len(TAG):
            return left, TAG.startswith(left)
        length = declared_length(left[len(TAG) :][:HEADER_SIZE])
        return left, left.startswith(TAG) and length is not None and len(left) < len(TAG) + length + len(END)

    def _next(self) -> Piece | None:
        start = self._buffer.find(TAG, 0, LIMIT)
        if start != 0:
            return self._noise(start)
        length = declared_length(bytes(self._buffer[len(TAG) : len(TAG) + HEADER_SIZE]))
        # What comes first ends it: its own end, or the tag of the next one if the end got lost.
        ends = [place for place in (self._end(length), self._buffer.find(TAG, 1, LIMIT)) if place >= 0]
        if not ends:
            return (bytes(self._buffer[:LIMIT]), None) if len(self._buffer) >= LIMIT else None
        piece = bytes(self._buffer[: min(ends)])
        if length is not None and len(piece) == len(TAG) + length + len(END) and piece.endswith(END):
            return piece, piece[len(TAG) : -len(END)]
        return piece, None

    def _noise(self, start: int) -> Piece | None:
        if start > 0:
            return bytes(self._buffer[:start]), None
        return (bytes(self._buffer[:LIMIT]), None) if len(self._buffer) >= LIMIT else None

    def _end(self, length: int | None) -> int:
        """Behind the first NUL ETX; behind the one at the declared place if bytes of the data look like one."""
        if length is not None:
            place = len(TAG) + length
            if self._buffer[place : place + len(END)] == END:
                return place + len(END)
        found = self._buffer.find(END, len(TAG), LIMIT)
        return found + len(END) if found >= 0 else -1
