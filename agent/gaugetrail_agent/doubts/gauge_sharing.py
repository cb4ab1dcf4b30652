"""What `check` warns of where a gauge's value could be meant for two things: two characteristics of a part that nothing
but their order tells apart, and two stations with one gauge. Both work; both ask for care, so they are warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from gaugetrail_agent.config import AgentConfig
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.settings import Problem


def shared_gauges(config: AgentConfig) -> Iterator[Problem]:
    """A warning for each pair that shares a gauge."""
    for number, station in enumerate(config.settings.station):
        if station.mode == "automatic":
            continue  # a block names each value
        pairs = (pair for plan in config.plans[station.name] for pair in _told_by_order(plan.characteristics))
        for one, other in pairs:
            message = (
                f"{one.device!r} measures {one.name} and {other.name}: only their order tells the two values apart; "
                "give each a channel if the device has several, else mind the prompt, which says the one that counts"
            )
            yield config.loaded.problem(("station", number, "plan"), message, warning=True)
    yield from _two_stations(config)


def _told_by_order(characteristics: Sequence[Characteristic]) -> Iterator[tuple[Characteristic, Characteristic]]:
    for one, other in combinations(characteristics, 2):
        same_channel = one.channel == other.channel or None in (one.channel, other.channel)
        if one.device is not None and one.device == other.device and same_channel:
            yield one, other


def _two_stations(config: AgentConfig) -> Iterator[Problem]:
    stations = [(number, one) for number, one in enumerate(config.settings.station) if one.mode == "operator"]
    for (_, first), (number, second) in combinations(stations, 2):
        names = (_devices(config, first.name) & _devices(config, second.name)) - {first.scanner, second.scanner}
        for name in sorted(filter(None, names)):
            message = (
                f"{first.name} and {second.name} both measure with {name!r}: a value goes to the unit that takes it "
                "first, whichever was meant; give each station its own gauge, or measure at one at a time"
            )
            yield config.loaded.problem(("station", number, "plan"), message, warning=True)


def _devices(config: AgentConfig, station: str) -> set[str | None]:
    return {one.device for plan in config.plans[station] for one in plan.characteristics}
