"""The agent as a process: a PLC's handshake, reading to MQTT with the record on disk first, what it costs to run.

Real agent, real broker, simulated PLCs in a process of their own. Times are taken by the PLC and by a subscriber.
"""

from __future__ import annotations

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.request import urlopen

import paho.mqtt.client as mqtt
import psutil
from bench_modbus import p99, plant
from floor import Floor, command, until
from paho.mqtt.enums import CallbackAPIVersion
from press_plant import FLOATS

from gaugetrail_sim.devices import plc

Say = Callable[[str], None]
PARTS = 300
WATCHED_SECS = 20.0

AGENT = """\
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "agent-data"
[mqtt]
host = "127.0.0.1"
port = {mqtt}
"""
PLC = """\
[[link]]
name = "net{n}"
kind = "modbus-tcp"
host = "127.0.0.1"
port = {port}
[[device]]
name = "plc{n}"
link = "net{n}"
driver = "modbus"
poll_secs = {poll}
"""
VALUE = '[[device.value]]\nname = "{name}"\naddress = {address}\ntype = "{type}"\n'
TRIGGER = (
    f"trigger = {{ seq = {plc.SEQ}, result = {plc.RESULT}, echo = {plc.ECHO}, "
    f"heartbeat_in = {plc.HEARTBEAT}, heartbeat_out = {plc.READER_HEARTBEAT} }}\n"
)
METRICS = "[metrics]\nport = 0\n"
GOVERNED = 'first_piece = "operator"\nsampling = "by_frequency"\n'
"""Rules that ask nobody: a first piece, and each value in samples of five."""
SAMPLED = 'every_units = 10\nsample_size = 5\nreaction = "stop, look at the press"\n'
STATION = '[[station]]\nname = "P"\nmode = "automatic"\ndevice = "plc0"\nplan = "plan.toml"\n'


@contextlib.contextmanager
def pressing(parts: int, every_secs: float) -> Iterator[subprocess.Popen[str]]:
    """The PLC's process."""
    words = [sys.executable, str(Path(__file__).parent / "press_plant.py"), str(parts), str(every_secs)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)
        for stream in (process.stdin, process.stdout):
            assert stream is not None
            stream.close()


class Subscriber:
    """The moments when records came in at another client of the broker, by serial."""

    def __init__(self, port: int) -> None:
        self.at: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.on_message = self._message
        self._client.on_connect = lambda client, *_: client.subscribe("gaugetrail/v1/+/records", qos=1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        now = time.time()
        for line in message.payload.split(b"\n"):
            if b'"record":' not in line:
                continue
            record = json.loads(line)["record"]
            if record.get("measurements"):
                read_at = min(datetime.fromisoformat(one["time"]).timestamp() for one in record["measurements"])
                with self._lock:
                    self.at.setdefault(record["serial"], (read_at, now))

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


def start_agent(floor: Floor, config: str) -> psutil.Process:
    """The agent, once it says that it is ready."""
    (floor.folder / "agent.toml").write_text(config)
    words = ("run", "--config", str(floor.folder / "agent.toml"))
    # As installed: with its modules compiled. Compiling them at each start leaves ten megabytes behind.
    process = floor.start("agent", command("gaugetrail-agent"), *words, env={"PYTHONDONTWRITEBYTECODE": ""})
    until(lambda: "ready: pc1" in floor.log("agent"), "the agent is ready")
    return psutil.Process(process.pid)


@dataclass
class Handshakes:
    """Of each part the seconds from seq to the final word, and from the reading to the record at a subscriber."""

    secs: list[float]
    to_mqtt: list[float]
    rss_mb: float
    cpu_percent: float


def handshakes(
    floor: Floor, say: Say, every_secs: float, poll_secs: float, what: str, *, governed: bool = False
) -> Handshakes:
    """Parts at a press, and what the agent costs meanwhile."""
    columns = [f"v{n}" for n in range(FLOATS)]
    characteristics = "".join(
        f'[[characteristic]]\nname = "{name}"\nunit = "mm"\nlsl = "1.0"\nusl = "2.0"\n'
        f'device = "plc0"\nchannel = "{name}"\n' + (SAMPLED if governed else "")
        for name in columns
    )
    (floor.folder / "plan.toml").write_text(
        'id = "CP-1"\nrevision = "A"\npart = "PR-1"\napproved_by = "QE"\napproved_on = "2026-11-01"\n'
        + (GOVERNED if governed else "")
        + characteristics
    )
    subscriber = Subscriber(floor.mqtt_port)
    with pressing(PARTS, every_secs) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        values = VALUE.format(name="serial", address=plc.SERIAL, type=f"string[{plc.SERIAL_REGISTERS}]")
        values += "".join(
            VALUE.format(name=n, address=plc.FORCE + 2 * i, type="float32") + 'unit = "mm"\n'
            for i, n in enumerate(columns)
        )
        device = PLC.format(n=0, port=int(process.stdout.readline()), poll=poll_secs) + TRIGGER + values
        # With a collector, as in a plant: without its receipts the line fills with records sent again.
        floor.write_collector()
        floor.collector()
        until(lambda: "ready" in floor.log("collector"), "the collector is ready")
        agent = start_agent(floor, AGENT.format(mqtt=floor.mqtt_port) + device + STATION + METRICS)
        spent, began = cpu_secs(agent), time.monotonic()
        process.stdin.write("go\n")
        process.stdin.flush()
        secs = json.loads(process.stdout.readline())
        until(lambda: len(subscriber.at) >= PARTS, "every record has come through the broker")
        percent = 100 * (cpu_secs(agent) - spent) / (time.monotonic() - began)
        rss = agent.memory_info().rss / 1e6
    floor.stop("agent")
    floor.stop("collector")
    subscriber.close()
    to_mqtt = [came - read for read, came in subscriber.at.values()]
    say(
        f"{what}: seq to echo median {statistics.median(secs) * 1000:.1f}, p99 {p99(secs) * 1000:.1f} ms; "
        f"reading to MQTT median {statistics.median(to_mqtt) * 1000:.1f}, p99 {p99(to_mqtt) * 1000:.1f} ms"
    )
    say(f"{what}: {rss:.1f} MB resident, {percent:.1f} % of a core")
    return Handshakes(secs, to_mqtt, round(rss, 1), round(percent, 1))


def cpu_secs(process: psutil.Process) -> float:
    """Processor time that a process has taken."""
    now = process.cpu_times()
    return float(now.user + now.system)


def twenty_devices(floor: Floor, say: Say) -> dict[str, float]:
    """Memory and CPU of an agent with twenty PLCs polled at 1 Hz, 50 registers each; `[metrics]` is on and asked."""
    values = "".join(VALUE.format(name=f"v{n}", address=2 * n, type="float32") for n in range(FLOATS))
    with plant("tcp", floor.folder, ports=20) as ports:
        devices = "".join(PLC.format(n=n, port=port, poll=1.0) + values for n, port in enumerate(ports))
        agent = start_agent(floor, AGENT.format(mqtt=floor.mqtt_port) + devices + METRICS)
        time.sleep(3)  # past its start, which isn't what is measured
        figures_port = (floor.folder / "agent-data" / "metrics.port").read_text()
        with urlopen(f"http://127.0.0.1:{figures_port}/metrics", timeout=5) as answer:
            assert b"gaugetrail_agent_device_up" in answer.read()
        spent = cpu_secs(agent)
        time.sleep(WATCHED_SECS)
        percent = 100 * (cpu_secs(agent) - spent) / WATCHED_SECS
        rss = agent.memory_info().rss / 1e6
        floor.stop("agent")
    say(f"twenty PLCs at 1 Hz, 50 registers each, metrics on: {rss:.1f} MB resident, {percent:.1f} % of a core")
    return {"agent_rss_mb": round(rss, 1), "agent_cpu_percent": round(percent, 1)}


def run(say: Say) -> dict[str, float]:
    """All of it, each on a floor of its own."""
    figures = {}
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        figures |= twenty_devices(floor, say)
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        press = handshakes(floor, say, 0.1, 0.01, "50 registers a part, polled at 100 Hz, ten parts a second")
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        ruled = handshakes(
            floor, say, 0.1, 0.01, "the same by a plan with first piece, samples, reactions", governed=True
        )
    with tempfile.TemporaryDirectory() as folder, Floor(Path(folder)) as floor:
        floor.broker()
        slow = handshakes(floor, say, 0.1, 0.1, "50 registers a part, polled at 10 Hz, a part at every second look")
    return figures | {
        "handshake_median_ms": round(statistics.median(press.secs) * 1000, 1),
        "handshake_p99_ms": round(p99(press.secs) * 1000, 1),
        "handshake_governed_median_ms": round(statistics.median(ruled.secs) * 1000, 1),
        "handshake_governed_p99_ms": round(p99(ruled.secs) * 1000, 1),
        "reading_to_mqtt_p99_ms": round(p99(press.to_mqtt) * 1000, 1),
        "one_plc_rss_mb": slow.rss_mb,
        "one_plc_cpu_percent": slow.cpu_percent,
    }
