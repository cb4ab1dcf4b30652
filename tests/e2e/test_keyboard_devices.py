"""A scanner and a gauge that type, end to end: a real agent, the key events on ptys, and the records that it seals."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from floor import Floor, Operator, until
from line_pc import PtyDevice, write_agent, write_plan

from gaugetrail_sim.devices.keyboard import KEYS, typed

pytestmark = pytest.mark.processes

CHARACTERISTICS = """
[[characteristic]]
name = "width"
unit = "mm"
lsl = "12.00"
usl = "13.00"
device = "caliper"
"""

TABLES = """
[[link]]
name = "scanner-keys"
kind = "wedge"
port = "{folder}/scanner-kbd"
layout = "de"
[[link]]
name = "caliper-keys"
kind = "wedge"
port = "{folder}/caliper-kbd"
[[device]]
name = "scanner"
link = "scanner-keys"
driver = "scanner"
[[device]]
name = "caliper"
link = "caliper-keys"
driver = "csv-line"
settings = {{ value = 1, columns = 1, unit = "mm" }}
[[station]]
name = "OP10"
plan = "plan.toml"
scanner = "scanner"
unit_code = "structured"
"""


class Keyboard(PtyDevice):
    """A device that types, with a lasting name in place of /dev/input/by-id."""

    def __init__(self, name: Path, layout: str) -> None:
        super().__init__(name)
        self._keys = KEYS[layout]

    def type(self, text: str) -> None:
        self.send(typed(text + "\r", self._keys))


@pytest.fixture
def keyboards(floor: Floor) -> Iterator[tuple[Keyboard, Keyboard]]:
    both = Keyboard(floor.folder / "scanner-kbd", "de"), Keyboard(floor.folder / "caliper-kbd", "us")
    yield both
    for one in both:
        one.pull()


def test_what_is_typed_is_sealed_and_a_replugged_device_goes_on(
    floor: Floor, keyboards: tuple[Keyboard, Keyboard]
) -> None:
    """A German scanner with a label of [)>, GS and an umlaut; a caliper that types; pulled and back."""
    write_plan(floor, CHARACTERISTICS)
    write_agent(floor, TABLES.format(folder=floor.folder))
    scanner, caliper = keyboards
    floor.agent()
    until(lambda: floor.log("agent").count("is open") == 2, "both keyboards are read")
    with contextlib.closing(Operator(floor)) as operator:
        scanner.type("OP-12")
        operator.see(lambda now: now["operator"] == "OP-12")
        scanner.type("[)>\x1e06\x1dPPR-1\x1dSÜ-0001\x1e\x04")
        operator.see(lambda now: now["serial"] == "Ü-0001")
        caliper.type("12.34")
        operator.see(lambda now: isinstance(now["last"], dict) and now["last"]["serial"] == "Ü-0001")
        scanner.pull()
        until(lambda: "the device is gone" in floor.log("agent"), "the agent has seen it go")
        scanner.plug()
        until(lambda: floor.log("agent").count("scanner-kbd is open") == 2, "it is found again")
        scanner.type("]d2010950600013435221y/z")
        operator.see(lambda now: now["serial"] == "y/z")
        caliper.type("-0.01")
        operator.see(lambda now: isinstance(now["last"], dict) and now["last"]["serial"] == "y/z")
    first, second = (_sealed(floor, seq) for seq in (2, 3))  # 1: who logged on
    assert [(one["serial"], one["verdict"]) for one in (first, second)] == [("Ü-0001", "pass"), ("y/z", "fail")]
    assert [one["measurements"][0]["value"] for one in (first, second)] == ["12.34", "-0.01"]
    assert first["raw"] == "[)>\x1e06\x1dPPR-1\x1dSÜ-0001\x1e\x04".encode().hex()
    assert floor.stop("agent") == 0


def _sealed(floor: Floor, seq: int) -> dict[str, list[dict[str, object]]]:
    code, out, err = floor.ask("gaugetrail-agent", "spool", "show", str(seq), "--config", "agent.toml", "--json")
    assert code == 0, err
    return dict(json.loads(out)["record"])
