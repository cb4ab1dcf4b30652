"""Parquet for data scientists: the rows of `record_rows`, typed. The only module that meets pyarrow, which is an extra.

Texts stay texts, digits as sealed; beside `value`, `nominal`, `lsl` and `usl` stand the same as floats, named
`value_number` and so on. Times are timestamps, UTC unless a zone is asked for. Row groups are
written as the records come, so memory stays flat.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from typing import Any, BinaryIO

from gaugetrail_collector.tracing import record_rows
from gaugetrail_collector.tracing.trace import Page

ROW_GROUP = 20_000
NUMBERS = ("value", "nominal", "lsl", "usl")
TIMES = ("time", "measured_time", "true_time")


class NoParquet(Exception):
    """pyarrow isn't installed; the text says how to have it."""


def write_parquet(pages: Iterable[Page], out: BinaryIO, zone: tzinfo = UTC) -> int:
    """One row a measurement, times of that zone. How many rows. Raises `NoParquet`."""
    pa, parquet = _library()
    kinds = {name: pa.string() for name in record_rows.COLUMNS}
    kinds |= dict.fromkeys(TIMES, pa.timestamp("us", tz=str(zone)))
    kinds |= {f"{name}_number": pa.float64() for name in NUMBERS}
    kinds["attempt"] = pa.int32()
    schema = pa.schema(list(kinds.items()))
    count = 0
    rows = (row for page in pages for row in record_rows.rows(page.known, page.amendments))
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while group := list(islice(_typed(rows), ROW_GROUP)):
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count += len(group)
    return count


def _typed(rows: Iterable[record_rows.Cells]) -> Iterator[dict[str, object]]:
    for row in rows:
        found: dict[str, object] = {name: text or None for name, text in row.items()}
        found |= {f"{name}_number": float(row[name]) for name in NUMBERS if row.get(name)}
        found |= {name: datetime.fromisoformat(row[name]) for name in TIMES if row.get(name)}
        if row.get("attempt"):
            found["attempt"] = int(row["attempt"])
        yield found


def _library() -> tuple[Any, Any]:
    """pyarrow, met only when it is needed: it is large, and most collectors never export columns."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise NoParquet(
            "Parquet needs pyarrow, which is not installed here: pip install 'gaugetrail[collector,parquet]'"
        ) from error
    return pa, parquet
