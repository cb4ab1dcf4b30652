"""The control limits of a station, from the documents in force; a text that it can't judge by is a remark.

Promise: without limits in force values are recorded as ever, and none is guessed: two documents for the same place
contradict each other, and neither judges.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from pathlib import Path

from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.station.given.limits_here import LimitsHere, limits_here, narrowest_first
from gaugetrail_agent.station.setup import StationTable
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.limits import LimitsDocument
from gaugetrail_contract.settings import ConfigError, settings_in
from gaugetrail_statistics.refusing import Refused

MOST_READ = 1_000


def station_limits(shelf: DocumentShelf, table: StationTable) -> tuple[tuple[LimitsHere, ...], tuple[str, ...]]:
    """What the station judges by at this moment, and what keeps a document in force from it."""
    found: list[LimitsHere] = []
    remarks: list[str] = []
    for standing in shelf.here.of_kind("limits"):
        edition = standing.edition
        if standing.how not in ("holds", "not_here") or edition is None:
            continue
        try:
            document = _document(shelf, edition)
            if _is_for(document, table):
                found.append(limits_here(edition, document))
        except Refused as refused:
            remarks.append(f"{table.name} judges no value by {edition}: {refused}")
    scopes = Counter(one.scope for one in found)
    remarks += (
        f"{table.name} judges no value by {one.edition}: another limits document in force is for the same place"
        for one in found
        if scopes[one.scope] > 1
    )
    return narrowest_first([one for one in found if scopes[one.scope] == 1]), tuple(remarks)


def _document(shelf: DocumentShelf, edition: ListedEdition) -> LimitsDocument:
    text = shelf.text(edition)
    if text is None:
        raise Refused("its text hasn't come to this PC yet")
    try:
        return _read(text, str(edition))
    except ConfigError as error:
        problem = error.problems[0]
        raise Refused(f"{problem.key}: {problem.message}" if problem.key else problem.message) from error


@lru_cache(MOST_READ)
def _read(text: bytes, name: str) -> LimitsDocument:
    """A text is read once: what comes changes few of many."""
    return settings_in(LimitsDocument, text, Path(name)).settings


def _is_for(document: LimitsDocument, table: StationTable) -> bool:
    return document.station in (None, table.name) and document.operation in (None, table.operation)
