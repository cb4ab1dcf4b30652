"""An operator's station: from the last value to "recorded", beside the bare commit that it waits for.

The real runner over a real spool on this disk, in one process: no port, no terminal. A plan that governs nothing, and
one with a first piece, checks by count and by time, and subgroups, in turns within one run.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench_modbus import p99

sys.path.append(str(Path(__file__).parents[1] / "agent"))

from spool_bodies import spool
from station_floor import setup

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_contract.clock import FixedClock

Say = Callable[[str], None]
UNITS = 300
ROUNDS = 3


class Person:
    """Whoever looks at the station: sees that a value is taken, and that the unit is recorded."""

    def __init__(self) -> None:
        self.serial = ""
        self.taken = asyncio.Event()
        self.told = asyncio.Event()
        self.told_ns = 0

    def looks_for(self, serial: str) -> None:
        self.serial = serial
        self.taken.clear()
        self.told.clear()

    def sees(self, display: Display) -> None:
        state = display.state
        if state.unit is not None and state.unit.serial == self.serial and state.unit.taken:
            self.taken.set()
        if state.last is not None and state.last.serial == self.serial:
            self.told_ns = time.perf_counter_ns()
            self.told.set()


def _governed(at: Setup) -> Setup:
    """Checks by count and by time, subgroups of three, a first piece."""
    by_count = [
        one.model_copy(update={"every_units": 3, "sample_size": 3, "every_mins": 60.0})
        for one in at.plan.characteristics
    ]
    more = {"sampling": "by_frequency", "first_piece": "operator", "characteristic": tuple(by_count)}
    return replace(at, plan=replace(at.plan, file=at.plan.file.model_copy(update=more)))


async def _no(*_: Any) -> None:
    return None


async def _units(at: Setup, spool: Spool, units: int) -> list[float]:
    """Milliseconds from the last value to "recorded" for each unit."""
    person, took = Person(), []
    runner = StationRunner(at, spool, FixedClock(), Doors(_no, _no, lambda *_: {}, person.sees))
    task = asyncio.create_task(runner.run())
    runner.scanned("OP-12")
    for number in range(units):
        person.looks_for(f"SN{number:06}")
        runner.scanned(person.serial)
        runner.measured("bore", Reading(Status.OK, b"", value="74.010", unit="mm"))
        await person.taken.wait()
        begun = time.perf_counter_ns()
        runner.measured("scale", Reading(Status.OK, b"", value="12.0", unit="g"))
        await person.told.wait()
        took.append((person.told_ns - begun) / 1e6)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return took


def _bare(spool: Spool, units: int) -> list[float]:
    """Milliseconds of a small value's own commit."""
    took = []
    for number in range(units):
        begun = time.perf_counter_ns()
        spool.remember("bare", str(number)).result(10)
        took.append((time.perf_counter_ns() - begun) / 1e6)
    return took


def run(say: Say) -> dict[str, object]:
    """The medians of the rounds."""
    plain = setup()
    ways = {"nothing governed": plain, "first piece, checks, subgroups": _governed(plain)}
    found: dict[str, list[list[float]]] = {"bare commit": [], **{name: [] for name in ways}}
    for _ in range(ROUNDS):
        for name, at in ways.items():
            with tempfile.TemporaryDirectory() as folder, spool(Path(folder)) as one:
                found["bare commit"].append(_bare(one, UNITS))
                found[name].append(asyncio.run(_units(at, one, UNITS)))
    figures: dict[str, object] = {}
    for name, rounds in found.items():
        p50, p99_ms = (statistics.median(map(of, rounds)) for of in (statistics.median, p99))
        say(f"{name:<32} p50 {p50:6.2f} ms   p99 {p99_ms:6.2f} ms")
        figures[f"station {name}"] = {"p50_ms": round(p50, 3), "p99_ms": round(p99_ms, 3)}
    return figures
