"""The station: what a reading means for the unit in hand. Pure: `step(setup, state, event) -> (state, effects)`.

An operator's station goes badge -> unit -> each characteristic of the control plan -> verdict -> record; an automatic
one makes a record of each batch that a PLC offers. It takes time as data, does no I/O and asks for what it wants by
effects: seal this body, trigger that gauge, answer the PLC. It says "recorded" only when told `Recorded`, which the app
does after the spool's commit; until then, and whenever the spool refuses, there is no green light (promises G1, G8).
A value enters a measurement only with status `ok`, from the device and channel the plan names, in the plan's unit (G4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.measurement import Setup, by_device, by_hand, unfit
from gaugetrail_agent.station.unit_code import identifiers
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.documents.files import Characteristic
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import (
    CharacteristicKind,
    EventBody,
    InspectionBody,
    Measurement,
    Subject,
    Verdict,
)
from gaugetrail_contract.text import refuse_identifier, visible

Light = Literal["off", "green", "red", "amber"]
CANCEL = "%CANCEL"
"""Scanned or typed: end the unit in hand with the verdict `incomplete`."""
LOGOFF = "%LOGOFF"
OK_CODE = "%OK"
NOK_CODE = "%NOK"
"""Attribute results; `%NOK:SCRATCH,DENT` names defect codes."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The physical piece in hand and what has been measured of it."""

    ids: Mapping[str, str]
    started_us: int
    started_ns: int
    taken: tuple[Measurement, ...] = ()

    @property
    def serial(self) -> str:
        """The serial, or the lot where the unit has none."""
        return self.ids.get("serial") or self.ids.get("lot", "")


@dataclass(frozen=True, slots=True)
class Last:
    """The last inspection the station was told about."""

    serial: str
    verdict: Verdict
    record: str


@dataclass(frozen=True, slots=True)
class State:
    """Where the station stands. `sealing` is a body on its way into the spool, or one the spool has refused so far."""

    operator: str | None = None
    unit: Unit | None = None
    sealing: InspectionBody | None = None
    refused: str | None = None
    light: Light = "off"
    message: str = ""
    last: Last | None = None


@dataclass(frozen=True, slots=True)
class Scanned:
    """A code reader read, or an operator typed, a text."""

    text: str
    at_us: int
    mono_ns: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A device gave a reading; `at_us` is unique and increasing per agent (the spool's ticker)."""

    device: str
    reading: Reading
    at_us: int
    mono_ns: int


@dataclass(frozen=True, slots=True)
class BatchCame:
    """A PLC offered a block of values under a trigger number; `times_us` has a moment for each reading."""

    device: str
    readings: tuple[Reading, ...]
    trigger: int | None
    times_us: tuple[int, ...]
    mono_ns: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """The spool has committed: the record survives power loss from here on."""

    record: str
    serial: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class NotRecorded:
    """The spool has refused: nothing is recorded, and `reason` says why."""

    reason: str


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Time to offer a refused body to the spool once more."""


StationEvent = Scanned | Measured | BatchCame | Recorded | NotRecorded | TryAgain


@dataclass(frozen=True, slots=True)
class SealIt:
    """Seal this body, then say `Recorded` or `NotRecorded`. `answer`: the device and trigger waiting for a code."""

    body: InspectionBody | EventBody
    answer: tuple[str, int] | None = None


@dataclass(frozen=True, slots=True)
class AskDevice:
    """Trigger a reading of the next characteristic, where the device can be asked."""

    device: str
    channel: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Tell the PLC a result code for its trigger, nothing having been recorded."""

    device: str
    trigger: int
    code: ResultCode


Effect = SealIt | AskDevice | Answer
Step = tuple[State, tuple[Effect, ...]]


def step(setup: Setup, state: State, event: StationEvent) -> Step:
    """The station's next state and what it wants done. Never raises on what a device or a person sends."""
    if isinstance(event, Scanned):
        return _scanned(setup, state, event)
    if isinstance(event, Measured):
        return _measured(setup, state, event)
    if isinstance(event, BatchCame):
        return _batch(setup, state, event)
    if isinstance(event, Recorded):
        return _recorded(state, event)
    if isinstance(event, NotRecorded):
        message = f"NOT RECORDED: {event.reason}. Hold the part; trying again"
        return replace(state, light="red", refused=event.reason, message=message), ()
    return (state, (SealIt(state.sealing),)) if state.sealing is not None and state.refused else (state, ())


# --- what people scan and type


def _scanned(setup: Setup, state: State, event: Scanned) -> Step:
    # Only what a person or a scanner adds around a code: GS and RS are white space to Python and must stay.
    text = event.text.strip(" \t\r\n")
    if setup.mode == "automatic":
        return _say(state, "amber", "this station works by itself; a scan changes nothing")
    if state.sealing is not None:
        return _say(state, state.light, state.message or "being recorded; wait")
    if setup.badge.fullmatch(text):
        return _badge(setup, state, text)
    if text.upper() == LOGOFF and state.unit is None:
        return replace(state, operator=None, light="off", message="logged off"), ()
    if state.operator is None:
        return _say(state, "amber", f"scan your badge first ({visible(text)} is no badge)")
    if state.unit is not None:
        return _scan_with_unit(setup, state, event, text)
    return _unit(setup, state, event, text)


def _badge(setup: Setup, state: State, text: str) -> Step:
    if state.unit is not None:
        return _say(state, "amber", f"{visible(state.unit.serial)} is unfinished: measure it or scan {CANCEL}")
    if setup.people is not None and text not in setup.people:
        return _say(state, "red", f"{visible(text)} is not in the people list")
    reason = refuse_identifier(text)
    if reason is not None:
        return _say(state, "red", f"the badge can't be used: {reason}")
    return replace(state, operator=text, light="off", message=f"{visible(text)} at the station"), ()


def _unit(setup: Setup, state: State, event: Scanned, text: str) -> Step:
    ids = identifiers(setup, text)
    if isinstance(ids, str):
        return _say(state, "red", ids)
    unit = Unit(ids, event.at_us, event.mono_ns)
    return _advance(setup, replace(state, unit=unit, light="off", message=""))


def _scan_with_unit(setup: Setup, state: State, event: Scanned, text: str) -> Step:
    unit = state.unit
    assert unit is not None
    if text.upper() == CANCEL:
        return _finish(setup, state, unit, event.mono_ns, cancelled=True)
    wanted = next_characteristic(setup, state)
    if wanted is not None and wanted.device is None:
        return _typed(setup, state, unit, wanted, event, text)
    if text in unit.ids.values():
        return _say(state, state.light, f"{visible(unit.serial)} is in work already")
    return _say(state, "amber", f"{visible(unit.serial)} is unfinished: measure it or scan {CANCEL}")


def _typed(setup: Setup, state: State, unit: Unit, wanted: Characteristic, event: Scanned, text: str) -> Step:
    """A characteristic without a device: its result is scanned or typed."""
    if wanted.kind is CharacteristicKind.ATTRIBUTE:
        code, _, listed = text.partition(":")
        defects = tuple(part.strip() for part in listed.split(",") if part.strip())
        if code.upper() not in (OK_CODE, NOK_CODE):
            return _say(state, "amber", f"{wanted.name}: scan {OK_CODE} or {NOK_CODE}:<defect>")
        if any(refuse_identifier(defect) for defect in defects) or len(defects) > 50:
            return _say(state, "amber", f"{wanted.name}: these defect codes can't be used")
        taken = by_hand(wanted, event.at_us, result="ok" if code.upper() == OK_CODE else "nok", defects=defects)
    elif wanted.kind is CharacteristicKind.TEXT:
        reason = refuse_identifier(text)
        if reason is not None:
            return _say(state, "amber", f"{wanted.name}: {reason}")
        taken = by_hand(wanted, event.at_us, text=text)
    else:
        pattern = r"-?[0-9]{1,30}(\.[0-9]{1,30})?" if wanted.kind is CharacteristicKind.VARIABLE else r"[0-9]{1,15}"
        if not re.fullmatch(pattern, text, re.ASCII):
            return _say(state, "amber", f"{wanted.name}: {visible(text)[:40]} is not a number like 12.30")
        taken = by_hand(wanted, event.at_us, value=text)
    return _took(setup, state, unit, taken, event.mono_ns)


# --- what devices say


def _measured(setup: Setup, state: State, event: Measured) -> Step:
    if setup.mode == "automatic" or state.sealing is not None:
        return state, ()
    if state.unit is None:
        wanted = "your badge" if state.operator is None else "a unit"
        return _say(state, "amber", f"{event.device} sent a value, but there is no unit: scan {wanted} first")
    candidates = _open_characteristics(setup, state.unit)
    if setup.plan.file.order == "strict":
        candidates = candidates[:1]
    match = [c for c in candidates if c.device == event.device and c.channel in (None, event.reading.channel)]
    if not match:
        return _say(state, "amber", f"{event.device} sent a value that is not wanted now: {prompt(setup, state)}")
    trouble = unfit(setup, match[0], event.device, event.reading, event.at_us)
    if trouble is not None:
        return _say(state, "amber", trouble)
    return _took(
        setup, state, state.unit, by_device(setup, match[0], event.device, event.reading, event.at_us), event.mono_ns
    )


# --- what a PLC offers


def _batch(setup: Setup, state: State, event: BatchCame) -> Step:
    """A block of values under a trigger: one inspection, or a rejection that is itself a record."""
    if setup.mode != "automatic":
        return _say(state, "amber", f"{event.device} offered a block, but this station waits for an operator")
    answer = (event.device, event.trigger) if event.trigger is not None else None
    by_channel = {reading.channel: (reading, at) for reading, at in zip(event.readings, event.times_us, strict=True)}
    found = by_channel.get(setup.serial_channel)
    serial = found[0].text.strip() if found is not None and found[0].text is not None else ""
    reason = refuse_identifier(serial) if found is not None else f"the block has no channel {setup.serial_channel}"
    if reason is None and setup.unit.fullmatch(serial) is None:
        reason = f"{visible(serial)[:60]} is no unit of this station"
    if reason is not None:
        return _reject(setup, state, event, answer, f"the serial can't be used: {reason}")
    taken = tuple(
        _from_block(setup, characteristic, event, by_channel.get(characteristic.channel or characteristic.name))
        for characteristic in setup.plan.characteristics
    )
    started = event.times_us[0]
    unit = Unit({"serial": serial}, started, event.mono_ns, taken)
    body = _body(setup, None, unit, _verdict(setup, unit), event.mono_ns)
    return replace(state, light="off", message=f"{visible(serial)} offered"), (SealIt(body, answer),)


def _from_block(
    setup: Setup, wanted: Characteristic, event: BatchCame, found: tuple[Reading, int] | None
) -> Measurement:
    if found is None:
        missing = Reading(Status.NO_VALUE, b"", channel=wanted.channel or wanted.name)
        return by_device(setup, wanted, event.device, missing, event.times_us[-1])
    return by_device(setup, wanted, event.device, found[0], found[1])


def _reject(setup: Setup, state: State, event: BatchCame, answer: tuple[str, int] | None, reason: str) -> Step:
    """Nothing unreadable is thrown away: the refused block becomes an event record with its bytes."""
    raw = {reading.channel or str(number): reading.raw[:256].hex() for number, reading in enumerate(event.readings)}
    body = EventBody(
        site=setup.site,
        line=setup.line,
        station=setup.station,
        type="block_rejected",
        subject=Subject(kind="station", id=setup.station),
        payload={"device": event.device, "reason": reason[:500], "raw": dict(raw)},
    )
    return replace(state, light="red", message=reason), (SealIt(body, answer),)


# --- from measurements to a record


def _took(setup: Setup, state: State, unit: Unit, taken: Measurement, mono_ns: int) -> Step:
    unit = replace(unit, taken=(*unit.taken, taken))
    shown = taken.value or taken.text or taken.result or ""
    light: Light = "off" if taken.verdict is Verdict.PASS else "red"
    message = f"{taken.characteristic} {visible(shown)} {taken.unit or ''} {taken.verdict}".replace("  ", " ")
    state = replace(state, unit=unit, light=light, message=message)
    if _open_characteristics(setup, unit):
        return _advance(setup, state)
    return _finish(setup, state, unit, mono_ns)


def _finish(setup: Setup, state: State, unit: Unit, mono_ns: int, *, cancelled: bool = False) -> Step:
    verdict = Verdict.INCOMPLETE if cancelled else _verdict(setup, unit)
    body = _body(setup, state.operator, unit, verdict, mono_ns)
    return replace(state, unit=None, sealing=body, light="off", message="being recorded"), (SealIt(body),)


def _verdict(setup: Setup, unit: Unit) -> Verdict:
    """Fail beats incomplete beats pass; a plan not measured through is incomplete."""
    verdicts = {measurement.verdict for measurement in unit.taken}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.INCOMPLETE if verdicts != {Verdict.PASS} or _open_characteristics(setup, unit) else Verdict.PASS


def _body(setup: Setup, operator: str | None, unit: Unit, verdict: Verdict, mono_ns: int) -> InspectionBody:
    person = setup.people.get(operator) if setup.people is not None and operator is not None else None
    ids = dict(unit.ids)
    return InspectionBody(
        site=setup.site,
        line=setup.line,
        station=setup.station,
        part=ids.get("part") or setup.plan.file.part,
        revision=setup.plan.file.part_revision,
        serial=ids.get("serial"),
        lot=ids.get("lot"),
        order=ids.get("order"),
        heat=ids.get("heat"),
        operator=operator,
        qualification=person.qualification if person is not None else None,
        plan=setup.plan.ref,
        verdict=verdict,
        started=utc_text(unit.started_us),
        duration_ms=max(0, mono_ns - unit.started_ns) // 1_000_000,
        measurements=unit.taken,
    )


def _recorded(state: State, event: Recorded) -> Step:
    last = Last(event.serial, event.verdict, event.record)
    light: Light = "green" if event.verdict is Verdict.PASS else "red"
    message = f"{visible(event.serial)} {event.verdict}, recorded"
    return replace(state, sealing=None, refused=None, light=light, message=message, last=last), ()


# --- what comes next


def _open_characteristics(setup: Setup, unit: Unit) -> list[Characteristic]:
    done = {measurement.characteristic for measurement in unit.taken}
    return [characteristic for characteristic in setup.plan.characteristics if characteristic.name not in done]


def next_characteristic(setup: Setup, state: State) -> Characteristic | None:
    """The first characteristic of the plan that the unit in hand still lacks; null without a unit."""
    if state.unit is None:
        return None
    return next(iter(_open_characteristics(setup, state.unit)), None)


def _advance(setup: Setup, state: State) -> Step:
    wanted = next_characteristic(setup, state)
    if wanted is None or wanted.device is None:
        return state, ()
    return state, (AskDevice(wanted.device, wanted.channel),)


def _say(state: State, light: Light, message: str) -> Step:
    return replace(state, light=light, message=message), ()


def waits_for(state: State, mode: str) -> str:
    """One word for the status document and the terminal."""
    if state.sealing is not None:
        return "refused" if state.refused else "sealing"
    if mode == "automatic":
        return "wait_plc"
    if state.operator is None:
        return "wait_operator"
    return "wait_unit" if state.unit is None else "measuring"


def prompt(setup: Setup, state: State) -> str:
    """What the operator is asked to do now."""
    waits = waits_for(state, setup.mode)
    wanted = next_characteristic(setup, state)
    if waits == "measuring" and wanted is not None:
        title = wanted.title or wanted.name
        return f"measure {title} with {wanted.device}" if wanted.device else f"enter {title}"
    return {
        "wait_operator": "scan your badge",
        "wait_unit": "scan the unit",
        "sealing": "being recorded",
        "refused": "hold the part: not recorded yet",
        "wait_plc": "waiting for the PLC",
    }[waits]
