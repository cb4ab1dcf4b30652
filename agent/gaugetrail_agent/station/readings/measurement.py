"""From a reading to a measurement: what is fit to be recorded, judged against the plan, with gauge and calibration.

Status before number (promise G4): a value enters a measurement only with status `ok`, in the plan's unit, from the
device the plan names. Whether the reading is fit is asked here and nowhere else, and whether person and gauge are, of
`locks`: an operator is told the answer, a PLC's block is recorded without the value. Pure.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import msgspec

from gaugetrail_agent.languages.sentences import Sentence, Term, said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.locks.fitness import day_of, gauge_at, lock_on_gauge, lock_on_person
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import ValueCame
from gaugetrail_agent.station.words.unit import Lock, LockKey
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.gauges import Calibration, Gauge
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, CharacteristicKind, Measurement, Verdict


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether a value may be recorded: `trouble` says why not, with the cure; gauge and calibration as they stood."""

    gauge: Gauge | None
    calibration: Calibration | None
    trouble: Sentence | None
    lock: Lock | None = None
    """Where the trouble is that the gauge or the person may not measure this."""


def fitness(
    setup: Setup,
    wanted: Characteristic,
    value: ValueCame,
    *,
    operator: str | None = None,
    allowed: Collection[LockKey] = (),
) -> Fitness:
    """The one question before a device's value becomes the characteristic's. `allowed`: locks that were lifted."""
    gauge = gauge_at(setup, value.device)
    # As the gauge's calibration stood on the (UTC) day of the value.
    calibration = None if gauge is None else gauge.calibration(date.fromisoformat(day_of(value.at_us)))
    trouble = _unfit_reading(wanted, value.device, value.reading)
    if trouble is not None:
        return Fitness(gauge, calibration, trouble)
    person = lock_on_person(setup, operator, wanted, value.at_us)
    if person is not None and person.key not in allowed:
        return Fitness(gauge, calibration, person.says, person)
    lock = lock_on_gauge(setup, wanted, value.device, value.at_us, allowed)
    return Fitness(gauge, calibration, None if lock is None else lock.says, lock)


def machine_fitness(setup: Setup, wanted: Characteristic, value: ValueCame) -> Fitness:
    """The same where nobody stands who could say that an odd value is true: then it is none."""
    fit, found = fitness(setup, wanted, value), value.reading.value
    if fit.trouble is not None or found is None or wanted.is_plausible(found):
        return fit
    between = plausible_range(wanted)
    trouble = said("block.implausible", device=value.device, value=found, characteristic=wanted.name, between=between)
    return replace(fit, trouble=trouble)


def by_device(setup: Setup, wanted: Characteristic, taken: ValueCame, fit: Fitness) -> Measurement:
    """The measurement that a reading makes: with its value when it is fit, as `incomplete` without one when not."""
    reading = taken.reading
    value = reading.value if fit.trouble is None else None
    result = _result(wanted, reading) if fit.trouble is None else None
    capture = wanted.capture or setup.devices[taken.device].capture
    return msgspec.structs.replace(
        blank(wanted, utc_text(taken.at_us), capture, _verdict(wanted, value, result)),
        value=value,
        result=result,
        unit=reading.unit if value is not None else None,
        gauge=fit.gauge.id if fit.gauge is not None else None,
        channel=reading.channel,
        calibration_due=fit.gauge.calibration_due if fit.gauge is not None else None,
        calibration=fit.calibration,
        raw=reading.raw[:4096].hex(),
        status=str(reading.status),
        certificate=fit.gauge.certificate if fit.gauge is not None else None,
    )


def by_hand(
    wanted: Characteristic,
    at_us: int,
    *,
    value: str | None = None,
    text: str | None = None,
    result: Literal["ok", "nok"] | None = None,
    defects: tuple[str, ...] = (),
    raw: str | None = None,
) -> Measurement:
    """The measurement that a scanned or typed result makes."""
    verdict = wanted.judge(value) if value is not None else Verdict.FAIL if result == "nok" else Verdict.PASS
    return msgspec.structs.replace(
        blank(wanted, utc_text(at_us), wanted.capture or Capture.SCAN, verdict),
        value=value,
        text=text,
        result=result,
        defects=defects,
        unit=wanted.unit if value is not None else None,
        raw=raw,
    )


def blank(wanted: Characteristic, time: str, capture: Capture, verdict: Verdict) -> Measurement:
    """A measurement of the characteristic with all that the plan says of it, and no value yet."""
    return Measurement(
        characteristic=wanted.name,
        kind=wanted.kind,
        nominal=wanted.nominal,
        lsl=wanted.lsl,
        usl=wanted.usl,
        verdict=verdict,
        time=time,
        capture=capture,
        class_=wanted.class_,
        requirement=wanted.requirement,
        plausible_low=wanted.plausible_low,
        plausible_high=wanted.plausible_high,
        lsl_kind=wanted.lsl_kind,
        usl_kind=wanted.usl_kind,
    )


def plausible_range(wanted: Characteristic) -> str:
    """Between what a value can lie, for people."""
    return f"{wanted.plausible_low or ''} … {wanted.plausible_high or ''}".strip()


def _gauge(setup: Setup, device: str) -> Gauge | None:
    """The gauge behind a device; one that the register doesn't list has an unknown calibration."""
    facts = setup.devices[device]
    return None if facts.gauge is None else setup.gauges.get(facts.gauge, Gauge(id=facts.gauge))


def _result(wanted: Characteristic, reading: Reading) -> Literal["ok", "nok"] | None:
    """What the device itself judged, where an attribute is wanted; a number is no judgement."""
    if wanted.kind is not CharacteristicKind.ATTRIBUTE or reading.status is not Status.OK or reading.value is not None:
        return None
    found = reading.extra.get("result")
    return "ok" if found == "ok" else "nok" if found == "nok" else None


def _verdict(wanted: Characteristic, value: str | None, result: Literal["ok", "nok"] | None) -> Verdict:
    if result is not None:
        return Verdict.PASS if result == "ok" else Verdict.FAIL
    return wanted.judge(value) if value is not None else Verdict.INCOMPLETE


def _unfit_reading(wanted: Characteristic, device: str, reading: Reading) -> Sentence | None:
    if reading.status is Status.UNSTABLE:
        return said("value.still_moving", device=device)
    if wanted.kind is CharacteristicKind.ATTRIBUTE:
        return None if _result(wanted, reading) is not None else _no_value(wanted, device, reading)
    if reading.status is not Status.OK or reading.value is None:
        return _no_value(wanted, device, reading)
    if wanted.unit is not None and reading.unit is None:
        return said("value.no_unit", device=device, planned=wanted.unit)
    if wanted.unit is not None and reading.unit is not None and reading.unit != wanted.unit:
        return said("value.other_unit", device=device, unit=reading.unit, planned=wanted.unit)
    return None


def _no_value(wanted: Characteristic, device: str, reading: Reading) -> Sentence:
    status = Term(reading.status)
    if reading.error_code:
        return said(
            "value.error_code", device=device, status=status, code=reading.error_code, characteristic=wanted.name
        )
    return said("value.no_value", device=device, status=status, characteristic=wanted.name)
