"""Records from one store into another, such as from SQLite into InfluxDB or from one version to the next.

They take the way of every record: read, proven, written by `Store.write`. What is there already does no harm, so a copy
that was stopped is simply started again. Nothing that doesn't hold is carried over: it is named, and stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from gaugetrail_collector.evidence.chain import Chain, in_order
from gaugetrail_collector.stores import Fate, Row, Store
from gaugetrail_collector.stores.letting_in import write_histories
from gaugetrail_collector.stores.question import ALL_TIME, Window
from gaugetrail_collector.tracing.trace import read
from gaugetrail_contract.counts import counted
from gaugetrail_contract.seal import ChainName, Opened, Sealed

BATCH = 1000
MOST_NAMED = 100
Watch = Callable[[Iterator[Row]], Iterator[Row]]


@dataclass(slots=True)
class Copied:
    """What became of a copy."""

    written: int = 0
    there: int = 0
    left_out: int = 0
    reasons: list[str] = field(default_factory=list)
    """Why records were left out, and where the stores differ afterwards; the first hundred."""
    stands: dict[ChainName, ChainName] = field(default_factory=dict)
    """Where the last record of each chain stands in the other store, which may call a history otherwise."""

    @property
    def ok(self) -> bool:
        """Everything that was asked for stands in the other store."""
        return not self.reasons

    def as_json(self) -> dict[str, object]:
        """For programs."""
        return {
            "ok": self.ok,
            "written": self.written,
            "there": self.there,
            "left_out": self.left_out,
            "reasons": self.reasons,
        }

    def leave_out(self, name: str, reason: str) -> None:
        """Count and name a record that is not copied."""
        self.left_out += 1
        self.say(f"{name} is not copied: {reason}")

    def say(self, reason: str) -> None:
        """Name it, unless enough are named."""
        if len(self.reasons) < MOST_NAMED:
            self.reasons.append(reason)


def copy(
    source: Store, target: Store, window: Window = ALL_TIME, watch: Watch = iter, *, vouch: bool = False
) -> Copied:
    """Copy chain by chain, then hold the chains of both against each other; where the other store has another history
    of an epoch, this one's is taken in beside it if somebody vouches for it. Raises `StoreDown`, `StoreRefuses`.
    """
    done = Copied()
    for chain in source.chains():
        rows = watch(in_order(source.rows(*chain, window=window)))
        while batch := list(islice(rows, BATCH)):
            if not _write(target, chain, batch, done, vouch=vouch):
                done.left_out += sum(1 for _ in rows)
                done.say(
                    f"{chain}: the other store has another history of this epoch; look at both (verify), and say "
                    "--vouch to take this one in beside it"
                )
    for chain in source.chains():
        here, there = _walked(source, chain, window), _walked(target, done.stands.get(chain, chain), window)
        several = there.name != chain
        if (here.records, here.last, here.head) != (here.records if several else there.records, there.last, there.head):
            done.say(
                f"{chain}: {counted(here.records, 'record')} up to {here.last} "
                f"(seal {here.head[:16]}…) in the one, "
                f"{there.records} up to {there.last} (seal {there.head[:16]}…) in the other"
            )
    return done


def _write(target: Store, chain: ChainName, rows: list[Row], done: Copied, *, vouch: bool) -> bool:
    """False where a record is of another history than the other store's: of those that are, the first is named."""
    batch = []
    for known in map(read, rows):
        if known.record is None:
            done.leave_out(known.id, known.broken or "")
        else:
            batch.append(Opened(Sealed(known.row.sha256, known.row.data), known.record, branch=known.row.branch))
    # What stands in one store against its neighbours, for somebody has looked at it, stands in the other.
    outcomes, forked = write_histories(target, batch, lambda _: vouch, vouched=True) if batch else [], False
    for opened, outcome in zip(batch, outcomes, strict=True):
        if outcome.fate is Fate.STORED:
            done.written += 1
        elif outcome.fate is Fate.THERE:
            done.there += 1
        elif forked and outcome.fate is Fate.FORK:
            done.left_out += 1
        else:
            done.leave_out(opened.record.id, outcome.reason)
            forked = forked or outcome.fate is Fate.FORK
    if batch:
        done.stands[chain] = batch[-1].chain
    return not forked


def _walked(store: Store, name: ChainName, window: Window) -> Chain:
    chain = Chain(name.agent, name.epoch, branch=name.branch)
    for row in in_order(store.rows(*name, window=window)):
        chain.take(row)
    chain.finish()
    return chain
