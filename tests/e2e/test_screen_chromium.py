"""The operator's screen in a real Chromium at a real agent: by touch and scan alone, with its troubles.

Screenshots are kept in the test's folder; `GAUGETRAIL_SCREENSHOTS=docs/screenshots` keeps those for the docs as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from floor import until
from playwright.sync_api import Browser, Dialog, Page, expect
from running_agent import RunningAgent, asked
from screen_browser import SIZES, chromium, picture, scan
from screen_floor import Scale, write_screen_shop

from gaugetrail_agent import app

pytestmark = [pytest.mark.chromium, pytest.mark.waits]

PATIENCE_MS = 20_000
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


class Station:
    """The page of OP20, and the agent behind it, which can be taken away."""

    def __init__(self, page: Page, folder: Path, scale: Scale) -> None:
        self.page = page
        self.folder = folder
        self.scale = scale
        self.agent: RunningAgent | None = None
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dialog)

    def _dialog(self, dialog: Dialog) -> None:
        self.said.append(dialog.message)
        dialog.dismiss()

    def start(self) -> None:
        self.agent = RunningAgent(self.folder)
        self.agent.__enter__()

    def stop(self) -> None:
        if self.agent is not None:
            self.agent.__exit__()
            self.agent = None

    @property
    def url(self) -> str:
        port = self.folder / "data" / "screen.port"
        return f"http://127.0.0.1:{until(lambda: port.exists() and port.read_text(), 'the screen says its port')}"

    def scan(self, *keys: str) -> None:
        scan(self.page, *keys)

    def types(self, text: str) -> None:
        """A person, on a keyboard."""
        for key in text:
            self.page.keyboard.press(key)
        self.page.keyboard.press("Enter")

    def touch(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).tap()

    def shows(self, words: str | re.Pattern[str]) -> None:
        expect(self.page.locator("#live")).to_contain_text(words)

    def answers(self, answer: str) -> None:
        expect(self.page.locator("body")).to_have_attribute("data-answer", answer)

    def weighs(self, grams: str) -> None:
        for one in ("0.00", "0.00", grams, grams):
            self.scale.shows(one)

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG, level A and AA."""
        found = Axe().run(self.page, options=RULES).response["violations"]
        return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as one:
        yield one


@pytest.fixture
def prepare(request: pytest.FixtureRequest) -> Callable[[Path], None]:
    """What is done to the settings before the agent starts."""
    return getattr(request, "param", lambda _: None)


@pytest.fixture
def station(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prepare: Callable[[Path], None]
) -> Iterator[Station]:
    monkeypatch.setattr(app, "DRAIN_SECS", 0.2)  # there is no broker that records could still go to
    tmp_path.chmod(0o700)
    scale = Scale()
    write_screen_shop(tmp_path, scale.port)
    prepare(tmp_path)
    context = browser.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    one = Station(page, tmp_path, scale)
    try:
        one.start()
        page.goto(one.url)
        expect(page.locator("body")).not_to_have_class("cut")
        until(lambda: scale.connected, "the scale is connected")
        yield one
    finally:
        context.close()
        one.stop()
        scale.close()


def keep(page: Page, folder: Path, name: str) -> None:
    """A screenshot of what is to be seen, in each size that screens have."""
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        picture(page, folder / f"screen-{name}-{size}.png")
    page.set_viewport_size({"width": 1280, "height": 800})


def test_units_are_made_by_touch_and_scan_alone(station: Station, tmp_path: Path) -> None:
    """Badge, unit, a scale in motion, a tile, the keys: pass; then a fail, in German; nothing has the focus."""
    page = station.page
    station.shows("Nobody is logged in")
    station.types("OP-1")
    station.shows("Ada Berger")
    station.scan(*"SN1")
    station.shows("Unit in hand SN1")
    station.scale.shows("0.00")
    station.scale.shows("73.95", moving=True)
    expect(page.locator("[data-live-value]")).to_have_text("73.95")
    expect(page.locator("[data-live-mark]")).to_have_attribute("visibility", "visible")
    keep(page, tmp_path, "moving")
    station.weighs("74.01")
    station.touch("OK")
    expect(page.locator("[data-keys=number]")).to_be_visible()
    page.keyboard.press("8")
    for key in (".", "5", "1"):
        page.locator(f'[data-keys=number] [data-in="{key}"]').tap()
    expect(page.locator("#typed-text")).to_have_text("8.51")
    keep(page, tmp_path, "keys")
    assert station.violations() == []
    page.locator("[data-keys=number] [data-enter]").tap()
    station.answers("pass")
    station.shows("SN1 pass, recorded")
    expect(page.locator("body")).to_have_attribute("data-heard", "good")
    keep(page, tmp_path, "pass")
    assert station.violations() == []

    station.scan(*"OP-2")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    station.scan(*"SN2")
    station.shows("SN2")
    station.weighs("74.14")
    station.answers("fail")
    station.scan(*"%NOK:BURR")
    station.shows("74,14")
    station.scan(*"8.5")
    station.shows("SN2 schlecht, aufgezeichnet")
    expect(page.locator("body")).to_have_attribute("data-heard", "bad")
    keep(page, tmp_path, "fail")
    assert station.violations() == []
    assert station.said == []


WI = """id = "WI-7"
[[step]]
number = 1
text = { en = "Put it flat on the pan.", de = "Flach auf die Waage legen." }
characteristic = ["weight"]
"""
RP = """id = "RP-12"
[[on]]
signal = ["fail"]
acknowledge = "cause"
[[on.step]]
who = "operator"
what = { en = "Put it into the red box." }
hold = "unit"
[[on.step]]
who = "operator"
what = { en = "Weigh the five before it." }
call = ["setter"]
[[cause]]
code = "TOOL"
what = { en = "worn tool" }
[[cause]]
code = "CHIP"
what = { en = "a chip below it" }
"""


def work_by_papers(folder: Path) -> None:
    """An instruction and a reaction of this PC's own folder, approved; no collector."""
    settings, plan = folder / "agent.toml", folder / "plan.toml"
    settings.write_text(settings.read_text() + '[documents]\nfolder = "own"\n')
    plan.write_text(plan.read_text().replace('instruction = "WI-7', 'reaction = "RP-12: stop"\ninstruction = "WI-7'))
    steps = [("init", "--by", "ida")]
    for kind, name, text in (("instruction", "WI-7", WI), ("reaction", "RP-12", RP)):
        (folder / f"{name}.toml").write_text(text)
        steps += [("new", kind, str(folder / f"{name}.toml"), "--by", "eva")]
        steps += [("submit", name, "--by", "eva"), ("approve", name, "--by", "ida")]
    for step in steps:
        code, _, error = asked("document", *step, "--config", str(settings))
        assert code == 0, error


@pytest.mark.parametrize("prepare", [work_by_papers], indirect=True, ids=["by papers"])
def test_an_instruction_is_shown_and_a_reaction_acknowledged_by_touch(station: Station, tmp_path: Path) -> None:
    """The step stands beside what is measured; the form holds all that the failure asks, and a tile ends it."""
    page = station.page
    station.scan(*"OP-1")
    station.shows("Ada Berger")
    station.scan(*"SN1")
    station.shows("WI-7 1 · 1 Put it flat on the pan.")
    station.weighs("74.14")
    station.shows("Burr at the edge")
    station.touch("OK")
    station.scan(*"8.5")
    station.answers("fail")
    form = page.locator(".form")
    expect(form).to_contain_text("1. operator: Put it into the red box.")
    expect(form).to_contain_text("2. operator: Weigh the five before it. Call setter.")
    keep(page, tmp_path, "reaction")
    assert station.violations() == []
    boxes = [one.bounding_box() for one in page.locator("button:visible").all()]
    assert all(box is not None and box["width"] >= 60 and box["height"] >= 60 for box in boxes)
    page.get_by_role("button", name="worn tool").tap()
    station.shows("acknowledged: go on")
    expect(form).to_be_hidden()
    station.touch("Documents")
    expect(page.get_by_role("button", name="Reaction plan RP-12")).to_be_visible()
    assert station.said == []


def test_targets_are_large_and_codes_are_text(station: Station) -> None:
    """Gloves; and barcodes with markup, control characters and a scanner's own commands."""
    page = station.page
    station.scan(*"OP-1")
    station.shows("Ada Berger")
    station.touch("Documents")
    page.get_by_role("button", name="Control plan CP-7").tap()
    expect(page.locator("#paper-title")).to_have_text("Control plan CP-7 · revision C")
    expect(page.locator("#paper-text")).to_contain_text('instruction = "WI-7 step 1: flat on the pan"')
    assert station.violations() == []
    station.scan(*"XX98")  # what is said is never hidden behind what is read
    expect(page.locator("#paper")).to_be_hidden()
    page.get_by_role("button", name="Type the unit").tap()
    boxes = [one.bounding_box() for one in page.locator("button:visible").all()]
    assert len(boxes) > 40
    assert all(box is not None and box["width"] >= 60 and box["height"] >= 60 for box in boxes)
    page.keyboard.press("Escape")
    for code in (
        [*"<script>window.pwned=1</script>"],
        [*'"><img src=x onerror="window.pwned=1">'],
        [*"[)>", "Control+^", *"06", "Control+]", *"S4711", "Control+^", "Control+d"],
        ["Control+v", *"M", "Control+m"],
        [*"SN 1 %%SETUP"],
    ):
        told = page.locator("[data-root]").get_attribute("data-told")
        station.scan(*code)
        expect(page.locator("[data-root]")).not_to_have_attribute("data-told", str(told))
    assert page.evaluate("() => window.pwned ?? null") is None
    assert page.url == f"{station.url}/OP20"
    assert station.said == []
    # What is half typed on the keys stays where a scan comes between.
    page.get_by_role("button", name="Type the unit").tap()
    page.locator('[data-keys=letters] [data-in="s"]').tap()
    page.locator('[data-keys=letters] [data-in="n"]').tap()
    told = page.locator("[data-root]").get_attribute("data-told")
    station.scan(*"XX99")
    expect(page.locator("[data-root]")).not_to_have_attribute("data-told", str(told))
    expect(page.locator("#typed-text")).to_have_text("SN")


def test_a_page_that_is_cut_off_says_so_and_comes_back_by_itself(station: Station, tmp_path: Path) -> None:
    """The agent stops and starts anew: grey with the time meanwhile, nothing taken, then the new page of the same."""
    page = station.page
    station.scan(*"OP-1")
    station.shows("Ada Berger")
    station.scan(*"SN1")
    station.shows("Unit in hand SN1")
    version = page.locator("html").get_attribute("data-version")
    port = (tmp_path / "data" / "screen.port").read_text()
    settings = tmp_path / "agent.toml"
    settings.write_text(settings.read_text().replace("[screen]\nport = 0", f"[screen]\nport = {port}"))
    station.stop()
    expect(page.locator("#lost")).to_be_visible()
    expect(page.locator("#since")).to_have_text(re.compile("[0-9]{2}:[0-9]{2}:[0-9]{2}"))
    keep(page, tmp_path, "cut")
    station.scan(*"SN2")
    expect(page.locator("#not-taken")).to_contain_text("SN2")
    station.start()
    expect(page.locator("#lost")).to_be_hidden()
    expect(page.locator("html")).not_to_have_attribute("data-version", str(version))
    station.shows("OP-1 is still at the station")
    other = page.context.new_page()
    other.goto(station.url)
    station.scan(*"OP-2")
    for one in (page, other):
        expect(one.locator("[data-part=head]")).to_contain_text("Jörg Voß")
