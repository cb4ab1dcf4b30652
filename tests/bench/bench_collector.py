"""The collector beside what its store takes: points a second, CPU a point, one record a message, memory.

Each round has new records. `raw`: their lines, made beforehand, are written into a real InfluxDB by one connection, in
batches as large as the collector's. `collector`: the messages wait in a real mosquitto while the collector process is
stopped (SIGSTOP); the clock runs from SIGCONT to the last receipt, which follows the commit. Points are all points
that are written, records and trace points included. Rounds alternate; figures are medians, ratios are of one run.

All of it shares one machine: the broker, the database, the collector and this program, which reads the receipts.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
import psutil
from floor import Floor, until
from floor_load import Line, Load
from paho.mqtt.enums import CallbackAPIVersion

from gaugetrail_contract import topics

ROUNDS = int(os.environ.get("ROUNDS", "5"))
RECORDS = int(os.environ.get("RECORDS", "15000"))
"""Inspections a round: some seconds, so that the first and the last batch, which nothing overlaps, weigh little."""
A_MESSAGE = 50
SINGLES = int(os.environ.get("SINGLES", "40000"))
SINGLE_ROUNDS = int(os.environ.get("SINGLE_ROUNDS", "3"))
BATCH_POINTS = 5000
RAW = "raw"
"""The database of the ready lines."""

Say = Callable[[str], None]


@dataclass
class Measured:
    """One round of the collector."""

    secs: float
    cpu_secs: float
    records: int
    measurements: int
    points: int


class Broker:
    """This program's own connection: sends the load, reads the receipts."""

    def __init__(self, port: int) -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.max_inflight_messages_set(200)
        self._client.on_message = self._on_message
        self._wanted: dict[str, int] = {}
        self._lock = threading.Lock()
        self.done = threading.Event()
        self.finished = 0.0
        self.started: set[str] = set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe([("gaugetrail/v1/+/receipts", 1), (topics.ALL_COLLECTOR_STATUS, 1)])
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def send(self, load: Load) -> None:
        """Hand the load to the broker and wait until it has it all."""
        self.done.clear()
        with self._lock:
            self._wanted = dict(load.last_seq)
        for topic, payload in load.messages:
            last = self._client.publish(topic, payload, qos=1)
        last.wait_for_publish(120)

    def _on_message(self, _: object, __: object, message: mqtt.MQTTMessage) -> None:
        agent = message.topic.split("/")[2]
        if agent == topics.COLLECTORS:
            self.started.add(message.topic.split("/")[3])
            return
        reached = max((end for _, end, _ in json.loads(message.payload.split(b"\n")[0])["stored"]), default=0)
        with self._lock:
            if reached >= self._wanted.get(agent, reached + 1):
                del self._wanted[agent]
                if not self._wanted:
                    self.finished = time.perf_counter()
                    self.done.set()


class Process:
    """The real collector over one store."""

    def __init__(self, floor: Floor, store: str) -> None:
        self.name = f"bench-{store}"
        floor.write_collector(store, name=self.name)
        self._floor = floor
        self.broker = Broker(floor.mqtt_port)
        floor.collector(self.name)
        until(lambda: f"ready: {self.name}" in floor.log(self.name), "the collector is ready")
        until(lambda: self.name in self.broker.started, "the collector has subscribed")
        self.process = psutil.Process(floor.processes[self.name].pid)

    def close(self) -> None:
        self._floor.stop(self.name)
        self.broker.close()

    def rss_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6

    def round(self, load: Load) -> Measured:
        """One load through the whole path."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            self.broker.send(load)
            before = self.process.cpu_times()
        finally:
            started = time.perf_counter()
            self.process.send_signal(signal.SIGCONT)
        assert self.broker.done.wait(180), f"no receipts: {self._floor.log(self.name)[-2000:]}"
        after = self.process.cpu_times()
        cpu = (after.user + after.system) - (before.user + before.system)
        return Measured(self.broker.finished - started, cpu, load.records, load.measurements, load.points)


def raw_influx(port: int, load: Load) -> float:
    """Seconds that the same InfluxDB takes for the ready lines of a load, one connection, one batch after the other."""
    bodies = []
    lines: list[str] = []
    for one in load.lines:
        lines += one
        if len(lines) >= BATCH_POINTS:
            bodies.append("\n".join(lines).encode())
            lines = []
    if lines:
        bodies.append("\n".join(lines).encode())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    started = time.perf_counter()
    for body in bodies:
        connection.request("POST", f"/write?db={RAW}&precision=ns", body)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 204, answer.status
    secs = time.perf_counter() - started
    connection.close()
    return secs


def figures(name: str, rounds: list[Measured]) -> dict[str, float]:
    return {
        f"{name}_points_per_s": round(statistics.median(one.points / one.secs for one in rounds)),
        f"{name}_measurements_per_s": round(statistics.median(one.measurements / one.secs for one in rounds)),
        f"{name}_records_per_s": round(statistics.median(one.records / one.secs for one in rounds)),
        f"{name}_cpu_us_per_point": round(statistics.median(one.cpu_secs / one.points for one in rounds) * 1e6, 2),
    }


def with_influx(floor: Floor, say: Say) -> dict[str, float]:
    collector, line, other = Process(floor, "influxdb"), Line(), Line()
    try:
        floor.influx(f"CREATE DATABASE {RAW}")
        raw_influx(floor.influx_port, other.work(RECORDS // 4, A_MESSAGE))  # warm-up: shards, caches
        collector.round(line.work(RECORDS // 4, A_MESSAGE))
        rounds, raws = [], []
        for number in range(ROUNDS):
            load = other.work(RECORDS, A_MESSAGE)
            raws.append(load.points / raw_influx(floor.influx_port, load))
            rounds.append(collector.round(line.work(RECORDS, A_MESSAGE)))
            say(
                f"round {number + 1}: raw {raws[-1]:,.0f} points/s, collector "
                f"{rounds[-1].points / rounds[-1].secs:,.0f} points/s, "
                f"{rounds[-1].cpu_secs / rounds[-1].points * 1e6:.1f} us CPU a point"
            )
        found = {"raw_points_per_s": float(round(statistics.median(raws)))} | figures("collector", rounds)
        found["collector_ratio"] = round(found["collector_points_per_s"] / found["raw_points_per_s"], 3)
        found |= unlike_the_last(collector, line, say)
        return found | singles(collector, line, floor, say)
    finally:
        collector.close()


def unlike_the_last(collector: Process, usual: Line, say: Say) -> dict[str, float]:
    """What records cost that repeat little or hold letters beyond ASCII, beside usual ones in turns: CPU a point."""
    kinds = {
        "usual": usual,
        "lots_of_one": Line("lots", lot_size=1),
        "beyond_ascii": Line("micro", unit="µm", operator="Müller"),
    }
    rounds: dict[str, list[Measured]] = {name: [] for name in kinds}
    for line in kinds.values():
        collector.round(line.work(RECORDS // 4, A_MESSAGE))
    for _ in range(ROUNDS):
        for name, line in kinds.items():
            rounds[name].append(collector.round(line.work(RECORDS, A_MESSAGE)))
    cpu = {name: statistics.median(one.cpu_secs / one.points for one in found) for name, found in rounds.items()}
    found = {f"{name}_cpu_ratio": round(cpu[name] / cpu["usual"], 3) for name in ("lots_of_one", "beyond_ascii")}
    say(
        f"CPU a point beside {cpu['usual'] * 1e6:.2f} us of the usual: lots of one piece "
        f"{found['lots_of_one_cpu_ratio']:.2f} times, with µm and Müller {found['beyond_ascii_cpu_ratio']:.2f} times"
    )
    return found


def singles(collector: Process, line: Line, floor: Floor, say: Say) -> dict[str, float]:
    """One small record a message, beside the same records' lines in large batches.

    A whole round first: it fills what is bounded (messages that wait, two batches, seals remembered). After that
    memory must be flat, however many rounds there are.
    """
    collector.round(line.work(SINGLES, 1, small=True))
    before = collector.rss_mb()
    rounds = [collector.round(line.work(SINGLES, 1, small=True)) for _ in range(SINGLE_ROUNDS)]
    growth = collector.rss_mb() - before
    rate = statistics.median(one.records / one.secs for one in rounds)
    cpu = statistics.median(one.cpu_secs / one.records for one in rounds) * 1e6
    raw = SINGLES / raw_influx(floor.influx_port, Line().work(SINGLES, 1, small=True))
    say(
        f"one small record a message: {rate:,.0f} messages/s (their lines alone: {raw:,.0f} records/s), "
        f"{cpu:.0f} us CPU a message; memory {before:.0f} MB before, {growth:+.1f} MB after"
    )
    return {
        "single_messages_per_s": round(rate),
        "single_raw_records_per_s": round(raw),
        "single_cpu_us_per_message": round(cpu, 1),
        "single_rss_mb": round(before + growth, 1),
        "single_rss_growth_mb": round(growth, 1),
    }


def with_sqlite(floor: Floor, say: Say) -> dict[str, float]:
    collector, line = Process(floor, "sqlite"), Line()
    try:
        collector.round(line.work(RECORDS // 4, A_MESSAGE))
        rounds = [collector.round(line.work(RECORDS, A_MESSAGE)) for _ in range(ROUNDS)]
    finally:
        collector.close()
    found = figures("sqlite", rounds)
    say(f"SQLite: {found['sqlite_points_per_s']:,.0f} points/s, {found['sqlite_records_per_s']:,.0f} records/s")
    return found


def run(say: Say) -> dict[str, float]:
    """All of it on a floor of its own."""
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        floor.influxd()
        return with_influx(floor, say) | with_sqlite(floor, say)
