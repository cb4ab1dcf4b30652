"""What each import costs an agent with `[metrics]`: memory and processor time, one library on top of the ones before.

Each round is a process of its own with compiled modules; the figures are medians. What two libraries both need counts
for the first of them.
"""

from __future__ import annotations

import itertools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable

ROUNDS = 5
STEPS = (
    ("asyncio with ssl", "asyncio"),
    ("pydantic", "pydantic"),
    ("msgspec", "msgspec"),
    ("cryptography (Ed25519)", "cryptography.hazmat.primitives.asymmetric.ed25519"),
    ("sqlite3", "sqlite3"),
    ("paho-mqtt", "paho.mqtt.client"),
    ("pymodbus (messages)", "pymodbus.pdu"),
    ("pyserial", "serial"),
    ("gaugetrail_agent.app", "gaugetrail_agent.app"),
    ("prometheus_client", "prometheus_client"),
    ("uvicorn", "uvicorn"),
    ("typer and the commands", "gaugetrail_agent.cli"),
)
LOOK = """
import importlib, json, sys, time
def now():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6, time.process_time() * 1000
told = [now()]
for name in sys.argv[1:]:
    importlib.import_module(name)
    told.append(now())
print(json.dumps(told))
"""


def one_round() -> list[tuple[float, float]]:
    """Memory in MB and processor time in ms: of Python alone, then what each step adds."""
    words = [sys.executable, "-c", LOOK, *(module for _, module in STEPS)]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    told = json.loads(subprocess.run(words, capture_output=True, text=True, check=True, env=env).stdout)
    added = [(after[0] - before[0], after[1] - before[1]) for before, after in itertools.pairwise(told)]
    return [(told[0][0], told[0][1]), *added]


def run(say: Callable[[str], None]) -> dict[str, float]:
    """The table, and its sum."""
    one_round()  # compiles what isn't yet
    rounds = [one_round() for _ in range(ROUNDS)]
    sums = [0.0, 0.0]
    for number, what in enumerate(("Python alone", *(name for name, _ in STEPS))):
        mb, ms = (statistics.median(one[number][side] for one in rounds) for side in (0, 1))
        sums = [sums[0] + mb, sums[1] + ms]
        say(f"| {what} | {mb:.1f} MB | {ms:.0f} ms |")
    say(f"| all | {sums[0]:.1f} MB | {sums[1]:.0f} ms |")
    return {"imports_rss_mb": round(sums[0], 1), "imports_cpu_ms": round(sums[1])}
