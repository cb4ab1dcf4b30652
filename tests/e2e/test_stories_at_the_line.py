"""Every story of a station at a line of real processes: gauges on ptys, people at terminals, kills.

The rehearsal is the oracle: after each line the terminal shows what it showed there, and the same is recorded. The line
works without a broker; once there is one, all of it comes to the store, and a trace tells it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing

import pytest
from floor import Operator, until
from made import opened
from samples import measurement
from station_stories import STORIES, StationStory
from stories_on_paper import device_of, rehearsed
from stories_played import StoryLine, code_told, story_line
from typer.testing import CliRunner

from gaugetrail_agent.rehearsal.cues import OfferBlock, Restart, ScanCode, SendValue
from gaugetrail_collector import cli
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_contract.clock import WallClock
from gaugetrail_contract.record import EventBody
from gaugetrail_contract.seal import open_line

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


FAILED = next(story for story in STORIES if story.name == "a gauge fails its check")
"""Nobody could tell then what other PCs had measured with the gauge."""


def test_all_of_it_comes_to_the_store_once_there_is_a_broker(line: StoryLine) -> None:
    elsewhere = measurement(0, characteristic="bore", gauge=f"G-{device_of(FAILED)}")
    with closing(SqliteStore(line.floor.folder / "store.db")) as store:
        store.open()
        now_us = WallClock().now_us()
        store.write([opened(1, "SN559", agent="pc9", time_us=now_us, station="OP99", measurements=(elsewhere,))])
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


def test_what_another_pc_measured_with_a_gauge_in_doubt_is_held_once_the_store_can_be_asked(line: StoryLine) -> None:
    def said() -> list[EventBody]:
        path = line.floor.folder / "store.db"
        with closing(SqliteStore(path)) as store:
            store.open()
            rows = store.find(f"G-{device_of(FAILED)}", "gauge")
        opened_ = (open_line(b'{"sha256":"%s","record":%s}' % (row.sha256.encode(), row.data)).record for row in rows)
        return [one for one in opened_ if isinstance(one, EventBody)]

    until(lambda: any(one.payload.get("complete") for one in said()), "the window is closed")
    windows = [one.payload for one in said() if one.type == "suspect.window"]
    assert [(one["units"], one["complete"]) for one in windows] == [(1, False), (2, True)]
    holds = [one.subject.id for one in said() if one.type == "unit.state"]
    assert holds == ["SN551", "SN559"]
    with closing(Operator(line.floor, "a-good-part")) as operator:
        operator.log_on("OP-12")
        operator.type("SN559")
        operator.see(lambda now: now["says"] == "unit.held")
