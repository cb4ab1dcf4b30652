"""docs/reference/station-table.md: every event in every state has a row, and every kind of state is there."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "docs"))

import station_table  # noqa: E402 (beside the pages that it writes)
from station_example import EVENTS, events_without_example, example_states  # noqa: E402 (the same)

from gaugetrail_agent.station.display import Waits, waits_for  # noqa: E402 (the same)
from gaugetrail_agent.station.words.happening import StationEvent  # noqa: E402 (the same)
from gaugetrail_agent.station.workflow.commands import COMMANDS  # noqa: E402 (the same)

PAGE = (ROOT / "docs" / "reference" / "station-table.md").read_text("utf-8")


def test_every_kind_of_event_and_every_command_has_a_row_in_every_state() -> None:
    """A new event without an example fails here, and a new command is in the table by itself."""
    assert events_without_example() == []
    sections = PAGE.split("\n## ")[1:]
    assert len(sections) == len(list(example_states()))
    for section in sections:
        told = [one for line in section.splitlines()[4:] for one in line.split(" | ")[0].removeprefix("| ").split("; ")]
        assert sorted(told) == sorted(what for what, _ in EVENTS)
    for one in COMMANDS:
        assert f"`{one.word}" in PAGE


def test_an_event_without_an_example_is_named_and_the_page_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Earthquake:
        """Something new."""

    assert events_without_example((*get_args(StationEvent), Earthquake)) == ["Earthquake"]
    monkeypatch.setattr(station_table, "events_without_example", lambda: ["Earthquake"])
    with pytest.raises(LookupError, match="no example of Earthquake: add a row to EVENTS"):
        station_table.station_table_page("")


def test_a_station_stands_in_every_kind_of_state_that_it_can_be_shown_in() -> None:
    floors = [floor for _, floor in example_states()]
    assert {waits_for(floor.state, floor.setup.mode) for floor in floors} == set(get_args(Waits))
    assert any(floor.state.unfinished for floor in floors)
    assert any(floor.state.then for floor in floors)
    assert any(floor.state.question for floor in floors)
    assert any(floor.state.plea for floor in floors)


def test_the_table_says_what_is_promised() -> None:
    """No green light but by the commit, and none while a record is on its way; a wrong state takes nothing."""
    for section in PAGE.split("\n## ")[1:]:
        for line in section.splitlines()[4:]:
            what, _, light, _, _ = line.removeprefix("| ").removesuffix(" |").split(" | ")
            assert light != "green" or what == "the spool has committed the record", line
