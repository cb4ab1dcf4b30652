"""The log's reader stands still (a journal that hangs, a pipe that nobody reads): parts, records and receipts go on.

Real agent, real collector, real broker; the standard error of both is a pipe that is full before they start.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import urlopen

import paho.mqtt.client as mqtt
import pytest
from floor import Floor, Operator, command, until
from paho.mqtt.enums import CallbackAPIVersion
from wire import records

from gaugetrail_contract import topics
from gaugetrail_contract.seal import link_of
from gaugetrail_contract.signing import Signer

pytestmark = pytest.mark.waits

NEWCOMERS = 1_500
"""Agents whose key the collector sees for the first time, and says so: more lines than it keeps for a log's reader."""

STORED_SECS = 120.0
"""Within which a slow and busy machine has stored them all; SN2 comes behind them."""


@dataclass
class StuckLog:
    """A full pipe: `near` is what a process writes to; `read` takes all that comes until it ends."""

    far: int
    near: int

    def read(self) -> str:
        with os.fdopen(self.far, "rb") as reader:
            return reader.read().lstrip(b".").decode()


@contextlib.contextmanager
def stuck_log() -> Iterator[StuckLog]:
    far, near = os.pipe()
    os.set_blocking(near, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(near, b"." * 4096):
            pass
    os.set_blocking(near, True)  # as a service finds it: it waits
    try:
        yield StuckLog(far, near)
    finally:
        os.close(near)


def shout(port: int) -> None:
    """What makes the collector say something, many times."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", port)
    client.loop_start()
    key = Signer.new()
    sent = []
    for number in range(NEWCOMERS):
        (first,) = records(1, agent := f"newcomer{number:0120}")
        signature = key.records(agent, link_of(first.data).epoch, 1, [first.sha256])
        sent.append(client.publish(topics.records(agent), first.line() + b"\n" + signature, qos=1))
    for one in sent:
        one.wait_for_publish(40)
    client.disconnect()
    client.loop_stop()


def lost(floor: Floor, service: str, data: str) -> int:
    """Lines that nobody will read, as Prometheus sees them."""
    port = int((floor.folder / data / "metrics.port").read_text())
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        found = re.search(rf"^gaugetrail_{service}_log_lines_dropped_total (\S+)$", answer.read().decode(), re.M)
    assert found
    return int(float(found[1]))


@pytest.mark.mosquitto
def test_delivery_goes_on_while_nobody_reads_the_logs(floor: Floor) -> None:
    """Told is stored, the collector counts what it could not say, and says so where somebody reads again; both end."""
    floor.broker()
    agent_settings = floor.write_agent(extra="[metrics]\nport = 0\n[log]\nlevel = 'debug'\n")
    collector_settings = floor.write_collector()
    collector_settings.write_text(collector_settings.read_text() + "[metrics]\nport = 0\n")
    with stuck_log() as agents, stuck_log() as collectors:
        for name, settings, log in (
            ("agent", agent_settings, agents),
            ("collector", collector_settings, collectors),
        ):
            floor.start(name, command(f"gaugetrail-{name}"), "run", "--config", str(settings), stderr=log.near)
        until(lambda: (floor.folder / "agent-data" / "terminal.port").exists(), "the agent is ready")
        until(lambda: (floor.folder / "collector-data" / "metrics.port").exists(), "the collector is ready")
        with contextlib.closing(Operator(floor)) as operator:
            operator.log_on()
            operator.inspect("SN1")
            until(lambda: floor.waiting() == 0, "what was told is stored")
            shout(floor.mqtt_port)
            operator.inspect("SN2")
            until(lambda: floor.waiting() == 0, "it goes on", STORED_SECS)
        until(lambda: lost(floor, "collector", "collector-data") > 0, "what could not be said is counted")
        assert lost(floor, "agent", "agent-data") == 0

        found: list[str] = []
        reader = threading.Thread(target=lambda: found.append(collectors.read()))
        reader.start()
        began = time.monotonic()
        assert (floor.stop("agent"), floor.stop("collector")) == (0, 0)
        assert time.monotonic() - began < 30
    reader.join(20)
    os.close(agents.far)
    assert found
    said = found[0].splitlines()
    assert any("ready: collector" in line for line in said[:10])
    gap = next(number for number, line in enumerate(said) if "event=log_dropped" in line)
    assert re.search(r"the log was not read for a while: \d+ lines dropped here", said[gap])
    assert "newcomer" in said[gap - 1]
    assert "stopped" in said[-1]
    proof = floor.verify()
    assert proof["ok"]
    for serial in operator.told:
        assert floor.ask_here("gaugetrail-collector", "trace", serial, "--config", "collector.toml")[0] == 0
