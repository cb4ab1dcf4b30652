"""Questions over a year of a plant: everything of a serial, a gauge's month; on InfluxDB and SQLite, small and large.

`GAUGETRAIL_BENCH_RECORDS` says how large (1,000,000 inspections): that is a whole year, the small store its last days.
Each figure is a median over many questions, asked of the small and the large store in turns once InfluxDB has put its
files in order; the serials are drawn at random, so hardly anything is asked twice.
"""

from __future__ import annotations

import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import year
from floor import Floor

from gaugetrail_collector.stores import Outcome, Store, StoreDown
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.question import Asked, Window
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_collector.tracing.gauge_trace import measured_with
from gaugetrail_collector.tracing.trace import Question, pages, trace
from gaugetrail_contract.seal import Opened

LONG = True
SMALL = 10_000
LARGE = int(os.environ.get("GAUGETRAIL_BENCH_RECORDS", "1000000"))
BATCH = 2000
ASKED = 300
AT_REST_PERCENT = 5.0
LONGEST_REST_SECS = 180.0
MONTH_US = 30 * 86_400 * 1_000_000
Say = Callable[[str], None]


def run(say: Say) -> dict[str, object]:
    """Fill both stores with both sizes, ask small and large in turns, and print medians."""
    figures: dict[str, object] = {"trace_records": LARGE}
    with tempfile.TemporaryDirectory(prefix="gaugetrail-bench-") as name, Floor(Path(name)) as floor:
        floor.influxd()
        url = f"http://127.0.0.1:{floor.influx_port}"
        sizes = {"small": SMALL, "large": LARGE}
        places: dict[str, Callable[[str], Store]] = {
            "influxdb": lambda size: InfluxStore(InfluxAddress(url, "1", f"year_{size}", timeout_secs=120)),
            "sqlite": lambda size: SqliteStore(Path(name) / f"{size}.db"),
        }
        for kind, place in places.items():
            stores = {size: place(size) for size in sizes}
            for size, store in stores.items():
                store.open()
                say(f"{kind}, {sizes[size]} inspections: filled in {fill(store, sizes[size]):.0f} s")
            if kind == "influxdb":
                say(f"influxdb has put its files in order after {at_rest(floor):.0f} s")
            figures |= asked(kind, stores, sizes, say)
            if kind == "influxdb":
                figures |= influx_figures(floor, stores["large"], say)
            for store in stores.values():
                store.close()
    return figures


def at_rest(floor: Floor) -> float:
    """Wait until the server has done with compacting what was written; the seconds it took."""
    server = psutil.Process(floor.processes["influxd"].pid)
    start = time.monotonic()
    while server.cpu_percent(3.0) > AT_REST_PERCENT and time.monotonic() - start < LONGEST_REST_SECS:
        pass
    return time.monotonic() - start


def fill(store: Store, count: int) -> float:
    """Store them all in big batches; the seconds it took."""
    start = time.monotonic()
    source = year.records(count, LARGE)
    while batch := list(itertools.islice(source, BATCH)):
        outcomes = written(store, batch)
        assert {str(outcome.fate) for outcome in outcomes} <= {"stored", "there"}, outcomes[:3]
    return time.monotonic() - start


def written(store: Store, batch: list[Opened]) -> list[Outcome]:
    """Write it, again and again where the server is too busy, as a collector does."""
    while True:
        try:
            return store.write(batch)
        except StoreDown:
            time.sleep(1)


def asked(kind: str, stores: Mapping[str, Store], sizes: Mapping[str, int], say: Say) -> dict[str, object]:
    """Medians of the questions, each answer checked to be whole. Small and large are asked in turns, so that both feel
    whatever else the machine does.
    """
    dice = random.Random(1)
    numbers = {size: dice.sample(range(count), ASKED) for size, count in sizes.items()}
    by_kind: dict[str, list[float]] = {size: [] for size in sizes}
    by_any: dict[str, list[float]] = {size: [] for size in sizes}
    for at in range(ASKED):
        for size, store in stores.items():
            by_kind[size].append(timed(lambda n=numbers[size][at], s=store: one_unit(s, year.serial(n), "serial")))
    for at in range(ASKED // 3):
        for size, store in stores.items():
            by_any[size].append(timed(lambda n=numbers[size][at], s=store: one_unit(s, year.serial(n), None)))
    figures: dict[str, object] = {}
    for size, store in stores.items():
        month = [timed(lambda s=store: a_gauges_month(s)) for _ in range(3)]
        measured = a_gauges_month(store)
        say(
            f"{kind}, {sizes[size]}: a serial with its records {ms(by_kind[size])} ms (p95 {p95(by_kind[size])} ms), "
            f"without its kind {ms(by_any[size])} ms; a gauge's month, {measured} measurements, "
            f"{statistics.median(month):.2f} s"
        )
        figures |= {
            f"trace_{kind}_{size}_ms": ms(by_kind[size]),
            f"trace_{kind}_{size}_p95_ms": p95(by_kind[size]),
            f"trace_{kind}_{size}_any_kind_ms": ms(by_any[size]),
            f"gauge_month_{kind}_{size}_s": round(statistics.median(month), 2),
            f"gauge_month_{kind}_{size}_measurements": measured,
        }
    growth = statistics.median(by_kind["large"]) / statistics.median(by_kind["small"])
    say(f"{kind}: a serial over {LARGE} takes {growth:.2f} times what it takes over {SMALL}")
    return figures | {f"trace_{kind}_growth": round(growth, 2)}


def timed(question: Callable[[], object]) -> float:
    """Seconds."""
    start = time.perf_counter()
    question()
    return time.perf_counter() - start


def one_unit(store: Store, serial: str, kind: str | None) -> None:
    """Everything known of a serial: the record with its measurements, and the search for amendments."""
    found = trace(store, serial, kind)
    assert len(found.inspections) == 1, (serial, len(found.inspections))


def a_gauges_month(store: Store) -> int:
    """Every measurement of the last month by one gauge, with its margin."""
    question = Question((Asked("gauge", year.GAUGE),), Window(year.END_US - MONTH_US, year.END_US))
    return sum(1 for page in pages(store, question) for _ in measured_with(year.GAUGE, page))


def influx_figures(floor: Floor, store: Store, say: Say) -> dict[str, object]:
    """Series in the large database and what the server holds in memory."""
    series = store.stats().series
    resident = psutil.Process(floor.processes["influxd"].pid).memory_info().rss / 1e9
    say(f"influxdb: {series} series, {resident:.2f} GB resident")
    return {"influxdb_series": series, "influxdb_resident_gb": round(resident, 2)}


def ms(seconds: list[float]) -> float:
    """The median in milliseconds."""
    return round(statistics.median(seconds) * 1000, 2)


def p95(seconds: list[float]) -> float:
    """The 95th percentile in milliseconds."""
    return round(statistics.quantiles(seconds, n=20)[-1] * 1000, 2)
