"""Gauges by name: each rule meets its own adapter and no other, and what is written is read back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gaugetrail_agent import cli
from gaugetrail_agent.install.udev import NoRule, Rules
from gaugetrail_agent.links.serial_port import PortInfo

A = PortInfo("/dev/ttyUSB0", "FT232R", 0x0403, 0x6001, "A50285BI", "/dev/serial/by-id/usb-a", "1-1.2")
B = PortInfo("/dev/ttyUSB1", "FT232R", 0x0403, 0x6001, "A50285BJ", None, "1-1.3")
TWIN_1 = PortInfo("/dev/ttyUSB2", "CH340", 0x1A86, 0x7523, None, None, "1-1.4")
TWIN_2 = PortInfo("/dev/ttyUSB3", "CH340", 0x1A86, 0x7523, None, None, "1-1.4.1")
FOUR = PortInfo("/dev/ttyUSB4", "FT4232H", 0x0403, 0x6011, "F4", None, "1-2:1.0")
FOUR_TOO = PortInfo("/dev/ttyUSB5", "FT4232H", 0x0403, 0x6011, "F4", None, "1-2:1.1")
BUILT_IN = PortInfo("/dev/ttyS0", "ttyS0")
PORTS = [A, B, TWIN_1, TWIN_2, FOUR, FOUR_TOO, BUILT_IN]


def attributes(port: PortInfo) -> dict[str, set[str]]:
    """What udev would know of the port and of the devices above it: one value of each for every device."""
    assert port.location is not None
    path = port.location.partition(":")[0]
    return {
        "SUBSYSTEM": {"tty"},
        "SUBSYSTEMS": {"tty", "usb"},
        "KERNELS": {Path(port.device).name, port.location, path, f"{path}:1.0"} if ":" not in port.location else {
            Path(port.device).name, port.location, path
        },
        "ATTRS{idVendor}": {f"{port.vid:04x}"},
        "ATTRS{idProduct}": {f"{port.pid:04x}"},
        "ATTRS{serial}": {port.serial_number or ""},
    }  # fmt: skip


def names(rules: str, known: Mapping[str, set[str]]) -> set[str]:
    """The names that a port gets, by a reading of the rules of our own: every `==` must meet a value, as a glob."""
    found = set()
    for line in rules.splitlines():
        if not line or line.startswith("#"):
            continue
        wanted = re.findall(r'(\S+?)=="([^"]*)"', line)
        assert wanted
        if all(any(fnmatchcase(value, pattern) for value in known[key]) for key, pattern in wanted):
            found |= set(re.findall(r'SYMLINK\+="gauges/([^"]+)"', line))
    return found


def test_each_adapter_gets_its_name_and_no_other_does() -> None:
    ports = {"bore": A, "od": B, "scale": TWIN_1, "force": TWIN_2, "left": FOUR, "right": FOUR_TOO}
    rules = Rules({}).with_gauges([f"{name}={port.device}" for name, port in ports.items()], PORTS)
    assert rules.gauges == {
        "bore": "usb:0403:6001:A50285BI",
        "od": "usb:0403:6001:A50285BJ",
        "scale": "socket:1-1.4",
        "force": "socket:1-1.4.1",
        "left": "socket:1-2:1.0",
        "right": "socket:1-2:1.1",
    }
    for name, port in ports.items():
        assert names(rules.text(), attributes(port)) == {name}


def test_a_rule_gives_the_port_to_the_group_and_keeps_modem_manager_away() -> None:
    (line,) = [one for one in Rules({"bore": "usb:0403:6001"}).text().splitlines() if "SYMLINK" in one]
    assert line.endswith('SYMLINK+="gauges/bore", GROUP="dialout", MODE="0660", ENV{ID_MM_DEVICE_IGNORE}="1"')


def test_what_is_written_is_read_back_and_a_name_given_again_takes_the_olds_place() -> None:
    rules = Rules({"bore": "usb:0403:6001:A5", "od": "socket:1-1.3"})
    assert Rules.read(rules.text()) == rules
    again = Rules.read("# a remark of mine\n" + rules.text()).with_gauges(["bore=usb:1a86:7523"], [])
    assert again.gauges == {"bore": "usb:1a86:7523", "od": "socket:1-1.3"}


def test_a_serial_number_with_odd_characters_meets_itself_and_breaks_no_rule() -> None:
    odd = PortInfo("/dev/ttyUSB0", "x", 1, 2, 'a"b*[x]?$ü\\', None, "1-1")
    text = Rules({}).with_gauges(["bore=/dev/ttyUSB0"], [odd]).text()
    (line,) = [one for one in text.splitlines() if "SYMLINK" in one]
    assert 'ATTRS{serial}=="a?b??x?????"' in line
    assert names(text, attributes(odd)) == {"bore"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("bore", "is not NAME=PORT"),
        ("=/dev/ttyUSB0", "can't be a gauge's name"),
        ("../bore=/dev/ttyUSB0", "can't be a gauge's name"),
        ('b"x=/dev/ttyUSB0', "can't be a gauge's name"),
        ("bore=/dev/ttyUSB9", "there is no port /dev/ttyUSB9 here now; there are: /dev/ttyUSB0, "),
        ("bore=/dev/ttyS0", "is not on USB"),
        ("bore=usb:403:6001", "is neither usb:VID:PID"),
        ("bore=socket:../x", "is neither usb:VID:PID"),
        ("bore=usb:0403:6001:a\nRUN+=evil", "is neither usb:VID:PID"),
    ],
)
def test_what_can_be_no_rule_is_refused_with_the_cure(given: str, said: str) -> None:
    with pytest.raises(NoRule, match=re.escape(said)):
        Rules({}).with_gauges([given], PORTS)


def test_twins_that_do_not_say_their_socket_are_refused() -> None:
    twins = [PortInfo(f"/dev/ttyUSB{n}", "x", 1, 2) for n in range(2)]
    with pytest.raises(NoRule, match="says not which socket"):
        Rules({}).with_gauges(["bore=/dev/ttyUSB0"], twins)


def test_with_no_port_at_all_it_says_so() -> None:
    with pytest.raises(NoRule, match="there are: none"):
        Rules({}).with_gauges(["bore=/dev/ttyUSB0"], [])


def test_the_command_adds_to_the_rules_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "etc/udev/rules.d").mkdir(parents=True)
    path = tmp_path / "etc/udev/rules.d/60-gaugetrail-gauges.rules"
    path.write_text(Rules({"od": "socket:1-1.3"}).text())
    words = ["install", "--root", str(tmp_path), "--program", "/opt/x", "--dry-run", "--udev", "bore=usb:0403:6001"]
    done = CliRunner().invoke(cli.app, words, catch_exceptions=False)
    assert "would write /etc/udev/rules.d/60-gaugetrail-gauges.rules" in done.output
    done = CliRunner().invoke(cli.app, [*words[:-1], "bore=nowhere"], catch_exceptions=False)
    assert (done.exit_code, "not installed: there is no port nowhere here now" in done.stderr) == (1, True)
    path.write_text("# bore = somewhere\n")
    done = CliRunner().invoke(cli.app, words, catch_exceptions=False)
    assert (done.exit_code, "somewhere" in done.stderr) == (1, True)
