"""What comes of documents, judged: a root, its pages, the parts of texts; and what is said of how all of it stands.

Promise: a root counts when a believed key has signed it and it is newer; its list holds once every page is here and
takes no document back. Until then the list before holds. What is refused changes nothing, is counted, and is an alarm.
What is lacking is asked for again and again, also after a restart.

Called on the connection's thread (`hear`, `topics`) and on the agent's (`look`, `state`); subscriptions are changed
outside the lock, for the client calls back while it holds its own.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence
from itertools import islice

from gaugetrail_agent.documents.assembling import AT_ONCE, BadPart, TextsComing
from gaugetrail_agent.documents.cabinet import AlteredFile, DocumentCabinet
from gaugetrail_agent.documents.refused_words import CountedWords, RefusedWords
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_contract import topics
from gaugetrail_contract.clock import Clock, utc_text
from gaugetrail_contract.distribution.in_force import DocumentsAtHand
from gaugetrail_contract.distribution.judging import TakenBack, judge_root, lacking, older_editions
from gaugetrail_contract.distribution.listing import ListedEdition, for_line
from gaugetrail_contract.distribution.pages import MOST_PAGE_BYTES, MOST_PAGES, BadPage, open_page, page_digest
from gaugetrail_contract.distribution.root import BadRoot, SignedRoot, open_root
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.signing import fingerprint
from gaugetrail_contract.status import DocumentsHeld, LackedDocument
from gaugetrail_service.logs.repeats import same_words

log = logging.getLogger(__name__)

LOOK_SECS = 5.0
AGAIN_SECS = 20.0
"""What was asked for and hasn't come is asked for again after this."""
RECENT_SECS = 60.0
"""How long a refused word is an alarm."""

Topics = Callable[[Sequence[str]], None]


class DocumentReceiver:
    """One for each agent."""

    def __init__(self, cabinet: DocumentCabinet, settings: DocumentsSettings, line: str, clock: Clock) -> None:
        self.subscribe: Topics = lambda _: None
        self.unsubscribe: Topics = lambda _: None
        self._cabinet = cabinet
        self._settings = settings
        self._line = line
        self._clock = clock
        self._pinned: str | None = None
        self._newest: SignedRoot | None = None
        self._listed: SignedRoot | None = None
        self._entries: tuple[ListedEdition, ...] = ()
        self._read: dict[str, tuple[ListedEdition, ...]] = {}
        """What stands on the pages of the list that holds; a step changes one of them."""
        self._loose: dict[str, bytes] = {}
        """Pages of which no root is known yet, and those of a root that isn't whole."""
        self._missing: dict[str, ListedEdition] = {}
        """Whose text is lacking, by digest, what holds first; and those of them that there is room for."""
        self._fitting: dict[str, ListedEdition] = {}
        self._strange: set[str] = set()
        """Those that no list named at the last look."""
        self._coming = TextsComing()
        self._full_us: int | None = None
        """Since when the list is held with every text."""
        self._refused = 0
        self._words = RefusedWords(clock)
        self._refusal: tuple[float, str] | None = None
        self._disk: str | None = None
        self._altered: str | None = None
        self._taken_back: str | None = None
        self._barred: str | None = None
        """Why no list at all is believed."""
        self._asked = float("-inf")
        self._to_ask: list[str] = []
        self._to_leave: list[str] = []
        self._lock = threading.RLock()

    def open(self) -> None:
        """Take up what is on disk. A disk that can't be read is told, and everything is asked for again."""
        with self._lock:
            try:
                altered = self._cabinet.open()
                self._know_key()
                self._newest = self._kept("root")
                listed = self._kept("listed")
            except OSError as error:
                self._trouble(f"the documents kept here can't be read: {trouble_of(error)}")
                return
            for sentence in altered:
                self._note_altered(sentence)
            if listed is not None:
                self._take_up(listed)
            self._newest = self._newest or listed
            try:
                if not self._is_whole():
                    self._try_list()
            except OSError as error:
                self._trouble(f"documents can't be kept in {self._cabinet.folder}: {trouble_of(error)}")
            self._work_out()

    def _know_key(self) -> None:
        """The key that was seen first. Where its file is gone or spoilt, that of the list which is held here counts on,
        lest the next one that is shown be believed. Raises `OSError`.
        """
        why = f"{self._cabinet.key_file} is gone"
        try:
            self._pinned = self._cabinet.key()
        except AlteredFile as error:
            why = str(error)
        if self._pinned is not None or self._settings.key:
            return
        held = self._read_root("root") or self._read_root("listed")
        if held is not None:
            self._cabinet.pin(held.key)
            self._pinned = held.key
            self._note_altered(
                f"{why}: the key {fingerprint(held.key)} of the list that is held here counts on; to have another one "
                f"believed, move {self._cabinet.folder} away, too"
            )
        elif self._cabinet.key_file.exists():
            self._barred = f"{why}: no list of documents is believed; remove it to believe the next one that is shown"

    def _read_root(self, name: str) -> SignedRoot | None:
        try:
            payload = self._cabinet.root(name)
            return None if payload is None else open_root(payload)
        except (BadRoot, AlteredFile) as error:
            self._note_altered(f"{self._cabinet.folder / name} was altered: {error}")
            return None

    def _kept(self, name: str) -> SignedRoot | None:
        kept = self._read_root(name)
        if kept is None:
            return None
        if kept.key not in self.believed():
            path, key = self._cabinet.folder / name, fingerprint(kept.key)
            self._note_altered(f"{path} is signed with the key {key}, which isn't believed, and counts no more")
            return None
        return kept

    def _take_up(self, listed: SignedRoot) -> None:
        pages = [self._cabinet.page(digest) for digest in listed.root.pages]
        if None in pages:
            return  # one was altered, and is asked for again
        try:
            self._read = {page_digest(page): open_page(page) for page in pages if page is not None}
            self._entries = tuple(one for page in self._read.values() for one in page)
        except BadPage as error:
            self._note_altered(f"the list of documents kept here can't be read: {error}")
            return
        self._listed = listed

    def believed(self) -> Sequence[str]:
        """The document keys that count."""
        return self._settings.key or (() if self._pinned is None else (self._pinned,))

    # --- what comes

    def topics(self) -> list[str]:
        """What to subscribe to at each connection."""
        with self._lock:
            self._asked, self._to_ask = time.monotonic(), []
            parts = map(topics.document_parts, self._coming.wanted)
            return [topics.DOCUMENTS_ROOT, topics.DOCUMENT_PAGES, *parts]

    def hear(self, topic: str, payload: bytes) -> None:
        """A message under `documents/` came."""
        with self._lock:
            try:
                self._hear(topic, payload)
            except OSError as error:
                self._trouble(f"what came of documents can't be kept in {self._cabinet.folder}: {trouble_of(error)}")
            asks = self._asks()
        self._ask(*asks)

    def _hear(self, topic: str, payload: bytes) -> None:
        if topic == topics.DOCUMENTS_ROOT:
            self._hear_root(payload)
            return
        kind, _, rest = topic.removeprefix(f"{topics.ROOT}/{topics.DOCUMENTS}/").partition("/")
        if kind == "pages" and payload:
            self._hear_page(payload)
        elif kind == "parts":
            sha256, _, number = rest.partition("/")
            self._hear_part(sha256, int(number) if number.isdecimal() and len(number) < 6 else 0, payload)

    def _hear_root(self, payload: bytes) -> None:
        if not payload:
            if self._newest is not None:
                self._refuse(
                    "cleared_list", "somebody has cleared the list of documents at the broker; what is held here stays"
                )
            return
        try:
            came = open_root(payload)
        except BadRoot as error:
            self._refuse("forged_list", f"a list of documents is not believed: {error}")
            return
        if self._barred is not None:
            self._refuse("no_key", self._barred)
            return
        judged = judge_root(None if self._newest is None else self._newest.root, came, self.believed())
        if judged.fate == "refused":
            self._refuse("older_list" if came.key in self.believed() else "other_key", judged.why)
        elif judged.fate == "newer":
            self._take_root(came)

    def _take_root(self, came: SignedRoot) -> None:
        if not self.believed():
            self._cabinet.pin(came.key)
            self._pinned = came.key
            told = {"event": "document_key_pinned", "key": came.key}
            log.warning("documents are known from now on by the key %s", fingerprint(came.key), extra=told)
        self._cabinet.put_root("root", came.payload)
        self._newest = came
        self._taken_back = None
        self._disk = None
        self._try_list()

    def _hear_page(self, page: bytes) -> None:
        if len(page) > MOST_PAGE_BYTES:
            self._refuse("large_page", f"a page of documents has {len(page):,} bytes; {MOST_PAGE_BYTES:,} are the most")
            return
        digest = page_digest(page)
        if self._newest is None or digest not in self._newest.root.pages or self._cabinet.page(digest) is None:
            self._loose[digest] = page
            while len(self._loose) > MOST_PAGES:
                del self._loose[next(iter(self._loose))]
            self._try_list()

    def _try_list(self) -> None:
        newest = self._newest
        if newest is None or self._taken_back is not None:
            return
        wanted = newest.root.pages
        pages = {digest: self._loose.get(digest) or self._cabinet.page(digest) for digest in wanted}
        if None in pages.values():
            return
        back: tuple[TakenBack, ...] = ()
        try:
            self._read = {
                digest: self._read.get(digest) or open_page(page) for digest, page in pages.items() if page is not None
            }
            entries = tuple(one for page in self._read.values() for one in page)
        except BadPage as error:
            self._taken_back = f"a page of the list of documents can't be read: {error}; update this agent"
        else:
            back = older_editions(self._entries, entries, utc_text(newest.root.time_us))[:3]
            self._taken_back = "; ".join(one.sentence for one in back) or None
        if self._taken_back is not None:
            cause = "edition_back" if back else "unreadable_list"
            self._refuse(cause, self._taken_back, tuple(one.document for one in back))
            return
        for digest, page in pages.items():
            if page is not None and self._loose.pop(digest, None) is not None:
                self._cabinet.put_page(digest, page)
        if not self._is_whole():
            self._cabinet.put_root("listed", newest.payload)
            self._full_us = None
        self._listed, self._entries = newest, entries
        self._cabinet.keep_only(wanted, {one.sha256 for one in self._mine() if one.is_wanted})
        self._work_out()

    def _is_whole(self) -> bool:
        """Whether the newest root is the one whose list holds."""
        newest, listed = self._newest, self._listed
        return newest is None or (listed is not None and listed.root.digest == newest.root.digest)

    def _hear_part(self, sha256: str, number: int, part: bytes) -> None:
        try:
            text = self._coming.take(sha256, number, part)
        except BadPart as error:
            self._refuse("other_text", f"{error}; it is asked for again", (error.document,))
            return
        if text is None:
            return
        self._cabinet.put_text(sha256, text)
        if len(self._missing) == len(self._fitting):
            self._disk = None
        self._missing.pop(sha256, None)
        self._fitting.pop(sha256, None)
        self._ask_next()

    # --- what is lacking

    def _mine(self) -> tuple[ListedEdition, ...]:
        return for_line(self._entries, self._line)

    def _lacking(self) -> tuple[ListedEdition, ...]:
        return lacking(self._mine(), self._cabinet.texts)

    def _work_out(self) -> None:
        """From the whole list, which takes its time: not for each text."""
        self._missing = {one.sha256: one for one in self._lacking()}
        self._fitting = self._that_fit(self._missing.values())
        self._ask_next()

    def _ask_next(self) -> None:
        fresh, gone = self._coming.want(list(islice(self._fitting.values(), AT_ONCE)))
        self._to_ask += map(topics.document_parts, fresh)
        self._to_leave += map(topics.document_parts, gone)
        if self._listed is not None and not self._missing:
            self._altered = None
            if self._full_us is None:
                self._full_us = self._clock.now_us()

    def _that_fit(self, missing: Collection[ListedEdition]) -> dict[str, ListedEdition]:
        """Those that there is room for; one that there isn't is told and not asked for."""
        room, fitting = self._cabinet.room, dict[str, ListedEdition]()
        for one in missing:
            if one.size <= room:
                room -= one.size
                fitting[one.sha256] = one
        if len(fitting) < len(missing):
            most = self._settings.max_mb
            self._trouble(f"the documents need more than {most} MB, so some are not here: raise [documents] max_mb")
        return fitting

    def _asks(self) -> tuple[list[str], list[str]]:
        asks = self._to_ask, self._to_leave
        self._to_ask, self._to_leave = [], []
        return asks

    def _ask(self, ask: list[str], leave: list[str]) -> None:
        if leave:
            self.unsubscribe(leave)
        if ask:
            self.subscribe(ask)

    def look(self) -> None:
        """Every `LOOK_SECS`: ask again for what hasn't come, and tell of pages that no list names."""
        with self._lock:
            now = time.monotonic()
            whole = self._is_whole() or self._taken_back is not None
            if whole:
                self._judge_loose()
            if now - self._asked >= AGAIN_SECS and (not whole or self._coming.wanted):
                self._asked = now
                self._to_ask += [] if whole else [topics.DOCUMENT_PAGES]
                self._to_ask += map(topics.document_parts, self._coming.wanted)
            asks = self._asks()
        self._ask(*asks)

    def _judge_loose(self) -> None:
        """A page may come a moment before the root that names it, and no more."""
        if self._strange & self._loose.keys():
            self._refuse(
                "strange_page",
                "a page of documents came that no list names: somebody else speaks under that topic",
            )
            self._loose.clear()
        self._strange = set(self._loose)

    # --- how it stands

    def state(self) -> DocumentsHeld:
        """For the status, also where no list has come: so the collector knows who waits for one."""
        with self._lock:
            missing, listed = list(islice(self._missing.values(), AT_ONCE)), self._listed
            full = listed if not missing else None
            return DocumentsHeld(
                root=None if full is None else full.root.digest,
                issue=None if full is None else full.root.issue,
                since=None if full is None or self._full_us is None else utc_text(self._full_us),
                said=None if self._newest is None else utc_text(self._newest.root.time_us),
                heard=None if self._newest is None else self._newest.root.digest,
                lacks=tuple(LackedDocument(id=one.id, edition=one.edition, sha256=one.sha256) for one in missing),
                lacking=len(self._missing),
                refused=self._refused,
                detail=self.alarm() or "",
            )

    def alarm(self) -> str | None:
        """What is wrong, in a sentence; null when all is well."""
        with self._lock:
            recent = self._refusal is not None and time.monotonic() - self._refusal[0] <= RECENT_SECS
            refusal = self._refusal[1] if recent and self._refusal is not None else None
            return self._disk or self._barred or self._taken_back or refusal or self._altered or self._old()

    def _old(self) -> str | None:
        hours = self._age_hours()
        if hours is None or hours < self._settings.warn_hours or self._newest is None:
            return None
        said = utc_text(self._newest.root.time_us)
        return (
            f"nobody has said since {said[:10]} {said[11:16]}Z which documents count: this PC goes on with those of "
            "then; look at the broker and at the collector that writes documents"
        )

    @property
    def old_since_us(self) -> int | None:
        """When it was last said which documents count, where that is longer ago than it should be."""
        with self._lock:
            newest = self._newest
            return newest.root.time_us if newest is not None and self._old() is not None else None

    def _age_hours(self) -> float | None:
        if self._newest is None:
            return None
        return (self._clock.now_us() - self._newest.root.time_us) / 3.6e9

    def shelf(self) -> DocumentShelf:
        """What stations may work by at this moment."""
        with self._lock:
            listed, newest = self._listed, self._newest
            here = DocumentsAtHand(
                None if listed is None else self._mine(),
                frozenset(self._cabinet.texts),
                self._clock.now_us(),
                None if newest is None else newest.root.time_us,
                self._settings.refuse_hours,
            )
            return DocumentShelf(here, self.text, None if listed is None else listed.root.digest)

    def text(self, one: ListedEdition) -> bytes | None:
        """The text of an edition, proved; null where it isn't here, or was altered: then it is asked for again."""
        return self.file(one.sha256)

    def has(self, sha256: str) -> bool:
        """Whether a text or picture is here; without the lock, for whoever may not wait for the disk."""
        return sha256 in self._cabinet.texts

    def file(self, sha256: str) -> bytes | None:
        """A text or picture by its digest, as `text`."""
        with self._lock:
            found = self._cabinet.text(sha256)
            if found is None:
                self._work_out()
            asks = self._asks()
        self._ask(*asks)
        return found

    # --- telling

    def refuse_own(self, why: str) -> None:
        """The documents of this PC are not as they were written, so what is held stays."""
        with self._lock:
            self._refuse("altered_here", why)

    def refused_words(self, *, the_rest: bool = False) -> list[CountedWords]:
        """What was refused and is to be an event now."""
        with self._lock:
            return self._words.due(the_rest=the_rest)

    def put_back(self, one: CountedWords) -> None:
        """The spool hasn't taken it."""
        with self._lock:
            self._words.put_back(one)

    def _refuse(self, cause: str, why: str, documents: tuple[str, ...] = ()) -> None:
        self._refused += 1
        self._words.note(cause, why, documents)
        self._refusal = time.monotonic(), why
        log.error("%s", why, extra={"event": "documents_refused", "cause": same_words(why)})

    def _trouble(self, what: str) -> None:
        if self._disk != what:
            log.error("%s", what, extra={"event": "documents_not_kept"})
        self._disk = what

    def _note_altered(self, what: str) -> None:
        """An alarm for as long as a refused word is one, and until all is here again."""
        self._altered = what
        self._refuse("altered_here", what)
