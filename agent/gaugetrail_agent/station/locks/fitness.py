"""Whether this person may measure this characteristic here today, and with this gauge; if not, why and what to do.

Promise (G10): no record by a person who isn't known, has no role that measures, or isn't qualified on that day for the
operation or the characteristic; none with a gauge that is blocked, overdue beyond its grace, of another kind or coarser
than the plan asks for, or bound to another characteristic. A station without a people list asks nobody. The day is
UTC's, on which the value was taken. What is refused has a key: whoever may, allows exactly that (`allowing`). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.unit import Lock, LockKey
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.gauges import Gauge, GaugeWanted, Unfit, unfit_today, unsuited
from gaugetrail_contract.documents.people import NotQualified, why_not_at, why_not_measure
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.text import refuse_identifier


def day_of(at_us: int) -> str:
    """The day of a moment, as documents write it."""
    return utc_text(at_us)[:10]


def lock_on_badge(setup: Setup, badge: str, at_us: int) -> Lock | None:
    """Why this badge can't work here; null when it can."""
    reason = refuse_identifier(badge)
    if reason is not None:
        return Lock(said("badge.unusable", reason=reason), ("badge.unusable", "", ""))
    if setup.people is None:
        return None
    names = (one.name for plan in setup.plans for one in plan.characteristics)
    return _person(badge, why_not_at(setup.people, badge, setup.qualified_for, names, day_of(at_us)))


def lock_on_person(setup: Setup, badge: str | None, wanted: Characteristic, at_us: int) -> Lock | None:
    """Why whoever is at the station can't measure the characteristic; null when they can, or nobody is."""
    if setup.people is None or badge is None:
        return None
    return _person(badge, why_not_measure(setup.people, badge, setup.qualified_for, wanted.name, day_of(at_us)))


def lock_on_gauge(
    setup: Setup, wanted: Characteristic, device: str, at_us: int, allowed: Collection[LockKey] = ()
) -> Lock | None:
    """Why the gauge behind a device can't measure the characteristic, past what somebody allowed; null when it can."""
    return next((lock for lock in _gauge(setup, wanted, device, at_us) if lock.key not in allowed), None)


def gauge_at(setup: Setup, device: str) -> Gauge | None:
    """The gauge behind a device; one that the register doesn't list has an unknown calibration."""
    facts = setup.devices[device]
    return None if facts.gauge is None else setup.gauges.get(facts.gauge, Gauge(id=facts.gauge))


def asked_of_gauge(wanted: Characteristic) -> GaugeWanted:
    """What the plan asks of the gauge."""
    return GaugeWanted(wanted.name, wanted.gauge_kind, wanted.resolution, wanted.unit)


def _gauge(setup: Setup, wanted: Characteristic, device: str, at_us: int) -> Iterator[Lock]:
    gauge, asked = gauge_at(setup, device), asked_of_gauge(wanted)
    if gauge is None:
        if asked.kind is not None or asked.resolution is not None:
            kind = asked.kind or f"{asked.resolution} {asked.unit or ''}".strip()
            says = said("value.gauge_not_named", device=device, wanted=kind, characteristic=_title(wanted))
            yield Lock(says, (says.id, device, wanted.name))
        return
    unfit = unsuited(gauge, asked)
    if unfit is not None:
        says = _unsuited(gauge, unfit, _title(wanted))
        yield Lock(says, (says.id, gauge.id, wanted.name))
    today = date.fromisoformat(day_of(at_us))
    calibration = gauge.calibration(today)
    if calibration in setup.gauge_locks and unfit_today(gauge, today) is not None:
        says = said("value.gauge_unfit", gauge=gauge.id, calibration=Term(calibration))
        yield Lock(says, (f"{says.id} {calibration}", gauge.id, ""))


def _unsuited(gauge: Gauge, unfit: Unfit, title: str) -> Sentence:
    has, wanted = unfit.has, unfit.wanted
    match unfit.why:
        case "bound_elsewhere":
            return said("value.gauge_bound", gauge=gauge.id, characteristic=title, bound=has)
        case "too_coarse" if not has:
            return said("value.gauge_of_no_resolution", gauge=gauge.id, characteristic=title, wanted=wanted)
        case "too_coarse":
            return said("value.gauge_coarse", gauge=gauge.id, characteristic=title, has=has, wanted=wanted)
        case _ if not has:
            return said("value.gauge_of_no_kind", gauge=gauge.id, characteristic=title, wanted=wanted)
        case _:
            return said("value.gauge_kind", gauge=gauge.id, characteristic=title, has=has, wanted=wanted)


def _person(badge: str, why: NotQualified | None) -> Lock | None:
    if why is None:
        return None
    match why.why:
        case "unknown":
            says = said("badge.unknown", badge=badge)
        case "role":
            says = said("badge.no_role", badge=badge)
        case "none":
            says = said("badge.not_qualified", badge=badge, subject=why.subject)
        case "not yet":
            says = said("badge.not_yet_qualified", badge=badge, subject=why.subject, day=why.day)
        case "expired":
            says = said("badge.qualification_ended", badge=badge, subject=why.subject, day=why.day)
    return Lock(says, (says.id, badge, why.subject))


def _title(wanted: Characteristic) -> str:
    return wanted.title or wanted.name
