"""Which signals a record brings, and what they call for. Pure: by the record and what was remembered before it."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gaugetrail_agent.station.memory import StationMemory
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.signals.reactions_called import SignalSeen, called_for, with_opened
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.documents.reaction import Signal
from gaugetrail_contract.record import InspectionBody, Measurement, Verdict
from gaugetrail_contract.record.parts import Reason

MOST_COUNTED = 2_000
"""Characteristics of which failures in a row are counted."""


def reactions_remembered(setup: Setup, memory: StationMemory, body: InspectionBody) -> StationMemory:
    """With what the record calls for; what was only shown of the one before is gone."""
    plan = setup.plan_of(body.plan)
    before = memory.reactions
    waiting = tuple(one for one in before.open if one.waits)
    in_row = _counted(dict(before.in_row), body)
    memory = msgspec.structs.replace(memory, reactions=msgspec.structs.replace(before, open=waiting, in_row=in_row))
    if plan is None:
        return memory
    planned = {one.name: one for one in plan.characteristics}
    seen = [
        signal
        for one in body.measurements
        if one.characteristic in planned
        for signal in _signals(body, one, planned[one.characteristic], in_row.get(_key(body, one), 0))
    ]
    return with_opened(memory, [found for one in seen if (found := called_for(setup, plan, one)) is not None])


def _key(body: InspectionBody, one: Measurement) -> str:
    return f"{body.plan.id} {one.characteristic}"


def _counted(in_row: dict[str, int], body: InspectionBody) -> dict[str, int]:
    """A unit that is measured again is no further one."""
    if body.attempt > 1:
        return in_row
    for one in body.measurements:
        key = _key(body, one)
        if one.verdict is Verdict.FAIL:
            in_row[key] = in_row.pop(key, 0) + 1
        elif one.verdict is Verdict.PASS:
            in_row.pop(key, None)
    return dict(list(in_row.items())[-MOST_COUNTED:])


def _signals(body: InspectionBody, one: Measurement, wanted: Characteristic, in_row: int) -> Iterator[SignalSeen]:
    odd: tuple[Signal, ...] = ()
    if one.value is not None and not wanted.is_plausible(one.value):
        odd = ("value_implausible",)
    if one.verdict is Verdict.FAIL:
        first: tuple[Signal, ...] = ("first_piece_fail",) if body.reason is Reason.FIRST else ()
        row: tuple[Signal, ...] = ("fails_in_row",) if in_row > 1 else ()
        yield _seen(body, one, (*odd, *first, *row, "fail"), in_row=in_row)
    elif odd:
        yield _seen(body, one, odd)
    elif one.signals:
        yield _seen(body, one, ("rule_signal",), rules=tuple(dict.fromkeys(signal.rule for signal in one.signals)))
    if one.calibration == "overdue":
        yield _seen(body, one, ("gauge_overdue",))


def _seen(
    body: InspectionBody, one: Measurement, signals: tuple[Signal, ...], *, rules: tuple[str, ...] = (), in_row: int = 0
) -> SignalSeen:
    return SignalSeen(
        signals,
        body.started,
        one.characteristic,
        body.part,
        body.revision,
        serial=body.serial,
        lot=body.lot,
        value=one.value or one.text or one.result or "",
        rules=rules,
        in_row=in_row,
        gauge=one.gauge,
    )
