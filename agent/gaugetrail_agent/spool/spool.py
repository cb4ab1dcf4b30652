"""The spool as the agent holds it: appends go to the writer's thread, questions are answered beside it."""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.jobs import Append, BeginEpoch, Marking, Suspect
from gaugetrail_agent.spool.opening import Opener, OpenFile
from gaugetrail_agent.spool.questions import Reader
from gaugetrail_agent.spool.schema import SET_ASIDE, WAITING
from gaugetrail_agent.spool.sealing import sound
from gaugetrail_agent.spool.visit import latencies, quantile
from gaugetrail_agent.spool.words import (
    REFUSE,
    Appended,
    Confirmed,
    OldEpoch,
    Origin,
    Room,
    SpoolBroken,
    StillHere,
    Waiting,
)
from gaugetrail_agent.spool.writer import Limits, Writer
from gaugetrail_contract.clock import Clock, Ticker, utc_text
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.events.spool import SpoolBranched
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.receipts import Receipt
from gaugetrail_contract.record import Body
from gaugetrail_contract.seal import Opened, open_sealed
from gaugetrail_contract.status import SpoolStatus

MARKED_AT_ONCE = 250
LOOKED_AT_ONCE = 200
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
        self._reader = Reader(path, self._report)
        self._writer: Writer | None = None
        self._claim: sqlite3.Connection | None = None
        self._epoch = ""
        self._saved = 0
        self._branched: set[str] = set()
        """Epochs that were told apart since start; those of before are remembered in the file."""

    @property
    def epoch(self) -> str:
        """Where records are sealed now: drawn when the file was made, repaired, or found to be restored."""
        return self._epoch if self._writer is None else self._writer.file.chain.epochs.current[1]

    @property
    def full(self) -> bool:
        """Whether it refuses records now."""
        return self._writer is not None and self._writer.full

    @property
    def refuses(self) -> str | None:
        """Why nothing can be written to its file now; null where it can."""
        return None if self._writer is None else self._writer.refuses

    @property
    def branched(self) -> bool:
        """Whether a collector has told since start that an epoch has another history than what was sealed here."""
        return bool(self._branched)

    # --- life

    def open(self) -> None:
        """Open, create or repair the file and start the writer. Raises `SpoolBroken` when it can't be used."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._claim = schema.claim(self.path)
        try:
            file = self._opener.open()
            self._reader.open(file.session)
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
            save=self._save,
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
        with self._reader.lock:
            self._reader.close()
            if self._claim is not None:
                self._claim.close()
            self._claim = None

    def _mend(self, fault: str) -> OpenFile:
        """Repair the file while the agent runs: called by the writer, whose thread waits; readers wait for the lock."""
        with self._reader.lock:
            assert self._writer is not None
            self._writer.file.close()
            self._reader.close()
            try:
                file = self._opener.repaired(fault)
                self._reader.open(file.session)
            except (OSError, sqlite3.Error) as error:
                raise SpoolBroken(f"{self.path} can't be repaired: {error}") from error
            return file

    def _save(self) -> OpenFile:
        """Other files stand in the place of those that are open: called by the writer, whose thread waits."""
        with self._reader.lock:
            assert self._writer is not None
            try:
                self._opener.copy(self._writer.file)
                # Closed while none of its files has its name, or SQLite would delete the log of the new one.
                self._writer.file.close()
                self._reader.close()
                file = self._opener.copied()
                self._reader.open(file.session)
            except (OSError, sqlite3.Error) as error:
                raise SpoolBroken(f"{self.path} was deleted or replaced, and can't be written anew: {error}") from error
            self._saved += 1
            return file

    # --- what the agent asks of it

    def append(self, body: Body, remember: Mapping[str, str] | None = None, room: Room = REFUSE) -> Future[Appended]:
        """Seal `body` and keep it. The future has its result after the commit (fsync), or `SpoolFull`, `SpoolBroken`,
        `RecordTooLarge` or, where the body makes no record, `BadRecord`. `remember` is kept in the same transaction;
        `room` says what happens when all is full.
        """
        job = Append(body, remember or {}, room)
        if self._writer is None:
            job.future.set_exception(SpoolBroken("the spool is closed"))
        else:
            self._writer.jobs.put(job)
        return job.future

    def begin_epoch(
        self,
        leaving: str,
        say: Callable[[OldEpoch], EventPayload],
        *,
        time_us: int | None = None,
        remember: Mapping[str, str] | None = None,
    ) -> Future[Appended | None]:
        """Go on in a new epoch, whose first record is the event that `say` makes of where `leaving` ended. The future
        has that record after the commit, or null where `leaving` is no longer the current epoch: asking twice begins
        one. Times go on rising, or begin anew at `time_us`; `remember` is kept in the same transaction. What is
        appended after this call is sealed behind it.
        """
        job = BeginEpoch(leaving, say, time_us, remember or {})
        if self._writer is None:
            job.future.set_exception(SpoolBroken("the spool is closed"))
        else:
            self._writer.jobs.put(job)
        return job.future

    def waiting(self, after: int, limit: int) -> list[Waiting]:
        """Records without a receipt behind the place `after`, in order; each has proven its seal just now."""
        found: list[Waiting] = []
        while len(found) < limit:
            rows = self._reader.waiting(after, limit - len(found))
            found += self._proven(rows)
            if not rows:
                break
            after = rows[-1].place
        return found

    def newest(self) -> int:
        """The place of the last record that is committed; 0 in an empty spool."""
        return int(self._reader.ask("SELECT coalesce(max(place), 0) FROM record")[0][0])

    def again(self, epoch: str, start: int, end: int, limit: int = 1000) -> StillHere:
        """Records `start`..`end` of an epoch for a collector that asks for them again: sent before or not, confirmed
        or not, the first `limit` of them. What is gone within these is listed as ranges.
        """
        span = self._span(epoch)
        if span is None:
            return StillHere([], ((start, end),))
        base, last = span
        rows = self._reader.between(base + start, min(base + end, last), limit)
        records = self._proven(rows)
        looked_to = end if len(rows) < limit else rows[-1].place - base
        here = Ranges.of(one.place - base for one in records)
        return StillHere(records, tuple(here.gaps(start, looked_to)))

    def held(self, after: int, limit: int) -> list[Waiting]:
        """Records of any state behind the place `after`, in order, proven."""
        return self._proven(self._reader.between(after + 1, self.newest(), limit))

    def newest_first(self) -> Iterator[Opened]:
        """Every record that is still here and sound, back to the oldest. Raises `SpoolBroken`."""
        place = self.newest() + 1
        while rows := self._reader.before(place, LOOKED_AT_ONCE):
            place = rows[-1].place
            yield from (Opened(one.sealed, open_sealed(one.sealed)) for one in self._proven(rows))

    def epoch_place(self) -> int:
        """The last place before the current epoch."""
        assert self._writer is not None
        return self._writer.file.chain.epochs.current[0]

    def boot_place(self) -> int:
        """The last place before this boot of the machine."""
        return int(self._reader.ask("SELECT value FROM meta WHERE key = 'boot_place'")[0][0])

    def _proven(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """Those whose seal holds; the others are set aside by the writer and go nowhere."""
        spoilt = [row.place for row in rows if not sound(row.sealed.sha256, row.sealed.data)]
        if spoilt:
            self._put(Suspect(places=spoilt))
        return [row for row in rows if row.place not in spoilt]

    def confirm(self, receipt: Receipt) -> Confirmed:
        """Mark what the receipt names; what doesn't fit what was sealed here is ignored and said."""
        span = self._span(receipt.epoch)
        if span is None:
            return Confirmed((), (), (f"epoch {receipt.epoch} is not this spool's",))
        done, aside = self._reader.match(span, receipt)
        if receipt.branch and (done.ranges or aside):
            if not (self.is_branched(receipt.epoch) or self._reader.has_seal(span, receipt.branch)):
                return Confirmed((), (), (f"branch {receipt.branch} of epoch {receipt.epoch} is not this spool's",))
            self._leave(receipt.epoch, receipt.branch)
        # In pieces, so that an append doesn't wait for more than one of them.
        for first, last in done.ranges:
            for start in range(first, last + 1, MARKED_AT_ONCE):
                self._put(Marking([(start, min(last, start + MARKED_AT_ONCE - 1))]))
        if aside:
            self._put(Marking(set_aside=aside))
        return done

    def put_aside(self, reasons: Mapping[int, str], remember: Mapping[str, str]) -> None:
        """Waiting records, by place, are set aside here with a reason; `remember` is kept in the same transaction."""
        self._put(Marking(set_aside=list(reasons.items()), remember=remember))

    def send_again(self, places: Sequence[int]) -> None:
        """Set-aside records wait again. Raises `sqlite3.Error`."""
        with contextlib.closing(schema.connect(self.path)) as db:
            db.executemany("INSERT OR IGNORE INTO request VALUES(?)", [(place,) for place in places])

    def _leave(self, epoch: str, branch: str) -> None:
        """Nothing more must be sealed in an epoch of which others seal the same numbers. Asked of the writer before any
        of the receipt is marked, and again while it could not be done.
        """
        known = {_branch_key(epoch): branch}
        if self.epoch == epoch:
            self.begin_epoch(epoch, lambda old: _branched(old, branch), remember=known)
        elif epoch not in self._branched:
            self._put(Marking(remember=known))
        self._branched.add(epoch)

    def is_branched(self, epoch: str) -> bool:
        """Whether a collector has called what was sealed here of an epoch a second history. It may be called otherwise
        later, when its beginning comes, and by then the record that names it may have left.
        """
        return epoch in self._branched or self.recall(_branch_key(epoch)) is not None

    def _span(self, epoch: str) -> tuple[int, int] | None:
        if self._writer is None:
            return None
        chain = self._writer.file.chain
        return chain.epochs.span(epoch, chain.place)

    def last_attempt(self, station: str, part: str, serial: str) -> tuple[int, str] | None:
        """Attempt and record id of the unit's last inspection at the station; null for a new unit."""
        rows = self._reader.ask(
            "SELECT attempt, record FROM unit WHERE station = ? AND part = ? AND serial = ?", (station, part, serial)
        )
        return (int(rows[0][0]), str(rows[0][1])) if rows else None

    def remember(self, key: str, value: str) -> Future[None]:
        """Keep a small value durably; the future is done after the commit."""
        return self.remember_all({key: value})

    def remember_all(self, values: Mapping[str, str]) -> Future[None]:
        """Keep small values durably, all or none; the future is done after the commit."""
        mark = Marking(remember=values)
        if not self._put(mark):
            mark.done.set_exception(SpoolBroken("the spool is closed"))
        return mark.done

    def recall(self, key: str) -> str | None:
        """What was remembered under `key`; null if nothing was."""
        rows = self._reader.ask("SELECT value FROM memory WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def state(self) -> SpoolStatus:
        """The figures of this moment."""
        oldest = self._reader.ask("SELECT time_us FROM record WHERE state = 0 ORDER BY place LIMIT 1")
        took = latencies(self._reader.ask, LATELY)
        writer = self._writer
        assert writer is not None
        weight, chain = writer.file.weight, writer.file.chain
        return SpoolStatus(
            epoch=self.epoch,
            last_seq=chain.place - chain.epochs.current[0],
            waiting=weight.count[WAITING],
            oldest=utc_text(oldest[0][0]) if oldest else None,
            bytes=sum(weight.bytes),
            full=writer.full,
            refuses=writer.refuses,
            set_aside=weight.count[SET_ASIDE],
            receipt_p99_ms=quantile(took, 0.99),
            damaged=weight.damaged,
            dropped=weight.dropped,
            saved=self._saved,
            branched=len(self._branched),
        )

    def _put(self, job: Marking | Suspect) -> bool:
        writer = self._writer
        if writer is not None:
            writer.jobs.put(job)
        return writer is not None

    def _report(self, fault: str, session: str) -> Future[None]:
        job = Suspect(fault=fault, session=session)
        if not self._put(job):
            job.done.set_result(None)
        return job.done


def _branched(old: OldEpoch, branch: str) -> SpoolBranched:
    return SpoolBranched(
        reason="a collector has another history of this epoch: this PC was put back from a snapshot, or copied",
        old_epoch=old.epoch,
        last_seq=old.seq,
        last_seal=old.sha256,
        branch=branch,
    )


def _branch_key(epoch: str) -> str:
    """Under which it is remembered what a collector calls what was sealed here of an epoch."""
    return f"branch of {epoch}"
