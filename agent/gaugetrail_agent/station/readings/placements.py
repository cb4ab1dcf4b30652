"""Whose what a device shows is: `freshness` applied to a station, its unit in hand and its plan. Pure.

Promise: a value that is used is its unit's alone, in every station of the agent. A unit that leaves without a value of
a device takes with it what stands there: it was that unit's, whoever is scanned next. What keeps a unit waiting has a
sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gaugetrail_agent.languages.sentences import Sentence, said
from gaugetrail_agent.reading import WITH_VALUE
from gaugetrail_agent.station.freshness import Channel, FreshRule, Obstacle, Owner, Sight, Use, obstacle, saw
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import TellUse
from gaugetrail_agent.station.words.happening import UsedElsewhere, ValueCame
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_contract.documents.plan import Characteristic


def rule_of(setup: Setup, device: str) -> FreshRule:
    """When a value of the device is fresh."""
    return setup.devices[device].rule


def channel_of(event: ValueCame) -> Channel:
    """What the value stands on."""
    return event.device, event.reading.channel


def seen(setup: Setup, state: StationState, event: ValueCame) -> StationState:
    """Whatever a device says counts, with or without a unit in hand: it is how a new part shows."""
    channel = channel_of(event)
    sight = saw(rule_of(setup, event.device), state.sights.get(channel, Sight()), event.reading, event.mono_ns)
    return replace(state, sights={**state.sights, channel: sight})


def used(
    setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, event: ValueCame
) -> tuple[StationState, TellUse]:
    """The value is the unit's from here on."""
    channel = channel_of(event)
    use = replace(
        Use(state.sights[channel].placement, owner_of(setup, unit)),
        characteristic=wanted.name,
        value=event.reading.value,
        at_ns=event.mono_ns,
    )
    return replace(state, uses={**state.uses, channel: use}), TellUse(channel, use)


def used_elsewhere(state: StationState, event: UsedElsewhere) -> StationState:
    """Another station was first. Both count a device's placements alike, since both hear all that it says."""
    return replace(state, uses={**state.uses, event.channel: event.use})


def left_behind(
    setup: Setup, state: StationState, unit: Unit, lacking: Iterable[Characteristic]
) -> tuple[StationState, tuple[TellUse, ...]]:
    """What lies on the devices whose values the leaving unit lacks was put there for it, and for no other."""
    devices = {characteristic.device for characteristic in lacking}
    owned = {
        channel: Use(sight.placement, owner_of(setup, unit))
        for channel, sight in state.sights.items()
        if channel[0] in devices and not sight.empty and not _is_spent(state, channel, sight)
    }
    return replace(state, uses={**state.uses, **owned}), tuple(TellUse(*one) for one in owned.items())


def obstacle_of(setup: Setup, state: StationState, unit: Unit, channel: Channel) -> Obstacle | None:
    """Why what stands on the channel is not the unit's; null when it is."""
    sight, use = state.sights.get(channel), state.uses.get(channel)
    return obstacle(rule_of(setup, channel[0]), sight, use, owner_of(setup, unit), unit.started_ns)


def must_wait(setup: Setup, state: StationState, unit: Unit, event: ValueCame) -> bool:
    """Whether a value is not the unit's yet. What carries none is a matter of its status."""
    return event.reading.status in WITH_VALUE and obstacle_of(setup, state, unit, channel_of(event)) is not None


def made_before_scan(unit: Unit, event: ValueCame) -> bool:
    """Whether a device hands on what it had kept: a result that is, or for all it says may be, older than the scan."""
    told = event.reading.extra
    if not told.get("replayed"):
        return False
    age_secs = told.get("age_secs")
    return not isinstance(age_secs, int) or event.mono_ns - age_secs * 1_000_000_000 < unit.started_ns


def one_of_several(setup: Setup, state: StationState, wanted: Characteristic, event: ValueCame) -> frozenset[str]:
    """The channels that the device is known to have, where the characteristic names none of them and the value came on
    one of several: nobody knows then whose it is. Empty where all is clear.
    """
    if wanted.channel is not None or event.reading.channel is None:
        return frozenset()
    planned = (one.channel for one in setup.plan.characteristics if one.device == event.device)
    shown = (
        channel for (device, channel), sight in state.sights.items() if device == event.device and sight != Sight()
    )
    known = {*setup.devices[event.device].channels, *planned, *shown, event.reading.channel} - {None}
    return frozenset(name for name in known if name is not None) if len(known) > 1 else frozenset()


def waits_on(setup: Setup, state: StationState, unit: Unit, wanted: Characteristic) -> Obstacle | None:
    """What keeps the wanted characteristic from being measured now; null where nothing is known to."""
    channel = _channel(state, wanted)
    is_key = channel is not None and rule_of(setup, channel[0]).fresh == "event"
    return None if channel is None or is_key else obstacle_of(setup, state, unit, channel)


def why(setup: Setup, state: StationState, unit: Unit, wanted: Characteristic, kept: Obstacle) -> Sentence:
    """The obstacle in a sentence that says what to do."""
    device, title = wanted.device or "", wanted.title or wanted.name
    pan = rule_of(setup, device).pan
    match kept:
        case Obstacle.UNSEEN:
            return said("fresh.unseen", device=device, characteristic=title)
        case Obstacle.EMPTY:
            return said("fresh.put_on", device=device)
        case Obstacle.MOVING:
            return said("fresh.wait_still", device=device)
        case Obstacle.SPENT:
            return _spent(state, owner_of(setup, unit), wanted, pan=pan)
        case Obstacle.BEFORE_START | Obstacle.BEFORE_SCAN:
            if pan:
                return said("fresh.off_and_on", device=device)
            return said("fresh.measure_anew", device=device, characteristic=title)


def _spent(state: StationState, now: Owner, wanted: Characteristic, *, pan: bool) -> Sentence:
    device, title, channel = wanted.device or "", wanted.title or wanted.name, _channel(state, wanted)
    assert channel is not None, "what is spent has been seen"
    before = state.uses[channel].owner
    if before == now and pan:
        return said("fresh.once_more", device=device, characteristic=title)
    if before == now:
        return said("fresh.measure_anew", device=device, characteristic=title)
    if pan:
        return said("fresh.other_part", device=device, serial=before.serial)
    return said("fresh.other_value", device=device, serial=before.serial, characteristic=title)


def _channel(state: StationState, wanted: Characteristic) -> Channel | None:
    """Where the characteristic's value stands; null where several channels might be meant."""
    if wanted.device is None:
        return None
    if wanted.channel is not None:
        return wanted.device, wanted.channel
    known = [channel for channel in state.sights if channel[0] == wanted.device]
    return (wanted.device, None) if not known else known[0] if len(known) == 1 else None


def _is_spent(state: StationState, channel: Channel, sight: Sight) -> bool:
    use = state.uses.get(channel)
    return use is not None and use.placement == sight.placement


def owner_of(setup: Setup, unit: Unit) -> Owner:
    """The unit as an owner of values: the same piece, by part and serial, may come again."""
    serial = unit.ids.get("serial")
    piece = None if serial is None else (unit.ids.get("part") or setup.plan.file.part, serial)
    return Owner(unit.serial, piece, unit.started_us)
