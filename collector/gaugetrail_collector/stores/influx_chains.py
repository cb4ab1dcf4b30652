"""What stands in an InfluxDB of each (agent, epoch): how far it goes, and under which seal each number stands.

A point is overwritten by one of the same time and tags, and stands beside one of any other. So before a record is
written, this must be known: is its identity there already, and under the same seal? A number beyond the head of its
chain is new and costs no question; seals seen lately are remembered; the rest is asked for, all of a batch together.

Within a chain times rise with the numbers. That makes the head the latest point of the agent, and puts the records of a
batch into one short stretch of time, which is looked at first; what isn't found there is looked for by number.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from gaugetrail_collector.stores.influx_http import InfluxHttp
from gaugetrail_collector.stores.influx_read import CARRIERS
from gaugetrail_collector.stores.lines import stored_tag, time_ns
from gaugetrail_contract.record import Record

RECENT = 20_000
"""Seals remembered of each chain."""

ChainName = tuple[str, str]
"""Agent and epoch."""


@dataclass(slots=True)
class _Chain:
    head: int
    seals: OrderedDict[int, str] = field(default_factory=OrderedDict)


class Chains:
    """The memory of one store. One thread at a time."""

    def __init__(self, http: InfluxHttp) -> None:
        self._http = http
        self._chains: dict[ChainName, _Chain] = {}

    def forget(self) -> None:
        """Know nothing any more; the next question is asked of the database."""
        self._chains.clear()

    def put(self, record: Record, sha256: str) -> None:
        """The record is in the database now."""
        chain = self._chains[record.agent, record.epoch]
        chain.head = max(chain.head, record.seq)
        chain.seals[record.seq] = sha256
        while len(chain.seals) > RECENT:
            chain.seals.popitem(last=False)

    def remembered(self, record: Record) -> str | None:
        """The seal that this store saw its identity written under; null when it doesn't remember."""
        chain = self._chains.get((record.agent, record.epoch))
        return None if chain is None else chain.seals.get(record.seq)

    def seals(self, records: Iterable[Record]) -> dict[tuple[str, str, int], str]:
        """(agent, epoch, seq) -> the seal in the database, of those records that might be there and are."""
        asked: dict[ChainName, list[Record]] = defaultdict(list)
        for record in records:
            name = (record.agent, record.epoch)
            if name not in self._chains:
                self._chains[name] = _Chain(self._head(*name))
            if record.seq <= self._chains[name].head:
                asked[name].append(record)
        return {
            (*name, seq): sha256 for name, wanted in asked.items() for seq, sha256 in self._look(name, wanted).items()
        }

    def _look(self, name: ChainName, wanted: Sequence[Record]) -> dict[int, str]:
        times = [time_ns(record.time_us, record.slot) for record in wanted]
        found = dict(self._between(name, f"time >= {min(times)} AND time <= {max(times)}"))
        missing = [record.seq for record in wanted if record.seq not in found]
        if missing:
            found |= dict(self._between(name, f"seq >= {min(missing)} AND seq <= {max(missing)}"))
        return found

    def _between(self, name: ChainName, where: str) -> Iterator[tuple[int, str]]:
        bound = {"agent": stored_tag(name[0]), "epoch": name[1]}
        for carrier in CARRIERS:
            text = f"SELECT seq, sha256 FROM {carrier} WHERE agent = $agent AND epoch = $epoch AND {where}"
            for row in self._http.query(text, bound):
                yield int(row["seq"]), str(row["sha256"])

    def _head(self, agent: str, epoch: str) -> int:
        """The greatest number that the chain has in the database; 0 for none."""
        return max(self._head_in(carrier, agent, epoch) for carrier in CARRIERS)

    def _head_in(self, carrier: str, agent: str, epoch: str) -> int:
        bound: dict[str, str | int] = {"agent": stored_tag(agent)}
        latest = f"SELECT seq, epoch FROM {carrier} WHERE agent = $agent ORDER BY time DESC LIMIT 1"
        for row in self._http.query(latest, bound):
            if row["epoch"] == epoch:
                return int(row["seq"])
            # The agent has begun another epoch since, or begins this one: every point of it must be looked at, once.
            text = f"SELECT max(seq) AS seq FROM {carrier} WHERE agent = $agent AND epoch = $epoch"
            return max((int(found["seq"]) for found in self._http.query(text, {**bound, "epoch": epoch})), default=0)
        return 0
