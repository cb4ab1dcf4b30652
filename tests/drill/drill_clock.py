"""Set the clock: to 2000, an hour back, a day ahead, years ahead, and right again, while stations work."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from ears import Ear
from layers import SetClock, build
from plant import Plant
from scenario import Result, closing, scenario

YEAR_2000 = 946_684_800
HOUR, DAY = 3600.0, 86_400.0
YEAR = 365.25 * DAY
STEPS: dict[str, float] = {
    "30 years back": -30 * YEAR,
    "an hour back": -HOUR,
    "a day ahead": DAY,
    "a year ahead": YEAR,
    "26 years ahead": 26 * YEAR,
}
EXTREMES = {"to 1969": -86_400.0 * 90, "to 2200": 7_258_118_400.0}
"""Seconds after 1970."""
WINDOW_SECS = 5.5
"""Longer than a heartbeat."""
WARM_UP_SECS = 4.0
GROWN_MB = 12.0
"""What a process may have grown by in a minute and a half: the first thousand records fill its caches."""


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


@scenario(numbers=(35,), faults=7, servers=("mosquitto", "influxd", "cc"))
def clock_wrong_at_agents(folder: Path, seed: int, faults: int) -> Result:
    """Agents 30 years and an hour back, a day, a year and 26 years ahead, in 1969 and 2200: parts, words and memory.

    After each the clock is set right. One agent's settings vouch for its clock: it leaves each wrong year with a new
    epoch, and what it sealed far ahead waits until somebody has looked, here at the end. The other's clock nobody
    keeps, and its times creep on. Both record as fast as before and go on saying how they are.
    """
    with Plant(folder, seed, "influxdb") as plant:
        library = build(folder)
        clocks = {name: SetClock(library, folder / f"clock-{name}") for name in ("pc1", "pc2")}
        plant.agent_extra["pc1"] = 'clock = "kept"'
        plant.run(agents=2, layers=clocks, piece_secs=0.1)
        watch = _Watch(plant, ("pc1", "pc2"), "{}/status")
        with watch.ear:
            for what in (*STEPS, *EXTREMES)[:faults]:
                for clock in clocks.values():
                    clock.add(STEPS[what]) if what in STEPS else clock.set(EXTREMES[what])
                watch.window(what)
                for clock in clocks.values():
                    clock.add(0.0)
                watch.window(f"right again after {what}")
            watch.until("pc1", "a new epoch begins at the right time", _is_right)
        waited = len(plant.aside())
        code, _, err = plant.answer("gaugetrail-collector", "set-aside", "retry", "--config", "collector.toml")
        result = closing(plant, faults)
        result.notes.append(
            f"{waited} records of a wrong clock that said it was right waited until somebody had looked"
        )
        if code or not waited or plant.aside():
            result.trouble.append(f"waited: {waited}, still do: {len(plant.aside())}; the retry: {code} {err[:200]}")
        watch.tell(result)
        _look_at_epochs(plant, result)
        return result


@scenario(numbers=(35,), faults=5, servers=("mosquitto", "cc"))
def clock_wrong_at_collector(folder: Path, seed: int, faults: int) -> Result:
    """The collector 30 years and an hour back, a day, a year and 26 years ahead: receipts and its word go on."""
    with Plant(folder, seed) as plant:
        clock = SetClock(build(folder), folder / "clock")
        plant.run(agents=2, layers={"collector": clock}, piece_secs=0.1)
        watch = _Watch(plant, ("collector",), "collectors/{}/status")
        with watch.ear:
            for what in tuple(STEPS)[:faults]:
                clock.add(STEPS[what])
                watch.window(what)
                plant.until_stored()
                clock.add(0.0)
                watch.window(f"right again after {what}")
        result = closing(plant, faults)
        watch.tell(result)
        return result


def _is_right(status: Mapping) -> bool:
    return not any("last record's time" in alarm for alarm in status["alarms"])


class _Watch:
    """Counts parts, words of the watched and their memory, window by window."""

    def __init__(self, plant: Plant, names: tuple[str, ...], topic: str) -> None:
        self._plant = plant
        self._names = names
        self._words = Counter[str]()
        self._last: dict[str, dict] = {}
        self._lines: list[str] = []
        self._trouble: list[str] = []
        self.ear = Ear(plant.mqtt_port, "gaugetrail/v1/" + topic.format("+"), self._hear)
        time.sleep(WARM_UP_SECS)  # a rate needs a time; nothing is waited for
        self._rate = 0.0
        self._rate = self._count("before")
        self._sizes = self._resident()

    def _hear(self, message: mqtt.MQTTMessage) -> None:
        name = message.topic.split("/")[-2]
        self._words[name] += 1
        self._last[name] = json.loads(message.payload.split(b"\n")[0])

    def _count(self, what: str) -> float:
        before = len(self._plant.account)
        time.sleep(WINDOW_SECS)
        parts = len(self._plant.account) - before
        self._lines.append(f"{what} {60 / WINDOW_SECS * parts:,.0f}")
        if parts < self._rate * WINDOW_SECS / 3:
            self._trouble.append(f"{what}: only {parts} parts in {WINDOW_SECS:g} s, {self._rate:.1f} a second before")
        return parts / WINDOW_SECS

    def window(self, what: str) -> None:
        """Some seconds with this clock: stations go on, and each of the watched says how it is."""
        before = Counter(self._words)
        self._count(what)
        silent = [name for name in self._names if self._words[name] == before[name]]
        self._trouble += [f"{what}: {name} says nothing of itself" for name in silent]

    def until(self, name: str, what: str, right) -> None:
        """Wait for a word of that kind."""
        end = time.monotonic() + 60
        while not right(self._last.get(name, {"alarms": ()})):
            if time.monotonic() > end:
                self._trouble.append(f"{name}: not within 60 s: {what}: {self._last.get(name)}")
                return
            time.sleep(0.1)

    def _resident(self) -> dict[str, float]:
        processes = self._plant.processes
        return {name: psutil.Process(processes[name].pid).memory_info().rss / 1e6 for name in self._names}

    def tell(self, result: Result) -> None:
        """What was seen, and what was wrong with it."""
        result.trouble += self._trouble
        result.notes.append(f"parts a minute: {', '.join(self._lines)}")
        for name, size in self._resident().items():
            result.notes.append(f"{name}: {self._sizes[name]:.1f} MB resident before, {size:.1f} MB behind all steps")
            if size > self._sizes[name] + GROWN_MB:
                result.trouble.append(f"{name} has grown by {size - self._sizes[name]:.0f} MB")


def _look_at_epochs(plant: Plant, result: Result) -> None:
    """Who is vouched for left each wrong year, and its last records are of today; nobody else began an epoch."""
    today = time.strftime("%Y-%m-%d", time.gmtime())
    epochs: defaultdict[str, set[str]] = defaultdict(set)
    newest: dict[str, dict] = {}
    begun = Counter[str]()
    for record in plant.look().records():
        content = json.loads(record.data)
        epochs[record.agent].add(record.epoch)
        begun[record.agent] += content.get("type") == "spool.retimed"
        if content["mono_ns"] > newest.get(record.agent, {"mono_ns": 0})["mono_ns"]:
            newest[record.agent] = content
    result.notes.append(f"epochs: pc1 {len(epochs['pc1'])}, pc2 {len(epochs['pc2'])}")
    if newest["pc1"]["time"][:10] != today or begun["pc1"] < 1 or len(epochs["pc1"]) != begun["pc1"] + 1:
        result.trouble.append(
            f"pc1: {begun['pc1']} epochs for wrong years, its last record is of {newest['pc1']['time']}"
        )
    if len(epochs["pc2"]) != 1:
        result.trouble.append(f"pc2: {len(epochs['pc2'])} epochs, and nobody keeps its clock")


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
