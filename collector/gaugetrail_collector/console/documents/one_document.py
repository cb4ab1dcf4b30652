"""One document: the edition that is looked at with its text, whether one may work by it, and its history."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gaugetrail_collector.console.documents.contents import TextShown
from gaugetrail_collector.console.documents.known import KnownDocuments
from gaugetrail_collector.documents import attachments
from gaugetrail_collector.documents.desk import Declined
from gaugetrail_collector.documents.texts import TextMissing
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import Edition, EditionState, Life, LifeStep
from gaugetrail_contract.documents.wording import minute
from gaugetrail_contract.record.parts import Attachment

MOST_EDITIONS = 50
MOST_STEPS = 100

Validity = Literal["valid", "not yet", "not valid"]


@dataclass(frozen=True, slots=True)
class WhetherValid:
    """Whether one may work by an edition, and the sentence that says it."""

    validity: Validity
    sentence: str


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file that belongs to an edition, and whether this collector has one of its size."""

    file: Attachment
    here: bool


@dataclass(frozen=True, slots=True)
class DocumentSheet:
    """One edition on a page, with what its document went through; of both the last."""

    life: Life
    edition: Edition
    valid: WhetherValid
    holding: Edition | None
    text: TextShown | None
    missing: str
    """Why there is no text."""
    states: tuple[tuple[Edition, EditionState], ...]
    steps: tuple[LifeStep, ...]
    files: tuple[AttachedFile, ...]


def sheet(known: KnownDocuments, store: Store, life: Life, number: int | None, now_us: int) -> DocumentSheet:
    """The edition of that number, else the one that holds, else the newest. Raises `Declined`, `StoreDown`."""
    holding = life.holding(now_us)
    edition = (holding or life.editions[-1]) if number is None else life.edition(number)
    if edition is None:
        raise Declined(f"{life.id} has no edition {number}; there are {len(life.editions)}")
    text, missing = _text(known, store, life, edition)
    files, folders = edition.draft.attachments, known.here.attachments
    return DocumentSheet(
        life,
        edition,
        whether_valid(life, edition, now_us),
        holding,
        text,
        missing,
        tuple((one, life.state(one, now_us)) for one in reversed(life.editions[-MOST_EDITIONS:])),
        tuple(reversed(life.steps[-MOST_STEPS:])),
        tuple(AttachedFile(one, attachments.is_here(folders, one)) for one in files),
    )


def _text(known: KnownDocuments, store: Store, life: Life, edition: Edition) -> tuple[TextShown | None, str]:
    try:
        return known.text(store, life.kind, edition.draft.sha256), ""
    except TextMissing as error:
        return None, str(error)


def whether_valid(life: Life, edition: Edition, now_us: int) -> WhetherValid:
    """Whether one may work by it at that moment."""
    state, holding = life.state(edition, now_us), life.holding(now_us)
    if state is EditionState.EFFECTIVE:
        assert edition.holds_us is not None
        return WhetherValid("valid", f"in force since {minute(edition.holds_us)}")
    instead = "no edition is in force" if holding is None else f"{_called(holding)} is in force"
    if state is EditionState.APPROVED:
        assert edition.holds_us is not None
        return WhetherValid("not yet", f"approved, and holds from {minute(edition.holds_us)}; until then {instead}")
    if state is EditionState.SUPERSEDED:
        return WhetherValid("not valid", f"this edition is superseded; {instead}")
    last = edition.steps[-1]
    if state is EditionState.WITHDRAWN:
        return WhetherValid("not valid", f"withdrawn {minute(last.at_us)} by {last.by}: {last.comment}; {instead}")
    said = "a draft" if state is EditionState.DRAFT else "in review"
    return WhetherValid("not valid", f"this edition is {said}, nobody may work by it; {instead}")


def _called(edition: Edition) -> str:
    return f"revision {edition.draft.revision}, edition {edition.number},"
