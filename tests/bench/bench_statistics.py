"""How often charts cry wolf, beside theory; and what 50,000 values cost.

Run lengths are of an undisturbed process with known limits, from its first point to its first signal. Theory: Champ and
Woodall, Technometrics 29, 1987 (Western Electric's rules together); Montgomery, chapter 9 (CUSUM); Lucas and Saccucci,
Technometrics 32, 1990 (EWMA with limits as they end).
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from gaugetrail_statistics.charts.basis import Basis
from gaugetrail_statistics.charts.memory import Reach, cusum, ewma
from gaugetrail_statistics.rules import Plotted, longest_window, rules_named, signals_at_last
from gaugetrail_statistics.subgroups import single_values

Say = Callable[[str], None]
RUNS = 3000
LONGEST = 20_000
RULES = {"we1": 370.4, "we1,we2": 225.44, "we1,we4": 152.73, "we": 91.75, "nelson": None, "aiag": None}
SEED = 15
COMMAND = "from gaugetrail_collector.cli import app; app()"


def normal(seed: int) -> Iterator[float]:
    """Standard normal values."""
    own = random.Random(seed)
    while True:
        yield own.gauss(0, 1)


def run_length(rules: str, values: Iterator[float]) -> int:
    """Points until one of the rules speaks."""
    asked = rules_named(rules)
    window: deque[Plotted] = deque(maxlen=longest_window(asked))
    for at in range(1, LONGEST):
        window.append(Plotted(at, next(values), 0.0, 1.0, 3.0, -3.0))
        if signals_at_last(tuple(window), asked):
            return at
    return LONGEST


def memory_run_length(name: str, values: Iterator[float]) -> int:
    """Points until a chart with a memory speaks, looked at in stretches that double."""
    series: list[float] = []
    while len(series) < LONGEST:
        series += [next(values) for _ in range(max(200, len(series)))]
        if name == "cusum":
            study = cusum(single_values(series), Basis(center=0.0, sigma=1.0), Reach(0.5, 5.0))
        else:
            study = ewma(single_values(series), Basis(center=0.0, sigma=1.0, width=2.962), 0.2, "steady")
        if study.charts[name].signals:
            return study.charts[name].signals[0].at
    return LONGEST


def told(say: Say, name: str, lengths: list[int], theory: float | None) -> float:
    """The mean run length with its standard error, beside theory."""
    mean, error = statistics.fmean(lengths), statistics.stdev(lengths) / len(lengths) ** 0.5
    beside = "" if theory is None else f"; theory {theory}"
    say(f"{name}: a false alarm every {mean:.1f} points (± {error:.1f}, {len(lengths)} runs){beside}")
    return round(mean, 1)


def fifty_thousand(say: Say) -> float:
    """CPU seconds of the whole command: single values with their moving ranges, limits and four rules, as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bore.csv"
        path.write_text("bore\n" + "".join(f"{74 + (at * 7919 % 1009) / 10000:.4f}\n" for at in range(50_000)))
        words = ["stats", "chart", "--type", "imr", "--value", "bore", "--data", str(path), "--json"]
        before = _of_children()
        subprocess.run([sys.executable, "-c", COMMAND, *words], stdout=subprocess.DEVNULL, check=True)
        took = _of_children() - before
    say(f"50,000 values of a file to a chart with limits and signals: {took:.2f} s of CPU (wanted: 2 s)")
    return round(took, 2)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(say: Say) -> dict[str, float]:
    """Run lengths of rule sets, CUSUM and EWMA; then the time."""
    values = normal(SEED)
    found = {}
    for rules, theory in RULES.items():
        name = rules.replace(",", "_")
        found[f"run_length_{name}"] = told(say, rules, [run_length(rules, values) for _ in range(RUNS)], theory)
    for name, theory in (("cusum", 465.0), ("ewma", 500.0)):
        lengths = [memory_run_length(name, values) for _ in range(RUNS // 6)]
        found[f"run_length_{name}"] = told(say, name, lengths, theory)
    found["chart_50000_s"] = fifty_thousand(say)
    return found
