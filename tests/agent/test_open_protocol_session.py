"""A session with a torque controller: the driver alone, then against a controller on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest
from open_protocol_telegrams import ALARM_1, ALIVE, MULTI_1, RESULT_1, STARTED, result
from stream_driver_promises import said, sent

from gaugetrail_agent.drivers.catalogue import make_driver
from gaugetrail_agent.drivers.open_protocol.driver import OpenProtocolDriver, OpenProtocolSettings
from gaugetrail_agent.drivers.open_protocol.messages import telegram
from gaugetrail_agent.drivers.open_protocol.tightenings import Tightenings
from gaugetrail_agent.drivers.stream import StreamDevice
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.links.tcp import TcpLink, TcpSettings
from gaugetrail_agent.reading import Reading, Status


def made_at(number: int, second: int, mid: bytes = b"0061") -> bytes:
    """A tightening of 2001-06-02, 09:54 and so many seconds by the controller's clock."""
    return result(number, 54, mid).replace(b"2001-06-02:09:54:09", b"2001-06-02:09:54:%02d" % second)


class TestSession:
    """The driver alone: what it sends for what it hears."""

    def started(self, *, ask_clock: bool = False, **options: object) -> OpenProtocolDriver:
        driver = OpenProtocolDriver(OpenProtocolSettings(ask_clock=ask_clock, **options))  # type: ignore[arg-type]
        assert sent(driver.opened()) == [telegram(1)]
        return driver

    def test_start_then_results_then_alarms(self) -> None:
        driver = self.started()
        assert sent(driver.received(STARTED)) == [telegram(60)]
        assert sent(driver.received(b"00240005            0060\0")) == [telegram(70)]
        assert sent(driver.received(b"00240005            0070\0")) == []

    def test_each_result_is_answered_and_told_once(self) -> None:
        driver = self.started()
        driver.received(STARTED)
        first = driver.received(RESULT_1)
        assert (len(said(first)), sent(first)) == (2, [telegram(62)])
        again = driver.received(RESULT_1)
        assert (said(again), sent(again)) == ([], [telegram(62)])
        assert driver.last_tightening_id == 345_675

    def at(self, driver: OpenProtocolDriver, *secs: float) -> None:
        for now in secs:
            driver.ticked(now)

    def ages(self, driver: OpenProtocolDriver, message: bytes) -> list[object]:
        return [(one.extra.get("replayed"), one.extra.get("age_secs")) for one in said(driver.received(message))]

    def test_the_clock_is_asked_first_and_a_result_from_before_says_how_old_it_may_be(self) -> None:
        driver = self.started(ask_clock=True, alarms=False)
        assert sent(driver.received(STARTED)) == [telegram(80)]
        told = driver.received(telegram(81, 1, b"2001-06-02:09:54:40"))
        assert ([one.status for one in said(told)], sent(told)) == ([Status.INFO], [telegram(60)])
        self.at(driver, 100.0, 100.5)
        driver.received(b"00240005            0060\0")
        assert self.ages(driver, made_at(5, 10)) == [(True, 32)] * 2
        self.at(driver, 101.0, 104.0)
        assert self.ages(driver, made_at(6, 42)) == [(True, 4)] * 2, "made now, as far as the clocks can tell"
        self.at(driver, 110.0)
        assert self.ages(driver, made_at(7, 50)) == [(None, None)] * 2, "in the middle of a session"

    def test_as_long_as_old_results_come_more_may_follow(self) -> None:
        driver = self.started(ask_clock=True, alarms=False)
        for answer in (STARTED, telegram(81, 1, b"2001-06-02:09:54:40"), b"00240005            0060\0"):
            driver.received(answer)
        ages = []
        for number, now in enumerate(range(0, 20, 4)):
            self.at(driver, now, now + 0.5)
            ages += self.ages(driver, made_at(number + 1, number))[:1]
        assert ages == [(True, 42), (True, 46), (True, 48), (True, 52), (True, 54)]
        self.at(driver, 17.0, 22.5)
        assert self.ages(driver, made_at(9, 59))[0] == (None, None)

    def test_what_is_fetched_by_its_id_is_old_at_any_time(self) -> None:
        driver = self.started(ask_clock=True, alarms=False, last_tightening_id=100)
        for answer in (STARTED, telegram(81, 1, b"2001-06-02:09:54:40"), b"00260004            006415\0"):
            driver.received(answer)
        driver.received(b"00240005            0060\0")
        self.at(driver, 0.0, 10.0)
        assert self.ages(driver, made_at(102, 49)) == [(None, None)] * 2
        assert self.ages(driver, made_at(101, 45, b"0065")) == [(True, 7)] * 2

    def test_without_the_controllers_clock_nobody_knows_how_old_a_kept_result_is(self) -> None:
        driver = self.started(ask_clock=True, alarms=False)
        driver.received(STARTED)
        refused = driver.received(b"00260004            008099\0")
        assert ([one.status for one in said(refused)], sent(refused)) == ([Status.INFO], [telegram(60)])
        assert "doesn't tell its clock: code 99" in str(said(refused)[0].text)
        driver.received(b"00240005            0060\0")
        self.at(driver, 0.0)
        assert self.ages(driver, result(1)) == [(True, None)] * 2
        self.at(driver, 4.0)
        assert self.ages(driver, result(2)) == [(True, None)] * 2
        self.at(driver, 5.5)
        assert self.ages(driver, result(3)) == [(None, None)] * 2, "they did not hold the door open for each other"

    def test_a_controller_that_answers_no_question_for_its_clock_loses_four_seconds(self) -> None:
        driver = self.started(ask_clock=True, alarms=False)
        driver.received(STARTED)
        self.at(driver, 0.0, 3.5)
        assert sent(driver.ticked(4.5)) == [telegram(60)]

    def test_the_clock_comes_before_what_was_missed(self) -> None:
        driver = self.started(ask_clock=True, alarms=False, last_tightening_id=100)
        assert sent(driver.received(STARTED)) == [telegram(80)]
        assert sent(driver.received(telegram(81, 1, b"2001-06-02:09:54:40"))) == [telegram(64, 1, b"0000000101")]
        assert self.ages(driver, made_at(101, 20, b"0065")) == [(True, 22)] * 2

    def test_a_time_that_is_none_is_of_unknown_age(self) -> None:
        driver = self.started(ask_clock=True, alarms=False)
        driver.received(STARTED)
        driver.received(telegram(81, 1, b"2001-99-02:09:54:40"))
        assert self.ages(driver, result(1)) == [(True, None)] * 2

    def test_alarms_and_spindles_are_answered(self) -> None:
        driver = self.started()
        assert sent(driver.received(ALARM_1)) == [telegram(72)]
        together = driver.received(MULTI_1)
        assert (len(said(together)), sent(together)) == (4, [telegram(102)])
        assert said(driver.received(MULTI_1)) == []

    def test_a_garbled_result_is_not_answered(self) -> None:
        driver = self.started()
        assert sent(driver.received(RESULT_1[:60] + RESULT_1[61:231] + b"0\0")) == []

    def test_a_refused_revision_is_lowered(self) -> None:
        driver = self.started(revision=3)
        assert sent(driver.received(STARTED)) == [telegram(60, 3)]
        step = driver.received(b"00260004            006097\0")
        assert (sent(step), said(step)[0].status) == ([telegram(60, 2)], Status.INFO)
        assert sent(driver.received(b"00260004            006074\0")) == [telegram(60, 1)]

    def test_an_existing_subscription_is_no_fault(self) -> None:
        driver = self.started()
        driver.received(STARTED)
        step = driver.received(b"00260004            006009\0")
        assert (sent(step), said(step)[0].status) == ([telegram(70)], Status.INFO)

    def test_a_refused_session_is_device_gone_with_the_reason(self) -> None:
        driver = self.started()
        assert said(driver.received(b"00260004            000196\0"))[0].error_code == "96"
        with pytest.raises(DeviceGone, match=r"refuses the session: code 96, this client is connected already"):
            driver.ticked(1.0)

    def test_keep_alive_after_seven_seconds_of_our_silence(self) -> None:
        driver = self.started(alarms=False)
        driver.received(STARTED)
        driver.received(b"00240005            0060\0")
        beats = []
        for half_seconds in range(60):
            now = half_seconds / 2
            if sent(driver.ticked(now)):
                beats.append(now)
                driver.received(ALIVE)
        assert beats == [7.0, 14.5, 22.0, 29.5]

    def test_fifteen_seconds_of_silence_lose_the_session(self) -> None:
        driver = self.started(alarms=False)
        driver.received(STARTED)
        driver.received(b"00240005            0060\0")
        for now in range(16):
            driver.ticked(float(now))
        with pytest.raises(DeviceGone, match="silent for 15 s"):
            driver.ticked(15.5)

    def test_a_request_that_was_dropped_is_sent_again_then_the_link_reopened(self) -> None:
        """A controller may acknowledge a damaged telegram and drop the next (MTF 6000 manual)."""
        driver = self.started()
        asked = []
        for now in range(12):
            driver.received(ALIVE)
            asked += sent(driver.ticked(float(now)))
        assert asked == [telegram(1)] * 2
        driver.ticked(12.0)
        with pytest.raises(DeviceGone, match="does not answer MID 0001, asked 3 times"):
            driver.ticked(16.0)

    def test_missed_tightenings_are_fetched_before_subscribing(self) -> None:
        driver = self.started(last_tightening_id=100, alarms=False)
        assert sent(driver.received(STARTED)) == [telegram(64, 1, b"0000000101")]
        first = driver.received(result(101, mid=b"0065"))
        assert (len(said(first)), sent(first)) == (2, [telegram(64, 1, b"0000000102")])
        second = driver.received(result(102, mid=b"0065"))
        assert sent(second) == [telegram(64, 1, b"0000000103")]
        end = driver.received(b"00260004            006415\0")
        assert ([reading.status for reading in said(end)], sent(end)) == ([Status.INFO], [telegram(60)])
        assert driver.last_tightening_id == 102
        assert len(said(driver.received(result(103)))) == 2

    def test_a_controller_that_answers_with_its_latest_instead_does_not_mislead(self) -> None:
        driver = self.started(last_tightening_id=345_675, alarms=False)
        driver.received(STARTED)
        end = driver.received(result(345_675, mid=b"0065"))
        assert ([reading.status for reading in said(end)], sent(end)) == ([Status.INFO], [telegram(60)])

    def test_a_gap_between_fetching_and_subscribing_is_fetched(self) -> None:
        driver = self.started(last_tightening_id=100, alarms=False)
        for answer in (STARTED, b"00260004            006415\0", b"00240005            0060\0"):
            driver.received(answer)
        live = driver.received(result(103, 3))
        assert sent(live) == [telegram(62), telegram(64, 1, b"0000000101")]
        assert driver.last_tightening_id == 100, "101 and 102 are still missing"
        assert sent(driver.received(result(101, 1, b"0065"))) == [telegram(64, 1, b"0000000102")]
        gone = driver.received(b"00260004            006415\0")
        assert [reading.error_code for reading in said(gone)] == ["missing"]
        assert driver.last_tightening_id == 103

    def test_a_session_that_broke_in_a_gap_goes_on_where_it_was(self) -> None:
        driver = self.started(last_tightening_id=100, alarms=False)
        for answer in (STARTED, b"00260004            006415\0", b"00240005            0060\0", result(102, 2)):
            driver.received(answer)
        driver.opened()
        assert sent(driver.received(STARTED)) == [telegram(64, 1, b"0000000101")]
        assert len(said(driver.received(result(101, 1, b"0065")))) == 2
        assert driver.last_tightening_id == 101
        again = driver.received(result(102, 2, b"0065"))
        assert (said(again), sent(again)) == ([], [telegram(64, 1, b"0000000103")])
        assert driver.last_tightening_id == 102

    def test_the_last_result_sent_again_after_a_restart_is_not_told_twice(self) -> None:
        driver = self.started(last_tightening_id=345_675, recover=False, alarms=False)
        driver.received(STARTED)
        again = driver.received(RESULT_1)
        assert (said(again), sent(again)) == ([], [telegram(62)])

    def test_a_counter_set_anew_is_followed(self) -> None:
        driver = self.started(last_tightening_id=5000, recover=False, alarms=False)
        driver.received(STARTED)
        assert len(said(driver.received(result(1)))) == 2
        assert driver.last_tightening_id == 1

    @pytest.mark.parametrize(
        "wrong", [{"revison": "1"}, {"revision": "x"}, {"last_tightening_id": "-1"}, {"alarms": "no"}]
    )
    def test_settings_are_refused_by_name(self, wrong: dict[str, str]) -> None:
        with pytest.raises(ValueError, match=r"open-protocol: "):
            make_driver("open-protocol", wrong)


class TestTightenings:
    def test_a_jump_beyond_any_gap_is_a_new_counter(self) -> None:
        told = Tightenings(10)
        told.add(1_000_000, "t", live=True)
        assert (told.complete_to, told.next_after(recovering=False)) == (1_000_000, None)

    def test_later_jumps_belong_to_other_stations(self) -> None:
        told = Tightenings(10)
        told.add(11, "a", live=True)
        told.add(15, "b", live=True)
        assert (told.complete_to, told.next_after(recovering=False)) == (15, None)


@dataclass
class Controller:
    """A torque controller on a loopback port: keeps its tightenings, wants each answered, drops silent clients."""

    stored: dict[int, bytes] = field(default_factory=dict)
    heard: list[bytes] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)
    writer: asyncio.StreamWriter | None = None
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                message = await reader.readuntil(b"\0")
                self.heard.append(message[4:8])
                for answer in self.answer(message):
                    writer.write(answer)
                await writer.drain()
        writer.close()

    def answer(self, message: bytes) -> list[bytes]:
        mid, data = message[4:8], message[20:-1]
        if mid == b"0001":
            return [STARTED]
        if mid == b"0064":
            stored = self.stored.get(int(data))
            return [stored or b"00260004            006415\0"]
        if mid == b"0080":
            return [telegram(81, 1, b"2026-11-28:08:00:00")]
        if mid == b"0060":
            self.subscribed.set()
        if mid in (b"0060", b"0070"):
            return [b"00240005            " + mid + b"\0"]
        return [message] if mid == b"9999" else []

    def tighten(self, number: int, *, live: bool = True) -> None:
        self.stored[number] = result(number, number % 60, b"0065")
        if live:
            assert self.writer is not None
            self.writer.write(result(number, number % 60))

    def pull_the_cable(self) -> None:
        assert self.writer is not None
        self.subscribed.clear()
        self.writer.transport.abort()


@asynccontextmanager
async def running(
    controller: Controller, driver: OpenProtocolDriver
) -> AsyncIterator[Callable[[], Awaitable[Reading]]]:
    server = await asyncio.start_server(controller.serve, "127.0.0.1", 0)
    controller.port = server.sockets[0].getsockname()[1]
    told: asyncio.Queue[Reading] = asyncio.Queue()
    device = StreamDevice(
        "wrench",
        TcpLink(TcpSettings(host="127.0.0.1", port=controller.port)),
        driver,
        emit=lambda _, reading: told.put_nowait(reading) if reading.channel == "torque" else None,
        on_state=lambda *_: None,
        sleep=lambda secs: asyncio.sleep(0.01),
    )
    task = asyncio.create_task(device.run())
    try:
        async with asyncio.timeout(10):
            yield told.get
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        server.close()
        if controller.writer is not None:
            controller.writer.close()


def test_missed_tightenings_come_after_an_outage_each_once() -> None:
    """The whole way on a socket: session, results, a pulled cable, two tightenings meanwhile, all five told once."""

    async def steps() -> list[str]:
        controller, driver = Controller(), OpenProtocolDriver()
        ids = []
        async with running(controller, driver) as told:
            await controller.subscribed.wait()
            for number in (7, 8):
                controller.tighten(number)
                ids.append(str((await told()).extra["tightening_id"]))
            controller.pull_the_cable()
            controller.tighten(9, live=False)
            controller.tighten(10, live=False)
            ids.append(str((await told()).extra["tightening_id"]))
            ids.append(str((await told()).extra["tightening_id"]))
            await controller.subscribed.wait()
            controller.tighten(10)
            controller.tighten(11)
            ids.append(str((await told()).extra["tightening_id"]))
        assert driver.last_tightening_id == 11
        assert controller.heard.count(b"0062") >= 3
        assert controller.heard.index(b"0064") < controller.heard.index(b"0060", controller.heard.index(b"0060") + 1)
        return ids

    assert asyncio.run(steps()) == [f"{number:010d}" for number in (7, 8, 9, 10, 11)]
