"""Timed work goes on whatever the jobs and the wall clock do."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from floor import until
from layers import SetClock, build

from gaugetrail_service.scheduler import LoopScheduler, Scheduler, ThreadScheduler

pytestmark = pytest.mark.waits

YEAR = 365 * 86_400.0
Plan = Callable[[Scheduler], None]


@contextmanager
def on_loop(plan: Plan) -> Iterator[threading.Thread]:
    """An event loop on a thread, with the jobs on it."""
    begun, ending = threading.Event(), asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    async def work() -> None:
        jobs = LoopScheduler()
        plan(jobs)
        jobs.start()
        loops.append(asyncio.get_running_loop())
        begun.set()
        await ending.wait()
        jobs.stop()

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    assert begun.wait(10)
    yield thread
    loops[0].call_soon_threadsafe(ending.set)
    thread.join(10)
    assert not thread.is_alive()


@contextmanager
def on_thread(plan: Plan) -> Iterator[None]:
    jobs = ThreadScheduler()
    plan(jobs)
    jobs.start()
    yield None
    jobs.stop()


@pytest.fixture(params=[on_loop, on_thread], ids=["loop", "thread"])
def running(request: pytest.FixtureRequest):
    return request.param


def test_a_job_comes_again_and_again_the_first_time_after_one_interval(running) -> None:
    began, runs = time.monotonic(), []
    with running(lambda jobs: jobs.every(0.05, "beat", lambda: runs.append(time.monotonic()))):
        until(lambda: len(runs) >= 3, "three runs")
    assert runs[0] - began >= 0.05
    assert runs[2] - began >= 0.15
    until(lambda: not [one for one in threading.enumerate() if one.name == "beat"], "its thread ends with it")


def test_a_job_that_raises_is_logged_and_runs_again(running, caplog: pytest.LogCaptureFixture) -> None:
    runs = []

    def work() -> None:
        runs.append(1)
        raise RuntimeError("no store")

    with caplog.at_level(logging.ERROR), running(lambda jobs: jobs.every(0.01, "round", work)):
        until(lambda: len(runs) >= 2, "it comes again")
    assert "round: a fault of ours" in caplog.text
    assert "no store" in caplog.text


BEATING = """
import asyncio, time
from gaugetrail_service.scheduler import {kind}
jobs = {kind}()
jobs.every(0.05, "beat", lambda: print(time.time(), time.monotonic(), flush=True))
async def work():
    jobs.start()
    await asyncio.sleep(60)
asyncio.run(work())
"""


@pytest.mark.parametrize("kind", [LoopScheduler, ThreadScheduler])
def test_a_wall_clock_that_is_set_changes_no_interval(tmp_path: Path, kind: type[Scheduler]) -> None:
    """Back by a year, then on by eleven: the beat neither waits for the clock nor makes up for it."""
    clock = SetClock(build(tmp_path), tmp_path / "clock")
    words = [sys.executable, "-c", BEATING.format(kind=kind.__name__)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, **clock.env}) as process:
        try:
            true = beats(process)
            clock.add(-YEAR)
            assert beats(process) < true - 0.9 * YEAR
            clock.add(10 * YEAR)
            assert beats(process) > true + 9 * YEAR
        finally:
            process.kill()


def beats(process: subprocess.Popen[str]) -> float:
    """The wall clock of the last of five beats; the first may be of the time before."""
    assert process.stdout is not None
    told = [[float(word) for word in process.stdout.readline().split()] for _ in range(5)]
    assert told[-1][1] - told[0][1] > 0.1, "no burst"
    return told[-1][0]


def test_one_long_job_holds_up_no_other_and_never_runs_beside_itself() -> None:
    inside, most, beats = 0, 0, []
    go = threading.Event()

    def slow() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        go.wait(10)
        inside -= 1

    def plan(jobs: Scheduler) -> None:
        jobs.every(0.01, "slow", slow)
        jobs.every(0.01, "beat", lambda: beats.append(1))

    with on_thread(plan):
        until(lambda: inside == 1 and len(beats) > 5, "beats go on beside it")
        go.set()
    assert most == 1


def test_loop_jobs_run_on_the_loops_thread_those_of_the_calendar_too() -> None:
    where: dict[str, threading.Thread] = {}
    soon = datetime.now().astimezone() + timedelta(seconds=90)

    def plan(jobs: Scheduler) -> None:
        jobs.every(0.01, "beat", lambda: where.setdefault("beat", threading.current_thread()))
        jobs.daily(soon.hour, soon.minute, "due", lambda: where.setdefault("due", threading.current_thread()))
        assert jobs._calendar is not None
        (job,) = jobs._calendar.get_jobs()
        job.modify(next_run_time=datetime.now().astimezone())  # as if the minute had come

    with on_loop(plan) as thread:
        until(lambda: len(where) == 2, "both have run")
    assert set(where.values()) == {thread}


def test_a_day_of_the_calendar_comes_at_its_minute() -> None:
    jobs = ThreadScheduler()
    jobs.daily(6, 30, "due dates", lambda: None)
    assert jobs._calendar is not None
    (job,) = jobs._calendar.get_jobs()
    next_run = job.trigger.get_next_fire_time(None, datetime(2026, 11, 28, 7, 0).astimezone())
    assert (next_run.day, next_run.hour, next_run.minute) == (29, 6, 30)
    jobs.stop()


CALENDAR = """
import asyncio, os
from gaugetrail_service import scheduler
scheduler.LOOK_SECS = 0.03
jobs = scheduler.{kind}()
# Whole lines, each in one write: print writes a word and its end apart, and two threads' would mix.
jobs.daily(6, 30, "due", lambda: os.write(1, b"due\\n"))
jobs.every(0.03, "beat", lambda: os.write(1, b"beat\\n"))
async def work():
    jobs.start()
    await asyncio.sleep(60)  # until the test kills it
asyncio.run(work())
"""
HALF_PAST_SIX = datetime(2026, 11, 28, 6, 30).astimezone().timestamp()
HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize("kind", [LoopScheduler, ThreadScheduler])
def test_the_calendar_follows_a_clock_that_is_set(tmp_path: Path, kind: type[Scheduler]) -> None:
    """Ahead over one due time and over thousands: one late run. Back: no run until the time of day comes again, which
    after an hour's step is the next day's and after a year's step that day's.
    """
    clock = SetClock(build(tmp_path), tmp_path / "clock")
    clock.set(HALF_PAST_SIX - HOUR)
    words = [sys.executable, "-c", CALENDAR.format(kind=kind.__name__)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env={**os.environ, **clock.env}) as process:
        try:
            assert runs_within(process, 5) == 0
            for offset, runs in (
                (HOUR, 1),  # two hours ahead
                (-HOUR, 0),  # back again: it has run today
                (HOUR, 0),
                (10 * YEAR, 1),
                (-YEAR - HOUR, 0),  # eleven years back, an hour before its time
                (-YEAR + HOUR, 1),
                (-9 * DAY - HOUR, 1),  # 356 days ahead
                (-9 * DAY + 22 * HOUR, 1),
                (-9 * DAY + 23 * HOUR, 0),
                (-9 * DAY + 24 * HOUR + 60, 1),
            ):
                clock.set(HALF_PAST_SIX + offset)
                assert (runs_within(process, 12, awaited=runs), offset) == (runs, offset)
        finally:
            process.kill()


def runs_within(process: subprocess.Popen[str], beats: int, awaited: int = 0) -> int:
    """How often the job of the calendar runs: until it has run as often as awaited, and within so many beats after.
    Each beat is as long as a look at the clock. What never comes fails the test when the process ends by itself.
    """
    assert process.stdout is not None
    runs = 0
    while beats:
        line = process.stdout.readline()
        assert line, "it runs on"
        if line == "due\n":
            runs += 1
        elif runs >= awaited:
            beats -= 1
    return runs
