"""Bodies, heads and sealed chains for tests; plain functions, so that every test says what it needs."""

from __future__ import annotations

import msgspec

from gaugetrail_contract.clock import ClockTrust, utc_text
from gaugetrail_contract.record import (
    FIRST_PREV,
    AmendmentBody,
    Body,
    EventBody,
    Head,
    InspectionBody,
    Measurement,
    PlanRef,
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


def head(body: Body, seq: int = 1, prev: str = FIRST_PREV, agent: str = "line1-pc1", epoch: str = "abcdefgh") -> Head:
    return Head(
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


def chain(bodies: list[Body], agent: str = "line1-pc1", epoch: str = "abcdefgh") -> list[Sealed]:
    """The bodies sealed one after the other, each naming the one before."""
    sealed: list[Sealed] = []
    for body in bodies:
        prev = sealed[-1].sha256 if sealed else FIRST_PREV
        sealed.append(seal(head(body, len(sealed) + 1, prev, agent, epoch), body))
    return sealed
