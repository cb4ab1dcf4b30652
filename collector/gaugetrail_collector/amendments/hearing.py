"""What was asked for and approved at stations becomes amendments: heard by the collector that writes documents.

Promise: of each request at most one amendment, whatever comes twice and whenever this process dies: what the store has
is read and judged while nobody else of this machine writes, and the amendment names its request, so that the next look
finds it answered. What doesn't hold is set aside by an event and waits for the office. What lacks its record yet (the
newest records come first) is looked at again.

It looks when intake has stored such an event, and now and then for what other collectors stored; the office's chains
are read only where there is something new. One thread (`round`, every `look_secs`), with a store of its own; `heard` on
any.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable

from gaugetrail_collector.amendments.named import NotThereYet
from gaugetrail_collector.amendments.office import AmendmentOffice
from gaugetrail_collector.amendments.requests import FROM_STATIONS, AmendmentRequest, read_requests, said_at_stations
from gaugetrail_collector.documents.desk import Declined, Desk
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.own_store import OwnStore
from gaugetrail_contract.record import Event, Record

log = logging.getLogger(__name__)

WHOLE_SECS = 30.0
"""How often it looks without having heard anything."""
PUT_OFF_SECS = 5.0


class StationAmendments:
    """One for each collector that writes documents."""

    look_secs = 1.0

    def __init__(
        self, make_desk: Callable[[Store], Desk], make_store: Callable[[], Store], whole_secs: float = WHOLE_SECS
    ) -> None:
        self._make_desk = make_desk
        self._store = OwnStore(make_store)
        self._whole_secs = whole_secs
        self._news = True
        self._judged = frozenset[str]()
        """What stations said and needs no look any more, by record."""
        self._looked = self._not_before = float("-inf")
        self._trouble: str | None = None

    def heard(self, records: Iterable[Record]) -> None:
        """What intake has just stored."""
        if any(isinstance(one, Event) and one.type in FROM_STATIONS for one in records):
            self._news = True

    def alarms(self) -> tuple[str, ...]:
        """What keeps amendments of stations waiting."""
        trouble = self._trouble
        return () if trouble is None else (trouble,)

    def round(self) -> None:
        """Look, where there is something to look for."""
        now = time.monotonic()
        if now < self._not_before or not (self._news or now - self._looked >= self._whole_secs):
            return
        self._looked, self._news = now, False  # before the look: what comes meanwhile is looked for again
        try:
            self._look(self._store.opened())
            self._say(None)
        except (Declined, StoreDown) as error:
            self._put_off(f"amendments of stations wait: {error}")

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _look(self, store: Store) -> None:
        """Raises `Declined`, `StoreDown`."""
        said = said_at_stations(store)
        if said <= self._judged:
            return
        waiting = [one for one in read_requests(store) if one.unheard]
        without_record = {one.id for one in waiting if not self._hear(one)}
        self._judged = said - without_record

    def _hear(self, request: AmendmentRequest) -> bool:
        """False where its record hasn't come. Raises `Declined`, `StoreDown`, where the request isn't what is wrong."""
        office = AmendmentOffice(self._make_desk(self._store.opened()))
        told = {"request": request.id, "station": request.event.station}
        try:
            done = office.hear(request)
        except NotThereYet as error:
            log.info("%s waits: %s", request.id, error, extra={"event": "amendment_waits", **told})
            return False
        fate = "amendment_set_aside" if done.waits else "amendment_written"
        log.warning("%s: record %s", done.words, done.record, extra={"event": fate, **told})
        return True

    def _put_off(self, trouble: str) -> None:
        self._say(trouble)
        self._news = True
        self._not_before = time.monotonic() + PUT_OFF_SECS
        self.close()

    def _say(self, trouble: str | None) -> None:
        if trouble is not None and trouble != self._trouble:
            log.error("%s", trouble, extra={"event": "amendments_wait"})
        self._trouble = trouble
