"""The long one: an hour of mixed faults, with the memory of an agent and a collector that live through all of it."""

from __future__ import annotations

import contextlib
import statistics
import threading
from pathlib import Path

import psutil
from plant import Plant
from scenario import Result, closing, scenario
from wires import Wire

FAULT_SECS = 5.0
WARM_UP = 0.15
"""Share of the time in which caches fill and modules are met for the first time."""
ALLOWED = 1.10


@scenario(numbers=(1, 3, 9, 10, 15, 41, 43), faults=590, servers=("mosquitto", "influxd"), long=True)
def soak(folder: Path, seed: int, faults: int) -> Result:
    """A fault every six seconds for an hour: broker, InfluxDB, a second agent and a second collector killed, blips.

    The first agent and the first collector are never killed; their resident memory stays within 10 %: the median of the
    last third of the time against the median of the first third, after a warm-up.
    """
    with contextlib.ExitStack() as stack:
        plant = stack.enter_context(Plant(folder, seed, "influxdb"))
        wire = stack.enter_context(Wire(plant.mqtt_port))
        plant.add_collector("collector2", port=wire.port)
        plant.run(agents=2, wire=wire, piece_secs=0.25, installed=True)
        plant.start_collector("collector2")
        sizes = Sizes({name: plant.processes[name].pid for name in ("pc1", "collector")})
        stack.enter_context(sizes)
        for _ in range(faults):
            what = plant.dice.choice(("pc2", "collector2", "mosquitto", "influxd", "blip", "blip"))
            if what == "blip":
                wire.blip(plant.dice.uniform(0.05, 2.0))
            else:
                plant.kill(what)
                sizes.pause.wait(plant.dice.uniform(0.0, 2.0))
                plant.all_up()
            sizes.pause.wait(FAULT_SECS * plant.dice.uniform(0.5, 1.5))
        sizes.stop()
        result = closing(plant, faults)
        for name in sizes.pids:
            first, last = sizes.thirds(name)
            result.figures[f"rss_{name}_mb"] = round(last, 1)
            result.figures[f"rss_{name}_growth"] = round(last / first, 3)
            result.notes.append(f"{name}: {first:.1f} MB resident in the first third, {last:.1f} MB in the last")
            if last > first * ALLOWED:
                result.trouble.append(f"{name} has grown by {100 * (last / first - 1):.0f} %")
        return result


class Sizes:
    """Looks at the resident memory of processes every few seconds."""

    def __init__(self, pids: dict[str, int]) -> None:
        self.pids = pids
        self.pause = threading.Event()
        self._seen: dict[str, list[float]] = {name: [] for name in pids}
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Sizes:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Look no more."""
        self.pause.set()
        self._thread.join(10)

    def thirds(self, name: str) -> tuple[float, float]:
        """Median of the first third after the warm-up and of the last third, in megabytes."""
        seen = self._seen[name][int(len(self._seen[name]) * WARM_UP) :]
        third = max(1, len(seen) // 3)
        return statistics.median(seen[:third]), statistics.median(seen[-third:])

    def _look(self) -> None:
        processes = {name: psutil.Process(pid) for name, pid in self.pids.items()}
        while not self.pause.wait(2.0):
            for name, process in processes.items():
                self._seen[name].append(process.memory_info().rss / 1e6)
