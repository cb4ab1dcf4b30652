"""The reaction documents that hold at a station. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field

from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.reaction import ReactionPlan


@dataclass(frozen=True, slots=True)
class ReactionHere:
    """An edition of a reaction document, and what it says."""

    edition: ListedEdition
    document: ReactionPlan = field(compare=False)
