"""The words on states kept up with the store: what comes through this collector at once, what others have stored within
a second, and what came late or stood there before by a look at all of it now and then.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable

from gaugetrail_collector.holds.words_known import TYPES, WordsKnown
from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import ALL_TIME, Asked, Window
from gaugetrail_contract.record import Event, Record
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

LOOK_SECS = 1.0
WHOLE_SECS = 600.0
"""How often all is read anew: what reached the store late, through another collector, shows then."""
OVERLAP_US = 600_000_000
"""What others have stored is looked for so far behind the last word that was seen."""
MOST_NEWS = 10_000


class FollowedWords:
    """`heard` on any thread, all else on one."""

    def __init__(self) -> None:
        self._news: deque[Event] = deque(maxlen=MOST_NEWS)
        self._known: WordsKnown | None = None
        self._last_us = 0
        self._looked = self._looked_whole = float("-inf")

    def heard(self, records: Iterable[Record]) -> None:
        """What intake has just stored."""
        self._news.extend(one for one in records if isinstance(one, Event) and one.type in TYPES)

    def now(self, store: Store) -> tuple[WordsKnown, bool]:
        """The words, and whether some are new. Raises `StoreDown`."""
        now = time.monotonic()
        if self._known is None or now - self._looked_whole >= WHOLE_SECS:
            known, self._last_us = WordsKnown(), 0
            self._take(known, self._stored(store, ALL_TIME))
            self._known, self._looked, self._looked_whole = known, now, now
            return known, True
        known, fresh = self._known, self._take_news(self._known)
        if now - self._looked >= LOOK_SECS:
            self._looked = now
            fresh = self._take(known, self._stored(store, Window(self._last_us - OVERLAP_US))) or fresh
        return known, fresh

    def _take_news(self, known: WordsKnown) -> bool:
        news: list[Record] = []
        while self._news:
            news.append(self._news.popleft())
        return self._take(known, news)

    def _take(self, known: WordsKnown, records: Iterable[Record]) -> bool:
        fresh = False
        for one in records:
            fresh = known.add(one) or fresh
            self._last_us = max(self._last_us, one.time_us)
        return fresh

    def _stored(self, store: Store, window: Window) -> Iterable[Record]:
        rows = (row for name in TYPES for row in store.search(Asked("type", name), window))
        return (record for row in rows if (record := record_of(row)) is not None)


def record_of(row: Row) -> Record | None:
    """Null for what can't be believed; verify names it."""
    try:
        return open_sealed(Sealed(row.sha256, row.data))
    except BadRecord:
        return None
