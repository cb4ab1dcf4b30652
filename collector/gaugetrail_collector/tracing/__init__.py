"""Tracing: everything known of an identifier, and the same records as tables.

Promise: what is shown was read from the record's own bytes; a record whose seal doesn't hold is named, not believed.

Read `trace` (an identifier's records with their amendments), `genealogy` (what became part of what), `gauge_trace`
(from a gauge to its parts), `record_rows`, `export`, `export_parquet` and `trace_tables` (as tables), `copying` (into
another store), `time_words` and `limit_margin`.
"""
