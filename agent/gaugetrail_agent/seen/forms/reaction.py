"""What a bad part, a chart or a gauge calls for: what happened, the steps, and the answers that end it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from gaugetrail_agent.languages.sentences import Sentence, SentenceValue, Worded, said
from gaugetrail_agent.station.memory.reactions import OpenReaction
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.reactions.asking import lacking_roles, waiting
from gaugetrail_agent.station.workflow.reactions.showing import document_of, happened, steps_of, who
from gaugetrail_contract.documents.reaction import ReactionCode

AnswerOf = Literal["cause", "action", "badge"]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One answer that is wanted: `given` once it is, its tiles while it is asked."""

    of: AnswerOf
    now: bool
    given: str = ""
    means: Sentence | None = None
    """What the code that was given means."""
    tiles: tuple[Choice, ...] = ()
    role: Sentence | None = None
    """Whose badge."""


@dataclass(frozen=True, slots=True)
class ReactionForm:
    """All of it."""

    what: Sentence
    document: str
    """With its revision; empty where the plan's own words say what to do."""
    steps: tuple[Sentence, ...]
    holds: tuple[str, ...]
    answers: tuple[AnswerRow, ...]
    kind: str = "reaction"


def reaction_form(setup: Setup, state: StationState) -> ReactionForm | None:
    """Of the reaction that waits."""
    one = waiting(state)
    if one is None:
        return None
    here = setup.reactions.get(one.document or "")
    document = "" if here is None else f"{here.edition.id} {here.edition.revision}"
    return ReactionForm(happened(one), document, steps_of(setup, one), one.holds, tuple(_answers(setup, state, one)))


def _answers(setup: Setup, state: StationState, one: OpenReaction) -> Iterator[AnswerRow]:
    plan = document_of(setup, one)
    wants_action = one.acknowledge == "cause_and_action"
    yield _answer("cause", one.cause, () if plan is None else plan.cause, now=one.cause is None)
    if wants_action:
        now = one.cause is not None and one.action is None
        yield _answer("action", one.action, () if plan is None else plan.action, now=now)
    answered = one.cause is not None and (one.action is not None or not wants_action)
    for badge in one.confirmed:
        yield AnswerRow("badge", now=False, given=badge)
    for number, role in enumerate(lacking_roles(setup, state, one)):
        yield AnswerRow("badge", now=answered and number == 0, role=_role(who(role)))


def _answer(of: AnswerOf, given: str | None, codes: Sequence[ReactionCode], *, now: bool) -> AnswerRow:
    meant = next((_means(code) for code in codes if code.code == given), None)
    tiles = tuple(Choice(code.code, _means(code)) for code in codes)
    return AnswerRow(of, now, given or "", meant, tiles if given is None else ())


def _means(code: ReactionCode) -> Sentence:
    return said("reaction.code", what=Worded(code.what))


def _role(who_it_is: SentenceValue) -> Sentence:
    return said("reaction.code", what=who_it_is)
