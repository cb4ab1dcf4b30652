"""The spool: the one durable buffer between a gauge and the store.

Constraints
-----------
- Once the future of `append` has its result, the record survives a power cut (as far as the disk keeps what it synced).
- Records are sealed in append order: `seq` gapless from 1 in an epoch, each naming the seal before, time strictly
  rising and greater than every moment handed out by `ticker` before.
- A record leaves only when a receipt has named it, and even then stays within a byte budget (`keep_bytes`).
- A full disk or a full spool refuses the new record (`SpoolFull`); nothing that is already in is touched.
- One agent a file: a second one is refused, and so is a file that a newer version has written.

Format
------
One SQLite file, WAL, synchronous=FULL, `user_version` 1:
- `meta(key, value)`: agent, epoch, boot, greatest moment, figures of the content
- `record(seq, sha256, data, time_us, committed_us, confirmed_us, state, reason)`: state 0 waiting, 1 confirmed, 2 set
  aside by the collector; the two last moments are monotonic microseconds
- `unit(station, part, serial, attempt, record)`: the last inspection of each unit
- `memory(key, value)`: what drivers remember, such as a PLC's last answered number

Operation
---------
One writer thread does all writing. It takes everything that waits (group commit), seals each body inside one
transaction, commits (one fsync for all) and only then resolves the futures. Idle, a lone append is committed at once.
Receipts are marked by the same thread, without hurry: losing a mark costs a resend and nothing else.

Recovery
--------
SQLite rolls back what was not committed; nobody was told of it. The chain goes on from the last row. Times go on from
the greatest moment in the file, even if the wall clock has gone back since.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
import queue
import secrets
import sqlite3
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_contract.clock import Clock, Ticker, utc_text
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.record import FIRST_PREV, Body, Head, InspectionBody
from gaugetrail_contract.seal import RecordTooLarge, Sealed, seal
from gaugetrail_contract.status import SpoolStatus

log = logging.getLogger(__name__)

VERSION = 1
WAITING, CONFIRMED, SET_ASIDE = 0, 1, 2
GROUP = 500
"""Records in one commit at most, so that the first of a flood doesn't wait for the last."""

SCHEMA = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE record(
  seq INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, data BLOB NOT NULL, time_us INTEGER NOT NULL,
  committed_us INTEGER NOT NULL, confirmed_us INTEGER, state INTEGER NOT NULL DEFAULT 0, reason TEXT);
CREATE INDEX waiting ON record(seq) WHERE state = 0;
CREATE TABLE unit(
  station TEXT, part TEXT, serial TEXT, attempt INTEGER NOT NULL, record TEXT NOT NULL,
  PRIMARY KEY(station, part, serial)) WITHOUT ROWID;
CREATE TABLE memory(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


class SpoolFull(Exception):
    """The record was refused for want of room; nothing already in is lost, and there may be room again later."""


class SpoolBroken(Exception):
    """The spool can't be used at all: another agent holds it, a newer version wrote it, or the file is damaged."""


@dataclass(frozen=True, slots=True)
class Appended:
    """A record that is on disk."""

    record_id: str
    seq: int
    sha256: str
    time_us: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record on its way to the collector. `place` is where it stands in this spool: it rises by one from record to
    record over all epochs, so it orders and names records here; the number in its epoch is in the bytes.
    """

    place: int
    sealed: Sealed
    committed_us: int


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What a receipt did, in places: `ranges` hold every record that it newly confirms (and perhaps some that were
    confirmed before); `ignored` says for each part that didn't fit why it was passed over.
    """

    ranges: tuple[tuple[int, int], ...]
    set_aside: tuple[int, ...]
    ignored: tuple[str, ...]

    @property
    def places(self) -> Iterator[int]:
        """Each place of the ranges."""
        return itertools.chain.from_iterable(range(first, last + 1) for first, last in self.ranges)


@dataclass(frozen=True, slots=True)
class Again:
    """Records of an epoch that are still here, whatever their state; `gone` are the asked numbers that are not."""

    records: list[Waiting]
    gone: tuple[tuple[int, int], ...]


@dataclass(slots=True)
class _Append:
    body: Body
    remember: Mapping[str, str]
    future: Future[Appended]


@dataclass(slots=True)
class _Mark:
    confirmed: Sequence[tuple[int, int]] = ()
    set_aside: Sequence[tuple[int, str]] = ()
    remember: Mapping[str, str] = field(default_factory=dict)
    done: Future[None] = field(default_factory=Future)


class _Stop:
    pass


class Spool:
    """See the module's promise. All methods may be called from any thread once `open` has returned."""

    def __init__(
        self,
        path: Path,
        *,
        agent: str,
        clock: Clock,
        slot: int | None = None,
        max_bytes: int = 4_096_000_000,
        keep_bytes: int = 1_024_000_000,
    ) -> None:
        self.path = path
        self.agent = agent
        self.slot = zlib.crc32(agent.encode()) % 1000 if slot is None else slot
        self.ticker = Ticker(clock.now_us)
        self.on_commit: Callable[[], None] = lambda: None
        self._clock = clock
        self._max_bytes = max_bytes
        self._keep_bytes = keep_bytes
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Append | _Mark | _Stop] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._epoch = ""
        self._seq = 0
        self._prev = FIRST_PREV
        self._weight = _Weight()
        self._full = False
        self._reader: sqlite3.Connection | None = None
        self._claim: sqlite3.Connection | None = None

    @property
    def epoch(self) -> str:
        """Drawn when the file was created."""
        return self._epoch

    # --- life

    def open(self) -> None:
        """Open or create the file and start the writer. Raises `SpoolBroken` when this spool can't be used."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._claim = _claim(self.path)
        try:
            self._reader = _connect(self.path)
            self._prepare(self._reader)
        except sqlite3.DatabaseError as error:
            self._let_go()
            message = f"{self.path} can't be read ({error}); move it aside and keep it: it holds records"
            raise SpoolBroken(message) from error
        except SpoolBroken:
            self._let_go()
            raise
        self._thread = threading.Thread(target=self._write_for_ever, name="spool", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Commit what waits, then let go of the file; may be called twice."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(_Stop())
            thread.join()
            self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            for held in (self._reader, self._claim):
                if held is not None:
                    held.close()
            self._reader = self._claim = None

    def _prepare(self, db: sqlite3.Connection) -> None:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise SpoolBroken(
                f"{self.path} was written by a newer Gaugetrail (format {version}, this one knows {VERSION}); "
                "install that version again, or let it send everything first"
            )
        if version == 0:
            self._create(db)
        meta = dict(db.execute("SELECT key, value FROM meta"))
        if meta["agent"] != self.agent:
            raise SpoolBroken(
                f"{self.path} belongs to the agent {meta['agent']!r}, not to {self.agent!r}; give each its own data_dir"
            )
        self._epoch = str(meta["epoch"])
        last = db.execute("SELECT seq, sha256, time_us FROM record ORDER BY seq DESC LIMIT 1").fetchone()
        if last is not None:
            self._seq, self._prev = int(last[0]), str(last[1])
            self.ticker.at_least(int(last[2]))
        self.ticker.at_least(int(meta["last_us"]))
        self._weight = _Weight.read(str(meta["weight"]))
        if meta["boot"] != self._clock.boot():
            # Monotonic times from before this boot compare with nothing; latencies are taken behind this record.
            values = ((self._clock.boot(), "boot"), (self._seq, "boot_seq"))
            db.executemany("UPDATE meta SET value = ? WHERE key = ?", values)

    def _create(self, db: sqlite3.Connection) -> None:
        meta = {
            "agent": self.agent,
            "epoch": secrets.token_hex(6),
            "last_us": 0,
            "weight": _Weight().text(),
            "boot": self._clock.boot(),
            "boot_seq": 0,
        }
        db.execute("BEGIN IMMEDIATE")
        for statement in filter(str.strip, SCHEMA.split(";")):
            db.execute(statement)
        db.executemany("INSERT INTO meta VALUES(?, ?)", meta.items())
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.execute("COMMIT")

    # --- what the agent asks of it

    def append(self, body: Body, remember: Mapping[str, str] | None = None) -> Future[Appended]:
        """Seal `body` and keep it. The future has its result after the commit (fsync), or `SpoolFull`, `SpoolBroken`
        or `RecordTooLarge`. `remember` is kept in the same transaction.
        """
        future: Future[Appended] = Future()
        if self._thread is None:
            future.set_exception(SpoolBroken("the spool is closed"))
        else:
            self._queue.put(_Append(body, remember or {}, future))
        return future

    def waiting(self, after: int, limit: int) -> list[Waiting]:
        """Records without a receipt behind `after`, in order."""
        with self._reading() as db:
            rows = db.execute(
                "SELECT seq, sha256, data, committed_us FROM record WHERE state = 0 AND seq > ? ORDER BY seq LIMIT ?",
                (after, limit),
            ).fetchall()
        return [Waiting(seq, Sealed(sha256, bytes(data)), committed) for seq, sha256, data, committed in rows]

    def newest(self) -> int:
        """The place of the last record that is committed; 0 in an empty spool."""
        with self._reading() as db:
            (place,) = db.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
        return int(place)

    def confirm(self, receipt: Receipt) -> Confirmed:
        """Mark what the receipt names; what doesn't fit what was sealed here is ignored and said."""
        if receipt.epoch != self._epoch:
            return Confirmed((), (), (f"epoch {receipt.epoch} is not this spool's",))
        ranges: list[tuple[int, int]] = []
        aside: list[tuple[int, str]] = []
        ignored: list[str] = []
        with self._reading() as db:
            for start, end, sha256 in receipt.stored:
                found, trouble = _waiting_in(db, start, end, sha256)
                if trouble is not None:
                    ignored.append(trouble)
                elif found is not None:
                    ranges.append(found)
            for entry in receipt.set_aside:
                row = db.execute("SELECT sha256, state FROM record WHERE seq = ?", (entry.seq,)).fetchone()
                if row is None or row[0] != entry.sha256:
                    ignored.append(f"{entry.seq} set aside names a record that is not here")
                elif row[1] == WAITING:
                    aside.append((entry.seq, entry.reason))
        if ranges or aside:
            self._queue.put(_Mark(ranges, aside))
        return Confirmed(tuple(ranges), tuple(place for place, _ in aside), tuple(ignored))

    def again(self, epoch: str, start: int, end: int, limit: int = 1000) -> Again:
        """Records `start`..`end` of an epoch for a collector that asks for them again: sent before or not, confirmed
        or not, the first `limit` of them. What is gone within these is listed as ranges.
        """
        if epoch != self._epoch:
            return Again([], ((start, end),))
        with self._reading() as db:
            rows = db.execute(
                "SELECT seq, sha256, data, committed_us FROM record WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?",
                (start, end, limit),
            ).fetchall()
        records = [Waiting(seq, Sealed(sha256, bytes(data)), committed) for seq, sha256, data, committed in rows]
        looked_to = end if len(records) < limit else records[-1].place
        return Again(records, tuple(_gaps((one.place for one in records), start, looked_to)))

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
        mark = _Mark(remember={key: value})
        self._queue.put(mark)
        return mark.done

    def recall(self, key: str) -> str | None:
        """What was remembered under `key`; null if nothing was."""
        with self._reading() as db:
            row = db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def state(self) -> SpoolStatus:
        """The figures of this moment."""
        with self._reading() as db:
            oldest = db.execute("SELECT time_us FROM record WHERE state = 0 ORDER BY seq LIMIT 1").fetchone()
        return SpoolStatus(
            epoch=self._epoch,
            last_seq=self._seq,
            waiting=self._weight.count[WAITING],
            oldest=None if oldest is None else utc_text(oldest[0]),
            bytes=sum(self._weight.bytes),
            full=self._full,
            set_aside=self._weight.count[SET_ASIDE],
        )

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """The connection for reading, one thread at a time; WAL lets it read while the writer commits."""
        with self._lock:
            if self._reader is None:
                raise SpoolBroken("the spool is closed")
            yield self._reader

    # --- the writer

    def _write_for_ever(self) -> None:
        # Its own connection: a commit must not wait for a reader.
        with contextlib.closing(_connect(self.path)) as db:
            while True:
                jobs: list[_Append | _Mark | _Stop] = [self._queue.get()]
                with contextlib.suppress(queue.Empty):
                    while len(jobs) < GROUP:
                        jobs.append(self._queue.get_nowait())
                stop = any(isinstance(job, _Stop) for job in jobs)
                appends = [job for job in jobs if isinstance(job, _Append)]
                marks = [job for job in jobs if isinstance(job, _Mark)]
                try:
                    self._commit(db, appends, marks)
                    self._trim(db)
                except sqlite3.Error as error:
                    self._refuse(db, error, appends, marks)
                if stop:
                    return

    def _commit(self, db: sqlite3.Connection, appends: list[_Append], marks: list[_Mark]) -> None:
        """Seal and insert all, commit, and only then tell anybody."""
        self._full = self._weight.bytes[WAITING] > self._max_bytes
        if self._full:
            megabytes = self._weight.bytes[WAITING] // 1_000_000
            _reject(appends, SpoolFull(f"{megabytes} MB of records wait to be sent, which is the spool's limit"))
            appends = []
        if not appends and not marks:
            return
        weight = self._weight.copy()
        chain = (self._seq, self._prev)
        db.execute("BEGIN IMMEDIATE")
        try:
            sealed = [(job, done) for job in appends if (done := self._insert(db, job, weight)) is not None]
            for mark in marks:
                _mark(db, mark, weight, self._clock.mono_ns() // 1000)
            values = {"last_us": self.ticker.last, "weight": weight.text()}
            db.executemany("UPDATE meta SET value = ? WHERE key = ?", [(value, key) for key, value in values.items()])
            db.execute("COMMIT")  # synchronous=FULL: returns after the fsync of the log
        except sqlite3.Error:
            self._seq, self._prev = chain
            raise
        self._weight = weight
        for job, appended in sealed:
            job.future.set_result(appended)
        for mark in marks:
            mark.done.set_result(None)
        if sealed:
            self.on_commit()

    def _insert(self, db: sqlite3.Connection, job: _Append, weight: _Weight) -> Appended | None:
        """Seal one body as the next of the chain; null when it is refused by itself and its future says why."""
        now_us = self.ticker.next()
        head = Head(
            kind=job.body.KIND,
            agent=self.agent,
            epoch=self._epoch,
            seq=self._seq + 1,
            prev=self._prev,
            time=utc_text(now_us),
            utc_offset_min=self._clock.utc_offset_min(),
            clock=self._clock.trust(),
            mono_ns=self._clock.mono_ns(),
            boot=self._clock.boot(),
            slot=self.slot,
        )
        try:
            sealed = seal(head, job.body)
        except RecordTooLarge as error:
            job.future.set_exception(error)
            return None
        db.execute(
            "INSERT INTO record(seq, sha256, data, time_us, committed_us) VALUES(?, ?, ?, ?, ?)",
            (head.seq, sealed.sha256, sealed.data, now_us, self._clock.mono_ns() // 1000),
        )
        body = job.body
        if isinstance(body, InspectionBody) and body.serial is not None:
            db.execute(
                "INSERT OR REPLACE INTO unit VALUES(?, ?, ?, ?, ?)",
                (body.station, body.part, body.serial, body.attempt, head.id),
            )
        db.executemany("INSERT OR REPLACE INTO memory VALUES(?, ?)", job.remember.items())
        weight.add(WAITING, 1, len(sealed.data))
        self._seq, self._prev = head.seq, sealed.sha256
        return Appended(head.id, head.seq, sealed.sha256, now_us)

    def _refuse(self, db: sqlite3.Connection, error: sqlite3.Error, appends: list[_Append], marks: list[_Mark]) -> None:
        """The disk said no: nothing of this group is in, everything before it stays, the next group tries again."""
        with contextlib.suppress(sqlite3.Error):
            db.execute("ROLLBACK")
        self._full = True
        log.error("spool: can't write %s: %s", self.path, error, extra={"event": "spool_refused"})
        _reject([job for job in appends if not job.future.done()], SpoolFull(f"the spool's disk refuses: {error}"))
        for mark in marks:
            mark.done.set_exception(SpoolFull(str(error)))

    def _trim(self, db: sqlite3.Connection) -> None:
        """Let the oldest confirmed records go beyond the byte budget; never one that is not confirmed."""
        while self._weight.bytes[CONFIRMED] > self._keep_bytes:
            # The newest row stays whatever its state: the chain goes on from it.
            rows = db.execute(
                "SELECT seq, length(data) FROM record WHERE state = 1 AND seq < ? ORDER BY seq LIMIT ?",
                (self._seq, GROUP),
            ).fetchall()
            if not rows:
                return
            weight = self._weight.copy()
            weight.add(CONFIRMED, -len(rows), -sum(size for _, size in rows))
            db.execute("BEGIN IMMEDIATE")
            db.execute("DELETE FROM record WHERE state = 1 AND seq <= ?", (rows[-1][0],))
            db.execute("UPDATE meta SET value = ? WHERE key = 'weight'", (weight.text(),))
            db.execute("COMMIT")
            self._weight = weight


@dataclass(slots=True)
class _Weight:
    """How many records of each state there are and how many bytes they take; kept in the file, so start is quick."""

    count: list[int] = field(default_factory=lambda: [0, 0, 0])
    bytes: list[int] = field(default_factory=lambda: [0, 0, 0])

    def add(self, state: int, count: int, size: int) -> None:
        self.count[state] += count
        self.bytes[state] += size

    def copy(self) -> _Weight:
        return _Weight(list(self.count), list(self.bytes))

    def text(self) -> str:
        return " ".join(map(str, (*self.count, *self.bytes)))

    @classmethod
    def read(cls, text: str) -> _Weight:
        numbers = [int(number) for number in text.split()]
        return cls(numbers[:3], numbers[3:])


def _mark(db: sqlite3.Connection, mark: _Mark, weight: _Weight, mono_us: int) -> None:
    """A record still waiting becomes confirmed or set aside; one that is neither any more stays what it is."""
    for start, end in mark.confirmed:
        _move(db, weight, (start, end), CONFIRMED, mono_us, None)
    for seq, reason in mark.set_aside:
        _move(db, weight, (seq, seq), SET_ASIDE, mono_us, reason)
    db.executemany("INSERT OR REPLACE INTO memory VALUES(?, ?)", mark.remember.items())


def _move(
    db: sqlite3.Connection,
    weight: _Weight,
    places: tuple[int, int],
    state: int,
    mono_us: int,
    reason: str | None,
) -> None:
    """All that still wait in the range, in one statement each for the figures and for the rows."""
    count, size = db.execute(
        "SELECT count(*), coalesce(sum(length(data)), 0) FROM record WHERE state = 0 AND seq BETWEEN ? AND ?", places
    ).fetchone()
    if count:
        db.execute(
            "UPDATE record SET state = ?, confirmed_us = ?, reason = ? WHERE state = 0 AND seq BETWEEN ? AND ?",
            (state, mono_us, reason, *places),
        )
        weight.add(WAITING, -count, -size)
        weight.add(state, count, size)


def _waiting_in(db: sqlite3.Connection, start: int, end: int, sha256: str) -> tuple[tuple[int, int] | None, str | None]:
    """The part of a stored range that still waits, if its last seal fits; or why the range is passed over."""
    row = db.execute("SELECT sha256 FROM record WHERE seq = ?", (end,)).fetchone()
    if row is not None and row[0] != sha256:
        return None, f"{start}..{end} names another seal than {end} has"
    first, last = db.execute(
        "SELECT min(seq), max(seq) FROM record WHERE state = 0 AND seq BETWEEN ? AND ?", (start, end)
    ).fetchone()
    if row is None:
        (newest,) = db.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
        if end > newest:
            return None, f"{start}..{end} was never sealed here"
        if first is not None:
            return None, f"{start}..{end}: {end} is no longer here, so its seal can't be compared"
    return (None if first is None else (first, last)), None


def _gaps(numbers: Iterable[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """The ranges of `start`..`end` that rising `numbers` leave out."""
    expected = start
    for number in numbers:
        if number > expected:
            yield expected, number - 1
        expected = number + 1
    if expected <= end:
        yield expected, end


def _reject(appends: Sequence[_Append], error: Exception) -> None:
    for job in appends:
        job.future.set_exception(error)


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    return db


def _claim(path: Path) -> sqlite3.Connection:
    """Hold the spool for this process; the system lets go of it if the process dies. Raises `SpoolBroken`."""
    lock = sqlite3.connect(path.with_suffix(".lock"), timeout=0, isolation_level=None, check_same_thread=False)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        raise SpoolBroken(f"{path} is in use by another agent on this PC; stop that one first") from error
    return lock


def statistics(path: Path) -> dict[str, object]:
    """The figures of a spool file, read beside a running agent. Latencies are of the records still in the file that
    were confirmed since the last boot, in milliseconds from commit to receipt. Raises `SpoolBroken`.
    """
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as db:
            meta = dict(db.execute("SELECT key, value FROM meta"))
            (last,) = db.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
            took = [
                (end - start) / 1000
                for start, end in db.execute(
                    "SELECT committed_us, confirmed_us FROM record WHERE state = 1 AND seq > ?",
                    (int(meta["boot_seq"]),),
                )
            ]
    except sqlite3.DatabaseError as error:
        raise SpoolBroken(f"{path} can't be read: {error}") from error
    weight = _Weight.read(str(meta["weight"]))
    return {
        "agent": meta["agent"],
        "epoch": meta["epoch"],
        "sealed": last,
        "confirmed": last - weight.count[WAITING] - weight.count[SET_ASIDE],
        "waiting": weight.count[WAITING],
        "set_aside": weight.count[SET_ASIDE],
        "bytes": sum(weight.bytes),
        "latency_ms": {"p50": _quantile(took, 0.50), "p99": _quantile(took, 0.99)},
    }


def _quantile(values: list[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not pass (nearest rank); null without values."""
    if not values:
        return None
    return round(sorted(values)[max(0, math.ceil(share * len(values)) - 1)], 3)
