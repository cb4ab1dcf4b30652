"""Reads records out of a spoilt spool file page by page, asking nobody's leave: neither the tree above a page nor
SQLite's opinion of the file counts, only whether a record's bytes hash to its seal.

Sources: "Database File Format" of the SQLite documentation, sections 1.3 (header), 1.6 (b-tree pages) and 2.1 (record
format). Where a row can't be read by its cell, the page is searched for a seal followed by the bytes that it seals: the
columns lie side by side in that order. Pages are looked at as they are now, then as they were before.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_agent.spool.salvage_log import PAGE_BYTES, RECORD, Wal
from gaugetrail_agent.spool.sealing import sound

MAGIC = b"SQLite format 3\x00"
TABLE_LEAF = 0x0D
SEALED = re.compile(rb'([0-9a-f]{64})(?=\{"schema":"gaugetrail/)')
HEAD = re.compile(
    rb'([0-9a-f]{64})\{"schema":"gaugetrail/[^"]*","kind":"[^"]*","agent":"[^"]*","epoch":"([0-9a-f]+)","seq":(\d{1,18}),'
)

Look = Callable[[int], bytes]
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


class Pages:
    """Every page of a database as it was last committed, as far as that can be told."""

    def __init__(self, path: Path, wal: Wal) -> None:
        self._path = path
        self._wal = wal
        self._over = {frame.page: frame.data for frame in wal.sound}
        # Often only the head of a frame is spoilt, or what no row uses. What an earlier run of the log has left stands
        # behind this run's frames, so that the first of a page counts.
        self._doubtful = {frame.page: frame.data for frame in reversed(wal.spoilt)}
        self._file = path.open("rb") if path.exists() else None
        head = self._file.read(100) if self._file else b""
        size = int.from_bytes(head[16:18], "big") if head.startswith(MAGIC) else 0
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
        for number, page in self._before():
            yield from (one for one in self._in_page(page, number) if isinstance(one, SalvagedRow) and _proven(one))

    def _before(self) -> Iterator[tuple[int, bytes]]:
        """What a page held before. When the tree is balanced anew, records move to another page; where the disk has
        spoilt that one, or the log ends before it, they stand whole only where they came from.
        """
        for frame in self._wal.sound:
            if frame.data is not self._over[frame.page]:
                yield frame.page, frame.data
        for number in self._over:
            yield number, self._in_file(number)

    def _page(self, number: int) -> bytes:
        if number in self._over:
            return self._over[number]
        return self._in_file(number)

    def _doubtful_page(self, number: int) -> bytes:
        return self._doubtful[number] if number in self._doubtful else self._page(number)

    def _in_file(self, number: int) -> bytes:
        if self._file is None or number < 1:  # a frame of zeros holds against its sum and names page 0
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
        cells = int.from_bytes(page[3:5], "big")
        pointers = page[8 : 8 + 2 * cells]
        for (at,) in struct.iter_unpack(">H", pointers[: len(pointers) // 2 * 2]):
            row = self._row_at(page, at, self._page)
            if self._doubtful and not _proven(row):
                again = self._row_at(page, at, self._doubtful_page)
                row = again if _proven(again) else row
            if row is not None:
                yield row

    def _row_at(self, page: bytes, at: int, look: Look) -> SalvagedRow | None:
        """The row of a cell, if it is one."""
        try:
            length, behind = _varint(page, at)
            place, behind = _varint(page, behind)
            return _row(place, _record(self._payload(page, behind, length, look)))
        except (ValueError, IndexError, struct.error):
            return None

    def _payload(self, page: bytes, at: int, length: int, look: Look) -> bytes:
        """A cell's bytes, collected over its overflow pages. Raises `ValueError`, `struct.error`."""
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
            here = min(missing, usable - 4)
            more = look(after)
            if len(more) < 4 + here:
                raise ValueError("an overflow page is missing")
            parts.append(more[4 : 4 + here])
            missing -= here
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


def seen(raw: bytes) -> list[tuple[str, str, int]] | None:
    """Seal, epoch and number of all records that are to be seen in a page, whole or not; null where those of one can't
    be read, or there is none.
    """
    heads = [(found[1].decode(), found[2].decode(), int(found[3])) for found in HEAD.finditer(raw)]
    return heads if heads and len(heads) == raw.count(RECORD) else None


def _carve(page: bytes) -> Iterator[SalvagedRow]:
    """Records that lie whole in a page: a seal, and behind it the bytes that hash to it."""
    for found in SEALED.finditer(page):
        sha256, start = found[1].decode(), found.end()
        end = page.find(b"}", start)
        while end >= 0 and not sound(sha256, page[start : end + 1]):
            end = page.find(b"}", end + 1)
        if end >= 0:
            yield SalvagedRow(sha256, page[start : end + 1])


def _proven(row: SalvagedRow | None) -> bool:
    return row is not None and sound(row.sha256, row.data)


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
