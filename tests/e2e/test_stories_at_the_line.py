"""Every story of a station at a line of real processes: gauges on ptys, people at terminals, kills.

The rehearsal is the oracle: after each line the terminal shows what it showed there, and the same is recorded. The line
works without a broker; once there is one, all of it comes to the store, and a trace tells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from floor import Operator, until
from station_stories import STORIES, StationStory
from stories_on_paper import rehearsed
from stories_played import StoryLine, code_told, story_line
from typer.testing import CliRunner

from gaugetrail_agent.rehearsal.cues import OfferBlock, Restart, ScanCode, SendValue
from gaugetrail_collector import cli

pytestmark = [pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

COMPARED = ("state", "light", "says", "asks", "serial", "next", "operator")


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLine]:
    with story_line(tmp_path_factory.mktemp("line")) as made:
        yield made


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_it_is_shown_and_recorded_as_it_was_rehearsed(line: StoryLine, story: StationStory) -> None:
    outcomes = rehearsed(line.floor.folder, story)
    operator = Operator(line.floor, story.key)
    for one, outcome in line.acts(story, outcomes):
        match one.cue:
            case ScanCode(text):
                operator.type(text)
            case OfferBlock() as block:
                assert line.offers(story, block) == code_told(outcome)
            case SendValue(device, reading):
                line.measures(device, reading)
            case Restart():
                operator.close()
                line.restart()
                operator = Operator(line.floor, story.key)
            case _:
                raise AssertionError(f"no story does {one.cue} yet")
        wanted = {key: outcome["shown"][key] for key in COMPARED}
        operator.see(lambda now, wanted=wanted: {key: now[key] for key in COMPARED} == wanted)
    operator.close()


def test_all_of_it_comes_to_the_store_once_there_is_a_broker(line: StoryLine) -> None:
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
        script = next(one.script for one in STORIES if one.key == key)
        of_this_serial = "scan SN1\n" in script or '"serial": "SN1"' in script
        assert bool(traced) == (bool(verdicts) and of_this_serial), key
    assert line.floor.verify()["ok"] is True
