"""Which line PCs are stale, while some are off: simulated agents at a real broker, a real collector that writes."""

from __future__ import annotations

import json

import pytest
from floor import Floor, until
from simulated_agents import all_work_by, simulated_agents
from typer.testing import CliRunner
from writing_desk import office_of

from gaugetrail_collector import cli

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]


def stale(floor: Floor) -> tuple[int, dict[str, str]]:
    """What `document stations` says: its exit code, and the stale ones with the reason."""
    config = str(floor.folder / "collector.toml")
    done = CliRunner().invoke(cli.app, ["document", "stations", "--listen", "0.2", "--json", "--config", config])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["agent"] for row in rows] == [f"pc{number:02}" for number in range(1, 6)]
    return done.exit_code, {row["agent"]: row["stale"] for row in rows if row["stale"]}


def test_of_five_line_pcs_the_one_that_is_off_is_stale_until_it_is_back(floor: Floor) -> None:
    """What was approved meanwhile is held by all others at once, and by that one as soon as it is there again."""
    floor.broker()
    with office_of(floor) as office, simulated_agents(5, floor.mqtt_port, floor.folder) as agents:
        office.take_in("CP-1", b"limits 1", "A")
        floor.collector()
        all_work_by(agents, "CP-1", "A")
        until(lambda: stale(floor) == (0, {}), "nobody is stale")
        off, *others = reversed(agents)
        off.off()
        office.take_in("CP-1", b"limits 2", "B")
        all_work_by(others, "CP-1", "B")
        until(lambda: stale(floor) == (1, {"pc05": "it is gone, and hears of no document"}), "that one is stale")
        assert off.works_by("CP-1") == "A", "cut off, it works by what it has"
        off.on()
        all_work_by(agents, "CP-1", "B")
        until(lambda: stale(floor) == (0, {}), "nobody is stale")
