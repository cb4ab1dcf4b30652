"""What is to be done is asked of whoever stands there: the cause, the action, the badges of those whom the steps name.

Each answer is on the disk before the next is asked for, so a restart asks only what is lacking. Nobody can leave it; a
call (%CALL:setter) or a note may be made meanwhile.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, Worded, said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.locks.roles_here import roles_of
from gaugetrail_agent.station.memory.reactions import OpenReaction
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import Recorded, Scanned, Tick, Woke
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.own_words import no_own_words
from gaugetrail_agent.station.workflow.reactions.showing import document_of, happened, to_do, who, with_shown
from gaugetrail_contract.documents.reaction import ReactionCode
from gaugetrail_contract.events.reactions import ReactionAcknowledged

ABOUT_REACTION = "reaction"
LONGEST = 200


# --- where it joins


def reactions_open(setup: Setup, state: StationState, event: Recorded) -> Step:
    """The record is in the spool: what it called for is shown and asked, with the record's id."""
    body = event.body
    if body is not None:
        mine = tuple(
            msgspec.structs.replace(one, record=event.record) if _is_of(one, body.started, body.serial) else one
            for one in state.memory.reactions.open
        )
        state = _with_open(state, mine)
    return asked_next(setup, with_shown(setup, state)), ()


def reaction_first(setup: Setup, state: StationState, unit: Unit) -> Sentence | None:
    """No unit before what waits is acknowledged."""
    waits = waiting(state)
    return None if waits is None else said("reaction.first", what=happened(waits))


def reaction_seen(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """What only was shown has been, once a unit is begun."""
    kept = tuple(one for one in state.memory.reactions.open if one.waits)
    return with_shown(setup, _with_open(state, kept)), unit


def reactions_stand(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What is open is asked again after a restart, and where something else was asked or done meanwhile."""
    return asked_next(setup, with_shown(setup, state)), ()


def asked_next(setup: Setup, state: StationState) -> StationState:
    """The oldest that waits is asked about, where nothing else is and no unit is in hand."""
    waits = waiting(state)
    if waits is None or state.dialog is not None or state.unit is not None or state.unfinished is not None:
        return state
    return replace(state, dialog=_dialog(setup, state, waits))


# --- answers


def reaction_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """A cause, an action or a badge."""
    waits = waiting(state)
    if waits is None:
        return replace(state, dialog=None), ()
    text = event.text.strip()
    if waits.cause is None:
        return _given(setup, state, waits, "cause", text)
    if waits.action is None and waits.acknowledge == "cause_and_action":
        return _given(setup, state, waits, "action", text)
    return _confirmed(setup, state, waits, text)


def _given(setup: Setup, state: StationState, waits: OpenReaction, what: str, text: str) -> Step:
    codes = {one.code.upper(): one.code for one in _codes(setup, waits, what)}
    if codes and text.upper() not in codes:
        return say(state, "amber", said("reaction.no_code", codes=", ".join(codes.values())))
    fault = no_own_words(setup, text[:LONGEST])
    if fault is not None:
        return say(state, "amber", fault)
    given = codes.get(text.upper(), text[:LONGEST])
    after = (
        msgspec.structs.replace(waits, cause=given) if what == "cause" else msgspec.structs.replace(waits, action=given)
    )
    return _gone_on(setup, state, waits, after)


def _confirmed(setup: Setup, state: StationState, waits: OpenReaction, badge: str) -> Step:
    roles = roles_of(setup, badge)
    lacking = lacking_roles(setup, state, waits)
    if not set(roles) & set(lacking):
        return say(state, "amber", said("reaction.other_role", badge=badge, role=who(lacking[0])))
    return _gone_on(setup, state, waits, msgspec.structs.replace(waits, confirmed=(*waits.confirmed, badge)))


def _gone_on(setup: Setup, state: StationState, before: OpenReaction, after: OpenReaction) -> Step:
    """The next answer is asked for; or all are given, and the event says so."""
    state = replace(state, dialog=None, light="off")
    if _lacks(setup, state, after):
        others = tuple(after if one is before else one for one in state.memory.reactions.open)
        return asked_next(setup, replace(_with_open(state, others), says=said("reaction.noted"))), ()
    others = tuple(one for one in state.memory.reactions.open if one is not before)
    more = any(one.waits for one in others)  # "go on" would be said too early
    says = said("reaction.noted") if more else said("reaction.acknowledged")
    state = replace(_with_open(state, others), says=says)
    return asked_next(setup, state), (_event(setup, state, after),)


def _lacks(setup: Setup, state: StationState, one: OpenReaction) -> bool:
    action = one.acknowledge == "cause_and_action" and one.action is None
    return one.cause is None or action or bool(lacking_roles(setup, state, one))


def lacking_roles(setup: Setup, state: StationState, one: OpenReaction) -> tuple[str, ...]:
    """Roles that the steps name, and nobody of them has shown a badge."""
    shown = {role for badge in (state.operator or "", *one.confirmed) for role in roles_of(setup, badge)}
    return tuple(role for role in one.confirm if role not in shown)


# --- what is asked


def _dialog(setup: Setup, state: StationState, one: OpenReaction) -> Dialog:
    what, steps = happened(one), to_do(setup, one)
    if one.cause is None:
        return _asking(setup, one, "cause", said("reaction.which_cause", what=what, steps=steps))
    if one.action is None and one.acknowledge == "cause_and_action":
        return _asking(setup, one, "action", said("reaction.which_action", what=what, steps=steps))
    role = who(lacking_roles(setup, state, one)[0])
    asks = said("reaction.which_badge", what=what, role=role)
    return Dialog(ABOUT_REACTION, asks, takes_badge=True, may_cancel=False)


def _asking(setup: Setup, one: OpenReaction, what: str, asks: Sentence) -> Dialog:
    codes = _codes(setup, one, what)
    choices = tuple(Choice(code.code, said("reaction.code", what=Worded(code.what))) for code in codes)
    return Dialog(ABOUT_REACTION, asks, choices, may_cancel=False)


def _codes(setup: Setup, one: OpenReaction, what: str) -> tuple[ReactionCode, ...]:
    document = document_of(setup, one)
    if document is None:
        return ()
    return document.cause if what == "cause" else document.action


# --- plainly


def _is_of(one: OpenReaction, at: str, serial: str | None) -> bool:
    return one.record is None and (one.at, one.serial) == (at, serial)


def waiting(state: StationState) -> OpenReaction | None:
    """The oldest that must be acknowledged before work goes on."""
    return next((one for one in state.memory.reactions.open if one.waits), None)


def _with_open(state: StationState, reactions: tuple[OpenReaction, ...]) -> StationState:
    if reactions == state.memory.reactions.open:
        return state
    matter = msgspec.structs.replace(state.memory.reactions, open=reactions)
    return replace(state, memory=msgspec.structs.replace(state.memory, reactions=matter))


def _event(setup: Setup, state: StationState, one: OpenReaction) -> TellEvent:
    here = setup.reactions.get(one.document or "")
    payload = ReactionAcknowledged(
        signal=one.signal,
        characteristics=one.characteristics,
        rule=one.rule,
        in_row=one.in_row,
        cause=one.cause,
        action=one.action,
        document=one.document,
        revision=None if here is None else here.edition.revision,
        sha256=None if here is None else here.edition.sha256,
        record=one.record,
        serial=one.serial,
        lot=one.lot,
        gauge=one.gauge,
        confirmed_by=one.confirmed,
    )
    role = next(iter(roles_of(setup, state.operator)), None)
    return TellEvent(event_here(setup, payload, by=state.operator, role=role), sure=True)
