"""The proof: every seal recomputed, every chain walked, every gap named. Streams; memory does not grow with the store.

For each agent and epoch: `broken` names the records whose bytes don't hash to their seal, whose identity is not the
one they are stored under, whose predecessor is another than they name, or whose time goes back; `gaps` names missing
numbers (a chain starts at 1); `duplicates` counts identities that stand more than once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gaugetrail_collector.stores import Row, Store
from gaugetrail_contract.record import FIRST_PREV, Record, record_id
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

MOST_NAMED = 1000
"""Faults of one chain that are named; all are counted."""


@dataclass(slots=True)
class Chain:
    """What became of one agent's epoch."""

    agent: str
    epoch: str
    records: int = 0
    first: int = 0
    last: int = 0
    duplicates: int = 0
    faults: int = 0
    missing: int = 0
    gaps: list[tuple[int, int]] = field(default_factory=list)
    broken: list[dict[str, object]] = field(default_factory=list)
    head: str = FIRST_PREV
    _time: str = ""

    @property
    def ok(self) -> bool:
        """Nothing missing, nothing altered, nothing twice."""
        return not (self.faults or self.missing or self.duplicates)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "agent": self.agent,
            "epoch": self.epoch,
            "ok": self.ok,
            "records": self.records,
            "first": self.first,
            "last": self.last,
            "head": self.head,
            "missing": self.missing,
            "duplicates": self.duplicates,
            "faults": self.faults,
            "gaps": [list(gap) for gap in self.gaps],
            "broken": self.broken,
        }

    def take(self, row: Row) -> None:
        """Walk one record further; rows come in the order of their numbers."""
        if self.records and row.seq == self.last:
            self.duplicates += 1
            self._broken(row, "this number stands twice in the store")
            return
        if row.seq != self.last + 1:
            self._gap(row)
        record = self._read(row)
        if record is not None:
            self._link(row, record)
        self.first = self.first or row.seq
        self.records += 1
        self.last, self.head = row.seq, row.sha256

    def _gap(self, row: Row) -> None:
        if row.seq < self.last:
            self._broken(row, f"it stands behind {self.last} in time: the order was changed")
            return
        self.missing += row.seq - self.last - 1
        if len(self.gaps) < MOST_NAMED:
            self.gaps.append((self.last + 1, row.seq - 1))

    def _read(self, row: Row) -> Record | None:
        try:
            record = open_sealed(Sealed(row.sha256, row.data))
        except BadRecord as error:
            self._broken(row, str(error))
            return None
        if (record.agent, record.epoch, record.seq) != (row.agent, row.epoch, row.seq):
            self._broken(row, f"it is stored under this number, but says it is {record.id}")
            return None
        return record

    def _link(self, row: Row, record: Record) -> None:
        if row.seq == self.last + 1 and record.prev != self.head:
            self._broken(row, f"it names {record.prev} as the seal before it; {self.head} stands there")
        if record.time <= self._time:
            self._broken(row, f"its time {record.time} is not after {self._time}")
        self._time = max(self._time, record.time)

    def _broken(self, row: Row, reason: str) -> None:
        self.faults += 1
        if len(self.broken) < MOST_NAMED:
            name = record_id(row.agent, row.epoch, row.seq)
            self.broken.append({"seq": row.seq, "record": name, "sha256": row.sha256, "reason": reason})


@dataclass(frozen=True, slots=True)
class Proof:
    """The result over a whole store."""

    chains: tuple[Chain, ...]

    @property
    def ok(self) -> bool:
        """Every chain is whole. An empty store is: nothing in it is missing or altered."""
        return all(chain.ok for chain in self.chains)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "ok": self.ok,
            "records": sum(chain.records for chain in self.chains),
            "duplicates": sum(chain.duplicates for chain in self.chains),
            "agents": [chain.as_json() for chain in self.chains],
        }

    def lines(self) -> list[str]:
        """For people: a line for each chain, then each fault."""
        shown = []
        for chain in self.chains:
            word = "ok" if chain.ok else "NOT OK"
            shown.append(
                f"{word}: {chain.agent} epoch {chain.epoch}: {chain.records} records, {chain.first} to {chain.last}, "
                f"{chain.missing} missing, {chain.faults} broken, {chain.duplicates} twice; head {chain.head[:16]}…"
            )
            shown += [f"  missing: {start} to {end}" for start, end in chain.gaps]
            shown += [f"  broken: {fault['record']}: {fault['reason']}" for fault in chain.broken]
        return shown or ["ok: the store holds no records yet"]


def verify(store: Store) -> Proof:
    """Walk every chain. Raises `StoreDown` or `StoreRefuses`."""
    chains = []
    for agent, epoch in store.chains():
        chain = Chain(agent, epoch)
        for row in store.rows(agent, epoch):
            chain.take(row)
        chains.append(chain)
    return Proof(tuple(chains))
