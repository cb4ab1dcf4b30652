"""Documents in a real Chromium: a plan is read, signed and printed, in a wide window and in a narrow one.

Screenshots as in `test_console_chromium.py`; `GAUGETRAIL_SCREENSHOTS` keeps those for the docs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from console_floor import Pages
from document_office import PASSWORDS, PLAN, PaperOffice, worked_records
from floor import program, until
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gaugetrail_collector.config import load
from gaugetrail_collector.console.app import make_app
from gaugetrail_collector.documents.here import DocumentsHere
from gaugetrail_service.web.console_users import UsersFile
from gaugetrail_service.web.server import Web
from gaugetrail_service.web.sessions import Sessions

pytestmark = [pytest.mark.chromium, pytest.mark.processes]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 20_000
PATHS = (
    *("/documents", "/document?id=CP-1001&edition=1", "/document?id=GR-1", "/gauges", "/people"),
    *("/document-stations", "/approvals", "/approval?id=CP-1001&edition=2"),
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A console where everybody has to log on, over documents that commands have made."""
    folder = tmp_path_factory.mktemp("office")
    PaperOffice(folder).open()
    pages = Pages(folder, worked_records(), here=DocumentsHere.of(load(folder / "collector-1.toml", {})))
    app = make_app(pages.facts, ("127.0.0.1",), Sessions(UsersFile(folder / "users").now))
    web = Web("console", app, "127.0.0.1", 0, folder / "console.port", pages.facts.close)
    try:
        web.start()
        port = folder / "console.port"
        yield f"http://127.0.0.1:{until(lambda: port.exists() and port.read_text(), 'the console says its port')}"
    finally:
        web.stop()
        pages.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=program("chromium"), headless=True, args=FLAGS)
        yield one
        one.close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    """Where ida has logged on; nothing may be complained of by the browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    one = context.new_page()
    one.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    said: list[str] = []
    one.on("console", lambda message: said.append(message.text))
    one.on("pageerror", lambda error: said.append(str(error)))
    one.goto(f"{url}/login")
    one.get_by_label("Name").fill("ida")
    one.get_by_label("Password").fill(PASSWORDS["ida"])
    one.get_by_role("button", name="Log on").click()
    expect(one.get_by_role("button", name="Log off")).to_be_visible()
    try:
        yield one
        assert said == []
    finally:
        context.close()


def keep(page: Page, folder: Path, name: str) -> None:
    """A screenshot of the whole page."""
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    wanted = os.environ.get("GAUGETRAIL_SCREENSHOTS")
    if wanted:
        Path(wanted).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, Path(wanted) / path.name)


def test_no_page_is_wider_than_a_narrow_window(url: str, page: Page, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 380, "height": 800})
    for path in PATHS:
        page.goto(url + path)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    keep(page, tmp_path, "console-approval-narrow")


def test_paper_says_its_day_and_whether_the_edition_holds(url: str, page: Page, tmp_path: Path) -> None:
    for number, held in ((1, True), (2, False)):
        page.goto(f"{url}/document?id=CP-1001&edition={number}")
        expect(page.get_by_text("valid on that day only")).not_to_be_visible()
        keep(page, tmp_path, f"console-document-{number}")
        page.emulate_media(media="print")
        expect(page.get_by_text("valid on that day only")).to_be_visible()
        expect(page.locator(".watermark")).to_have_count(0 if held else 1)
        if not held:
            expect(page.locator(".watermark")).to_be_visible()
        expect(page.get_by_role("navigation").first).not_to_be_visible()
        expect(page.get_by_role("row").filter(has_text="Bore diameter")).to_be_visible()
        keep(page, tmp_path, f"console-document-{number}-printed")
        page.emulate_media(media="screen")


def test_a_plan_is_signed_by_keyboard_alone_and_the_old_one_is_barred(url: str, page: Page, tmp_path: Path) -> None:
    """From what waits to the signature; then a record still leads to the text that it was measured by."""
    page.goto(f"{url}/documents")
    keep(page, tmp_path, "console-documents")
    page.get_by_role("link", name="1 awaits your approval").click()
    page.get_by_role("link", name="Look at it").click()
    expect(page.get_by_role("listitem").filter(has_text="74.050 → 74.040: tighter; 2 of the last 3")).to_be_visible()
    keep(page, tmp_path, "console-approval")
    page.get_by_role("radio", name="I approve").focus()
    for key in ("Space", "Tab", "held", "Tab", "Tab"):
        page.keyboard.type(key) if key == "held" else page.keyboard.press(key)
    page.keyboard.type(PASSWORDS["ida"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("CP-1001 D, edition 2: effective since")
    expect(page.get_by_role("listitem").filter(has_text="ida approved edition 2: held")).to_be_visible()
    page.goto(f"{url}/document?id=CP-1001&edition=1")
    expect(page.get_by_role("alert")).to_contain_text("NOT VALID this edition is superseded")
    page.goto(f"{url}/history?id=SN1&kind=serial")
    page.get_by_role("link", name="what held then").click()
    page.get_by_text("The text itself").click()
    expect(page.locator("pre.raw")).to_have_text(PLAN.strip())
    keep(page, tmp_path, "console-worked-by")


def test_gauges_and_people_are_narrowed_by_their_forms(url: str, page: Page, tmp_path: Path) -> None:
    page.goto(f"{url}/gauges")
    keep(page, tmp_path, "console-gauges")
    page.get_by_role("navigation", name="Which gauges").get_by_role("link", name="Overdue").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.goto(f"{url}/people")
    keep(page, tmp_path, "console-people")
    page.locator("select[name=subject]").select_option("OP20")
    page.get_by_role("main").get_by_role("button", name="Search").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Olaf Oster")
