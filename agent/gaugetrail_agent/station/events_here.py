"""An event of the station: where it happened is the station's own, what happened is the payload's. Pure."""

from __future__ import annotations

from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import EventBody, Subject


def event_here(
    setup: Setup,
    payload: EventPayload,
    about: Subject | None = None,
    *,
    by: str | None = None,
    role: str | None = None,
    reason: str | None = None,
    subjects: tuple[Subject, ...] = (),
) -> EventBody:
    """About the station itself, unless it is `about` something else."""
    return EventBody(
        site=setup.site,
        line=setup.line,
        station=setup.station,
        type=payload.TYPE,
        subject=about or Subject(kind="station", id=setup.station),
        payload=payload.written(),
        by=by,
        role=role,
        reason=reason,
        subjects=subjects,
    )
