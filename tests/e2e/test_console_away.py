"""The console with a broker, a PLC, a gauge or the store gone, one at a time: real processes stopped, the page's words.

Screenshots are kept in the test's folder; `GAUGETRAIL_SCREENSHOTS=docs/screenshots` keeps those for the docs as well.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, Operator, command, free_port, program, until
from line_pc import write_agent
from plant import PRESS, PRESS_PLAN
from playwright.sync_api import Locator, Page, expect, sync_playwright

from gaugetrail_sim.devices import plc

pytestmark = [
    pytest.mark.chromium,
    pytest.mark.mosquitto,
    pytest.mark.influxdb,
    pytest.mark.processes,
    pytest.mark.waits,
]

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 40_000
TABLES = """
[[link]]
name = "bore-port"
kind = "serial"
port = "ttyUSB0"
[[device]]
name = "bore"
link = "bore-port"
driver = "digimatic-13"
gauge = "G-0017"
settings = { unit = "mm" }
[[station]]
name = "OP10"
plan = "bore.toml"
badge_pattern = "OP-[0-9]+"
unit_pattern = "SN[0-9]+"
"""
PLACE = 'id = "line1-pc1"\nsite = "plant1"\nline = "line1"'
BORE_PLAN = """id = "CP-1"
revision = "C"
part = "PR-74"
approved_by = "QE"
approved_on = "2026-11-01"
[[characteristic]]
name = "bore"
unit = "mm"
lsl = "73.950"
usl = "74.050"
device = "bore"
"""


class Line:
    """The line of the pictures: a gauge on a serial port, a press with its PLC, broker, InfluxDB, agent, collector."""

    def __init__(self, folder: Path) -> None:
        self.floor = Floor(folder)
        self.plc_port = free_port()

    def __enter__(self) -> Line:
        floor, folder = self.floor, self.floor.folder
        press = PRESS.format(
            port=self.plc_port,
            unit=plc.UNIT_ID,
            seq=plc.SEQ,
            result=plc.RESULT,
            echo=plc.ECHO,
            beat=plc.HEARTBEAT,
            reader_beat=plc.READER_HEARTBEAT,
            serial=plc.SERIAL,
            force=plc.FORCE,
            depth=plc.DEPTH,
        )
        write_agent(floor, TABLES + press, PLACE, "keepalive_secs = 5")
        (folder / "bore.toml").write_text(BORE_PLAN)
        (folder / "press.toml").write_text(PRESS_PLAN)
        collector = floor.write_collector("influxdb", name="collector-1")
        text = collector.read_text().replace("port = ", "keepalive_secs = 5\nport = ", 1)
        collector.write_text(f"{text}timeout_secs = 3\n[console]\nport = 0\n")
        self.gauge()
        self.press()
        floor.broker()
        floor.influxd()
        floor.collector("collector-1")
        floor.agent()
        return self

    def __exit__(self, *_: object) -> None:
        self.floor.__exit__()

    def gauge(self) -> None:
        words = ("gauge", "--port-link", str(self.floor.folder / "ttyUSB0"), "--every", "0.5", "--value", "74.012")
        self.floor.start("gauge", command("gaugetrail-sim"), *words)

    def press(self) -> None:
        self.floor.start("plc", command("gaugetrail-sim"), "plc", "--port", str(self.plc_port), "--every", "1")

    @property
    def url(self) -> str:
        path = self.floor.folder / "collector-1-data" / "console.port"
        return f"http://127.0.0.1:{until(lambda: path.exists() and path.read_text(), 'the console says its port')}"


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with Line(tmp_path_factory.mktemp("line")) as made:
        operator = Operator(made.floor)
        operator.type("OP-1")
        operator.see(lambda now: now["operator"] == "OP-1")
        for number in range(1, 4):
            serial = f"SN{number:06d}"
            operator.type(serial)
            operator.see(lambda now, serial=serial: (now["last"] or {}).get("serial") == serial)  # type: ignore[misc]
        operator.close()
        yield made


@pytest.fixture
def page(line: Line) -> Iterator[Page]:
    """The Line page with all well: both tiles are green and nothing is complained of."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program("chromium"), headless=True, args=FLAGS)
        one = browser.new_page(viewport={"width": 1280, "height": 980}, device_scale_factor=0.75)
        one.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        one.goto(line.url)
        well(one)
        yield one
        browser.close()


def tile(page: Page, station: str) -> Locator:
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=station))


def well(page: Page) -> None:
    for station in ("OP10", "OP20"):
        expect(tile(page, station)).to_contain_text("PASS")
        expect(tile(page, station)).to_contain_text("plant1 / line1 · line1-pc1")
        expect(tile(page, station)).not_to_have_class(re.compile("gone"))
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("list", name="Alarms")).to_have_count(0)
    expect(page.get_by_text("✓ up")).to_be_visible()


def keep(page: Page, folder: Path, name: str) -> None:
    """A screenshot of what is to be seen."""
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    wanted = os.environ.get("GAUGETRAIL_SCREENSHOTS")
    if wanted:
        shutil.copy(path, Path(wanted) / path.name)


def test_the_broker_is_gone(line: Line, page: Page, tmp_path: Path) -> None:
    line.floor.stop("mosquitto")
    trouble = page.get_by_role("alert")
    expect(trouble).to_contain_text("The broker can't be reached.")
    expect(trouble).to_contain_text(re.compile("What stands here is as of [0-9]{2}:[0-9]{2} UTC"))
    for station in ("OP10", "OP20"):
        expect(tile(page, station)).to_contain_text("not heard since")
        expect(tile(page, station)).to_have_class(re.compile("gone"))
    expect(page.get_by_text("not known while the broker is away; safe on disk")).to_be_visible()
    expect(page.get_by_text("✓ up")).to_be_visible()
    expect(page.get_by_text(re.compile("is gone"))).to_have_count(0)
    keep(page, tmp_path, "console-broker-gone")
    line.floor.broker()
    well(page)


def test_a_plc_is_gone(line: Line, page: Page, tmp_path: Path) -> None:
    line.floor.stop("plc")
    expect(tile(page, "OP20")).to_contain_text(re.compile("press"))
    expect(tile(page, "OP20")).to_have_class(re.compile("gone"))
    expect(tile(page, "OP10")).not_to_have_class(re.compile("gone"))
    expect(page.get_by_role("list", name="Alarms")).to_contain_text("press")
    keep(page, tmp_path, "console-plc-gone")
    line.press()
    well(page)


def test_a_gauge_is_gone(line: Line, page: Page, tmp_path: Path) -> None:
    line.floor.stop("gauge")
    (line.floor.folder / "ttyUSB0").unlink(missing_ok=True)
    expect(tile(page, "OP10")).to_contain_text(re.compile("bore"))
    expect(tile(page, "OP10")).to_have_class(re.compile("gone"))
    expect(tile(page, "OP20")).not_to_have_class(re.compile("gone"))
    keep(page, tmp_path, "console-gauge-gone")
    line.gauge()
    well(page)


def test_the_store_is_gone(line: Line, page: Page, tmp_path: Path) -> None:
    """What comes by way of the broker stays live; what is asked of the store says why it isn't answered."""
    line.floor.stop("influxd")
    trouble = page.get_by_role("alert")
    expect(trouble).to_contain_text("The store can't be reached.")
    expect(trouble).to_contain_text("nothing listens there (connection refused)")
    expect(page.get_by_text("✗ down")).to_be_visible()
    for station in ("OP10", "OP20"):
        expect(tile(page, station)).not_to_have_class(re.compile("gone"))
    expect(tile(page, "OP10")).to_contain_text("waits for a unit")
    keep(page, tmp_path, "console-store-gone")
    page.goto(f"{line.url}/history?id=SN000001")
    expect(page.get_by_text("the store can't answer")).to_be_visible()
    page.goto(line.url)
    line.floor.influxd()
    well(page)
