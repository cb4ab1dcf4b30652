"""What comes of what is held, judged; what was said here; and what a station looks up of both.

Promise: a root counts when the plant's document key has signed it for this line (where documents were never begun: a
collector that is known here) and it is newer; its list holds once every page is here. Until then the list before holds.
What is refused changes nothing, is told as an alarm, and is an event.

`hear` and `topics` are called on the connection's thread, `said` and `now` on the agent's.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from gaugetrail_agent.documents.refused_words import CountedWords, RefusedWords
from gaugetrail_agent.line_state.hold_folder import HoldFolder
from gaugetrail_contract import topics
from gaugetrail_contract.clock import DAY_US, Clock, utc_us
from gaugetrail_contract.distribution.judging import judge_root
from gaugetrail_contract.distribution.root import BadRoot, SignedRoot
from gaugetrail_contract.distribution.spreading import MOST_PAGE_BYTES, MOST_PAGES, BadPage, page_digest
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.line_list import open_hold_page, open_hold_root
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.record import EventBody, InspectionBody
from gaugetrail_contract.record.parts import UnitState, Verdict
from gaugetrail_contract.signing import fingerprint
from gaugetrail_contract.unit_states.said import Order, gauge_of_event, measured_word, states_of_event
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)

WHAT = "the list of what is held"
RECENT_SECS = 60.0
"""How long a refused list is an alarm."""
PASS_US = 60 * 1_000_000
"""So long after a pass that ended a rework here the list knows better: another operation may fail the unit still."""
OWN_DAYS = 60
"""What was said here and never came back in a list is kept so long."""


class HoldList:
    """One for each agent."""

    def __init__(
        self,
        folder: HoldFolder,
        line: str,
        clock: Clock,
        document_keys: Callable[[], Sequence[str]],
        knows: Callable[[str, str], bool],
    ) -> None:
        self.on_change: Callable[[], None] = lambda: None
        """Hears that `now` is another; on whatever thread that comes about."""
        self._folder = folder
        self._line = line
        self._clock = clock
        self._document_keys = document_keys
        self._knows = knows
        self._root: SignedRoot | None = None
        """Of the list that holds."""
        self._coming: SignedRoot | None = None
        """Newer, and not every page is here."""
        self._loose: dict[str, bytes] = {}
        self._listed: tuple[ListedState, ...] = ()
        self._own: dict[tuple[str, str], ListedState] = {}
        self._now = HeldNow()
        self._words = RefusedWords(clock)
        self._refusal: tuple[float, str] | None = None
        self._disk: str | None = None
        self._lock = threading.RLock()

    @property
    def now(self) -> HeldNow:
        """What is known. It never changes; the next one is another."""
        return self._now

    def open(self) -> None:
        """Take up what is on disk; what was altered is told, and comes again with the connection."""
        with self._lock:
            try:
                self._folder.open()
                self._own = {one.key: one for one in self._folder.own()}
            except ValueError as error:
                self._refuse("altered_here", str(error))
            except OSError as error:
                self._trouble(f"what is held can't be read in {self._folder.path}: {trouble_of(error)}")
                return
            self._take_up()
            self._work_out()

    def _take_up(self) -> None:
        payload = self._folder.root()
        if payload is None:
            return
        try:
            kept = open_hold_root(payload, self._line)
            pages = [self._folder.page(digest) for digest in kept.root.pages]
            if self._judged(None, kept) is not None or None in pages:
                raise BadRoot("its key isn't believed, or a page of it isn't what it was")
            self._listed = tuple(one for page in pages if page is not None for one in open_hold_page(page))
        except (BadRoot, BadPage) as error:
            self._refuse("altered_here", f"{WHAT} in {self._folder.path} counts no more: {error}")
            return
        self._root = kept

    # --- what comes

    def topics(self) -> list[str]:
        """What to subscribe to at each connection."""
        return [topics.line_holds(self._line), topics.line_hold_pages(self._line)]

    def hear(self, topic: str, payload: bytes) -> None:
        """A message under the line's holds came."""
        with self._lock:
            try:
                if topic == topics.line_holds(self._line):
                    self._hear_root(payload)
                elif payload:
                    self._hear_page(payload)
            except OSError as error:
                self._trouble(f"what is held can't be kept in {self._folder.path}: {trouble_of(error)}")

    def _hear_root(self, payload: bytes) -> None:
        if not payload:
            if self._root is not None:
                self._refuse("cleared_list", f"somebody has cleared {WHAT} at the broker; what is held here stays held")
            return
        try:
            came = open_hold_root(payload, self._line)
        except BadRoot as error:
            self._refuse("forged_list", f"{WHAT} is not believed: {error}")
            return
        newest = self._coming or self._root
        refused = self._judged(newest, came)
        if refused is not None:
            self._refuse(*refused)
        elif newest is None or came.root.order > newest.root.order:
            self._coming = came
            self._try_list()

    def _judged(self, newest: SignedRoot | None, came: SignedRoot) -> tuple[str, str] | None:
        """Cause and sentence; null where it counts or says nothing new."""
        keys = tuple(self._document_keys())
        if not keys and not self._knows(came.collector, came.key):
            who = f"the collector {came.collector} with the key {fingerprint(came.key)}"
            return "other_key", f"{WHAT} is signed by {who}, which this PC doesn't know"
        judged = judge_root(None if newest is None else newest.root, came, keys or (came.key,), WHAT)
        if judged.fate != "refused":
            return None
        return ("other_key" if keys and came.key not in keys else "older_list"), judged.why

    def _hear_page(self, page: bytes) -> None:
        if len(page) > MOST_PAGE_BYTES:
            self._refuse("large_page", f"a page of {WHAT} has {len(page):,} bytes; {MOST_PAGE_BYTES:,} are the most")
            return
        self._loose[page_digest(page)] = page
        while len(self._loose) > 2 * MOST_PAGES:
            del self._loose[next(iter(self._loose))]
        self._try_list()

    def _try_list(self) -> None:
        coming = self._coming
        if coming is None:
            return
        pages = {digest: self._loose.get(digest) or self._folder.page(digest) for digest in coming.root.pages}
        whole = {digest: page for digest, page in pages.items() if page is not None}
        if len(whole) < len(pages):
            return
        try:
            listed = tuple(one for page in whole.values() for one in open_hold_page(page))
        except BadPage as error:
            self._coming = None
            self._refuse("unreadable_list", f"a page of {WHAT} can't be read: {error}; update this agent")
            return
        self._folder.put(coming.payload, whole)
        self._root, self._coming, self._listed, self._disk = coming, None, listed, None
        self._loose.clear()
        self._forget_own()
        self._work_out()

    # --- what was said here

    def said(self, event: EventBody, order: Order, record: str) -> None:
        """A record of this agent, which the spool has: where it says something of a state, that counts from now on."""
        with self._lock:
            now = self._now
            for about, word in states_of_event(event, order, record):
                now = now.with_state(about, word)
            gauge = gauge_of_event(event, order, record)
            if gauge is not None:
                now = now.with_gauge(*gauge)
            self._counts(now)

    def measured(self, body: InspectionBody, order: Order, record: str) -> None:
        """An inspection of this agent, which the spool has: one that passed ends the unit's rework for every station of
        this PC at once, where no other operation is known to fail it.
        """
        word = measured_word(body, order, record)
        elsewhere = any(one.verdict == Verdict.FAIL for one in body.route)
        if word is not None and body.serial is not None and not elsewhere:
            with self._lock:
                self._counts(self._now.with_pass(body.serial, word))

    def _counts(self, now: HeldNow) -> None:
        if now is self._now:
            return
        self._own |= {key: one for key, one in now.entries.items() if self._now.entries.get(key) is not one}
        self._now = now
        self._keep_own()
        self.on_change()

    def _forget_own(self) -> None:
        """What the list says by now, or says later words on."""
        listed = {one.key: one.since for one in self._listed}
        now_us = self._clock.now_us()
        oldest, said_us = now_us - OWN_DAYS * DAY_US, now_us if self._root is None else self._root.root.time_us
        own = {
            key: one
            for key, one in self._own.items()
            if one.since > listed.get(key, "") and utc_us(one.since) > (said_us - PASS_US if _is_pass(one) else oldest)
        }
        if own != self._own:
            self._own = own
            self._keep_own()

    def _keep_own(self) -> None:
        try:
            self._folder.put_own(self._own.values())
        except OSError as error:
            self._trouble(f"what was put on hold here can't be kept in {self._folder.path}: {trouble_of(error)}")

    def _work_out(self) -> None:
        now = HeldNow.of(self._listed, None if self._root is None else self._root.root.time_us)
        for one in self._own.values():
            now = now.with_entry(one)
        self._now = now
        self.on_change()

    # --- telling

    def alarm(self) -> str | None:
        """What is wrong, in a sentence; null when all is well."""
        with self._lock:
            recent = self._refusal is not None and time.monotonic() - self._refusal[0] <= RECENT_SECS
            return self._disk or (self._refusal[1] if recent and self._refusal is not None else None)

    def refused_words(self, *, the_rest: bool = False) -> list[CountedWords]:
        """What was refused and is to be an event now."""
        with self._lock:
            return self._words.due(the_rest=the_rest)

    def put_back(self, one: CountedWords) -> None:
        """The spool hasn't taken it."""
        with self._lock:
            self._words.put_back(one)

    def _refuse(self, cause: str, why: str) -> None:
        self._words.note(cause, why)
        self._refusal = time.monotonic(), why
        log.error("%s", why, extra={"event": "holds_refused", "cause": same_words(why)})

    def _trouble(self, what: str) -> None:
        if self._disk != what:
            log.error("%s", what, extra={"event": "holds_not_kept"})
        self._disk = what


def _is_pass(one: ListedState) -> bool:
    return one.kind == "unit" and one.state == UnitState.PASS
