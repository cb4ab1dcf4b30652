"""From a reading to a measurement: what is fit to be recorded, judged against the plan, with gauge and calibration.

Status before number (promise G4): a value enters a measurement only with status `ok`, in the plan's unit, from the
device the plan names. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.files import Calibration, Characteristic, Gauge, Person, Plan
from gaugetrail_contract.record import Capture, Measurement, Verdict
from gaugetrail_contract.text import visible


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What the configuration says of a device, as far as a record needs it."""

    gauge: str | None
    capture: Capture


@dataclass(frozen=True, slots=True)
class Setup:
    """Everything of a station that doesn't change while it runs."""

    site: str
    line: str
    station: str
    mode: Literal["operator", "automatic"]
    plan: Plan
    devices: Mapping[str, DeviceFacts]
    gauges: Mapping[str, Gauge]
    people: Mapping[str, Person] | None
    badge: re.Pattern[str]
    unit: re.Pattern[str]
    code_profile: str | None = None
    """Read unit codes as structured codes: a customer's profile by name, or empty for what the code says it is."""
    code_roles: Mapping[str, str] = field(default_factory=dict)
    """What an identifier means in this house: `4L` is the lot on some suppliers' labels, not the country."""
    serial_channel: str = "serial"
    on_overdue: Literal["flag", "refuse"] = "flag"
    on_spool_full: Literal["refuse", "drop_lowest"] = "refuse"


def by_hand(
    wanted: Characteristic,
    at_us: int,
    *,
    value: str | None = None,
    text: str | None = None,
    result: Literal["ok", "nok"] | None = None,
    defects: tuple[str, ...] = (),
) -> Measurement:
    """The measurement that a scanned or typed result makes."""
    verdict = wanted.judge(value) if value is not None else Verdict.FAIL if result == "nok" else Verdict.PASS
    return Measurement(
        characteristic=wanted.name,
        kind=wanted.kind,
        value=value,
        text=text,
        result=result,
        defects=defects,
        unit=wanted.unit if value is not None else None,
        nominal=wanted.nominal,
        lsl=wanted.lsl,
        usl=wanted.usl,
        verdict=verdict,
        time=utc_text(at_us),
        capture=wanted.capture or Capture.SCAN,
    )


def unfit(setup: Setup, wanted: Characteristic, device: str, reading: Reading, at_us: int) -> str | None:
    """Why this reading can't be the characteristic's value, in a sentence with the cure; null when it can."""
    if reading.status is Status.UNSTABLE:
        return f"{device} is still moving; wait and measure again"
    if reading.status is not Status.OK or reading.value is None:
        code = f" {reading.error_code}" if reading.error_code else ""
        return f"{device}: {str(reading.status).replace('_', ' ')}{code}; measure {wanted.name} again"
    if wanted.unit is not None and reading.unit is None:
        return f"{device} sends no unit: set settings.unit of the device (the plan has {wanted.unit})"
    if wanted.unit is not None and reading.unit != wanted.unit:
        return (
            f"{device} measures in {visible(reading.unit or '')}, the plan wants {wanted.unit}: switch the gauge over"
        )
    gauge = gauge_of(setup, device)
    if setup.on_overdue == "refuse" and gauge is not None:
        calibration = calibration_of(gauge, at_us)
        if calibration in ("overdue", "blocked"):
            return f"gauge {gauge.id} is {calibration} for calibration: use another one"
    return None


def gauge_of(setup: Setup, device: str) -> Gauge | None:
    """The gauge behind a device; one that the register doesn't list has an unknown calibration."""
    facts = setup.devices[device]
    return None if facts.gauge is None else setup.gauges.get(facts.gauge, Gauge(facts.gauge, None, "active"))


def calibration_of(gauge: Gauge, at_us: int) -> Calibration:
    """How the gauge's calibration stood on the (UTC) day of the value."""
    return gauge.calibration(date.fromisoformat(utc_text(at_us)[:10]))


def by_device(setup: Setup, wanted: Characteristic, device: str, reading: Reading, at_us: int) -> Measurement:
    """The measurement that a reading makes: with its value when it is fit, as `incomplete` without one when not."""
    gauge = gauge_of(setup, device)
    value = reading.value if unfit(setup, wanted, device, reading, at_us) is None else None
    return Measurement(
        characteristic=wanted.name,
        kind=wanted.kind,
        value=value,
        unit=reading.unit if value is not None else None,
        nominal=wanted.nominal,
        lsl=wanted.lsl,
        usl=wanted.usl,
        verdict=wanted.judge(value) if value is not None else Verdict.INCOMPLETE,
        time=utc_text(at_us),
        gauge=gauge.id if gauge is not None else None,
        channel=reading.channel,
        capture=wanted.capture or setup.devices[device].capture,
        calibration_due=gauge.calibration_due if gauge is not None else None,
        calibration=calibration_of(gauge, at_us) if gauge is not None else None,
        raw=reading.raw[:4096].hex(),
        status=str(reading.status),
    )
