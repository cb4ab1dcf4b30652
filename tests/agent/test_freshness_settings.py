"""When a device's value is fresh, as the settings file says it and by the device's kind where it doesn't."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gaugetrail_agent import config as configuration
from gaugetrail_agent.devices import LOOK_SECS, stream_device
from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_contract.settings import ConfigError

AGENT = """
[agent]
id = "pc"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "port"
{link}
[[device]]
name = "gauge"
link = "port"
driver = "{driver}"
{more}
"""
SERIAL = 'kind = "serial"\nport = "/dev/ttyUSB0"'
MODBUS = 'kind = "modbus-tcp"\nhost = "127.0.0.1"'
VALUE = '[[device.value]]\nname = "force"\naddress = 0\ntype = "uint16"'


def loaded(folder: Path, driver: str, more: str = "") -> configuration.AgentConfig:
    file = folder / "agent.toml"
    link = MODBUS if driver == "modbus" else SERIAL
    file.write_text(AGENT.format(link=link, driver=driver, more=more), "utf-8")
    return configuration.load(file, {})


def rule(folder: Path, driver: str, more: str = "") -> FreshRule:
    config = loaded(folder, driver, more)
    return config.rule(config.device("gauge"))


@pytest.mark.parametrize(
    ("driver", "more", "fresh", "placed_before", "pan", "asked"),
    [
        ("mt-sics", "", "return_to_zero", "take", True, True),
        ("mt-sics", "poll_secs = 1", "return_to_zero", "take", True, True),
        ("mt-sics", 'settings = { ask = "trigger" }', "return_to_zero", "take", True, True),
        ("mt-sics", 'fresh = "event"', "event", "take", True, False),
        ("toledo-cont", "", "return_to_zero", "take", True, True),
        ("digimatic-13", "", "event", "refuse", False, False),
        ("digimatic-13", "poll_secs = 1", "change", "refuse", False, True),
        ("digimatic-13", 'fresh = "motion"\nplaced_before_scan = "take"', "motion", "take", False, True),
        ("digimatic-13", 'fresh = "return_to_zero"', "return_to_zero", "take", True, True),
        ("digimatic-13", "zero_band = 0.5", "event", "refuse", True, False),
        ("keyence-lk", "", "change", "refuse", False, True),
        ("hioki-bt", 'settings = { ask = "trigger" }', "event", "refuse", False, True),
        ("chroma-bin", "", "event", "refuse", False, True),
        ("modbus", VALUE, "change", "refuse", False, True),
        ("modbus", f'fresh = "return_to_zero"\n{VALUE}', "return_to_zero", "take", True, True),
    ],
)
def test_the_rule_of_a_device(
    tmp_path: Path, driver: str, more: str, fresh: str, placed_before: str, pan: bool, asked: bool
) -> None:
    found = rule(tmp_path, driver, more)
    assert (found.fresh, found.placed_before, found.pan, found.asked) == (fresh, placed_before, pan, asked)


def test_bands_and_times_are_the_files(tmp_path: Path) -> None:
    more = "dead_band = 0.05\nzero_band = 0.5\nsettle_secs = 1.5\nbounce_secs = 0.2\nrepeat_secs = 3"
    found = rule(tmp_path, "mt-sics", more)
    assert (found.dead_band, found.zero_band) == (Decimal("0.05"), Decimal("0.5"))
    assert (found.settle_ns, found.bounce_ns, found.repeat_ns) == (1_500_000_000, 200_000_000, 3_000_000_000)
    plain = rule(tmp_path, "mt-sics")
    assert (plain.dead_band, plain.zero_band) == (None, None)
    assert (plain.settle_ns, plain.bounce_ns, plain.repeat_ns) == (300_000_000, 300_000_000, 2_000_000_000)


@pytest.mark.parametrize("wrong", ["dead_band = -1", "zero_band = nan", 'fresh = "sometimes"', "bounce_secs = inf"])
def test_what_can_not_be_is_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match=rf"device\[1\]\.{wrong.partition(' ')[0]}"):
        loaded(tmp_path, "mt-sics", wrong)


@pytest.mark.parametrize(
    ("driver", "more", "looks"),
    [("mt-sics", "", LOOK_SECS), ("mt-sics", "poll_secs = 1", None), ("digimatic-13", "", None)],
)
def test_a_scale_that_is_not_polled_is_looked_at(tmp_path: Path, driver: str, more: str, looks: float | None) -> None:
    config = loaded(tmp_path, driver, more)
    table = config.settings.device[0]
    assert isinstance(table, configuration.StreamDeviceTable)
    assert stream_device(config, table, lambda *_: None, lambda *_: None)._look_secs == looks


def test_every_shipped_scale_says_that_it_is_one() -> None:
    """Whatever weighs has a pan that must be seen empty; a forgotten word would take the last part's weight."""
    scales = {path.stem for path in catalogue.profile_paths() if '"mass"' in path.read_text("utf-8")}
    assert len(scales) > 8
    for name in (*scales, "toledo-cont"):
        assert catalogue.make_driver(name, {}).family == "scale", name
