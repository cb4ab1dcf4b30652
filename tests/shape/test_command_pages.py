"""docs/reference/commands-*.md: what a command says with --help stands on its page.

The commands are found by asking each for its --help, as a person would, and not by the generator's walk: two empty
answers of one walk agree with each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import cli as agent_cli
from gaugetrail_collector import cli as collector_cli
from gaugetrail_sim import cli as sim_cli

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
CLIS = {"agent": agent_cli.app, "collector": collector_cli.app, "sim": sim_cli.app}
KNOWN = {
    "agent": {"run", "check", "spool ls", "profiles test"},
    "collector": {"run", "trace", "set-aside ls", "store copy"},
    "sim": {"demo", "gauge"},
}


@cache
def help_of(name: str, words: tuple[str, ...]) -> str:
    answer = CliRunner().invoke(CLIS[name], [*words, "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    assert answer.exit_code == 0, answer.output
    return answer.output


def listed(text: str, section: str) -> list[str]:
    """The entries of a section of a help text; what is indented further explains the entry above it."""
    found = re.search(rf"^{section}:\n((?:  .*\n|\n)*)", text, re.MULTILINE)
    return [] if found is None else re.findall(r"^  (\S.*?)(?:  .*)?$", found[1], re.MULTILINE)


def live(name: str, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command and group, by the words that lead to it."""
    yield words
    for entry in listed(help_of(name, words), "Commands"):
        yield from live(name, (*words, entry.split()[0]))


def section_of(page: str, title: str) -> str:
    found = re.search(rf"^## `{re.escape(title)}`\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found is not None, f"the page lacks {title!r}; run: make docs"
    return found[1]


COMMANDS = [(name, words) for name in CLIS for words in live(name)]


@pytest.mark.parametrize("name", CLIS)
def test_help_lists_the_commands_that_everybody_knows(name: str) -> None:
    """The way of asking finds commands at all, those inside a group too."""
    assert {" ".join(words) for found, words in COMMANDS if found == name} >= KNOWN[name]


@pytest.mark.parametrize(
    ("name", "words"), COMMANDS, ids=lambda part: part if isinstance(part, str) else " ".join(part)
)
def test_each_live_command_stands_on_its_page_with_its_options(name: str, words: tuple[str, ...]) -> None:
    page = (REFERENCE / f"commands-{name}.md").read_text("utf-8")
    section = section_of(page, " ".join((f"gaugetrail-{name}", *words)))
    text = help_of(name, words)
    options = [option for entry in listed(text, "Options") for option in re.findall(r"(?<![\w-])--?[a-z][\w-]*", entry)]
    arguments = [entry.split()[0] for entry in listed(text, "Arguments")]
    assert "--help" in options
    missing = [shown for shown in (*options, *arguments) if shown != "--help" and f"`{shown}`" not in section]
    assert missing == []


@pytest.mark.parametrize("name", CLIS)
def test_no_page_shows_a_command_that_is_gone(name: str) -> None:
    page = (REFERENCE / f"commands-{name}.md").read_text("utf-8")
    shown = set(re.findall(r"^## `(.+)`$", page, re.MULTILINE))
    assert shown == {" ".join((f"gaugetrail-{name}", *words)) for found, words in COMMANDS if found == name}
