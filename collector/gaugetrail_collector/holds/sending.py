"""The lists of the lines, said by the collector that writes documents: root and pages, retained, signed for each line.

Promise: a word on a state is on the lists of its lines within a second of its being in the store; all of it is said at
each new connection, and now and then, so that a list which nobody renews grows old. A list that doesn't fit is told
here and not cut short: stations go on with the one before.

One thread (`round`, every `ROUND_SECS`), with a store of its own: a store that is down puts it off and no more.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gaugetrail_collector.holds.following import FollowedWords
from gaugetrail_collector.holds.words_known import WordsKnown
from gaugetrail_collector.statuses import Heard
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.own_store import OwnStore
from gaugetrail_contract import topics
from gaugetrail_contract.distribution.spreading import MOST_PAGE_BYTES, MOST_PAGES
from gaugetrail_contract.holds.line_list import hold_pages, hold_root, write_hold_root
from gaugetrail_contract.record import Record
from gaugetrail_contract.signing import BadKeyFile, Signer, signer_at
from gaugetrail_contract.status import AgentStatus
from gaugetrail_contract.text import refuse_name

log = logging.getLogger(__name__)

ROUND_SECS = 0.25
MOMENT_SECS = 5.0
"""How late it is told that a concession has ended."""
PUT_OFF_SECS = 5.0
MOST_LINES = 500


class HoldsLine(Protocol):
    """The connection to the broker, as far as it is needed here."""

    @property
    def connection(self) -> int:
        """Counts connections; 0 while there is none."""

    def publish_document(self, topic: str, payload: bytes) -> bool:
        """Say it, retained; false where it didn't go out."""


@dataclass(slots=True)
class _LineSaid:
    """What a line was told last."""

    connection: int
    pages: tuple[bytes, ...]
    at: float
    most_pages: int = MOST_PAGES
    """How many the broker may have; at the start as many as ever there were."""


class HoldsSender:
    """One for each collector that writes documents."""

    def __init__(
        self,
        make_store: Callable[[], Store],
        collector: str,
        *,
        key: Path,
        fallback: Signer | None,
        line: HoldsLine,
        agents: Callable[[], Mapping[str, Heard[AgentStatus]]],
        now_us: Callable[[], int],
        renew_secs: float,
    ) -> None:
        self._store = OwnStore(make_store)
        self._collector = collector
        self._key = key
        self._fallback = fallback
        self._line = line
        self._agents = agents
        self._now_us = now_us
        self._renew_secs = renew_secs
        self._followed = FollowedWords()
        self._known: WordsKnown | None = None
        self._lines: frozenset[str] = frozenset()
        self._said: dict[str, _LineSaid] = {}
        self._worked_out = self._not_before = float("-inf")
        self._troubles: dict[str, str] = {}

    def heard(self, records: Iterable[Record]) -> None:
        """What intake has just stored. Any thread; quick."""
        records = tuple(records)
        if more := {one.line for one in records} - self._lines:
            self._lines |= more  # a new set: the round goes through it on another thread
        self._followed.heard(records)

    def alarms(self) -> tuple[str, ...]:
        """What keeps stations from knowing what is held, in sentences."""
        return tuple(dict(self._troubles).values())  # whole at once: another thread asks

    def round(self) -> None:
        """Look, and say what isn't said yet."""
        now = time.monotonic()
        if now < self._not_before:
            return
        try:
            self._known, fresh = self._followed.now(self._store.opened())
        except StoreDown as error:
            log.warning("what is held is told later: %s", error, extra={"event": "holds_put_off"})
            self._not_before = now + PUT_OFF_SECS
            self.close()
            return
        due = fresh or now - self._worked_out >= MOMENT_SECS
        for line in self._all_lines(self._known):
            if self._line.connection and (due or self._is_due(line, now)):
                self._say(line, self._known, now)
        if due:
            self._worked_out = now

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    def _all_lines(self, known: WordsKnown) -> list[str]:
        said = {one.document.line for one in self._agents().values() if one.document.line is not None}
        found = sorted(one for one in {*self._lines, *said, *known.lines()} if refuse_name(one) is None)
        return found[:MOST_LINES]

    def _is_due(self, line: str, now: float) -> bool:
        said = self._said.get(line)
        return said is None or said.connection != self._line.connection or now - said.at >= self._renew_secs

    def _say(self, line: str, known: WordsKnown, now: float) -> None:
        now_us = self._now_us()
        pages = hold_pages(known.listed(line, now_us))
        too_many = f"{line}: more is held than {MOST_PAGES} pages of {MOST_PAGE_BYTES:,} bytes take; stations go on "
        self._trouble(line, None if pages is not None else f"{too_many}with the list before: scrap or release")
        before = self._said.get(line)
        if pages is None or (before is not None and not self._is_due(line, now) and before.pages == tuple(pages)):
            return  # a word that leaves the list as it was needs no new root
        signer = self._signer()
        if signer is None:
            return
        again = before is None or before.connection != self._line.connection
        root = hold_root(pages, known.count, now_us)
        said = self._line.publish_document(
            topics.line_holds(line), write_hold_root(root, signer, self._collector, line)
        )
        for number, page in enumerate(pages):
            if again or before is None or before.pages[number : number + 1] != (page,):
                said = self._line.publish_document(topics.line_hold_page(line, number), page) and said
        if said:
            self._clear(line, len(pages), MOST_PAGES if before is None else before.most_pages)
            self._said[line] = _LineSaid(self._line.connection, tuple(pages), now, len(pages))

    def _clear(self, line: str, first: int, until: int) -> None:
        for number in range(first, until):
            self._line.publish_document(topics.line_hold_page(line, number), b"")

    def _signer(self) -> Signer | None:
        """The document key; where documents were never begun, the key of this collector's receipts."""
        trouble = None
        try:
            if self._key.exists():
                return signer_at(self._key)
            if self._fallback is not None:
                return self._fallback
            trouble = f"{self._key} is not there, and this collector signs nothing"
        except (BadKeyFile, OSError) as error:
            trouble = str(error)
        finally:
            self._trouble("key", None if trouble is None else f"stations aren't told what is held: {trouble}")
        return None

    def _trouble(self, about: str, what: str | None) -> None:
        if what is None:
            self._troubles.pop(about, None)
        elif self._troubles.get(about) != what:
            self._troubles[about] = what
            log.error("%s", what, extra={"event": "holds_not_sent"})
