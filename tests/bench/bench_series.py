"""What a characteristic's series costs beside the bare query of the same records; a million values' memory.

The bare query is InfluxQL for the sealed bytes of the same time, read to its end and thrown away. Both are asked by
turns of one server with the same data, so that both feel whatever else the machine does; the server's own seconds of
processor are what it pays, the wall's what people wait. `GAUGETRAIL_BENCH_SERIES` says how many inspections (100,000),
`GAUGETRAIL_BENCH_HELD` how many values are held (1,000,000).
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import bench_trace
import psutil
import year
from floor import Floor

from gaugetrail_collector.statistics.series import PAGE, SeriesReader, series
from gaugetrail_collector.stores import Row
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.tracing.trace import Question, read
from gaugetrail_contract.seal import Opened

LONG = True
RECORDS = int(os.environ.get("GAUGETRAIL_BENCH_SERIES", "100000"))
HELD = int(os.environ.get("GAUGETRAIL_BENCH_HELD", "1000000"))
TURNS = 5
COLUMNS = ["value", "gauge", "lot", "station"]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds: what people wait, and what the server works."""

    wall: float
    server: float


def run(say: Say) -> dict[str, float]:
    """Ask both by turns, then hold a million values."""
    with tempfile.TemporaryDirectory(prefix="gaugetrail-bench-") as name, Floor(Path(name)) as floor:
        floor.influxd()
        url = f"http://127.0.0.1:{floor.influx_port}"
        store = InfluxStore(InfluxAddress(url, "1", "series", timeout_secs=120))
        store.open()
        say(f"{RECORDS} inspections: filled in {bench_trace.fill(store, RECORDS):.0f} s")
        say(f"influxdb has put its files in order after {bench_trace.at_rest(floor):.0f} s")
        server = psutil.Process(floor.processes["influxd"].pid)
        turns = [(cost(server, lambda: bare(url)), cost(server, lambda: whole(store))) for _ in range(TURNS)]
        store.close()
    figures = {}
    for what in ("wall", "server"):
        query, ours = (statistics.median(getattr(turn[at], what) for turn in turns) for at in (0, 1))
        say(f"{what}: bare query {query:.2f} s, series {ours:.2f} s, {ours / query:.2f} times")
        figures |= {f"series_bare_{what}_s": round(query, 2), f"series_{what}_s": round(ours, 2)}
        figures[f"series_{what}_times"] = round(ours / query, 2)
    peak = memory()
    say(f"{HELD} values with {len(COLUMNS)} columns: the process has {peak:.0f} MB at most")
    return figures | {"series_million_peak_mb": round(peak)}


def cost(server: psutil.Process, question: Callable[[], int]) -> Cost:
    """Of one question, which must be answered whole."""
    before, begun = sum(server.cpu_times()[:2]), time.perf_counter()
    assert question() == RECORDS
    return Cost(time.perf_counter() - begun, sum(server.cpu_times()[:2]) - before)


def bare(url: str) -> int:
    """The sealed bytes of all inspections, counted by their line ends and thrown away."""
    asked = urllib.parse.urlencode(
        {"db": "series", "q": "SELECT record FROM inspection", "epoch": "ns", "chunked": "true"}
    )
    found = 0
    with urllib.request.urlopen(f"{url}/query?{asked}", timeout=600) as answer:
        while part := answer.read(1 << 20):
            found += part.count(b"gaugetrail/1")
    return found


def whole(store: InfluxStore) -> int:
    """The series of a characteristic that every inspection has."""
    return len(series(store, Question(), "bore_0", COLUMNS, raw=False))


def memory() -> float:
    """The most megabytes that a process of its own ever had that holds a million values, all else of it included."""
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, __file__], env=env, capture_output=True, text=True, check=True)
    return float(done.stdout)


def known() -> Iterator[Row]:
    """Records as a store gives them."""
    for opened in year.records(HELD, HELD):
        yield row_of(opened)


def row_of(opened: Opened) -> Row:
    record = opened.record
    return Row(record.agent, record.epoch, record.seq, opened.sealed.sha256, opened.sealed.data, 0)


def hold() -> float:
    """Megabytes."""
    reader = SeriesReader("bore_0", COLUMNS, raw=False)
    rows = known()
    while page := list(islice(rows, PAGE)):
        reader.take([read(row) for row in page], ())
    table = reader.table("bore_0")
    assert len(table.array("value")) == HELD
    # Not `ru_maxrss`, which a child begins with its parent's of.
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert peak is not None
    return int(peak[1]) / 1024


if __name__ == "__main__":
    print(hold())
