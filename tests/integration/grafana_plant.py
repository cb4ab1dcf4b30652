"""Two hours of a small plant as sealed records: what the first schema says and, unless it is left out, the second."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from gaugetrail_contract.clock import ClockTrust, utc_text
from gaugetrail_contract.record import (
    FIRST_PREV,
    SCHEMA,
    AmendmentBody,
    Body,
    EventBody,
    Head,
    InspectionBody,
    Measurement,
    PlanRef,
    Schema,
    Subject,
    Verdict,
)
from gaugetrail_contract.seal import Opened, open_line, seal

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATIONS = ("OP20", "OP30")
SERIAL = "SN000063"
"""Its bore is too large, its surface scratched, and a person let it pass."""

BORE = {
    "class": "CC",
    "requirement": "drawing 74-1 B",
    "control": {"lcl": "73.990", "cl": "74.010", "ucl": "74.060", "version": "v3"},
    "gauge_check": "check-9",
    "certificate": "DE-4711",
    "uncertainty": "0.002",
}
BEYOND = {"signals": [{"rule": "beyond limits", "limits": "v3"}]}
DEPTH = {
    "class": "SC",
    "requirement": "order",
    "typed_twice": True,
    "earlier": [{"value": "85.0", "why": "not plausible", "fate": "refused"}],
}
SCRATCHED = {"found": [{"code": "scratch", "place": "flange", "count": 2}]}
PLACE = {"machine": "MC-4", "operation": "turn", "shift": "early", "customer": "C-100", "order_line": "10"}
LET_PASS = {
    "verifier": "OP-31",
    "override": {"who": "QE-1", "why": "sample for the customer", "approved_by": "QM"},
    "bypass": "BY-2",
    "unit_state": "hold",
    "again_reason": "chip on the gauge",
    "conditions": [{"name": "temperature", "value": "20.1", "unit": "°C"}],
    "instruction": {"id": "WI-7", "revision": "D"},
    "interruptions": [{"interrupted": "2026-11-01T08:00:00.000000Z", "resumed": "2026-11-01T08:05:00.000000Z"}],
}
SAID = {
    "by": "QE-1",
    "role": "quality engineer",
    "reason_code": "R-12",
    "approved_by": "QM",
    "attachments": [{"name": "label.jpg", "media_type": "image/jpeg", "size": 900, "sha256": "ef" * 32}],
}


def us(moment: datetime) -> int:
    return round((moment - EPOCH) / timedelta(microseconds=1))


def measured(number: int, at: int, second: bool) -> Iterator[Measurement]:
    """Two values and a look; every seventh bore is too large, every ninth surface has a scratch."""
    too_large, scratched = number % 7 == 0, number % 9 == 0
    bore = {
        "characteristic": "bore",
        "kind": "variable",
        "value": "74.063" if too_large else f"74.0{number % 40:02d}",
        "unit": "mm",
        "nominal": "74.000",
        "lsl": "73.950",
        "usl": "74.050",
        "verdict": "fail" if too_large else "pass",
        "gauge": "G-0017",
        "capture": "gauge",
        "calibration": "overdue" if number % 5 == 0 else "valid",
    }
    subgroup = {"subgroup": {"id": f"SG-{number // 5}", "position": number % 5 + 1, "size": 5}}
    yield _measurement(at, bore, second, BORE | subgroup | (BEYOND if too_large else {}))
    depth = {
        "characteristic": "depth",
        "kind": "variable",
        "value": f"8.5{number % 10}",
        "unit": "mm",
        "lsl": "8.40",
        "usl": "8.60",
        "verdict": "pass",
        "capture": "typed",
    }
    yield _measurement(at, depth, second, DEPTH)
    surface = {
        "characteristic": "surface",
        "kind": "attribute",
        "result": "nok" if scratched else "ok",
        "defects": ("scratch",) if scratched else (),
        "verdict": "fail" if scratched else "pass",
        "capture": "scan",
    }
    yield _measurement(at, surface, second, SCRATCHED if scratched else {})
    if second and number % 21 == 0:
        weight = {"characteristic": "weight", "kind": "variable", "verdict": "incomplete", "capture": "gauge"}
        yield _measurement(at, weight, second, {"skipped": "the scale is away"})


def _measurement(at: int, first: dict[str, Any], second: bool, more: dict[str, Any]) -> Measurement:
    common = {"time": utc_text(at), "calibration_due": "2027-01-31", "status": "ok"}
    return msgspec.convert(first | common | (more if second else {}), Measurement)


def bodies(start: int, count: int, second: bool) -> Iterator[Body]:
    """Inspections at two stations, one each minute; now and then an amendment and an event."""
    for number in range(count):
        at = start + number * 60_000_000
        values = tuple(measured(number, at, second))
        inspection = InspectionBody(
            site="plant1",
            line="line1",
            station=STATIONS[number % 2],
            part="PR-74",
            revision="B",
            serial=f"SN{number:06d}",
            lot="L7",
            order="O-1",
            operator="OP-12",
            plan=PlanRef(id="CP-1001", revision="C", sha256="ab" * 32),
            verdict=max((one.verdict for one in values), key=lambda verdict: verdict is Verdict.FAIL),
            started=utc_text(at),
            duration_ms=4000 + number,
            measurements=values,
        )
        yield _with(inspection, PLACE | (LET_PASS if number % 21 == 0 else {})) if second else inspection
        if number == 20:
            yield from asides(second)


def asides(second: bool) -> Iterator[Body]:
    """An amendment that nobody approved and, in the second schema, one that somebody did; two events about units."""
    place = {"site": "plant1", "line": "line1", "station": "OP20"}
    moved = AmendmentBody(
        **place,
        target="pc1/abcdefgh/1",
        target_sha256="cd" * 32,
        action="correct",
        field="lot",
        old="L7",
        new="L8",
        reason="label mixed up",
        requested_by="OP-12",
    )
    yield moved
    yield EventBody(**place, type="unit.blocked", subject=Subject(kind="unit", id=SERIAL))
    if second:
        yield _with(moved, SAID)
        named = [{"kind": "unit", "id": SERIAL}, {"kind": "machine", "id": "MC-4"}]
        held = EventBody(**place, type="lot.held", subject=Subject(kind="lot", id="L7"))
        yield _with(held, SAID | {"reason": "scratches", "subjects": named})


def _with(body: Body, more: dict[str, Any]) -> Body:
    """The body with keys of the second schema."""
    return msgspec.convert(msgspec.to_builtins(body) | more, type(body))


def plant(end: datetime, count: int = 120, schema: Schema = SCHEMA) -> list[Opened]:
    """A sealed chain that ends at `end`."""
    found: list[Opened] = []
    prev = FIRST_PREV
    start = us(end) - count * 60_000_000
    for seq, body in enumerate(bodies(start, count, schema == SCHEMA), 1):
        head = Head(
            schema_=schema,
            kind=body.KIND,
            agent="pc1",
            epoch="abcdefgh",
            seq=seq,
            prev=prev,
            time=utc_text(start + seq * 58_000_000),
            utc_offset_min=60,
            clock=ClockTrust.UNSYNCED if seq % 10 == 0 else ClockTrust.SYNCED,
            mono_ns=seq,
            boot="boot-1",
            slot=7,
        )
        sealed = seal(head, body)
        prev = sealed.sha256
        found.append(open_line(sealed.line()))
    return found
