"""The list of documents: what holds of each, what will, what waits for somebody; found by id, title, part and kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_contract.documents.editions import DocumentKind, Edition, EditionState, Life

PAGE_OF_DOCUMENTS = 100
MOST_ON_THEIR_WAY = 5
"""Editions of one document that are approved or wait, in one row."""
PartsOf = Callable[[str], tuple[str, ...]]
"""The part numbers of a text, by its digest."""
WAITING = (EditionState.DRAFT, EditionState.IN_REVIEW)


class ShowDocuments(StrEnum):
    """Which of them."""

    ALL = "all"
    HOLDING = "holding"
    COMING = "coming"
    WAITING = "waiting"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """One document; `coming` are approved for later, `waiting` drafts and what is in review."""

    life: Life
    holding: Edition | None
    coming: tuple[Edition, ...]
    waiting: tuple[Edition, ...]
    parts: tuple[str, ...]

    @property
    def newest(self) -> Edition:
        """Whatever became of it."""
        return self.life.editions[-1]

    @property
    def title(self) -> str:
        """Of the edition that holds, else of the newest."""
        return (self.holding or self.newest).draft.title


@dataclass(frozen=True, slots=True)
class WantedDocuments:
    """What somebody looks for: each word of `words` stands in id, title or a part number."""

    words: str = ""
    kind: DocumentKind | None = None
    show: ShowDocuments = ShowDocuments.ALL
    after: int = 0
    """How many were on the pages before."""


@dataclass(frozen=True, slots=True)
class DocumentListing:
    """A page of the list; `total` were found."""

    rows: tuple[DocumentRow, ...]
    total: int
    next: int | None


def catalogue(register: DocumentRegister, parts_of: PartsOf, wanted: WantedDocuments, now_us: int) -> DocumentListing:
    """The page of those documents, by id. Pure. Rows are made for the page alone, or where they decide."""
    found = list(_found(register, parts_of, wanted))
    end = wanted.after + PAGE_OF_DOCUMENTS
    if wanted.show is ShowDocuments.ALL:
        rows = [_row(life, parts_of, now_us) for life in found[wanted.after : end]]
        return DocumentListing(tuple(rows), len(found), end if end < len(found) else None)
    shown = [row for life in found if _is_shown(row := _row(life, parts_of, now_us), wanted.show)]
    return DocumentListing(tuple(shown[wanted.after : end]), len(shown), end if end < len(shown) else None)


def _found(register: DocumentRegister, parts_of: PartsOf, wanted: WantedDocuments) -> Iterator[Life]:
    words = wanted.words.casefold().split()
    for life in register.lives.values():
        if (wanted.kind is None or life.kind is wanted.kind) and (not words or _carries(words, life, parts_of)):
            yield life


def _row(life: Life, parts_of: PartsOf, now_us: int) -> DocumentRow:
    holding = life.holding(now_us)
    parts = parts_of((holding or life.editions[-1]).draft.sha256)
    return DocumentRow(life, holding, _coming(life, now_us), _waiting(life, holding), parts)


def _carries(words: list[str], life: Life, parts_of: PartsOf) -> bool:
    last = life.editions[-3:]
    parts = (part for one in last for part in parts_of(one.draft.sha256))
    text = "\n".join((life.id, *(one.draft.title for one in last), *parts)).casefold()
    return all(word in text for word in words)


def _coming(life: Life, now_us: int) -> tuple[Edition, ...]:
    found = (one for one in life.editions if one.stage is EditionState.APPROVED and not one.came_to_hold(now_us))
    return tuple(found)[-MOST_ON_THEIR_WAY:]


def _waiting(life: Life, holding: Edition | None) -> tuple[Edition, ...]:
    """Only what can still come to hold: nothing older than what does."""
    since = 0 if holding is None else holding.number
    return tuple(one for one in life.editions[since:] if one.stage in WAITING)[-MOST_ON_THEIR_WAY:]


def _is_shown(row: DocumentRow, show: ShowDocuments) -> bool:
    return {
        ShowDocuments.ALL: True,
        ShowDocuments.HOLDING: row.holding is not None,
        ShowDocuments.COMING: bool(row.coming),
        ShowDocuments.WAITING: bool(row.waiting),
        ShowDocuments.ENDED: row.holding is None and not row.coming and not row.waiting,
    }[show]
