"""Records as rows: one for each measurement, with the inspection's context beside it, for CSV and Parquet.

Everything is text as sealed: identifiers keep their zeros, values their digits, times are UTC unless a zone is asked
for. What is null is empty. `margin` is computed (see `limit_margin`), `amended_by` names the amendments: the row itself
shows the original. `misdated` says that the record is of a wrong year, `true_time` the time that an amendment gives
such a one. `branch` is the name of a second history of the record's epoch, mostly empty. `effective` says as JSON what
holds of the row once amendments are counted: column and cell, `void`, `excluded`; empty where that is what the row
shows. What has parts of its own (conditions, signals …) is JSON. Columns are added at the end, so that their numbers
stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, tzinfo

from gaugetrail_collector.tracing.effective import EffectiveRecord, effective
from gaugetrail_collector.tracing.epoch_order import true_times
from gaugetrail_collector.tracing.limit_margin import margin, plain
from gaugetrail_collector.tracing.time_words import in_zone
from gaugetrail_collector.tracing.trace import Known
from gaugetrail_contract.amending.what import ATTRIBUTED, GAUGE_OF, READ_AS
from gaugetrail_contract.record import Amendment, Inspection, Measurement, Part, write

_CONTEXT = (
    *("time", "site", "line", "station", "part", "revision", "serial", "lot", "order", "heat", "supplier_lot"),
    *("cavity", "fixture", "tool", "operator", "reason", "attempt", "verdict", "clock"),
)
_MEASURED = (
    *("characteristic", "kind", "value", "text", "result", "unit", "nominal", "lsl", "usl", "gauge", "channel"),
    *("capture", "calibration", "calibration_due", "status"),
)
_MORE_CONTEXT = (
    *("machine", "operation", "shift", "customer", "order_line", "verifier", "override", "bypass", "unit_state"),
    *("again_reason", "conditions", "route", "instruction", "built_in", "interruptions"),
)
_MORE_MEASURED = (
    *("class", "requirement", "plausible_low", "plausible_high", "lsl_kind", "usl_kind", "lcl", "cl", "ucl"),
    *("control_version", "signals", "subgroup", "subgroup_position", "subgroup_size", "skipped", "earlier"),
    *("gauge_check", "certificate", "typed_twice", "found", "uncertainty"),
)
COLUMNS = (
    *("record", *_CONTEXT, "components", "plan", "plan_revision", "plan_sha256"),
    *(*_MEASURED, "measured_time", "measured_verdict", "defects", "margin", "margin_percent"),
    *("sha256", "amended_by", "broken"),
    *(*_MORE_CONTEXT, "plan_title", "plan_effective", *_MORE_MEASURED),
    *("true_time", "misdated", "branch", "effective"),
)
Cells = dict[str, str]


def rows(known: Iterable[Known], amendments: Iterable[Known], zone: tzinfo = UTC) -> Iterator[Cells]:
    """The rows of these records, times in that zone; events and amendments have none of their own."""
    amended: dict[str, list[Known]] = {}
    amendments = list(amendments)
    true = true_times(amendments)
    for one in amendments:
        if isinstance(one.record, Amendment):
            amended.setdefault(one.record.target, []).append(one)
    for one in known:
        own = [
            f"{other.record.action} {other.id}"
            for other in amended.get(one.named, ())
            if isinstance(other.record, Amendment) and one.amended_by(other)
        ]
        beside = {"record": one.id, "sha256": one.row.sha256, "amended_by": "; ".join(own), "branch": one.row.branch}
        beside["misdated"] = one.misdated or ""
        moment = true.get(one.row.sha256)
        beside["true_time"] = in_zone(moment, zone) if one.misdated and moment is not None else ""
        if one.record is None:
            yield beside | {"broken": one.broken or ""}
        elif isinstance(one.record, Inspection):
            context = beside | _context(one.record) | {"time": in_zone(one.record.time, zone)}
            now = effective(one, amendments) if own else None
            measured = [(_measured(each, zone) | _effective(each, now)) for each in one.record.measurements]
            yield from [context | each for each in measured] or [context | _effective(None, now)]


def _effective(one: Measurement | None, now: EffectiveRecord | None) -> Cells:
    """What differs from the row of that measurement."""
    if now is None:
        return {}
    told: dict[str, object] = {name: new for name, new in now.changes.items() if name in ATTRIBUTED}
    told |= {"void": True} if now.void else {}
    if one is not None:
        told |= {"excluded": True} if one.characteristic in now.excluded else {}
        new = now.changes.get(one.characteristic)
        told |= {} if new is None else {READ_AS[one.kind]: new}
        gauge = now.changes.get(GAUGE_OF + one.characteristic)
        told |= {} if gauge is None else {"gauge": gauge}
    return {"effective": json.dumps(told, ensure_ascii=False) if told else ""}


def _context(record: Inspection) -> Cells:
    found = {name: _text(getattr(record, name)) for name in (*_CONTEXT, *_MORE_CONTEXT)}
    found["components"] = json.dumps(record.components, ensure_ascii=False) if record.components else ""
    plan = record.plan
    found |= {"plan": plan.id, "plan_revision": plan.revision, "plan_sha256": plan.sha256}
    return found | {"plan_title": plan.title or "", "plan_effective": plan.effective or ""}


def _measured(one: Measurement, zone: tzinfo) -> Cells:
    found = {name: _text(getattr(one, name)) for name in _MEASURED}
    found |= _more_measured(one)
    found |= {"measured_time": in_zone(one.time, zone), "measured_verdict": str(one.verdict)}
    found["defects"] = ", ".join(one.defects)
    distance = margin(one)
    if distance is not None:
        found["margin"] = str(distance)
        found["margin_percent"] = "" if distance.percent is None else plain(distance.percent)
    return found


def _more_measured(one: Measurement) -> Cells:
    """What stands in parts of its own, and what is named otherwise in Python."""
    control, subgroup = one.control, one.subgroup
    apart = {
        "class": one.class_,
        "lcl": control and control.lcl,
        "cl": control and control.cl,
        "ucl": control and control.ucl,
        "control_version": control and control.version,
        "subgroup": subgroup and subgroup.id,
        "subgroup_position": subgroup and subgroup.position,
        "subgroup_size": subgroup and subgroup.size,
    }
    return {name: _text(apart[name] if name in apart else getattr(one, name)) for name in _MORE_MEASURED}


def _text(value: object) -> str:
    """A cell: parts as JSON, what isn't there empty."""
    if value is None or value is False or value == ():
        return ""
    if isinstance(value, Part | tuple):
        return write(value).decode("utf-8")
    return "yes" if value is True else str(value)
