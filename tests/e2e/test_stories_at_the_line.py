"""Every story of a station at a line of real processes: gauges on ptys, people at terminals, kills.

The rehearsal is the oracle: after each line the terminal shows what it showed there, and the same is recorded. The line
works without a broker; once there is one, all of it comes to the store, and a trace tells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from floor import Floor, Operator, until
from line_pc import PtyDevice
from station_stories import STORIES, StationStory
from stories_on_paper import device_of, rehearsed, script_of, write_stories
from typer.testing import CliRunner

from gaugetrail_agent.rehearsal.cues import Expect, Restart, ScanCode, SendValue, Wait
from gaugetrail_agent.rehearsal.script import read_script
from gaugetrail_agent.spool import visit
from gaugetrail_collector import cli

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

COMPARED = ("state", "light", "says", "asks", "serial", "next", "operator")
REFUSED = "station.refused"
"""How often a refusal becomes a record depends on the time that passes, which a rehearsal makes up."""


@dataclass
class Line:
    """The processes, and the gauges' ends of their ports."""

    floor: Floor
    gauges: dict[str, PtyDevice]
    played: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Story -> what has to be recorded."""

    def start(self) -> None:
        before = self.floor.log("agent").count("is open") if (self.floor.folder / "agent.log").exists() else 0
        self.floor.agent()
        until(lambda: self.floor.log("agent").count("is open") >= before + len(self.gauges), "every port is open")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with Floor(tmp_path_factory.mktemp("line")) as floor:
        floor.write_collector()
        write_stories(floor.folder, STORIES, floor.mqtt_port)
        names = [device_of(story) for story in STORIES if 'name = "bore"' in story.plan]
        gauges = {name: PtyDevice(floor.folder / name) for name in names}
        try:
            made = Line(floor, gauges)
            made.start()
            yield made
        finally:
            for gauge in gauges.values():
                gauge.pull()


def kinds(record: Mapping[str, Any]) -> tuple[str, str]:
    """What a record is, as rehearsal and line are compared."""
    return str(record["kind"]), str(record.get("verdict") or record.get("type"))


def recorded_at(floor: Floor, station: str) -> list[tuple[str, str]]:
    """What the line PC's spool holds of a station."""
    path = floor.folder / "agent-data" / "spool.db"
    found = [entry for state in visit.STATES for entry in visit.entries(path, state, 10_000)[0]]
    heads = [entry.head() for entry in sorted(found, key=lambda entry: entry.seq or 0)]
    return [kinds(one) for one in heads if one["station"] == station and one.get("type") != REFUSED]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_it_is_shown_and_recorded_as_it_was_rehearsed(line: Line, story: StationStory) -> None:
    outcomes = rehearsed(line.floor.folder, story)
    devices = (device_of(story),)
    script = read_script(script_of(story), name="story", day="2026-11-28", devices=devices, blocks=False)
    operator = Operator(line.floor, story.key)
    for cue, outcome in zip((one.cue for one in script.lines), outcomes, strict=True):
        match cue:
            case ScanCode(text):
                operator.type(text)
            case SendValue(device, reading):
                line.gauges[device].send(f"01A{float(reading.value or 0):+013.6f}"[:12].encode() + b"\r")
            case Restart():
                operator.close()
                line.floor.kill("agent")
                line.start()
                operator = Operator(line.floor, story.key)
            case Wait() | Expect():
                continue
            case _:
                raise AssertionError(f"no story does {cue} yet")
        shown = {key: outcome["shown"][key] for key in COMPARED}
        operator.see(lambda now, shown=shown: {key: now[key] for key in COMPARED} == shown)
    operator.close()
    effects = [effect for outcome in outcomes for effect in outcome["effects"]]
    wanted = [kinds(one) for effect in effects for one in effect.values() if isinstance(one, dict) and "kind" in one]
    line.played[story.key] = [one for one in wanted if one[1] != REFUSED]
    until(
        lambda: recorded_at(line.floor, story.key) == line.played[story.key],
        f"{story.name}: the spool holds {line.played[story.key]}",
    )


def test_all_of_it_comes_to_the_store_once_there_is_a_broker(line: Line) -> None:
    line.floor.broker()
    line.floor.collector()
    until(lambda: line.floor.waiting() == 0, "everything has its receipt")
    config = str(line.floor.folder / "collector.toml")
    told = json.loads(CliRunner().invoke(cli.app, ["trace", "SN1", "--json", "--config", config]).stdout)
    found = [(one["station"], one["verdict"]) for one in told["inspections"]]
    for key, records in line.played.items():
        verdicts = [verdict for kind, verdict in records if kind == "inspection"]
        traced = [verdict for station, verdict in found if station == key]
        assert traced == verdicts[: len(traced)]
        assert bool(traced) == bool(verdicts), key
    assert line.floor.verify()["ok"] is True
