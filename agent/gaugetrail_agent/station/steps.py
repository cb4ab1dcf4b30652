"""The station: what a reading means for the unit in hand. Pure: `step(setup, state, event) -> (state, effects)`.

An operator's station goes badge -> unit -> each characteristic of the control plan -> verdict -> record; an automatic
one makes a record of each batch that a PLC offers. It takes time as data, does no I/O and asks for what it wants by
effects: seal this body, trigger that gauge. Whoever acts, the record and what is said of it are `finishing`'s.
"""

from __future__ import annotations

from dataclasses import replace

from gaugetrail_agent.station.automatic import by_itself
from gaugetrail_agent.station.finishing import offered_again, recorded, refused
from gaugetrail_agent.station.operator import by_operator
from gaugetrail_agent.station.placements import used_elsewhere
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import not_kept, unanswered
from gaugetrail_agent.station.words import (
    DeviceTold,
    NotKept,
    NotRecorded,
    Recorded,
    StationEvent,
    StationState,
    Step,
    TryAgain,
    Unanswered,
    UsedElsewhere,
    device_told,
)


def step(setup: Setup, state: StationState, event: StationEvent) -> Step:
    """The station's next state and what it wants done. Never raises on what a device or a person sends."""
    match event:
        case Recorded():
            return _recorded(setup, state, event)
        case NotRecorded():
            return refused(state, event)
        case TryAgain():
            return offered_again(state)
        case Unanswered():
            return unanswered(state)
        case NotKept():
            return not_kept(state, event)
        case UsedElsewhere():
            return used_elsewhere(state, event), ()
        case DeviceTold():
            return device_told(state, event), ()
        case _ if setup.mode == "automatic":
            return by_itself(setup, state, event)
        case _:
            return by_operator(setup, state, event)


def _recorded(setup: Setup, state: StationState, event: Recorded) -> Step:
    """The spool has committed; a scan that waited for it has its turn."""
    then = state.then
    state, effects = recorded(replace(state, then=None), event)
    return (state, effects) if then is None else by_operator(setup, state, then)
