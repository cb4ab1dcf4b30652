"""The console in a real Chromium over a real collector: what a person sees, and what a hostile page or serial can't do.

Screenshots are kept in the test's folder; `GAUGETRAIL_SCREENSHOTS=docs/screenshots` keeps those for the docs as well.
"""

from __future__ import annotations

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from console_floor import T0, Pages, amendment, inspection, measurement, sealed
from floor import Floor, Operator, program, until
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from gaugetrail_collector.console.app import make_app
from gaugetrail_collector.intake.aside.set_aside import Entry, SetAside
from gaugetrail_collector.stores.sqlite.store import SqliteStore
from gaugetrail_service.web.console_users import UsersFile, line_of
from gaugetrail_service.web.server import Web
from gaugetrail_service.web.sessions import Sessions

pytestmark = [pytest.mark.chromium, pytest.mark.mosquitto, pytest.mark.processes]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 20_000
SECOND_STATION = '[[station]]\nname = "OP20"\nplan = "plan.toml"\nunit_pattern = "SN[0-9]+"\n'
NASTY = [
    "<script>window.pwned=1</script>",
    '"><img src=x onerror="window.pwned=1">',
    "' OR 1=1 --",
    "\\'; DROP TABLE record; --",
    "{{ 7*7 }} ${7*7}",
    "javascript:window.pwned=1//&amp;",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        one = playwright.chromium.launch(executable_path=program("chromium"), headless=True, args=FLAGS)
        yield one
        one.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A collector with a console over a store that holds a history, and a line beside it."""
    folder = tmp_path_factory.mktemp("shop")
    weight = measurement("weight", "250.38", unit="g", nominal="250.00", lsl="248.50", usl="251.50", gauge="G-0018")
    bad = (weight, measurement("bore_diameter", "74.063", "fail"))
    good = (weight, measurement("bore_diameter", "74.012"))
    depth = measurement("press_depth", "8.53", nominal="8.50", lsl="8.40", usl="8.60", gauge="G-0101", capture="plc")
    bodies = [
        inspection("SN004711", verdict="fail", measurements=bad),
        inspection("SN004711", attempt=2, supersedes="pc0/abcdefgh/1", measurements=good),
        inspection("SN004711", station="OP30", operator=None, measurements=(depth,)),
        amendment("pc0/abcdefgh/2"),
        *(inspection(serial, lot=None) for serial in NASTY),
    ]
    store = SqliteStore(folder / "store.db")
    store.open()
    store.write(sealed(bodies, agent="pc0"))
    store.close()
    aside = SetAside(folder / "collector-data" / "set-aside.db")
    aside.open()
    held = sealed([inspection("SN-ASIDE")], agent="pc2")[0].sealed.line()
    aside.put([Entry("gaugetrail/v1/pc0/records", b"bore=74.0?2 mm\x00\xff<b>", "not a wire line", T0)])
    aside.put([Entry("gaugetrail/v1/pc2/records", held, "the store was full", T0)])
    aside.close()
    with Floor(folder) as floor:
        agent = floor.write_agent(extra=SECOND_STATION)
        agent.write_text(agent.read_text().replace('"s"', '"plant1"').replace('"l"', '"line1"'))
        with floor.write_collector().open("a") as settings:
            settings.write("[console]\nport = 0\n")
        floor.broker()
        floor.collector()
        floor.agent()
        yield floor


@pytest.fixture(scope="module")
def url(shop: Floor) -> str:
    path = shop.folder / "collector-data" / "console.port"
    return f"http://127.0.0.1:{until(lambda: path.exists() and path.read_text(), 'the console says its port')}"


class Seen:
    """What the browser complains of."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", lambda dialog: (self.said.append(f"dialog {dialog.message}"), dialog.dismiss()))

    def _console(self, message: ConsoleMessage) -> None:
        self.said.append(message.text)

    def policy(self) -> list[str]:
        return [text for text in self.said if "Content Security Policy" in text]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    one = context.new_page()
    one.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield one
    context.close()


@pytest.fixture
def seen(page: Page) -> Seen:
    return Seen(page)


def keep(page: Page, folder: Path, name: str) -> None:
    """A screenshot of what is to be seen."""
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    wanted = os.environ.get("GAUGETRAIL_SCREENSHOTS")
    if wanted:
        Path(wanted).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, Path(wanted) / path.name)


def count(shop: Floor) -> int:
    store = SqliteStore(shop.folder / "store.db")
    store.open()
    try:
        return store.count()
    finally:
        store.close()


def test_a_serial_is_searched_and_its_history_opened_and_ready_to_print(
    url: str, page: Page, seen: Seen, tmp_path: Path
) -> None:
    page.goto(url)
    page.keyboard.type("SN004711")  # a scanner: nobody has clicked into the field
    page.keyboard.press("Enter")
    expect(page.get_by_text("3 records")).to_be_visible()
    keep(page, tmp_path, "search")
    page.get_by_role("link", name="History as serial").click()
    expect(page.get_by_role("heading", name="SN004711")).to_be_visible()
    failed = page.get_by_role("row").filter(has_text="74.063")
    expect(failed).to_contain_text("FAIL")
    expect(failed).to_contain_text("74.050")
    expect(page.get_by_text("label mixed up")).to_be_visible()
    keep(page, tmp_path, "history")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation")).not_to_be_visible()
    expect(failed).to_be_visible()
    keep(page, tmp_path, "history-printed")
    assert seen.said == []


def test_the_line_shows_each_inspection_as_it_is_stored_and_an_agent_that_dies(
    shop: Floor, url: str, page: Page, seen: Seen, tmp_path: Path
) -> None:
    page.goto(url)
    operator, neighbour = Operator(shop), Operator(shop, "OP20")
    operator.log_on()
    neighbour.log_on("OP-2")
    for number in range(1, 13):
        operator.inspect(f"SN{number:06d}", "2.50" if number in (4, 12) else "1.50")
        if number not in (4, 12):  # what failed at one station is refused at the next
            neighbour.inspect(f"SN{number:06d}")
    neighbour.close()
    operator.type("SN000013")
    station = page.get_by_role("article").filter(has_text="OP10")
    expect(station).to_contain_text("FAIL")
    expect(station).to_contain_text("SN000012")
    expect(station).to_contain_text("83.3 %")
    expect(station).to_contain_text("is measuring")
    keep(page, tmp_path, "line")
    operator.inspect("SN000013")
    expect(station.get_by_role("link", name="SN000013")).to_be_visible()
    operator.close()
    shop.kill("agent")
    expect(page.get_by_role("list", name="Alarms")).to_contain_text("the agent is gone")
    keep(page, tmp_path, "line-alarm")
    shop.agent()
    expect(page.get_by_role("list", name="Alarms")).not_to_be_visible()
    assert seen.said == []


@pytest.mark.parametrize("serial", NASTY)
def test_a16_a_nasty_serial_is_taken_literally(url: str, page: Page, seen: Seen, shop: Floor, serial: str) -> None:
    before = count(shop)
    page.goto(f"{url}/search")
    page.get_by_role("searchbox").fill(serial)
    page.get_by_role("button", name="Search").click()
    expect(page.locator("q.id")).to_have_text(serial)
    expect(page.get_by_role("row")).to_have_count(2)  # the head and itself
    page.get_by_role("link", name=serial, exact=True).click()
    expect(page.locator("h1")).to_have_text(serial)
    assert page.evaluate("window.pwned") is None
    assert seen.said == []
    assert count(shop) == before


def test_a_serial_with_line_ends_is_refused_in_a_sentence(url: str, page: Page, shop: Floor) -> None:
    before = count(shop)
    page.goto(f"{url}/history?id={quote('SN004711' + chr(10) + '<b>')}")
    expect(page.get_by_role("alert")).to_contain_text("SN004711\\n<b>")
    expect(page.get_by_role("alert")).to_contain_text("U+000A")
    assert count(shop) == before


def test_no_inline_script_or_style_runs(url: str, page: Page, seen: Seen) -> None:
    """As if an injection had got through all escaping: the policy still stops it, and says so."""
    page.goto(f"{url}/history?id=SN004711")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.pwned = 'script'";
          const holder = document.createElement("div");
          holder.innerHTML = `<img src="data:," onerror="window.pwned = 'handler'"><p style="color: red">x</p>
            <a id="trap" href="javascript:window.pwned='link'">x</a><svg onload="window.pwned = 'svg'"></svg>`;
          const foreign = document.createElement("script");
          foreign.src = "http://127.0.0.1:9/x.js";
          document.body.append(script, holder, foreign);
          document.getElementById("trap").click();
        }"""
    )
    until(lambda: page.evaluate("1") and len(seen.policy()) >= 4, "the browser names what it has blocked")
    assert page.evaluate("window.pwned") is None
    said = " ".join(seen.policy())
    for blocked in ("inline script", "inline style", "event handler", "127.0.0.1:9/x.js"):
        assert blocked in said
    assert page.evaluate("getComputedStyle(document.querySelector('p[style]')).color") != "rgb(255, 0, 0)"


@pytest.fixture
def foreign_site(url: str) -> Iterator[str]:
    """Another site on this machine that tries what it can against the console."""
    page = f"""<!doctype html><title>foreign</title><body>
      <form id="form" method="post" action="{url}/verify" target="answer"><input name="token" value="guess"></form>
      <iframe name="answer"></iframe><iframe id="frame" src="{url}/"></iframe>
      <script>
        window.heard = [];
        const events = new EventSource("{url}/live/line");
        events.onmessage = (event) => heard.push(event.data);
        events.onerror = () => heard.push("refused");
        fetch("{url}/api/line").then((answer) => answer.text())
          .then((text) => heard.push(text), () => heard.push("unread"));
        document.getElementById("form").submit();
      </script>""".encode()

    class Site(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()
    thread.join(10)


def test_a37_a_foreign_page_hears_reads_frames_and_presses_nothing(url: str, page: Page, foreign_site: str) -> None:
    answers: dict[str, int] = {}
    page.on("response", lambda answer: answers.__setitem__(answer.url, answer.status))
    page.goto(foreign_site)
    until(lambda: sorted(set(page.evaluate("window.heard"))) == ["refused", "unread"], "both are refused")
    until(lambda: page.evaluate("1") and answers.get(f"{url}/verify") == 403, "the form is refused")
    framed = page.frame(url=lambda address: address.startswith(url) and address.endswith("/"))
    assert framed is None or "Gaugetrail" not in framed.content()


def test_verify_shows_its_result_by_itself(url: str, page: Page, seen: Seen, tmp_path: Path) -> None:
    page.goto(f"{url}/verify")
    page.get_by_role("button", name="Verify the whole store").click()
    expect(page.get_by_text("Nothing is missing or altered")).to_be_visible()
    keep(page, tmp_path, "verify")
    page.goto(f"{url}/services")
    expect(page.get_by_role("heading", name="pc1")).to_be_visible()
    keep(page, tmp_path, "services")
    page.get_by_role("link", name="Documents").click()
    expect(page.get_by_text("No document is in the store yet")).to_be_visible()
    page.get_by_role("link", name="Stations").click()
    expect(page.get_by_role("row", name="pc1")).to_be_visible()
    assert seen.said == []


def test_a_set_aside_record_is_tried_again_and_stands_in_the_store(
    shop: Floor, url: str, page: Page, seen: Seen, tmp_path: Path
) -> None:
    """One that no reader could understand stays with its reason; one whose cause is gone goes in, once."""
    before = count(shop)
    page.goto(f"{url}/set-aside")
    expect(page.locator("pre").first).to_have_text("bore=74.0?2 mm\\x00\\xff<b>")
    keep(page, tmp_path, "set-aside")
    entries = page.get_by_role("listitem")
    entries.filter(has_text="not a wire line").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("status").filter(has_text="It stays")).to_be_visible()
    page.get_by_role("link", name="all that is set aside").click()
    entries.filter(has_text="the store was full").get_by_role("button", name="Try again").click()
    expect(page.get_by_text("It is in the store now")).to_be_visible()
    keep(page, tmp_path, "set-aside-retried")
    page.goto(f"{url}/history?id=SN-ASIDE")
    expect(page.get_by_role("heading", name="SN-ASIDE")).to_be_visible()
    assert count(shop) == before + 1
    assert seen.said == []


def test_a_person_logs_on_and_off(page: Page, tmp_path: Path) -> None:
    """The policy lets the form through, the cookie holds, and after logging off nothing is shown any more."""
    (tmp_path / "users").write_text(line_of("ann", "correct horse battery") + "\n")
    pages = Pages(tmp_path, sealed([inspection("SN004711")]))
    app = make_app(pages.facts, ("127.0.0.1",), Sessions(UsersFile(tmp_path / "users").now))
    web = Web("console", app, "127.0.0.1", 0, tmp_path / "console.port", pages.facts.close)
    web.start()
    try:
        path = tmp_path / "console.port"
        url = f"http://127.0.0.1:{until(lambda: path.exists() and path.read_text(), 'the console says its port')}"
        page.goto(f"{url}/history?id=SN004711")
        expect(page.get_by_role("heading", name="Log on")).to_be_visible()
        for password in ("a wrong password", "correct horse battery"):
            page.get_by_label("Name").fill("ann")
            page.get_by_label("Password").fill(password)
            page.get_by_role("button", name="Log on").click()
            if password.startswith("a wrong"):
                expect(page.get_by_role("alert")).to_contain_text("no such name and password")
        expect(page.get_by_role("button", name="Log off")).to_be_visible()
        page.goto(f"{url}/history?id=SN004711")
        expect(page.get_by_role("heading", name="SN004711")).to_be_visible()
        page.get_by_role("button", name="Log off").click()
        expect(page.get_by_role("heading", name="Log on")).to_be_visible()
        page.goto(f"{url}/history?id=SN004711")
        expect(page.get_by_role("heading", name="Log on")).to_be_visible()
    finally:
        web.stop()
        pages.close()
