"""What the collector that writes documents sends to the stations: the signed root, its pages, and the texts in parts.

Promise: what a step changes is said within a second of it, and only that; all of it is said once at the start, and root
and pages at each new connection to the broker. What an agent says that it lacks is said again, so that a broker which
retains nothing, or has lost what it retained, keeps nobody waiting. Nothing is kept here that a restart needs.

One thread (`round`, every `ROUND_SECS`), with a store of its own: a store that is down puts it off and no more.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from gaugetrail_collector.documents.attachments import attached
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.following import FollowedRegister
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.documents.to_stations.by_line import LineTexts
from gaugetrail_collector.documents.to_stations.pin_sending import PinSender
from gaugetrail_collector.evidence.own_chain import PREFIX
from gaugetrail_collector.statuses import Heard
from gaugetrail_collector.stores import Store, StoreDown
from gaugetrail_collector.stores.own_store import OwnStore
from gaugetrail_contract import topics
from gaugetrail_contract.distribution.current import ended_texts, issue_number, listed_editions
from gaugetrail_contract.distribution.listing import FILE, ListedEdition
from gaugetrail_contract.distribution.pages import MOST_PAGES, TooManyDocuments, pages_of
from gaugetrail_contract.distribution.root import DocumentsRoot, root_of, write_root
from gaugetrail_contract.distribution.text_parts import text_part, text_part_count
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.signing import BadKeyFile, Signer, signer_at
from gaugetrail_contract.status import AgentStatus

log = logging.getLogger(__name__)

ROUND_SECS = 0.5
LOOK_SECS = 30.0
"""How often the store is read without anybody's having said that a step was taken."""
MOMENT_SECS = 1.0
"""How late it is told that an edition's moment has come."""
PUT_OFF_SECS = 5.0
AGAIN_SECS = 10.0
"""What was said is said again for an agent that lacks it, not sooner than after this."""
UNRETAINED_AGAIN_SECS = 2.0
"""Where the broker retains nothing, a text is gone before anybody could ask for its parts."""
LONGEST_AGAIN_SECS = 320.0
"""The list is said again ever more rarely for an agent that doesn't take it: perhaps it knows another key."""
BYTES_A_ROUND = 2_000_000
TOPICS_A_ROUND = 200
PEOPLE = str(DocumentKind.PEOPLE)


class DocumentLine(Protocol):
    """The connection to the broker, as far as it is needed here."""

    @property
    def connection(self) -> int:
        """Counts connections; 0 while there is none."""

    @property
    def retains(self) -> bool:
        """Whether the broker keeps what is to be retained."""

    def publish_document(self, topic: str, payload: bytes) -> bool:
        """Say it, retained; false where it didn't go out."""


@dataclass(frozen=True, slots=True)
class CurrentList:
    """What counts now, ready to be said."""

    entries: tuple[ListedEdition, ...]
    pages: tuple[bytes, ...]
    root: DocumentsRoot


class DocumentSender:
    """One for each collector; where it doesn't write documents it says nothing."""

    def __init__(
        self,
        make_store: Callable[[], Store],
        collector: str,
        *,
        key: Path,
        news: Path,
        line: DocumentLine,
        agents: Callable[[], Mapping[str, Heard[AgentStatus]]],
        now_us: Callable[[], int],
        renew_secs: float,
        attachments: Sequence[Path] = (),
    ) -> None:
        self._attachments = attachments
        self.pins: PinSender | None = None
        self._store = OwnStore(make_store)
        self._collector = collector
        self._key = key
        self._news = news
        self._line = line
        self._agents = agents
        self._now_us = now_us
        self._renew_secs = renew_secs
        self._followed = FollowedRegister()
        self._register = DocumentRegister()
        self._people = LineTexts(lambda sha256: stored_text(self._store.opened(), sha256))
        self._read: tuple[float, int | None] = (float("-inf"), None)
        """When the register was read last, and the mark of the news then."""
        self._current: CurrentList | None = None
        self._worked_out = float("-inf")
        self._said: tuple[int, CurrentList, float, int] | None = None
        """On which connection what was said last, and when by either clock."""
        self._pages_said = MOST_PAGES
        """How many the broker may have; at the start as many as ever there were."""
        self._texts: deque[ListedEdition] = deque()
        self._ended: deque[str] = deque()
        """Topics that are to be cleared."""
        self._texts_said: dict[str, float] = {}
        self._again_secs = 0.0
        self._not_before = float("-inf")
        self._troubles: dict[str, str] = {}

    def alarms(self) -> tuple[str, ...]:
        """What keeps the stations from having their documents, in sentences."""
        of_pins = {} if self.pins is None else dict(self.pins.troubles)
        return (*dict(self._troubles).values(), *of_pins.values())  # whole at once: another thread asks

    def round(self) -> None:
        """Look, and say what isn't said yet."""
        if time.monotonic() < self._not_before:
            return
        try:
            self._look()
            if self._current is None or not self._line.connection:
                return
            self._say_list(self._current)
            self._hear_wishes(self._current)
            self._say_texts()
            self._clear()
            self._say_pins(self._current)
        except (StoreDown, OSError) as error:
            log.warning("documents are sent later: %s", error, extra={"event": "documents_put_off"})
            self._not_before = time.monotonic() + PUT_OFF_SECS
            self.close()

    def close(self) -> None:
        """Let go of the store."""
        self._store.close()

    # --- what counts

    def _look(self) -> None:
        now, mark = time.monotonic(), _mark(self._news)
        fresh = mark != self._read[1] or now - self._read[0] >= LOOK_SECS
        if fresh:
            self._register = self._followed.now(self._store.opened())
            self._read = now, mark
        if fresh or now - self._worked_out >= MOMENT_SECS:
            self._worked_out = now
            self._work_out()

    def _work_out(self) -> None:
        writer, now_us = self._register.writer, self._now_us()
        if writer is None or writer.agent != PREFIX + self._collector:
            self._current = None
            return
        issue = issue_number(self._register.lives.values(), now_us)
        before = self._current
        if before is not None and before.root.issue == issue and not self._lacks_people(before):
            return
        entries = listed_editions(self._register.lives.values(), now_us, self._people)
        if before is not None and before.root.issue == issue and before.entries == entries:
            return
        try:
            pages = pages_of(entries)
        except TooManyDocuments as error:
            self._trouble("pages", f"stations are told nothing new of documents: {error}")
            return
        self._trouble("pages", None)
        self._note_changes(entries)
        self._current = CurrentList(entries, tuple(pages), root_of(pages, issue, now_us))

    def _lacks_people(self, current: CurrentList) -> bool:
        """Whether it lists a people list that couldn't be taken apart by line, and is to be tried again."""
        return any(one.sha256 in self._people.troubles for one in current.entries)

    def _note_changes(self, entries: tuple[ListedEdition, ...]) -> None:
        """Texts that are new go out; those that ended are taken from the broker, at the start all that ever ended."""
        before = self._current.entries if self._current is not None else ()
        known = {one.sha256 for one in before if one.is_wanted}
        self._texts.extend(one for one in entries if one.is_wanted and one.sha256 not in known)
        for sha256, size in ended_texts(self._register.lives.values(), entries, self._people).items():
            if self._current is None or sha256 in known:
                count = text_part_count(size)
                self._ended.extend(topics.document_part(sha256, number) for number in range(1, count + 1))

    # --- what is said

    def _say_list(self, current: CurrentList) -> None:
        connection, now = self._line.connection, time.monotonic()
        before = self._said if self._said is not None and self._said[0] == connection else None
        same = before is not None and before[1] is current
        if before is not None and same and now - before[2] < self._renew_secs:
            return
        signer = self._signer()
        if signer is None:
            return
        if before is not None and not same:
            self._again_secs = 0.0
        root = root_of(list(current.pages), current.root.issue, self._now_us())
        known = before[1].pages if before is not None else ()
        said = self._line.publish_document(topics.DOCUMENTS_ROOT, write_root(root, signer, self._collector))
        for number, page in enumerate(current.pages):
            if known[number : number + 1] != (page,):
                said = self._line.publish_document(topics.document_page(number), page) and said
        if said:
            self._ended.extend(map(topics.document_page, range(len(current.pages), self._pages_said)))
            self._pages_said = len(current.pages)
            self._said = connection, current, now, root.time_us

    def _signer(self) -> Signer | None:
        """Never a new one: line PCs would refuse it."""
        trouble = None
        try:
            if self._key.exists():
                return signer_at(self._key)
            trouble = f"{self._key} is not there"
        except (BadKeyFile, OSError) as error:
            trouble = str(error)
        finally:
            self._trouble(
                "key",
                None
                if trouble is None
                else f"stations are told nothing of documents: {trouble}; keys restore brings "
                "the document key back, and without a backup document init makes another, which line PCs must be told",
            )
        return None

    def _hear_wishes(self, current: CurrentList) -> None:
        """What agents say that they lack; all of them hear what is said again."""
        now, wanted = time.monotonic(), {one.sha256: one for one in current.entries if one.is_wanted}
        patience = AGAIN_SECS if self._line.retains else UNRETAINED_AGAIN_SECS
        waiting = {one.sha256 for one in self._texts}
        for heard in self._agents().values():
            held = heard.document.documents
            if held is None or not heard.document.online:
                continue
            if held.heard != current.root.digest and self._is_due_again(heard):
                self._said = None
                self._again_secs = min(LONGEST_AGAIN_SECS, 2 * self._again_secs or AGAIN_SECS)
            for one in held.lacks:
                listed = wanted.get(one.sha256)
                if listed is None or one.sha256 in waiting:
                    continue
                if now - self._texts_said.get(one.sha256, float("-inf")) >= patience:
                    self._texts.append(listed)
                    waiting.add(one.sha256)

    def _is_due_again(self, heard: Heard[AgentStatus]) -> bool:
        """The agent has spoken since the list was said, long enough for it to have heard."""
        if self._said is None:
            return False
        since = time.monotonic() - self._said[2]
        patience = max(self._again_secs, AGAIN_SECS if self._line.retains else ROUND_SECS)
        return since >= patience and heard.heard_us >= self._said[3] + ROUND_SECS * 1e6

    def _say_texts(self) -> None:
        sent = 0
        while self._texts and sent < BYTES_A_ROUND:
            one = self._texts[0]
            try:
                text = self._text(one)
            except TextMissing as error:
                self._trouble(one.sha256, f"the text of {one} can't be sent to the stations: {error}")
                self._texts.popleft()
                continue
            if not all(self._line.publish_document(topic, part) for topic, part in _parts(one, text)):
                return
            self._texts.popleft()
            self._trouble(one.sha256, None)
            self._texts_said[one.sha256] = time.monotonic()
            sent += len(text)

    def _text(self, one: ListedEdition) -> bytes:
        """Of a people list never the whole, but a line's part. Raises `TextMissing`."""
        if one.kind == FILE:
            return attached(self._attachments, one.sha256, one.size)
        return self._people.text(one.sha256) if one.kind == PEOPLE else stored_text(self._store.opened(), one.sha256)

    def _clear(self) -> None:
        for _ in range(min(TOPICS_A_ROUND, len(self._ended))):
            topic = self._ended.popleft()
            if self._line.retains:
                self._line.publish_document(topic, b"")

    def _say_pins(self, current: CurrentList) -> None:
        if self.pins is not None:
            now_us, store = self._now_us(), self._store.opened()
            self.pins.say(self._register, current.root.issue, now_us, store, self._signer, self._agents())

    def _trouble(self, about: str, what: str | None) -> None:
        if what is None:
            self._troubles.pop(about, None)
        elif self._troubles.get(about) != what:
            self._troubles[about] = what
            log.error("%s", what, extra={"event": "documents_not_sent"})


def _parts(one: ListedEdition, text: bytes) -> Iterator[tuple[str, bytes]]:
    for number in range(1, text_part_count(len(text)) + 1):
        yield topics.document_part(one.sha256, number), text_part(text, number)


def _mark(path: Path) -> int | None:
    """Changes whenever somebody touches the file."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None
