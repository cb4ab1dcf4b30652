"""Every story of a station comes out as it says, rehearsed by the command that people use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from refusal_table import WORKFLOW, RefusedRow
from station_stories import STORIES, StationStory
from stories_on_paper import rehearsed


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_it_comes_out_as_the_story_says(tmp_path: Path, story: StationStory) -> None:
    told = rehearsed(tmp_path, story)
    assert [(one["line"], one["event"], one["found"]) for one in told if one.get("met") is False] == []
    assert any("met" in one for one in told), "a story expects something"
    assert [row.says for row in WORKFLOW if row.story == story.name and not says_so(row, told)] == []


def test_a_story_stands_once() -> None:
    assert len({story.name for story in STORIES}) == len(STORIES)


def test_each_refusal_of_the_page_has_its_story() -> None:
    assert {row.story for row in WORKFLOW} <= {story.name for story in STORIES}


def says_so(row: RefusedRow, told: list[dict[str, Any]]) -> bool:
    """Whether the station said what the page says; three dots stand for a name."""
    words = ".+".join(map(re.escape, row.says.split("…")))
    said = [one["shown"]["message"] for one in told if one["shown"]["says"] == row.cause]
    return bool(said) and all(re.fullmatch(words, text) for text in said)
