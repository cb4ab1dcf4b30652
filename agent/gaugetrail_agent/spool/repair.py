"""Makes a fresh spool of a spoilt one: the spoilt file is moved aside whole, all that proves itself is carried over.

Order, so that a power cut at any point loses nothing: a note names the folder the spoilt files go to; they are moved
(renamed, never copied or opened for writing); a scratch file is filled from them and synced; it takes the spool's name;
the note goes. Opening a spool finishes what a note says is unfinished.

What is carried over: every record whose bytes hash to its seal and that is this agent's; one whose bytes are right and
only the seal beside them is spoilt, if the next record names it; the attempts that those records or SQLite still tell;
the memory that SQLite can still read.
What looks like a record but does not prove itself is kept in `damaged`. The last numbers of an epoch may be among what
is lost, and a number must never be sealed twice: so the fresh file says that a new epoch is due (`epoch_due`), whose
first record tells what was found.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from gaugetrail_agent.spool import schema
from gaugetrail_agent.spool.bookmark import Bookmark
from gaugetrail_agent.spool.salvage_log import Wal
from gaugetrail_agent.spool.salvage_pages import MAGIC, Pages, SalvagedRow, Scrap, cut_short, seen
from gaugetrail_agent.spool.schema import CONFIRMED, SpoolFigures, Weight
from gaugetrail_agent.spool.sealing import named, new_epoch_name, sound
from gaugetrail_agent.spool.words import SpoolBroken
from gaugetrail_contract.clock import utc_text, utc_us
from gaugetrail_contract.events.spool import SpoolRepaired
from gaugetrail_contract.files import fresh_file, sync_folder
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.record import FIRST_PREV
from gaugetrail_contract.seal import seal_of
from gaugetrail_service.files.sqlite_files import open_database

SUFFIXES = ("", "-wal", "-shm")
SPOILT_BEGINNING = "its log (spool.db-wal) is spoilt at its beginning"
MOST_NAMED = 50
"""Ranges that the event names, the newest; all are counted."""
LATER_ATTEMPT = """
INSERT INTO unit VALUES(?, ?, ?, ?, ?) ON CONFLICT(station, part, serial)
DO UPDATE SET attempt = excluded.attempt, record = excluded.record WHERE excluded.attempt > unit.attempt
"""
SMALL_TABLES = (
    ("unit", "SELECT station, part, serial, attempt, record FROM unit", LATER_ATTEMPT),
    ("memory", "SELECT key, value FROM memory", "INSERT OR IGNORE INTO memory VALUES(?, ?)"),
    (
        "damaged",
        "SELECT epoch, seq, found_us, reason, raw FROM damaged",
        "INSERT INTO damaged VALUES(NULL, ?, ?, ?, ?, ?)",
    ),
)


def trouble_before_opening(path: Path, known: Bookmark | None) -> str | None:
    """What SQLite would pass over in silence: an emptied file with a log beside it, a log spoilt in the middle, a log
    that has lost an end which the mark remembers. Nothing is written.
    """
    log = path.with_name(path.name + "-wal")
    if not path.exists():
        return "the spool's file is gone and its log is still there" if _holds_something(log) else None
    with path.open("rb") as file:
        start = file.read(len(MAGIC))
    if start != MAGIC and (start or _holds_something(log)):
        return "the file's head is not that of a database"
    wal = Wal(log)
    if cut_short(path, wal):
        return "the file is shorter than it says"
    if wal.damaged:
        return "its log (spool.db-wal) is spoilt in the middle"
    return _lost_end(path, known, wal) if wal.more else None


def _lost_end(path: Path, known: Bookmark | None, wal: Wal) -> str | None:
    """Of a log that goes on behind what SQLite takes of it: whether that falls short of what the mark of the same run
    knows. Where the file can't be read, opening it would only empty the log, so that is said here.
    """
    try:
        with closing(schema.look(path)) as db:
            if schema.version(db, path) == 0:
                # Nothing has got into the file yet, and SQLite can't read the log's beginning: it would make a new
                # spool over it. Where only the end of the first transaction is missing, nobody was told anything.
                return SPOILT_BEGINNING if wal.hides_records else None
            meta = dict(db.execute("SELECT key, value FROM meta WHERE key IN ('session', 'figures')"))
            epochs, place = schema.Epochs.read(db), SpoolFigures.read(str(meta["figures"])).place
    except (sqlite3.Error, KeyError, ValueError) as error:
        if isinstance(error, sqlite3.Error) and not schema.is_damage(error):
            return None  # opening it will tell
        return f"the file can't be read ({error}), and its log (spool.db-wal) has lost its end"
    if known is None:
        return None
    if meta["session"] not in (known.session, known.before):
        # An earlier run's file without a sound log is a restored backup; with one, the log's beginning is spoilt.
        return SPOILT_BEGINNING if wal.behind or wal.hides_records else None
    span = epochs.span(known.epoch, place)
    fell_short = span is None or span[1] - span[0] < known.seq
    return "its log (spool.db-wal) has lost its end" if fell_short else None


def _holds_something(log: Path) -> bool:
    return log.exists() and log.stat().st_size > 0


def rebuild(path: Path, agent: str, boot: str, reason: str, known: Bookmark | None, now_us: int) -> None:
    """Move the spoilt file aside and put a fresh one in its place. Raises `OSError` or `sqlite3.Error` (no room?): then
    the spoilt files are kept, and the next `finish` goes on.
    """
    if _note(path).exists():
        finish(path)
        return
    stamp = utc_text(now_us)[:19].replace(":", "").replace("-", "")
    number = 0
    while (folder := path.parent / f"spool-damaged-{stamp}{f'-{number}' if number else ''}").exists():
        number += 1
    note = {"folder": folder.name, "agent": agent, "boot": boot, "reason": reason, "now_us": now_us}
    if known is not None:
        note |= {"known_epoch": known.epoch, "known_seq": known.seq, "known_sha256": known.sha256}
    fresh = _note(path).with_suffix(".note.new")
    with fresh_file(fresh) as file:
        file.write(json.dumps(note).encode())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(_note(path))
    sync_folder(path.parent)
    finish(path)


def _note(path: Path) -> Path:
    return path.with_suffix(".repair")


def finish(path: Path) -> None:
    """Carry out the repair that a note asks for; nothing without a note. Raises `OSError` or `sqlite3.Error`."""
    note_path = _note(path)
    if not note_path.exists():
        return
    try:
        note = json.loads(note_path.read_text("utf-8"))
        folder = path.parent / str(note["folder"])
    except (ValueError, KeyError, TypeError):
        # Written whole and synced, so somebody else has spoilt it; what it was about is still in its folder.
        note_path.replace(note_path.with_suffix(".repair-unreadable"))
        return
    scratch = path.with_suffix(".fresh")
    carried = folder / "carried-over"
    if not carried.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        for suffix in SUFFIXES:
            with suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(folder / (path.name + suffix))
        sync_folder(path.parent)
        scratch.unlink(missing_ok=True)
        _salvage(folder / path.name, scratch, note)
        carried.touch()
        sync_folder(folder)
    if scratch.exists():
        scratch.replace(path)
        sync_folder(path.parent)
    note_path.unlink()
    sync_folder(path.parent)


def _salvage(spoilt: Path, scratch: Path, note: dict[str, object]) -> None:
    with closing(open_database(scratch)) as db:
        # Nobody else sees this file before it is whole and synced, so it needs no log of its own.
        for pragma in (f"page_size = {schema.PAGE_BYTES}", "auto_vacuum = INCREMENTAL", "journal_mode = OFF"):
            db.execute(f"PRAGMA {pragma}")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        schema.create(db, str(note["agent"]), str(note["boot"]), new_epoch_name())
        db.execute("DELETE FROM epoch")
        wal = Wal(spoilt.with_name(spoilt.name + "-wal"))
        pages = Pages(spoilt, wal)
        try:
            found = _Salvage(db, str(note["agent"]), int(str(note["now_us"])))
            found.starts = _epoch_starts(pages.rows())
            found.take_all(pages.rows())
            found.heal()
        finally:
            pages.close()
        _small_tables(spoilt, db)
        _conclude(db, found, note, spoilt.parent.name)
        db.execute("COMMIT")
    with scratch.open("rb") as file:
        os.fsync(file.fileno())


def _epoch_starts(rows: Iterable[SalvagedRow | Scrap]) -> dict[str, int]:
    """Where each epoch starts, by what most of its records say."""
    votes: dict[str, Counter[int]] = {}
    for row in rows:
        if isinstance(row, SalvagedRow) and row.place is not None and sound(row.sha256, row.data):
            head = named(row.data)
            if head is not None:
                votes.setdefault(head[1], Counter())[row.place - head[2]] += 1
    return {epoch: counted.most_common(1)[0][0] for epoch, counted in votes.items()}


@dataclass(slots=True)
class _Salvage:
    """Rows on their way into the scratch file."""

    db: sqlite3.Connection
    agent: str
    now_us: int
    starts: dict[str, int] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def take_all(self, rows: Iterable[SalvagedRow | Scrap]) -> None:
        """Carry over what proves itself; keep the rest as damaged."""
        for row in rows:
            if isinstance(row, Scrap):
                self._damaged(None, None, row.reason, row.raw)
                continue
            head = named(row.data)
            if not sound(row.sha256, row.data):
                self._damaged(head[1] if head else None, head[2] if head else None, "its seal doesn't hold", row.data)
            elif head is None or head[0] != self.agent:
                self._damaged(None, None, f"it is no record of {self.agent}", row.data)
            else:
                self.put(row, head[1], head[2])

    def put(self, row: SalvagedRow, epoch: str, seq: int) -> None:
        """A record that has proven itself, at the place its epoch gives it."""
        if epoch not in self.starts:
            self.starts[epoch] = self._end()
        place = self.starts[epoch] + seq
        record = json.loads(row.data)
        time_us = utc_us(record["time"])
        values = (place, row.sha256, row.data, time_us, row.committed_us, row.confirmed_us, row.state, row.reason)
        self.db.execute("INSERT OR IGNORE INTO record VALUES(?, ?, ?, ?, ?, ?, ?, ?)", values)
        if record["kind"] == "inspection" and record.get("serial") is not None:
            names = (record["station"], record["part"], record["serial"])
            self.db.execute(LATER_ATTEMPT, (*names, record["attempt"], f"{self.agent}/{epoch}/{seq}"))

    def _end(self) -> int:
        """Behind everything that is in: for an epoch of which no row gave its place."""
        (last,) = self.db.execute("SELECT coalesce(max(place), 0) FROM record").fetchone()
        return int(max([last, *self.starts.values()]))

    def _damaged(self, epoch: str | None, seq: int | None, reason: str, raw: bytes) -> None:
        if (digest := seal_of(raw)) not in self._seen:
            self._seen.add(digest)
            self.db.execute("INSERT INTO damaged VALUES(NULL, ?, ?, ?, ?, ?)", (epoch, seq, self.now_us, reason, raw))

    def heal(self) -> None:
        """Right bytes beside a spoilt seal: the next record names the true one. Damaged copies of a record that was
        found sound elsewhere are no loss and go.
        """
        for number, epoch, seq, raw in self.db.execute("SELECT id, epoch, seq, raw FROM damaged").fetchall():
            if epoch not in self.starts or seq is None:
                if self._found_elsewhere(raw):
                    self.db.execute("DELETE FROM damaged WHERE id = ?", (number,))
                continue
            place = self.starts[epoch] + seq
            after = self.db.execute("SELECT data FROM record WHERE place = ?", (place + 1,)).fetchone()
            follower = named(bytes(after[0])) if after else None
            if follower is not None and follower[1] == epoch and follower[3] == seal_of(raw):
                self.put(SalvagedRow(seal_of(raw), raw), epoch, seq)
            if self.db.execute("SELECT 1 FROM record WHERE place = ?", (place,)).fetchone():
                self.db.execute("DELETE FROM damaged WHERE id = ?", (number,))

    def _found_elsewhere(self, raw: bytes) -> bool:
        """Whether every record that a spoilt page shows stands in the fresh file under the seal it shows."""
        heads = seen(raw)
        return heads is not None and all(self._seal_at(epoch, seq) == sha256 for sha256, epoch, seq in heads)

    def _seal_at(self, epoch: str, seq: int) -> str | None:
        place = self.starts[epoch] + seq if epoch in self.starts else 0
        row = self.db.execute("SELECT sha256 FROM record WHERE place = ?", (place,)).fetchone()
        return None if row is None else str(row[0])


def _small_tables(spoilt: Path, db: sqlite3.Connection) -> None:
    """What SQLite can still read of attempts, memory and earlier damage; each table for itself, and none that isn't
    worded as ours: a view of that name would run what somebody wrote into it.
    """
    with suppress(sqlite3.Error, SpoolBroken), closing(schema.look(spoilt)) as old:
        for table, query, into in SMALL_TABLES:
            with suppress(sqlite3.Error):
                if schema.has_ours(old, table):
                    db.executemany(into, old.execute(query))


def _conclude(db: sqlite3.Connection, found: _Salvage, note: dict[str, object], kept: str) -> None:
    """Figures of what was carried over, and the event that the new epoch begins with."""
    for epoch, start in sorted(found.starts.items(), key=lambda item: item[1]):
        db.execute("INSERT INTO epoch VALUES(?, ?, 'carried over by a repair')", (start, epoch))
    if not found.starts:
        db.execute("INSERT INTO epoch VALUES(0, ?, 'nothing was left to carry over')", (new_epoch_name(),))
    weight = Weight()
    for state, count, size in db.execute("SELECT state, count(*), sum(length(data)) FROM record GROUP BY state"):
        weight.add(state, count, size)
    (weight.damaged,) = db.execute("SELECT count(*) FROM damaged").fetchone()
    weight.confirmed = weight.count[CONFIRMED]
    place, sha256, last_us = db.execute(
        "SELECT place, sha256, time_us FROM record ORDER BY place DESC LIMIT 1"
    ).fetchone() or (0, FIRST_PREV, 0)
    figures = SpoolFigures(place, sha256, last_us, weight)
    known_epoch, known_seq = (
        (str(note["known_epoch"]), int(str(note["known_seq"]))) if "known_seq" in note else (None, None)
    )
    last_epoch, last_seq = schema.Epochs.read(db).of(place) if found.starts else (known_epoch, 0)
    absent = list(_absent(db, found))
    first_epoch, first_seq = schema.Epochs.read(db).of(_first_place(db)) if found.starts else (None, None)
    payload = SpoolRepaired(
        reason=str(note["reason"]),
        kept=kept,
        carried=sum(weight.count),
        damaged=weight.damaged,
        absent=tuple(absent[-MOST_NAMED:]),
        absent_count=sum(Ranges([(first, last)]).count for _, first, last in absent),
        first_epoch=first_epoch,
        first_seq=first_seq,
        old_epoch=last_epoch,
        last_seq=last_seq,
        last_seal=sha256,
        known_epoch=known_epoch,
        known_seq=known_seq,
    )
    db.execute("UPDATE meta SET value = ? WHERE key = 'figures'", (figures.text(),))
    due = json.dumps({"type": payload.TYPE, "payload": payload.written()})
    db.execute("INSERT INTO meta VALUES('epoch_due', ?)", (due,))


def _first_place(db: sqlite3.Connection) -> int:
    (place,) = db.execute("SELECT min(place) FROM record").fetchone()
    return int(place)


def _absent(db: sqlite3.Connection, found: _Salvage) -> Iterator[tuple[str, int, int]]:
    """Numbers of an epoch that nothing was found of, up to where the next one begins; in the first epoch only behind
    its first record, because what stood before that may have been confirmed and let go long ago.
    """
    starts = sorted((start, epoch) for epoch, start in found.starts.items())
    for number, (start, epoch) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else None
        here = Ranges.of(_seqs(db, start, end))
        spans = here.spans()
        if not spans and (number == 0 or end is None):
            continue
        first = 1 if number else spans[0][0]
        last = spans[-1][1] if end is None else end - start
        yield from ((epoch, *gap) for gap in here.gaps(first, last))


def _seqs(db: sqlite3.Connection, start: int, end: int | None) -> Iterator[int]:
    """The numbers that an epoch has rows of: its first place is the one behind `start`."""
    places = (start, 2**62 if end is None else end)
    for (place,) in db.execute("SELECT place FROM record WHERE place > ? AND place <= ? ORDER BY place", places):
        yield place - start
