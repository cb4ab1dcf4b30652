"""Set the clock: to 2000, an hour back, a day ahead, and right again, while stations work."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

from layers import SetClock, build
from plant import Plant
from scenario import Result, closing, scenario

YEAR_2000 = 946_684_800
HOUR, DAY = 3600.0, 86_400.0


@scenario(numbers=(17, 35), faults=16, servers=("mosquitto", "influxd", "cc"))
def clock_set(folder: Path, seed: int, faults: int) -> Result:
    """The clock goes to 2000, an hour back, a day ahead and right again, with restarts; a second PC begins in 2000.

    Order stays by number, times rise within each agent, nothing overwrites anything in InfluxDB (where the same time is
    the same point), and each jump is written into a record as `stepped`.
    """
    with Plant(folder, seed, "influxdb") as plant:
        library = build(folder)
        clocks = {name: SetClock(library, folder / f"clock-{name}") for name in ("pc1", "pc2")}
        clocks["pc2"].set(YEAR_2000)
        plant.run(agents=2, layers=clocks)
        for number in range(faults):
            for clock in clocks.values():
                if number % 2:
                    clock.add(0.0)
                elif number % 6 == 0:
                    clock.set(YEAR_2000)
                else:
                    clock.add(-HOUR if number % 6 == 2 else DAY)
            if number % 5 == 4:
                for name in plant.agents:
                    plant.kill(name)
                    plant.start_agent(name, clocks[name].env)
            plant.until_told(20)
            plant.until_stored()
        result = closing(plant, faults)
        _look_at_times(plant, result, faults)
        return result


def _look_at_times(plant: Plant, result: Result, faults: int) -> None:
    chains: defaultdict[tuple[str, str], list[dict]] = defaultdict(list)
    for record in plant.look().records():
        chains[record.agent, record.epoch].append(json.loads(record.data))
    for (agent, _), chain in chains.items():
        chain.sort(key=lambda one: one["seq"])
        times = [one["time"] for one in chain]
        if times != sorted(set(times)):
            result.trouble.append(f"{agent}: times don't rise with the numbers")
        stepped = sum(one["clock"] == "stepped" for one in chain)
        result.notes.append(
            f"{agent}: {times[0][:10]} to {times[-1][:10]}, {stepped} records say that the clock stepped"
        )
        # Restarts: a process can't have seen a step that happened while it was not there.
        if stepped < faults - faults // 5:
            result.trouble.append(f"{agent}: {faults} steps, but only {stepped} records say so")
