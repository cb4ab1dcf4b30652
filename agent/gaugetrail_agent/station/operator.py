"""An operator's station: badge, unit, each characteristic of the plan; scanned, typed, or sent by a gauge.

What comes out of turn is answered with what is wanted now, and changes nothing. A value is taken only for the unit in
hand, from the device and channel that the plan names, when it is this part's (G9) and only when it is fit (G4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.reading import WITH_VALUE
from gaugetrail_agent.station.choosing.order_choice import (
    NO_ORDER,
    more_than_ordered,
    no_order,
    order_code,
    scanned_order,
    under_order,
)
from gaugetrail_agent.station.choosing.plan_choice import at_work, plan_for
from gaugetrail_agent.station.choosing.unit_code import bare_scan, identified, raw_of, unusable
from gaugetrail_agent.station.display import next_characteristic, prompt
from gaugetrail_agent.station.finishing import finish, still_open
from gaugetrail_agent.station.freshness import is_empty_pan, is_repeat
from gaugetrail_agent.station.locks.allowing import answered_by, asked, asks, keys, locked, may_allow
from gaugetrail_agent.station.locks.fitness import lock_on_badge, lock_on_person
from gaugetrail_agent.station.locks.pin_asking import LOGOFF, asked_for, at_station, is_for_pin, typed
from gaugetrail_agent.station.locks.plan_locks import freed, lock_on_plan
from gaugetrail_agent.station.readings.derived import underived, with_derived
from gaugetrail_agent.station.readings.entering import OK_CODE, as_compared, entered
from gaugetrail_agent.station.readings.measurement import Fitness, by_device, fitness, plausible_range
from gaugetrail_agent.station.readings.placements import (
    channel_of,
    made_before_scan,
    must_wait,
    one_of_several,
    rule_of,
    seen,
    used,
)
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import CANCEL, answered, kept, with_unit
from gaugetrail_agent.station.words.effect import AskDevice, CountBounce, KeepIt
from gaugetrail_agent.station.words.happening import Act, BatchCame, Scanned, UnitRecalled, ValueCame
from gaugetrail_agent.station.words.notice import Light
from gaugetrail_agent.station.words.state import StationState, Step, say
from gaugetrail_agent.station.words.unit import Lock, Unit, with_earlier
from gaugetrail_agent.station.workflow.commands import command_in, said_meanwhile
from gaugetrail_agent.station.workflow.dialogs import answer, answer_by_gauge
from gaugetrail_agent.station.workflow.hooks import (
    after_value,
    asked_of,
    begun,
    first_of_all,
    refused_unit,
    refused_value,
)
from gaugetrail_agent.station.workflow.sampling.reasons import not_due
from gaugetrail_agent.station.workflow.sampling.words import counted
from gaugetrail_agent.station.workflow.second_person import measured_through
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import InspectionBody, Measurement, Verdict


def by_operator(setup: Setup, state: StationState, event: Act) -> Step:
    """What happens to a station that somebody works at."""
    setup = at_work(setup, state)
    match event:
        case Scanned():
            return _scanned(setup, state, event)
        case ValueCame():
            return _measured(setup, state, event)
        case BatchCame():
            return say(state, "amber", said("block.no_automatic_station", device=event.device))


# --- what people scan and type


def _scanned(setup: Setup, state: StationState, given: Scanned) -> Step:
    found = bare_scan(given)
    if isinstance(found, Sentence):
        return say(state, "red", found)
    event, text = found, found.text
    if state.pin is not None:
        if is_for_pin(setup, state, given):
            return typed(state, state.pin, given)
        state = replace(state, pin=None)
    if setup.badge.fullmatch(text):
        return _badge(setup, state, event)
    return _said(setup, replace(state, plea=None), event, text)


def _said(setup: Setup, state: StationState, event: Scanned, text: str) -> Step:
    """What is no badge and no PIN."""
    if asks(text):
        return asked(setup, state, text)
    if text.upper() == LOGOFF and state.unit is None:
        return replace(state, operator=None, allowed=(), lock=None, light="off", says=said("badge.logged_off")), ()
    if state.operator is None:
        return say(state, "amber", said("badge.first", text=text))
    if state.dialog is not None and not said_meanwhile(text):
        return _and_on(setup, state, answer(setup, state, state.dialog, event))
    if (command := command_in(text)) is not None:
        return _and_on(setup, state, command[0](setup, state, event, command[1]))
    if state.unfinished is not None:
        state, effects = answered(setup, state, state.unfinished, event, text)
        if state.unit is None:
            return state, effects
        setup = at_work(setup, state)
        if not still_open(setup, state.unit):  # the second person was waited for
            return measured_through(setup, state, state.unit, event.mono_ns)
        return _go_on(setup, state)
    if state.unit is None:
        if setup.orders is not None and text.upper() == NO_ORDER:
            return no_order(state)
        if (order := order_code(setup, event)) is not None:
            return scanned_order(setup, state, event, order)
        return _unit(setup, state, event)
    return _with_unit(setup, state, state.unit, event, text)


def _badge(setup: Setup, state: StationState, event: Scanned) -> Step:
    text = event.text
    if state.dialog is not None and state.dialog.takes_badge and state.operator is not None:
        if text in state.pins and not state.dialog.badge_is_named:
            return asked_for(state, text, answers=True)
        return _and_on(setup, state, answer(setup, state, state.dialog, event))
    if state.plea is not None:
        # Who may not is told so at once; who may shows that it is they.
        has_to_prove = text in state.pins and may_allow(setup, state, text)
        return asked_for(state, text) if has_to_prove else answered_by(setup, state, text)
    if state.unit is not None:
        return _unfinished(state, state.unit)
    lock = lock_on_badge(setup, text, event.at_us)
    if lock is not None:
        return locked(state, "red", lock)
    return asked_for(state, text) if text in state.pins else at_station(state, text)


def with_fit_person(setup: Setup, state: StationState, now_us: int) -> StationState:
    """Whoever is at the station and may not work by this setup is logged off and told why. What was refused under the
    one before can't be allowed any more: it may hold no longer, or be another's matter.
    """
    lock, state = _lock_on_operator(setup, state, now_us), replace(state, lock=None, plea=None)
    return state if lock is None else replace(state, operator=None, allowed=(), light="amber", says=lock.says)


def _lock_on_operator(setup: Setup, state: StationState, at_us: int) -> Lock | None:
    lock = None if state.operator is None else lock_on_badge(setup, state.operator, at_us)
    return None if lock is None or lock.key in keys(state.allowed) else lock


def unit_recalled(setup: Setup, state: StationState, event: UnitRecalled) -> Step:
    """It is known how often the unit has been inspected here."""
    return _unit(at_work(setup, state), state, event.scan, event.count)


def _unit(setup: Setup, state: StationState, event: Scanned, been_here: int | None = None) -> Step:
    setup = freed(setup, state.allowed)
    named = identified(setup, event)
    found = named if isinstance(named, Sentence) else under_order(setup, state, named)
    if isinstance(found, Sentence):
        return say(replace(state, lock=None, plea=None), "red", found)
    work, ids = found
    plan = unusable(ids) or plan_for(setup, ids)
    if isinstance(plan, Sentence):
        return _not_begun(setup, state, plan)
    lock = _lock_on_operator(replace(setup, plan=plan, choice=()), state, event.at_us)
    if lock is not None:  # a qualification ends at midnight, a shift doesn't
        return locked(state, "red", lock)
    unit = Unit(ids, event.at_us, event.mono_ns, allowed=state.allowed, plan=plan, been_here=been_here)
    unit = replace(unit, raw=raw_of(event, unit.serial), customer=None if work is None else work.order.customer)
    refused = refused_unit(setup, state, unit)
    if isinstance(refused, Lock):
        return locked(state, "red", refused)
    if refused is not None:
        return say(replace(state, lock=None, plea=None), "red", refused)
    first = first_of_all(setup, state, unit, event)
    if first is not None:
        return first
    state, unit = begun(setup, state, unit)
    let_by = not_due(setup, state, unit)
    if let_by is not None:
        return let_by
    says = None if work is None else more_than_ordered(work)
    return _go_on(setup, replace(state, unit=unit, order=work or state.order, lock=None, light="off", says=says))


def _not_begun(setup: Setup, state: StationState, why: Sentence) -> Step:
    """A unit without a plan; where one is here that only isn't in force, somebody may allow it."""
    lock = lock_on_plan(setup, why)
    return say(replace(state, lock=None, plea=None), "red", why) if lock is None else locked(state, "red", lock)


def _with_unit(setup: Setup, state: StationState, unit: Unit, event: Scanned, text: str) -> Step:
    if text.upper() == CANCEL:
        return finish(setup, state, unit, Verdict.INCOMPLETE, event.mono_ns)
    if text.upper() == OK_CODE and isinstance(state.question, ValueCame):
        return _answered(setup, state, unit, state.question)
    wanted = next_characteristic(setup, state)
    if wanted is not None and wanted.device is None:
        if text.upper() == OK_CODE and isinstance(state.question, Scanned):
            return _typed(setup, state, unit, wanted, state.question, sure=True)
        return _typed(setup, state, unit, wanted, event)
    if text in unit.ids.values():
        return say(state, state.light, said("unit.in_work", serial=unit.serial))
    return _unfinished(state, unit)


def _unfinished(state: StationState, unit: Unit) -> Step:
    return say(state, "amber", said("unit.unfinished", serial=unit.serial, cancel=CANCEL))


def _typed(
    setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: Scanned, *, sure: bool = False
) -> Step:
    """A characteristic without a device: its result is scanned or typed. `sure`: it was asked about, and is meant."""
    lock = lock_on_person(setup, state.operator, wanted, event.at_us)
    if lock is not None and lock.key not in keys(unit.allowed):
        return locked(state, "amber", lock)
    taken = entered(wanted, event)
    if isinstance(taken, Sentence):
        return say(state, "amber", taken)
    if taken.value is not None and not sure and not wanted.is_plausible(taken.value):
        title, between = wanted.title or wanted.name, plausible_range(wanted)
        odd = said("typed.implausible", value=taken.value, characteristic=title, between=between, ok=OK_CODE)
        return _asked_about(setup, state, unit, event, odd)
    if sure:
        state = replace(state, question=None)
    if wanted.entry == "typed_twice" and event.typed:
        once, text = state.typed_once, as_compared(taken)
        if once != (wanted.name, text):
            return _once_more(state, unit, wanted, text, event)
        taken = msgspec.structs.replace(taken, typed_twice=True)
    return _took(setup, state, unit, taken, event.mono_ns)


def _once_more(state: StationState, unit: Unit, wanted: Characteristic, text: str, event: Scanned) -> Step:
    """Typed for the first time; or a second time and otherwise, and then neither counts."""
    title, once = wanted.title or wanted.name, state.typed_once
    if once is None or once[0] != wanted.name:
        return say(replace(state, typed_once=(wanted.name, text)), "amber", said("typed.twice", characteristic=title))
    why = f"typed twice, and not the same: {once[1]} and {text}"
    unit = with_earlier(unit, wanted.name, text, why, "refused", event.at_us)
    says = said("typed.not_the_same", characteristic=title, first=once[1], second=text)
    return say(replace(state, unit=unit, typed_once=None), "amber", says)


# --- what gauges say


def _measured(setup: Setup, state: StationState, event: ValueCame) -> Step:
    if setup.counter == channel_of(event):
        return counted(setup, state, event), ()
    state = seen(setup, state, event)
    if state.sights[channel_of(event)].bounced:
        return state, (CountBounce(event.device),)
    if state.sealing is not None:
        return _while_recording(setup, state, state.sealing, event)
    if state.dialog is not None and state.dialog.takes_value == event.device:
        return answer_by_gauge(setup, state, state.dialog, event)
    if state.dialog is not None:
        return say(state, "amber", state.dialog.asks) if _is_press(setup, event.device) else (state, ())
    wanted = _wanted_of(setup, state.unit, event) if state.unit is not None else None
    if state.unit is None or wanted is None:
        # A key was pressed for nothing; what streams or is polled goes on all the time.
        return _for_nothing(setup, state, event.device) if _is_press(setup, event.device) else (state, ())
    refusal = _of_nobody(setup, state, state.unit, wanted, event)
    if refusal is not None:
        return say(state, "amber", refusal)
    if must_wait(setup, state, state.unit, event):
        return state, ()  # the prompt says why
    return _fresh(setup, state, state.unit, wanted, event)


def _of_nobody(
    setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame
) -> Sentence | None:
    """Why a value can't be known to be the wanted one of this unit; null where it can."""
    if event.reading.status not in WITH_VALUE:
        return None
    title = wanted.title or wanted.name
    channels = one_of_several(setup, state, wanted, event)
    if channels:
        there, channel = ", ".join(sorted(channels)), event.reading.channel or ""
        return said("value.which_channel", device=event.device, channel=channel, channels=there, characteristic=title)
    if made_before_scan(unit, event):
        return said("fresh.made_before", device=event.device, serial=unit.serial, characteristic=title)
    return None


def _while_recording(setup: Setup, state: StationState, sealing: InspectionBody, event: ValueCame) -> Step:
    """No unit is in hand. A press is answered; what streams or is polled goes on all the time."""
    if event.reading.value is None or not _is_press(setup, event.device):
        return state, ()
    serial = sealing.serial or sealing.lot or ""
    return say(state, state.light, said("value.while_recording", device=event.device, serial=serial))


def _is_press(setup: Setup, device: str) -> bool:
    """Whether each value of the device was sent by somebody."""
    return rule_of(setup, device).fresh == "event"


def _fresh(setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame) -> Step:
    """A value that is this part's: is it fit, and meant?"""
    rule, reading = rule_of(setup, event.device), event.reading
    fit = _fit(setup, state, unit, wanted, event)
    if fit.lock is not None:
        return locked(state, "amber", fit.lock)
    if fit.trouble is not None:
        return say(state, "amber", fit.trouble)
    if is_empty_pan(rule, reading):
        return say(state, "amber", said("fresh.put_on", device=event.device))
    if reading.value is not None and not wanted.is_plausible(reading.value):
        return _asked_about(setup, state, unit, event, _implausible(wanted, event, reading.value))
    before = state.uses.get(channel_of(event))
    if is_repeat(rule, before, wanted.name, reading.value, event.mono_ns):
        assert before is not None, "a repeat repeats something"
        return _asked_about(setup, state, unit, event, _same_again(wanted, event, before.characteristic))
    return _take(setup, state, unit, wanted, event)


def _asked_about(setup: Setup, state: StationState, unit: Unit, event: ValueCame | Scanned, asks: Sentence) -> Step:
    """Is the value meant? One that was asked about before is refused by that."""
    return say(replace(state, unit=_with_refused(setup, state, unit), question=event), "amber", asks)


def _with_refused(setup: Setup, state: StationState, unit: Unit) -> Unit:
    """The unit with the value that was asked about, and that nobody has confirmed."""
    match state.question:
        case None:
            return unit
        case ValueCame() as event:
            wanted, value = _wanted_of(setup, unit, event), event.reading.value or ""
        case Scanned() as event:
            wanted, value = next_characteristic(setup, replace(state, unit=unit)), event.text
    if wanted is None:
        return unit
    return with_earlier(unit, wanted.name, value, "it was asked about, and not confirmed", "refused", event.at_us)


def _implausible(wanted: Characteristic, event: ValueCame, value: str) -> Sentence:
    title, between = wanted.title or wanted.name, plausible_range(wanted)
    return said(
        "value.implausible", device=event.device, value=value, characteristic=title, between=between, ok=OK_CODE
    )


def _same_again(wanted: Characteristic, event: ValueCame, taken_for: str | None) -> Sentence:
    return said(
        "value.same_again",
        device=event.device,
        value=event.reading.value or "",
        taken=taken_for or "",
        characteristic=wanted.name,
        ok=OK_CODE,
    )


def _answered(setup: Setup, state: StationState, unit: Unit, meant: ValueCame) -> Step:
    """The operator says that the value, repeated or odd, is meant."""
    wanted = _wanted_of(setup, unit, meant)
    state = replace(state, question=None)
    return (state, ()) if wanted is None else _take(setup, state, unit, wanted, meant)


def _take(setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame) -> Step:
    taken = by_device(setup, wanted, event, _fit(setup, state, unit, wanted, event))
    checked = state.memory.gauge_checks.of(taken.gauge or "", wanted.name).last_record
    taken = msgspec.structs.replace(taken, gauge_check=checked)
    state, told = used(setup, state, unit, wanted, event)
    state, effects = _took(setup, state, unit, taken, event.mono_ns)
    return state, (told, *effects)


def _fit(setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame) -> Fitness:
    fit = fitness(setup, wanted, event, operator=state.operator, allowed=keys(unit.allowed))
    lock = refused_value(setup, state, unit, wanted, event) if fit.trouble is None else None
    return fit if lock is None else replace(fit, trouble=lock.says, lock=lock)


def _for_nothing(setup: Setup, state: StationState, device: str) -> Step:
    if state.unit is None:
        return _no_unit(state, device)
    return say(state, "amber", said("value.not_wanted", device=device, prompt=prompt(setup, state)))


def _no_unit(state: StationState, device: str) -> Step:
    if state.operator is None:
        return say(state, "amber", said("value.before_badge", device=device))
    return say(state, "amber", said("value.before_unit", device=device))


def _wanted_of(setup: Setup, unit: Unit, event: ValueCame) -> Characteristic | None:
    """The characteristic that the value is for: the next one of a strict plan, any open one of a free plan."""
    candidates = still_open(setup, unit)
    if setup.plan.file.order == "strict":
        candidates = candidates[:1]
    channels = (None, event.reading.channel)
    return next((c for c in candidates if c.device == event.device and c.channel in channels), None)


# --- and then


def _took(setup: Setup, state: StationState, unit: Unit, taken: Measurement, mono_ns: int) -> Step:
    unit, before = _with_refused(setup, state, unit), len(unit.taken)
    unit = with_derived(setup, replace(unit, taken=(*unit.taken, taken)))
    if not still_open(setup, unit):
        return measured_through(setup, state, unit, mono_ns)
    new = unit.taken[before:]
    light: Light = "off" if all(one.verdict is Verdict.PASS for one in new) else "red"
    body = kept(setup, state, unit, mono_ns)
    memory = with_unit(state.memory, unit)
    state = replace(state, unit=unit, memory=memory, question=None, typed_once=None, light=light, says=_taken_all(new))
    state, set_off = after_value(setup, state, unit, before)
    state, effects = _go_on(setup, state)
    return state, (KeepIt(body), *set_off, *effects)


def _taken_all(new: Sequence[Measurement]) -> Sentence:
    """What was taken, and what was derived with it."""
    says = _taken(new[0])
    for one in new[1:]:
        says = said("value.taken_and", first=says, then=underived((one,)) or _taken(one))
    return says


def _taken(taken: Measurement) -> Sentence:
    name, value, verdict = taken.characteristic, taken.value or taken.text or taken.result or "", Term(taken.verdict)
    if taken.unit is None:
        return said("value.taken", characteristic=name, value=value, verdict=verdict)
    return said("value.taken_with_unit", characteristic=name, value=value, unit=taken.unit, verdict=verdict)


def _and_on(setup: Setup, before: StationState, then: Step) -> Step:
    """After a word or an answer: where it changed what is wanted of the unit, the gauge is asked."""
    state, effects = then
    if state.dialog is not None and state.dialog != before.dialog and state.says is before.says:
        state = replace(state, says=None)  # what was said before is no answer to a new question
    if state.unit is None or (state.unit is before.unit and before.dialog is None):
        return state, effects
    state, more = _go_on(setup, state)
    return state, (*effects, *more)


def _go_on(setup: Setup, state: StationState) -> Step:
    """Ask what is to be known of the unit; else the next gauge, where there is one to ask. One with a key isn't: it
    would give the last part's value.
    """
    setup = at_work(setup, state)
    if state.unit is not None and state.dialog is None:
        state = replace(state, dialog=asked_of(setup, state, state.unit))
    wanted = next_characteristic(setup, state) if state.dialog is None else None
    if wanted is None or wanted.device is None or not rule_of(setup, wanted.device).asked:
        return state, ()
    return state, (AskDevice(wanted.device, wanted.channel),)
