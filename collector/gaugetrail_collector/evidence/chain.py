"""One agent's chain, walked record by record: every seal recomputed, every link held against its neighbours.

Promise: memory does not grow with the chain; each record at fault is named once, with the first thing wrong with it:
bytes that don't hash to their seal, an identity or a time other than the one it is stored under, a number that stands
twice, a seal that the neighbours contradict. Missing numbers are gaps (a chain starts at 1).

Whom a broken link accuses: a record that was changed and sealed anew still names its predecessor rightly, but its
successor names the seal it had. So the record before the break is at fault when the one after it is confirmed by its
own successor, the one after it when that is contradicted too. At the very end of a chain nothing can decide, and both
are named. Nothing in a chain confirms its last record or tells that it was cut short; seals noted outside it do
(`witnessed`: number -> seal), and so does the first record of the agent's next epoch, where a spool was lost (`ends`).

A database that keeps records for a time drops the oldest by itself, whole days or weeks at once. So numbers that are
gone before the first record of a chain are `dropped`, not missing, where the database does so (`kept_since_us`). That
all of these were older than it keeps is certain only where the first record there is older, too.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gaugetrail_collector.stores import Row
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.events.spool import SpoolLost
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.record import FIRST_PREV, Event
from gaugetrail_contract.seal import BadRecord, ChainName, Sealed, open_sealed, seal_of

MOST_NAMED = 1000
"""Faults and gaps of one chain that are named; all are counted."""
OUT_OF_PLACE = 1000
"""Rows that may come too early at once and are still walked in the order of their numbers."""


def in_order(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows by number. A store that goes by time gives a record with another time too early or too late: the early
    ones wait for their turn here; one that comes too late by more than `OUT_OF_PLACE` comes late.
    """
    waiting: list[tuple[int, int, int, Row]] = []
    for place, row in enumerate(rows):
        heapq.heappush(waiting, (row.seq, row.time_us, place, row))
        if len(waiting) > OUT_OF_PLACE:
            yield heapq.heappop(waiting)[-1]
    while waiting:
        yield heapq.heappop(waiting)[-1]


class EpochEnd(NamedTuple):
    """How many records an agent had sealed in an epoch when its spool was lost."""

    epoch: str
    seq: int


def epoch_end(event: Event) -> EpochEnd | None:
    """What an event that begins a new epoch says of the one before: what its spool no longer had, it can never send."""
    told = payload_of(event.type, event.subject.kind, event.payload)
    if isinstance(told, SpoolLost) and told.old_epoch is not None:
        return EpochEnd(told.old_epoch, told.last_seq)
    return None


@dataclass(slots=True)
class _Link:
    """What the walk remembers of a record: enough to judge it by the two after it."""

    row: Row
    seals: set[str]
    """Its stored seal and what its bytes hash to: the next must name one of them."""
    prev: str | None = None
    """Null where the bytes can't be read."""
    time: str = ""
    claims: int = 0
    """The number that its bytes say."""
    accused: bool = False


@dataclass(slots=True)
class Chain:
    """What became of one agent's epoch. `take` each row, then `finish`."""

    agent: str
    epoch: str
    witnessed: Mapping[int, str] = field(default_factory=dict)
    branch: str = ""
    records: int = 0
    first: int = 0
    last: int = 0
    duplicates: int = 0
    faults: int = 0
    missing: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    broken: list[dict[str, object]] = field(default_factory=list)
    head: str = FIRST_PREV
    kept_since_us: int | None = None
    """What is older the database may have dropped by itself; null where it keeps for ever."""
    dropped: int = 0
    """Numbers before the first record that the database has dropped."""
    dropped_for_certain: bool = True
    ends: list[EpochEnd] = field(default_factory=list)
    """Where other epochs of this agent had come to, as records of this one say."""
    _reached: int = 0
    _before: _Link | None = None
    _doubted: tuple[_Link, _Link] | None = None

    @property
    def name(self) -> ChainName:
        """Which one it is."""
        return ChainName(self.agent, self.epoch, self.branch)

    @property
    def ok(self) -> bool:
        """Nothing missing, nothing altered, nothing twice."""
        return not (self.faults or self.missing or self.duplicates)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "agent": self.agent,
            "epoch": self.epoch,
            **({"branch": self.branch} if self.branch else {}),
            "ok": self.ok,
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "head": self.head,
            "missing": self.missing,
            "dropped_by_retention": self.dropped,
            "dropped_perhaps": bool(self.dropped) and not self.dropped_for_certain,
            "duplicates": self.duplicates,
            "faults": self.faults,
            "gaps": [list(gap) for gap in self.gaps],
            "broken": self.broken,
        }

    def take(self, row: Row) -> None:
        """Walk one record further; rows come in the order of their numbers."""
        before, link = self._before, _Link(row, {row.sha256, seal_of(row.data)})
        if self.records and row.seq == self.last and before is not None:
            self.duplicates += 1
            self._accuse(link, f"this number stands twice in the store, once more with the seal {before.row.sha256}")
            before.seals |= link.seals
            return
        self._read(link)
        self.records += 1
        if row.seq <= self.last or row.seq < 1:
            self._late(link)
            return
        if row.seq != self.last + 1:
            self._passed_over(row)
        self._judge(link)
        self.first = self.first or row.seq
        self.last, self.head, self._before = row.seq, row.sha256, link

    def accuse_first(self, row: Row, reason: str) -> None:
        """Something is wrong with the place where the chain begins. Before `finish`."""
        self._accuse(_Link(row, {row.sha256}), reason)

    def came_to(self, seq: int) -> None:
        """So many numbers were sealed: what is behind the last record is missing. Before `finish`."""
        self._reached = max(self._reached, seq)

    def finish(self) -> None:
        """Say what only the end of the chain decides."""
        self._settle(confirmed=None)
        end = max(self._reached, max(self.witnessed, default=0))
        if end > self.last:
            self._gap(self.last + 1, end)

    def _passed_over(self, row: Row) -> None:
        """Numbers are left out before this record: the database has dropped them, or they are missing."""
        if self.first == 0 and self.last == 0 and self.kept_since_us is not None:
            self.dropped = row.seq - 1
            self.dropped_for_certain = row.time_us <= self.kept_since_us
        else:
            self._gap(self.last + 1, row.seq - 1)

    def _gap(self, start: int, end: int) -> None:
        self.missing += Ranges([(start, end)]).count
        if len(self.gaps) < MOST_NAMED:
            self.gaps.append((start, end))

    def _late(self, link: _Link) -> None:
        """A number that the walk has passed: it fills its gap, but it stands in a place that is not its own."""
        seq = link.row.seq
        gaps = Ranges(self.gaps)
        if seq in gaps:
            gaps.remove(seq)
            self.gaps[:] = gaps
            self.missing -= 1
        self._accuse(link, f"it stands behind {self.last}: the order was changed")

    def _read(self, link: _Link) -> None:
        row = link.row
        try:
            record = open_sealed(Sealed(row.sha256, row.data))
        except BadRecord as error:
            self._accuse(link, str(error))
            return
        link.prev, link.time, link.claims = record.prev, record.time, record.seq
        if isinstance(record, Event) and (end := epoch_end(record)) is not None:
            self.ends.append(end)
        if (record.agent, record.epoch, record.seq) != (row.agent, row.epoch, row.seq):
            self._accuse(link, f"it is stored under this number, but says it is {record.id}")
        elif record.time_us != row.time_us:
            self._accuse(link, f"it is stored under another time than its own, {record.time}")

    def _judge(self, link: _Link) -> None:
        """Hold the record against the one before it, and settle the doubt about that one, if there is any."""
        seq, before = link.row.seq, self._before
        witness = self.witnessed.get(seq)
        if witness is not None and witness not in link.seals:
            self._accuse(link, f"it was noted under the seal {witness} before; it was changed and sealed anew")
        adjacent = before is not None and before.row.seq == seq - 1
        holds = before is not None and link.prev in before.seals
        self._settle(confirmed=holds if adjacent and link.prev is not None else None)
        if before is None or link.prev is None:
            return
        if adjacent and not holds:
            # Where its own number leaves room for another before it, that one was taken out and the rest moved up.
            if not before.accused and link.claims <= before.claims + 1:
                self._doubted = before, link
        elif link.time <= before.time:
            self._accuse(link, f"its time {link.time} is not after {before.time} of {_name(before.row)}")

    def _settle(self, *, confirmed: bool | None) -> None:
        """Whose fault the last broken link was: null where the record after it can't tell."""
        if self._doubted is None:
            return
        (older, newer), self._doubted = self._doubted, None
        if confirmed is None and newer.accused and newer.claims < older.claims:
            return  # a stranger from another place says nothing about the record before it
        perhaps = "" if confirmed is not None else f"; or {_name(newer.row)} is not genuine"
        if confirmed is not False:
            self._accuse(
                older, f"{_name(newer.row)} names {newer.prev} as its seal: it was changed and sealed anew{perhaps}"
            )
        if not confirmed:
            there = f"{older.row.sha256} stands there"
            self._accuse(newer, f"it names {newer.prev} as the seal before it; {there}")

    def _accuse(self, link: _Link, reason: str) -> None:
        if link.accused:
            return
        link.accused = True
        self.faults += 1
        if len(self.broken) < MOST_NAMED:
            row = link.row
            self.broken.append({"seq": row.seq, "record": _name(row), "sha256": row.sha256, "reason": reason})


def _name(row: Row) -> str:
    return row.id
