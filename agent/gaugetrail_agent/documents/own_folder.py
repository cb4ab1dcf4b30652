"""The documents of this PC's own folder, told to the receiver as a collector would tell them over a broker.

Promise: a step is told within two seconds, and the receiver judges it as it judges everything: a list that goes back,
or one under another key than before, is refused and told. Where the journal is not as it was written nothing of it is
told, what is held stays, and the alarm says why for as long as it is so. `own_shelf` is the same for `check` and for
the start, which change nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.journal import DocumentJournal, JournalAltered, NoJournal, key_path, read_journal
from gaugetrail_agent.documents.own_desk import text_of_edition
from gaugetrail_agent.documents.receiving import DocumentReceiver
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_agent.documents.shelf import DocumentShelf, kept_shelf
from gaugetrail_contract import topics
from gaugetrail_contract.clock import Clock
from gaugetrail_contract.distribution.current import WholeTexts, issue_number, listed_editions
from gaugetrail_contract.distribution.in_force import DocumentsAtHand
from gaugetrail_contract.distribution.listing import ListedEdition, for_line
from gaugetrail_contract.distribution.pages import TooManyDocuments, pages_of
from gaugetrail_contract.distribution.root import BadRoot, open_root, root_of, write_root
from gaugetrail_contract.distribution.text_parts import text_part, text_part_count
from gaugetrail_contract.files import trouble_of
from gaugetrail_contract.signing import fingerprint

LOOK_SECS = 1.0
AGAIN_SECS = 600.0
"""A list is said anew after this, so that it doesn't grow old."""
TOLD_AGAIN_SECS = 30.0
"""What is wrong is said anew after this, so that the alarm stays."""

Marks = tuple[tuple[int, int, int] | None, ...]


def listed_of(journal: DocumentJournal) -> tuple[ListedEdition, ...]:
    """What the journal lists, at the moment of its last step: moments that come later each station sees by itself."""
    return listed_editions(journal.lives.values(), journal.last_us, WholeTexts())


class OwnFolder:
    """The folder of one running agent. `look` from one thread at a time."""

    def __init__(self, folder: Path, receiver: DocumentReceiver, agent: str, clock: Clock) -> None:
        self._folder = folder
        self._receiver = receiver
        self._agent = agent
        self._clock = clock
        self._seen: Marks | None = None
        self._told = float("-inf")
        self._well = True
        self.seal: Callable[[DocumentJournal, str], bool] = lambda _, __: True
        """Makes events of steps; whether it has."""
        self._asked: deque[str] = deque()
        self._sizes: dict[str, int] = {}
        receiver.subscribe = self._ask

    async def follow(self) -> None:
        """Look again and again."""
        while True:
            await asyncio.sleep(LOOK_SECS)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Tell what has changed, and the texts that the receiver lacks."""
        seen = _marks(self._folder)
        again = AGAIN_SECS if self._well else TOLD_AGAIN_SECS
        if seen != self._seen or time.monotonic() - self._told >= again:
            self._seen, self._told = seen, time.monotonic()
            try:
                self._well = self._tell()
            except NoJournal:
                self._well = True  # no list has come yet, and every station that needs one says so
            except (JournalAltered, TooManyDocuments, OSError) as error:
                self._well = False
                self._receiver.refuse_own(trouble_of(error))
        while self._asked:
            self._tell_text(self._asked.popleft())

    def _tell(self) -> bool:
        """Whether the steps are sealed, too."""
        journal, signer = read_journal(self._folder)
        entries = listed_of(journal)
        self._sizes = {one.sha256: one.size for one in entries}
        pages = pages_of(entries)
        root = root_of(pages, issue_number(journal.lives.values(), journal.last_us), self._clock.now_us())
        self._receiver.hear(topics.DOCUMENTS_ROOT, write_root(root, signer, self._agent))
        for number, page in enumerate(pages):
            self._receiver.hear(topics.document_page(number), page)
        return self.seal(journal, signer.key)

    def _ask(self, wanted: Sequence[str]) -> None:
        """The receiver asks, within what it was just told: it is answered at the end of the look, or at the next."""
        self._asked += (one.split("/")[-2] for one in wanted if one != topics.DOCUMENT_PAGES)

    def _tell_text(self, sha256: str) -> None:
        text = text_of_edition(self._folder, sha256, self._sizes.get(sha256, 0))
        if text is None:
            self._receiver.refuse_own(f"the text {sha256} in {self._folder} is gone or was altered; put it back")
            return
        for number in range(1, text_part_count(len(text)) + 1):
            self._receiver.hear(topics.document_part(sha256, number), text_part(text, number))


def _marks(folder: Path) -> Marks:
    """What changes when the journal does."""
    return tuple(map(_mark, (folder / "journal", folder / "head", key_path(folder))))


def _mark(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


# --- without an agent


def own_shelf(folder: Path, cabinet: DocumentCabinet, line: str, now_us: int) -> DocumentShelf:
    """What the folder says; where that doesn't count, what is held. Raises `OSError`."""
    if own_trouble(folder, cabinet) is not None:
        return kept_shelf(cabinet, DocumentsSettings(), line, now_us)
    journal, _ = read_journal(folder)
    entries = for_line(listed_of(journal), line)
    wanted = (one for one in entries if one.is_wanted)
    texts = {one.sha256 for one in wanted if text_of_edition(folder, one.sha256, one.size) is not None}
    here = DocumentsAtHand(entries, texts, now_us)
    return DocumentShelf(here, lambda one: text_of_edition(folder, one.sha256, one.size), journal.digest)


def own_trouble(folder: Path, cabinet: DocumentCabinet) -> str | None:
    """Why what the folder says doesn't count here; null where it does."""
    try:
        journal, signer = read_journal(folder)
        pinned, held = cabinet.key(), cabinet.root("root")
        kept = None if held is None else open_root(held)
    except (NoJournal, JournalAltered, OSError, BadRoot) as error:
        return trouble_of(error)
    if pinned is not None and pinned != signer.key:
        return (
            f"this PC believes the documents of the key {fingerprint(pinned)}, a collector's or another folder's, and "
            f"not those of {folder}: leave [documents] folder out; or, where that one writes no more, stop the agent "
            f"and move {cabinet.key_file} and {cabinet.folder} away"
        )
    if kept is not None and kept.root.issue > issue_number(journal.lives.values(), journal.last_us):
        return f"{folder} goes back behind what this PC has heard of it: put back the newer one"
    return None
