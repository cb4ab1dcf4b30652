"""What an inspection was worked by, for a page: from a record to the texts and rows that held at its moment."""

from __future__ import annotations

from dataclasses import dataclass

from gaugetrail_collector.console.documents.contents import TextShown
from gaugetrail_collector.console.documents.known import KnownDocuments
from gaugetrail_collector.console.documents.one_document import WhetherValid, whether_valid
from gaugetrail_collector.documents.at_a_moment.rows_then import RowThen
from gaugetrail_collector.documents.at_a_moment.worked_by import FoundText, found_rows, found_texts, named_in, used_in
from gaugetrail_collector.documents.folding import DocumentRegister
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.question import Position, Window
from gaugetrail_collector.tracing.trace import read
from gaugetrail_contract.documents.editions import DocumentKind
from gaugetrail_contract.record import Inspection


@dataclass(frozen=True, slots=True)
class TextThen:
    """A text that the record names, and how it stands today."""

    found: FoundText
    text: TextShown | None
    today: WhetherValid | None


@dataclass(frozen=True, slots=True)
class WorkedBy:
    """One inspection with its texts, and the rows of its gauges and people; `unknown` stood in no document then."""

    record: Inspection
    texts: tuple[TextThen, ...]
    rows: tuple[RowThen, ...]
    unknown: tuple[tuple[DocumentKind, str], ...]


def worked_by(
    known: KnownDocuments, store: Store, register: DocumentRegister, place: Position, now_us: int
) -> WorkedBy | None:
    """Null where no inspection stands in that place that can be believed. Raises `StoreDown`."""
    window = Window(place.time_us, place.time_us + 1)
    rows_there = store.rows(place.agent, place.epoch, place.branch, window=window)
    there = (read(row).record for row in rows_there if row.seq == place.seq)
    inspection = next((one for one in there if isinstance(one, Inspection)), None)
    if inspection is None:
        return None
    used = list(used_in(inspection))
    rows = found_rows(store, register, used)
    in_documents = {(row.kind, row.id) for row in rows}
    return WorkedBy(
        inspection,
        tuple(_text(known, store, one, now_us) for one in found_texts(store, register, named_in(inspection))),
        tuple(rows),
        tuple((one.kind, one.id) for one in used if (one.kind, one.id) not in in_documents),
    )


def _text(known: KnownDocuments, store: Store, found: FoundText, now_us: int) -> TextThen:
    if found.content is None:
        return TextThen(found, None, None)
    kind = DocumentKind.PLAN if found.place is None else found.place[0].kind
    text = known.text(store, kind, found.named.sha256)
    return TextThen(found, text, None if found.place is None else whether_valid(*found.place, now_us))
