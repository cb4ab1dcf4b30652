"""Entries of a list on pages of at most 60,000 bytes: of documents, and of what is held.

    {"<what the list is of>":[<entry>,…]}

An entry has its page by a digest of its place, so that one which changes changes one page and no other, however many
there are. How many pages there are (1, 2, 4 … 64) follows from what is listed: the fewest that hold it. The same
entries give the same pages, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TypeVar

from pydantic import ValidationError

from gaugetrail_contract import strict_json
from gaugetrail_contract.frozen import Frozen

MOST_PAGE_BYTES = 60_000
MOST_PAGES = 64
MOST_LISTED = 1000
"""Entries on a page: none is written in fewer than 60 bytes."""

Entry = TypeVar("Entry", bound=Frozen)


class BadPage(ValueError):
    """These bytes are no page; the text says why."""


def spread(written: Sequence[tuple[str, bytes]], name: str) -> list[bytes] | None:
    """The pages of `(place, entry)`; null where the entries need more than there may be."""
    placed = [(_number(place), entry) for place, entry in written]
    least = sum(len(entry) + 1 for _, entry in placed) // MOST_PAGE_BYTES
    for count in (1, 2, 4, 8, 16, 32, MOST_PAGES):
        if count < least:
            continue  # they can't hold it, however it falls
        on_page: list[list[bytes]] = [[] for _ in range(count)]
        for number, entry in placed:
            on_page[number % count].append(entry)
        pages = [_page(entries, name) for entries in on_page]
        if all(len(page) <= MOST_PAGE_BYTES for page in pages) and max(map(len, on_page)) <= MOST_LISTED:
            return pages
    return None


def _number(place: str) -> int:
    return int.from_bytes(hashlib.sha256(place.encode("utf-8")).digest()[:4])


def _page(entries: Sequence[bytes], name: str) -> bytes:
    return f'{{"{name}":['.encode("ascii") + b",".join(entries) + b"]}"


def page_digest(page: bytes) -> str:
    """What a root names it by."""
    return hashlib.sha256(page).hexdigest()


def entries_on(payload: bytes, name: str, form: type[Entry]) -> tuple[Entry, ...]:
    """The entries on a page. Raises `BadPage`."""
    if len(payload) > MOST_PAGE_BYTES:
        raise BadPage(f"it has {len(payload):,} bytes; a page has {MOST_PAGE_BYTES:,} at most")
    try:
        found = strict_json.parse_object(payload).get(name)
    except strict_json.BadJson as error:
        raise BadPage(f"it is none: {error}") from error
    if not isinstance(found, list) or len(found) > MOST_LISTED:
        raise BadPage(f"it is none: {name} must be a list of at most {MOST_LISTED} entries")
    return tuple(_entry(number, one, form) for number, one in enumerate(found, 1))


def _entry(number: int, one: strict_json.Json, form: type[Entry]) -> Entry:
    try:
        # As JSON, whose reading takes no text for a number.
        return form.model_validate_json(json.dumps(one), strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadPage(f"its entry {number} is none: {where}: {first['msg']}") from error
