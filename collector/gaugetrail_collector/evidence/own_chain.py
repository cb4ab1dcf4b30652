"""A chain of the collector's own, written straight into the store: for what people decide in the office.

An agent's records wait in its spool; a collector has none and keeps nothing that it can't lose. So the store is its
memory: the last number and seal are read from there, a record is sealed behind them and written, and `append` returns
once the store has committed. What isn't in the store was not decided.

The agent is `collector:<id>`, as for anchors; the epoch begins with the chain's purpose and a rising number
(`documents0001` and six digits drawn), so that a chain is found without reading it. A new epoch begins where there is
none, where the last record can't be believed, and where a clock that is known to be right stands more than a day
before it: times only rise in an epoch.

Two writers: a number is taken by whoever's record the store has first; the other one is a fork (see `stores.parting`),
isn't written, and is told by `Overtaken`: read again, decide again. InfluxDB compares before it writes and not while it
does, so what was written is read back, too; writers of one machine shut each other out by a lock (`locked`).

A crash or a store that stops answering between the write and its answer: the record is there or it isn't, and the next
`append` goes on behind what is there.
"""

from __future__ import annotations

import contextlib
import re
import secrets
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaugetrail_collector.stores import Fate, Row, Store
from gaugetrail_collector.stores.question import ALL_TIME, Window
from gaugetrail_contract.clock import DAY_US, Clock, ClockTrust, Ticker, utc_text
from gaugetrail_contract.record import FIRST_PREV, Body, Head
from gaugetrail_contract.seal import BadRecord, ChainName, Opened, Sealed, open_line, open_sealed, seal
from gaugetrail_service.files.sqlite_files import open_database

PREFIX = "collector:"
"""No agent of a line is called so."""
SITE = "collectors"
"""Stands in the records in a site's place: no site is meant."""
PURPOSE = re.compile("[a-z]{8,}[0-9]{4}")
"""How an epoch of such a chain begins; those of anchors are hex digits."""
BATCH = 20
"""Records of up to 60,000 bytes in one write; InfluxDB takes 25 MB at once."""
LOCK_SECS = 30.0


class Overtaken(Exception):
    """Somebody else has written under the number that was to be ours: what was decided on may have changed."""


class NeverStored(Exception):
    """The store can't ever take the record; the text says why."""


@dataclass(frozen=True, slots=True)
class OwnHead:
    """Behind what the next record comes."""

    epoch: str
    seq: int = 0
    sha256: str = FIRST_PREV
    time_us: int = 0


def own_chains(store: Store, purpose: str) -> list[ChainName]:
    """Every chain of that purpose, of whatever collector. Raises `StoreDown`."""
    return [one for one in store.chains() if one.agent.startswith(PREFIX) and one.epoch.startswith(purpose)]


def grown_heads(store: Store, since_us: int) -> Iterator[tuple[ChainName, OwnHead]]:
    """The last record of each such chain, of whatever purpose and collector, that had one then or later and can be
    believed. Raises `StoreDown`.
    """
    for chain in store.chains():
        if chain.agent.startswith(PREFIX) and PURPOSE.match(chain.epoch):
            last = max(store.rows(*chain, window=Window(since_us)), key=lambda row: row.seq, default=None)
            if last is not None and (head := _head_of(last)) is not None:
                yield chain, head


def last_moment_us(store: Store, agent: str, clock: Clock) -> int:
    """The last moment of all chains of that collector, since a store takes no two records of one agent and moment."""
    heads = grown_heads(store, clock.now_us() - DAY_US)
    return max((head.time_us for chain, head in heads if chain.agent == agent), default=0)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """One writer of this machine at a time; SQLite's lock ends with its process, on every system. Raises
    `sqlite3.Error`, also when somebody else holds it for too long, or a link stands in its place.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        db = open_database(path, timeout=LOCK_SECS)
    except OSError as error:
        raise sqlite3.OperationalError(str(error.strerror)) from error
    with contextlib.closing(db):
        db.execute("BEGIN EXCLUSIVE")
        yield


class OwnChain:
    """One chain while it is written. One thread."""

    def __init__(self, store: Store, collector: str, purpose: str, clock: Clock) -> None:
        self.agent = PREFIX + collector
        self._store = store
        self.collector = collector
        self.purpose = purpose
        self._clock = clock
        self._head: OwnHead | None = None

    def append(self, bodies: Sequence[Body], since_us: int | None = None, after_us: int = 0) -> list[Opened]:
        """Seal and store them; the store has them when this returns. `since_us`: the chain had a record then or later.
        `after_us`: the last moment of this collector's other chains, since a store takes no two records of one agent
        and moment. Raises `Overtaken`, `NeverStored`, `StoreDown`.
        """
        head = self._head if self._head is not None else self._read_head(since_us)
        records = self._sealed(head, bodies, after_us)
        self._head = None  # until the store has answered, nothing is known
        for start in range(0, len(records), BATCH):
            self._write(records[start : start + BATCH])
        self._prove_alone(head, records)
        last = records[-1]
        self._head = OwnHead(last.epoch, last.seq, last.sealed.sha256, last.time_us)
        return records

    # --- the head

    def _read_head(self, since_us: int | None) -> OwnHead:
        epochs = sorted({one.epoch for one in own_chains(self._store, self.purpose) if one.agent == self.agent})
        head = self._last(epochs[-1], since_us) if epochs else None
        return OwnHead(self._new_epoch(epochs)) if head is None or self._of_wrong_year(head.time_us) else head

    def _last(self, epoch: str, since_us: int | None) -> OwnHead | None:
        """The epoch's last record; null for one that can't be believed."""
        window = ALL_TIME if since_us is None else Window(since_us)
        last = max(self._store.rows(self.agent, epoch, window=window), key=lambda row: row.seq, default=None)
        if last is None:
            return None if since_us is None else self._last(epoch, None)
        return _head_of(last)

    def _of_wrong_year(self, time_us: int) -> bool:
        return time_us - self._clock.now_us() > DAY_US and self._clock.trust() is ClockTrust.SYNCED

    def _new_epoch(self, epochs: Sequence[str]) -> str:
        digits = epochs[-1][len(self.purpose) : len(self.purpose) + 4] if epochs else "0"
        return f"{self.purpose}{int(digits) + 1 if digits.isdecimal() else 1:04}{secrets.token_hex(3)}"

    # --- writing

    def _sealed(self, head: OwnHead, bodies: Iterable[Body], after_us: int) -> list[Opened]:
        ticker = Ticker(self._clock.now_us, max(head.time_us, 0 if self._of_wrong_year(after_us) else after_us))
        seq, prev, made = head.seq, head.sha256, []
        for body in bodies:
            seq += 1
            one = seal(self._record_head(head.epoch, seq, prev, ticker.next(), body), body)
            prev = one.sha256
            made.append(open_line(one.line()))
        return made

    def _record_head(self, epoch: str, seq: int, prev: str, time_us: int, body: Body) -> Head:
        return Head(
            kind=body.KIND,
            agent=self.agent,
            epoch=epoch,
            seq=seq,
            prev=prev,
            time=utc_text(time_us),
            utc_offset_min=self._clock.utc_offset_min(),
            clock=self._clock.trust(),
            mono_ns=self._clock.mono_ns(),
            boot=self._clock.boot(),
            # Another one than the anchors', which are written by the service meanwhile.
            slot=zlib.crc32(f"{self.agent} {self.purpose}".encode()) % 1000,
        )

    def _write(self, records: Sequence[Opened]) -> None:
        for one, outcome in zip(records, self._store.write(records), strict=True):
            if outcome.fate in (Fate.FORK, Fate.HELD):
                raise Overtaken(f"{one.record.id}: {outcome.reason}")
            if outcome.fate is Fate.REJECTED:
                raise NeverStored(f"{one.record.id}: {outcome.reason}")

    def _prove_alone(self, head: OwnHead, records: Sequence[Opened]) -> None:
        """What stands under our numbers is ours alone."""
        ours = {one.seq: one.sealed.sha256 for one in records}
        window = Window(head.time_us or None)
        for row in self._store.rows(self.agent, head.epoch, window=window):
            if row.seq in ours and row.sha256 != ours[row.seq]:
                raise Overtaken(f"{row.id} stands twice: two wrote in the same moment, and verify names both")


def _head_of(row: Row) -> OwnHead | None:
    try:
        record = open_sealed(Sealed(row.sha256, row.data))
    except BadRecord:
        return None
    same = (record.agent, record.epoch, record.seq) == (row.agent, row.epoch, row.seq)
    return OwnHead(row.epoch, row.seq, row.sha256, record.time_us) if same else None
