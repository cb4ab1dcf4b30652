"""InfluxDB's refusals in plain words: what happened, and what a person can do about it."""

from __future__ import annotations

import re
from collections.abc import Sequence

_OTHER_TYPE = (
    "a field has another type in the database than Gaugetrail writes, so somebody else writes into this database, or "
    "did before; give Gaugetrail a database of its own, or drop that measurement"
)
_TOO_OLD = "it is older than the database keeps; lengthen the retention, or leave it set aside"
_TOO_MANY = (
    "the database's own limit of series or tag values is reached; look at `store stats`, clear out what isn't needed, "
    "or raise the limit in the server's settings"
)
_WORDS: Sequence[tuple[str, str]] = (
    (r"field type conflict|column type", _OTHER_TYPE),
    (r"retention", _TOO_OLD),
    (r"max-values-per-tag|max-series-per-database|max series|max values per tag", _TOO_MANY),
    (r"unable to parse|parsing failed", "the server doesn't understand the line; please report this"),
    (r"too large|max request size", "the record is larger than the server takes in one request"),
)


def plain(reason: str) -> str:
    """The server's reason with what it means behind it; as it is where it is none of the known ones."""
    for pattern, words in _WORDS:
        if re.search(pattern, reason, re.IGNORECASE):
            return f"{reason}: {words}"
    return reason
