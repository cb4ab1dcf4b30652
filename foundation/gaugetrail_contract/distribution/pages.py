"""Pages of documents: the listed editions in JSON.

A document has its page by its id (and its line, where it has a text for each), so that a document which changes changes
one page and no other, however many there are.
"""

from __future__ import annotations

from collections.abc import Iterable

from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.distribution.spreading import MOST_PAGE_BYTES as MOST_PAGE_BYTES
from gaugetrail_contract.distribution.spreading import MOST_PAGES as MOST_PAGES
from gaugetrail_contract.distribution.spreading import BadPage as BadPage
from gaugetrail_contract.distribution.spreading import entries_on, spread
from gaugetrail_contract.distribution.spreading import page_digest as page_digest

NAME = "documents"


class TooManyDocuments(Exception):
    """More than the pages hold; the text says what to do."""


def pages_of(entries: Iterable[ListedEdition]) -> list[bytes]:
    """The pages. Raises `TooManyDocuments`."""
    ordered = sorted(entries, key=lambda one: (one.id, one.edition, one.line or ""))
    written = [(_place(one), one.model_dump_json(exclude_none=True).encode("utf-8")) for one in ordered]
    pages = spread(written, NAME)
    if pages is not None:
        return pages
    raise TooManyDocuments(
        f"{len(ordered):,} editions hold or will, which is more than {MOST_PAGES} pages of {MOST_PAGE_BYTES:,} bytes "
        "take: withdraw those that nobody works by any more"
    )


def _place(one: ListedEdition) -> str:
    """Texts for many lines don't fit on one page together."""
    return one.id if one.line is None else f"{one.id}\n{one.line}"


def open_page(payload: bytes) -> tuple[ListedEdition, ...]:
    """The editions on a page. Raises `BadPage`."""
    return entries_on(payload, NAME, ListedEdition)
