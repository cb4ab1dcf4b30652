"""A line PC that was retired is let go, by whom and why: no alarm, no tile, until it speaks again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from asking_commands import ask, settings_file
from console_floor import T0, Pages, inspection, own_status, sealed

from gaugetrail_collector.app import Collector
from gaugetrail_collector.config import load
from gaugetrail_collector.console.board import Board
from gaugetrail_collector.let_go import LetGo, Retired
from gaugetrail_collector.overview import Overview, findings
from gaugetrail_collector.statuses import Neighbours
from gaugetrail_contract import topics
from gaugetrail_contract.status import AgentStatus, agent_offline
from gaugetrail_service.mqtt.broker_visit import Visit
from gaugetrail_service.mqtt.neighbourhood import Neighbour


@pytest.fixture
def listed(tmp_path: Path) -> Iterator[LetGo]:
    made = LetGo(tmp_path / "data" / "let-go.db")
    made.open()
    yield made
    made.close()


def speak(neighbours: Neighbours, agent: str = "pc7") -> None:
    document = AgentStatus(online=True, agent=agent, stations={"OP70": "wait_unit"})
    neighbours.hear(topics.status(agent), document.model_dump_json(exclude_none=True).encode())


def die(neighbours: Neighbours, agent: str = "pc7") -> None:
    neighbours.hear(topics.status(agent), agent_offline(agent))


def test_who_let_it_go_and_why_outlives_a_restart_and_its_return(listed: LetGo) -> None:
    assert listed.let_go("pc7", "ann", "scrapped", T0)
    assert not listed.let_go("pc7", "bob", "me too", T0 + 1), "once"
    other = LetGo(listed.path)
    other.open()
    assert other.gone() == {"pc7": Retired("pc7", T0, "ann", "scrapped")}
    assert other.back("pc7", T0 + 5)
    assert not other.back("pc7", T0 + 6)
    other.close()
    assert listed.gone() == {}
    assert listed.let_go("pc7", "bob", "now for good", T0 + 9)
    assert [(one.by, one.back_us) for one in listed.all()] == [("ann", T0 + 5), ("bob", None)]


def test_a_list_that_is_not_open_names_nobody(tmp_path: Path) -> None:
    """A page that is drawn while the collector starts or stops asks it, too."""
    made = LetGo(tmp_path / "let-go.db")
    assert made.gone() == {}
    made.open()
    made.let_go("pc7", "ann", "scrapped", T0)
    made.close()
    made.close()
    assert made.gone() == {}


def test_the_board_shows_no_tile_and_no_alarm_of_it_until_it_speaks(listed: LetGo) -> None:
    neighbours = Neighbours(lambda: T0, on_agent=lambda agent: listed.back(agent, T0) and None)
    board = Board(lambda: T0, neighbours, own_status, listed.gone)
    board.take_stored([one.record for one in sealed([inspection("SN1", station="OP70")], agent="pc7")])
    speak(neighbours)
    die(neighbours)
    assert [who for who, _ in board.view().alarms] == ["pc7"]
    listed.let_go("pc7", "ann", "scrapped", T0)
    view = board.view()
    assert (view.alarms, view.stations, dict(view.agents)) == ((), (), {})
    speak(neighbours)
    assert [one.station for one in board.view().stations] == ["OP70"]
    die(neighbours)
    assert [who for who, _ in board.view().alarms] == ["pc7"], "it has spoken, so its end is an alarm again"


def test_the_collector_takes_one_back_that_speaks(tmp_path: Path) -> None:
    collector = Collector(load(settings_file(tmp_path), {}))
    collector.let_go.open()
    collector.let_go.let_go("pc7", "ann", "scrapped", T0)
    die(collector.neighbours)
    assert list(collector.let_go.gone()) == ["pc7"]
    speak(collector.neighbours)
    assert collector.let_go.gone() == {}
    collector.let_go.close()


def test_status_says_nothing_of_one_that_was_let_go() -> None:
    gone = Neighbour("agent", "pc7", AgentStatus(online=False, agent="pc7"), True, T0)
    found = Overview("c1", "broker", Visit(), chains=("pc7", "pc8"), agents={"pc7": gone})
    about = [one.about for one in findings(found, T0)]
    assert {"agent pc7", "agent pc8"} <= set(about)
    found.let_go = frozenset({"pc7", "pc8"})
    assert not [one for one in findings(found, T0) if one.about.startswith("agent ")]


def test_the_commands_let_go_list_and_take_back(tmp_path: Path) -> None:
    settings_file(tmp_path)
    words = ("agents", "let-go", "pc7", "--by", "ann", "--because", "replaced by pc12")
    assert ask(tmp_path, *words)[:2] == (0, "pc7 is let go; it comes back by itself as soon as it speaks\n")
    assert ask(tmp_path, *words)[0] == 1
    told = json.loads(ask(tmp_path, "agents", "ls", "--json")[1])
    assert (told["agent"], told["by"], told["why"], told["back"]) == ("pc7", "ann", "replaced by pc12", None)
    assert ask(tmp_path, "agents", "back", "pc7")[0] == 0
    assert "by ann: replaced by pc12; back since 20" in ask(tmp_path, "agents", "ls")[1]
    code, _, err = ask(tmp_path, "agents", "back", "pc7")
    assert (code, err) == (1, "pc7 isn't let go; agents ls lists who is\n")
    code, _, err = ask(tmp_path, "agents", "let-go", "pc7", "--by", "ann", "--because", "")
    assert (code, err) == (1, "--because: it is empty\n")


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[Pages]:
    made = Pages(tmp_path)
    made.neighbours.on_change = made.facts.board.heard
    speak(made.neighbours)
    speak(made.neighbours, "pc1")
    die(made.neighbours)
    yield made
    made.close()


def test_a_user_who_has_logged_on_lets_it_go_in_the_console(pages: Pages, tmp_path: Path) -> None:
    mine = pages.log_on(tmp_path)
    assert "/let-go?agent=pc7" in pages.ask("/services", headers=mine).text
    assert "Let it go as ann" in pages.ask("/let-go?agent=pc7", headers=mine).text
    assert pages.press("/services/let-go", {"agent": "pc7", "why": "scrapped"}, **mine).status_code == 303
    page = pages.ask("/services", headers=mine).text
    assert "by ann: scrapped" in page
    assert "the agent is gone" not in pages.ask("/", headers=mine).text


def test_one_that_is_there_or_unknown_is_not_let_go_and_nobody_does_it_without_a_name(
    pages: Pages, tmp_path: Path
) -> None:
    assert pages.press("/services/let-go", {"agent": "pc7", "why": "scrapped"}).status_code == 400
    assert "agents let-go pc7 --by NAME" in pages.ask("/let-go?agent=pc7").text
    mine = pages.log_on(tmp_path)
    answer = pages.press("/services/let-go", {"agent": "pc1", "why": "scrapped"}, **mine)
    assert (answer.status_code, "pc1 is there" in answer.text) == (400, True)
    assert pages.press("/services/let-go", {"agent": "pc99", "why": "scrapped"}, **mine).status_code == 404
    assert pages.press("/services/let-go", {"agent": "pc7", "why": ""}, **mine).status_code == 400
    assert pages.let_go.all() == []
