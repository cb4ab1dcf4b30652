"""What stations are told of the documents: from the register and a moment to what is listed. Pure.

Promise: the same records and the same moment give the same list under the same number, at whatever collector and after
whatever restart: nothing of it is kept beside the store. The number rises with each step that people take, and with
each moment that comes and changes what holds; it falls only where the store has lost something.
"""

from __future__ import annotations

from collections.abc import Iterator

from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.listing import APPROVED, EFFECTIVE, WITHDRAWN, ListedEdition
from gaugetrail_contract.documents.editions import Edition, EditionState, Life


def issue_number(register: DocumentRegister, now_us: int) -> int:
    """The number of the list at that moment."""
    lives = register.lives.values()
    return sum(len(one.steps) + sum(edition.came_to_hold(now_us) for edition in one.editions) for one in lives)


def listed_editions(register: DocumentRegister, now_us: int) -> tuple[ListedEdition, ...]:
    """Of each document the edition that holds, or that held last and was withdrawn, and those that will hold."""
    return tuple(one for life in register.lives.values() for one in _of(life, now_us))


def _of(life: Life, now_us: int) -> Iterator[ListedEdition]:
    came = [one for one in life.editions if one.came_to_hold(now_us)]
    last = came[-1] if came else None
    if last is not None:
        yield _listed(life, last, EFFECTIVE if life.holding(now_us) is last else WITHDRAWN)
    for one in life.editions[last.number if last is not None else 0 :]:
        if one.stage is EditionState.APPROVED:
            yield _listed(life, one, APPROVED)


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
    )


def ended_texts(register: DocumentRegister, listed: tuple[ListedEdition, ...]) -> dict[str, int]:
    """Digest -> size of the texts that once held and that no station needs now."""
    needed = {one.sha256 for one in listed if one.is_wanted}
    once = (one for life in register.lives.values() for one in life.editions if one.holds_us is not None)
    return {one.draft.sha256: one.draft.size for one in once if one.draft.sha256 not in needed}
