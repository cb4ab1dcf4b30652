"""The chain: the next record's head, its bytes, its row. Used inside a transaction of the writer; commits nothing."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field

from gaugetrail_agent.spool.schema import WAITING, Epochs, SpoolFigures, Weight
from gaugetrail_agent.spool.words import Appended
from gaugetrail_contract.clock import Clock, ClockTrust, Ticker, utc_text
from gaugetrail_contract.record import FIRST_PREV, Body, Head, InspectionBody
from gaugetrail_contract.seal import Sealed, seal, seal_of
from gaugetrail_service.files.sqlite_files import NotAsMade

BEHIND_US = 500_000
"""A wall clock further behind the record's time than this has gone back: the time can't be believed (`stepped`)."""


@dataclass(slots=True)
class ChainEnd:
    """Where the next record goes: behind `place`, naming `prev`, in the current epoch."""

    agent: str
    slot: int
    clock: Clock
    ticker: Ticker
    epochs: Epochs
    place: int
    prev: str
    added: dict[int, Sealed] = field(default_factory=dict)
    """What this transaction has put in, by place; `read_back` proves it."""
    remembered: dict[str, str] = field(default_factory=dict)

    def add(
        self, db: sqlite3.Connection, weight: Weight, body: Body, remember: Mapping[str, str], drop_class: int | None
    ) -> Appended:
        """Seal one body as the next of the chain and insert it. Raises `RecordTooLarge` or `BadRecord` with nothing
        changed."""
        now_us = self.ticker.next()
        head = self._head(body, now_us)
        sealed = seal(head, body)
        place = self.place + 1
        db.execute(
            "INSERT INTO record(place, sha256, data, time_us, committed_us) VALUES(?, ?, ?, ?, ?)",
            (place, sealed.sha256, sealed.data, now_us, self.clock.mono_ns() // 1000),
        )
        if drop_class is not None:
            db.execute("INSERT INTO droppable VALUES(?, ?)", (drop_class, place))
        if isinstance(body, InspectionBody) and body.serial is not None:
            db.execute(
                "INSERT OR REPLACE INTO unit VALUES(?, ?, ?, ?, ?)",
                (body.station, body.part, body.serial, body.attempt, head.id),
            )
        db.executemany("INSERT OR REPLACE INTO memory VALUES(?, ?)", remember.items())
        self.added[place] = sealed
        self.remembered.update(remember)
        weight.add(WAITING, 1, len(sealed.data))
        self.place, self.prev = place, sealed.sha256
        return Appended(head.id, head.seq, sealed.sha256, now_us)

    def _head(self, body: Body, now_us: int) -> Head:
        start, epoch = self.epochs.current
        trust = self.clock.trust()
        if now_us - self.clock.now_us() > BEHIND_US:
            trust = ClockTrust.STEPPED
        return Head(
            kind=body.KIND,
            agent=self.agent,
            epoch=epoch,
            seq=self.place + 1 - start,
            prev=self.prev,
            time=utc_text(now_us),
            utc_offset_min=self.clock.utc_offset_min(),
            clock=trust,
            mono_ns=self.clock.mono_ns(),
            boot=self.clock.boot(),
            slot=self.slot,
        )

    def new_epoch(self, db: sqlite3.Connection, reason: str) -> None:
        """The next record is number 1 of an epoch of its own."""
        name = new_epoch_name()
        if self.place <= self.epochs.current[0]:
            self.place = self.epochs.current[0] + 1  # an epoch without a record left: its place stays empty
        db.execute("INSERT INTO epoch VALUES(?, ?, ?)", (self.place, name, reason))
        self.epochs = Epochs((*self.epochs.rows, (self.place, name)))
        self.prev = FIRST_PREV

    def write(self, db: sqlite3.Connection, weight: Weight) -> None:
        """What must be in the file with the records: where the chain stands, the greatest moment, the figures."""
        figures = SpoolFigures(self.place, self.prev, self.ticker.last, weight)
        db.execute("UPDATE meta SET value = ? WHERE key = 'figures'", (figures.text(),))

    def read_back(self, db: sqlite3.Connection) -> None:
        """The last step before a commit: each record stands at its place as it was sealed, and what is to be remembered
        is there. Raises `NotAsMade`: something in the file has changed what was written.
        """
        added, remembered = self.forget_added()
        query = "SELECT place, sha256, data FROM record WHERE state = 0 AND place >= ?"
        found = {place: (sha256, data) for place, *(sha256, data) in db.execute(query, (min(added, default=2**62),))}
        for place, sealed in added.items():
            if found.get(place) != (sealed.sha256, sealed.data):
                raise NotAsMade(f"the record at place {place} is not in it as it was written")
        for key, value in remembered.items():
            if db.execute("SELECT value FROM memory WHERE key = ?", (key,)).fetchone() != (value,):
                raise NotAsMade(f"what was to be remembered as {key} is not in it as it was written")

    def forget_added(self) -> tuple[dict[int, Sealed], dict[str, str]]:
        """What was to be proven; nothing of it is any more."""
        added, remembered = self.added, self.remembered
        self.added, self.remembered = {}, {}
        return added, remembered


def new_epoch_name() -> str:
    """Drawn at random, so that no two epochs of an agent share it."""
    return secrets.token_hex(6)


def named(data: bytes) -> tuple[str, str, int, str] | None:
    """Agent, epoch, number and predecessor that a record's bytes name; null for bytes that are no record."""
    try:
        head = json.loads(data)
        agent, epoch, seq, prev = head["agent"], head["epoch"], head["seq"], head["prev"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if isinstance(agent, str) and isinstance(epoch, str) and type(seq) is int and isinstance(prev, str):
        return agent, epoch, seq, prev
    return None


def sound(sha256: str, data: bytes) -> bool:
    """Whether the seal holds: the bytes are those that were sealed."""
    return seal_of(data) == sha256
