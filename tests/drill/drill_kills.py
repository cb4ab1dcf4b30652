"""Kill what runs, at random moments, while operators and PLCs go on working."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from plant import Plant
from scenario import Result, closing, scenario


@scenario(numbers=(3, 7), faults=200)
def agent_killed(folder: Path, seed: int, faults: int) -> Result:
    """SIGKILL of the agent, at any moment from its first instruction on; four agents at once.

    Between a commit and its word, between a PLC's data and its echo: the part that was told is there, the part that
    was not told is measured again and is then a second record that names the first, and the PLC, whose offer stands,
    gets the answer that was committed and makes no second record.
    """
    with Plant(folder, seed) as plant:
        lanes = 4 if faults >= 40 else 1
        plant.run(agents=lanes)

        def kill_often(name: str, times: int, seed: str) -> None:
            dice = random.Random(seed)
            for _ in range(times):
                time.sleep(dice.expovariate(1 / 0.25))
                plant.kill(name)
                plant.start_agent(name, wait=dice.random() < 0.8)  # or is killed while it starts

        shares = [faults // lanes + (number < faults % lanes) for number in range(lanes)]
        together(
            [(kill_often, (name, share, f"{seed} {name}")) for name, share in zip(plant.agents, shares, strict=True)]
        )
        for name in plant.agents:
            plant.until_open(name)
        return closing(plant, faults)


@scenario(numbers=(15, 46), faults=100)
def collector_killed(folder: Path, seed: int, faults: int) -> Result:
    """SIGKILL of the collector: what it had in hand comes again, and what it had stored is known again."""
    with Plant(folder, seed) as plant:
        plant.run(agents=2)
        for _ in range(faults):
            time.sleep(plant.dice.uniform(0.05, 0.6))
            plant.kill("collector")
            plant.start_collector()
        return closing(plant, faults)


@scenario(numbers=(9, 37), faults=50)
def broker_killed(folder: Path, seed: int, faults: int) -> Result:
    """SIGKILL of a mosquitto that keeps nothing: subscriptions come back, what it had acknowledged is sent again."""
    with Plant(folder, seed) as plant:
        plant.run(agents=2)
        for _ in range(faults):
            time.sleep(plant.dice.uniform(0.1, 1.8))
            plant.kill("mosquitto")
            time.sleep(plant.dice.uniform(0.0, 0.2))
            plant.broker()
        return closing(plant, faults)


@scenario(numbers=(15, 17), faults=20, servers=("mosquitto", "influxd"))
def influxdb_killed(folder: Path, seed: int, faults: int) -> Result:
    """SIGKILL of InfluxDB under load: no receipt without a committed write; written again, the points are the same."""
    with Plant(folder, seed, "influxdb") as plant:
        plant.run(agents=2)
        for _ in range(faults):
            time.sleep(plant.dice.uniform(0.2, 1.5))
            plant.kill("influxd")
            time.sleep(plant.dice.uniform(0.0, 0.3))
            plant.influxd()
        return closing(plant, faults)


@scenario(numbers=(3, 9, 15, 19, 46), faults=100, servers=("mosquitto", "influxd"))
def mixed_kills(folder: Path, seed: int, faults: int) -> Result:
    """Agent, collector, broker and InfluxDB killed in any order, several of them down together, then all at once."""
    with Plant(folder, seed, "influxdb") as plant:
        plant.run(agents=2)
        killed = 0
        while killed < faults:
            names = [*plant.agents, "collector", "mosquitto", "influxd"]
            victims = names if faults - killed <= len(names) else plant.dice.sample(names, plant.dice.randint(1, 3))
            for name in victims:
                plant.kill(name)
            killed += len(victims)
            time.sleep(plant.dice.uniform(0.0, 0.4))
            plant.all_up()
            time.sleep(plant.dice.uniform(0.0, 1.0))
        return closing(plant, killed)


def together(jobs: list) -> None:
    """Do several things at once, each in a thread; the first error is raised."""
    errors: list[BaseException] = []

    def one(work, words) -> None:
        try:
            work(*words)
        except BaseException as error:  # noqa: BLE001 - the top of a thread, raised again below
            errors.append(error)

    threads = [threading.Thread(target=one, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
