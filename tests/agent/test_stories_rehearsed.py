"""Every story of a station comes out as it says, rehearsed by the command that people use."""

from __future__ import annotations

from pathlib import Path

import pytest
from station_stories import STORIES, StationStory
from stories_on_paper import rehearsed


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_it_comes_out_as_the_story_says(tmp_path: Path, story: StationStory) -> None:
    told = rehearsed(tmp_path, story)
    assert [(one["line"], one["event"], one["found"]) for one in told if one.get("met") is False] == []
    assert any("met" in one for one in told), "a story expects something"


def test_a_story_stands_once() -> None:
    assert len({story.name for story in STORIES}) == len(STORIES)
