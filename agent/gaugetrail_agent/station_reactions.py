"""The reaction documents in force for a station; a text that can't be read is a remark.

Promise: where a document isn't in force or can't be read, what the plan itself says of a failure is shown: nothing is
guessed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.station.reactions_here import ReactionHere
from gaugetrail_agent.station.setup import StationTable
from gaugetrail_contract.documents.reaction import ReactionPlan
from gaugetrail_contract.settings import ConfigError, settings_in

MOST_READ = 1_000


def station_reactions(shelf: DocumentShelf, table: StationTable) -> tuple[dict[str, ReactionHere], tuple[str, ...]]:
    """By id what the station reacts by at this moment, and what keeps a document in force from it."""
    found: dict[str, ReactionHere] = {}
    remarks: list[str] = []
    for standing in shelf.here.of_kind("reaction"):
        edition = standing.edition
        if standing.how not in ("holds", "not_here") or edition is None:
            continue
        text = shelf.text(edition)
        if text is None:
            remarks.append(f"{table.name} shows no step of {edition}: its text hasn't come to this PC yet")
            continue
        try:
            found[edition.id] = ReactionHere(edition, _read(text, str(edition)))
        except ConfigError as error:
            problem = error.problems[0]
            where = f"{problem.key}: " if problem.key else ""
            remarks.append(f"{table.name} shows no step of {edition}: {where}{problem.message}")
    return found, tuple(remarks)


@lru_cache(MOST_READ)
def _read(text: bytes, name: str) -> ReactionPlan:
    """A text is read once: what comes changes few of many."""
    return settings_in(ReactionPlan, text, Path(name)).settings
