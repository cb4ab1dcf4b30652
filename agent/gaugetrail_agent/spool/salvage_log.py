"""Reads SQLite's write-ahead log by itself: how far SQLite would take it, and what lies behind that.

Source: "Database File Format" of the SQLite documentation, section 4 (write-ahead log).
"""

from __future__ import annotations

import struct
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path

PAGE_BYTES = 4096
RECORD = b'{"schema":"gaugetrail/'
HEADER, FRAME_HEADER = 32, 24
WORD = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class LoggedPage:
    """One page as a transaction left it; the bytes of a last one may be cut short."""

    page: int
    commit: bool
    salts: bytes
    data: bytes
    stored: tuple[int, int]
    sum: tuple[int, int]
    """The checksum that this frame should have, going by what the one before it says."""


class Wal:
    """A write-ahead log: what SQLite would take (`good`), what it would not because its commit is missing (`tail`),
    what lies sound behind a spoilt place (`behind`), and what isn't as it was written (`spoilt`). Among the last is a
    page that the log's end cuts short: the records before the cut are as whole as any.
    """

    def __init__(self, path: Path) -> None:
        self.good: list[LoggedPage] = []
        self.tail: list[LoggedPage] = []
        self.spoilt: list[LoggedPage] = []
        self.behind: list[LoggedPage] = []
        try:
            raw = path.read_bytes()
        except OSError:
            return
        if len(raw) >= HEADER + FRAME_HEADER:
            self._read(raw)

    @property
    def damaged(self) -> bool:
        """Whether committed frames lie behind a spoilt place. A log torn at its end is none: nobody was told of it."""
        return any(frame.commit for frame in self.behind)

    @property
    def more(self) -> bool:
        """Whether anything lies behind what SQLite would take."""
        return bool(self.tail or self.behind or self.spoilt)

    @property
    def hides_records(self) -> bool:
        """Whether a record is to be seen at or behind a spoilt place."""
        return any(RECORD in frame.data for frame in (*self.behind, *self.spoilt))

    @property
    def sound(self) -> list[LoggedPage]:
        """What a page holds now is its last frame here; an earlier one is what it held before."""
        return [*self.good, *self.tail, *self.behind]

    def _read(self, raw: bytes) -> None:
        order = "<" if raw[3] & 1 == 0 else ">"
        whole = raw[0] and _checksum(raw[:24], (0, 0), order) == struct.unpack(">II", raw[24:32])
        (size,), salts = struct.unpack(">I", raw[8:12]), raw[16:24]
        if not whole:
            # Its head is spoilt: what most of its frames say takes its place.
            order, size = "<" if sys.byteorder == "little" else ">", PAGE_BYTES
            starts = range(HEADER, len(raw) - FRAME_HEADER + 1, FRAME_HEADER + size)
            salts = Counter(raw[at + 8 : at + 16] for at in starts).most_common(1)[0][0]
        running = struct.unpack(">II", raw[24:32])
        unbroken = bool(whole)
        for at in range(HEADER, len(raw) - FRAME_HEADER, FRAME_HEADER + size):
            frame = _frame(raw, at, size, running, order)
            # Other salts: spoilt, or left over from before the log was begun anew. What is in it is then in the file.
            ok = frame.salts == salts and frame.stored == frame.sum and len(frame.data) == size
            unbroken = unbroken and ok
            (self.good if unbroken else self.behind if ok else self.spoilt).append(frame)
            running = frame.stored
        committed = max((number for number, frame in enumerate(self.good, 1) if frame.commit), default=0)
        self.good, self.tail = self.good[:committed], self.good[committed:]


def _frame(raw: bytes, at: int, size: int, seed: tuple[int, int], order: str) -> LoggedPage:
    page, pages_after = struct.unpack(">II", raw[at : at + 8])
    data = raw[at + FRAME_HEADER : at + FRAME_HEADER + size]
    stored = struct.unpack(">II", raw[at + 16 : at + 24])
    own = _checksum(data[: len(data) // 8 * 8], _checksum(raw[at : at + 8], seed, order), order)
    return LoggedPage(page, pages_after > 0, raw[at + 8 : at + 16], data, (stored[0], stored[1]), own)


def _checksum(data: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    """The log's running checksum. Its definition (a += word + b; b += next word + a) weighs each word with a Fibonacci
    number by its distance from the end, and two sums of products are much quicker than the steps.
    """
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    count = len(words)
    fib = _fibonacci(count + 2)
    one = sum(map(mul, words, reversed(fib[:count]))) + fib[count - 1] * seed[0] + fib[count] * seed[1]
    two = sum(map(mul, words, reversed(fib[1 : count + 1]))) + fib[count] * seed[0] + fib[count + 1] * seed[1]
    return one & WORD, two & WORD


@cache
def _fibonacci(count: int) -> tuple[int, ...]:
    numbers = [0, 1]
    while len(numbers) < count:
        numbers.append((numbers[-1] + numbers[-2]) & WORD)
    return tuple(numbers)
