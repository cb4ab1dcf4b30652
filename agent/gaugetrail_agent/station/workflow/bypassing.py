"""An approved alternative control: what the plan's `[[bypass]]` says is measured instead, for a time. Pure.

    %BYPASS:BP-1 the bore gauge is at the laboratory       then the badge of a quality engineer or approver
    %BYPASS:OFF                                            the planned way again

Promise: only what the approved plan names is ever left out, by somebody with the role, and not for longer than it says;
the time goes by the monotonic clock, over restarts, too. Each unit that begins meanwhile is marked (`bypass`); what is
measured only then is measured of no other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.locks.roles_here import role_among, roles_said
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.bypasses import Bypasses, OpenBypass
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.dialog import Dialog
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.happening import Scanned, Tick, Woke
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.clock import to_the_minute, utc_text
from gaugetrail_contract.documents.bypass import AlternativeControl
from gaugetrail_contract.events.bypass import BypassSaid
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_contract.unit_states.changes import DECIDING

BYPASS = "%BYPASS"
OFF = "OFF"
ABOUT_BYPASS = "bypass"
NOTICE = "bypass "
HOUR_SECS, HOUR_US = 3600, 3_600_000_000


@dataclass(frozen=True, slots=True)
class BypassAsked:
    """What somebody wants to begin, and the badge that lets it is waited for."""

    plan: str
    id: str
    why: str


def bypass(setup: Setup, state: StationState, event: Scanned, text: str) -> Step:
    """Begin one, or end what is in force."""
    if state.unit is not None:
        return say(state, "amber", said("bypass.between_units"))
    if text.upper() == OFF:
        return _ended(setup, state, state.memory.bypasses.open, f"ended by {state.operator}", state.operator)
    name, _, why = text.partition(" ")
    found = _named(setup, name)
    if found is None:
        return say(state, "amber", said("bypass.unknown", bypass=BYPASS, there=", ".join(_names(setup)) or "-"))
    if not why.strip() or refuse_identifier(why.strip()) is not None:
        return say(state, "amber", said("bypass.no_reason", bypass=BYPASS, name=name))
    return _by_whom(setup, state, event, BypassAsked(*found, why.strip()), state.operator or "")


def bypass_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """The badge of whoever lets it."""
    asked = dialog.data
    assert isinstance(asked, BypassAsked), "whoever asks gives what was said so far"
    return _by_whom(setup, replace(state, dialog=None), event, asked, event.text.strip())


def by_alternative(setup: Setup, state: StationState, unit: Unit) -> tuple[StationState, Unit]:
    """The unit is marked, and what is wanted of it is what the alternative says; without one, nothing of it is."""
    plan = setup.plan if unit.plan is None else unit.plan
    if not plan.file.bypass:
        return state, unit
    now = Moment(unit.started_us, unit.started_ns, state.boot)
    found = _in_force(setup, state, plan.ref.id, now)
    extra = {name for one in plan.file.bypass for name in one.extra}
    wanted = {one.name for one in plan.characteristics} if unit.wanted is None else set(unit.wanted)
    if found is None:
        return state, replace(unit, wanted=frozenset(wanted - extra))
    if unit.wanted is None or wanted & set(found.instead_of):
        wanted = (wanted - extra - set(found.instead_of)) | set(found.extra)
    return state, replace(unit, wanted=frozenset(wanted), context={**unit.context, "bypass": found.id})


def bypasses_pass(setup: Setup, state: StationState, event: Tick | Woke) -> Step:
    """What has lasted as long as it may ends; what is in force is told."""
    over = tuple(
        one for one in state.memory.bypasses.open if _in_force(setup, state, one.plan, event.now, one.id) is None
    )
    state, effects = _ended(setup, state, over, "its time is over", None) if over else (state, ())
    others = {about: one for about, one in state.notices.items() if not about.startswith(NOTICE)}
    told = {
        f"{NOTICE}{one.plan}": Notice("amber", said("bypass.in_force", name=one.id, why=one.why))
        for one in state.memory.bypasses.open
    }
    notices = others | told
    return (state if notices == state.notices else replace(state, notices=notices)), effects


def _by_whom(setup: Setup, state: StationState, event: Scanned, asked: BypassAsked, badge: str) -> Step:
    role = role_among(setup, badge, DECIDING.roles)
    control = _control(setup, asked.plan, asked.id)
    if control is None:
        return say(state, "amber", said("bypass.unknown", bypass=BYPASS, there=", ".join(_names(setup)) or "-"))
    if role is None:
        roles = roles_said(sorted(DECIDING.roles))
        dialog = Dialog(ABOUT_BYPASS, said("bypass.badge", name=asked.id, roles=roles), (), asked, takes_badge=True)
        if state.dialog == dialog:
            return say(state, "amber", said("state.no_role", badge=badge, roles=roles))
        return replace(state, dialog=dialog), ()
    began = Moment(event.at_us, event.mono_ns, state.boot)
    mine = OpenBypass(asked.plan, asked.id, asked.why, badge, began)
    others = tuple(one for one in state.memory.bypasses.open if one.plan != asked.plan)
    until = utc_text(event.at_us + int(control.most_hours * HOUR_US))
    says = said("bypass.begun", name=asked.id, until=to_the_minute(until))
    state = replace(_with(state, (*others, mine)), light="off", says=says)
    return state, (_told(setup, mine, control, "begun", asked.why, badge, role, until),)


def _ended(setup: Setup, state: StationState, over: tuple[OpenBypass, ...], why: str, by: str | None) -> Step:
    if not over:
        return say(state, "amber", said("bypass.nothing"))
    rest = tuple(one for one in state.memory.bypasses.open if one not in over)
    names = ", ".join(one.id for one in over)
    state = replace(_with(state, rest), says=said("bypass.ended", name=names))
    return state, tuple(_told(setup, one, _control(setup, one.plan, one.id), "ended", why, by) for one in over)


def _in_force(
    setup: Setup, state: StationState, plan: str, now: Moment, name: str | None = None
) -> AlternativeControl | None:
    """The plan's alternative that holds at that moment. One that another edition doesn't name any more has ended."""
    mine = next((one for one in state.memory.bypasses.open if one.plan == plan and name in (None, one.id)), None)
    control = None if mine is None else _control(setup, plan, mine.id)
    if mine is None or control is None:
        return None
    return control if mine.began.secs_until(now) < control.most_hours * HOUR_SECS else None


def _control(setup: Setup, plan: str, name: str) -> AlternativeControl | None:
    found = (one for each in setup.plans if each.ref.id == plan for one in each.file.bypass)
    return next((one for one in found if one.id == name), None)


def _named(setup: Setup, name: str) -> tuple[str, str] | None:
    """Plan and id of the alternative that is called so."""
    found = ((plan.ref.id, one.id) for plan in setup.plans for one in plan.file.bypass)
    return next((one for one in found if one[1].upper() == name.upper()), None)


def _names(setup: Setup) -> list[str]:
    return list(dict.fromkeys(one.id for plan in setup.plans for one in plan.file.bypass))


def _with(state: StationState, bypasses: tuple[OpenBypass, ...]) -> StationState:
    return replace(state, memory=msgspec.structs.replace(state.memory, bypasses=Bypasses(bypasses)))


def _told(
    setup: Setup,
    mine: OpenBypass,
    control: AlternativeControl | None,
    how: str,
    why: str,
    by: str | None,
    role: str | None = None,
    until: str | None = None,
) -> TellEvent:
    names = {} if control is None else {"instead_of": control.instead_of, "extra": control.extra}
    payload = BypassSaid.model_validate(
        {"id": mine.id, "plan": mine.plan, "state": how, "why": why, "until": until, "instead_of": (), **names}
    )
    return TellEvent(event_here(setup, payload, by=by, role=role), sure=True)
