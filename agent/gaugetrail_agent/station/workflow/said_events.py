"""What somebody at the station says becomes an event of the station, before anybody is told that it is kept."""

from __future__ import annotations

from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.events.payload import EventPayload
from gaugetrail_contract.record import EventBody, Subject


def said_by_person(setup: Setup, state: StationState, payload: EventPayload) -> TellEvent:
    """The event, by whoever is logged on; nothing of that step is shown before it is in the spool."""
    body = EventBody(
        site=setup.site,
        line=setup.line,
        station=setup.station,
        type=payload.TYPE,
        subject=Subject(kind="station", id=setup.station),
        payload=payload.written(),
        by=state.operator,
    )
    return TellEvent(body, sure=True)
