"""What stations take their documents from: a look at what is held at one moment, and the texts of it.

Promise: a text that is handed out has the digest that the list says. `kept_shelf` looks at the disk alone and changes
nothing there, for `check` and for the start; while the agent runs, its receiver gives the shelf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gaugetrail_agent.documents.cabinet import DocumentCabinet
from gaugetrail_agent.documents.settings import DocumentsSettings
from gaugetrail_contract.distribution.in_force import DocumentsAtHand
from gaugetrail_contract.distribution.listing import ListedEdition, for_line
from gaugetrail_contract.distribution.pages import BadPage, open_page
from gaugetrail_contract.distribution.root import BadRoot, SignedRoot, open_root


@dataclass(frozen=True, slots=True)
class DocumentShelf:
    """The documents as they stand, and their texts: null where one isn't here, or was altered."""

    here: DocumentsAtHand
    text: Callable[[ListedEdition], bytes | None]
    root: str | None = None
    """Digest of the list."""

    @property
    def mark(self) -> tuple[object, ...]:
        """Stays the same as long as nothing of it changes."""
        return self.here.mark(self.root)


def kept_shelf(cabinet: DocumentCabinet, settings: DocumentsSettings, line: str, now_us: int) -> DocumentShelf:
    """What lies on disk, as far as it can be believed. Raises `OSError` where this user may not look there."""
    newest, listed = (_believed(cabinet, settings, name) for name in ("root", "listed"))
    entries = None if listed is None else _entries(cabinet, listed)
    texts = frozenset() if entries is None else frozenset(_there(cabinet, entries))
    said_us = max((one.root.time_us for one in (newest, listed) if one is not None), default=None)
    here = DocumentsAtHand(
        None if entries is None else for_line(entries, line), texts, now_us, said_us, settings.refuse_hours
    )
    return DocumentShelf(here, lambda one: cabinet.text(one.sha256), None if listed is None else listed.root.digest)


def _believed(cabinet: DocumentCabinet, settings: DocumentsSettings, name: str) -> SignedRoot | None:
    payload, pinned = cabinet.root(name), cabinet.key()
    if payload is None:
        return None
    try:
        kept = open_root(payload)
    except BadRoot:
        return None  # the agent tells that it was altered
    return kept if kept.key in (settings.key or (pinned,)) else None


def _entries(cabinet: DocumentCabinet, listed: SignedRoot) -> tuple[ListedEdition, ...] | None:
    found: list[ListedEdition] = []
    for digest in listed.root.pages:
        page = cabinet.page(digest)
        if page is None:
            return None
        try:
            found += open_page(page)
        except BadPage:
            return None
    return tuple(found)


def _there(cabinet: DocumentCabinet, entries: tuple[ListedEdition, ...]) -> Iterator[str]:
    return (one.sha256 for one in entries if one.is_wanted and cabinet.text_path(one.sha256).is_file())
