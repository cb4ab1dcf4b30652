"""Controlled documents as a station finds them: listed editions and their texts, without a broker or a disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.distribution.in_force import DocumentsAtHand
from gaugetrail_contract.distribution.listing import ListedEdition

NOW = 1_795_867_200_000_000
HOUR = 3_600_000_000


def listed(document: str, text: str, edition: int = 1, state: str = "effective", **more: object) -> ListedEdition:
    """An edition whose revision is its number's letter."""
    said = {"kind": "plan", "revision": chr(64 + edition), "state": state, "effective": utc_text(NOW - HOUR)}
    digest = {"sha256": hashlib.sha256(text.encode()).hexdigest(), "size": len(text.encode())}
    return ListedEdition.model_validate({"id": document, "edition": edition, **said, **digest, **more})


def shelf(texts: Mapping[ListedEdition, str] | None, **more: object) -> DocumentShelf:
    """These editions are listed, and their texts are here but where one is empty; null: no list has come."""
    kept = {} if texts is None else {one.sha256: text.encode() for one, text in texts.items() if text}
    facts = {"entries": None if texts is None else tuple(texts), "texts": frozenset(kept), "now_us": NOW} | more
    return DocumentShelf(DocumentsAtHand(**facts), lambda one: kept.get(one.sha256), "root")  # type: ignore[arg-type]
