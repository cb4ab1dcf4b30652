"""Agent and collector as an administrator's Prometheus sees them: real processes, a real broker that dies."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from floor import Floor, Operator, until

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

METRICS = "[metrics]\nport = 0\n"


def get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def port_of(folder: Path) -> int:
    path = folder / "metrics.port"
    return int(str(until(lambda: path.exists() and path.read_text(), f"{path} tells the port")))


def shows(port: int, line: str) -> Callable[[], bool]:
    return lambda: line in get(port, "/metrics")[1].splitlines()


def test_figures_follow_the_floor_and_a_dead_broker_has_its_reason(floor: Floor) -> None:
    floor.write_agent(extra=METRICS)
    with floor.write_collector().open("a") as settings:
        settings.write(METRICS)
    floor.broker()
    floor.collector()
    floor.agent()
    agent, collector = port_of(floor.folder / "agent-data"), port_of(floor.folder / "collector-data")
    until(lambda: get(agent, "/ready")[0] == 200, "the agent is ready")
    until(lambda: get(collector, "/ready")[0] == 200, "the collector is ready")

    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN1")
    operator.close()
    until(shows(collector, "gaugetrail_collector_records_stored_total 2.0"), "the stored record shows")
    until(shows(agent, "gaugetrail_agent_records_sealed_total 2.0"), "the sealed record shows")
    until(shows(agent, "gaugetrail_agent_receipts_total 2.0"), "its receipt shows")

    floor.kill("mosquitto")
    until(lambda: get(agent, "/ready")[0] == 503, "the agent says that it isn't ready")
    told = json.loads(get(agent, "/ready")[1])["parts"]
    assert told["broker"]["state"] == "failed"
    assert str(floor.mqtt_port) in told["broker"]["reason"]
    assert told["spool"]["state"] == "ok", "records wait there, which is what it is for"
    until(lambda: get(collector, "/ready")[0] == 503, "the collector says that it isn't ready")
    assert get(agent, "/live")[0] == 200
    assert floor.stop("agent") == 0
    assert floor.stop("collector") == 0
