"""What was acknowledged survives: kills at the two worst moments, with the operator's word as the only oracle."""

from __future__ import annotations

import json

import pytest
from floor import Floor, HoldingProxy, Operator, until

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto]


def stored(floor: Floor) -> int:
    """Records of agents; a collector's own anchors are not counted."""
    agents = floor.verify()["agents"]
    return sum(one["records"] for one in agents if not one["agent"].startswith("collector:"))  # type: ignore[attr-defined]


def everything_once(floor: Floor, told: list[str]) -> None:
    """Each unit the operator was told about stands in the store exactly once, in a chain without a gap."""
    proof = floor.verify()
    assert proof["ok"] is True, proof
    for serial in told:
        code, out, err = floor.ask_here("gaugetrail-collector", "trace", serial, "--config", "collector.toml", "--json")
        assert code == 0, err
        assert [serial] == [inspection["serial"] for inspection in json.loads(out)["inspections"]]
    assert len(told) + 1 == stored(floor), "and that somebody logged on"


def test_record_survives_kill_of_the_agent_between_commit_and_publish(floor: Floor) -> None:
    """The broker is down, so nothing can have been published when the agent is killed; all arrive after a restart."""
    floor.write_agent()
    floor.write_collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in range(5):
        operator.inspect(f"SN{number}")
    floor.kill("agent")
    operator.close()

    floor.broker()
    floor.collector()
    floor.agent()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    everything_once(floor, operator.told)


def counted(floor: Floor) -> int:
    """The inspections that InfluxDB has."""
    rows = floor.influx("SELECT count(seq) FROM inspection")
    return int(rows["results"][0]["series"][0]["values"][0][1])  # type: ignore[index]


@pytest.mark.influxdb
def test_record_survives_kill_of_the_collector_between_store_and_receipt(floor: Floor) -> None:
    """InfluxDB has the write and its answer is held back, so the collector dies with it stored and no receipt out."""
    floor.broker()
    floor.influxd()
    proxy = HoldingProxy(floor.influx_port)
    try:
        floor.write_agent()
        floor.write_collector("influxdb", proxy.port)
        floor.collector()
        floor.agent()
        operator = Operator(floor)
        operator.log_on()
        operator.inspect("SN0")
        until(lambda: floor.waiting() == 0, "the path works")
        proxy.hold.set()
        operator.inspect("SN1")
        # Not the first answer that is held back: that may be to the collector's own figures.
        until(lambda: counted(floor) == 2, "InfluxDB has the write, and nobody has heard its answer")
        floor.kill("collector")
        assert floor.waiting() == 1
    finally:
        proxy.close()
    floor.write_collector("influxdb")
    floor.collector()
    until(lambda: floor.waiting() == 0, "the resent record has its receipt")
    everything_once(floor, operator.told)
    operator.close()


def test_agent_stops_cleanly_and_leaves_nothing_unsent(floor: Floor) -> None:
    """SIGTERM: what the station has sealed goes out before the process ends, which it does with exit code 0."""
    floor.broker()
    floor.write_agent()
    floor.write_collector()
    floor.collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    for number in range(3):
        operator.inspect(f"SN{number}")
    assert floor.stop("agent") == 0
    operator.close()
    assert floor.waiting() == 0
    assert floor.stop("collector") == 0
    everything_once(floor, operator.told)


def test_a_unit_measured_again_is_a_new_record_that_names_the_first(floor: Floor) -> None:
    floor.broker()
    floor.write_agent()
    floor.write_collector()
    floor.collector()
    floor.agent()
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN7", "5.00")
    first = operator.display["last"]
    operator.inspect("SN8")
    operator.inspect("SN7", "1.50")
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    _, out, _ = floor.ask_here("gaugetrail-collector", "trace", "SN7", "--config", "collector.toml", "--json")
    inspections = json.loads(out)["inspections"]
    assert [("fail", 1, None), ("pass", 2, first["record"])] == [  # type: ignore[index]
        (one["verdict"], one["attempt"], one["supersedes"]) for one in inspections
    ]
    operator.close()
