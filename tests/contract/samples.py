"""Bodies, heads and sealed chains for tests; plain functions, so that every test says what it needs."""

from __future__ import annotations

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
)
from gaugetrail_contract.seal import Sealed, seal

T0 = 1_790_000_000_000_000


def measurement(number: int = 0, **changes: object) -> Measurement:
    fields: dict[str, object] = {
        "characteristic": f"bore_{number}",
        "kind": "variable",
        "value": "74.010",
        "unit": "mm",
        "nominal": "74.000",
        "lsl": "73.950",
        "usl": "74.050",
        "verdict": "pass",
        "time": utc_text(T0 + number),
        "gauge": "G-0017",
        "channel": "1",
        "capture": "gauge",
        "calibration_due": "2027-01-31",
        "calibration": "valid",
        "raw": b"01A+0074.010\r".hex(),
        "status": "ok",
    }
    return msgspec.convert(fields | changes, Measurement)


def inspection(serial: str | None = "SN000001", count: int = 2, **changes: object) -> InspectionBody:
    fields: dict[str, object] = {
        "site": "plant1",
        "line": "line1",
        "station": "OP20",
        "part": "PR-74",
        "revision": "B",
        "serial": serial,
        "lot": "L7",
        "operator": "OP-12",
        "plan": PlanRef(id="CP-1001", revision="C", sha256="ab" * 32),
        "verdict": "pass",
        "started": utc_text(T0),
        "duration_ms": 4200,
        "measurements": tuple(measurement(number) for number in range(count)),
    }
    return msgspec.convert(fields | changes, InspectionBody)


def full_inspection() -> InspectionBody:
    """Every key that an inspection and a measurement can have."""
    full = measurement(
        0,
        text="seen",
        defects=("burr",),
        **{"class": "CC"},
        requirement="drawing",
        plausible_low="0",
        plausible_high="100.0",
        lsl_kind="specification",
        usl_kind="natural",
        control={"lcl": "73.98", "cl": "74.00", "ucl": "74.02", "version": "7"},
        signals=({"rule": "nelson-2", "limits": "7"},),
        subgroup={"id": "SG-12", "position": 2, "size": 5},
        skipped="gauge at the calibration laboratory",
        earlier=({"value": "7.401", "why": "not plausible", "fate": "refused", "time": utc_text(T0)},),
        gauge_check="GC-4711",
        certificate="CERT 2026/17",
        typed_twice=True,
        found=({"code": "burr", "place": "edge B", "count": 2},),
        uncertainty="0.0021",
    )
    return inspection(
        measurements=(full, measurement(1)),
        components=("C-1",),
        plan={
            "id": "CP-1001",
            "revision": "C",
            "sha256": "ab" * 32,
            "title": "Bores of the housing",
            "effective": "2026-09-01",
        },
        **{key: f"{key}-1" for key in ("order", "heat", "supplier_lot", "cavity", "fixture", "tool", "qualification")},
        supersedes="line1-pc1/abcdefgh/1",
        machine="M-3",
        operation="OP20",
        shift="late",
        customer="ACME",
        order_line="10",
        verifier="OP-13",
        override={"who": "QE-3", "why": "first piece after repair", "approved_by": "QM-1"},
        bypass="BP-9",
        unit_state="hold",
        again_reason="fixture was dirty",
        conditions=({"name": "temperature", "value": "21.4", "unit": "°C", "gauge": "T-1"},),
        route=({"operation": "OP10", "verdict": "pass", "station": "OP10", "record": "line1-pc0/abcdefgh/4"},),
        instruction={"id": "WI-17", "revision": "D", "sha256": "ef" * 32},
        built_in=({"id": "C-2", "kind": "serial", "part": "RING-1"}, {"id": "L-55", "kind": "lot"}),
        interruptions=({"interrupted": utc_text(T0), "resumed": utc_text(T0 + 1), "why": "break"},),
    )


SAID = {
    "by": "OP-12",
    "role": "quality engineer",
    "reason_code": "LABEL",
    "attachments": ({"name": "label.jpg", "media_type": "image/jpeg", "size": 20_481, "sha256": "12" * 32},),
    "subjects": ({"kind": "unit", "id": "SN000001"}, {"kind": "complaint", "id": "8D-2026-4"}),
}


def full_amendment() -> AmendmentBody:
    """Every key that an amendment can have."""
    return msgspec.convert(msgspec.structs.asdict(amendment()) | SAID, AmendmentBody)


def full_event() -> EventBody:
    """Every key that an event can have."""
    more = {"reason": "torn label", "approved_by": "QE-3"}
    return msgspec.convert(msgspec.structs.asdict(event()) | SAID | more, EventBody)


def event() -> EventBody:
    return EventBody(
        site="plant1",
        line="line1",
        station="OP20",
        type="plan_changed",
        subject=Subject(kind="plan", id="CP-1001"),
        payload={"from": "B", "to": "C", "count": 3, "list": ["a", {"b": True}]},
    )


def amendment(target: str = "line1-pc1/abcdefgh/1") -> AmendmentBody:
    return AmendmentBody(
        site="plant1",
        line="line1",
        station="OP20",
        target=target,
        target_sha256="cd" * 32,
        action="correct",
        field="lot",
        old="L7",
        new="L8",
        reason="label mixed up at goods-in",
        requested_by="OP-12",
        approved_by="QE-3",
    )


def head(
    body: Body,
    seq: int = 1,
    prev: str = FIRST_PREV,
    agent: str = "line1-pc1",
    epoch: str = "abcdefgh",
    schema: Schema = SCHEMA,
) -> Head:
    return Head(
        schema_=schema,
        kind=body.KIND,
        agent=agent,
        epoch=epoch,
        seq=seq,
        prev=prev,
        time=utc_text(T0 + seq * 1000),
        utc_offset_min=60,
        clock=ClockTrust.SYNCED,
        mono_ns=seq,
        boot="boot-1",
        slot=7,
    )


def chain(
    bodies: list[Body], agent: str = "line1-pc1", epoch: str = "abcdefgh", schema: Schema = SCHEMA
) -> list[Sealed]:
    """The bodies sealed one after the other, each naming the one before."""
    sealed: list[Sealed] = []
    for body in bodies:
        prev = sealed[-1].sha256 if sealed else FIRST_PREV
        sealed.append(seal(head(body, len(sealed) + 1, prev, agent, epoch, schema), body))
    return sealed
