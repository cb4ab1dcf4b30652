"""Pages: the listed editions in JSON, at most 60,000 bytes a page.

A document has its page by a digest of its id (and of its line, where it has a text for each), so that a document which
changes changes one page and no other, however many there are. How many pages there are (1, 2, 4 … 64) follows from what
is listed: the fewest that hold it. The same editions give the same pages, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from pydantic import ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.distribution.listing import ListedEdition

MOST_PAGE_BYTES = 60_000
MOST_PAGES = 64
MOST_LISTED = 1000
"""Editions on a page: none is written in fewer than 60 bytes."""


class BadPage(ValueError):
    """These bytes are no page; the text says why."""


class TooManyDocuments(Exception):
    """More than the pages hold; the text says what to do."""


def pages_of(entries: Iterable[ListedEdition]) -> list[bytes]:
    """The pages. Raises `TooManyDocuments`."""
    ordered = sorted(entries, key=lambda one: (one.id, one.edition, one.line or ""))
    written = [(_place(one), one.model_dump_json(exclude_none=True).encode("utf-8")) for one in ordered]
    least = sum(len(line) + 1 for _, line in written) // MOST_PAGE_BYTES
    for count in (1, 2, 4, 8, 16, 32, MOST_PAGES):
        if count < least:
            continue  # they can't hold it, however it falls
        lines: list[list[bytes]] = [[] for _ in range(count)]
        for place, line in written:
            lines[place % count].append(line)
        pages = list(map(_page, lines))
        if all(len(page) <= MOST_PAGE_BYTES for page in pages):
            return pages
    raise TooManyDocuments(
        f"{len(ordered):,} editions hold or will, which is more than {MOST_PAGES} pages of {MOST_PAGE_BYTES:,} bytes "
        "take: withdraw those that nobody works by any more"
    )


def _place(one: ListedEdition) -> int:
    """Texts for many lines don't fit on one page together."""
    place = one.id if one.line is None else f"{one.id}\n{one.line}"
    return int.from_bytes(hashlib.sha256(place.encode("utf-8")).digest()[:4])


def _page(lines: Sequence[bytes]) -> bytes:
    return b'{"documents":[' + b",".join(lines) + b"]}"


def page_digest(page: bytes) -> str:
    """What a root names it by."""
    return hashlib.sha256(page).hexdigest()


def open_page(payload: bytes) -> tuple[ListedEdition, ...]:
    """The editions on a page. Raises `BadPage`."""
    if len(payload) > MOST_PAGE_BYTES:
        raise BadPage(f"it has {len(payload):,} bytes; a page has {MOST_PAGE_BYTES:,} at most")
    try:
        found = strict_json.parse_object(payload).get("documents")
    except strict_json.BadJson as error:
        raise BadPage(f"it is none: {error}") from error
    if not isinstance(found, list) or len(found) > MOST_LISTED:
        raise BadPage(f"it is none: documents must be a list of at most {MOST_LISTED} editions")
    return tuple(_listed(number, one) for number, one in enumerate(found, 1))


def _listed(number: int, one: strict_json.Json) -> ListedEdition:
    try:
        # As JSON, whose reading takes no text for a number.
        return ListedEdition.model_validate_json(json.dumps(one), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadPage(f"its entry {number} is none: {where}: {first['msg']}") from error
