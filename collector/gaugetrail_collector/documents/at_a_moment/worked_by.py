"""What an inspection was worked by: the texts that its record names by their digest, as they were approved, and the
rows of its gauges and people in the documents that were in force at its moment.

A text comes from the store's records of documents. One that was never taken in there, because it was a file at the line
PC, is told as such; nothing with another digest is shown in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gaugetrail_collector.documents.at_a_moment.rows_then import RowsThen, RowThen
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.documents.texts import TextMissing, stored_text
from gaugetrail_collector.stores import Store
from gaugetrail_contract.documents.editions import DocumentKind, Edition, Life
from gaugetrail_contract.record import Inspection


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A document as a record names it."""

    sha256: str
    id: str
    revision: str


@dataclass(frozen=True, slots=True)
class UsedThen:
    """A gauge or person of a record, and the moment of it."""

    kind: DocumentKind
    id: str
    at_us: int


@dataclass(frozen=True, slots=True)
class FoundText:
    """What the store has of a named document; `place` is the last edition with that text, null where none has it."""

    named: NamedDocument
    content: bytes | None
    reason: str = ""
    """Why there is no content."""
    place: tuple[Life, Edition] | None = None


def named_in(inspection: Inspection) -> Iterator[NamedDocument]:
    """The plan, and the instruction that was shown."""
    yield NamedDocument(inspection.plan.sha256, inspection.plan.id, inspection.plan.revision)
    shown = inspection.instruction
    if shown is not None and shown.sha256 is not None:
        yield NamedDocument(shown.sha256, shown.id, shown.revision)


def used_in(inspection: Inspection) -> Iterator[UsedThen]:
    """Its gauges, and who measured and verified."""
    at_us = inspection.time_us
    for gauge in dict.fromkeys(one.gauge for one in inspection.measurements):
        if gauge is not None:
            yield UsedThen(DocumentKind.GAUGES, gauge, at_us)
    for person in (inspection.operator, inspection.verifier):
        if person is not None:
            yield UsedThen(DocumentKind.PEOPLE, person, at_us)


def found_texts(store: Store, register: DocumentRegister, named: Iterable[NamedDocument]) -> Iterator[FoundText]:
    """Each with its text. Raises `StoreDown`."""
    for one in named:
        place = place_of(register, one.sha256)
        try:
            yield FoundText(one, stored_text(store, one.sha256), "", place)
        except TextMissing as error:
            yield FoundText(one, None, str(error), place)


def found_rows(store: Store, register: DocumentRegister, used: Iterable[UsedThen]) -> list[RowThen]:
    """Each row once, however many records it was the same for. Raises `StoreDown`."""
    then = RowsThen(store, register)
    return list(dict.fromkeys(row for one in used for row in then.rows(one.kind, (one.id,), one.at_us)))


def place_of(register: DocumentRegister, sha256: str) -> tuple[Life, Edition] | None:
    """The last edition that has this text."""
    found = [(life, one) for life in register.lives.values() for one in life.editions if one.draft.sha256 == sha256]
    return found[-1] if found else None
