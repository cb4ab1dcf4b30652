"""Every story of a station on its page in a real Chromium, by touch and scan alone, in each size that screens have.

The rehearsal is the oracle: after each line the page says what the station said there, and the same is recorded. In
between the broker goes, a gauge is unplugged and the agent is killed, each with the page open.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from console_floor import quick_line
from floor import Floor, free_port, until
from playwright.sync_api import BrowserContext, Error, Locator, Page, expect
from screen_browser import SIZES, chromium, picture, scan
from station_stories import STORIES, StationStory
from stories_on_paper import device_of, rehearsed
from stories_played import StoryLine, story_line
from typer.testing import CliRunner

from gaugetrail_agent.rehearsal.cues import Cue, OfferBlock, Restart, ScanCode, SendValue
from gaugetrail_collector import cli

pytestmark = [pytest.mark.chromium, pytest.mark.processes, pytest.mark.mosquitto, pytest.mark.waits]

PATIENCE_MS = 20_000
SEEN = """() => {
  const root = document.querySelector("[data-root]");
  if (root === null || document.body.classList.contains("cut")) return null;
  const text = (place) => root.querySelector(place)?.textContent.trim() ?? "";
  return {
    asks: text(".asks"),
    says: text(".says"),
    word: text(".word"),
    serial: text(".serial i") === "Unit in hand" ? text(".serial b") : null,
    operator: text(".who span") || null,
    notices: text("[data-part=notices]"),
    version: document.documentElement.dataset.version,
  };
}"""
WORDS = {
    "": "",
    "pass": "✓ PASS",
    "fail": "✗ FAIL",
    "incomplete": "… INCOMPLETE",
    "stop": "✗ STOP",
    "look": "! LOOK",
}
ANSWERED = re.compile(r"%(?:NOTE|SUGGEST|HANDOVER|CALL|AGAIN|SKIP|CHANGED|REASON|SPLIT|MERGE|HOLD|REWORK|SCRAP)(?=:)")
"""Words whose button asks for what stands behind the colon."""
NOBODY = "nobody was asked|no collector has answered within 300 ms|there is no connection to the broker"
WHEN = re.compile(rf"20[0-9]{{2}}-[0-9-]{{5}} [0-9:]{{5}}Z|\((?:{NOBODY})\)")
"""A moment in a sentence, or why nobody could tell: a rehearsal has its own."""
SMALL = "abcdefghijklmnopqrstuvwxyz"
SIGNS = "@*#:,;()+=_?!&%\"'"
KEYS = {"number": "0123456789.-", "letters": f"1234567890-./ {SMALL}{SIGNS}"}
DEFECT = re.compile(r"%NOK:(?P<code>\w+)@(?P<place>\w+)\*(?P<count>[2-9])")
NOT_TO_TOUCH = {"%NOK:CRACK": "only the plan's defects are offered"}
"""What is scanned, because no button offers it."""


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoryLine]:
    table = f"[screen]\nport = {free_port()}\n"  # the same after a restart: an open page comes back by itself
    with story_line(tmp_path_factory.mktemp("line"), table, broker=True) as made:
        yield made


@pytest.fixture(scope="module")
def rehearsals(line: StoryLine) -> dict[str, list[dict[str, Any]]]:
    """Before there is a browser, whose driver has the thread's event loop."""
    return {story.key: rehearsed(line.floor.folder, story) for story in STORIES}


@pytest.fixture(scope="module")
def screens(rehearsals: object) -> Iterator[dict[str, BrowserContext]]:
    with chromium() as browser:
        made = {}
        for size, (width, height) in SIZES.items():
            made[size] = browser.new_context(viewport={"width": width, "height": height}, has_touch=True)
            made[size].set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        yield made


class AtTheScreen:
    """Who stands before a station's page, and its gauge."""

    def __init__(self, line: StoryLine, story: StationStory, page: Page) -> None:
        self.line = line
        self.story = story
        self.page = page
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda message: self.faults.append(message.text))
        port = (line.floor.folder / "agent-data" / "screen.port").read_text()
        page.goto(f"http://127.0.0.1:{port}/{story.key}")

    def seen(self) -> dict[str, Any]:
        """What the page says; nothing while it is cut off, or loads itself anew."""
        try:
            return self.page.evaluate(SEEN) or {}
        except Error:
            return {}

    def sees(self, what: Callable[[dict[str, Any]], bool], called: str) -> None:
        try:
            until(lambda: (now := self.seen()) and what(now), called, deadline=20)
        except AssertionError as error:
            raise AssertionError(f"{error}; the page shows {self.seen()}") from error

    def sees_shown(self, outcome: Mapping[str, Any]) -> None:
        wanted = as_on_the_page(outcome)
        wanted["says"] = WHEN.sub("…", wanted["says"])
        self.sees(
            lambda now: {key: WHEN.sub("…", now[key] or "") if key == "says" else now[key] for key in wanted} == wanted,
            f"the page shows {wanted}",
        )

    def does(self, cue: Cue) -> None:
        """One line of the story; the page must be connected."""
        self.sees(lambda _: True, "the page is connected")
        match cue:
            case ScanCode(text, typed=False):
                scan(self.page, *text)
            case ScanCode(text):
                self.says(text)
            case OfferBlock():
                self.line.offers(self.story, cue)
            case SendValue(device, reading):
                self.line.measures(device, reading)
            case Restart():
                before = self.seen()["version"]
                self.line.restart()
                self.sees(lambda now: now["version"] != before, "the page comes back by itself, as the new agent's")
                self.faults.clear()  # the browser's own word that for a while there was no answer
            case _:
                raise AssertionError(f"no story does {cue} yet")

    # --- touch

    def says(self, text: str) -> None:
        """Touched where a button or a pad offers it, else scanned."""
        word, pad = ANSWERED.match(text), self.open_pad()
        if self.offers(f"[data-sends={json.dumps(text)}]"):
            self.touch(f"[data-sends={json.dumps(text)}]")
        elif word is not None and self.offers(f'[data-sends="{word[0]}"]'):
            self.asked(word[0], text.removeprefix(f"{word[0]}:"))
        elif not text.startswith("%") and pad in KEYS:
            self.keys(pad, text)
        elif (defect := DEFECT.fullmatch(text)) is not None:
            self.finds(defect)
        elif (opens := self.opens_for(text)) is not None:
            self.touch(f"[data-prefix={json.dumps(opens)}]")
            self.keys("letters", text.removeprefix(opens))
        else:
            assert text in NOT_TO_TOUCH, f"nothing to touch offers {text}, at {self.seen()}"
            scan(self.page, *text)

    def open_pad(self) -> str:
        return self.page.locator("body").get_attribute("data-pad") or ""

    def offers(self, button: str) -> bool:
        return self.page.locator(f"button{button}").count() > 0

    def touch(self, button: str) -> None:
        one = self.page.locator(f"button{button}").first
        if not one.is_visible():
            self.page.locator("button[data-opens=more]").tap()
        one.tap()

    def asked(self, word: str, answer: str) -> None:
        """A button whose word asks for more, unless the station refuses it at once."""
        before = self.seen()
        self.touch(f'[data-sends="{word}"]')
        self.sees(lambda now: now != before, f"what comes of {word}")
        if self.offers(f'[data-sends="{answer}"]') or self.open_pad() == "letters":
            self.says(answer)

    def opens_for(self, text: str) -> str | None:
        """What a button that opens the letters puts before what is typed there."""
        found = (one.get_attribute("data-prefix") for one in self.page.locator("[data-opens=letters]").all())
        return next((one for one in found if one and text.startswith(one)), None)

    def finds(self, defect: re.Match[str]) -> None:
        """A defect by its tiles: code, place sign by sign, how many."""
        self.page.locator("[data-opens=defects]").tap()
        wanted = [("code", defect["code"]), *(("sign", one) for one in defect["place"]), ("count", defect["count"])]
        for what, which in wanted:
            self.page.locator(f'[data-defect={what}][data-is="{which}"]').tap()
        self.page.locator("[data-keys=defects] [data-enter]").tap()

    def keys(self, pad: str, text: str) -> None:
        """On the pad that lies open, with its key for capital letters and that for signs."""
        for key in text if pad == "letters" else text.replace(",", "."):
            assert key.lower() in KEYS[pad], f"the pad has no {key}"
            if pad == "letters":
                self.turns("shift", key.isalpha(), key.isupper())
                self.turns("layer", key != " ", key in SIGNS)
            self.page.locator(f"[data-keys={pad}] [data-in={json.dumps(key.lower())}]").tap()
        self.page.locator(f"[data-keys={pad}] [data-enter]").tap()

    def turns(self, key: str, matters: bool, on: bool) -> None:
        """The key is touched where it isn't as it has to be."""
        one = self.page.locator(f"[data-{key}]")
        if matters and (one.get_attribute("aria-pressed") == "true") != on:
            one.tap()

    # --- trouble

    def gauge_is_unplugged(self, outcome: Mapping[str, Any]) -> None:
        gauge = self.line.gauges[device_of(self.story)]
        gauge.pull()
        self.sees(lambda now: "is not connected: check the cable" in now["asks"], "what to do about the gauge")
        gauge.plug()
        self.sees_shown(outcome)
        self.sees(lambda now: "is not connected" not in now["notices"], "the gauge is there again")

    def broker_is_cut(self, outcome: Mapping[str, Any]) -> None:
        self.sees(lambda now: "broker" not in now["notices"], "the broker is there")
        self.line.floor.kill("mosquitto")
        self.sees(lambda now: "the broker can't be reached" in now["notices"], "that the broker is away")
        self.sees_shown(outcome)


def as_on_the_page(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """What the rehearsal showed, as the page says it."""
    shown = outcome["shown"]
    return {
        "asks": f"➜ {shown['prompt']}",
        "says": shown["message"],
        "word": WORDS[answer_of(outcome)],
        "serial": shown["serial"],
        "operator": shown["operator"],
    }


def answer_of(outcome: Mapping[str, Any]) -> str:
    """What the light means: red is a part that failed, or something that was refused."""
    light, says = outcome["shown"]["light"], str(outcome["shown"]["says"])
    if light != "red":
        return {"off": "", "green": "pass", "amber": "look"}[light]
    made = [effect["record"]["verdict"] for effect in outcome["effects"] if "record" in effect]
    return str(made[-1]) if made else "fail" if says.startswith(("value.taken", "record.recorded")) else "stop"


TROUBLES = {
    ("a good part", "scan SN1"): AtTheScreen.gauge_is_unplugged,
    ("a bad part", "scan SN1"): AtTheScreen.broker_is_cut,
}
"""Story and line -> what happens behind it."""
PICTURES = {
    ("an audit", "press REASON"): "choices",
    ("a change over", "press NOK"): "change-over",
    ("the first piece blocks until it passes", "bore-the-first-piece-blocks-until-it-passes 74.100 mm"): "first-piece",
}
"""Story and line -> what a picture of it is called."""


@pytest.mark.parametrize(
    ("story", "size"),
    list(zip(STORIES, itertools.cycle(SIZES), strict=False)),
    ids=lambda one: getattr(one, "name", one),
)
def test_it_is_shown_and_recorded_as_it_was_rehearsed(
    line: StoryLine,
    rehearsals: dict[str, list[dict[str, Any]]],
    screens: dict[str, BrowserContext],
    story: StationStory,
    size: str,
    tmp_path: Path,
) -> None:
    page = screens[size].new_page()
    try:
        person = AtTheScreen(line, story, page)
        for one, outcome in line.acts(story, rehearsals[story.key]):
            person.does(one.cue)
            person.sees_shown(outcome)
            if (story.name, one.text) in TROUBLES:
                TROUBLES[story.name, one.text](person, outcome)
            if (story.name, one.text) in PICTURES:
                picture(page, tmp_path / f"screen-{PICTURES[story.name, one.text]}-{size}.png")
        assert person.faults == []
    finally:
        page.close()


def office_console(floor: Floor) -> str:
    """A collector that writes documents, its console, and eva, who may answer; the console's address."""
    settings = floor.folder / "collector.toml"
    settings.write_text(settings.read_text() + '[documents]\nmaster = true\n[console]\nport = 0\nusers = "users"\n')
    (floor.folder / "users").write_text(quick_line("eva", "the words of eva"))
    words = ["document", "init", "--by", "eva", "--stdin", "--config", str(settings)]
    begun = CliRunner().invoke(cli.app, words, input="the words of eva\n")
    assert begun.exit_code == 0, begun.output
    floor.collector()
    port = floor.folder / "collector-data" / "console.port"
    return f"http://127.0.0.1:{until(lambda: port.exists() and port.read_text(), 'the console says its port')}"


def message(page: Page, kind: str) -> Locator:
    """What is to be read."""
    return page.locator(f'[data-message="{kind}"]')


def test_the_office_answers_at_the_screen_and_whoever_comes_next_is_told(
    line: StoryLine, screens: dict[str, BrowserContext], tmp_path: Path
) -> None:
    """By touch: a suggestion, its answer in the console, the answer read here; a note over a log-off and a log-on."""
    story = next(one for one in STORIES if one.name == "a suggestion to the office")
    page, office = screens["tablet"].new_page(), screens["1280x800"].new_page()
    try:
        if "mosquitto" not in line.floor.processes:  # a story has taken it away
            line.floor.broker()
        url = office_console(line.floor)
        person = AtTheScreen(line, story, page)
        person.sees(lambda _: True, "the page is connected")
        scan(page, *"OP-12")
        person.touch('[data-sends="%SUGGEST"]')
        person.sees(lambda now: "suggestion" in now["asks"], "what is suggested")
        page.keyboard.type("<b>light</b>", delay=70)
        page.keyboard.press("Enter")
        person.sees(lambda now: now["says"].startswith("thank you"), "that it is taken")
        person.says("%HANDOVER:THE LEFT JAW STICKS")
        person.sees(lambda now: "whoever logs on next" in now["says"], "that it is noted")
        expect(message(page, "handover")).to_have_count(0)

        office.goto(f"{url}/login")
        office.get_by_label("Name").fill("eva")
        office.get_by_label("Password").fill("the words of eva")
        office.get_by_role("button", name="Log on").click()
        until(lambda: _lists(office, url, "<b>light</b>"), "the suggestion is in the office's list", deadline=20)
        picture(office, tmp_path / "console-suggestions.png")
        office.get_by_role("link", name="<b>light</b>").click()
        office.get_by_label(re.compile("What OP-12 is shown")).fill("A lamp is ordered.")
        office.get_by_label("Password of eva").fill("the words of eva")
        office.get_by_role("button", name="Answer").click()
        expect(office.get_by_role("status")).to_contain_text("It is answered")

        answer = message(page, "answer")
        expect(answer).to_contain_text("<b>light</b>")
        expect(answer).to_contain_text("A lamp is ordered.")
        person.touch('[data-sends="%LOGOFF"]')
        expect(answer).to_have_count(0)
        scan(page, *"OP-20")
        note = message(page, "handover")
        expect(note).to_contain_text("Ada")
        expect(note).to_contain_text("THE LEFT JAW STICKS")
        expect(answer).to_have_count(0)
        box = note.get_by_role("button", name="I have read it").bounding_box()
        assert box is not None
        assert box["height"] >= 60
        note.get_by_role("button", name="I have read it").tap()
        expect(note).to_have_count(0)
        person.touch('[data-sends="%LOGOFF"]')
        scan(page, *"OP-12")
        expect(answer).to_have_count(1)
        picture(page, tmp_path / "screen-message-tablet.png")
        answer.get_by_role("button", name="I have read it").tap()
        expect(answer).to_have_count(0)
        until(lambda: _lists(office, url, "· read "), "the office sees that it was read", deadline=20)
        assert person.faults == []
    finally:
        office.close()
        page.close()
        line.floor.kill("collector")


def _lists(office: Page, url: str, words: str) -> bool:
    office.goto(f"{url}/suggestions")
    return words in office.locator("main").inner_text()
