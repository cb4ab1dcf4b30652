"""`check` knows how a gauge is delivered, and says so where the file leaves a line setting to its default."""

from __future__ import annotations

from pathlib import Path

import pytest

from gaugetrail_agent import config as configuration
from gaugetrail_agent.doubts.line_check import line_settings

AGENT = """
[agent]
id = "pc"
site = "s"
line = "l"
data_dir = "data"
[[link]]
name = "port"
kind = "serial"
port = "/dev/ttyUSB0"
{line}
[[device]]
name = "gauge"
link = "port"
driver = "{driver}"
"""


def warnings(folder: Path, driver: str, line: str = "") -> list[str]:
    file = folder / "agent.toml"
    file.write_text(AGENT.format(driver=driver, line=line), "utf-8")
    return [str(problem) for problem in line_settings(configuration.load(file, {}))]


def test_settings_left_out_that_the_gauge_needs_otherwise_are_named_with_their_source(tmp_path: Path) -> None:
    said = warnings(tmp_path, "mahr-duplex")
    assert [warning.partition("warning: ")[2].split(":")[0] for warning in said] == [
        "link[1].bytesize",
        "link[1].parity",
        "link[1].stopbits",
    ]
    assert "parity is left at 'none', but mahr-duplex (gauge) has 'even' (C1202 manual p. 82)" in said[1]


def test_settings_that_the_file_gives_are_the_users_word(tmp_path: Path) -> None:
    """The gauge's menu may be set otherwise than it was delivered."""
    assert warnings(tmp_path, "mahr-duplex", 'bytesize = 7\nparity = "odd"\nstopbits = 2') == []


@pytest.mark.parametrize("driver", ["digimatic-13", "mt-sics", "toledo-cont"])
def test_nothing_is_said_where_the_defaults_fit_or_nothing_is_known(tmp_path: Path, driver: str) -> None:
    assert warnings(tmp_path, driver) == []
