"""What every test may ask for: a shop floor of real processes, and the servers that its marks name."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))

from floor import Floor, program
from given_server import given_server

from gaugetrail_service.logs.writer import LogWriter

settings.register_profile("usual", deadline=None)
settings.load_profile("usual")
"""A busy machine is no fault of what is tested: no example is timed."""
settings.register_profile("long", max_examples=4_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""`make fuzz`: the tests whose names hold any_bytes or fuzz run long, with more than a million frames in all."""

USUAL = gc.get_threshold()

SERVERS = {"mosquitto": "mosquitto", "influxdb": "influxd", "npm": "npm", "chromium": "chromium"}
"""Mark -> the program that such a test starts. Debian's package has the mark's name."""


def pytest_configure() -> None:
    """Ctrl-C reaches what tests start, also where they run in the background of a shell, which has it ignored. What a
    test makes is as a command of ours would make it: nobody else's, or a service that is then started refuses it.
    """
    os.umask(0o077)
    # What is collected stays: to look for garbage in it takes a fifth of the collecting, and later of each test.
    gc.set_threshold(100_000, *USUAL[1:])
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs a server that isn't installed, and say how to have it."""
    missing = {mark for mark, name in SERVERS.items() if program(name) is None}
    missing -= {"influxdb"} if given_server() else set()
    for item in items:
        for mark in sorted(missing & {one.name for one in item.iter_markers()}):
            item.add_marker(pytest.mark.skip(reason=f"no {SERVERS[mark]} here; on Debian: apt-get install {mark}"))


def pytest_collection_finish() -> None:
    """From now on garbage is looked for as usual, but not among what is loaded."""
    gc.freeze()
    gc.set_threshold(*USUAL)


@pytest.fixture(autouse=True)
def no_log_handler_stays() -> Iterator[None]:
    """A command that a test runs in this process logs to the standard error of that moment, closed behind it."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield
    root.setLevel(level)
    for one in root.handlers:
        if isinstance(one, LogWriter):
            one.close()
    root.handlers[:] = [one for one in root.handlers if one in before or type(one).__module__.startswith("_pytest")]


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """A shop floor of real processes in a folder of its own, all stopped at the end."""
    with Floor(tmp_path) as shop:
        yield shop
