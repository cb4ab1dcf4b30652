"""What stands in an InfluxDB of each (agent, epoch): how far it goes, and under which seal each number stands.

A point is overwritten by one of the same time and tags, and stands beside one of any other. So before a record is
written, this must be known: is its identity there already, and under the same seal? A number beyond the head of its
chain is new and costs no question; seals seen lately are remembered; the rest is asked for, all of a batch together.

Within a chain times rise with the numbers, which puts the records of a batch into one short stretch of time, which is
looked at first (`around`). What isn't found there is either missing, as a backlog behind live records is, or a
fork that has another time. The ranges of numbers that the chain has, read once, tell the two apart: only for a number
that is there is every point of the chain looked at.

The head is the greatest number, not the latest point's: until a number comes twice, records of two copies of a spool
may stand in one first history, and the later copy's may have the lesser numbers.

Another collector's writes since then are not in these ranges: a fork of theirs is written beside, and found by verify.

All of this is of the first history of an epoch; `parting` knows others.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from gaugetrail_collector.stores.influx.around import FAR_US, Around
from gaugetrail_collector.stores.influx.http import InfluxHttp
from gaugetrail_collector.stores.influx.parting import EpochName, branches_of, of_branch
from gaugetrail_collector.stores.influx.read import CARRIERS
from gaugetrail_collector.stores.lines import stored_tag
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import Opened

RECENT = 8192
"""Seals remembered of each chain: more than an agent has on the way without receipts (50 messages of 100 records)."""
_SEAL_BYTES = 32

STRETCH_NS = 6 * 3600 * 10**9
FAR_NS = 2**62
NAMED = 50
"""Numbers that one question names; of more, the stretch from the first to the last is read."""


class SealedMoment(NamedTuple):
    """What stands under a number: its seal and its moment."""

    sha256: str
    time_us: int


class RecentSeals:
    """The seals and moments of the latest numbers, in blocks of 48 bytes each: in a dict they take ten times that.

    A number has its place by its remainder, so that the latest number in a place is the one that is known there.
    """

    def __init__(self) -> None:
        self._numbers = array("q", bytes(8 * RECENT))
        self._times = array("q", bytes(8 * RECENT))
        self._seals = bytearray(_SEAL_BYTES * RECENT)

    def put(self, seq: int, sha256: str, time_us: int) -> None:
        """Remember the seal of a number, from 1, in place of the one that is there."""
        place = seq % RECENT
        self._numbers[place] = seq
        self._times[place] = time_us
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

    def standing(self, seq: int) -> SealedMoment | None:
        """The same with its moment."""
        sha256 = self.get(seq)
        return None if sha256 is None else SealedMoment(sha256, self._times[seq % RECENT])


@dataclass(slots=True)
class _Chain:
    head: int
    seals: RecentSeals = field(default_factory=RecentSeals)
    have: Ranges | None = None
    seen: dict[int, SealedMoment] = field(default_factory=dict)
    """What the database has told for one batch."""
    last: dict[int, SealedMoment] = field(default_factory=dict)
    """The last record, as it stood when the chain was first met."""


class Chains:
    """The memory of one store. One thread at a time."""

    def __init__(self, http: InfluxHttp, around: Around) -> None:
        self._http = http
        self._around = around
        self._chains: dict[EpochName, _Chain] = {}

    def forget(self) -> None:
        """Know nothing any more; the next question is asked of the database."""
        self._chains.clear()

    def put(self, record: Opened) -> None:
        """The record is in the database now, in its epoch's first history."""
        chain = self._chains[record.agent, record.epoch]
        chain.head = max(chain.head, record.seq)
        chain.seals.put(record.seq, record.sealed.sha256, record.time_us)
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
            chain.seen.pop(record.seq, None)
            chain.last.pop(record.seq, None)
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
                self._chains[name] = self._begun(*name)
            if record.seq <= self._chains[name].head:
                asked[name].append(record)
        return {
            (*name, seq): sha256 for name, wanted in asked.items() for seq, sha256 in self._look(name, wanted).items()
        }

    def _look(self, name: EpochName, wanted: Sequence[Opened]) -> dict[int, str]:
        times, chain = [record.time_us for record in wanted], self._chains[name]
        chain.seen = {
            one.stood.seq: SealedMoment(one.sha256, one.stood.time_us)
            for one in self._around.stretch(name[0], min(times), max(times))
            if (one.stood.epoch, one.stood.branch) == (name[1], "")
        }
        found = {seq: one.sha256 for seq, one in chain.seen.items()}
        missing = [record.seq for record in wanted if record.seq not in found]
        elsewhere = [seq for seq in missing if seq in self._have(name)]
        if elsewhere:
            found |= dict(self._between(name, f"seq >= {min(elsewhere)} AND seq <= {max(elsewhere)}"))
        return found

    def standing(self, name: EpochName, seq: int) -> SealedMoment | None:
        """What stands under a number; null where nothing does, or where it isn't known (`meet`)."""
        chain = self._chains[name]
        if not 0 < seq <= chain.head:
            return None
        return chain.seals.standing(seq) or chain.seen.get(seq) or chain.last.get(seq)

    def meet(self, name: EpochName, numbers: Iterable[int]) -> None:
        """Know what stands under these numbers. They are few: the edges of a gap, of which there may be many."""
        chain = self._chains[name]
        asked = sorted(seq for seq in set(numbers) if self.standing(name, seq) is None and self._is_there(name, seq))
        if not asked:
            return
        which = " OR ".join(f"seq = {seq}" for seq in asked)
        where = f"({which})" if len(asked) <= NAMED else f"seq >= {asked[0]} AND seq <= {asked[-1]}"
        chain.seen |= dict(self._standing(name, where))

    def _is_there(self, name: EpochName, seq: int) -> bool:
        head = self._chains[name].head
        return 0 < seq <= head and (seq == head or seq in self._have(name))

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
        return ((seq, one.sha256) for seq, one in self._standing(name, where, branch))

    def _standing(self, name: EpochName, where: str, branch: str = "") -> Iterator[tuple[int, SealedMoment]]:
        bound = {"agent": stored_tag(name[0]), "epoch": name[1]}
        for carrier in CARRIERS:
            text = f"SELECT seq, sha256, branch FROM {carrier} WHERE agent = $agent AND epoch = $epoch AND {where}"
            for row in of_branch(self._http.query(text, bound), branch):
                # As in `around`: of a point that is being written some fields may be seen before others.
                if row["seq"] is not None and row["sha256"] is not None:
                    yield int(row["seq"]), SealedMoment(str(row["sha256"]), int(row["time"]) // 1000)

    def _begun(self, agent: str, epoch: str) -> _Chain:
        """What the database has of a chain: how far it goes, and its last record where that is the agent's newest."""
        chain, newest = _Chain(0), -FAR_US
        for carrier in CARRIERS:
            latest = f"SELECT seq, epoch, sha256, branch FROM {carrier} WHERE agent = $agent ORDER BY time DESC LIMIT 1"
            for row in self._http.query(latest, {"agent": stored_tag(agent)}):
                newest = max(newest, int(row["time"]) // 1000)
                if row["epoch"] != epoch or row["seq"] is None:
                    continue
                chain.head = max(chain.head, int(row["seq"]))
                if row["sha256"] is not None and not row.get("branch"):
                    chain.last[int(row["seq"])] = SealedMoment(str(row["sha256"]), int(row["time"]) // 1000)
        # Without the epoch, a field, the greatest number takes half as long: no longer than the latest point.
        if newest > -FAR_US and self._greatest(agent) > chain.head:
            chain.head = max(chain.head, self._greatest(agent, epoch))
        self._around.newest(agent, newest)
        return chain

    def _greatest(self, agent: str, epoch: str | None = None) -> int:
        """The greatest number of an agent's records, in all of its epochs or in one."""
        bound: dict[str, str | int] = {"agent": stored_tag(agent)}
        where = "agent = $agent"
        if epoch is not None:
            bound["epoch"], where = epoch, f"{where} AND epoch = $epoch"
        texts = (f"SELECT max(seq) AS seq FROM {carrier} WHERE {where}" for carrier in CARRIERS)
        return max((int(row["seq"]) for text in texts for row in self._http.query(text, bound)), default=0)
