"""Fills an agent's spool while no agent runs: `filler.py DATA_DIR AGENT COUNT PREFIX [ORDER_AT]`.

An hour of inspections in some seconds, by the agent's own spool. Each counts as told once its commit has returned,
which is what a station waits for. With ORDER_AT, that one inspection carries an order number. Writes one JSON line:
[[serial, record id], …].
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from gaugetrail_agent.clock.trust import system_clock
from gaugetrail_agent.spool import Spool
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.record import Capture, CharacteristicKind, InspectionBody, Measurement, PlanRef, Verdict

AT_ONCE = 400


def body(serial: str, at_us: int, order: str | None) -> InspectionBody:
    """What the drill's operator station makes of a unit."""
    depth = Measurement(
        characteristic="depth",
        kind=CharacteristicKind.VARIABLE,
        value="1.50",
        unit="mm",
        lsl="1.0",
        usl="2.0",
        verdict=Verdict.PASS,
        time=utc_text(at_us),
        capture=Capture.TYPED,
    )
    return InspectionBody(
        site="plant1",
        line="line1",
        station="OP10",
        part="PR-1",
        serial=serial,
        order=order,
        operator="OP-1",
        plan=PlanRef(id="CP-1", revision="A", sha256="0" * 64),
        verdict=Verdict.PASS,
        started=utc_text(at_us),
        duration_ms=5000,
        measurements=(depth,),
    )


def main(folder: str, agent: str, count: int, prefix: str, order_at: int = 0) -> None:
    spool = Spool(Path(folder) / "spool.db", agent=agent, clock=system_clock())
    spool.open()
    told: list[tuple[str, str]] = []
    for start in range(1, count + 1, AT_ONCE):
        serials = [f"SN{prefix}{number:06d}" for number in range(start, min(start + AT_ONCE, count + 1))]
        orders = ["WO-1" if number == order_at else None for number in range(start, start + AT_ONCE)]
        futures = [
            spool.append(body(serial, spool.ticker.next(), order))
            for serial, order in zip(serials, orders, strict=False)
        ]
        told += [(serial, future.result(60).record_id) for serial, future in zip(serials, futures, strict=True)]
    spool.close()
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], *map(int, sys.argv[5:]))
