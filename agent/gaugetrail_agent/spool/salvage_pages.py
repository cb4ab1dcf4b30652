"""Reads records out of a spoilt spool file page by page, asking nobody's leave: neither the tree above a page nor
SQLite's opinion of the file counts, only whether a record's bytes hash to its seal.

Sources: "Database File Format" of the SQLite documentation, sections 1.3 (header), 1.6 (b-tree pages),
2.1 (record format) and 4 (write-ahead log). Where a row can't be read by its cell, the page is searched for a seal
followed by the bytes that it seals: the columns lie side by side in that order.
"""

from __future__ import annotations

import re
import struct
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from operator import mul
from pathlib import Path

from gaugetrail_agent.spool.sealing import sound

MAGIC = b"SQLite format 3\x00"
PAGE_BYTES = 4096
TABLE_LEAF = 0x0D
RECORD = b'{"schema":"gaugetrail/'
SEALED = re.compile(rb'([0-9a-f]{64})(?=\{"schema":"gaugetrail/)')
WAL_HEADER, FRAME_HEADER = 32, 24
WORD = 0xFFFFFFFF

Value = int | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class SalvagedRow:
    """A row of the record table; `place` is null where only seal and bytes were found."""

    sha256: str
    data: bytes
    place: int | None = None
    committed_us: int = 0
    confirmed_us: int | None = None
    state: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Scrap:
    """Bytes in which a record is to be seen but not to be read."""

    raw: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class _Frame:
    page: int
    commit: bool
    salts: bytes
    data: bytes
    stored: tuple[int, int]
    sum: tuple[int, int]
    """The checksum that this frame should have, going by what the one before it says."""


class Wal:
    """A write-ahead log: what SQLite would take (`good`), what it would not because its commit is missing (`tail`), and
    what lies sound behind a spoilt place (`behind`).
    """

    def __init__(self, path: Path) -> None:
        self.good: list[_Frame] = []
        self.tail: list[_Frame] = []
        self.spoilt: list[_Frame] = []
        self.behind: list[_Frame] = []
        try:
            raw = path.read_bytes()
        except OSError:
            return
        if len(raw) >= WAL_HEADER + FRAME_HEADER:
            self._read(raw)

    @property
    def damaged(self) -> bool:
        """Whether committed frames lie behind a spoilt place. A log torn at its end is none: nobody was told of it."""
        return any(frame.commit for frame in self.behind)

    @property
    def more(self) -> bool:
        """Whether anything lies behind what SQLite would take."""
        return bool(self.tail or self.behind or self.spoilt)

    def _read(self, raw: bytes) -> None:
        order = "<" if raw[3] & 1 == 0 else ">"
        whole = raw[0] and _checksum(raw[:24], (0, 0), order) == struct.unpack(">II", raw[24:32])
        (size,), salts = struct.unpack(">I", raw[8:12]), raw[16:24]
        if not whole:
            # Its head is spoilt: what most of its frames say takes its place.
            order, size = "<" if sys.byteorder == "little" else ">", PAGE_BYTES
            starts = range(WAL_HEADER, len(raw) - FRAME_HEADER, FRAME_HEADER + size)
            salts = Counter(raw[at + 8 : at + 16] for at in starts).most_common(1)[0][0]
        running = struct.unpack(">II", raw[24:32])
        unbroken = bool(whole)
        for at in range(WAL_HEADER, len(raw) - FRAME_HEADER - size + 1, FRAME_HEADER + size):
            frame = _frame(raw, at, size, running, order)
            # Other salts: spoilt, or left over from before the log was begun anew. What is in it is then in the file.
            ok = frame.salts == salts and frame.stored == frame.sum
            unbroken = unbroken and ok
            (self.good if unbroken else self.behind if ok else self.spoilt).append(frame)
            running = frame.stored
        committed = max((number for number, frame in enumerate(self.good, 1) if frame.commit), default=0)
        self.good, self.tail = self.good[:committed], self.good[committed:]


def _frame(raw: bytes, at: int, size: int, seed: tuple[int, int], order: str) -> _Frame:
    page, pages_after = struct.unpack(">II", raw[at : at + 8])
    data = raw[at + FRAME_HEADER : at + FRAME_HEADER + size]
    stored = struct.unpack(">II", raw[at + 16 : at + 24])
    own = _checksum(data, _checksum(raw[at : at + 8], seed, order), order)
    return _Frame(page, pages_after > 0, raw[at + 8 : at + 16], data, (stored[0], stored[1]), own)


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


class Pages:
    """Every page of a database as it was last committed, as far as that can be told."""

    def __init__(self, path: Path, wal: Wal) -> None:
        self._path = path
        self._wal = wal
        self._over = {frame.page: frame.data for frame in (*wal.good, *wal.tail, *wal.behind)}
        self._file = path.open("rb") if path.exists() else None
        head = self._file.read(100) if self._file else b""
        (size,) = struct.unpack(">H", head[16:18]) if head.startswith(MAGIC) else (0,)
        self._size = size if size >= 512 and size & (size - 1) == 0 else PAGE_BYTES
        length = path.stat().st_size if self._file else 0
        self._count = max([-(-length // self._size), *self._over])

    def close(self) -> None:
        """Let go of the file."""
        if self._file:
            self._file.close()

    def rows(self) -> Iterator[SalvagedRow | Scrap]:
        """What can be read of the record table. A record may come more than once, and one that was let go may come
        back from a page that is free by now: it is sent again, which does no harm.
        """
        for number in range(1, self._count + 1):
            yield from self._in_page(self._page(number), number)
        for frame in self._wal.spoilt:
            yield from self._in_page(frame.data, frame.page)

    def _page(self, number: int) -> bytes:
        if number in self._over:
            return self._over[number]
        if self._file is None:
            return b""
        self._file.seek((number - 1) * self._size)
        return self._file.read(self._size)

    def _in_page(self, page: bytes, number: int) -> Iterator[SalvagedRow | Scrap]:
        seen = 0
        if page[:1] == bytes([TABLE_LEAF]):
            for row in self._cells(page):
                seen += row.data[: len(RECORD)] == RECORD
                yield row
        visible = page.count(RECORD)
        if visible > seen:
            carved = list(_carve(page))
            yield from carved
            if len(carved) < visible:
                yield Scrap(page, f"page {number} of the spoilt file shows {visible} records that can't all be read")

    def _cells(self, page: bytes) -> Iterator[SalvagedRow]:
        (cells,) = struct.unpack(">H", page[3:5])
        pointers = page[8 : 8 + 2 * cells]
        for (at,) in struct.iter_unpack(">H", pointers[: len(pointers) // 2 * 2]):
            try:
                length, behind = _varint(page, at)
                place, behind = _varint(page, behind)
                row = _row(place, _record(self._payload(page, behind, length)))
            except (ValueError, IndexError, struct.error):
                continue
            if row is not None:
                yield row

    def _payload(self, page: bytes, at: int, length: int) -> bytes:
        """A cell's bytes, collected over its overflow pages. Raises `ValueError`."""
        usable = self._size
        most, least = usable - 35, (usable - 12) * 32 // 255 - 23
        if length <= most:
            return page[at : at + length]
        local = least + (length - least) % (usable - 4)
        local = local if local <= most else least
        parts = [page[at : at + local]]
        (after,) = struct.unpack(">I", page[at + local : at + local + 4])
        missing = length - local
        while missing > 0:
            more = self._page(after) if 0 < after <= self._count else b""
            if len(more) < usable:
                raise ValueError("an overflow page is missing")
            parts.append(more[4 : 4 + min(missing, usable - 4)])
            missing -= usable - 4
            (after,) = struct.unpack(">I", more[:4])
        return b"".join(parts)


def cut_short(path: Path, wal: Wal) -> bool:
    """Whether pages that the file's head counts are neither in the file nor in its log."""
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(MAGIC):
        return False
    (size,), (count,) = struct.unpack(">H", head[16:18]), struct.unpack(">I", head[28:32])
    there = path.stat().st_size // size if size >= 512 else count
    if there >= count:
        return False
    logged = {frame.page for frame in wal.good}
    return count - there > len(logged) or any(page not in logged for page in range(there + 1, count + 1))


def _carve(page: bytes) -> Iterator[SalvagedRow]:
    """Records that lie whole in a page: a seal, and behind it the bytes that hash to it."""
    for found in SEALED.finditer(page):
        sha256, start = found[1].decode(), found.end()
        end = page.find(b"}", start)
        while end >= 0 and not sound(sha256, page[start : end + 1]):
            end = page.find(b"}", end + 1)
        if end >= 0:
            yield SalvagedRow(sha256, page[start : end + 1])


def _row(place: int, values: list[Value]) -> SalvagedRow | None:
    """The values as a row of the record table, if they are one."""
    if len(values) != 8:
        return None
    _, sha256, data, _, committed, confirmed, state, reason = values
    if not isinstance(sha256, str) or not isinstance(data, bytes):
        return None
    return SalvagedRow(
        sha256=sha256,
        data=data,
        place=place,
        committed_us=committed if isinstance(committed, int) else 0,
        confirmed_us=confirmed if isinstance(confirmed, int) else None,
        # A confirmed record has its moment; without one, its state was spoilt and it is sent again.
        state=state if isinstance(state, int) and state in (0, 1, 2) and (state == 0 or confirmed is not None) else 0,
        reason=reason if isinstance(reason, str) else None,
    )


def _record(payload: bytes) -> list[Value]:
    """The values of a row. Raises `ValueError` or `IndexError` for bytes that are none."""
    length, at = _varint(payload, 0)
    kinds = []
    while at < length:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    at, values = length, []
    for kind in kinds:
        size = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)[kind] if kind < 10 else (kind - 12) // 2
        if size < 0 or at + size > len(payload):
            raise ValueError("a value ends behind the row")
        values.append(_value(kind, payload[at : at + size]))
        at += size
    return values


def _value(kind: int, raw: bytes) -> Value:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", raw)[0])
    if kind < 7:
        return int.from_bytes(raw, "big", signed=True)
    return raw.decode("utf-8", "replace") if kind % 2 else raw


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for step in range(9):
        byte = raw[at + step]
        if step == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + step + 1
    raise ValueError("unreachable")
