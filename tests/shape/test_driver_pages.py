"""docs/drivers: every profile and driver has its page, written to the end, and its settings can be copied."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import driver_pages
import pytest

from gaugetrail_agent.config import (
    ModbusDeviceTable,
    SerialLinkTable,
    StreamDeviceTable,
    TcpLinkTable,
    WedgeLinkTable,
)
from gaugetrail_agent.drivers import catalogue

ROOT = Path(__file__).parents[2]

PROFILES = [path.stem for path in catalogue.profile_paths()]
FOLDER = ROOT / driver_pages.FOLDER


@pytest.mark.parametrize("name", catalogue.driver_names())
def test_driver_has_a_page(name: str) -> None:
    """The page's head is compared with the code by test_generated_pages_are_current."""
    page = (FOLDER / driver_pages.page_of(name)).read_text("utf-8")
    assert f"`{name}`" in page or f'"{name}"' in page
    assert page.count(driver_pages.END) == 1


def sections(text: str) -> dict[str, str]:
    """Title of each section -> what stands in it, but for headings, comments and the head and rule of a table: what
    is left was written for a reader. Lines of a code block are no headings.
    """
    found: dict[str, list[str]] = {}
    title, fenced = "", False
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("#"):
            title = line.lstrip("# ")
            found[title] = []
        elif title and line and not line.startswith(("<!--", "```")):
            found[title].append(line)
    return {title: "\n".join(_without_bare_tables(lines)) for title, lines in found.items()}


def _without_bare_tables(lines: list[str]) -> list[str]:
    rules = [place for place, line in enumerate(lines) if re.fullmatch(r"\|(?:[-: ]+\|)+", line)]
    dropped = {place for rule in rules for place in (rule - 1, rule)}
    return [line for place, line in enumerate(lines) if place not in dropped]


def empty_sections(text: str) -> list[str]:
    return [title for title, written in sections(text).items() if len(written.split()) < 2]


def test_a_page_just_begun_is_all_empty_sections() -> None:
    """What make docs begins for a new profile fails until a person has written it, one section or all."""
    assert empty_sections(driver_pages.TAIL) == ["Wiring", "The gauge's menu", "Known limits"]
    begun = driver_pages.TAIL.replace("## Wiring\n", "## Wiring\n\nThree wires: TxD, RxD, ground.\n")
    assert empty_sections(begun) == ["The gauge's menu", "Known limits"]
    assert empty_sections("# A\n\n| frame | becomes |\n|---|---|\n") == ["A"]
    assert empty_sections("# B\n\n```text\n```\n") == ["B"]
    assert empty_sections("# C\n\n<!-- to be written some day -->\n") == ["C"]


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_no_section_of_a_page_is_empty(page: Path) -> None:
    assert empty_sections(page.read_text("utf-8")) == []


@pytest.mark.parametrize("name", PROFILES)
def test_page_says_what_only_a_person_knows(name: str) -> None:
    tail = (FOLDER / f"{name}.md").read_text("utf-8").partition(driver_pages.END)[2]
    assert {"Wiring", "The gauge's menu", "Known limits"} <= set(sections(tail))


@pytest.mark.parametrize("page", sorted(FOLDER.glob("*.md")), ids=lambda path: path.stem)
def test_settings_on_a_page_can_be_copied(page: Path) -> None:
    """What a page shows of [[link]] and [[device]] is taken by the settings, and by the driver that it names."""
    for block in re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        shown = tomllib.loads(block)
        for link in shown.get("link", ()):
            if link.get("kind") == "serial":
                SerialLinkTable.model_validate(link)
            elif link.get("kind") == "tcp":
                TcpLinkTable.model_validate(link)
            elif link.get("kind") == "wedge":
                WedgeLinkTable.model_validate(link)
        for device in shown.get("device", ()):
            if device["driver"] == "modbus":
                ModbusDeviceTable.model_validate(device)
                continue
            table = StreamDeviceTable.model_validate(device)
            catalogue.make_driver(table.driver, {key: str(value) for key, value in table.settings.items()})


def test_no_page_is_left_without_its_driver() -> None:
    """A renamed profile takes its page along; pages that stand for no driver have no generated head."""
    wanted = {driver_pages.page_of(name) for name in catalogue.driver_names()}
    headed = {page.name for page in FOLDER.glob("*.md") if driver_pages.END in page.read_text("utf-8")}
    assert headed == wanted
