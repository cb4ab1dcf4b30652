"""Rounds: what a collector does on a schedule beside collecting: it reads back, asks again, and anchors.

It has a store of its own, so that neither waits for the other. Nothing here holds collecting up: a store that is down
or a file that can't be written is said, and the next round tries again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from gaugetrail_collector.config import EvidenceTable, ReadbackTable
from gaugetrail_collector.evidence.anchors import Anchors
from gaugetrail_collector.evidence.readback import Reconciler
from gaugetrail_collector.intake.spans import RecordSpan
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_collector.stores import Store, StoreDown, StoreReplaced
from gaugetrail_collector.stores.own_store import OwnStore
from gaugetrail_contract.seal import ChainName

log = logging.getLogger(__name__)

FIRST_WHOLE_SECS = 60.0
"""The first whole look comes soon: what was lost while no collector ran is found then."""


class Rounds:
    """One for each collector. `there` may be called from any thread; the rest from the scheduler's, one at a time."""

    def __init__(
        self,
        make_store: Callable[[], Store],
        reconciler: Reconciler,
        anchors: Anchors,
        neighbours: Neighbours,
        readback: ReadbackTable,
        evidence: EvidenceTable,
    ) -> None:
        self.reconciler = reconciler
        self.anchors = anchors
        self._store = OwnStore(make_store)
        self._neighbours = neighbours
        self._readback = readback
        self._evidence = evidence
        now = time.monotonic()
        self._whole_due = now + min(FIRST_WHOLE_SECS, readback.whole_secs)
        self._anchor_due = now + evidence.anchor_secs

    @property
    def every_secs(self) -> float:
        """How often `round` wants to be called."""
        return min(self._readback.look_secs, self._readback.whole_secs, self._evidence.anchor_secs)

    def there(self, spans: Sequence[RecordSpan]) -> None:
        """These are in the store."""
        self.reconciler.stored(spans)
        self.anchors.there(spans)

    def doubt_all(self) -> None:
        """The store is another than before: the next round looks at all of it, and asks at once for what it lacks."""
        self.reconciler.doubt_all()
        self._whole_due = time.monotonic()

    def round(self) -> None:
        """Look, and anchor if it is time."""
        now = time.monotonic()
        try:
            store = self._store.opened()
            self.reconciler.look(store, now)
            if now >= self._whole_due:
                self.reconciler.whole_look(store, now, self._confirmed(), self._since_us())
                self._whole_due = now + self._readback.whole_secs
            if now >= self._anchor_due or self.anchors.unanchored >= self._evidence.anchor_records:
                self.anchors.seal_heads(store)
                self._anchor_due = now + self._evidence.anchor_secs
        except (StoreDown, OSError) as error:
            self._put_off(error)

    def end(self, *, anchor: bool) -> None:
        """The last anchor, if the store is there to take it; then let go of the store."""
        try:
            if anchor:
                self.anchors.seal_heads(self._store.opened())
        except (StoreDown, OSError) as error:
            self._put_off(error)
        self._store.close()

    def _put_off(self, error: Exception) -> None:
        if isinstance(error, StoreReplaced):
            self.doubt_all()
        log.warning("reading back and anchoring are put off: %s", error, extra={"event": "round_put_off"})
        self._store.close()

    def _confirmed(self) -> dict[ChainName, int]:
        """What agents say was confirmed to them: everything, where nothing waits."""
        return {
            ChainName(name, heard.document.spool.epoch): heard.document.spool.last_seq
            for name, heard in self._neighbours.agents().items()
            if heard.document.spool is not None and not heard.document.spool.waiting
        }

    def _since_us(self) -> int:
        days = self._readback.look_back_days
        return 0 if days is None else time.time_ns() // 1000 - round(days * 86_400_000_000)
