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


AS_ADMIN = (
    "run gaugetrail-collector store init with a token that may make it, the operator's or an all-access token of the "
    "organisation: --admin-file FILE, for this once"
)
BUCKET_RIGHTS = "give it read and write rights for this bucket (InfluxDB's own page: Load Data, API Tokens)"
_OTHER_ORG = (
    "there is no such organisation, or the token is another one's; set [store] org to its name as InfluxDB's own page "
    "shows it"
)
_REFUSALS = {
    401: "the token or password is not accepted",
    403: "this user may not do that; give it read and write rights",
    404: "there is no such database or bucket; create it",
}
_OF_1: Sequence[tuple[str, str]] = (
    (r"database not found", "there is no such database; create it: gaugetrail-collector store init"),
)
_OF_2: Sequence[tuple[str, str]] = (
    (r"organization.* not found", _OTHER_ORG),
    (r"bucket.* not found", "there is no such bucket; gaugetrail-collector store init makes it"),
    (r"write:orgs/\w+/(buckets|dbrp|authorizations) is unauthorized", f"this token may not make that; {AS_ADMIN}"),
    (r"is unauthorized|insufficient permissions", f"the token is known, but may not do that; {BUCKET_RIGHTS}"),
    (
        r"database not found|retention policy not found|dbrp mapping",
        "no database leads to this bucket; gaugetrail-collector store init maps it",
    ),
    (
        r"unauthorized access",
        "the token is not accepted: mistyped, deleted or another server's; look at [store] token_file",
    ),
)
"""What 2.x says, as it stands in its source (tenant, http/legacy, authorizer), and what to do about it."""


_TROUBLES = {
    408: "it gave the request up as too slow",
    429: "it is asked more than it allows; its limits are too low for this plant",
    500: "it has a fault of its own; look at its log",
    502: "what stands in front of it gets no answer from it",
    503: "it can't take requests now; it is starting, full or overloaded",
    504: "what stands in front of it waits in vain for its answer",
    507: "its disk is full",
}


def trouble(status: int) -> str:
    """What a server's own trouble means."""
    return _TROUBLES.get(status, "it doesn't do what it was asked")


def refusal(version: str, status: int, reason: str) -> str:
    """What a server's no asks for; empty where it is none of the known ones."""
    for pattern, words in {"1": _OF_1, "2": _OF_2}.get(version, ()):
        if re.search(pattern, reason, re.IGNORECASE):
            return words
    return _REFUSALS.get(status, "")


def hidden_bucket(database: str, org: str) -> str:
    """2.x leaves a bucket out that the token may not read, and says nothing of it."""
    return f"the organisation {org} shows this token no bucket {database}: there is none, or the token may not read it"


def plain(reason: str) -> str:
    """The server's reason with what it means behind it; as it is where it is none of the known ones."""
    for pattern, words in _WORDS:
        if re.search(pattern, reason, re.IGNORECASE):
            return f"{reason}: {words}"
    return reason
