"""What the console knows of documents, and how pages ask: the register as it is now, the lists, the part numbers.

The register of ten thousand documents takes seconds to read, so it is read when the console starts, on a thread with a
store of its own; a page reads what came since.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from gaugetrail_collector.console.documents.contents import TextShown, shown
from gaugetrail_collector.console.documents.parts import PartIndex
from gaugetrail_collector.console.questions import Questions
from gaugetrail_collector.documents.at_a_moment.in_force import gauge_registers, people_lists
from gaugetrail_collector.documents.desk import Declined, Desk, StepDone
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.documents.roles import role_book
from gaugetrail_collector.documents.texts import stored_text
from gaugetrail_collector.documents.to_stations.at_stations import current_root
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.distribution.current import issue_number
from gaugetrail_contract.distribution.root import DocumentsRoot
from gaugetrail_contract.documents.editions import DocumentKind, Life, StepKind
from gaugetrail_contract.documents.rights import RoleBook

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE_SECS = 30.0
LAST_EDITIONS = 3
"""Of each document, whose texts are looked into for part numbers: what holds is among them but rarely."""


class KnownDocuments:
    """Thread-safe: one question at a time."""

    def __init__(self, here: DocumentsHere, make: Callable[[], Store], questions: Questions) -> None:
        self.here = here
        self.gauges = gauge_registers()
        self.people = people_lists()
        self.parts = PartIndex(make)
        self._make = make
        self._questions = questions
        self._followed = FollowedRegister()
        self._lock = threading.Lock()
        self._looked_into: DocumentRegister | None = None
        self._root: DocumentsRoot | None = None
        self._root_of: DocumentRegister | None = None

    def begin(self) -> None:
        """Read the register, and what texts are about, before somebody asks."""
        threading.Thread(target=self._read_ahead, name="console-documents", daemon=True).start()

    def close(self) -> None:
        """The console closes."""
        self.parts.close()

    def ask(self, question: Callable[[Store, DocumentRegister], T]) -> T:
        """The answer, of the store as it is now. Raises `StoreDown`, also while the register is read for too long."""
        if not self._lock.acquire(timeout=PATIENCE_SECS):
            raise StoreDown("the documents are still being read; try again in a moment")
        try:
            return self._questions.ask(lambda store: question(store, self._followed.now(store)))
        finally:
            self._lock.release()

    def take(self, what: StepKind, life: str, number: int, by: str, comment: str, effective_us: int | None) -> StepDone:
        """A step of somebody who has proven who they are. Raises `Declined`, `StoreDown`."""
        done = self.decide(lambda desk: desk.step(what, life, by, comment, number, effective_us))
        self.here.told()
        return done

    def decide(self, act: Callable[[Desk], T]) -> T:
        """What somebody does who has proven who they are. Raises `Declined`, `StoreDown`."""
        return self.ask(lambda store, _: act(self.here.desk(store, self._followed.now)))

    def refusal(self, store: Store, register: DocumentRegister, life: Life, number: int, by: str) -> str:
        """Why this person can't approve that edition here now; empty where they can. Within a question."""
        try:
            self.here.desk(store, lambda _: register).judge(StepKind.APPROVE, life.id, by, "", number)
        except Declined as error:
            return str(error)
        return ""

    def role_book(self, store: Store, register: DocumentRegister, now_us: int) -> RoleBook:
        """Who may do what. Within a question."""
        return role_book(store, register, now_us, self.people.listed)

    def look_into_texts(self, store: Store, register: DocumentRegister) -> int:
        """Learn the part numbers of the last editions of each document. How many texts aren't looked into yet. Within
        a question.
        """
        if self._looked_into is not register:
            lasts = (one.editions[-LAST_EDITIONS:] for one in register.lives.values())
            texts = dict.fromkeys(one.draft.sha256 for editions in lasts for one in editions)
            left = self.parts.look(store, texts)
            self._looked_into = None if left else register
            return left
        return 0

    def text(self, store: Store, kind: DocumentKind, sha256: str) -> TextShown:
        """The text of that digest, as people read it. Within a question. Raises `TextMissing`, `StoreDown`."""
        lists = {DocumentKind.GAUGES: self.gauges.listed, DocumentKind.PEOPLE: self.people.listed}
        read = lists.get(kind)
        return shown(kind, stored_text(store, sha256), None if read is None else lambda _: read(store, sha256))

    def wanted_root(self, store: Store, register: DocumentRegister, now_us: int) -> DocumentsRoot:
        """The list that every line PC should hold; made anew when a step or a moment changes it. Within a question.
        Raises `TooManyDocuments`.
        """
        issue = issue_number(register.lives.values(), now_us)
        if self._root is None or self._root.issue != issue or self._root_of is not register:
            people = LineTexts(lambda sha256: stored_text(store, sha256))
            self._root, self._root_of = current_root(register, people, now_us), register
        return self._root

    def _read_ahead(self) -> None:
        store = self._make()
        try:
            store.open()
            with self._lock:
                register = self._followed.now(store)
                self.look_into_texts(store, register)
                now_us = WallClock().now_us()
                for held in (self.gauges.in_force, self.people.in_force):
                    list(held(store, register, now_us))  # read once, and kept
        except StoreDown as error:
            log.info("console: documents are read when asked for: %s", error, extra={"event": "console"})
        except Exception:
            log.exception("console: reading documents ahead ended by a fault of its own")
        finally:
            store.close()
