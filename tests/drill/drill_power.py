"""Cut the power: what was written and not synced is gone, or half there, sector by sector."""

from __future__ import annotations

import random
import time
from pathlib import Path

from drill_kills import together
from layers import ForgetfulDisk, build
from plant import Plant
from scenario import Result, closing, scenario


@scenario(numbers=(4,), faults=60, servers=("mosquitto", "cc"))
def agent_power_cut(folder: Path, seed: int, faults: int) -> Result:
    """The line PC loses power: the spool opens by itself, and every part that was told to be recorded is in it."""
    with Plant(folder, seed) as plant:
        library = build(folder)
        disks = {name: ForgetfulDisk(library, folder / f"disk-{name}") for name in ("pc1", "pc2")}
        plant.run(agents=2, layers=disks)
        forgotten = dict.fromkeys(disks, 0)

        def cut_often(name: str, times: int) -> None:
            dice = random.Random(f"{seed} power {name}")
            for _ in range(times):
                time.sleep(dice.expovariate(1 / 0.3))
                plant.kill(name)
                forgotten[name] += disks[name].cut_power(dice)
                plant.start_agent(name, disks[name].env, wait=dice.random() < 0.8)

        together([(cut_often, (name, faults // 2)) for name in disks])
        for name in disks:
            plant.until_open(name)
        result = closing(plant, faults // 2 * 2)
        result.notes.append(f"{sum(forgotten.values()):,} sectors were written, not yet synced, and forgotten")
        return result


@scenario(numbers=(4, 15), faults=40, servers=("mosquitto", "cc"))
def collector_power_cut(folder: Path, seed: int, faults: int) -> Result:
    """The server loses power: what a receipt has confirmed is in the store, and the rest comes again."""
    with Plant(folder, seed) as plant:
        disk = ForgetfulDisk(build(folder), folder / "disk")
        plant.store_path = disk.folder / "store.db"
        plant.collector_dir = disk.folder
        plant.run(agents=2, layers={"collector": disk})
        forgotten = 0
        for _ in range(faults):
            time.sleep(plant.dice.uniform(0.1, 0.8))
            plant.kill("collector")
            forgotten += disk.cut_power(plant.dice)
            plant.start_collector(env=disk.env)
        result = closing(plant, faults)
        result.notes.append(f"{forgotten:,} sectors were written, not yet synced, and forgotten")
        return result
