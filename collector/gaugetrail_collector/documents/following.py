"""The register kept up with the store: what came since the last look is read, not ten thousand documents anew.

Promise: what `now` gives is what `read_register` would give, as long as records only come behind those
that were read. A chain whose last record
that was read isn't there any more (the store was
replaced, or put back) is noticed, and all is read again. One in the middle that was altered since shows in verify, and
here once the collector starts again.
"""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_collector.documents.folding import PURPOSE, DocumentRegister, Folding, event_of
from gaugetrail_collector.evidence.own_chain import own_chains
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import ALL_TIME, Window
from gaugetrail_contract.seal import ChainName


@dataclass(frozen=True, slots=True)
class _ReadTo:
    """The last record of a chain that was read."""

    time_us: int
    sha256: str


class FollowedRegister:
    """One thread at a time."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self._folding = Folding()
        self._read: dict[ChainName, _ReadTo] = {}
        self._register: DocumentRegister | None = None

    def now(self, store: Store) -> DocumentRegister:
        """What the store says now. Raises `StoreDown`; what was read until then isn't read again."""
        if not self._follow(store):
            self._begin()
            self._follow(store)
        if self._register is None:
            self._register = self._folding.register()
        return self._register

    def _follow(self, store: Store) -> bool:
        """False where a record that was the last of its chain isn't there any more."""
        chains = own_chains(store, PURPOSE)
        return set(self._read) <= set(chains) and all(self._is_behind(store, chain) for chain in chains)

    def _is_behind(self, store: Store, chain: ChainName) -> bool:
        before = self._read.get(chain)
        met = before is None
        for row in store.rows(*chain, window=ALL_TIME if before is None else Window(before.time_us)):
            if met:
                self._take(chain, row)
            elif before is not None and row.sha256 == before.sha256:
                met = True
        return met

    def _take(self, chain: ChainName, row: Row) -> None:
        self._read[chain] = _ReadTo(row.time_us, row.sha256)
        event = event_of(row)
        if event is not None:
            self._folding.add(event)
            self._register = None
