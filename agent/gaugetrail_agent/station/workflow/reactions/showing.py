"""An open reaction in words of whoever reads them: what happened, and step by step who does what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, SentenceValue, Term, Worded, said
from gaugetrail_agent.station.memory.reactions import OpenReaction
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.documents.people import ROLES
from gaugetrail_contract.documents.reaction import Reaction, ReactionPlan, ReactionStep

NOTICE = "reaction "
"""What is to be done is told under this and a number, as long as nothing is asked."""


def with_shown(setup: Setup, state: StationState) -> StationState:
    """What is to be done and asks for no answer stands among the notices; a state that tells the same is left."""
    others = {about: one for about, one in state.notices.items() if not about.startswith(NOTICE)}
    shown = [one for one in state.memory.reactions.open if not one.waits]
    notices = others | {f"{NOTICE}{number}": _notice(setup, one) for number, one in enumerate(shown, 1)}
    return state if notices == state.notices else replace(state, notices=notices)


def document_of(setup: Setup, one: OpenReaction) -> ReactionPlan | None:
    """The document in force now; another edition may have come since."""
    here = setup.reactions.get(one.document or "")
    return None if here is None else here.document


def happened(one: OpenReaction) -> Sentence:
    """What it was that called for it."""
    what, unit = _what(one), one.serial or one.lot or ""
    return said("reaction.of_unit", unit=unit, what=what) if unit else what


def _what(one: OpenReaction) -> Sentence:
    names, value, gauge = ", ".join(one.characteristics), one.value, one.gauge or ""
    match one.signal:
        case "first_piece_fail":
            return said("reaction.first_piece_fail", characteristic=names, value=value)
        case "fails_in_row":
            return said("reaction.fails_in_row", characteristic=names, value=value, count=one.in_row or 0)
        case "rule_signal":
            return said("reaction.rule_signal", characteristic=names, value=value, rule=one.rule or "")
        case "value_implausible":
            return said("reaction.value_implausible", characteristic=names, value=value)
        case "gauge_overdue":
            return said("reaction.gauge_overdue", characteristic=names, gauge=gauge)
        case "gauge_check_failed":
            return said("reaction.gauge_check_failed", characteristic=names, gauge=gauge)
        case "check_missed":
            return said("reaction.check_missed", characteristic=names)
        case _:
            return said("reaction.fail", characteristic=names, value=value)


def steps_of(setup: Setup, one: OpenReaction) -> tuple[Sentence, ...]:
    """Each step, in order; of a document that isn't in force any more, that it isn't."""
    document = document_of(setup, one)
    found = None if document is None else _reaction(document, one)
    if found is not None:
        return tuple(_step(number, step) for number, step in enumerate(found.step, 1))
    gone = said("reaction.gone", document=one.document or "")
    return (said("reaction.plan_says", text=one.text) if one.text else gone,)


def to_do(setup: Setup, one: OpenReaction) -> Sentence:
    """All of them as one."""
    first, *others = steps_of(setup, one)
    for step in others:
        first = said("reaction.and_then", first=first, then=step)
    return first


def _notice(setup: Setup, one: OpenReaction) -> Notice:
    return Notice("red", said("reaction.shown", what=happened(one), steps=to_do(setup, one)))


def _reaction(document: ReactionPlan, one: OpenReaction) -> Reaction | None:
    signals: Mapping[str, Reaction | None] = {
        signal: document.to(signal, in_row=one.in_row or 0, rule=one.rule)
        for reaction in document.on
        for signal in reaction.signal
    }
    return signals.get(one.signal)


def _step(number: int, step: ReactionStep) -> Sentence:
    says = said("reaction.step", number=number, who=who(step.who), what=Worded(step.what))
    if step.sort:
        says = said("reaction.sorting", step=says, sort=step.sort)
    if step.call:
        says = said("reaction.calling", step=says, who=any_of(step.call))
    return says


def who(name: str) -> SentenceValue:
    """A role in the reader's language; a function as the document calls it."""
    return Term(name.replace(" ", "_")) if name in ROLES else name


def any_of(names: tuple[str, ...]) -> SentenceValue:
    """These, with commas."""
    first, *others = (who(one) for one in names)
    for one in others:
        first = said("reaction.listed", first=first, then=one)
    return first
