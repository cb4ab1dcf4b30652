"""From what was measured to a record: the verdict, the body to seal, and what is said once the spool has spoken.

"Recorded" is said only when told `Recorded`, which the runner does after the spool's commit; until then, and whenever
the spool refuses, there is no green light (promises G1, G8).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import msgspec

from gaugetrail_agent.languages.sentences import Term, said
from gaugetrail_agent.station.choosing.plan_choice import part_of
from gaugetrail_agent.station.given.orders_here import OrderAtWork
from gaugetrail_agent.station.readings.derived import underived
from gaugetrail_agent.station.readings.placements import left_behind
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import Recorded
from gaugetrail_agent.station.words.notice import Light
from gaugetrail_agent.station.words.state import Last, StationState, Step, with_signals
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.people import qualification_for
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import InspectionBody, Measurement, Override, Verdict

BY_SETTINGS = "settings"
"""Who let a value pass that the station would have refused, where no person did at the time."""
BY_REGISTER = "gauge register"
MAX_WHY = 2000
MOST_EARLIER = 20
CONTEXT = ("supplier_lot", "cavity", "fixture", "tool", "machine", "shift", "order_line", "verifier", "bypass")
"""Keys of a record that say how and by what a unit came about."""


def finish(setup: Setup, state: StationState, unit: Unit, verdict: Verdict, mono_ns: int) -> Step:
    """The unit leaves the operator's hand: nothing else is taken until the spool has it."""
    body = body_of(setup, unit, verdict, mono_ns, operator=state.operator)
    state, told = left_behind(setup, state, unit, still_open(setup, unit))
    says = said("record.being_recorded")
    state = replace(
        state, unit=None, question=None, typed_once=None, lock=None, plea=None, sealing=body, light="off", says=says
    )
    return state, (*told, SealIt(body))


def recorded(state: StationState, event: Recorded) -> Step:
    """The spool has committed."""
    last = Last(event.serial, event.verdict, event.record)
    says = said("record.recorded", serial=event.serial, verdict=Term(event.verdict))
    why = None if state.sealing is None else underived(state.sealing.measurements)
    if why is not None:
        says = said("record.recorded_without", serial=event.serial, verdict=Term(event.verdict), why=why)
    light: Light = "green" if event.verdict is Verdict.PASS else "red"
    state = with_signals(replace(state, order=_counted(state, event)), event.signals)
    return replace(state, sealing=None, refused=None, light=light, says=says, last=last), ()


def _counted(state: StationState, event: Recorded) -> OrderAtWork | None:
    """The order that is worked at, with the unit that was recorded, where it is one of it."""
    work, body = state.order, state.sealing or event.body
    if work is None or event.count is None or body is None or body.order != work.order.id:
        return work
    return replace(work, count=event.count)


def offered_again(state: StationState) -> Step:
    """The refused body once more; one that is on its way is not sealed twice."""
    if state.sealing is None or not state.refused:
        return state, ()
    return state, (SealIt(state.sealing),)


def still_open(setup: Setup, unit: Unit) -> list[Characteristic]:
    """What is wanted of the unit and still lacks, in the plan's order; what is derived comes by itself."""
    done = {measurement.characteristic for measurement in unit.taken}
    return [one for one in wanted_of(setup, unit) if one.formula is None and one.name not in done]


def wanted_of(setup: Setup, unit: Unit) -> list[Characteristic]:
    """What of the plan is measured of this unit."""
    return [one for one in setup.plan.characteristics if unit.wanted is None or one.name in unit.wanted]


def verdict_of(setup: Setup, unit: Unit) -> Verdict:
    """Fail beats incomplete beats pass; a unit of which something that is wanted lacks is incomplete."""
    verdicts = {measurement.verdict for measurement in unit.taken}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    done = {measurement.characteristic for measurement in unit.taken}
    lacks = any(one.name not in done for one in wanted_of(setup, unit))
    return Verdict.INCOMPLETE if verdicts != {Verdict.PASS} or lacks else Verdict.PASS


def body_of(setup: Setup, unit: Unit, verdict: Verdict, mono_ns: int, *, operator: str | None = None) -> InspectionBody:
    """What is sealed of the unit. The qualification stands there as it stood."""
    person = setup.people.get(operator) if setup.people is not None else None
    started = utc_text(unit.started_us)
    whose = part_of(setup.plan, unit.ids)
    body = InspectionBody(
        site=setup.site,
        line=setup.line,
        station=setup.station,
        part=whose.part,
        revision=whose.revision,
        serial=unit.ids.get("serial"),
        lot=unit.ids.get("lot"),
        order=unit.ids.get("order"),
        heat=unit.ids.get("heat"),
        operator=operator,
        qualification=None if person is None else qualification_for(person, setup.qualified_for, started[:10]),
        plan=setup.plan.ref,
        operation=setup.operation,
        customer=unit.customer,
        verdict=verdict,
        started=started,
        duration_ms=max(0, mono_ns - unit.started_ns) // 1_000_000,
        measurements=tuple(_with_unit(unit, one) for one in unit.taken),
        override=_unlocked(setup, unit, operator),
        raw=unit.raw,
        interruptions=unit.interruptions,
        reason=unit.reason,
        built_in=unit.built_in,
        components=tuple(one.id for one in unit.built_in if one.kind == "serial"),
        conditions=unit.conditions,
        instruction=unit.instruction,
        route=unit.route,
        unit_state=unit.unit_state,
        again_reason=unit.again_reason,
    )
    return msgspec.structs.replace(body, **{key: unit.context[key] for key in CONTEXT if key in unit.context})


def _with_unit(unit: Unit, taken: Measurement) -> Measurement:
    """The value that counts, with those that were there before it, and its place in a check of several units."""
    before = unit.earlier.get(taken.characteristic, ())[-MOST_EARLIER:]
    place = unit.subgroups.get(taken.characteristic, taken.subgroup)
    if not before and place is taken.subgroup:
        return taken
    return msgspec.structs.replace(taken, earlier=before, subgroup=place)


def _unlocked(setup: Setup, unit: Unit, operator: str | None) -> Override | None:
    """What counts although it is refused: people allowed it, a grace lasts, the settings say so, or an odd value was
    confirmed.
    """
    lifted = (one.override for one in unit.allowed)
    odd, unfit = _of_odd_values(setup, unit, operator), _of_unfit_gauges(setup, unit)
    overrides = list(dict.fromkeys((*lifted, *odd, *unfit)))
    if len(overrides) < 2:
        return next(iter(overrides), None)
    first = overrides[0]
    why = "; ".join(dict.fromkeys(f"{one.why} ({one.approved_by or one.who})" for one in overrides))
    return Override(who=first.who, why=why[:MAX_WHY], approved_by=first.approved_by)


def _of_unfit_gauges(setup: Setup, unit: Unit) -> Iterator[Override]:
    used = (taken for taken in unit.taken if taken.value is not None or taken.result is not None)
    unfit = {taken.gauge: taken for taken in used if taken.calibration in ("overdue", "blocked")}
    by_settings = set()
    for number, taken in sorted(unfit.items(), key=lambda one: one[0] or ""):
        gauge = setup.gauges.get(number or "")
        if gauge is not None and gauge.in_grace(date.fromisoformat(taken.time[:10])):
            why = f"{gauge.id} overdue since {gauge.calibration_due}: {gauge.grace_days} days of grace"
            yield Override(who=BY_REGISTER, why=why, approved_by=gauge.grace_approved_by)
        elif taken.calibration not in setup.gauge_locks:  # else people allowed it, and that stands in the unit
            by_settings.add(f"{number} {taken.calibration}")
    if by_settings:
        why = f"{', '.join(sorted(by_settings))}: {setup.unfit_gauge_reason}"
        yield Override(who=BY_SETTINGS, why=why[:MAX_WHY])


def _of_odd_values(setup: Setup, unit: Unit, operator: str | None) -> Iterator[Override]:
    odd = _confirmed(setup, unit)
    if odd:
        why = f"{', '.join(odd)}: outside what it can be, and confirmed"
        yield Override(who=operator or BY_SETTINGS, why=why[:MAX_WHY])


def _confirmed(setup: Setup, unit: Unit) -> list[str]:
    """Values outside what they can be. They are here, so somebody has confirmed them."""
    planned = {one.name: one for one in setup.plan.characteristics}
    return [
        f"{one.characteristic} {one.value}"
        for one in unit.taken
        if one.value is not None
        and one.characteristic in planned
        and not planned[one.characteristic].is_plausible(one.value)
    ]
