"""What stations are told of the documents: from their lives and a moment to what is listed. Pure.

Promise: the same lives and the same moment give the same list under the same number, at whatever collector and after
whatever restart: nothing of it is kept beside the steps. The number rises with each step that people take, and with
each moment that comes and changes what holds or ends an order's time; it falls only where steps were lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from gaugetrail_contract.clock import DAY_US, utc_text
from gaugetrail_contract.distribution.listing import APPROVED, EFFECTIVE, FILE, WITHDRAWN, ListedEdition
from gaugetrail_contract.documents.editions import DocumentKind, Edition, EditionState, Life
from gaugetrail_contract.record.parts import Attachment

ORDER_DAYS = 400
"""So long after its last edition an order is listed."""


class TextOfLine(Protocol):
    """What the stations of one line get of a people list."""

    @property
    def line(self) -> str | None:
        """Null: every line that has none of its own."""

    @property
    def sha256(self) -> str:
        """Of that text."""

    @property
    def size(self) -> int:
        """Its bytes."""


class TextsByLine(Protocol):
    """A people list taken apart, so that no line gets another one's people."""

    def of(self, sha256: str, /) -> Sequence[TextOfLine]:
        """The texts of the list of that digest; none where it stays whole."""


class WholeTexts:
    """Nothing is taken apart: where the stations stand on the PC that has the whole list."""

    def of(self, sha256: str, /) -> Sequence[TextOfLine]:  # noqa: ARG002 - whichever it is
        """None."""
        return ()


def issue_number(lives: Iterable[Life], now_us: int) -> int:
    """The number of the list at that moment."""
    lives = tuple(lives)
    held = sum(len(one.steps) + sum(edition.came_to_hold(now_us) for edition in one.editions) for one in lives)
    return held + sum(_is_over(one, now_us) for one in lives)


def listed_editions(lives: Iterable[Life], now_us: int, people: TextsByLine) -> tuple[ListedEdition, ...]:
    """Of each document the edition that holds, or that held last and was withdrawn, and those that will hold. A people
    list is listed for each line of it with that line's text, and for every other line with what is left. Behind them
    the pictures and papers that instructions show.
    """
    listed = (life for life in lives if not _is_over(life, now_us))
    found = [(life, one) for life in listed for one in _of(life, now_us, people)]
    return *(one for _, one in found), *_files(found)


def _files(listed: Sequence[tuple[Life, ListedEdition]]) -> Iterator[ListedEdition]:
    """Each picture and paper once a line, however many instructions show it. It may leave the list at any time."""
    found: dict[tuple[str, str | None], ListedEdition] = {}
    for life, one in sorted(listed, key=lambda one: one[1].state != EFFECTIVE):
        edition = life.edition(one.edition) if one.is_wanted else None
        for attached in () if edition is None else _travelling(edition):
            name = f"file {attached.sha256}"
            facts = {"kind": FILE, "id": name, "revision": "-", "edition": 1, "until": one.effective}
            facts |= {"sha256": attached.sha256, "size": attached.size}
            found.setdefault((name, one.line), one.model_copy(update=facts))
    yield from found.values()


def _travelling(edition: Edition) -> Iterator[Attachment]:
    return (one for one in edition.draft.attachments if one.sha256 in edition.draft.travels)


def _is_over(life: Life, now_us: int) -> bool:
    """An order whose last edition came long ago: without an end, orders alone would fill the list."""
    until_us = [_until_us(life, one) for one in life.editions]
    return bool(until_us) and all(one is not None and one <= now_us for one in until_us)


def _until_us(life: Life, edition: Edition) -> int | None:
    if life.kind is not DocumentKind.ORDER or edition.holds_us is None:
        return None
    return edition.holds_us + ORDER_DAYS * DAY_US


def _of(life: Life, now_us: int, people: TextsByLine) -> Iterator[ListedEdition]:
    came = [one for one in life.editions if one.came_to_hold(now_us)]
    last = came[-1] if came else None
    if last is not None and life.holding(now_us) is last:
        yield from _wanted(life, last, EFFECTIVE, people)
    elif last is not None:
        yield _listed(life, last, WITHDRAWN)
    for one in life.editions[last.number if last is not None else 0 :]:
        if one.stage is EditionState.APPROVED:
            yield from _wanted(life, one, APPROVED, people)


def _wanted(life: Life, edition: Edition, state: str, people: TextsByLine) -> Iterator[ListedEdition]:
    whole = _listed(life, edition, state)
    texts = people.of(whole.sha256) if life.kind is DocumentKind.PEOPLE else ()
    if whole.line is not None:  # the list itself is for one line only, whoever else it names
        texts = tuple(one for one in texts if one.line == whole.line) or texts[:1]
    if not texts:  # a people list that can't be taken apart is listed all the same, and no text of it is sent
        yield whole
    for one in texts:
        yield whole.model_copy(update={"line": whole.line or one.line, "sha256": one.sha256, "size": one.size})


def _listed(life: Life, edition: Edition, state: str) -> ListedEdition:
    assert edition.holds_us is not None, "it was approved"
    draft = edition.draft
    return ListedEdition(
        kind=str(life.kind),
        id=life.id,
        revision=draft.revision,
        edition=edition.number,
        state=state,
        effective=utc_text(edition.holds_us),
        sha256=draft.sha256,
        size=draft.size,
        line=draft.line,
        until=None if (until_us := _until_us(life, edition)) is None else utc_text(until_us),
    )


def ended_texts(lives: Iterable[Life], listed: tuple[ListedEdition, ...], people: TextsByLine) -> dict[str, int]:
    """Digest -> size of the texts that once held and that no station needs now."""
    needed = {one.sha256 for one in listed if one.is_wanted}
    once: dict[str, int] = {}
    for life in lives:
        for draft in (one.draft for one in life.editions if one.holds_us is not None):
            once[draft.sha256] = draft.size
            once |= {one.sha256: one.size for one in draft.attachments if one.sha256 in draft.travels}
            if life.kind is DocumentKind.PEOPLE:
                once |= {one.sha256: one.size for one in people.of(draft.sha256)}
    return {sha256: size for sha256, size in once.items() if sha256 not in needed}
