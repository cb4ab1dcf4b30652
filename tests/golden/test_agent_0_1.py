"""The agent of 0.1 itself, not played: its own code on a line PC that nobody has updated, under a collector of today.

Should its libraries ever leave the versions that it was made for, `test_wire_0_1` still holds the same promise.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, until
from golden_0_1 import read, seals, unpack
from played_0_1 import Played
from shop_0_1 import Shop, pair
from wire_0_1 import faults

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto]

QUICK = "[readback]\nlook_secs = 0.2\ngrace_secs = 0.2\nwhole_secs = 0.5\n"
THEN = json.loads(read("spool.json"))
RUN = "import gaugetrail_agent as agent; assert {!r} in agent.__file__; from gaugetrail_agent.cli import main; main()"


@pytest.fixture
def shop(floor: Floor) -> Iterator[Shop]:
    """Broker, collector of today, agent of 0.1 in the middle of its work. No word to it was one that it can't read."""
    made = pair(floor, QUICK)
    unpack("agent-code", floor.folder / "code-0.1")
    with Played(floor.mqtt_port) as ears:
        yield made
        assert [fault for body in ears.receipts for fault in faults("receipt", body)] == []
        assert [fault for body in ears.commands for fault in faults("command", body)] == []
    log = floor.log("agent")
    for word in ("doesn't fit", "is refused", "not believed", "no collector's status", "a fault of ours"):
        assert word not in log


def start(floor: Floor) -> None:
    """The agent of 0.1, for sure."""
    words = (sys.executable, "-c", RUN.format("code-0.1"), "run", "--config", "agent.toml")
    floor.start("agent", *words, env={"PYTHONPATH": str(floor.folder / "code-0.1")})


def sealed(epoch: str) -> set[str]:
    """What the line PC has sealed in an epoch."""
    return {
        one for line in THEN["lines"] if json.loads(line)["record"]["epoch"] == epoch for one in seals(line.encode())
    }


def test_what_waits_on_a_pc_of_0_1_ends_in_the_store(floor: Floor, shop: Shop) -> None:
    """So does the one that a collector had set aside: it is missing in the chain, asked for, and given."""
    before = set(seals(shop.records()))
    floor.collector()
    start(floor)
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    wanted = before | {one for line in THEN["lines"] for one in seals(line.encode())}
    until(lambda: wanted <= set(seals(shop.records())), "the store has every record")
    assert shop.verify()["ok"] is True


def test_an_empty_store_is_filled_again_from_a_pc_of_0_1(floor: Floor, shop: Shop) -> None:
    """What the agent's status says is confirmed and the store doesn't have is asked for again and comes."""
    for path in ("store.db", "data/anchors.json"):
        Path(floor.folder, path).unlink()
    floor.collector()
    start(floor)
    until(lambda: sealed("000000000007") <= set(seals(shop.records())), "the store has all of its epoch")
    until(lambda: floor.waiting() == 0, "and the agent knows it")


def test_a_collector_killed_in_between_loses_nothing_of_a_pc_of_0_1(floor: Floor, shop: Shop) -> None:
    start(floor)
    for times in range(1, 4):
        floor.collector()
        until(lambda: floor.log("collector").count("ready: ") >= times, "it is there")  # noqa: B023 - asked at once
        floor.kill("collector")
    floor.collector()
    until(lambda: floor.waiting() == 0, "every record has its receipt")
    assert set(THEN["waiting"]) <= set(seals(shop.records()))
