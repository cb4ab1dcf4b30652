"""The documents that hold at a station now, for whoever stands there to read: which there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from gaugetrail_agent.station.choosing.plan_choice import at_work
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.before_unit.instruction import shown_for
from gaugetrail_contract.distribution.listing import ListedEdition
from gaugetrail_contract.documents.head import named_document
from gaugetrail_contract.documents.plan import Plan

MOST_PAPERS = 40
PaperKind = Literal["plan", "instruction", "reaction", "order"]


@dataclass(frozen=True, slots=True)
class Paper:
    """One document, by the edition that holds."""

    kind: PaperKind
    id: str
    revision: str
    sha256: str
    title: str = ""


def papers_of(setup: Setup, state: StationState) -> tuple[Paper, ...]:
    """The plan in work, what it names, and the order; between units those of every plan."""
    setup = at_work(setup, state)
    plans = (setup.plan,) if state.unit is not None else setup.plans
    found = dict.fromkeys(islice(_papers(setup, state, plans), MOST_PAPERS * 4))
    return tuple(islice(found, MOST_PAPERS))


def _papers(setup: Setup, state: StationState, plans: Iterable[Plan]) -> Iterator[Paper]:
    if state.order is not None:
        yield _of_edition("order", state.order.edition, state.order.order.title)
    for plan in plans:
        yield Paper("plan", plan.ref.id, plan.ref.revision, plan.ref.sha256, plan.file.title)
        for one in plan.characteristics:
            shown = shown_for(setup, plan, state.unit, one)
            if shown is not None:
                title = setup.instructions[shown.edition.id].document.title
                yield _of_edition("instruction", shown.edition, title)
            mention = named_document(one.reaction, setup.reactions)
            reaction = None if mention is None else setup.reactions.get(mention.id)
            if reaction is not None:
                yield _of_edition("reaction", reaction.edition, reaction.document.title)


def _of_edition(kind: PaperKind, edition: ListedEdition, title: str) -> Paper:
    return Paper(kind, edition.id, edition.revision, edition.sha256, title)
