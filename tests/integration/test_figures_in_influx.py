"""What an agent says of itself reaches the charts: agent, broker, collector and InfluxDB as real processes."""

from __future__ import annotations

import pytest
from floor import Floor, Operator, until

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.influxdb, pytest.mark.waits]


def last(floor: Floor, query: str) -> object:
    (result,) = floor.influx(query)["results"]  # type: ignore[misc]
    return result["series"][0]["values"][0][1] if "series" in result else None


def test_agent_shows_online_and_its_last_will_shows_offline(floor: Floor) -> None:
    floor.broker()
    floor.influxd()
    floor.write_agent()
    floor.write_collector("influxdb")
    floor.collector()
    floor.agent()
    online = "SELECT last(online) FROM agent WHERE agent = 'pc1'"
    until(lambda: last(floor, online) == 1, "the agent's figures are in InfluxDB")
    assert last(floor, "SELECT last(waiting) FROM agent") == 0
    assert last(floor, "SELECT last(store_up) FROM collector") == 1
    operator = Operator(floor)
    operator.log_on()
    operator.inspect("SN1")
    operator.close()
    until(lambda: (last(floor, "SELECT last(receipt_p99_ms) FROM agent") or 0) > 0, "commit to receipt is told")  # type: ignore[operator]
    floor.kill("agent")
    until(lambda: last(floor, online) == 0, "the last will is in InfluxDB")
