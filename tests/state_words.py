"""Events on the states of units, lots and gauges, as stations and the office write them, for tests."""

from __future__ import annotations

from gaugetrail_contract.events.nonconformity import GaugeStateSaid, UnitStateSaid
from gaugetrail_contract.record import EventBody, Subject

ENGINEER = "quality engineer"


def said_event(
    payload: UnitStateSaid | GaugeStateSaid,
    subject: str,
    kind: str = "unit",
    *,
    line: str = "line1",
    by: str | None = None,
    role: str | None = None,
) -> EventBody:
    """The event, as it is sealed."""
    return EventBody(
        site="plant1",
        line=line,
        station="OP20",
        type=payload.TYPE,
        subject=Subject(kind=kind, id=subject),  # type: ignore[arg-type]
        payload=payload.written(),
        by=by,
        role=role,
    )


def hold(serial: str, why: str = "burr", line: str = "line1", **more: object) -> EventBody:
    """A unit is put on hold by a station."""
    return said_event(UnitStateSaid(state="hold", why=why, **more), serial, line=line)  # type: ignore[arg-type]


def release(serial: str, role: str = ENGINEER, line: str = "office") -> EventBody:
    """A quality engineer lets a unit go."""
    return said_event(UnitStateSaid(state="released", why="sorted"), serial, line=line, by="QE-1", role=role)


def gauge_is(state: str, gauge: str = "G-0017", line: str = "line1", **more: object) -> EventBody:
    """A gauge is blocked, or fit."""
    said = GaugeStateSaid(state=state, why="master off by 0.012", **more)  # type: ignore[arg-type]
    return said_event(said, gauge, "gauge", line=line)
