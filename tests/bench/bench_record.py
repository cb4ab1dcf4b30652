"""What one record costs the collector, from its line to the store's lines: CPU without broker, threads and HTTP.

Each kind is read in portions, of which the cheapest counts: other work on the machine only ever adds.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from floor_load import Line

from gaugetrail_collector.stores.lines import lines_of
from gaugetrail_contract.seal import open_line

RECORDS = 10_000
PORTION = 250
Say = Callable[[str], None]

KINDS: dict[str, tuple[Line, bool]] = {
    "six_measurements": (Line(), False),
    "one_measurement": (Line(), True),
    "lots_of_one": (Line(lot_size=1), False),
    "beyond_ascii": (Line(unit="µm", operator="Müller"), False),
}


def cost(lines: list[bytes]) -> float:
    """Microseconds a record of a portion."""
    started = time.process_time()
    for line in lines:
        "\n".join(lines_of(open_line(line))).encode()
    return (time.process_time() - started) / len(lines) * 1e6


def run(say: Say) -> dict[str, float]:
    """Every kind, each with its records and its caches."""
    found: dict[str, float] = {}
    for name, (line, small) in KINDS.items():
        messages = line.work(RECORDS, 50, small=small).messages
        records = [one for _, payload in messages for one in payload.split(b"\n")[:-1]]
        portions = [cost(records[at : at + PORTION]) for at in range(0, len(records), PORTION)]
        found[f"record_{name}_us"] = round(min(portions[len(portions) // 5 :]), 1)
        say(f"{name.replace('_', ' ')}: {found[f'record_{name}_us']:.1f} us of CPU a record")
    return found
