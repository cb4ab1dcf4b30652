"""How long a station waits for the past of a unit: question to answer, through broker, collector and store.

`GAUGETRAIL_BENCH_UNITS` says how many units the store holds (20,000). The collector has nothing else to do meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import paho.mqtt.client as mqtt
import year
from bench_trace import written
from floor import Floor
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_agent.line_state.asker import HistoryAsker, Unknown
from gaugetrail_collector.stores import Store
from gaugetrail_collector.stores.influx.http import InfluxAddress
from gaugetrail_collector.stores.influx.store import InfluxStore
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract import topics
from gaugetrail_contract.questions.history import UnitHistory

Say = Callable[[str], None]
UNITS = int(os.environ.get("GAUGETRAIL_BENCH_UNITS", "20000"))
ASKED = 400
AGENT = "bench"


def run(say: Say) -> dict[str, float]:
    """Median and 99th percentile for each store, one question after the other."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="gaugetrail-bench-") as name, Floor(Path(name)) as floor:
        floor.broker()
        floor.influxd()
        url = f"http://127.0.0.1:{floor.influx_port}"
        stores: dict[str, Store] = {
            "sqlite": SqliteStore(floor.folder / "store.db"),
            "influxdb": InfluxStore(InfluxAddress(url, "1", "gaugetrail", timeout_secs=60)),
        }
        for kind, store in stores.items():
            with closing(store):
                _fill(store)
            floor.write_collector(kind, name=f"c-{kind}")
            floor.collector(f"c-{kind}")
            took = asyncio.run(_asked(floor))
            floor.stop(f"c-{kind}")
            median, p99 = statistics.median(took), statistics.quantiles(took, n=100)[-1]
            say(f"{kind}, {UNITS} units: {ASKED} questions, median {median:.1f} ms, p99 {p99:.1f} ms (wanted: 300 ms)")
            figures |= {f"question_{kind}_ms": round(median, 1), f"question_{kind}_p99_ms": round(p99, 1)}
    return figures


def _fill(store: Store) -> None:
    store.open()
    source = year.records(UNITS, UNITS)
    while batch := list(itertools.islice(source, 2000)):
        written(store, batch)


async def _asked(floor: Floor) -> list[float]:
    """Milliseconds of each answer."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    asker = HistoryAsker(AGENT, lambda body: _sent(client, body), lambda _, __: True, deadline_secs=5.0)
    client.on_message = lambda _, __, message: asker.hear(bytes(message.payload))
    client.connect("127.0.0.1", floor.mqtt_port)
    client.subscribe(topics.answers(AGENT), 0)
    client.loop_start()
    try:
        while isinstance(await asker.ask_history(year.serial(0)), Unknown):
            pass  # the collector is starting
        dice, took = random.Random(1), []
        for number in dice.sample(range(UNITS), ASKED):
            begun = time.perf_counter()
            found = await asker.ask_history(year.serial(number))
            took.append((time.perf_counter() - begun) * 1000)
            assert isinstance(found, UnitHistory), found
            assert len(found.visits) == 1, found
        return took
    finally:
        client.disconnect()
        client.loop_stop()


def _sent(client: mqtt.Client, body: bytes) -> bool:
    client.publish(topics.questions(AGENT), body)
    return True
