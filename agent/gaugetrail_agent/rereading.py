"""Settings, registers and plans read anew while the agent works (SIGHUP): what of them holds from now on, and what
waits for a restart.

Promise: everything is read and checked first, as at a start; where anything is at fault, nothing changes. Then taken
are: gauge register, people list and customers' labels; each station's plan; who the broker is told that we are (user,
password, certificates). Every other key that differs is named. Nothing here acts: the app hands out what is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gaugetrail_agent.config import AgentConfig, AgentSettings, load
from gaugetrail_agent.documents.shelf import DocumentShelf
from gaugetrail_agent.station.given.plans_here import PlansHere
from gaugetrail_contract.changed_keys import changed_keys
from gaugetrail_contract.settings import Problem, Settings, Steps
from gaugetrail_service.mqtt.settings import proofs_between

REGISTERS = ("gauges", "people")
PLAN_KEYS = ("plan", "plans", "wiring", "operation")
"""What of a station says by which plans it works and where it gets their values."""


@dataclass(frozen=True, slots=True)
class Reread:
    """What holds from now on, all but the plans, and what of the file waits for a restart."""

    config: AgentConfig
    """With every station's new plan; a station takes its own when no unit is in hand."""
    waits: tuple[Problem, ...]
    """The keys that need a restart, each with its line."""


def reread(old: AgentConfig, shelf: Callable[[], DocumentShelf] | None = None) -> Reread:
    """Read everything again, with the documents of the shelf. Raises `ConfigError` with every fault found."""
    new = load(old.loaded.path, shelf=shelf)
    waits = [
        new.loaded.problem(steps, "changed; it needs a restart")
        for steps in changed_keys(old.settings, new.settings)
        if not _taken(steps, old, new)
    ]
    plans, strange = _plans(old, new)
    waits += strange
    labels = {name: new.labels.get(name, label) for name, label in old.labels.items()}
    loaded = new.loaded if not waits else replace(old.loaded, settings=_in_force(old.settings, new.settings))
    return Reread(replace(new, loaded=loaded, here=plans, labels=labels), tuple(waits))


def _taken(steps: Steps, old: AgentConfig, new: AgentConfig) -> bool:
    """Whether that key is one of those that hold at once."""
    if steps[0] == "mqtt":
        return steps[-1] in proofs_between(old.settings.mqtt, new.settings.mqtt)
    if steps[0] == "station":
        return len(steps) >= 3 and steps[2] in PLAN_KEYS
    return steps[0] == "agent" and steps[-1] in REGISTERS


def _plans(old: AgentConfig, new: AgentConfig) -> tuple[dict[str, PlansHere], list[Problem]]:
    """The plans of each station that runs; one that measures with a device which isn't there yet waits with it."""
    plans, strange = dict(old.here), []
    devices = {device.name for device in old.settings.device}
    for station in old.here.keys() & new.here.keys():
        taken = new.here[station].plans
        lacking = {one.device for plan in taken for one in plan.characteristics if one.device} - devices
        if lacking:
            names = ", ".join(sorted(lacking))
            what = f"{station} takes it with a restart: {names} is no device of the running agent"
            strange.append(Problem(str(taken[0].path), "", what))
        else:
            plans[station] = new.here[station]
    return plans, strange


def _in_force(old: AgentSettings, new: AgentSettings) -> AgentSettings:
    """The old settings with what is taken of the new ones."""
    named = {table.name: table for table in new.station}
    taken: dict[str, object] = {
        "agent": _with(old.agent, new.agent, REGISTERS),
        "mqtt": _with(old.mqtt, new.mqtt, proofs_between(old.mqtt, new.mqtt)),
        "station": tuple(_with(table, named.get(table.name, table), PLAN_KEYS) for table in old.station),
    }
    return old.model_copy(update=taken)


def _with(old: Settings, new: Settings, keys: tuple[str, ...]) -> Settings:
    return old.model_copy(update={key: getattr(new, key) for key in keys})
