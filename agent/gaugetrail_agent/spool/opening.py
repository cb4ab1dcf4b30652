"""Opening a spool: made, taken over from an older format, repaired, or found to be another one than was left here.

Quick whatever the file's size: figures and chain head stand in `meta`, the newest record proves that they belong
together, and the log is read through for damage that SQLite would pass over. The file is never checked whole at start
(`PRAGMA quick_check` takes seconds a gigabyte): every record proves its seal when it is read to be sent, and damage
that SQLite meets later is repaired then, in the running agent.

A number must never be sealed twice. Wherever it is not certain that the file knows the last record that was sealed in
its epoch (repaired, restored, copied), a new epoch is drawn whose first record says why.
"""

from __future__ import annotations

import json
import logging
import secrets
import sqlite3
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any, Self

from gaugetrail_agent.spool import bookmark, repair, saving, schema
from gaugetrail_agent.spool.saving import Files, files_of
from gaugetrail_agent.spool.schema import SET_ASIDE, WAITING, Epochs, SpoolFigures, Weight
from gaugetrail_agent.spool.sealing import ChainEnd, named, new_epoch_name, sound
from gaugetrail_agent.spool.words import Origin, SpoolBroken
from gaugetrail_contract.clock import Clock, Ticker
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.events.spool import SpoolLost, SpoolRepaired, SpoolRestored
from gaugetrail_contract.files import refuse_links
from gaugetrail_contract.record import FIRST_PREV

log = logging.getLogger(__name__)


class Spoilt(Exception):
    """The file can be read and what it says of itself doesn't hold."""


@dataclass(frozen=True, slots=True)
class Due:
    """The event that a new epoch begins with."""

    type: str
    payload: dict[str, Any]

    @classmethod
    def now(cls, payload: EventPayload) -> Self:
        """One that was found to be due at this opening."""
        return cls(payload.TYPE, payload.written())


@dataclass(slots=True)
class OpenFile:
    """A spool file that is ready: its connection for writing, where its chain stands, its figures."""

    path: Path
    db: sqlite3.Connection
    chain: ChainEnd
    weight: Weight
    session: str
    inode: int = 0
    cookie: int = 0
    """Of the schema that was compared."""
    mark_file: FileIO | None = None
    files: Files = ()

    @property
    def still_there(self) -> bool:
        """Whether the files that are open are those that stand in their place."""
        return self.files == files_of(self.path)

    def prove_schema(self) -> None:
        """Compare it anew where somebody has changed it meanwhile. Raises `NotAsMade`."""
        if (found := schema.cookie(self.db)) != self.cookie:
            schema.version(self.db, self.path)
            self.cookie = found

    def mark(self, before: str | None = None, *, durable: bool) -> None:
        """Write the mark beside the file; one that can't be written is said and costs a new epoch at worst."""
        start, epoch = self.chain.epochs.current
        entry = bookmark.Bookmark(self.session, epoch, self.chain.place - start, self.chain.prev, self.inode, before)
        try:
            if self.mark_file is None:
                self.mark_file = bookmark.replace(self.path, entry)
            else:
                bookmark.overwrite(self.mark_file, entry, durable=durable)
        except OSError as error:
            log.warning("spool: can't write %s: %s", bookmark.path_of(self.path), error, extra={"event": "mark_failed"})

    def close(self) -> None:
        """Let go of file and mark."""
        self.db.close()
        if self.mark_file is not None:
            self.mark_file.close()


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens the spool of one agent, as often as need be."""

    path: Path
    origin: Origin
    slot: int
    clock: Clock
    ticker: Ticker

    def open(self) -> OpenFile:
        """The file, ready. Raises `SpoolBroken`."""
        self._refuse_links()
        try:
            repair.finish(self.path)
            saving.finish(self.path)
            trouble = repair.trouble_before_opening(self.path, bookmark.read(self.path))
            if trouble is None:
                try:
                    return self._load()
                except (Spoilt, sqlite3.DatabaseError) as error:
                    if isinstance(error, sqlite3.Error) and not schema.is_damage(error):
                        raise
                    trouble = str(error)
            return self.repaired(trouble)
        except (OSError, sqlite3.Error) as error:
            raise SpoolBroken(
                f"{self.path} can't be opened ({error}); nothing in it is lost. Is its disk full, or its folder not "
                "this user's? The agent tries again when it is started"
            ) from error

    def _refuse_links(self) -> None:
        try:
            refuse_links(*saving.standing(self.path))
        except OSError as error:
            raise SpoolBroken(f"{error.filename}: {error.strerror}; take it away, then start the agent") from error

    def repaired(self, trouble: str) -> OpenFile:
        """The file after a repair. Raises `SpoolBroken`, `OSError`, `sqlite3.Error`."""
        log.error("spool: %s is damaged (%s); carrying over what can be read", self.path, trouble)
        known = bookmark.read(self.path)
        repair.rebuild(self.path, self.origin.agent, self.clock.boot(), trouble, known, self.clock.now_us())
        return self._load()

    def copy(self, file: OpenFile) -> None:
        """Save what `file` still has open of files that are gone; it stays open. Raises `OSError`, `sqlite3.Error`."""
        said = {"event": "spool_taken"}
        log.error(
            "spool: %s was deleted or replaced while it was open; saving what is held of it", self.path, extra=said
        )
        saving.save(file.db, self.path, self.clock.now_us())
        saving.move_aside(self.path)

    def copied(self) -> OpenFile:
        """The file that `copy` has made, in its place. Raises `SpoolBroken`, `OSError`, `sqlite3.Error`."""
        saving.finish(self.path)
        return self._load()

    def _load(self) -> OpenFile:
        db = schema.connect(self.path)
        try:
            return self._prepare(db)
        except BaseException:
            db.close()
            raise

    def _prepare(self, db: sqlite3.Connection) -> OpenFile:
        found = schema.version(db, self.path)
        known = bookmark.read(self.path)
        db.execute("BEGIN IMMEDIATE")
        if found == 0:
            schema.create(db, self.origin.agent, self.clock.boot(), new_epoch_name())
        elif found == 1:
            schema.migrate(db)
        file, meta = self._read(db)
        due = self._due(file, meta, known, new=found == 0)
        if due is not None:
            self._begin_epoch(file, due, new=found == 0)
        if meta["boot"] != self.clock.boot():
            # Monotonic times from before this boot compare with nothing; latencies are taken behind this record.
            values = ((self.clock.boot(), "boot"), (file.chain.place, "boot_place"))
            db.executemany("UPDATE meta SET value = ? WHERE key = ?", values)
        # First the mark that knows both sessions, then the file, then the mark that knows the new one alone.
        before, file.session = str(meta["session"]), secrets.token_hex(8)
        db.execute("UPDATE meta SET value = ? WHERE key = 'session'", (file.session,))
        file.inode = bookmark.inode_of(self.path)
        file.mark(before, durable=True)
        db.execute("COMMIT")
        file.mark(durable=True)
        file.files, file.cookie = files_of(self.path), schema.cookie(db)
        return file

    def _read(self, db: sqlite3.Connection) -> tuple[OpenFile, dict[str, str]]:
        meta = {str(key): str(value) for key, value in db.execute("SELECT key, value FROM meta")}
        if not {"agent", "session", "boot", "boot_place", "figures"} <= set(meta):
            raise Spoilt("what the file knows of itself is incomplete")
        if meta["agent"] != self.origin.agent:
            raise SpoolBroken(
                f"{self.path} belongs to the agent {meta['agent']!r}, not to {self.origin.agent!r}; "
                "give each its own data_dir"
            )
        try:
            figures = SpoolFigures.read(meta["figures"])
        except ValueError as error:
            raise Spoilt(str(error)) from error
        epochs = Epochs.read(db)
        if not epochs.rows:
            raise Spoilt("the file has no epoch")
        self.ticker.at_least(figures.last_us)
        chain = ChainEnd(self.origin.agent, self.slot, self.clock, self.ticker, epochs, figures.place, figures.sha256)
        return OpenFile(self.path, db, chain, figures.weight, meta["session"]), meta

    def _due(self, file: OpenFile, meta: dict[str, str], known: bookmark.Bookmark | None, *, new: bool) -> Due | None:
        """Why a new epoch has to be drawn; null when this file is the one that was left here, whole."""
        if "epoch_due" in meta:
            asked = json.loads(meta["epoch_due"])
            return Due(asked["type"], asked["payload"])
        if new:
            if known is None or known.seq == 0:
                return None
            reason = "the spool's file was gone; what was waiting in it can't be sent by this agent any more"
            return Due.now(SpoolLost(reason=reason, old_epoch=known.epoch, last_seq=known.seq, last_seal=known.sha256))
        (_, epoch), chain = file.chain.epochs.current, file.chain
        end = _whole(file)
        if end is not None:
            return end
        if meta["session"] == "" and known is None:
            return None  # taken over from format 1, which had no mark
        span = None if known is None else chain.epochs.span(known.epoch, chain.place)
        came_to = None if span is None else span[1] - span[0]
        strange = bookmark.stranger(known, meta["session"], bookmark.inode_of(self.path), came_to)
        if strange is None:
            return None
        return Due.now(
            SpoolRestored(
                reason=strange,
                known_epoch=None if known is None else known.epoch,
                known_seq=None if known is None else known.seq,
                old_epoch=epoch,
                last_seq=chain.place - chain.epochs.current[0],
                last_seal=chain.prev,
            )
        )

    def _begin_epoch(self, file: OpenFile, due: Due, *, new: bool) -> None:
        log.error("spool: a new epoch begins: %s", due.payload.get("reason"), extra={"event": due.type})
        if not new:
            file.chain.new_epoch(file.db, due.type)
        file.db.execute("DELETE FROM meta WHERE key = 'epoch_due'")
        file.chain.add(file.db, file.weight, self.origin.due(due.type, due.payload), {}, None)
        file.chain.write(file.db, file.weight)
        file.chain.read_back(file.db)


def _whole(file: OpenFile) -> Due | None:
    """Whether the newest record is the one that the figures name, and sound. One that isn't is set aside with all
    behind the newest sound one, and the epoch ends there.
    """
    db, chain = file.db, file.chain
    _prove_epochs(db, chain.epochs)
    bad: list[int] = []
    good: tuple[int, str] | None = None
    for place, sha256, data in db.execute("SELECT place, sha256, data FROM record ORDER BY place DESC"):
        if sound(sha256, bytes(data)):
            good = (place, sha256)
            break
        bad.append(place)
    if good == (chain.place, chain.prev) or (good is None and not bad and chain.place == 0):
        return None
    for place in bad:
        set_damaged(db, chain, file.weight, place, "its seal doesn't hold")
    epoch, seq = chain.epochs.of(good[0]) if good else (chain.epochs.current[1], 0)
    chain.place = max([chain.place, *bad])
    reason = "the newest record is not the one that was sealed last"
    seal = good[1] if good else FIRST_PREV
    return Due.now(SpoolRepaired(reason=reason, damaged=len(bad), old_epoch=epoch, last_seq=seq, last_seal=seal))


def _prove_epochs(db: sqlite3.Connection, epochs: Epochs) -> None:
    """The first record of each epoch, and the newest of all, say where they stand. Raises `Spoilt` where a sound one
    says otherwise: the list of epochs has been spoilt, not the records, and a repair goes by what they say.
    """
    first = "SELECT place, sha256, data FROM record WHERE place > ? ORDER BY place LIMIT 1"
    newest = "SELECT place, sha256, data FROM record ORDER BY place DESC LIMIT 1"
    rows = [row for start, _ in epochs.rows for row in db.execute(first, (start,))]
    for place, sha256, data in (*rows, *db.execute(newest)):
        head = named(bytes(data))
        if sound(sha256, bytes(data)) and (head is None or head[1:3] != epochs.of(place)):
            raise Spoilt("its epochs are not those that its records name")


def set_damaged(db: sqlite3.Connection, chain: ChainEnd, weight: Weight, place: int, reason: str) -> None:
    """A record that the disk has spoilt leaves the queue and is kept as it was found. The caller commits."""
    row = db.execute("DELETE FROM record WHERE place = ? RETURNING data, state", (place,)).fetchone()
    if row is None:
        return
    epoch, seq = chain.epochs.of(place)
    db.execute(
        "INSERT INTO damaged VALUES(NULL, ?, ?, ?, ?, ?)", (epoch, seq, chain.clock.now_us(), reason, bytes(row[0]))
    )
    state = int(row[1]) if row[1] in (WAITING, schema.CONFIRMED, SET_ASIDE) else WAITING
    weight.add(state, -1, -len(row[0]))
    weight.damaged += 1
