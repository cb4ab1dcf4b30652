"""The numbers that PLC programs are written against: one list in the product, on the page and at the simulator."""

from __future__ import annotations

import importlib
import pkgutil
import re
from enum import IntEnum
from pathlib import Path

from gaugetrail_agent import station
from gaugetrail_agent.drivers import modbus
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_sim.devices import plc

ROOT = Path(__file__).parents[2]


def test_the_numbers_are_the_ones_that_machines_were_programmed_for() -> None:
    assert {code.name: code.value for code in ResultCode} == {
        "NONE": 0,
        "STORED_PASS": 1,
        "STORED_FAIL": 2,
        "DUPLICATE": 3,
        "REJECTED": 4,
        "NOT_READY": 5,
        "MASTER_PASS": 6,
        "MASTER_FAIL": 7,
    }


def test_whoever_speaks_of_a_code_means_this_list() -> None:
    """No second list of numbers stands in a module of the agent that decides, remembers or writes one."""
    speakers = set()
    for package in (station, modbus):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            module = importlib.import_module(found.name)
            lists = {thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, IntEnum)}
            assert lists - {IntEnum} <= {ResultCode}, found.name
            speakers |= {package} if ResultCode in lists else set()
    assert speakers == {station, modbus}


def test_the_page_for_plc_programmers_lists_each_code() -> None:
    page = (ROOT / "docs" / "drivers" / "plc-handshake.md").read_text("utf-8")
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == sorted(ResultCode)


def test_the_simulated_plc_means_the_same_with_numbers_of_its_own() -> None:
    for code in set(ResultCode) - {ResultCode.NONE}:
        assert getattr(plc, code.name) == code
