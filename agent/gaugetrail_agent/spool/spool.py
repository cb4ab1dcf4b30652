"""The spool as the agent holds it: appends go to the writer's thread, questions are answered beside it."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.answers import (
    REFUSE,
    Again,
    Appended,
    Confirmed,
    Origin,
    Room,
    SpoolBroken,
    Waiting,
)
from gaugetrail_agent.spool.opening import Opener, OpenFile
from gaugetrail_agent.spool.reading import latencies, quantile
from gaugetrail_agent.spool.schema import SET_ASIDE, WAITING
from gaugetrail_agent.spool.sealing import sound
from gaugetrail_agent.spool.writer import Append, Limits, Mark, Suspect, Writer
from gaugetrail_contract.clock import Clock, Ticker, utc_text
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.record import Body
from gaugetrail_contract.seal import Sealed
from gaugetrail_contract.status import SpoolStatus

LATELY = 1000
"""Of so many newest records the status document tells how long their receipts took."""


class Spool:
    """See the package's promise. All methods may be called from any thread once `open` has returned."""

    def __init__(
        self,
        path: Path,
        *,
        agent: str,
        clock: Clock,
        slot: int | None = None,
        max_bytes: int = 4_096_000_000,
        keep_bytes: int = 1_024_000_000,
        origin: Origin | None = None,
    ) -> None:
        self.path = path
        self.agent = agent
        self.slot = zlib.crc32(agent.encode()) % 1000 if slot is None else slot
        self.ticker = Ticker(clock.now_us)
        self.on_commit: Callable[[], None] = lambda: None
        self.on_again: Callable[[Sequence[int]], None] = lambda _: None
        """Told the places of set-aside records that somebody wants sent again; they wait once more."""
        self._clock = clock
        self._origin = origin or Origin(agent)
        self._limits = Limits(max_bytes, keep_bytes)
        self._opener = Opener(path, self._origin, self.slot, clock, self.ticker)
        self._lock = threading.Lock()
        self._writer: Writer | None = None
        self._reader: sqlite3.Connection | None = None
        self._claim: sqlite3.Connection | None = None
        self._epoch = ""

    @property
    def epoch(self) -> str:
        """Where records are sealed now: drawn when the file was made, repaired, or found to be restored."""
        return self._epoch if self._writer is None else self._writer.file.chain.epochs.current[1]

    # --- life

    def open(self) -> None:
        """Open, create or repair the file and start the writer. Raises `SpoolBroken` when it can't be used."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._claim = schema.claim(self.path)
        try:
            file = self._opener.open()
            self._reader = schema.connect(self.path)
        except (SpoolBroken, sqlite3.Error) as error:
            self._let_go()
            if isinstance(error, SpoolBroken):
                raise
            raise SpoolBroken(f"{self.path} can't be read: {error}") from error
        self._writer = Writer(
            file,
            self._origin,
            self._limits,
            committed=lambda: self.on_commit(),
            again=lambda places: self.on_again(places),
            mend=self._mend,
        )
        self._writer.start()

    def close(self) -> None:
        """Commit what waits, then let go of the file; may be called twice."""
        writer = self._writer
        if writer is not None:
            self._epoch = self.epoch
            writer.stop()
            self._writer = None
            self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            for held in (self._reader, self._claim):
                if held is not None:
                    held.close()
            self._reader = self._claim = None

    def _mend(self, fault: str) -> OpenFile:
        """Repair the file while the agent runs: called by the writer, whose thread waits; readers wait for the lock."""
        with self._lock:
            assert self._writer is not None
            self._writer.file.close()
            if self._reader is not None:
                self._reader.close()
            try:
                file = self._opener.repaired(fault)
            except (OSError, sqlite3.Error) as error:
                raise SpoolBroken(f"{self.path} can't be repaired: {error}") from error
            self._reader = schema.connect(self.path)
            return file

    # --- what the agent asks of it

    def append(self, body: Body, remember: Mapping[str, str] | None = None, room: Room = REFUSE) -> Future[Appended]:
        """Seal `body` and keep it. The future has its result after the commit (fsync), or `SpoolFull`, `SpoolBroken`
        or `RecordTooLarge`. `remember` is kept in the same transaction; `room` says what happens when all is full.
        """
        job = Append(body, remember or {}, room)
        if self._writer is None:
            job.future.set_exception(SpoolBroken("the spool is closed"))
        else:
            self._writer.jobs.put(job)
        return job.future

    def waiting(self, after: int, limit: int) -> list[Waiting]:
        """Records without a receipt behind the place `after`, in order; each has proven its seal just now."""
        found: list[Waiting] = []
        while len(found) < limit:
            rows = self._rows("state = 0 AND place > ?", (after,), limit - len(found))
            found += self._proven(rows)
            if not rows:
                break
            after = rows[-1].place
        return found

    def newest(self) -> int:
        """The place of the last record that is committed; 0 in an empty spool."""
        with self._reading() as db:
            (place,) = db.execute("SELECT coalesce(max(place), 0) FROM record").fetchone()
        return int(place)

    def again(self, epoch: str, start: int, end: int, limit: int = 1000) -> Again:
        """Records `start`..`end` of an epoch for a collector that asks for them again: sent before or not, confirmed
        or not, the first `limit` of them. What is gone within these is listed as ranges.
        """
        writer = self._writer
        span = None if writer is None else writer.file.chain.epochs.span(epoch, writer.file.chain.place)
        if span is None:
            return Again([], ((start, end),))
        base, last = span
        rows = self._rows("place BETWEEN ? AND ?", (base + start, min(base + end, last)), limit)
        records = self._proven(rows)
        looked_to = end if len(rows) < limit else rows[-1].place - base
        return Again(records, tuple(_gaps((one.place - base for one in records), start, looked_to)))

    def _rows(self, where: str, values: tuple[int, ...], limit: int) -> list[Waiting]:
        """Rows as they lie there. A fault of the file is handed to the writer; nothing is read until it is mended."""
        query = f"SELECT place, sha256, data, committed_us FROM record WHERE {where} ORDER BY place LIMIT ?"  # noqa: S608 - our own words
        try:
            with self._reading() as db:
                rows = db.execute(query, (*values, limit)).fetchall()
        except sqlite3.DatabaseError as error:
            if not schema.is_damage(error) or self._writer is None:
                raise
            self._writer.jobs.put(Suspect(fault=str(error)))
            return []
        return [Waiting(place, Sealed(str(sha256), bytes(data)), committed) for place, sha256, data, committed in rows]

    def _proven(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """Those whose seal holds; the others are set aside by the writer and go nowhere."""
        spoilt = [row.place for row in rows if not sound(row.sealed.sha256, row.sealed.data)]
        if spoilt and self._writer is not None:
            self._writer.jobs.put(Suspect(places=spoilt))
        return [row for row in rows if row.place not in spoilt]

    def confirm(self, receipt: Receipt) -> Confirmed:
        """Mark what the receipt names; what doesn't fit what was sealed here is ignored and said."""
        writer = self._writer
        span = None if writer is None else writer.file.chain.epochs.span(receipt.epoch, writer.file.chain.place)
        if writer is None or span is None:
            return Confirmed((), (), (f"epoch {receipt.epoch} is not this spool's",))
        ranges: list[tuple[int, int]] = []
        aside: list[tuple[int, str]] = []
        ignored: list[str] = []
        with self._reading() as db:
            for start, end, sha256 in receipt.stored:
                found, trouble = _waiting_in(db, span, start, end, sha256)
                if trouble is not None:
                    ignored.append(trouble)
                elif found is not None:
                    ranges.append(found)
            for entry in receipt.set_aside:
                place = span[0] + entry.seq
                row = db.execute("SELECT sha256, state FROM record WHERE place = ?", (place,)).fetchone()
                if row is None or row[0] != entry.sha256 or place > span[1]:
                    ignored.append(f"{entry.seq} set aside names a record that is not here")
                elif row[1] == WAITING:
                    aside.append((place, entry.reason))
        if ranges or aside:
            writer.jobs.put(Mark(ranges, aside))
        return Confirmed(tuple(ranges), tuple(place for place, _ in aside), tuple(ignored))

    def last_attempt(self, station: str, part: str, serial: str) -> tuple[int, str] | None:
        """Attempt and record id of the unit's last inspection at the station; null for a new unit."""
        with self._reading() as db:
            row = db.execute(
                "SELECT attempt, record FROM unit WHERE station = ? AND part = ? AND serial = ?",
                (station, part, serial),
            ).fetchone()
        return None if row is None else (int(row[0]), str(row[1]))

    def remember(self, key: str, value: str) -> Future[None]:
        """Keep a small value durably; the future is done after the commit."""
        mark = Mark(remember={key: value})
        if self._writer is None:
            mark.done.set_exception(SpoolBroken("the spool is closed"))
        else:
            self._writer.jobs.put(mark)
        return mark.done

    def recall(self, key: str) -> str | None:
        """What was remembered under `key`; null if nothing was."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def state(self) -> SpoolStatus:
        """The figures of this moment."""
        with self._reading() as db:
            oldest = db.execute("SELECT time_us FROM record WHERE state = 0 ORDER BY place LIMIT 1").fetchone()
            took = latencies(db, LATELY)
        writer = self._writer
        assert writer is not None
        weight, chain = writer.file.weight, writer.file.chain
        return SpoolStatus(
            epoch=self.epoch,
            last_seq=chain.place - chain.epochs.current[0],
            waiting=weight.count[WAITING],
            oldest=None if oldest is None else utc_text(oldest[0]),
            bytes=sum(weight.bytes),
            full=writer.full,
            set_aside=weight.count[SET_ASIDE],
            receipt_p99_ms=quantile(took, 0.99),
            damaged=weight.damaged,
            dropped=weight.dropped,
        )

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for reading, one thread at a time; WAL lets it read while the writer commits."""
        with self._lock:
            if self._reader is None:
                raise SpoolBroken("the spool is closed")
            yield self._reader


def _waiting_in(
    db: sqlite3.Connection, span: tuple[int, int], start: int, end: int, sha256: str
) -> tuple[tuple[int, int] | None, str | None]:
    """The places of a stored range that still wait, if its last seal fits; or why the range is passed over."""
    first, last = span[0] + start, span[0] + end
    if last > span[1]:
        return None, f"{start}..{end} was never sealed here"
    row = db.execute("SELECT sha256 FROM record WHERE place = ?", (last,)).fetchone()
    if row is not None and row[0] != sha256:
        return None, f"{start}..{end} names another seal than {end} has"
    low, high = db.execute(
        "SELECT min(place), max(place) FROM record WHERE state = 0 AND place BETWEEN ? AND ?", (first, last)
    ).fetchone()
    if low is None:
        return None, None
    if row is None:
        return None, f"{start}..{end}: {end} is no longer here, so its seal can't be compared"
    return (low, high), None


def _gaps(numbers: Iterable[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The ranges of `start`..`end` that rising `numbers` leave out."""
    expected = start
    for number in numbers:
        if number > expected:
            yield expected, number - 1
        expected = number + 1
    if expected <= end:
        yield expected, end
