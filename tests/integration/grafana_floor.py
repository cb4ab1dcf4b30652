"""Two days of a small plant in an InfluxDB, and Grafana's part of a query: its macros and variables filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from gaugetrail_collector.stores.influx import InfluxStore
from gaugetrail_collector.stores.status_lines import agent_lines, collector_lines
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
    Verdict,
)
from gaugetrail_contract.seal import Opened, open_line, seal
from gaugetrail_contract.status import AgentStatus, CollectorStatus, DeviceStatus, SpoolStatus

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
STATIONS = ("OP20", "OP30")
SERIAL = "SN000007"


def us(moment: datetime) -> int:
    return round((moment - EPOCH) / timedelta(microseconds=1))


def measured(number: int, at: int) -> Iterator[Measurement]:
    """Two values and a look; every seventh bore is too large, every ninth surface has a scratch."""
    bore, scratched = ("74.063", True) if number % 7 == 0 else (f"74.0{number % 40:02d}", False), number % 9 == 0
    common = {"time": utc_text(at), "calibration_due": "2027-01-31", "status": "ok"}
    yield msgspec.convert(
        {
            "characteristic": "bore",
            "kind": "variable",
            "value": bore[0],
            "unit": "mm",
            "nominal": "74.000",
            "lsl": "73.950",
            "usl": "74.050",
            "verdict": "fail" if bore[1] else "pass",
            "gauge": "G-0017",
            "capture": "gauge",
            "calibration": "overdue" if number % 5 == 0 else "valid",
            **common,
        },
        Measurement,
    )
    yield msgspec.convert(
        {
            "characteristic": "depth",
            "kind": "variable",
            "value": f"8.5{number % 10}",
            "unit": "mm",
            "lsl": "8.40",
            "usl": "8.60",
            "verdict": "pass",
            "capture": "typed",
            **common,
        },
        Measurement,
    )
    yield msgspec.convert(
        {
            "characteristic": "surface",
            "kind": "attribute",
            "result": "nok" if scratched else "ok",
            "defects": ("scratch",) if scratched else (),
            "verdict": "fail" if scratched else "pass",
            "capture": "scan",
            **common,
        },
        Measurement,
    )


def bodies(start: int, count: int) -> Iterator[Body]:
    """Inspections at two stations, one each minute; now and then an amendment and an event."""
    for number in range(count):
        at = start + number * 60_000_000
        values = tuple(measured(number, at))
        yield InspectionBody(
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
        if number == 20:
            yield AmendmentBody(
                site="plant1",
                line="line1",
                station="OP20",
                target="pc1/abcdefgh/1",
                target_sha256="cd" * 32,
                action="correct",
                field="lot",
                old="L7",
                new="L8",
                reason="label mixed up",
                requested_by="OP-12",
            )
            yield EventBody(
                site="plant1",
                line="line1",
                station="OP20",
                type="unit.blocked",
                subject=Subject(kind="unit", id=SERIAL),
            )


def plant(end: datetime, count: int = 120) -> list[Opened]:
    """A sealed chain that ends at `end`."""
    found: list[Opened] = []
    prev = FIRST_PREV
    start = us(end) - count * 60_000_000
    for seq, body in enumerate(bodies(start, count), 1):
        head = Head(
            kind=body.KIND,
            agent="pc1",
            epoch="abcdefgh",
            seq=seq,
            prev=prev,
            time=utc_text(start + seq * 59_000_000),
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


def filled(query: str, variables: Mapping[str, str], since: datetime, until: datetime) -> str:
    """The query as Grafana would send it."""
    made = query.replace("$timeFilter", f"time >= {us(since)}u AND time <= {us(until)}u").replace("$__interval", "10m")
    made = re.sub(r"\$\{(\w+):regex\}", lambda found: variables.get(found[1], "(.*)"), made)
    made = re.sub(r"\$(\w+)", lambda found: variables[found[1]], made)
    assert "$" not in re.sub(r"\$/", "", made), made
    return made


def say_status(store: InfluxStore, now: datetime) -> None:
    """What an agent and a collector said of themselves in the last half hour."""
    for minutes in range(30, -1, -5):
        at = us(now - timedelta(minutes=minutes))
        spool = SpoolStatus(
            epoch="abcdefgh",
            last_seq=122,
            waiting=minutes,
            oldest=utc_text(at - 5_000_000),
            bytes=9000,
            receipt_p99_ms=9.5,
        )
        agent = AgentStatus(
            online=True,
            agent="pc1",
            time=utc_text(at),
            version="0.1.0",
            spool=spool,
            devices={"bore": DeviceStatus(up=True, readings=9), "scale": DeviceStatus(up=False, detail="no answer")},
            clock=ClockTrust.SYNCED,
            alarms=("scale: no answer in 2 s",),
        )
        collector = CollectorStatus(
            online=True, collector="collector-1", time=utc_text(at), store="up", records=120 - minutes, set_aside=1
        )
        store.note([*agent_lines(agent, at), *collector_lines(collector, at)])
