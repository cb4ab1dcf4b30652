"""What somebody at the station says becomes an event of the station, before anybody is told that it is kept."""

from __future__ import annotations

from gaugetrail_agent.station.events_here import event_here
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellEvent
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.events.payload import EventPayload


def said_by_person(setup: Setup, state: StationState, payload: EventPayload) -> TellEvent:
    """The event, by whoever is logged on; nothing of that step is shown before it is in the spool."""
    return TellEvent(event_here(setup, payload, by=state.operator), sure=True)
