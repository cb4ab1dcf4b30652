"""Whoever logs never waits for whoever reads: what can't be written gathers, then is counted, and is said when it goes
on. Pipes are real, and nobody reads them until a test does.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

import pytest
from floor import until

from gaugetrail_service.logs import repeats as log_repeats
from gaugetrail_service.logs import writer as log_writer
from gaugetrail_service.logs.lines import set_up_logging
from gaugetrail_service.logs.repeats import Repeats, same_words
from gaugetrail_service.logs.writer import MOST_BYTES, LogWriter, dropped


class Pipe:
    """A pipe that is full from the start; `drain` reads all that comes until its writer lets go."""

    def __init__(self, *, full: bool) -> None:
        self.far, self.near = os.pipe()
        if full:
            os.set_blocking(self.near, False)
            with contextlib.suppress(BlockingIOError):
                while os.write(self.near, b"." * 4096):
                    pass
            os.set_blocking(self.near, True)
        self.stream: TextIO = os.fdopen(self.near, "w", encoding="utf-8", closefd=False)

    def drain(self) -> str:
        self.close_near()
        with os.fdopen(self.far, "rb") as reader:
            return reader.read().lstrip(b".").decode()

    def close_near(self) -> None:
        self.stream.close()
        os.close(self.near)


@pytest.fixture
def full() -> Pipe:
    return Pipe(full=True)


@pytest.fixture
def log() -> logging.Logger:
    return logging.getLogger("test.writer")


def reading(pipe: Pipe) -> list[str]:
    """What somebody reads who comes back, until the writer is gone."""
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.extend(pipe.drain().splitlines()))
    reader.start()
    for one in logging.getLogger().handlers:
        if isinstance(one, LogWriter):
            one.close()
    reader.join(20)
    assert not reader.is_alive()
    return found


def test_a_pipe_that_nobody_reads_stops_nobody(full: Pipe, log: logging.Logger) -> None:
    set_up_logging(stream=full.stream)
    began = time.monotonic()
    for number in range(2000):
        log.warning("line %d", number)
    assert time.monotonic() - began < 30
    lines = reading(full)
    assert [line.split(" warning ")[1] for line in lines] == [f"line {number}" for number in range(2000)]
    assert dropped() == 0


def test_what_finds_no_room_is_counted_and_said_in_its_place(full: Pipe, log: logging.Logger) -> None:
    """What was kept stands before the gap, what came later behind it, and nothing is missing but what it says."""
    set_up_logging(stream=full.stream)
    log.warning("in hand")
    one = next(one for one in logging.getLogger().handlers if isinstance(one, LogWriter))
    until(lambda: one._writing and not one._lines, "the thread stands in its write")
    kept = 0
    while not dropped():
        log.warning("x" * 1000)
        kept += 1
    kept -= 1
    assert 0.9 * MOST_BYTES < kept * 1000 < MOST_BYTES
    for _ in range(9):
        log.warning("short")
    assert dropped() == 10
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.extend(full.drain().splitlines()))
    reader.start()
    until(lambda: not one._lines, "it goes on")
    log.warning("behind it")
    one.close()
    reader.join(20)
    assert "in hand" in found[0]
    assert [line for line in found[1 : kept + 1] if not line.endswith("x" * 1000)] == []
    assert found[kept + 1].partition(" warning ")[2] == (
        "the log was not read for a while: 10 lines dropped here  event=log_dropped lines=10"
    )
    assert found[kept + 2].endswith("behind it")
    assert len(found) == kept + 3


def test_at_the_end_nothing_hangs_and_what_can_be_written_is(full: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_writer, "LAST_SECS", 0.2)
    stuck, well = LogWriter(full.stream), LogWriter(io.StringIO())
    for one in (stuck, well):
        one.handle(logging.makeLogRecord({"msg": "the last word"}))
        began = time.monotonic()
        one.close()
        assert time.monotonic() - began < 30
    assert full.drain() == "the last word\n"


CRASH = """
import logging, sys
from gaugetrail_service.logs.lines import set_up_logging
set_up_logging()
for number in range(int(sys.argv[1])):
    logging.getLogger("x").warning("line %d of the end", number)
"""


def test_a_process_ends_though_nobody_reads_its_log(full: Pipe) -> None:
    """Exit code 0 and in seconds, with half a megabyte that nobody takes."""
    done = subprocess.run([sys.executable, "-c", CRASH, "20000"], stderr=full.near, timeout=60, check=False)
    assert done.returncode == 0
    full.close_near()
    os.close(full.far)


def test_a_process_that_ends_at_once_has_said_everything() -> None:
    done = subprocess.run([sys.executable, "-c", CRASH, "3000"], capture_output=True, text=True, timeout=60, check=True)
    assert [line.split("warning ")[1] for line in done.stderr.splitlines()] == [
        f"line {number} of the end" for number in range(3000)
    ]


def test_a_reader_that_is_gone_is_no_fault_of_whoever_logs(log: logging.Logger) -> None:
    """The pipe is broken: lines are counted as dropped."""
    pipe = Pipe(full=False)
    set_up_logging(stream=pipe.stream)
    os.close(pipe.far)
    log.warning("into nothing")
    until(lambda: dropped() == 1, "it is counted")
    pipe.close_near()


def test_a_full_disk_costs_its_lines_and_says_so(tmp_path: Path, log: logging.Logger) -> None:
    """/dev/full refuses each write, as a full disk does; a file has room again."""
    with Path("/dev/full").open("w", encoding="utf-8") as out:
        set_up_logging(stream=out)
        log.warning("lost")
        until(lambda: dropped() == 1, "it is counted")
        one = next(one for one in logging.getLogger().handlers if isinstance(one, LogWriter))
        with (tmp_path / "log").open("w") as room:
            one._write, one._let_go = log_writer.writing_to(room)
            log.warning("kept")
            one.close()
    assert [line.partition(" warning ")[2] for line in (tmp_path / "log").read_text().splitlines()] == [
        "kept",
        "the log was not read for a while: 1 line dropped here  event=log_dropped lines=1",
    ]


def test_a_line_that_cannot_be_formed_is_told_as_it_stands(log: logging.Logger) -> None:
    """A fault of the caller's, which logging itself would tell on standard error, where it might hang."""
    out = io.StringIO()
    set_up_logging(stream=out)
    log.warning("%d pieces", "no number")
    log.warning("and on")
    logging.getLogger().handlers[0].flush()
    first, second = out.getvalue().splitlines()
    assert first.startswith("a line of the log can't be formed (TypeError(")
    assert first.endswith("'%d pieces'")
    assert "and on" in second


# --- one cause, one line


def told(out: io.StringIO) -> list[str]:
    for one in logging.getLogger().handlers:
        one.flush()
    return [line.partition(" error ")[2] for line in out.getvalue().splitlines()]


def test_one_cause_is_said_once_with_its_count(log: logging.Logger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_repeats, "SAY_SECS", 0.3)
    out = io.StringIO()
    set_up_logging(stream=out)
    for number in range(50):
        log.error("set aside: record %d", number, extra={"event": "set_aside", "cause": ("pc1", "seal")})
    log.error("set aside: record 7", extra={"event": "set_aside", "cause": ("pc2", "seal")})
    assert told(out) == ["set aside: record 0  event=set_aside", "set aside: record 7  event=set_aside"]
    until(lambda: len(told(out)) == 3, "the count is said")
    assert told(out)[2] == "set aside: record 49 (the same 49 times more in the last minute)  event=set_aside times=49"


def test_a_count_that_is_not_said_yet_is_said_at_the_end(log: logging.Logger) -> None:
    out = io.StringIO()
    set_up_logging(stream=out)
    for number in range(2):
        log.error("no. %d", number, extra={"cause": "x"})
    logging.getLogger().handlers[0].close()
    assert told(out) == ["no. 0", "no. 1 (the same once more in the last minute)  times=1"]


def record(cause: str, text: str = "") -> logging.LogRecord:
    return logging.makeLogRecord({"msg": text or cause, "cause": cause, "name": "n"})


def test_a_cause_goes_on_and_ends() -> None:
    """Each minute its count; after a minute without one it is forgotten, and news when it comes again."""
    repeats = Repeats()
    assert [repeats.is_news(record("a", str(second)), second) for second in (0, 10, 20)] == [True, False, False]
    assert repeats.wait_secs(25) == 35
    assert list(repeats.due(59)) == []
    assert [line.msg for line in repeats.due(61)] == ["20 (the same 2 times more in the last minute)"]
    assert not repeats.is_news(record("a", "70"), 70)
    assert [line.msg for line in repeats.due(121)] == ["70 (the same once more in the last minute)"]
    assert list(repeats.due(181)) == []
    assert repeats.wait_secs(181) is None
    assert repeats.is_news(record("a"), 182)


def test_causes_without_end_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who makes a new one with each message fills no memory."""
    monkeypatch.setattr(log_repeats, "MOST_CAUSES", 3)
    repeats = Repeats()
    assert all(repeats.is_news(record(str(number)), 0) for number in range(10))
    assert len(repeats._said) == 3
    assert not repeats.is_news(record("9"), 0)
    assert repeats.is_news(record("0"), 0)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("record 17 of 'SN1': no", "record 18 of 'SN2': no", True),
        ("seal 00ff00ff00ff differs", "seal aabbccdd0011 differs", True),
        ("the key 0a1b-2c3d-4e5f-6789", "the key ffff-2c3d-4e5f-0000", True),
        ("the seal differs", "the signature differs", False),
    ],
)
def test_what_stays_the_same_of_a_sentence(one: str, other: str, same: bool) -> None:
    assert (same_words(one) == same_words(other)) is same
