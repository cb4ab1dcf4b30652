"""Somebody with a role lets measure what the station refuses: with a reason, in the record, as an event. Pure.

    %ALLOW:the laboratory is full until Monday        whoever stands there says why
    QE-3                                              then the badge of whoever may allow it

Promise: exactly what was refused last is allowed, and nothing else: that gauge for that characteristic and unit, or
that person, or that plan; these two until somebody else is at the station. Nobody allows what they are refused
themselves, and without a people list nobody has a role. Each allowance is an event, found under both people, gauge,
plan and unit; each record that it concerns says it, too (`override`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gaugetrail_agent.languages.sentences import ENGLISH, Sentence, said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.locks.plan_locks import is_on_plan
from gaugetrail_agent.station.locks.roles_here import role_among, roles_said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellEvent, UnlockPin
from gaugetrail_agent.station.words.notice import Light
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import LiftedLock, Lock, LockKey
from gaugetrail_contract.events.station import StationOverridden
from gaugetrail_contract.record import EventBody, Override, Subject
from gaugetrail_contract.text import refuse_identifier

ALLOW = "%ALLOW"
LONGEST_REASON = 200
PIN_LOCKED = "pin.locked"
"""Too many wrong guesses: whoever allows it unlocks the person, who still has to know the PIN."""
NEVER = frozenset({"badge.unusable", "badge.unknown", "badge.no_role"})
"""What nobody allows: who isn't on the list, or has no role there that measures, can be entered there. Else an auditor,
who changes nothing, would write records.
"""


def locked(state: StationState, light: Light, lock: Lock) -> Step:
    """The lock is told, and may be lifted."""
    return say(replace(state, lock=lock, plea=None), light, lock.says)


def keys(allowed: Collection[LiftedLock]) -> frozenset[LockKey]:
    """What is allowed."""
    return frozenset(one.key for one in allowed)


def asks(text: str) -> bool:
    """Whether somebody asks that something be allowed."""
    return text.upper().partition(":")[0].strip() == ALLOW


def asked(setup: Setup, state: StationState, text: str) -> Step:
    """Why it should be allowed; then the badge is waited for."""
    reason = text.partition(":")[2].strip()[:LONGEST_REASON]
    lock = state.lock
    if lock is None or lock.key[0] in NEVER:
        return say(state, "amber", said("allow.nothing"))
    if setup.people is None or not setup.override_roles:
        return say(state, "amber", said("allow.nobody", lock=lock.says))
    if not reason or refuse_identifier(reason) is not None:
        return say(state, "amber", said("allow.no_reason", allow=ALLOW))
    says = said("allow.badge", roles=roles_said(setup.override_roles), lock=lock.says)
    return say(replace(state, plea=reason), "amber", says)


def answered_by(setup: Setup, state: StationState, badge: str) -> Step:
    """The badge of whoever may allow it, or not."""
    lock, reason = state.lock, state.plea
    assert lock is not None, "a plea is about a lock"
    assert reason is not None, "a badge answers a plea"
    refused = _may_not(setup, lock, badge)
    if refused is not None:
        return say(state, "amber", refused)
    why = f"{ENGLISH.text(lock.says)}: {reason}"
    allowed = LiftedLock(lock.key, Override(who=badge, why=why[:2000]))
    told = TellEvent(_event(setup, state, lock, badge, reason))
    count = state.overrides + 1
    state = replace(state, lock=None, plea=None, overrides=count, light="off", says=said("allow.allowed", badge=badge))
    if lock.key[0] == PIN_LOCKED:
        says = said("allow.unlocked", badge=badge, person=lock.key[1])
        return replace(state, says=says), (told, UnlockPin(lock.key[1]))
    if state.unit is not None:
        return replace(state, unit=replace(state.unit, allowed=(*state.unit.allowed, allowed))), (told,)
    if lock.key[0].startswith("badge."):
        person = lock.key[1]
        others = state.allowed if state.operator == person else ()
        says = said("allow.at_station", badge=badge, person=person)
        return replace(state, operator=person, allowed=(*others, allowed), says=says), (told,)
    return replace(state, allowed=(*state.allowed, allowed)), (told,)


def may_allow(setup: Setup, state: StationState, badge: str) -> bool:
    """Whether this badge may allow what was refused last."""
    return state.lock is not None and _may_not(setup, state.lock, badge) is None


def _may_not(setup: Setup, lock: Lock, badge: str) -> Sentence | None:
    person = None if setup.people is None else setup.people.get(badge)
    if person is None:
        return said("badge.unknown", badge=badge)
    if not set(setup.override_roles) & set(person.roles):
        return said("allow.no_role", badge=badge, roles=roles_said(setup.override_roles))
    return said("allow.oneself", badge=badge) if lock.key[1] == badge else None


def _event(setup: Setup, state: StationState, lock: Lock, badge: str, reason: str) -> EventBody:
    unit = state.unit
    person, unnamed = lock.key[0].startswith(("badge.", "pin.")), lock.says.id == "value.gauge_not_named"
    told = {
        "cause": lock.says.id,
        "refused": ENGLISH.text(lock.says)[:500],
        "why": reason,
        "operator": lock.key[1] if person else state.operator,
        "gauge": None if person or is_on_plan(lock.key) or unnamed else lock.key[1],
        "document": lock.key[1] if is_on_plan(lock.key) else None,
        "serial": None if unit is None else unit.ids.get("serial"),
        "lot": None if unit is None else unit.ids.get("lot"),
    }
    payload = StationOverridden.model_validate({key: value for key, value in told.items() if value is not None})
    return event_here(
        setup,
        payload,
        by=badge,
        role=role_among(setup, badge, setup.override_roles),
        reason=reason,
        subjects=(Subject(kind="person", id=badge),),
    )
