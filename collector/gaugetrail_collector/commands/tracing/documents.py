"""`trace --documents`: what the records of an answer were worked by (`at_a_moment.worked_by`), each text once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict

from gaugetrail_collector.documents.at_a_moment.worked_by import (
    FoundText,
    NamedDocument,
    UsedThen,
    found_rows,
    found_texts,
    named_in,
    used_in,
)
from gaugetrail_collector.documents.folding import read_register
from gaugetrail_collector.stores import Store
from gaugetrail_collector.tracing.trace import Page, inspection_of
from gaugetrail_contract.documents.editions import Edition, Life
from gaugetrail_contract.documents.wording import minute
from gaugetrail_service.cli import say


class NamedDocuments:
    """Every document that an answer's inspections name, each once, in the order of their first record."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[NamedDocument, None] = {}
        self._used: dict[UsedThen, None] = {}

    def passed(self, pages: Iterable[Page]) -> Iterator[Page]:
        """The pages, looked at on their way."""
        for page in pages:
            for known in page.known:
                inspection = inspection_of(known)
                if inspection is not None:
                    self._found |= dict.fromkeys(named_in(inspection))
                    self._used |= dict.fromkeys(used_in(inspection))
            yield page

    def tell(self) -> None:
        """Each text for people, behind what is known of it."""
        register = read_register(self._store)
        for row in found_rows(self._store, register, self._used):
            say(f"then: {row}")
        for one in found_texts(self._store, register, self._found):
            say("")
            say(f"document {one.named.id} {one.named.revision}, sha256 {one.named.sha256}{_words(one)}")
            for line in (one.content or b"").decode("utf-8", "replace").splitlines():
                say(f"    {line}")

    def as_json(self) -> dict[str, object]:
        """For programs; the text is null where the store hasn't got it."""
        register = read_register(self._store)
        return {
            "documents": [_as_json(one) for one in found_texts(self._store, register, self._found)],
            "rows": [asdict(row) for row in found_rows(self._store, register, self._used)],
        }


def _as_json(one: FoundText) -> dict[str, object]:
    named = one.named
    entry: dict[str, object] = {"id": named.id, "revision": named.revision, "sha256": named.sha256}
    entry["text"] = None if one.content is None else one.content.decode("utf-8", "replace")
    if one.content is None:
        entry["reason"] = one.reason
    if one.place is not None:
        life, edition = one.place
        entry |= {"document": life.id, "kind": str(life.kind), "edition": edition.number}
    return entry


def _words(one: FoundText) -> str:
    if one.content is None:
        return f": {one.reason}: it was a file at the line PC and never taken in"
    return "" if one.place is None else _place_words(*one.place)


def _place_words(life: Life, edition: Edition) -> str:
    people = "".join(f", approved by {one.by} {minute(one.at_us)}" for one in edition.approvals)
    holds = "" if edition.holds_us is None else f", held from {minute(edition.holds_us)} on"
    return f": {life.kind} {life.id}, edition {edition.number}, by {edition.author}{people}{holds}"
