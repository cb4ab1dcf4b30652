"""The documents in force whose steps people at a station are shown: reactions and instructions. A text that can't be
read is a remark.

Promise: where a document isn't in force or can't be read, what the plan itself says is shown: nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.station.given.instructions_here import InstructionHere
from gaugetrail_agent.station.given.reactions_here import ReactionHere
from gaugetrail_agent.station.setup import StationTable
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.instruction import InstructionDocument
from gaugetrail_contract.documents.reaction import ReactionPlan
from gaugetrail_contract.settings import ConfigError, Settings, settings_in

MOST_READ = 1_000
S = TypeVar("S", bound=Settings)
H = TypeVar("H")
Remarks = tuple[str, ...]


def station_reactions(shelf: DocumentShelf, table: StationTable) -> tuple[dict[str, ReactionHere], Remarks]:
    """By id what the station reacts by at this moment, and what keeps a document in force from it."""
    return _in_force(shelf, table, "reaction", lambda edition, text: ReactionHere(edition, _read(ReactionPlan, text)))


def station_instructions(shelf: DocumentShelf, table: StationTable) -> tuple[dict[str, InstructionHere], Remarks]:
    """The same of instructions."""
    return _in_force(
        shelf, table, "instruction", lambda edition, text: InstructionHere(edition, _read(InstructionDocument, text))
    )


def _in_force(
    shelf: DocumentShelf, table: StationTable, kind: str, here: Callable[[ListedEdition, bytes], H]
) -> tuple[dict[str, H], Remarks]:
    found: dict[str, H] = {}
    remarks: list[str] = []
    for standing in shelf.here.of_kind(kind):
        edition = standing.edition
        if standing.how not in ("holds", "not_here") or edition is None:
            continue
        text = shelf.text(edition)
        if text is None:
            remarks.append(f"{table.name} shows no step of {edition}: its text hasn't come to this PC yet")
            continue
        try:
            found[edition.id] = here(edition, text)
        except ConfigError as error:
            problem = error.problems[0]
            where = f"{problem.key}: " if problem.key else ""
            remarks.append(f"{table.name} shows no step of {edition}: {where}{problem.message}")
    return found, tuple(remarks)


@lru_cache(MOST_READ)
def _parsed(model: type[Settings], text: bytes) -> Settings:
    """A text is read once: what comes changes few of many."""
    return settings_in(model, text, Path("document")).settings


def _read(model: type[S], text: bytes) -> S:
    said = _parsed(model, text)
    assert isinstance(said, model), "it is read by its own model"
    return said
