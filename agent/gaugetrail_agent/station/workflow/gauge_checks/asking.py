"""A gauge is checked with its master, guided; and a gauge that was blocked is let measure again. Pure.

    %CHECK               which gauge, where there are several; then the master is measured with it
    %UNBLOCK:why         by whoever may find a gauge fit; else a check that passes does it

What a press sends is the master's value; what a gauge shows all the time is taken when somebody scans %OK.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec

from gaugetrail_agent.languages.sentences import ENGLISH, said
from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.locks.roles_here import role_among, roles_said
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.gauge_checks import BlockedGauge, CheckedGauges
from gaugetrail_agent.station.readings.entering import OK_CODE
from gaugetrail_agent.station.readings.measurement import fitness
from gaugetrail_agent.station.readings.placements import rule_of, used
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.signals.reactions_called import SignalSeen, opened
from gaugetrail_agent.station.words.dialog import Choice, Dialog
from gaugetrail_agent.station.words.effect import AskDevice, TellEvent
from gaugetrail_agent.station.words.happening import EventKept, Scanned, ValueCame
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.gauge_checks.due import CheckHere, checks_here
from gaugetrail_agent.station.workflow.gauge_checks.windows import fit_again, owed_checks
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.events.gauge_checks import GaugeChecked
from gaugetrail_contract.record import Subject
from gaugetrail_contract.text import refuse_identifier
from gaugetrail_contract.unit_states.changes import JUDGING

UNBLOCK = "%UNBLOCK"
ABOUT_CHECK, ABOUT_UNBLOCK = "gauge_check", "unblock"


@dataclass(frozen=True, slots=True)
class MasterWanted:
    """The master is being measured: by which plan, for what; `shown` is what the gauge shows all the time."""

    plan: str
    characteristic: str
    shown: ValueCame | None = None


@dataclass(frozen=True, slots=True)
class UnblockAsked:
    """Why a gauge should measure again, and which."""

    why: str
    gauge: str = ""


def check(setup: Setup, state: StationState, event: Scanned, name: str) -> Step:
    """The next check: the one that is named, the only one, or which of them."""
    if state.unit is not None:
        return say(state, "amber", said("check.between_units"))
    here = list(checks_here(setup, setup.plans))
    named = [one for one in here if name.upper() in (one.gauge.upper(), one.check.characteristic.upper())]
    found = named if name else here
    if not found:
        return say(state, "amber", said("check.none"))
    gauges = list(dict.fromkeys(one.gauge for one in found))
    if len(gauges) > 1:
        choices = tuple(Choice(one, said("check.gauge", gauge=one)) for one in gauges)
        return replace(state, dialog=Dialog(ABOUT_CHECK, said("check.which"), choices)), ()
    one = found[0]
    asks = said("check.measure", master=one.check.master, gauge=one.gauge, device=one.device)
    if rule_of(setup, one.device).fresh != "event":
        asks = said("check.measure_then", asks=asks, ok=OK_CODE)
    wanted = MasterWanted(one.plan.ref.id, one.check.characteristic)
    dialog = Dialog(ABOUT_CHECK, asks, data=wanted, takes_value=one.device)
    effects = (AskDevice(one.device, one.wanted.channel),) if rule_of(setup, one.device).asked else ()
    return replace(state, dialog=dialog, light="off"), effects


def check_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Which gauge; or that what it shows is the master's value."""
    wanted = dialog.data
    if not isinstance(wanted, MasterWanted):
        return check(setup, replace(state, dialog=None), event, event.text.strip())
    if event.text.strip().upper() == OK_CODE and wanted.shown is not None:
        return _measured(setup, state, wanted, wanted.shown)
    return say(state, "amber", dialog.asks)


def master_measured(setup: Setup, state: StationState, dialog: Dialog, event: ValueCame) -> Step:
    """What the gauge says while the master is wanted."""
    wanted = dialog.data
    assert isinstance(wanted, MasterWanted), "a value is asked for a master"
    if rule_of(setup, event.device).fresh == "event":
        return _measured(setup, state, wanted, event)
    return replace(state, dialog=replace(dialog, data=replace(wanted, shown=event))), ()


def _measured(setup: Setup, state: StationState, wanted: MasterWanted, event: ValueCame) -> Step:
    one = next(
        (
            each
            for each in checks_here(setup, setup.plans)
            if (each.plan.ref.id, each.check.characteristic) == (wanted.plan, wanted.characteristic)
        ),
        None,
    )
    if one is None:  # another edition has come, without it
        return say(replace(state, dialog=None), "amber", said("check.none"))
    fit, value = fitness(setup, one.wanted, event), event.reading.value
    if one.wanted.channel not in (None, event.reading.channel):
        return state, ()
    if value is None or (fit.trouble is not None and fit.lock is None):
        return say(state, "amber", fit.trouble or said("check.no_value", device=event.device))
    master = Unit({"serial": one.check.master}, event.at_us, event.mono_ns, plan=one.plan)
    state, told = used(setup, replace(state, dialog=None), master, one.wanted, event)
    state, effects = judged(setup, state, one, value, Moment(event.at_us, event.mono_ns, state.boot))
    return state, (told, *effects)


def judged(setup: Setup, state: StationState, one: CheckHere, value: str, now: Moment) -> Step:
    """A fail blocks at once; a pass counts from when its record is in the spool."""
    passed = one.check.holds(value)
    checks, at = state.memory.gauge_checks, utc_text(now.at_us)
    known = checks.of(one.gauge, one.check.characteristic)
    payload = GaugeChecked(
        result="pass" if passed else "fail",
        characteristic=one.check.characteristic,
        master=one.check.master,
        value=value,
        unit=one.wanted.unit,
        nominal=one.check.nominal,
        low=one.check.low,
        high=one.check.high,
        device=one.device,
        plan=one.plan.ref.id,
        last_good=known.good_at,
    )
    if passed:
        good = msgspec.structs.replace(
            known, good=now, good_at=at, shifts=state.memory.samples.happened.get("shift", 0), good_record=None
        )
        state = _with(state, checks.with_checks(one.gauge, one.check.characteristic, good))
        # No green: that is a part's, and a machine may go by it.
        state = replace(state, light="off", says=said("check.passed", gauge=one.gauge, value=value))
        return state, (_told(setup, state, one, payload),)
    says = said("check.failed", master=one.check.master, value=value, low=one.check.low, high=one.check.high)
    why = ENGLISH.text(says)[:200]
    checks = checks.with_blocked(one.gauge, BlockedGauge(why, one.check.characteristic, at))
    checks = checks.doubted(one.gauge, one.check.characteristic, at, why)
    state = _with(state, checks)
    signal = SignalSeen(
        ("gauge_check_failed",), at, one.check.characteristic, one.plan.file.part, value=value, gauge=one.gauge
    )
    state = replace(state, memory=opened(setup, state.memory, one.plan, signal), light="red", says=says)
    return state, (_told(setup, state, one, payload),)


def check_kept(setup: Setup, state: StationState, event: EventKept) -> Step:
    """The check's record is in the spool: what names it is told now."""
    payload = GaugeChecked.read(event.body.payload)
    if payload is None:
        return state, ()
    gauge, checks = event.body.subject.id, state.memory.gauge_checks
    known = msgspec.structs.replace(checks.of(gauge, payload.characteristic), last_record=event.record)
    if payload.result == "fail":
        checks = checks.with_checks(gauge, payload.characteristic, known)
        return owed_checks(setup, _with(state, checks), failed=(gauge, payload.characteristic, event.record))
    checks = checks.with_checks(gauge, payload.characteristic, msgspec.structs.replace(known, good_record=event.record))
    checks = checks.fit(gauge, checks.of(gauge, payload.characteristic).good_at or "")
    if gauge not in checks.blocked and state.held.blocked(gauge) is None:
        return _with(state, checks), ()
    lifted = fit_again(setup, gauge, f"master {payload.master}: {payload.value}", check=event.record, by=event.body.by)
    return _with(state, checks.with_blocked(gauge, None)), (lifted,)


# --- lifted by somebody


def unblock(setup: Setup, state: StationState, event: Scanned, why: str) -> Step:
    """A gauge that was blocked here is found fit by somebody who may."""
    blocked = _blocked(setup, state)
    if not blocked:
        return say(state, "amber", said("unblock.nothing"))
    if not why or refuse_identifier(why) is not None:
        return say(state, "amber", said("unblock.why", unblock=UNBLOCK))
    asked = UnblockAsked(why, blocked[0] if len(blocked) == 1 else "")
    return _unblocking(setup, state, asked, state.operator or "", event.at_us)


def _blocked(setup: Setup, state: StationState) -> tuple[str, ...]:
    """Gauges that are blocked here, and those of this station that are blocked elsewhere."""
    mine = (one.gauge for one in setup.devices.values() if one.gauge is not None)
    elsewhere = (gauge for gauge in mine if state.held.blocked(gauge) is not None)
    return tuple(dict.fromkeys((*state.memory.gauge_checks.blocked, *elsewhere)))


def unblock_answered(setup: Setup, state: StationState, dialog: Dialog, event: Scanned) -> Step:
    """Which gauge, or whose badge."""
    asked, text = dialog.data, event.text.strip()
    assert isinstance(asked, UnblockAsked), "whoever asks gives what was said so far"
    if not asked.gauge:
        found = next((one for one in _blocked(setup, state) if one.upper() == text.upper()), None)
        if found is None:
            return say(state, "amber", dialog.asks)
        return _unblocking(setup, state, replace(asked, gauge=found), state.operator or "", event.at_us)
    return _unblocking(setup, state, asked, text, event.at_us)


def _unblocking(setup: Setup, state: StationState, asked: UnblockAsked, badge: str, at_us: int) -> Step:
    if not asked.gauge:
        choices = tuple(Choice(one, said("check.gauge", gauge=one)) for one in _blocked(setup, state))
        return replace(state, dialog=Dialog(ABOUT_UNBLOCK, said("unblock.which"), choices, asked)), ()
    role = role_among(setup, badge, JUDGING.roles)
    if role is None:
        roles = roles_said(sorted(JUDGING.roles))
        dialog = Dialog(
            ABOUT_UNBLOCK, said("unblock.badge", gauge=asked.gauge, roles=roles), (), asked, takes_badge=True
        )
        if state.dialog == dialog:
            return say(state, "amber", said("state.no_role", badge=badge, roles=roles))
        return replace(state, dialog=dialog), ()
    lifted = fit_again(setup, asked.gauge, asked.why, by=badge, role=role)
    checks = state.memory.gauge_checks.with_blocked(asked.gauge, None).fit(asked.gauge, utc_text(at_us))
    state = _with(replace(state, dialog=None), checks)
    return say(state, "off", said("unblock.done", gauge=asked.gauge, badge=badge))[0], (lifted,)


def _with(state: StationState, checks: CheckedGauges) -> StationState:
    return replace(state, memory=msgspec.structs.replace(state.memory, gauge_checks=checks))


def _told(setup: Setup, state: StationState, one: CheckHere, payload: GaugeChecked) -> TellEvent:
    body = event_here(setup, payload, Subject(kind="gauge", id=one.gauge), by=state.operator)
    return TellEvent(body, sure=True)
