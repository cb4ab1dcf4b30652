"""Readings reach who listens and nobody else; what a scanner says that is no scan changes nothing."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from spool_bodies import spool

from gaugetrail_agent.config import AgentConfig, load
from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.routes import Routes
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import DeviceFacts, station_setup
from gaugetrail_contract.clock import FixedClock

SETTINGS = """
[agent]
id = "pc1"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "bus"
kind = "modbus-tcp"
host = "127.0.0.1"
{links}
[[device]]
name = "press"
link = "bus"
driver = "modbus"
[[device.value]]
name = "force"
type = "float32"
address = 1
[[station]]
name = "OP10"
plan = "one.toml"
scanner = "scanner"
[[station]]
name = "OP20"
plan = "two.toml"
scanner = "scanner"
[[station]]
name = "OP30"
mode = "automatic"
device = "press"
plan = "press.toml"
"""
DEVICE = """
[[link]]
name = "{name}-line"
kind = "tcp"
host = "127.0.0.1"
port = 1
[[device]]
name = "{name}"
link = "{name}-line"
driver = "{driver}"
"""
PLAN = """
id = "CP-1"
revision = "A"
part = "P"
approved_by = "QE"
approved_on = "2026-11-01"
"""


def characteristic(name: str, device: str) -> str:
    return f'[[characteristic]]\nname = "{name}"\ndevice = "{device}"\n'


class Told(StationRunner):
    """A station that writes down what it is told."""

    def __init__(self, *at) -> None:
        super().__init__(*at)
        self.told: list[tuple[str, object]] = []

    def scanned(self, text: str, symbology: str | None = None, raw: bytes = b"") -> None:
        self.told.append(("scanned", text))

    def measured(self, device: str, reading: Reading) -> None:
        self.told.append((device, reading.value))

    def offered(self, device: str, batch: Batch) -> None:
        self.told.append((device, batch.trigger))


def floor(tmp_path: Path) -> AgentConfig:
    devices = {"scanner": "scanner", "bore": "mitutoyo-sj", "scale": "mt-sics"}
    links = "".join(DEVICE.format(name=name, driver=driver) for name, driver in devices.items())
    (tmp_path / "agent.toml").write_text(SETTINGS.format(links=links))
    bore, top, weight = characteristic("bore", "bore"), characteristic("top", "bore"), characteristic("weight", "scale")
    code = characteristic("code", "scanner")
    (tmp_path / "one.toml").write_text(PLAN + bore + top + code)
    (tmp_path / "two.toml").write_text(PLAN + bore + weight)
    (tmp_path / "press.toml").write_text(PLAN + characteristic("force", "press"))
    return load(tmp_path / "agent.toml", {})


@pytest.fixture
def line(tmp_path: Path):
    config = floor(tmp_path)
    with spool(tmp_path) as one:
        doors = Doors(None, None, None, None)  # type: ignore[arg-type]  # nothing is stepped here
        stations = {
            table.name: Told(
                station_setup(
                    table,
                    config.here[table.name],
                    site="s",
                    line="l",
                    devices={device.name: DeviceFacts(None, device.capture) for device in config.settings.device},
                    gauges={},
                    people=None,
                ),
                one,
                FixedClock(),
                doors,
            )
            for table in config.settings.station
        }
        routes = Routes()
        routes.lead_to(config, stations)
        yield routes, stations


def told(stations: dict[str, Told]) -> dict[str, list]:
    return {name: station.told for name, station in stations.items() if station.told}


def value(text: str) -> Reading:
    return Reading(Status.OK, b"", value=text)


def test_a_gauges_value_goes_once_to_each_station_whose_plan_names_it(line) -> None:
    routes, stations = line
    routes.read("bore", value("1.0"))
    assert told(stations) == {"OP10": [("bore", "1.0")], "OP20": [("bore", "1.0")]}
    routes.read("scale", value("2.0"))
    assert told(stations)["OP20"] == [("bore", "1.0"), ("scale", "2.0")]
    assert told(stations)["OP10"] == [("bore", "1.0")]


def test_a_scanners_code_goes_to_its_stations_and_is_never_a_value(line) -> None:
    """Even where a plan names the scanner as the device that measures."""
    routes, stations = line
    routes.read("scanner", Reading(Status.INFO, b"", text="SN1"))
    assert told(stations) == {"OP10": [("scanned", "SN1")], "OP20": [("scanned", "SN1")]}


def test_a_triggered_block_is_a_unit_and_a_value_that_was_polled_or_asked_for_goes_to_who_measures(line) -> None:
    """A polled one too: that it has changed since the last unit is how a new one's value is known."""
    routes, stations = line
    routes.offered("press", Batch((value("7"),), trigger=41))
    assert told(stations) == {"OP30": [("press", 41)]}
    routes.offered("press", Batch((value("8"), value("9")), asked=True))
    assert told(stations) == {"OP30": [("press", 41), ("press", "8"), ("press", "9")]}
    routes.offered("press", Batch((value("10"),)))
    assert told(stations)["OP30"][3:] == [("press", "10")]


def test_what_nobody_listens_to_is_let_go(line) -> None:
    routes, stations = line
    routes.read("elsewhere", value("1"))
    routes.offered("elsewhere", Batch((value("1"),), trigger=1))
    assert told(stations) == {}


@pytest.mark.parametrize(
    ("reading", "level", "event"),
    [
        (Reading(Status.INFO, b"SN1", text="SN1", extra={"duplicate": True}), "INFO", "double_scan"),
        (Reading(Status.GARBLED, b"\x15" * 100), "WARNING", "no_scan"),
        (Reading(Status.INFO, b"?"), "WARNING", "no_scan"),
        (Reading(Status.NO_VALUE, b"NR", text="NR"), "WARNING", "no_scan"),
        (Reading(Status.ACK, b"\x06"), None, None),
    ],
)
def test_what_is_no_scan_changes_nothing_and_is_told(
    line, caplog: pytest.LogCaptureFixture, reading: Reading, level: str | None, event: str | None
) -> None:
    """A code read twice is told as such; noise with its bytes; an acknowledged command not at all."""
    routes, stations = line
    with caplog.at_level(logging.INFO):
        routes.read("scanner", reading)
    assert told(stations) == {}
    seen = [(r.levelname, r.event, r.device, r.station) for r in caplog.records]
    assert seen == ([] if level is None else [(level, event, "scanner", "OP10"), (level, event, "scanner", "OP20")])
    if event == "no_scan":
        assert {r.raw for r in caplog.records} == {reading.raw[:64].hex()}
