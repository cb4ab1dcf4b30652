"""Records out of the store for other programs: wire lines (the sealed bytes), CSV, Parquet. Streams.

JSON lines are the wire lines themselves, so that every seal can be proven again wherever they go; CSV and Parquet have
one row a measurement (see `record_rows`). A record whose seal doesn't hold is left out and named: it is evidence, not
data.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, tzinfo
from typing import BinaryIO

from gaugetrail_collector.tracing import record_rows
from gaugetrail_collector.tracing.csv_cells import CsvRows
from gaugetrail_collector.tracing.export_parquet import write_parquet
from gaugetrail_collector.tracing.trace import Known, Page
from gaugetrail_contract.seal import Sealed

Refused = Callable[[Known], None]
"""Told of each record that is left out."""


def sound(pages: Iterable[Page], refused: Refused) -> Iterator[Page]:
    """The pages without the records that can't be believed."""
    for page in pages:
        for known in page.known:
            if known.record is None:
                refused(known)
        kept = tuple(known for known in page.known if known.record is not None)
        yield Page(kept, page.amendments, page.next)


def write_lines(pages: Iterable[Page], out: BinaryIO, zone: tzinfo = UTC) -> int:
    """One wire line a record: every kind of record, in the order of time. How many. What is sealed knows no zone."""
    del zone
    count = 0
    for page in pages:
        for known in page.known:
            out.write(Sealed(known.row.sha256, known.row.data).line() + b"\n")
            count += 1
    return count


def write_csv(pages: Iterable[Page], out: BinaryIO, zone: tzinfo = UTC, *, raw: bool = False) -> int:
    """A heading, then one row a measurement, times in that zone. How many rows."""
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=True)
    written = CsvRows(text, raw=raw)
    count = sum(written.write(record_rows.rows(page.known, page.amendments, zone)) for page in pages)
    text.flush()
    text.detach()
    return count


FORMS: dict[str, Callable[[Iterable[Page], BinaryIO, tzinfo], int]] = {
    "jsonl": write_lines,
    "csv": write_csv,
    "parquet": write_parquet,
}
