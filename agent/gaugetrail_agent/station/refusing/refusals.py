"""What of all that a station says is a refusal, and whose matter it is: the part's, a gauge's, a badge's, or nobody's.

Promise: whatever was refused is told to whoever keeps it, with the sentence that the person was told, what came and the
identifiers that lead to it. To wait is no refusal: a device that still moves, a part that still has to be put on.
Pure; how often it becomes a record is `refusal_book`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from gaugetrail_agent.languages.sentences import Sentence
from gaugetrail_agent.station.choosing.unit_code import bare_scan, identified
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import Refusal
from gaugetrail_agent.station.words.happening import Act, BatchCame, Scanned, StationEvent, ValueCame
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.text import refuse_identifier

MAX_RAW_BYTES = 256


class Whose(Enum):
    """Whose matter a refusal is."""

    NOBODY = auto()
    UNIT = auto()
    """The unit's in hand."""
    RECORDED = auto()
    """The unit's that is on its way into the spool."""
    SCANNED = auto()
    """The unit's that the code names."""
    BADGE = auto()
    GAUGE = auto()
    ORDER = auto()
    """The order's that was scanned."""


WHOSE: Mapping[str, Whose] = {
    "badge.first": Whose.NOBODY,
    "badge.unknown": Whose.BADGE,
    "badge.no_role": Whose.BADGE,
    "badge.not_qualified": Whose.BADGE,
    "badge.not_yet_qualified": Whose.BADGE,
    "badge.qualification_ended": Whose.BADGE,
    "badge.unusable": Whose.NOBODY,
    "allow.nothing": Whose.NOBODY,
    "allow.nobody": Whose.NOBODY,
    "allow.no_reason": Whose.NOBODY,
    "allow.no_role": Whose.BADGE,
    "allow.oneself": Whose.BADGE,
    "unit.no_unit": Whose.NOBODY,
    "unit.other_part": Whose.SCANNED,
    "unit.held": Whose.SCANNED,
    "unit.past_unknown": Whose.SCANNED,
    "unit.not_passed": Whose.SCANNED,
    "order.unusable": Whose.NOBODY,
    "order.unknown": Whose.ORDER,
    "order.other_operation": Whose.ORDER,
    "order.full": Whose.ORDER,
    "order.first": Whose.SCANNED,
    "order.other_order": Whose.SCANNED,
    "order.other_part": Whose.SCANNED,
    "order.other_revision": Whose.SCANNED,
    "plan.which_part": Whose.SCANNED,
    "plan.no_plan": Whose.SCANNED,
    "plan.other_revision": Whose.SCANNED,
    "plan.several": Whose.SCANNED,
    "plan.superseded": Whose.SCANNED,
    "plan.other_operation": Whose.SCANNED,
    "plan.none_here": Whose.SCANNED,
    "document.no_list": Whose.SCANNED,
    "document.unknown": Whose.SCANNED,
    "document.not_yet": Whose.SCANNED,
    "document.withdrawn": Whose.SCANNED,
    "document.not_here": Whose.SCANNED,
    "document.too_old": Whose.SCANNED,
    "document.at_fault": Whose.SCANNED,
    "unit.identifier_unusable": Whose.NOBODY,
    "unit.code_unusable": Whose.NOBODY,
    "unit.code_advice": Whose.NOBODY,
    "unit.no_identifier": Whose.NOBODY,
    "unit.unfinished": Whose.UNIT,
    "value.gauge_blocked_here": Whose.UNIT,
    "value.gauge_check_overdue": Whose.UNIT,
    "held.on_hold": Whose.SCANNED,
    "held.scrapped": Whose.SCANNED,
    "state.no_role": Whose.NOBODY,
    "amend.in_hand": Whose.UNIT,
    "amend.may_not": Whose.BADGE,
    "amend.oneself": Whose.BADGE,
    "amend.no_role": Whose.BADGE,
    "lot.units": Whose.NOBODY,
    "lot.standing": Whose.NOBODY,
    "lot.lacking": Whose.NOBODY,
    "lot.nothing": Whose.NOBODY,
    "lot.not_whole": Whose.NOBODY,
    "lot.unknown": Whose.NOBODY,
    "reaction.first": Whose.SCANNED,
    "reaction.other_role": Whose.NOBODY,
    "scan.unusable": Whose.NOBODY,
    "scan.no_read": Whose.NOBODY,
    "scan.too_many": Whose.SCANNED,
    "record.recorded_scan_again": Whose.SCANNED,
    "typed.ok_or_nok": Whose.UNIT,
    "typed.defects_unusable": Whose.UNIT,
    "typed.text_unusable": Whose.UNIT,
    "typed.no_number": Whose.UNIT,
    "typed.two_ways": Whose.UNIT,
    "typed.implausible": Whose.UNIT,
    "typed.scan_it": Whose.UNIT,
    "typed.not_the_same": Whose.UNIT,
    "typed.no_such_defect": Whose.UNIT,
    "again.too_often": Whose.UNIT,
    "undo.of_a_gauge": Whose.UNIT,
    "skip.never": Whose.UNIT,
    "first.by_inspector": Whose.SCANNED,
    "value.before_badge": Whose.NOBODY,
    "value.before_unit": Whose.NOBODY,
    "value.not_wanted": Whose.UNIT,
    "value.while_recording": Whose.RECORDED,
    "value.which_channel": Whose.UNIT,
    "value.no_value": Whose.UNIT,
    "value.error_code": Whose.UNIT,
    "value.no_unit": Whose.UNIT,
    "value.other_unit": Whose.UNIT,
    "value.implausible": Whose.UNIT,
    "value.gauge_unfit": Whose.GAUGE,
    "value.gauge_bound": Whose.GAUGE,
    "value.gauge_kind": Whose.GAUGE,
    "value.gauge_of_no_kind": Whose.GAUGE,
    "value.gauge_coarse": Whose.GAUGE,
    "value.gauge_of_no_resolution": Whose.GAUGE,
    "value.gauge_not_named": Whose.UNIT,
    "context.other": Whose.UNIT,
    "context.unusable": Whose.UNIT,
    "component.no_code": Whose.UNIT,
    "component.wrong": Whose.UNIT,
    "component.unusable": Whose.UNIT,
    "component.twice": Whose.UNIT,
    "component.elsewhere": Whose.UNIT,
    "change.nothing": Whose.NOBODY,
    "change.unknown": Whose.NOBODY,
    "change.not_now": Whose.UNIT,
    "change_over.ok_or_nok": Whose.NOBODY,
    "change_over.not_well": Whose.NOBODY,
    "change_over.left": Whose.NOBODY,
    "change_over.nothing": Whose.NOBODY,
    "repeat.role": Whose.SCANNED,
    "fresh.put_on": Whose.UNIT,
    "fresh.made_before": Whose.UNIT,
    "block.no_automatic_station": Whose.NOBODY,
    "block.scan_at_automatic_station": Whose.NOBODY,
}
"""Sentence -> whose matter it is; a sentence that doesn't stand here refuses nothing."""


def refusal_in(setup: Setup, before: StationState, after: StationState, event: StationEvent) -> Refusal | None:
    """What the station has just refused; null when it refused nothing."""
    says = after.says
    if says is None or says is before.says or says.id not in WHOSE or not isinstance(event, Act):
        return None
    names = _names(setup, after, says, event)
    return Refusal(says, _subject(WHOSE[says.id], names), names, _raw(event), _at_us(event))


def refused_value(setup: Setup, unit: Unit, value: ValueCame, why: Sentence) -> Refusal:
    """A value of a PLC's block that is recorded without its number. The unit's own record says so too; what has to be
    put right is the gauge.
    """
    names = {**_named_unit(unit.ids), **_named_gauge(setup, value.device)}
    return Refusal(why, _subject(Whose.GAUGE, names), names, value.reading.raw[:MAX_RAW_BYTES], value.at_us)


def refused_block(batch: BatchCame, ids: Mapping[str, str], why: Sentence) -> Refusal:
    """A part that a PLC offered and no plan in force is for."""
    names = {"device": batch.device, **_named_unit(ids)}
    names = {key: name for key, name in names.items() if refuse_identifier(name) is None}
    return Refusal(why, _subject(WHOSE[why.id], names), names, _raw(batch), _at_us(batch))


def _names(setup: Setup, state: StationState, says: Sentence, event: Act) -> dict[str, str]:
    """What the refusal is found under, and the device; only what can stand in a record as an identifier."""
    found: dict[str, str] = {}
    if state.operator is not None:
        found["operator"] = state.operator
    if state.unit is not None:
        found |= _named_unit(state.unit.ids)
    elif state.sealing is not None and WHOSE[says.id] is Whose.RECORDED:
        found |= _named_unit({"serial": state.sealing.serial, "lot": state.sealing.lot})
    if isinstance(event, ValueCame):
        found |= _named_gauge(setup, event.device)
    elif isinstance(event, BatchCame):
        found["device"] = event.device
    elif WHOSE[says.id] is Whose.SCANNED:
        found |= _named_by_code(setup, event)
    if "order" in says.values and says.id.startswith("order."):
        found["order"] = str(says.values["order"])
    if WHOSE[says.id] is Whose.BADGE:
        found["badge"] = str(says.values["badge"])
    return {key: name for key, name in found.items() if refuse_identifier(name) is None}


def _named_unit(ids: Mapping[str, str | None]) -> dict[str, str]:
    return {key: name for key in ("serial", "lot") if (name := ids.get(key))}


def _named_gauge(setup: Setup, device: str) -> dict[str, str]:
    gauge = setup.devices[device].gauge
    return {"device": device} if gauge is None else {"device": device, "gauge": gauge}


def _named_by_code(setup: Setup, event: Scanned) -> dict[str, str]:
    scan = bare_scan(event)
    ids = scan if isinstance(scan, Sentence) else identified(setup, scan)
    return {} if isinstance(ids, Sentence) else _named_unit(ids)


def _subject(whose: Whose, names: Mapping[str, str]) -> tuple[str, str] | None:
    match whose:
        case Whose.NOBODY:
            kinds: tuple[str, ...] = ()
        case Whose.BADGE:
            kinds = ("badge",)
        case Whose.GAUGE:
            kinds = ("gauge",)
        case Whose.ORDER:
            kinds = ("order",)
        case Whose.UNIT | Whose.RECORDED | Whose.SCANNED:
            kinds = ("serial", "lot")
    return next(((kind, names[kind]) for kind in kinds if kind in names), None)


def _raw(event: Act) -> bytes:
    match event:
        case Scanned():
            return (event.raw or event.text.encode("utf-8", "replace"))[:MAX_RAW_BYTES]
        case ValueCame():
            return event.reading.raw[:MAX_RAW_BYTES]
        case BatchCame():
            return b"".join(reading.raw for reading in event.readings)[:MAX_RAW_BYTES]


def _at_us(event: Act) -> int:
    return event.times_us[0] if isinstance(event, BatchCame) else event.at_us
