"""Bodies for spool tests."""

from __future__ import annotations

from gaugetrail_contract.record import InspectionBody, PlanRef, Verdict


def body(
    serial: str | None = "SN1", *, lot: str | None = None, started: str = "2026-11-23T08:00:00.000000Z"
) -> InspectionBody:
    return InspectionBody(
        site="s",
        line="l",
        station="OP10",
        part="P",
        serial=serial,
        lot=lot,
        plan=PlanRef(id="CP", revision="A", sha256="0" * 64),
        verdict=Verdict.PASS,
        started=started,
        duration_ms=1,
    )
