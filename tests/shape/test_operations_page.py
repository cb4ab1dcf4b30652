"""docs/operations.md: each trouble's line is one that a command really says, by a command that there is."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ("agent/gaugetrail_agent", "collector/gaugetrail_collector", "foundation")


def rows() -> list[list[str]]:
    """Symptom, command, line, cure of each trouble."""
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    table = page.split("## Troubles")[1].split("## Other questions")[0]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines() if line[:2] == "| "]
    return cells[1:]


@cache
def words_of_the_product() -> str:
    """All source text, so that a sentence in two pieces reads as one."""
    files = [path for top in SOURCES for path in (ROOT / top).rglob("*") if path.suffix in (".py", ".toml")]
    text = "\n".join(path.read_text("utf-8") for path in sorted(files))
    return re.sub(r'"\s*\n\s*f?"', "", text)


def runs(sentence: str) -> list[str]:
    """Every run of two words and more, of seven characters and more: the figures and names between them vary."""
    words = sentence.split(" ")
    pairs = [(start, end) for start in range(len(words)) for end in range(start + 2, len(words) + 1)]
    return [text for start, end in pairs if len(text := " ".join(words[start:end])) >= 7]


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_line_of_a_trouble_is_one_that_is_said(row: list[str]) -> None:
    symptom, command, line, cure = row
    assert symptom
    assert cure
    assert re.fullmatch(r"`gaugetrail-(agent|collector) (status|doctor)`", command)
    for sentence in line.split("; "):
        assert any(run in words_of_the_product() for run in runs(sentence)), f"nobody says {sentence!r}"


def test_there_are_twenty_troubles_and_more() -> None:
    assert len(rows()) > 20
