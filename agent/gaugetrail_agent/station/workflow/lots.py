"""Lots that are split and merged, as guided steps: each becomes an event that a trace follows both ways. Pure.

    %SPLIT:L7        then each lot that it becomes, then %DONE
    %MERGE:L9        then each lot that goes into it, then %DONE

Promise: nothing is said of a lot before the last step, and %CANCEL leaves all as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import Scanned
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_contract.events.genealogy import MOST_MEMBERS, LotMerge, LotSplit
from gaugetrail_contract.record import Subject
from gaugetrail_contract.text import refuse_identifier

SPLIT = "%SPLIT"
MERGE = "%MERGE"
DONE = "%DONE"
ABOUT_LOTS = "lots"


@dataclass(frozen=True, slots=True)
class LotsInHand:
    """What has been said so far: of which lot, and the others."""

    word: str
    lot: str = ""
    others: tuple[str, ...] = ()


def split(setup: Setup, state: StationState, event: Scanned, lot: str) -> Step:
    """A lot becomes several."""
    return _begun(state, LotsInHand(SPLIT), lot)


def merge(setup: Setup, state: StationState, event: Scanned, lot: str) -> Step:
    """Several lots become one."""
    return _begun(state, LotsInHand(MERGE), lot)


def lots_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """The next lot, or that these were all."""
    text, so_far = event.text.strip(), dialog.data
    assert isinstance(so_far, LotsInHand), "it was put there when the question was"
    if text.upper() != DONE:
        return _taken(state, so_far, text)
    fewest = 2 if so_far.word == MERGE else 1
    if len(so_far.others) < fewest:
        return say(state, "amber", said("lots.too_few"))
    return _told(setup, state, so_far)


def _begun(state: StationState, so_far: LotsInHand, lot: str) -> Step:
    if state.unit is not None:
        return say(state, "amber", said("sampling.between_units"))
    return _taken(state, so_far, lot) if lot else _asked(state, so_far)


def _taken(state: StationState, so_far: LotsInHand, lot: str) -> Step:
    reason = refuse_identifier(lot)
    if reason is not None:
        return say(state, "amber", said("note.unusable", reason=reason))
    if lot == so_far.lot or lot in so_far.others:
        return say(state, "amber", said("lots.twice", lot=lot))
    if len(so_far.others) == MOST_MEMBERS:
        return say(state, "amber", said("lots.too_many", most=str(MOST_MEMBERS), done=DONE))
    now = replace(so_far, others=(*so_far.others, lot)) if so_far.lot else replace(so_far, lot=lot)
    return _asked(state, now)


def _asked(state: StationState, so_far: LotsInHand) -> Step:
    done = (Choice(DONE, said("lots.done")),) if so_far.others else ()
    dialog = Dialog(ABOUT_LOTS, _asks(so_far), done, so_far, takes_unit=True)
    return replace(state, dialog=dialog, light="off", says=None), ()


def _asks(so_far: LotsInHand) -> Sentence:
    others = ", ".join(so_far.others[-3:]) or "-"
    if not so_far.lot:
        return said("lots.split_which") if so_far.word == SPLIT else said("lots.merge_which")
    if so_far.word == SPLIT:
        return said("lots.split_into", lot=so_far.lot, others=others, done=DONE)
    return said("lots.merge_from", lot=so_far.lot, others=others, done=DONE)


def _told(setup: Setup, state: StationState, so_far: LotsInHand) -> Step:
    payload = LotSplit(into=so_far.others) if so_far.word == SPLIT else LotMerge.model_validate({"from": so_far.others})
    body = event_here(setup, payload, Subject(kind="lot", id=so_far.lot), by=state.operator)
    says = said("lots.kept", lot=so_far.lot, others=", ".join(so_far.others)[:200])
    return replace(state, dialog=None, light="off", says=says), (TellEvent(body, sure=True),)
