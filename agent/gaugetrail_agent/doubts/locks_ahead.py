"""What `check` says of people and gauges that a station will refuse: better at the desk than before a part.

Promise: warnings only, each with what to do; what a station refuses it refuses by `station.locks`, which asks the same
questions. How gauges stand with their calibration is `health.calibration`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from gaugetrail_agent.config import AgentConfig
from gaugetrail_agent.station.locks.fitness import asked_of_gauge
from gaugetrail_contract.documents.gauges import Unfit, unsuited
from gaugetrail_contract.documents.people import why_not_at
from gaugetrail_contract.settings import Problem

ANYBODY = (
    "there is no people list: whoever has a badge may measure, and no record says with what qualification; name one "
    '(people = "people.csv")'
)


def asks_nobody(config: AgentConfig) -> bool:
    """Whether people work here, and no list says who may."""
    return config.settings.agent.people is None and any(one.mode == "operator" for one in config.settings.station)


def locks_ahead(config: AgentConfig, today: date) -> Iterator[Problem]:
    """A warning for each lock that will close."""
    if asks_nobody(config):
        yield config.loaded.problem(("agent", "people"), ANYBODY, warning=True)
    yield from _nobody_qualified(config, today.isoformat())
    yield from _unsuited_gauges(config)


def _nobody_qualified(config: AgentConfig, day: str) -> Iterator[Problem]:
    people = config.people
    for number, station in enumerate(config.settings.station):
        plans = config.plans[station.name]
        if people is None or station.mode != "operator" or not plans:
            continue
        names = [one.name for plan in plans for one in plan.characteristics]
        operation = station.operation or plans[0].file.operation or station.name
        if all(why_not_at(people, one.badge, operation, names, day) is not None for one in people.person):
            what = f"nobody on the people list may measure at {station.name} today: every badge will be refused"
            yield config.loaded.problem(("station", number, "name"), what, warning=True)


def _unsuited_gauges(config: AgentConfig) -> Iterator[Problem]:
    numbers = {table.name: number for number, table in enumerate(config.settings.device)}
    for station in config.settings.station:
        for wanted in (one for plan in config.plans[station.name] for one in plan.characteristics):
            if wanted.device is None:
                continue
            gauge = config.gauges.get(config.device(wanted.device).gauge or "")
            unfit = None if gauge is None else unsuited(gauge, asked_of_gauge(wanted))
            if gauge is not None and unfit is not None:
                what = f"{station.name} will take no value of {gauge.id} for {wanted.name}: {_why(unfit)}"
                yield config.loaded.problem(("device", numbers[wanted.device], "gauge"), what, warning=True)


def _why(unfit: Unfit) -> str:
    match unfit.why:
        case "bound_elsewhere":
            return f"the gauge register binds it to {unfit.has}"
        case "too_coarse":
            return f"the plan wants a resolution of {unfit.wanted}, the gauge register says {unfit.has or 'none'}"
        case _:
            return f"the plan wants a {unfit.wanted}, the gauge register says {unfit.has or 'nothing of its kind'}"
