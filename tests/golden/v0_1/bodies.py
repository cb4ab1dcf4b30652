"""What two line PCs had to record: every flavour of record that 0.1 could write, odd texts in every place for a text.

All of it follows from the numbers here, so the files that `make` writes from it can be made again to the byte.
"""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Callable, Iterator

from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import AmendmentBody, EventBody, InspectionBody, Measurement, PlanRef, Subject

SITE = {"site": "plant1", "line": "line1", "station": "OP20"}
ODD = (
    'say "x", <b>\\',
    "\\' OR ''='",
    "'; DROP TABLE record; --",
    "Müller & Söhne",
    "日本 ½ 🙂",
    "a,b=c d",
    "00012345",
    "1E5",
    "null",
    "ends with a backslash\\",
    "x" * 200,
)
"""Identifiers that a careless page, query, line or spreadsheet would spoil."""
REASONS = ("running", "setup", "first", "last", "audit", "special", "incoming", "rework", "msa")

Tick = Callable[[], int]
"""The agent's next microsecond."""


def same_bucket(first: str, prefix: str) -> str:
    """An identifier that the store files in the same bucket as `first`: crc32 % 4096."""
    bucket = zlib.crc32(first.encode()) % 4096
    return next(
        text for number in itertools.count() if zlib.crc32((text := f"{prefix}{number}").encode()) % 4096 == bucket
    )


def value(tick: Tick, name: str = "bore", digits: str = "74.010", **changes: object) -> Measurement:
    fields: dict[str, object] = {
        "characteristic": name,
        "kind": "variable",
        "value": digits,
        "unit": "mm",
        "nominal": "74.000",
        "lsl": "73.950",
        "usl": "74.050",
        "verdict": "pass",
        "time": utc_text(tick()),
        "gauge": "G-0017",
        "channel": "1",
        "capture": "gauge",
        "calibration_due": "2025-12-31",
        "calibration": "valid",
        "raw": f"01A+{digits}\r".encode().hex(),
        "status": "ok",
    }
    return Measurement.model_validate(fields | changes)


def unit(tick: Tick, serial: str | None, *measurements: Measurement, **changes: object) -> InspectionBody:
    fields: dict[str, object] = {
        **SITE,
        "part": "PR-74",
        "revision": "B",
        "serial": serial,
        "operator": "OP-12",
        "qualification": "bore gauging, level 2",
        "plan": PlanRef(id="CP-1001", revision="C", sha256="ab" * 32),
        "verdict": "pass",
        "started": utc_text(tick()),
        "duration_ms": 4200,
        "measurements": measurements,
    }
    return InspectionBody.model_validate(fields | changes)


def event(kind: str, about: str, subject: str, /, station: str = "OP20", **payload: object) -> EventBody:
    return EventBody.model_validate(
        SITE
        | {
            "station": station,
            "type": kind,
            "subject": Subject.model_validate({"kind": about, "id": subject}),
            "payload": payload,
        }
    )


def change(target: tuple[str, str], action: str, **changes: object) -> AmendmentBody:
    fields: dict[str, object] = {
        **SITE,
        "target": target[0],
        "target_sha256": target[1],
        "action": action,
        "reason": "label mixed up at goods-in",
        "requested_by": "OP-12",
        "approved_by": "QE-3",
    }
    return AmendmentBody.model_validate(fields | changes)


def ordinary(tick: Tick, count: int, seed: int, prefix: str, **changes: object) -> Iterator[InspectionBody]:
    """Piece after piece of a running line; some fail."""
    dice = random.Random(seed)
    for number in range(1, count + 1):
        bore = f"{74 + dice.randint(-60, 60) / 1000:.3f}"
        verdict = "pass" if 73.95 <= float(bore) <= 74.05 else "fail"
        found = (
            value(tick, "bore", bore, verdict=verdict, gauge=f"G-{dice.randint(1, 3)}"),
            value(tick, "Rauheit Ra", f"{dice.randint(2, 9) / 10}", unit="µm", nominal=None, lsl=None, usl="1.0"),
            value(tick, "temperature", f"{dice.randint(180, 230) / 10}", unit="°C", nominal="20.0", lsl="10", usl="30"),
        )
        fields: dict[str, object] = {
            "verdict": verdict,
            "lot": f"L{dice.randint(1, 12)}",
            "order": f"PO-{dice.randint(1, 8)}",
            "operator": dice.choice(["OP-12", "Müller, J.", None]),
            "reason": dice.choice(REASONS),
        }
        yield unit(tick, f"{prefix}{number:04}", *found, **(fields | changes))


def flavours(tick: Tick) -> Iterator[InspectionBody]:
    """Every kind of inspection and measurement."""
    yield unit(tick, "ATTR-1", *_attributes(tick), verdict="fail", lot="L-ATTR")
    yield unit(tick, "COUNT-1", value(tick, "pores", "3", kind="count", unit=None, nominal=None, lsl=None, usl="5"))
    texts = [value(tick, f"mark {number}", "0", kind="text", value=None, text=odd) for number, odd in enumerate(ODD)]
    yield unit(tick, "TEXT-1", *texts, value(tick, "note", "0", kind="text", value=None, text="t" * 2000))
    digits = ("-0.10000000000000000001", "-0", "00012.50", "9" * 40, "0.000000000000000000001", "1")
    yield unit(tick, "DIGITS-1", *(value(tick, f"d{n}", d, lsl=None, usl=None) for n, d in enumerate(digits)))
    missing = [
        value(tick, f"none {status}", "0", value=None, verdict="incomplete", status=status, raw=None)
        for status in ("no_value", "overload", "timeout")
    ]
    yield unit(tick, "MISSING-1", *missing, verdict="incomplete")
    captured = [
        value(tick, f"by {how}", "74.000", capture=how, gauge=None, channel=None, calibration=None)
        for how in ("gauge", "plc", "scan", "typed", "file", "derived")
    ]
    yield unit(tick, "CAPTURE-1", *captured, duration_ms=0)
    stood = [
        value(tick, f"gauge {state}", "74.000", calibration=state, calibration_due="2024-02-29", gauge=f"G-{state}")
        for state in ("due", "overdue", "blocked", "unknown")
    ]
    yield unit(tick, "CALIBRATION-1", *stood)
    yield unit(tick, None, value(tick), lot="L-NO-SERIAL", operator=None, qualification=None, revision=None)
    yield unit(tick, "VOID-1", verdict="void")
    yield unit(
        tick, "WINDOW-1", value(tick, "low", "73.9", verdict="fail"), value(tick, "high", "74.1", verdict="fail")
    )
    components = tuple(f"C-{number}" for number in range(40))
    yield unit(tick, "ASM-1", components=(*components, "日本-C"), reason="special")
    yield unit(
        tick,
        "KINDS-1",
        value(tick),
        **{kind: f"{kind.upper()}-1" for kind in ("lot", "order", "heat", "supplier_lot", "cavity", "fixture", "tool")},
        components=("KIND-C1", same_bucket("KIND-C1", "B-"), same_bucket("KIND-C1", "Ü-")),
    )
    for number, odd in enumerate(ODD):
        others = dict.fromkeys(("lot", "order", "heat", "supplier_lot", "cavity", "fixture", "tool"), odd)
        name = odd[:40]
        measured = value(tick, name, "74.001", gauge=name, channel=name, unit=name[:10], status=name)
        plan = PlanRef(id=name, revision=f"{number}", sha256=f"{number:064x}")
        yield unit(tick, odd, measured, **others, components=(odd,), operator=odd, part=name, revision=name, plan=plan)
    for piece in (1, 2, 3):
        many = [value(tick, f"point {piece}-{number}", f"74.0{number:02}") for number in range(30)]
        yield unit(tick, "SPLIT-1", *many, piece=piece, pieces=3, lot="L-SPLIT")


def _attributes(tick: Tick) -> tuple[Measurement, ...]:
    bare: dict[str, object] = dict.fromkeys(("value", "unit", "nominal", "lsl", "usl", "raw", "channel"))
    return (
        value(tick, "burr", **(bare | {"kind": "attribute", "result": "ok", "capture": "typed", "gauge": None})),
        value(
            tick,
            "surface",
            **(bare | {"kind": "attribute", "result": "nok", "verdict": "fail", "capture": "typed", "gauge": None}),
            defects=("scratch", "pore, open", 'dent "deep"', "Grat\\"),
        ),
        value(tick, "no code", **(bare | {"kind": "attribute", "result": "nok", "verdict": "fail"})),
    )


def events() -> Iterator[EventBody]:
    """Every type of event that 0.1 wrote, and one about each kind of subject."""
    yield event("lot.split", "lot", "L-MOTHER", into=["L-1", "L-2", "L, odd=\\"])
    yield event("lot.merge", "lot", "L-MERGED", **{"from": ["L-1", "L-2"]})
    yield event("assembly.built", "unit", "ENGINE-1", **{"from": ["C-1", "SN0001", "日本-C"], "lots": ["L-2", "L1"]})
    yield event("lot.split", "lot", "L-ODD", another="form")
    step = {"wall_before": "2025-03-03T06:00:00.000000Z", "wall_after": "2025-03-03T07:00:00.000000Z"}
    clocks = {"mono_before_ns": 1, "mono_after_ns": 2, "jump_us": 3_600_000_000, "boot": "b-1"}
    yield event("clock.step", "agent", "pc1", "pc1", **step, **clocks)
    lost = {"reason": "the spool was full", "epoch": "f0f0f0f0f0f0", "from": 4, "to": 9, "count": 5}
    yield event(
        "records.dropped", "agent", "pc1", "pc1", **lost, **{"class": 1, "bytes": 999, "ranges": [[4, 7], [9, 9]]}
    )
    spoilt = {"reason": "its seal doesn't hold", "epoch": "f0f0f0f0f0f0", "from": 3, "to": 3, "count": 1}
    yield event("records.damaged", "agent", "pc1", "pc1", **spoilt)
    old = {"old_epoch": "f0f0f0f0f0f0", "last_seq": 9, "last_seal": "0" * 64}
    yield event("spool.lost", "agent", "pc1", "pc1", reason="the spool's file was gone", **old)
    yield event("spool.repaired", "agent", "pc1", "pc1", reason="the newest record is not the one", damaged=1, **old)
    yield event(
        "block_rejected", "station", "OP20", device="press", reason="seq jumped", raw={"force": "00ff", "0": ""}
    )
    deep = {"list": ["a", {"b": True, "c": [1, -2, "µ"]}], "empty": {}, "text": ODD[0]}
    yield event("gauge.checked", "gauge", "G-0017", result="ok", error="0.002", **deep)
    subjects = ("order", "plan", "person", "supplier", "customer", "station")
    for number, kind in enumerate(subjects):
        yield event(f"{kind}.noted", kind, f"{kind.upper()}-9", number=number)
    for odd in ODD[:10]:
        yield event("unit.noted", "unit", odd, note=odd)


def amendments(targets: list[tuple[str, str]]) -> Iterator[AmendmentBody]:
    """Every action, approved or not; `targets` are ids and seals of inspections, at least seven."""
    yield change(targets[0], "correct", field="lot", old="L7", new="L-CORRECTED")
    yield change(targets[1], "void", approved_by=None)
    yield change(targets[2], "exclude", field="bore", reason='gauge fell: "G-2" \\ µm')
    yield change(targets[3], "re-attribute", field="serial", old="SN0004", new="SN-REATTRIBUTED")
    yield change(targets[4], "annotate", reason="Rücksprache mit Müller")
    yield change(targets[4], "annotate", reason="a second word on the same record")
    yield change(
        targets[5], "correct", field="time", old="2025-03-03T06:00:00.000000Z", new="2025-03-03T07:00:00.000000Z"
    )
    for odd, target in zip(ODD, targets[6:], strict=False):
        yield change(target, "correct", field="operator", old="OP-12", new=odd, reason=odd, requested_by=odd)
