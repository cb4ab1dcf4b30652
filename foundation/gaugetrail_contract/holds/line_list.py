"""Root and pages of one line's list. Its number is how many words on states the collector knows, which only rises; what
is said again counts by its time.
"""

from __future__ import annotations

from collections.abc import Iterable

from gaugetrail_contract.distribution.root import DocumentsRoot, SignedRoot, open_root, root_of, write_root
from gaugetrail_contract.distribution.spreading import entries_on, spread
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.signing import Signer

KIND = "holds"
NAME = "held"


def hold_pages(entries: Iterable[ListedState]) -> list[bytes] | None:
    """The pages; null where more is held than they take."""
    ordered = sorted(entries, key=lambda one: one.place)
    return spread([(one.place, one.model_dump_json(exclude_none=True).encode("utf-8")) for one in ordered], NAME)


def open_hold_page(payload: bytes) -> tuple[ListedState, ...]:
    """What stands on a page. Raises `BadPage`."""
    return entries_on(payload, NAME, ListedState)


def hold_root(pages: list[bytes], words: int, now_us: int) -> DocumentsRoot:
    """The root over these pages, of so many words."""
    return root_of(pages, words, now_us)


def write_hold_root(root: DocumentsRoot, signer: Signer, collector: str, line: str) -> bytes:
    """The payload, signed for that line alone."""
    return write_root(root, signer, collector, kind=KIND, to=line)


def open_hold_root(payload: bytes, line: str) -> SignedRoot:
    """The root of a message for that line. Raises `BadRoot`."""
    return open_root(payload, kind=KIND, to=line)
