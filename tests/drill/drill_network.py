"""Cut, freeze and crowd the network between agents, broker and collectors."""

from __future__ import annotations

import contextlib
import signal
import time
from pathlib import Path

from drill_kills import together
from ears import broker_figure
from plant import Plant
from scenario import Result, closing, combined, scenario
from wires import Wire

LANES = 6


@scenario(numbers=(10,), faults=500)
def broker_blips(folder: Path, seed: int, faults: int) -> Result:
    """The broker is gone for 100 ms, again and again; after each blip a part told afterwards is in the store.

    Six plants at once, because a client waits for a second before it connects again.
    """
    lanes = min(LANES, faults)
    results: list[Result] = []

    def lane(number: int) -> None:
        place = folder / f"lane{number}"
        place.mkdir()
        times = faults // lanes + (number < faults % lanes)
        with contextlib.ExitStack() as stack:
            plant = stack.enter_context(Plant(place, seed))
            wire = stack.enter_context(Wire(plant.mqtt_port))
            plant.run(wire=wire, press=False, piece_secs=0.1)
            for _ in range(times):
                wire.blip(0.1)
                plant.until_stored()
                time.sleep(plant.dice.uniform(0.0, 0.1))
            results.append(closing(plant, times))

    together([(lane, (number,)) for number in range(lanes)])
    return combined(results)


@scenario(numbers=(8, 38), faults=4)
def half_open_connection(folder: Path, seed: int, faults: int) -> Result:
    """The network swallows everything without closing anything: noticed by the keepalive, and nothing is missing."""
    with contextlib.ExitStack() as stack:
        plant = stack.enter_context(Plant(folder, seed))
        wire = stack.enter_context(Wire(plant.mqtt_port))
        plant.run(wire=wire)
        for _ in range(faults):
            wire.die(plant.dice.uniform(3.0, 9.0))
            plant.until_stored()
        return closing(plant, faults)


@scenario(numbers=(37,), faults=6)
def broker_discards(folder: Path, seed: int, faults: int) -> Result:
    """A broker with a tiny queue acknowledges to the agent and throws away, while the collector is held still.

    The acknowledgement of a broker is worth nothing here: only the collector's receipt ends a record's way.
    """
    with Plant(folder, seed) as plant:
        plant.broker_extra = "max_queued_messages 3\nsys_interval 1\n"
        plant.run(agents=2, window=2, piece_secs=0.1)
        for _ in range(faults):
            plant.processes["collector"].send_signal(signal.SIGSTOP)
            time.sleep(plant.dice.uniform(1.0, 2.5))
            plant.processes["collector"].send_signal(signal.SIGCONT)
            time.sleep(plant.dice.uniform(0.5, 2.0))
        # What was thrown away several times waits up to two minutes for its next turn.
        result = closing(plant, faults, 300.0)
        dropped = broker_figure(plant.mqtt_port, "publish/messages/dropped")
        result.notes.append(f"the broker acknowledged {dropped} messages that it never delivered")
        if not dropped:
            result.trouble.append("the broker has thrown nothing away, so this drill has proved nothing")
        return result


@scenario(numbers=(15, 18, 46), faults=40, servers=("mosquitto", "influxd"))
def two_collectors(folder: Path, seed: int, faults: int) -> Result:
    """Two collectors share the work and one store; each is killed in turn, now and then both."""
    with Plant(folder, seed, "influxdb") as plant:
        plant.add_collector("collector2")
        plant.run(agents=2)
        plant.start_collector("collector2")
        killed = 0
        while killed < faults:
            names = ["collector", "collector2"] if plant.dice.random() < 0.2 else [plant.dice.choice(plant.collectors)]
            for name in names:
                plant.kill(name)
            time.sleep(plant.dice.uniform(0.0, 0.5))
            for name in names:
                plant.start_collector(name)
            killed += len(names)
            time.sleep(plant.dice.uniform(0.0, 0.5))
        return closing(plant, killed)
