"""The spool's file locked by another program: refused soon, with that program's name, and over by itself."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from floor import until
from spool_bodies import body, chained, put, settle, spool

from gaugetrail_agent.health.report import spool_alarm
from gaugetrail_agent.spool import SpoolFull, writer
from gaugetrail_service.files import holders

EDIT = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def an_uncommitted_edit(path: Path) -> Iterator[int]:
    """An SQLite tool in which somebody has changed something and gone to lunch."""
    words = (sys.executable, "-c", EDIT, str(path))
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stdout.readline() == "held\n"
        yield program.pid
        program.stdin.close()


@pytest.mark.processes
def test_a_locked_spool_refuses_within_five_seconds_names_the_program_and_goes_on_by_itself(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It had waited for half a minute, and then named a full disk. Said once in the log, however often it is tried."""
    with spool(tmp_path) as one:
        before = put(one, 2)
        with an_uncommitted_edit(tmp_path / "spool.db") as pid, caplog.at_level(logging.ERROR):
            for _ in range(2):
                asked = time.monotonic()
                with pytest.raises(SpoolFull) as refused:
                    one.append(body("SN9")).result(10)
                # What the writer waits for, before and behind a commit, is well within what a person is promised.
                assert time.monotonic() - asked < 5
            who = f"(process {pid}) has locked spool.db" if holders.LOCKS.exists() else "another program has locked"
            assert who in str(refused.value)
            assert one.state().full
            assert who in str(spool_alarm(one.state(), None))
            assert len([entry for entry in caplog.records if entry.msg.startswith("spool: can't write")]) == 1
        until(lambda: not one.state().full, "an idle writer finds that the file is free")
        assert spool_alarm(one.state(), None) is None
        put(one, 1, 3)
        assert chained(one, one.epoch) == [1, 2, 3]
        assert len(before) == 2


def test_another_fault_of_the_disk_is_not_called_a_lock(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        put(one, 1)
        assert one._writer is not None
        # Of its own connection alone: one that stood in the file would be found and taken out.
        refusing = "CREATE TEMP TRIGGER full BEFORE INSERT ON record BEGIN SELECT RAISE(ABORT, 'disk full'); END"
        one._writer.file.db.execute(refusing)
        with pytest.raises(SpoolFull, match="the spool's disk refuses: disk full"):
            one.append(body("SN2")).result(10)
        assert one.state().refuses == "the spool's disk refuses: disk full"
        settle(one)
        assert one.state().refuses is None


def test_what_is_waited_for_twice_is_less_than_five_seconds() -> None:
    """A group may wait behind a step of tidying that waits as long, and the station asks again after a second."""
    assert 2 * writer.LOCKED_MS + 1000 < 5000
