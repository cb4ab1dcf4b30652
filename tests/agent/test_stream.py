"""A device kept alive: outages, polls, silence. Time is a number the scripted link moves on; no test waits."""

from __future__ import annotations

import asyncio
import logging
import os
import pty
import tty
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted_link import Bench, LineDriver, Over, ScriptedLink

from gaugetrail_agent.drivers import Action
from gaugetrail_agent.drivers.stream import StreamDevice
from gaugetrail_agent.errors import DeviceGone, PortMissing
from gaugetrail_agent.links.serial_port import SerialLink, SerialSettings
from gaugetrail_agent.reading import Reading, Status


def test_29_a_frame_cut_in_two_and_two_frames_glued_give_one_reading_each() -> None:
    bench = Bench(ScriptedLink([(1, b"12"), (2, b"34\r5678\r9")], end=5))
    device = bench.run()
    assert bench.values == ["1234", "5678"]
    assert bench.raw == [b"12", b"34\r5678\r9"]
    assert (device.state.frames, device.state.readings, device.state.last_reading) == (2, 2, 2)


def test_half_a_frame_from_before_an_outage_is_never_joined_to_one_after_it() -> None:
    bench = Bench(ScriptedLink([(1, b"12"), (2, "no such port"), (9, b"34\r")], end=20))
    bench.run()
    assert bench.values == ["34"]


def test_it_reopens_ever_more_rarely_and_says_when(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(ScriptedLink([], open_fails=8, end=400))
    with caplog.at_level(logging.INFO):
        bench.run()
    assert bench.link.pauses == [1, 2, 4, 8, 16, 30, 30, 30]
    assert bench.states[2].detail == "bore: /dev/ttyUSB0: no such port; reopening in 4 s (try 3)"
    assert not bench.states[2].up
    gone = [record for record in caplog.records if vars(record).get("event") == "device_gone"]
    assert [vars(record)["device"] for record in gone] == ["bore"] * 4, "tries 1, 2, 4 and 8 are worth a line"


def test_a_port_that_is_not_there_is_looked_for_often_and_leaves_the_pauses_for_other_faults_short() -> None:
    bench = Bench(ScriptedLink([(6, "busy")], open_fails=8, open_fault=PortMissing, end=20))
    bench.run()
    assert bench.link.pauses == [0.5] * 8 + [1]
    assert bench.states[0].detail == "bore: /dev/ttyUSB0: no such port; reopening in 0.5 s (try 1)"


def test_a_link_that_brings_frames_starts_again_with_short_pauses() -> None:
    bench = Bench(ScriptedLink([(30, b"1\r"), (31, "no such port"), (40, b"2\r"), (41, "gone")], open_fails=3, end=60))
    bench.run()
    assert bench.link.pauses == [1, 2, 4, 1, 1]


def test_a_port_that_opens_and_breaks_at_once_is_not_hammered() -> None:
    events: list[tuple[float, bytes | str]] = [(0, "connection closed by the device")] * 5
    bench = Bench(ScriptedLink(events, end=100))
    bench.run()
    assert bench.link.pauses == [1, 2, 4, 8, 16]


def test_every_opening_is_closed_and_greeted_anew() -> None:
    bench = Bench(ScriptedLink([(1, "gone"), (5, "gone")], end=30))
    bench.run()
    assert len(bench.link.opened) == 3
    assert bench.link.closed >= 3
    assert [data for _, data in bench.link.written] == [b"hello"] * 3


def test_polls_stand_on_a_grid_that_never_drifts() -> None:
    bench = Bench(ScriptedLink([], answers=b"7\r", end=1000.5))
    bench.run(poll_secs=0.1)
    asked = [at for at, data in bench.link.written if data == b"?"]
    assert len(asked) == 10_004 or len(asked) == 10_005
    assert all(abs(at - (number + 1) * 0.1) < 1e-6 for number, at in enumerate(asked))


def test_polls_missed_in_an_outage_are_left_out_not_made_up_for() -> None:
    bench = Bench(ScriptedLink([(1.5, "gone")], answers=b"7\r", end=8))
    bench.run(poll_secs=1.0)
    assert [at for at, data in bench.link.written if data == b"?"] == [1, 3.5, 4.5, 5.5, 6.5, 7.5]


def test_several_channels_are_asked_in_turn_within_one_period() -> None:
    bench = Bench(ScriptedLink([], answers=b"7\r", end=2.1))
    bench.run(poll_secs=1.0, poll_channels=("A", "B"))
    asked = [(at, data) for at, data in bench.link.written if data.startswith(b"?")]
    assert asked == [(0.5, b"?B"), (1.0, b"?A"), (1.5, b"?B"), (2.0, b"?A")]


def test_34_a_gauge_that_does_not_answer_is_said_and_its_last_value_never_repeated(
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = ScriptedLink([(0.5, b"42\r")], end=10)
    bench = Bench(link)
    with caplog.at_level(logging.INFO):
        device = bench.run(poll_secs=1.0)
    assert bench.values == ["42"]
    assert device.state.unanswered == 8
    assert device.state.last_reading == 0.5
    assert device.state.detail.startswith("bore: no answer to 8 polls on /dev/ttyUSB0 for 8 s; is the gauge on")
    assert {"device_no_answer"} < {vars(record).get("event") for record in caplog.records}


def test_an_answer_clears_the_complaint() -> None:
    bench = Bench(ScriptedLink([(3.5, b"42\r")], end=3.9))
    device = bench.run(poll_secs=1.0)
    assert (device.state.detail, device.state.unanswered) == ("", 2)


def test_silence_is_said_once_and_is_not_called_a_broken_cable(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(ScriptedLink([(1, b"5\r"), (100, b"6\r")], end=120))
    with caplog.at_level(logging.INFO):
        device = bench.run(silence_secs=30)
    events = [vars(record).get("event") for record in caplog.records]
    assert events.count("device_silent") == 1
    assert events.count("device_answers") == 1
    assert bench.link.opened == [0], "a silent gauge keeps its port"
    assert device.state.up
    silent = next(state for state in bench.states if state.detail)
    assert silent.detail.startswith("bore: nothing from /dev/ttyUSB0 for 30 s; the gauge may sleep")


def test_garbled_frames_are_counted_and_handed_on_but_answer_no_poll() -> None:
    bench = Bench(ScriptedLink([(1.2, b"x\r"), (2.2, b"y\r")], end=3.5))
    device = bench.run(poll_secs=1.0)
    assert [reading.status for reading in bench.readings] == [Status.GARBLED] * 2
    assert (device.state.garbled, device.state.readings, device.state.unanswered) == (2, 0, 2)


def test_three_refused_frames_in_a_row_are_an_alarm_with_the_bytes_until_one_is_understood(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Also where nobody has a unit in hand: a wrong baud rate is found before the first part."""
    frames: list[tuple[float, bytes | str]] = [(n, bytes([0x80 + n, 0xFE, 0x0D])) for n in range(1, 6)]
    bench = Bench(ScriptedLink([*frames, (6, b"7\r"), (7, b"x\r"), (8, b"y\r")], end=9))
    with caplog.at_level(logging.INFO):
        device = bench.run()
    alarms = [state.alarm for state in bench.states if state.frames]
    told = "bore: speaks, but not intelligibly: baud rate, parity or driver? It sent 83 fe"
    assert {state.alarm for state in bench.states if state.frames < 2} == {""}
    assert {alarm for alarm in alarms if alarm} == {told}, "one trouble is one alarm, whatever comes after"
    assert any(state.detail.endswith("It sent 85 fe") and state.alarm == told for state in bench.states)
    assert (device.state.alarm, device.state.detail, device.state.garbled) == ("", "", 7), "two are noise"
    events = [vars(record).get("event") for record in caplog.records]
    assert (events.count("device_unintelligible"), events.count("device_answers")) == (1, 1)


def test_garbled_answers_to_polls_are_one_trouble_and_not_two() -> None:
    bench = Bench(ScriptedLink([], answers=b"\xff\r", end=8.5))
    device = bench.run(poll_secs=1.0)
    assert device.state.unanswered == 7
    alarms = [state.alarm for state in bench.states if state.alarm]
    assert "not intelligibly" in alarms[-1]
    assert len(set(alarms)) == 2, "no answer first, then the reason, and no going to and fro"


def test_a_reopened_link_is_judged_anew() -> None:
    bench = Bench(ScriptedLink([(1, b"x\ry\rz\r"), (2, "gone"), (5, b"x\r")], end=8))
    device = bench.run()
    assert (device.state.up, device.state.alarm) == (True, "")


def test_a_device_that_is_looked_at_is_asked_when_it_says_nothing_by_itself() -> None:
    """A scale that streams is not disturbed; one without ears isn't blamed for its silence."""
    bench = Bench(ScriptedLink([(2.0, b"1\r"), (2.3, b"2\r")], end=3.9))
    device = bench.run(look_secs=0.5, poll_channels=("A", "B"))
    asked = [(round(at, 3), data) for at, data in bench.link.written if data.startswith(b"?")]
    assert asked == [(0.5, b"?A"), (1.0, b"?B"), (1.5, b"?A"), (2.8, b"?B"), (3.3, b"?A"), (3.8, b"?B")]
    assert (device.state.unanswered, device.state.alarm) == (0, "")


def test_a_quiet_line_and_the_clock_reach_the_driver() -> None:
    bench = Bench(ScriptedLink([(0.5, b"12")], end=2.5), LineDriver(tick_secs=1.0))
    bench.run()
    assert bench.driver.marks == ["quiet", "tick 1", "tick 2"]


class SessionDriver(LineDriver):
    """Loses its session at the first tick, as Open Protocol does when the controller falls silent or refuses."""

    def received(self, data: bytes) -> Sequence[Action]:
        return [Reading(Status.ERROR, data, error_code="96")]

    def ticked(self, now: float) -> Sequence[Action]:
        raise DeviceGone("the controller refuses the session")


def test_a_lost_session_reopens_the_link_and_refusals_do_not_count_as_life() -> None:
    events: list[tuple[float, bytes | str]] = [(0.0, b"no")] * 4
    bench = Bench(ScriptedLink(events, end=12), SessionDriver(tick_secs=0.5))
    bench.run()
    assert bench.link.pauses == [1, 2, 4, 8]
    assert "bore: the controller refuses the session; reopening in 2 s (try 2)" in [s.detail for s in bench.states]


def test_asking_a_device_that_is_down_says_why() -> None:
    bench = Bench(ScriptedLink([], open_fails=100, end=3))
    device = bench.run()
    with pytest.raises(DeviceGone, match=r"no such port; reopening in"):
        asyncio.run(device.ask())


def test_a_write_that_fails_reopens_the_link_even_if_reads_stay_silent() -> None:
    bench = Bench(ScriptedLink([], write_fails_at=3.0, end=12))
    bench.run(poll_secs=1.0)
    assert len(bench.link.opened) == 2


def test_a_trigger_that_cannot_be_written_reopens_the_link() -> None:
    bench = Bench(ScriptedLink([], write_fails_at=0.5, end=30))

    async def steps() -> None:
        device = bench.device()
        running = asyncio.create_task(device.run())
        while bench.link.now < 1:  # noqa: ASYNC110 (the scripted clock moves when others run)
            await asyncio.sleep(0)
        with pytest.raises(DeviceGone, match="took no data"):
            await device.ask()
        with pytest.raises(Over):
            await running

    asyncio.run(steps())
    assert len(bench.link.opened) == 2


def test_30_a_port_that_was_away_long_is_open_within_two_seconds_of_its_return(tmp_path: Path) -> None:
    """A real pty, with the pauses that the agent makes; formerly they had grown to eight seconds by then."""
    name = tmp_path / "gauge"
    states: asyncio.Queue[tuple[bool, str]] = asyncio.Queue()

    async def steps() -> None:
        device = StreamDevice(
            "bore",
            SerialLink(SerialSettings(port=str(name))),
            LineDriver(),
            emit=lambda _, reading: None,
            on_state=lambda _, state: states.put_nowait((state.up, state.detail)),
        )
        running = asyncio.create_task(device.run())
        async with asyncio.timeout(20):
            while "(try 4)" not in (await states.get())[1]:
                pass
        master, slave = pty.openpty()
        name.symlink_to(os.ttyname(slave))
        async with asyncio.timeout(2):
            while not (await states.get())[0]:
                pass
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        os.close(master)
        os.close(slave)

    asyncio.run(steps())


def test_30_a_replugged_gauge_is_read_again_on_a_real_port(tmp_path: Path) -> None:
    """A real pty that goes and comes back under another number; the link's name stays."""
    name = tmp_path / "gauge"

    def plug() -> tuple[int, int]:
        master, slave = pty.openpty()
        tty.setraw(slave)
        name.unlink(missing_ok=True)
        name.symlink_to(os.ttyname(slave))
        return master, slave

    got: asyncio.Queue[str | None] = asyncio.Queue()
    ups: asyncio.Queue[bool] = asyncio.Queue()

    async def until(wanted: bool) -> None:
        while await ups.get() is not wanted:
            pass

    async def steps() -> None:
        first, second = plug(), plug()  # the second number is taken, so that the return has a third
        name.unlink()
        name.symlink_to(os.ttyname(first[1]))
        device = StreamDevice(
            "bore",
            SerialLink(SerialSettings(port=str(name))),
            LineDriver(),
            emit=lambda _, reading: got.put_nowait(reading.value),
            on_state=lambda _, state: ups.put_nowait(state.up),
            sleep=lambda secs: asyncio.sleep(0.01),
        )
        running = asyncio.create_task(device.run())
        await until(True)
        os.write(first[0], b"1\r2")
        assert await got.get() == "1"
        for end in reversed(first):
            os.close(end)
        name.unlink()
        await until(False)
        third = plug()
        await until(True)
        os.write(third[0], b"3\r")
        assert await got.get() == "3", "the 2 from before the outage must not stick to it"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        for end in (*second, *third):
            os.close(end)

    async def in_time() -> None:
        async with asyncio.timeout(10):
            await steps()

    asyncio.run(in_time())
