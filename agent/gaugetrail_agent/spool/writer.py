"""The spool's one writing thread: takes everything that waits, seals it, commits once, and only then tells anybody."""

from __future__ import annotations

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gaugetrail_agent.spool import room, schema
from gaugetrail_agent.spool.bookmark import EVERY_SECS
from gaugetrail_agent.spool.jobs import Append, BeginEpoch, Group, Job, Marking, Stop, Suspect
from gaugetrail_agent.spool.opening import OpenFile, set_damaged
from gaugetrail_agent.spool.saving import standing
from gaugetrail_agent.spool.schema import CONFIRMED, SET_ASIDE, WAITING, Weight
from gaugetrail_agent.spool.sealing import named, sound
from gaugetrail_agent.spool.words import Appended, OldEpoch, Origin, SpoolBroken, SpoolFull
from gaugetrail_contract.events.spool import RecordsDamaged
from gaugetrail_contract.record import EventBody
from gaugetrail_contract.seal import BadRecord, RecordTooLarge, seal_of
from gaugetrail_service.files.holders import lockers_of

log = logging.getLogger(__name__)

GROUP = 500
"""Records in one commit at most, so that the first of a flood doesn't wait for the last."""
LOCKED_MS = 1500
"""How long a file that another program has locked is waited for, before and behind a commit: a station is red within
five seconds. Our own commands hold it for a moment only.
"""
IDLE_SECS = 1.0
"""How often an idle writer looks round for requests and for something to tidy."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of waiting records, and of confirmed ones that are kept."""

    max_bytes: int
    keep_bytes: int


class Writer:
    """Runs until `Stop`. `file` is its alone; others read `weight`, `full` and the chain's place as figures."""

    def __init__(
        self,
        file: OpenFile,
        origin: Origin,
        limits: Limits,
        *,
        committed: Callable[[], None],
        again: Callable[[Sequence[int]], None],
        mend: Callable[[str], OpenFile],
        save: Callable[[], OpenFile],
    ) -> None:
        self.file = file
        self.refuses: str | None = None
        """Why nothing can be written now."""
        self.jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        self._origin = origin
        self._limits = limits
        self._committed = committed
        self._again = again
        self._mend = mend
        self._save = save
        self._heavy = False
        self._ailing: str | None = None
        self._marked = (file.chain.place, file.chain.clock.mono_ns())
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)

    @property
    def full(self) -> bool:
        """Whether records are refused: as many wait as may, or nothing can be written."""
        return self._heavy or self.refuses is not None

    def start(self) -> None:
        """Begin."""
        self.file.db.execute(f"PRAGMA busy_timeout = {LOCKED_MS}").fetchall()
        self._thread.start()

    def stop(self) -> None:
        """Commit what waits and end; the file is closed, its mark written."""
        self.jobs.put(Stop())
        self._thread.join()

    def _run(self) -> None:
        busy = True
        while True:
            jobs = self._take(0.0 if busy else IDLE_SECS)
            busy = self._work(jobs)
            if any(isinstance(job, Stop) for job in jobs):
                self.file.mark(durable=True)
                self.file.close()
                return

    def _take(self, patience: float) -> list[Job]:
        jobs: list[Job] = []
        size = 0
        with contextlib.suppress(queue.Empty):
            jobs.append(self.jobs.get(timeout=patience) if patience else self.jobs.get_nowait())
            while (size := size + jobs[-1].size) < GROUP:
                jobs.append(self.jobs.get_nowait())
        return jobs

    def _work(self, jobs: list[Job]) -> bool:
        """One group and one step of tidying; true when there is more to tidy."""
        suspects = [job for job in jobs if isinstance(job, Suspect)]
        group = Group.of(jobs)
        try:
            session = self.file.session
            return self._do(group, next((job.fault for job in suspects if job.session == session), None))
        except (sqlite3.Error, SpoolBroken) as error:
            self._refuse(error, group)
            return False
        finally:
            for job in suspects:
                job.done.set_result(None)

    def _do(self, group: Group, fault: str | None) -> bool:
        if fault is not None or self._ailing is not None:
            self._repair(fault or str(self._ailing))
        self._hold_on()
        try:
            self._commit(group)
            return self._tidy()
        except sqlite3.DatabaseError as error:
            if not schema.is_damage(error):
                raise
            self._roll_back()
            self._repair(str(error))
            self._commit(group)
            return True

    def _repair(self, fault: str) -> None:
        """Until it has succeeded, every group tries it again and is refused."""
        self._ailing = fault
        self.file = self._mend(fault)
        self._ailing = None

    def _hold_on(self) -> None:
        """What is committed must stand in the files that have the spool's name; until it does, groups are refused."""
        if not self.file.still_there:
            self.file = self._save()
            self._committed()

    # --- one group

    def _commit(self, group: Group) -> None:
        """Mark, make room, seal and insert all, commit, and only then tell anybody."""
        db, chain, limit = self.file.db, self.file.chain, self._limits.max_bytes
        weight = self.file.weight.copy()
        if self._is_full(weight) and not group.changes_anything():
            self._reject(group.open())
            return
        if group.is_empty() and self.refuses is None:
            return
        stood, moment = (chain.place, chain.prev, chain.epochs), chain.ticker.last
        db.execute("BEGIN IMMEDIATE")
        try:
            self.file.prove_schema()
            own = [event for place in group.suspects for event in self._spoilt(weight, place)]
            for mark in group.marks:
                apply(db, mark, weight, chain.clock.mono_ns() // 1000)
                chain.remembered.update(mark.remember)
            own += self._make_room(weight, group, limit)
            refused = group.refusable() if self._is_full(weight) else []
            for event in own:
                chain.add(db, weight, event, {}, None)
            begun = [(job, self._begin(weight, job)) for job in group.epochs]
            told = [entry for job in group.open() if job not in refused for entry in self._add(weight, job)]
            chain.write(db, weight)
            chain.read_back(db)  # behind the last statement that something in the file could answer to
            db.execute("COMMIT")  # synchronous=FULL: returns after the fsync of the log
        except sqlite3.Error:
            chain.place, chain.prev, chain.epochs = stood
            chain.forget_added()
            chain.ticker.at_least(moment)
            raise
        self.file.weight, self.refuses = weight, None
        self.file.mark(durable=False)
        self._hold_on()
        self._reject(refused)
        for job, appended in told:
            job.future.set_result(appended)
        for turn, first in begun:
            turn.future.set_result(first)
        for mark in group.marks:
            if not mark.done.done():
                mark.done.set_result(None)
        if told or own or begun:
            self._committed()

    def _add(self, weight: Weight, job: Append) -> list[tuple[Append, Appended]]:
        """The body as the next record; nothing when it is refused by itself, and its future says why."""
        try:
            return [(job, self.file.chain.add(self.file.db, weight, job.body, job.remember, job.room.drop_class))]
        except (RecordTooLarge, BadRecord) as error:
            job.future.set_exception(error)
            return []

    def _begin(self, weight: Weight, job: BeginEpoch) -> Appended | None:
        """The next record is the first of a new epoch and says why; nothing where the old one has been left already."""
        chain = self.file.chain
        start, epoch = chain.epochs.current
        if epoch != job.leaving:
            return None
        event = self._origin.event(job.say(OldEpoch(epoch, chain.place - start, chain.prev, chain.ticker.last)))
        log.warning("spool: a new epoch begins: %s", event.payload.get("reason"), extra={"event": event.type})
        chain.new_epoch(self.file.db, event.type)
        if job.time_us is not None:
            chain.ticker.begin(job.time_us)
        return chain.add(self.file.db, weight, event, job.remember, None)

    def _is_full(self, weight: Weight) -> bool:
        self._heavy = weight.bytes[WAITING] > self._limits.max_bytes
        return self._heavy

    def _make_room(self, weight: Weight, group: Group, limit: int) -> list[EventBody]:
        """Records of the lowest classes make room, where the spool is full and a station of this group says so."""
        asking = [job.room for job in group.appends if job.room.drop_others]
        if not asking or not self._is_full(weight):
            return []
        up_to = None if any(one.drop_class is None for one in asking) else max(one.drop_class or 0 for one in asking)
        # More than is needed, so that a full spool doesn't write an event for each record.
        want = weight.bytes[WAITING] - limit + min(limit // 10, room.DROP_BYTES)
        lost = room.drop_lowest(self.file.db, self.file.chain, weight, self._origin, want, up_to)
        for event in lost:
            log.error("spool full: %s records dropped", event.payload["count"], extra={"event": "records_dropped"})
        return lost

    def _spoilt(self, weight: Weight, place: int) -> list[EventBody]:
        """A record whose seal didn't hold: made right if only its seal was spoilt, else set aside, and that said."""
        db, chain = self.file.db, self.file.chain
        row = db.execute("SELECT sha256, data FROM record WHERE place = ?", (place,)).fetchone()
        if row is None or sound(row[0], bytes(row[1])):
            return []
        after = db.execute("SELECT data FROM record WHERE place = ?", (place + 1,)).fetchone()
        follower = named(bytes(after[0])) if after else None
        true_seal = seal_of(bytes(row[1]))
        if follower is not None and follower[3] == true_seal:
            db.execute("UPDATE record SET sha256 = ? WHERE place = ?", (true_seal, place))
            log.warning("spool: the seal beside record %d was spoilt; its bytes are right", place)
            return []
        reason = "its seal doesn't hold"
        epoch, seq = chain.epochs.of(place)
        set_damaged(db, chain, weight, place, reason)
        log.error("spool: record %s/%d is spoilt and set aside here", epoch, seq, extra={"event": "record_damaged"})
        return [self._origin.event(RecordsDamaged(reason=reason, epoch=epoch, from_=seq, to=seq, count=1))]

    def _reject(self, jobs: Sequence[Append]) -> None:
        for job in jobs:
            full = SpoolFull("as many records wait to be sent as the spool's limit allows ([spool] max_mb)")
            job.future.set_exception(full)

    def _roll_back(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self.file.db.execute("ROLLBACK")

    def _refuse(self, error: Exception, group: Group) -> None:
        """The disk said no: nothing of this group is in, everything before it stays, the next group tries again."""
        self._roll_back()
        why = self._why(error)
        if why != self.refuses:
            log.error("spool: can't write %s: %s", self.file.path, why, extra={"event": "spool_refused"})
        self.refuses = why
        for job in group.open():
            job.future.set_exception(SpoolFull(why))
        for turn in group.epochs:
            if not turn.future.done():
                turn.future.set_exception(SpoolFull(why))
        for mark in group.marks:
            if not mark.done.done():
                mark.done.set_exception(SpoolFull(why))

    def _why(self, error: Exception) -> str:
        if not schema.is_locked(error):
            return f"the spool's disk refuses: {error}"
        path = self.file.path
        who = ", ".join(lockers_of(standing(path))) or "another program"
        return f"{who} has locked {path.name}"

    # --- between groups

    def _tidy(self) -> bool:
        """One small step: requests, the mark, confirmed records beyond the budget, empty pages."""
        self.file.prove_schema()
        self._carry_out_requests()
        self._sync_mark()
        lighter = room.let_go(self.file.db, self.file.chain, self.file.weight, self._limits.keep_bytes)
        if lighter is not None:
            self.file.weight = lighter
            return True
        return room.shrink(self.file.db, self.file.weight)

    def _sync_mark(self) -> None:
        place, now = self.file.chain.place, self.file.chain.clock.mono_ns()
        if place != self._marked[0] and now - self._marked[1] >= EVERY_SECS * 1e9:
            self.file.mark(durable=True)
            self._marked = (place, now)

    def _carry_out_requests(self) -> None:
        """Set-aside records that a person wants sent again become waiting ones."""
        db = self.file.db
        places = [place for (place,) in db.execute("SELECT place FROM request ORDER BY place")]
        if not places:
            return
        weight = self.file.weight.copy()
        db.execute("BEGIN IMMEDIATE")
        for place in places:
            row = db.execute(
                "UPDATE record SET state = 0, confirmed_us = NULL, reason = NULL WHERE place = ? AND state = 2 "
                "RETURNING length(data)",
                (place,),
            ).fetchone()
            if row is not None:
                weight.add(SET_ASIDE, -1, -row[0])
                weight.add(WAITING, 1, row[0])
            db.execute("DELETE FROM request WHERE place = ?", (place,))
        self.file.chain.write(db, weight)
        db.execute("COMMIT")
        self.file.weight = weight
        self._again(places)


def apply(db: sqlite3.Connection, mark: Marking, weight: Weight, mono_us: int) -> None:
    """A record still waiting becomes confirmed or set aside; one that is neither any more stays what it is."""
    for places in mark.confirmed:
        _move(db, weight, places, CONFIRMED, mono_us, None)
    for place, reason in mark.set_aside:
        _move(db, weight, (place, place), SET_ASIDE, mono_us, reason)
    db.executemany("INSERT OR REPLACE INTO memory VALUES(?, ?)", mark.remember.items())


def _move(
    db: sqlite3.Connection, weight: Weight, places: tuple[int, int], state: int, mono_us: int, reason: str | None
) -> None:
    """All that still wait in the range, in one statement each for the figures and for the rows."""
    count, size = db.execute(
        "SELECT count(*), coalesce(sum(length(data)), 0) FROM record WHERE state = 0 AND place BETWEEN ? AND ?", places
    ).fetchone()
    if count:
        db.execute(
            "UPDATE record SET state = ?, confirmed_us = ?, reason = ? WHERE state = 0 AND place BETWEEN ? AND ?",
            (state, mono_us, reason, *places),
        )
        room.forget_class(db, *places)
        weight.add(WAITING, -count, -size)
        weight.add(state, count, size)
        weight.confirmed += count if state == CONFIRMED else 0
