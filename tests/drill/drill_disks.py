"""Fill the disks: under the agent's spool, and under the store."""

from __future__ import annotations

import time
from pathlib import Path

from disks import SmallDisk
from floor import until
from plant import Plant
from scenario import Result, closing, scenario


@scenario(numbers=(6,), faults=4)
def agent_disk_full(folder: Path, seed: int, faults: int) -> Result:
    """The disk under the spool is full: a red terminal, code 5 to the PLC, no green; with room again it goes on alone.

    While it is full not one part may be told to be recorded, and nothing that was in before may be touched.
    """
    data = folder / "disk"
    with Plant(folder, seed) as plant, SmallDisk(data, lambda: plant.processes["pc1"].pid) as disk:
        plant.run(data_dir=data)
        green = 0
        for _ in range(faults):
            disk.fill()
            refused = plant.account.refused
            until(
                lambda before=refused: plant.account.refused > before,
                "the operator or the PLC is told of the full disk",
            )
            told = len(plant.account)
            time.sleep(plant.dice.uniform(0.2, 1.5))
            # What was committed before the disk was full may be told a moment after it.
            green += max(0, len(plant.account) - told - 1)
            disk.empty()
            plant.until_stored()
        result = closing(plant, faults)
        result.notes.append(f"{disk.kind}; {plant.account.refused} times the station refused loudly")
        if green:
            result.trouble.append(f"{green} parts were told to be recorded while the disk was full")
        return result


@scenario(numbers=(6, 15), faults=10)
def store_disk_full(folder: Path, seed: int, faults: int) -> Result:
    """The disk under the store is full: nobody at a station notices, and all arrives when there is room again."""
    data = folder / "disk"
    with Plant(folder, seed) as plant, SmallDisk(data, lambda: plant.processes["collector"].pid) as disk:
        plant.store_path = data / "store.db"
        plant.run(agents=2)
        refused = 0
        for _ in range(faults):
            disk.fill()
            before = plant.account.refused
            plant.until_told(20)
            time.sleep(plant.dice.uniform(0.0, 1.5))
            refused += plant.account.refused - before
            disk.empty()
            plant.until_stored()
        result = closing(plant, faults)
        result.notes.append(disk.kind)
        if refused:
            result.trouble.append(f"stations refused {refused} parts because the store's disk was full")
        return result


@scenario(numbers=(2, 45), faults=1)
def spool_full(folder: Path, seed: int, faults: int) -> Result:
    """The spool reaches its bound while nothing is collected: the station refuses, and goes on by itself later."""
    with Plant(folder, seed) as plant:
        plant.broker()
        plant.add_agent("pc1", max_mb=8)
        plant.fill("pc1", 10_000)
        plant.start_agent("pc1")
        told = len(plant.account)
        plant.crew.work()
        until(lambda: plant.account.refused, "the station says that the spool is full")
        green = len(plant.account) - told
        plant.add_collector()
        plant.start_collector()
        plant.until_told(20)
        result = closing(plant, faults)
        if green:
            result.trouble.append(f"{green} parts were told to be recorded beyond the spool's bound")
        return result
