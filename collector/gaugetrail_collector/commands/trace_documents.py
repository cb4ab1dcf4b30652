"""`trace --documents`: the texts that the records of an answer name by their digest, as they were approved, and the
rows of their gauges and people in the documents that were in force at the moment of each record.

A text comes from the store's records of documents. One that was never taken in there, because it was a file at the line
PC, is told as such; nothing with another digest is shown in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from gaugetrail_collector.commands.document_forms import minute
from gaugetrail_collector.documents.folding import DocumentRegister, read_register
from gaugetrail_collector.documents.rows_then import RowsThen, RowThen
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_collector.tracing.trace import Page, inspection_of
from gaugetrail_contract.documents.editions import DocumentKind, Edition, Life
from gaugetrail_contract.record import Inspection
from gaugetrail_service.cli import say


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A document as a record names it."""

    sha256: str
    id: str
    revision: str


class NamedDocuments:
    """Every document that an answer's inspections name, each once, in the order of their first record."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._found: dict[NamedDocument, None] = {}
        self._used: dict[tuple[DocumentKind, str, int], None] = {}
        """Gauges and people, each with the moment of its record."""

    def passed(self, pages: Iterable[Page]) -> Iterator[Page]:
        """The pages, looked at on their way."""
        for page in pages:
            for known in page.known:
                inspection = inspection_of(known)
                if inspection is not None:
                    self._found |= dict.fromkeys(_named(inspection))
                    self._used |= dict.fromkeys(_used(inspection))
            yield page

    def tell(self) -> None:
        """Each text for people, behind what is known of it."""
        register = read_register(self._store)
        for row in self._rows(register):
            say(f"then: {row}")
        for one, edition, text in self._looked_up(register):
            say("")
            say(f"document {one.id} {one.revision}, sha256 {one.sha256}{edition}")
            for line in text.splitlines():
                say(f"    {line}")

    def as_json(self) -> dict[str, object]:
        """For programs; the text is null where the store hasn't got it."""
        shown: list[dict[str, object]] = []
        register = read_register(self._store)
        for one in self._found:
            entry: dict[str, object] = {"id": one.id, "revision": one.revision, "sha256": one.sha256}
            try:
                entry["text"] = stored_text(self._store, one.sha256).decode("utf-8", "replace")
            except TextMissing as error:
                entry |= {"text": None, "reason": str(error)}
            if (place := _edition(register, one.sha256)) is not None:
                life, edition = place
                entry |= {"document": life.id, "kind": str(life.kind), "edition": edition.number}
            shown.append(entry)
        return {"documents": shown, "rows": [asdict(row) for row in self._rows(register)]}

    def _rows(self, register: DocumentRegister) -> list[RowThen]:
        """Each once, however many records it was the same for."""
        then = RowsThen(self._store, register)
        found = (row for kind, one, at_us in self._used for row in then.rows(kind, (one,), at_us))
        return list(dict.fromkeys(found))

    def _looked_up(self, register: DocumentRegister) -> Iterator[tuple[NamedDocument, str, str]]:
        for one in self._found:
            try:
                text = stored_text(self._store, one.sha256).decode("utf-8", "replace")
            except TextMissing as error:
                yield one, f": {error}: it was a file at the line PC and never taken in", ""
            else:
                yield one, _words(_edition(register, one.sha256)), text


def _named(inspection: Inspection) -> Iterator[NamedDocument]:
    yield NamedDocument(inspection.plan.sha256, inspection.plan.id, inspection.plan.revision)
    shown = inspection.instruction
    if shown is not None and shown.sha256 is not None:
        yield NamedDocument(shown.sha256, shown.id, shown.revision)


def _used(inspection: Inspection) -> Iterator[tuple[DocumentKind, str, int]]:
    at_us = inspection.time_us
    for gauge in dict.fromkeys(one.gauge for one in inspection.measurements):
        if gauge is not None:
            yield DocumentKind.GAUGES, gauge, at_us
    for person in (inspection.operator, inspection.verifier):
        if person is not None:
            yield DocumentKind.PEOPLE, person, at_us


def _edition(register: DocumentRegister, sha256: str) -> tuple[Life, Edition] | None:
    """The last edition that has this text."""
    found = [(life, one) for life in register.lives.values() for one in life.editions if one.draft.sha256 == sha256]
    return found[-1] if found else None


def _words(place: tuple[Life, Edition] | None) -> str:
    if place is None:
        return ""
    life, edition = place
    people = "".join(f", approved by {one.by} {minute(one.at_us)}" for one in edition.approvals)
    holds = "" if edition.holds_us is None else f", held from {minute(edition.holds_us)} on"
    return f": {life.kind} {life.id}, edition {edition.number}, by {edition.author}{people}{holds}"
