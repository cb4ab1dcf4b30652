"""What stands in an InfluxDB of each (agent, epoch): how far it goes, and under which seal each number stands.

A point is overwritten by one of the same time and tags, and stands beside one of any other. So before a record is
written, this must be known: is its identity there already, and under the same seal? A number beyond the head of its
chain is new and costs no question; seals seen lately are remembered; the rest is asked for, all of a batch together.

Within a chain times rise with the numbers. That makes the head the latest point of the agent, and puts the records of a
batch into one short stretch of time, which is looked at first. What isn't found there is either missing, as a backlog
behind live records is, or a fork that has another time. The ranges of numbers that the chain has, read once, tell the
two apart: only for a number that is there is every point of the chain looked at.

Another collector's writes since then are not in these ranges: a fork of theirs is written beside, and found by verify.

All of this is of the first history of an epoch; `influx_parting` knows others.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.stores.influx_http import InfluxHttp
from gaugetrail_collector.stores.influx_parting import EpochName, branches_of, of_branch
from gaugetrail_collector.stores.influx_read import CARRIERS
from gaugetrail_collector.stores.lines import stored_tag, time_ns
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import Opened

RECENT = 8192
"""Seals remembered of each chain: more than an agent has on the way without receipts (50 messages of 100 records)."""
_SEAL_BYTES = 32

STRETCH_NS = 6 * 3600 * 10**9
FAR_NS = 2**62


class RecentSeals:
    """The seals of the latest numbers, in one block of 40 bytes each: as text in a dict they take ten times that.

    A number has its place by its remainder, so that the latest number in a place is the one that is known there.
    """

    def __init__(self) -> None:
        self._numbers = array("q", bytes(8 * RECENT))
        self._seals = bytearray(_SEAL_BYTES * RECENT)

    def put(self, seq: int, sha256: str) -> None:
        """Remember the seal of a number, from 1, in place of the one that is there."""
        place = seq % RECENT
        self._numbers[place] = seq
        self._seals[place * _SEAL_BYTES : (place + 1) * _SEAL_BYTES] = bytes.fromhex(sha256)

    def drop(self, seq: int) -> None:
        """Know nothing of this number any more."""
        if self._numbers[seq % RECENT] == seq:
            self._numbers[seq % RECENT] = 0

    def get(self, seq: int) -> str | None:
        """The number's seal; null when it isn't known (any more)."""
        place = seq % RECENT
        if self._numbers[place] != seq:
            return None
        return self._seals[place * _SEAL_BYTES : (place + 1) * _SEAL_BYTES].hex()


@dataclass(slots=True)
class _Chain:
    head: int
    seals: RecentSeals = field(default_factory=RecentSeals)
    have: Ranges | None = None


class Chains:
    """The memory of one store. One thread at a time."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        self._chains: dict[EpochName, _Chain] = {}

    def forget(self) -> None:
        """Know nothing any more; the next question is asked of the database."""
        self._chains.clear()

    def put(self, record: Opened) -> None:
        """The record is in the database now, in its epoch's first history."""
        chain = self._chains[record.agent, record.epoch]
        chain.head = max(chain.head, record.seq)
        chain.seals.put(record.seq, record.sealed.sha256)
        if chain.have is not None:
            chain.have.add(record.seq)

    def remembered(self, record: Opened) -> str | None:
        """The seal that this store saw its identity written under; null when it doesn't remember."""
        chain = self._chains.get((record.agent, record.epoch))
        return None if chain is None else chain.seals.get(record.seq)

    def moved(self, record: Opened) -> None:
        """The record was moved from the first history into another one."""
        chain = self._chains.get((record.agent, record.epoch))
        if chain is not None:
            chain.seals.drop(record.seq)
            chain.have = None

    def follows(self, record: Opened) -> bool:
        """Whether the record is known to follow the one before it in its epoch's first history."""
        chain = self._chains.get((record.agent, record.epoch))
        return record.seq == 1 or (chain is not None and chain.seals.get(record.seq - 1) == record.prev)

    def seals(self, records: Iterable[Opened]) -> dict[tuple[str, str, int], str]:
        """(agent, epoch, seq) -> the seal in the database, of those records that might be there and are."""
        asked: dict[EpochName, list[Opened]] = defaultdict(list)
        for record in records:
            name = (record.agent, record.epoch)
            if name not in self._chains:
                self._chains[name] = _Chain(self._head(*name))
            if record.seq <= self._chains[name].head:
                asked[name].append(record)
        return {
            (*name, seq): sha256 for name, wanted in asked.items() for seq, sha256 in self._look(name, wanted).items()
        }

    def _look(self, name: EpochName, wanted: Sequence[Opened]) -> dict[int, str]:
        times = [time_ns(record.time_us, record.record.slot) for record in wanted]
        found = dict(self._between(name, f"time >= {min(times)} AND time <= {max(times)}"))
        missing = [record.seq for record in wanted if record.seq not in found]
        elsewhere = [seq for seq in missing if seq in self._have(name)]
        if elsewhere:
            found |= dict(self._between(name, f"seq >= {min(elsewhere)} AND seq <= {max(elsewhere)}"))
        return found

    def _have(self, name: EpochName) -> Ranges:
        chain = self._chains[name]
        if chain.have is None:
            chain.have = Ranges(self.ranges(name))
        return chain.have

    def ranges(self, name: EpochName, after_us: int = 0, branch: str = "") -> Iterator[tuple[int, int]]:
        """The numbers there of records behind a moment, asked of the database now: one pass over the chain in
        stretches of time; only a stretch that doesn't hold as many points as its numbers span is looked at number by
        number. So is all of an epoch of several histories, whose points lie among one another.
        """
        after_ns = after_us * 1000 + 999
        if branch or branches_of(self._http, *name):
            for seq, _ in self._between(name, f"time > {after_ns} AND time < {FAR_NS}", branch):
                yield seq, seq
            return
        bound = {"agent": stored_tag(name[0]), "epoch": name[1]}
        whose = "agent = $agent AND epoch = $epoch"
        stretches: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        for carrier in CARRIERS:
            for row in self._http.query(
                f"SELECT count(seq) AS n, min(seq) AS low, max(seq) AS high FROM {carrier}"
                f" WHERE {whose} AND time > {after_ns} AND time < {FAR_NS} GROUP BY time(6h) fill(none)",
                bound,
            ):
                stretches[int(row["time"])].append((int(row["n"]), int(row["low"]), int(row["high"])))
        for start, parts in stretches.items():
            low, high = min(part[1] for part in parts), max(part[2] for part in parts)
            if sum(part[0] for part in parts) == high - low + 1:
                yield low, high
            else:
                first = max(start, after_ns + 1)
                for seq, _ in self._between(name, f"time >= {first} AND time < {start + STRETCH_NS}"):
                    yield seq, seq

    def _between(self, name: EpochName, where: str, branch: str = "") -> Iterator[tuple[int, str]]:
        bound = {"agent": stored_tag(name[0]), "epoch": name[1]}
        for carrier in CARRIERS:
            text = f"SELECT seq, sha256, branch FROM {carrier} WHERE agent = $agent AND epoch = $epoch AND {where}"
            for row in of_branch(self._http.query(text, bound), branch):
                # Of a point that another collector is writing just now, InfluxDB may show some fields before others.
                # It isn't there yet; whoever writes the same record writes the same point.
                if row["seq"] is not None and row["sha256"] is not None:
                    yield int(row["seq"]), str(row["sha256"])

    def _head(self, agent: str, epoch: str) -> int:
        """The greatest number that the chain has in the database; 0 for none."""
        return max(self._head_in(carrier, agent, epoch) for carrier in CARRIERS)

    def _head_in(self, carrier: str, agent: str, epoch: str) -> int:
        bound: dict[str, str | int] = {"agent": stored_tag(agent)}
        latest = f"SELECT seq, epoch FROM {carrier} WHERE agent = $agent ORDER BY time DESC LIMIT 1"
        for row in self._http.query(latest, bound):
            if row["epoch"] == epoch and row["seq"] is not None:
                return int(row["seq"])
            # The agent has begun another epoch since, or begins this one: every point of it must be looked at, once.
            text = f"SELECT max(seq) AS seq FROM {carrier} WHERE agent = $agent AND epoch = $epoch"
            return max((int(found["seq"]) for found in self._http.query(text, {**bound, "epoch": epoch})), default=0)
        return 0
