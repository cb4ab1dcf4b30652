"""Questions over a year of a plant: everything of a serial, a gauge's month; on InfluxDB and SQLite, small and large.

`GAUGETRAIL_BENCH_RECORDS` says how large (1,000,000 inspections): that is a whole year, the small store its last days.
Each figure is a median over many questions; the serials are drawn at random, so nothing is asked twice.
"""

from __future__ import annotations

import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import year
from floor import Floor

from gaugetrail_collector.gauge_trace import measured_with
from gaugetrail_collector.stores import Outcome, Store, StoreDown
from gaugetrail_collector.stores.influx import InfluxStore
from gaugetrail_collector.stores.influx_http import InfluxAddress
from gaugetrail_collector.stores.question import Term, Window
from gaugetrail_collector.stores.sqlite import SqliteStore
from gaugetrail_collector.trace import Question, pages, trace
from gaugetrail_contract.seal import Opened

LONG = True
SMALL = 10_000
LARGE = int(os.environ.get("GAUGETRAIL_BENCH_RECORDS", "1000000"))
BATCH = 2000
ASKED = 300
MONTH_US = 30 * 86_400 * 1_000_000
Say = Callable[[str], None]


def run(say: Say) -> dict[str, object]:
    """Fill both stores with both sizes, ask, and print medians."""
    figures: dict[str, object] = {"trace_records": LARGE}
    with tempfile.TemporaryDirectory(prefix="gaugetrail-bench-") as name, Floor(Path(name)) as floor:
        floor.influxd()
        address = f"http://127.0.0.1:{floor.influx_port}"
        for size, count in (("small", SMALL), ("large", LARGE)):
            at = InfluxAddress(address, "1", f"year_{size}", timeout_secs=120)
            stores: dict[str, Store] = {"influxdb": InfluxStore(at), "sqlite": SqliteStore(Path(name) / f"{size}.db")}
            for kind, store in stores.items():
                store.open()
                took = fill(store, count)
                say(f"{kind}, {count} inspections: filled in {took:.0f} s")
                figures |= asked(kind, size, store, count, say)
            if size == "large":
                figures |= influx_figures(floor, stores["influxdb"], say)
            for store in stores.values():
                store.close()
    for kind in ("influxdb", "sqlite"):
        small, large = (float(str(figures[f"trace_{kind}_{size}_ms"])) for size in ("small", "large"))
        figures[f"trace_{kind}_growth"] = round(large / small, 2)
        say(f"{kind}: a serial over {LARGE} takes {large / small:.2f} times what it takes over {SMALL}")
    return figures


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


def asked(kind: str, size: str, store: Store, count: int, say: Say) -> dict[str, object]:
    """Medians of the questions, each answer checked to be whole."""
    dice = random.Random(count)
    numbers = dice.sample(range(count), min(ASKED, count))
    by_kind = [timed(lambda n=n: one_unit(store, year.serial(n), "serial")) for n in numbers]
    by_any = [timed(lambda n=n: one_unit(store, year.serial(n), None)) for n in numbers[:100]]
    month = [timed(lambda: a_gauges_month(store)) for _ in range(3)]
    measured = a_gauges_month(store)
    say(
        f"{kind}, {count}: a serial with its records {ms(by_kind)} ms (p95 {p95(by_kind)} ms), without its kind "
        f"{ms(by_any)} ms; a gauge's month, {measured} measurements, {statistics.median(month):.2f} s"
    )
    return {
        f"trace_{kind}_{size}_ms": ms(by_kind),
        f"trace_{kind}_{size}_p95_ms": p95(by_kind),
        f"trace_{kind}_{size}_any_kind_ms": ms(by_any),
        f"gauge_month_{kind}_{size}_s": round(statistics.median(month), 2),
        f"gauge_month_{kind}_{size}_measurements": measured,
    }


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
    question = Question((Term("gauge", year.GAUGE),), Window(year.END_US - MONTH_US, year.END_US))
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
