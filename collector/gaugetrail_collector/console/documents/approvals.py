"""What waits for whose approval, and what an edition would change, for the person who is to sign it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gaugetrail_collector.console.documents.known import KnownDocuments
from gaugetrail_collector.documents.comparing.texts_apart import TextsCompared, compared
from gaugetrail_collector.documents.desk import writer_name
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import (
    Edition,
    EditionState,
    Life,
    LifeStep,
    StepKind,
    StepRefused,
    take,
)

PAGE_OF_WAITING = 100


@dataclass(frozen=True, slots=True)
class WaitingEdition:
    """An edition in review; `refusal` says why it isn't this person who approves it, empty where it is."""

    life: Life
    edition: Edition
    refusal: str

    @property
    def since_us(self) -> int:
        """When it was handed in, or approved by the first of several."""
        return self.edition.steps[-1].at_us


@dataclass(frozen=True, slots=True)
class WaitingListing:
    """What waits for this person, what for others, the longest first; of both a page."""

    mine: tuple[WaitingEdition, ...]
    others: tuple[WaitingEdition, ...]
    more: int
    """How many stand on neither."""
    elsewhere: str
    """Why nobody approves anything at this collector, and where they do; empty where they may."""


def waiting_for(
    known: KnownDocuments, store: Store, register: DocumentRegister, user: str | None, now_us: int
) -> WaitingListing:
    """All that is in review, parted by whether `user` may approve it. Raises `StoreDown`."""
    found = sorted(_in_review(known, store, register, user, now_us), key=lambda one: one.since_us)
    mine = [one for one in found if not one.refusal]
    others = [one for one in found if one.refusal]
    more = max(0, len(mine) - PAGE_OF_WAITING) + max(0, len(others) - PAGE_OF_WAITING)
    return WaitingListing(
        tuple(mine[:PAGE_OF_WAITING]), tuple(others[:PAGE_OF_WAITING]), more, elsewhere(known, register)
    )


def elsewhere(known: KnownDocuments, register: DocumentRegister) -> str:
    """Why no step is taken here, in a sentence; empty where it is."""
    here, writer = known.here, register.writer
    if writer is None:
        return "no collector writes documents yet; document init begins with them, on the host of the one that is to"
    name = writer_name(writer.agent)
    if name != here.collector:
        return f"documents are written by {name}, not by {here.collector}: approve them in the console there"
    if not here.master:
        return f"[documents] master isn't true in the settings of {here.collector}, which began with documents"
    return ""


def _in_review(
    known: KnownDocuments, store: Store, register: DocumentRegister, user: str | None, now_us: int
) -> Iterator[WaitingEdition]:
    book = known.role_book(store, register, now_us)
    for life in register.lives.values():
        for edition in life.editions:
            if edition.stage is not EditionState.IN_REVIEW:
                continue
            refusal = "nobody has logged on"
            if user is not None:
                judged = take(life, LifeStep(StepKind.APPROVE, edition.number, user, now_us))
                allowed = book.acts_as(user, StepKind.APPROVE, life.kind) is not None
                refusal = judged.sentence if isinstance(judged, StepRefused) else ""
                refusal = refusal if allowed else book.refusal(user, StepKind.APPROVE)
            yield WaitingEdition(life, edition, refusal)


@dataclass(frozen=True, slots=True)
class WhatChanges:
    """An edition held against the one in force; `against` is null where nothing is, `compared` where it can't be."""

    against: Edition | None
    compared: TextsCompared | None
    reason: str = ""
    """Why it can't be compared."""


def what_changes(store: Store, life: Life, edition: Edition, now_us: int) -> WhatChanges:
    """What people would notice once it holds. Raises `StoreDown`."""
    holding = life.holding(now_us)
    if holding is None or holding is edition:
        return WhatChanges(None, None)
    try:
        old, new = (stored_text(store, one.draft.sha256) for one in (holding, edition))
    except TextMissing as error:
        return WhatChanges(holding, None, str(error))
    return WhatChanges(holding, compared(store, life, old, new, now_us))
