"""Everything known of an identifier, and every unit that shares one: asked by terms and time, answered from the seals.

Answers come from the sealed bytes in the store, never from fields copied beside them, so what is shown is what was
sealed. They come oldest first and page by page, each page with the amendments that were made to its records; the
originals stand unchanged. A record that was re-attributed to an identifier is part of its answer, too, beside the
amendment that says so, and stays in the answer of the old one. Within a page an agent's records stand as its spool had
them (see `epoch_order`). A record whose bytes can't be believed is part of the answer, and says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from gaugetrail_collector.stores import Row, Store
from gaugetrail_collector.stores.question import ALL_TIME, Asked, Position, Window
from gaugetrail_collector.tracing.effective import effective
from gaugetrail_collector.tracing.epoch_order import EpochOrder, in_order
from gaugetrail_contract.amending.what import ATTRIBUTED, GAUGE_OF
from gaugetrail_contract.record import Amendment, Event, Inspection, Part, Record, record_id
from gaugetrail_contract.record.model import IDENTIFIER_KINDS
from gaugetrail_contract.seal import BadRecord, Sealed, open_sealed

FIRST_PAGE = 100
NAME = re.compile("([^/]+)/([^/]+)/([1-9][0-9]{0,15})")
"""How a record is called: agent/epoch/seq."""
PAGE = 1000
"""Records of a page: few at first, for most answers are short and people wait."""
KINDS = (
    *("serial", "component", "record", "lot", "heat", "supplier_lot", "order", "fixture", "tool", "cavity"),
    *("gauge", "operator", "plan", "part", "station", "supplier", "customer", "agent"),
    *("document", "characteristic", "machine", "complaint", "audit"),
)
"""What can be asked for, the most telling first: of several terms, that one leads to the records."""


@dataclass(frozen=True, slots=True)
class Known:
    """A record as the store holds it, read; `broken` says why the bytes can't be believed, `misdated` that its time is
    of a wrong year.
    """

    row: Row
    record: Record | None
    broken: str | None = None
    misdated: str | None = None

    @property
    def id(self) -> str:
        """`agent/epoch/seq`, of a second history `agent/epoch/branch/seq`."""
        return self.row.id

    @property
    def named(self) -> str:
        """What its bytes, and amendments to it, call the record."""
        return record_id(self.row.agent, self.row.epoch, self.row.seq)

    def amended_by(self, other: Known) -> bool:
        """Whether the other record amends this one. Two histories have records of one name: the seal tells them apart;
        of a record that can't be believed the name is enough.
        """
        amendment = other.record
        if not isinstance(amendment, Amendment) or amendment.target != self.named:
            return False
        return self.record is None or amendment.target_sha256 == self.row.sha256

    def as_json(self, amendments: Iterable[Known] = ()) -> dict[str, object]:
        """For programs: the record's own fields, its seal, and which of the amendments are to it."""
        fields = with_every_key(self.record, json.loads(self.row.data)) if self.record is not None else {}
        amendments = list(amendments)
        amended = [other.id for other in amendments if self.amended_by(other)]
        now = effective(self, amendments) if amended else None
        return (
            {"id": self.id}
            | ({"branch": self.row.branch} if self.row.branch else {})
            | fields
            | {"sha256": self.row.sha256}
            | ({"amended_by": amended} if amended else {})
            | ({"effective": now.as_json()} if now is not None else {})
            | ({"misdated": self.misdated} if self.misdated else {})
            | ({"broken": self.broken} if self.broken else {})
        )


def with_every_key(part: Part, written: dict[str, Any]) -> dict[str, Any]:
    """What the bytes say, and null for each key of the model that they leave out: a program finds every key at its
    place. Keys that the model doesn't know stay as they came.
    """
    names = zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True)
    return {key: _with_every_key(getattr(part, name), written.get(key)) for name, key in names} | {
        key: value for key, value in written.items() if key not in part.__struct_encode_fields__
    }


def _with_every_key(value: object, written: Any) -> object:  # noqa: ANN401 - any JSON value
    if isinstance(value, Part) and isinstance(written, dict):
        return with_every_key(value, written)
    if isinstance(value, tuple) and isinstance(written, list):
        return [_with_every_key(one, inner) for one, inner in zip(value, written, strict=True)]
    return written if written is not None else list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True)
class Question:
    """Records that carry every one of the terms, within the window."""

    terms: tuple[Asked, ...] = ()
    window: Window = ALL_TIME

    @property
    def lead(self) -> Asked | None:
        """The term that the store is asked for; the others are held against what it gives."""
        return min(self.terms, key=lambda term: KINDS.index(term.kind) if term.kind in KINDS else -1, default=None)

    def takes(self, record: Record) -> bool:
        """Whether the record carries all terms."""
        return all(term.of(record) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of an answer; `next` is where the following one begins, null at the end."""

    known: tuple[Known, ...]
    amendments: tuple[Known, ...]
    next: Position | None


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of one identifier, each list oldest first."""

    identifier: str
    inspections: tuple[Known, ...]
    events: tuple[Known, ...]
    amendments: tuple[Known, ...]

    def __bool__(self) -> bool:
        """Whether anything is known at all."""
        return bool(self.inspections or self.events or self.amendments)

    def as_json(self) -> dict[str, object]:
        """For programs: the records' own fields, their seals, and their amendments beside them."""
        return {
            "identifier": self.identifier,
            "inspections": [one.as_json(self.amendments) for one in self.inspections],
            "events": [one.as_json(self.amendments) for one in self.events],
            "amendments": [one.as_json(self.amendments) for one in self.amendments],
        }


def ask(store: Store, question: Question, after: Position | None = None, *, moved: bool = False) -> Iterator[Known]:
    """The records that answer, streamed in order; with `moved` those, too, that amendments say belong to it, each
    before its amendment. Raises `StoreDown` or `StoreRefuses`.
    """
    for one in _met(store, question, after, moved=moved):
        yield from one.known


@dataclass(frozen=True, slots=True)
class _Met:
    """What a row of the search brings to the answer: itself, or a record that it re-attributes, or both."""

    position: Position
    known: tuple[Known, ...]


def _met(store: Store, question: Question, after: Position | None, *, moved: bool) -> Iterator[_Met]:
    lead, window = question.lead, question.window
    rows = store.search(lead, window, after)
    moved = moved and lead is not None and lead.kind in (None, "gauge", *IDENTIFIER_KINDS)
    if moved and window.until_us is not None:
        # An amendment comes later than what it is of.
        rows = chain(rows, store.search(lead, Window(window.until_us), after))
    for row in rows:
        known = read(row)
        own = window.holds(row.time_us) and (known.record is None or question.takes(known.record))
        brought = (*_moved_by(store, question, known), *((known,) if own else ())) if moved else (known,) * own
        if brought:
            yield _Met(row.position, brought)


def _moved_by(store: Store, question: Question, known: Known) -> tuple[Known, ...]:
    """The record that the amendment makes part of the answer, where it isn't by its own bytes."""
    amendment = known.record
    if not isinstance(amendment, Amendment) or not _moves(amendment.field):
        return ()
    target = target_of(store, amendment)
    if target is None or target.record is None or question.takes(target.record):
        return ()
    now = effective(target, amendments(store, [target]))
    holds = now is not None and question.window.holds(target.row.time_us) and question.takes(now.record)
    return (target,) if holds else ()


def _moves(field: str | None) -> bool:
    return field is not None and (field in ATTRIBUTED or field.startswith(GAUGE_OF))


def target_of(store: Store, amendment: Amendment) -> Known | None:
    """The record that an amendment is of; null where it isn't there, or can't be believed. A unit's is found by its
    serial, which is fast.
    """
    serials = [one.id for one in amendment.subjects if one.kind == "unit"]
    near = (row for serial in serials for row in store.search(Asked("serial", serial)))
    named = (row for row in (*near, *named_rows(store, amendment.target)) if row.sha256 == amendment.target_sha256)
    return next((one for one in map(read, named) if one.record is not None and one.named == amendment.target), None)


def named_rows(store: Store, name: str) -> list[Row]:
    """The records called so, `agent/epoch/seq`; none for what can be no such name."""
    match = NAME.fullmatch(name)
    return [] if match is None else store.named(match[1], match[2], int(match[3]))


def pages(store: Store, question: Question, after: Position | None = None, limit: int | None = None) -> Iterator[Page]:
    """The answer in pages, with amendments; at most `limit` rows of the search in all. There is always one page."""
    answer, left, page = _met(store, question, after, moved=True), limit, FIRST_PAGE
    order = EpochOrder(store)
    following = next(answer, None)
    while True:
        size = page if left is None else min(page, left)
        first = () if following is None else (following,)
        met = list(islice(chain(first, answer), size))
        following = next(answer, None)
        left = None if left is None else left - len(met)
        more = met[-1].position if met and following is not None else None
        known = list({one.row.position: one for each in met for one in each.known}.values())
        amended = amendments(store, known)
        yield Page(in_order(known, amended, order), amended, more)
        if more is None or left == 0:
            return
        page = PAGE


def amendments(store: Store, known: Iterable[Known]) -> tuple[Known, ...]:
    """What was amended in these records, and in those amendments."""
    found: dict[Position, Known] = {}
    names = [one.named for one in known]
    while names:
        rows = [row for row in store.amendments_of(names) if row.position not in found]
        found |= {row.position: read(row) for row in rows}
        names = [found[row.position].named for row in rows]
    return tuple(found.values())


def trace(store: Store, identifier: str, kind: str | None = None) -> Trace:
    """Everything known of an identifier, at once. Raises `StoreDown` or `StoreRefuses`."""
    return gathered(identifier, pages(store, Question((Asked(kind, identifier),))))


def gathered(identifier: str, parts: Iterable[Page]) -> Trace:
    """Pages put together, each record in its list."""
    inspections: list[Known] = []
    events: list[Known] = []
    amended: dict[str, Known] = {}
    for page in parts:
        for one in page.known:
            if isinstance(one.record, Amendment):
                amended[one.id] = one
            else:
                (events if isinstance(one.record, Event) else inspections).append(one)
        amended |= {one.id: one for one in page.amendments}
    in_order = sorted(amended.values(), key=lambda one: one.row.position)
    return Trace(identifier, tuple(inspections), tuple(events), tuple(in_order))


def read(row: Row) -> Known:
    """The record in a row, or why it can't be believed: bytes, or a place in the store that is not its own."""
    try:
        record = open_sealed(Sealed(row.sha256, row.data))
    except BadRecord as error:
        return Known(row, None, str(error))
    if (record.agent, record.epoch, record.seq) != (row.agent, row.epoch, row.seq):
        return Known(row, None, f"it is stored under this name, but says it is {record.id}")
    return Known(row, record)


def inspection_of(known: Known) -> Inspection | None:
    """The inspection in a record; null for any other record."""
    return known.record if isinstance(known.record, Inspection) else None
