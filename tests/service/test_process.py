"""A service's process knows its version, and its threads share one heap."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import version

import pytest

from gaugetrail_service.process import own_version, share_one_heap

THREADS = """
import ctypes, threading
from gaugetrail_service import process
SHARE
together = threading.Barrier(4)
def work():
    together.wait(10)
    blocks = [bytearray(2000) for _ in range(200)]
    together.wait(10)
threads = [threading.Thread(target=work) for _ in range(4)]
[one.start() for one in threads]
[one.join() for one in threads]
ctypes.CDLL(None).malloc_stats()
"""


def heaps(share: str) -> int:
    told = subprocess.run(
        [sys.executable, "-c", THREADS.replace("SHARE", share)], capture_output=True, text=True, timeout=60, check=True
    )
    return len(re.findall(r"^Arena \d+:", told.stderr, re.MULTILINE))


def test_threads_share_one_heap_where_each_would_have_its_own() -> None:
    assert heaps("") > 1
    assert heaps("process.share_one_heap()") == 1


def test_where_there_is_no_such_knob_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr("ctypes.CDLL", None)
    share_one_heap()


def test_the_version_is_the_installed_ones() -> None:
    assert own_version() == version("gaugetrail")
