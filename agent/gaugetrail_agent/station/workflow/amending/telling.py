"""Who asked for an amendment, and who approved it, as events of the station.

The approval names the request by its record, which is known once that is in the spool; until then it is remembered. A
kill in between costs the approval, which nobody was told of, and the request waits for the office.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.locks.roles_here import role_among
from gaugetrail_agent.station.memory.amending import Amending, ApprovedHere
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import EventKept, Tick, Woke
from gaugetrail_agent.station.words.state import StationState, Step
from gaugetrail_agent.station.workflow.amending.choosing import ALL
from gaugetrail_agent.station.workflow.amending.wanted import AmendmentAsked
from gaugetrail_contract.amending.what import found_under, needs_approval, says
from gaugetrail_contract.amending.who import ASKS
from gaugetrail_contract.events.amendments import AmendmentApproved, AmendmentRequested
from gaugetrail_contract.record import Subject


def request_told(
    setup: Setup, state: StationState, asked: AmendmentAsked, approver: tuple[str, str] | None = None
) -> Step:
    """It is asked for. `approver`: whose badge says yes, and their role."""
    assert asked.found is not None, "it is asked of a record"
    record, field = asked.found.record, None if asked.field in ("", ALL) else asked.field
    payload = AmendmentRequested(
        target=record.id,
        target_sha256=asked.found.sha256,
        target_time=record.time,
        action=asked.action,
        field=field,
        old=says(record, field) if field is not None and asked.takes_new else None,
        new=asked.new or None,
    )
    body = event_here(
        setup,
        payload,
        Subject(kind="agent", id=record.agent),
        by=state.operator,
        role=role_among(setup, state.operator, ASKS),
        reason=asked.reason,
        subjects=found_under(record),
    )
    if approver is not None:
        waits = ApprovedHere(record.id, asked.action, asked.unit, *approver, field, payload.new)
        state = _with(state, Amending(waits))
    waits_for_office = needs_approval(asked.action)
    says_so = said("amend.asked", unit=asked.unit) if waits_for_office else said("amend.noted", unit=asked.unit)
    state = replace(state, light="off", says=says_so)
    return state, (TellEvent(body, sure=True),)


def request_kept(setup: Setup, state: StationState, event: EventKept) -> Step:
    """The request is in the spool: what was said of it at once can name it."""
    asked, waits = AmendmentRequested.read(event.body.payload), state.memory.amending.approved
    if asked is None or waits is None:
        return state, ()
    if (asked.target, asked.action, asked.field, asked.new) != (waits.target, waits.action, waits.field, waits.new):
        return state, ()
    approval, asked_in = AmendmentApproved(request=event.record), event.body
    body = event_here(setup, approval, asked_in.subject, by=waits.by, role=waits.role, subjects=asked_in.subjects)
    return _with(state, Amending()), (TellEvent(body, sure=True),)


def approval_kept(setup: Setup, state: StationState, event: EventKept) -> Step:
    """The approval is in the spool, and is told now: where the spool refuses it for a while, nobody was told before."""
    unit = next((one.id for one in event.body.subjects), "")
    return replace(state, light="off", says=said("amend.approved", badge=event.body.by or "", unit=unit)), ()


def approvals_stand(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """One whose request was recorded before the kill, and itself wasn't."""
    waits = state.memory.amending.approved
    if waits is None or isinstance(event, Tick):
        return state, ()
    says_so = said("amend.lost", badge=waits.by, unit=waits.unit)
    return replace(_with(state, Amending()), light="amber", says=says_so), ()


def _with(state: StationState, amending: Amending) -> StationState:
    return replace(state, memory=msgspec.structs.replace(state.memory, amending=amending))
