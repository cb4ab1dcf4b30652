"""The proof: every chain of the store walked from its first record to its last (see `chain` for what is found).

Streams: memory does not grow with the store. Heads noted earlier (`verify --json` of last month, an anchor) are
`witnessed`: what was proven then must still stand, and a chain that was cut short or rewritten since is found out.

Where an epoch has several histories, each is walked; how they hang together is `histories`' matter.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from gaugetrail_collector.evidence.chain import Chain, in_order
from gaugetrail_collector.evidence.histories import Looks, look_over, told
from gaugetrail_collector.stores import Row, Store
from gaugetrail_contract.counts import counted
from gaugetrail_contract.ranges import Ranges
from gaugetrail_contract.seal import ChainName
from gaugetrail_contract.text import Branch

Heads = Mapping[ChainName, Mapping[int, str]]
"""Chain -> number -> the seal that was noted for it."""
DAY_US = 86_400 * 1_000_000
Watch = Callable[[Iterator[Row]], Iterator[Row]]
"""Passes rows on and may count them, for a progress bar."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The result over a whole store."""

    chains: tuple[Chain, ...]
    keeps_us: int | None = None
    """How long the store keeps a record before it drops it by itself; null for ever."""

    @property
    def ok(self) -> bool:
        """Every chain is whole, but for what the store drops by itself. An empty store is: nothing in it is missing or
        altered.
        """
        return all(chain.ok for chain in self.chains)

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "ok": self.ok,
            "records": sum(chain.records for chain in self.chains),
            "duplicates": sum(chain.duplicates for chain in self.chains),
            "dropped_by_retention": sum(chain.dropped for chain in self.chains),
            "keeps_days": None if self.keeps_us is None else self.keeps_us / DAY_US,
            "agents": [chain.as_json() for chain in self.chains],
        }

    def _dropped(self, chain: Chain) -> list[str]:
        if not chain.dropped:
            return []
        assert self.keeps_us is not None
        keeps = f"the store keeps {counted(round(self.keeps_us / DAY_US, 2), 'day')}"
        certain = "" if chain.dropped_for_certain else "; as far as can be told, for the first one there is younger"
        return [f"  dropped by retention: 1 to {chain.dropped} ({keeps}{certain})"]

    def lines(self) -> list[str]:
        """For people: a line for each epoch with several histories, a line for each chain, then each fault."""
        shown = told(self.chains)
        for chain in self.chains:
            word = "ok" if chain.ok else "NOT OK"
            shown.append(
                f"{word}: {chain.name}: {counted(chain.records, 'record')}, "
                f"{chain.first} to {chain.last}, "
                f"{chain.missing} missing, {chain.faults} broken, {chain.duplicates} twice; head {chain.head[:16]}…"
            )
            shown += self._dropped(chain)
            shown += [f"  missing: {start} to {end}" for start, end in chain.gaps]
            shown += [f"  broken: {fault['record']}: {fault['reason']}" for fault in chain.broken]
            shown += _unnamed(chain)
        return shown or ["ok: the store holds no records yet"]


def _unnamed(chain: Chain) -> list[str]:
    """A list that was cut says so."""
    left_out = {"broken": chain.faults - len(chain.broken), "missing": chain.missing - Ranges(chain.gaps).count}
    return [f"  and {more} more {what}, counted and not named" for what, more in left_out.items() if more > 0]


class _NotedChain(BaseModel):
    agent: str
    epoch: str
    branch: Branch = ""
    last: int
    head: str


class _Noted(BaseModel):
    """What is needed of an earlier proof's JSON."""

    agents: tuple[_NotedChain, ...]


def noted_heads(text: str) -> Heads:
    """The heads in what `verify --json` printed once. Raises `ValueError` for any other text."""
    try:
        noted = _Noted.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ValueError("it is not what verify --json prints") from error
    return {ChainName(one.agent, one.epoch, one.branch): {one.last: one.head} for one in noted.agents if one.last}


def wall_us() -> int:
    """Wall time, microseconds since 1970."""
    return time.time_ns() // 1000


def verify(
    store: Store, witnessed: Heads | None = None, watch: Watch = iter, now_us: Callable[[], int] = wall_us
) -> Proof:
    """Walk every chain, those of `witnessed` too that have no record left. Raises `StoreDown` or `StoreRefuses`."""
    keeps_us = store.keeps_us()
    kept_since_us = None if keeps_us is None else now_us() - keeps_us
    looks = look_over(store, witnessed or {})
    walked = {name: _walk(store, looks, name, watch, kept_since_us) for name in looks.names}
    for chain in list(walked.values()):
        for epoch, seq in chain.ends:
            _end(walked, chain.agent, epoch, seq)
    for chain in walked.values():
        chain.finish()
    return Proof(tuple(walked[name] for name in sorted(walked)), keeps_us)


def _walk(store: Store, looks: Looks, name: ChainName, watch: Watch, kept_since_us: int | None) -> Chain:
    first = looks.firsts.get(name)
    begins = first.seq - 1 if name.branch and first is not None else 0
    noted = looks.witnessed.get(name, {})
    chain = Chain(name.agent, name.epoch, noted, branch=name.branch, last=begins, kept_since_us=kept_since_us)
    if first is not None and (fault := looks.fault_at_the_beginning(first, kept_since_us)) is not None:
        chain.accuse_first(first, fault)
    for row in watch(in_order(store.rows(*name))):
        chain.take(row)
    return chain


def _end(walked: dict[ChainName, Chain], agent: str, epoch: str, seq: int) -> None:
    """An epoch had come to this number, in whichever of its histories."""
    name = ChainName(agent, epoch)
    if all(chain.last < seq for one, chain in walked.items() if one[:2] == name[:2]):
        walked.setdefault(name, Chain(agent, epoch)).came_to(seq)
