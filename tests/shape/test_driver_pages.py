"""docs/drivers: every profile and driver has its page, written to the end, and its settings can be copied."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import driver_pages
import pytest

from gaugetrail_agent.config import SerialLinkTable, StreamDeviceTable, TcpLinkTable
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


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize("section", ["Wiring", "The gauge's menu", "Known limits"])
def test_page_says_what_only_a_person_knows(name: str, section: str) -> None:
    tail = (FOLDER / f"{name}.md").read_text("utf-8").partition(driver_pages.END)[2]
    written = re.search(rf"^## {section}\n\n(.+?)(?=\n## |\Z)", tail, re.DOTALL | re.MULTILINE)
    assert written is not None, f"docs/drivers/{name}.md lacks '## {section}'"
    assert len(written[1].strip()) > 5


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
        for device in shown.get("device", ()):
            if device.get("driver", "modbus") == "modbus":
                continue
            table = StreamDeviceTable.model_validate(device)
            catalogue.make_driver(table.driver, {key: str(value) for key, value in table.settings.items()})


def test_no_page_is_left_without_its_driver() -> None:
    """A renamed profile takes its page along; pages that stand for no driver have no generated head."""
    wanted = {driver_pages.page_of(name) for name in catalogue.driver_names()}
    headed = {page.name for page in FOLDER.glob("*.md") if driver_pages.END in page.read_text("utf-8")}
    assert headed == wanted
