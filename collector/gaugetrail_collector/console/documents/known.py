"""What the console knows of documents, and how pages ask: the register as it is now, the lists, the part numbers.

The register of ten thousand documents takes seconds to read, so it is read when the console starts, on a thread with a
store of its own; a page reads what came since.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from gaugetrail_collector.console.documents.parts import PartIndex
from gaugetrail_collector.console.questions import Questions
from gaugetrail_collector.documents.by_line import LineTexts
from gaugetrail_collector.documents.desk import Declined, StepDone
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_collector.documents.in_force import gauge_registers, people_lists
from gaugetrail_collector.documents.rights import RoleBook
from gaugetrail_collector.documents.roles import role_book
from gaugetrail_collector.documents.texts import stored_text
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.documents.editions import Life, StepKind

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE_SECS = 30.0


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
        done = self.ask(
            lambda store, _: self.here.desk(store, self._followed.now).step(
                what, life, by, comment, number, effective_us
            )
        )
        self.here.told()
        return done

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

    def current_texts(self, register: DocumentRegister) -> list[str]:
        """Digests of what people look for: what holds, what will, what waits, and the newest of each document."""
        now_us = WallClock().now_us()
        found: dict[str, None] = {}
        for life in register.lives.values():
            holding = life.holding(now_us)
            last = life.editions[-1]
            found |= dict.fromkeys(one.draft.sha256 for one in (holding, last) if one is not None)
        return list(found)

    def line_texts(self, store: Store) -> LineTexts:
        """What line PCs are sent of people lists. Within a question."""
        return LineTexts(lambda sha256: stored_text(store, sha256))

    def _read_ahead(self) -> None:
        store = self._make()
        try:
            store.open()
            with self._lock:
                register = self._followed.now(store)
            self.parts.look(store, self.current_texts(register))
        except StoreDown as error:
            log.info("console: documents are read when asked for: %s", error, extra={"event": "console"})
        except Exception:
            log.exception("console: reading documents ahead ended by a fault of its own")
        finally:
            store.close()
