"""A full spool, a full disk: loud, through the real station, over by itself; dropped is only what a plan gives up."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool_bodies import body, chained, events, put, receipt, records, settle, spool

from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.errors import DriverFault
from gaugetrail_agent.health.report import spool_alarm
from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import ALWAYS, Appended, Origin, Room, Spool, SpoolFull
from gaugetrail_agent.station import runner
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import DeviceFacts, Setup
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.plan import Plan, PlanFile
from gaugetrail_contract.events.spool import RecordsDamaged
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import Capture, Inspection, PlanRef
from gaugetrail_contract.status import SpoolStatus

DEADLINE_SECS = 20.0


class Station:
    """A real station runner over a real spool, and what it has told people and the PLC."""

    def __init__(
        self,
        one: Spool,
        *,
        mode: Literal["operator", "automatic"] = "operator",
        drop_class: int | None = None,
        on_full: Literal["refuse", "drop_lowest"] = "refuse",
        keep: bool = False,
    ) -> None:
        kind = {"kind": "variable", "capture": "typed", "lsl": "1.0", "usl": "2.0"}
        depth = {"name": "depth", "on_spool_full": "keep" if keep else "as_plan"}
        if mode == "automatic":
            kind = {"kind": "variable", "device": "press", "channel": "depth", "lsl": "1.0", "usl": "2.0"}
        file = PlanFile.model_validate(
            {
                "id": "CP-1",
                "revision": "A",
                "part": "P",
                "approved_by": "QE",
                "approved_on": "2026-11-01",
                "drop_class": drop_class,
                "characteristic": (depth | kind,),
            }
        )
        setup = Setup(
            site="s",
            line="l",
            station="OP10",
            mode=mode,
            plan=Plan(file, PlanRef(id="CP-1", revision="A", sha256="0" * 64), Path("cp.toml")),
            devices={"press": DeviceFacts(None, Capture.PLC)},
            gauges={},
            people=None,
            badge=re.compile(r"OP-\d+"),
            unit=re.compile(r"SN\d+"),
            on_spool_full=on_full,
        )
        self.display: dict[str, object] = {}
        self.codes: list[tuple[int, ResultCode]] = []
        self.remember: dict[str, str] | DriverFault = {}
        doors = Doors(self._ask, self._answer, self._remember, self._show)
        self.runner = StationRunner(setup, one, FixedClock(), doors)

    async def _ask(self, device: str, channel: str | None) -> None:
        raise AssertionError("nothing is asked here")

    async def _answer(self, device: str, trigger: int, code: ResultCode) -> None:
        self.codes.append((trigger, code))

    def _remember(self, device: str, trigger: int, code: ResultCode) -> dict[str, str]:
        if isinstance(self.remember, DriverFault):
            raise self.remember
        return self.remember

    def _show(self, display: Display) -> None:
        self.display = display.document(ENGLISH)

    async def until(self, wanted: Callable[[], object]) -> None:
        async with asyncio.timeout(DEADLINE_SECS):
            while not wanted():  # noqa: ASYNC110 - what is waited for is what the station shows, and it tells nobody
                await asyncio.sleep(0.005)

    async def log_on(self) -> None:
        self.runner.scanned("OP-1")
        await self.until(lambda: self.display.get("operator") == "OP-1")

    async def measure(self, serial: str, depth: str = "1.5") -> None:
        """Scan and measure; returns when the station says what became of it."""
        self.runner.scanned(serial)
        await self.until(lambda: self.display["serial"] == serial)
        self.runner.scanned(depth)
        await self.until(lambda: self.is_recorded(serial) or self.display["state"] == "refused")

    def is_recorded(self, serial: str) -> bool:
        last = self.display["last"]
        return isinstance(last, dict) and last["serial"] == serial

    def offer(self, trigger: int, serial: str) -> None:
        readings = (
            Reading(Status.OK, b"", text=serial, channel="serial"),
            Reading(Status.OK, b"", value="1.5", channel="depth"),
        )
        self.runner.offered("press", Batch(readings, trigger))


def run(station: Station, shift: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        task = asyncio.create_task(station.runner.run())
        try:
            await shift()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(whole())


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RETRY_SECS", 0.02)


def test_a_full_spool_shows_red_says_why_and_is_over_by_itself(tmp_path: Path) -> None:
    """No green light and no result while it lasts; the part in hand is recorded once there is room."""
    with spool(tmp_path, max_bytes=6000) as one:
        station = Station(one)

        async def shift() -> None:
            await station.log_on()
            number = 0
            while station.display["state"] != "refused":
                number += 1
                await station.measure(f"SN{number}")
            assert station.display["light"] == "red"
            assert "NOT RECORDED" in str(station.display["message"])
            assert "spool's limit" in str(station.display["message"])
            assert not station.is_recorded(f"SN{number}")
            told = [entry.sealed.sha256 for entry in one.waiting(0, 100)]
            assert len(told) == number, "who logged on, and the units but the last"
            one.confirm(receipt(one, (1, len(told), told[-1])))
            await station.until(lambda: station.is_recorded(f"SN{number}"))
            assert station.display["light"] == "green"

        run(station, shift)


def test_a_plc_hears_not_ready_while_the_spool_is_full_and_its_result_when_there_is_room(tmp_path: Path) -> None:
    with spool(tmp_path, max_bytes=6000) as one:
        station = Station(one, mode="automatic")

        async def shift() -> None:
            number = 0
            while not station.codes or station.codes[-1][1] is ResultCode.STORED_PASS:
                number += 1
                station.offer(number, f"SN{number}")
                await station.until(lambda count=number: len(station.codes) == count)
            assert station.codes[-1] == (number, ResultCode.NOT_READY)
            told = [entry.sealed.sha256 for entry in one.waiting(0, 100)]
            assert len(told) == number - 1
            one.confirm(receipt(one, (1, len(told), told[-1])))
            station.offer(number, f"SN{number}")
            await station.until(lambda: station.codes[-1] == (number, ResultCode.STORED_PASS))

        run(station, shift)


def test_a_plc_hears_not_ready_when_its_driver_fails_in_our_own_code(tmp_path: Path) -> None:
    """Without what must be remembered beside it nothing is recorded; the part is offered again and then is."""
    with spool(tmp_path) as one:
        station = Station(one, mode="automatic")
        station.remember = DriverFault.of(KeyError("our own"))

        async def shift() -> None:
            station.offer(1, "SN1")
            await station.until(lambda: station.codes)
            assert station.codes == [(1, ResultCode.NOT_READY)]
            assert list(one.waiting(0, 100)) == []
            assert "a fault of ours" in str(station.display["message"])
            station.remember = {}
            station.offer(1, "SN1")
            await station.until(lambda: station.codes[-1] == (1, ResultCode.STORED_PASS))
            assert len(list(one.waiting(0, 100))) == 1

        run(station, shift)


def test_a_full_disk_shows_red_and_is_over_by_itself(tmp_path: Path) -> None:
    """The database may not grow, as on a full disk; what was told before stays, and nothing has to be restarted."""
    with spool(tmp_path) as one:
        station = Station(one)
        assert one._writer is not None
        db = one._writer.file.db
        (pages,) = db.execute("PRAGMA page_count").fetchone()
        db.execute(f"PRAGMA max_page_count = {pages + 4}").fetchall()

        async def shift() -> None:
            await station.log_on()
            number = 0
            while station.display["state"] != "refused":
                number += 1
                await station.measure(f"SN{number}")
            assert "disk refuses" in str(station.display["message"])
            assert one.state().full
            db.execute("PRAGMA max_page_count = 100000").fetchall()
            await station.until(lambda: station.is_recorded(f"SN{number}"))
            assert not one.state().full
            assert [record.serial for record in records(one) if isinstance(record, Inspection)] == [
                f"SN{n}" for n in range(1, number + 1)
            ]
            assert chained(one, one.epoch) == list(range(1, number + 2)), "who logged on, and the units"

        run(station, shift)


def test_a_station_that_says_so_drops_what_its_plan_gives_up_and_the_loss_is_a_record(tmp_path: Path) -> None:
    """The oldest passed inspections go, nobody is refused, and an event names number, count and class."""
    with spool(tmp_path, max_bytes=40_000) as one:
        station = Station(one, drop_class=3, on_full="drop_lowest")

        async def shift() -> None:
            await station.log_on()
            await station.measure("SN1", "9.9")
            for number in range(2, 101):
                await station.measure(f"SN{number}")
                assert station.is_recorded(f"SN{number}"), station.display

        run(station, shift)
        there = {record.serial for record in records(one) if isinstance(record, Inspection)}
        lost = {f"SN{n}" for n in range(1, 101)} - there
        assert "SN1" in there, "an inspection that failed is never dropped"
        assert "SN100" in there
        dropped = events(one)
        assert {event.type for event in dropped} == {"records.dropped"}
        assert {event.payload["class"] for event in dropped} == {3}
        numbers = [n for event in dropped for first, last in event.payload["ranges"] for n in range(first, last + 1)]
        assert len(numbers) == len(set(numbers)) == len(lost) == one.state().dropped
        assert sum(int(str(event.payload["count"])) for event in dropped) == len(lost)
        assert not set(numbers) & set(chained(one, one.epoch))


@pytest.mark.parametrize(
    "station", [{"drop_class": None}, {"drop_class": 3, "keep": True}, {"drop_class": 3, "on_full": "refuse"}]
)
def test_nothing_is_dropped_unless_station_plan_and_characteristic_all_allow_it(
    tmp_path: Path, station: dict[str, object]
) -> None:
    with spool(tmp_path, max_bytes=6000) as one:
        at = Station(one, **({"on_full": "drop_lowest"} | station))  # type: ignore[arg-type]

        async def shift() -> None:
            await at.log_on()
            number = 0
            while at.display["state"] != "refused":
                number += 1
                await at.measure(f"SN{number}")
            assert one.state().waiting == number, "who logged on, and the units but the last"
            assert one.state().dropped == 0

        run(at, shift)


def append(one: Spool, serial: str, room: Room) -> Appended:
    return one.append(body(serial), room=room).result(10)


def test_the_lowest_class_goes_first_and_none_goes_for_a_lower_one(tmp_path: Path) -> None:
    with spool(tmp_path, max_bytes=7000) as one:
        for number in range(4):
            append(one, f"SN{number}", Room(True, 5))
        for number in range(4, 8):
            append(one, f"SN{number}", Room(True, 2))
        while one.state().bytes <= 7000:
            put(one, 1)
        append(one, "SN100", Room(True, 9))
        assert {event.payload["class"] for event in events(one)} == {2}
        while one.state().bytes <= 7000:
            put(one, 1)
        for _ in range(12):  # what class 2 has to give is soon used up
            try:
                append(one, "SN101", Room(True, 1))
            except SpoolFull:
                break
        else:
            raise AssertionError("class 1 made class 5 go")
        assert {event.payload["class"] for event in events(one)} <= {1, 2}


def test_the_agents_own_events_are_taken_even_when_the_spool_is_full(tmp_path: Path) -> None:
    with spool(tmp_path, max_bytes=3000) as one:
        while one.append(body()).exception(10) is None:
            pass
        event = Origin("pc1", "s", "l").event(RecordsDamaged(reason="r", epoch="e", from_=1, to=1, count=1))
        assert one.append(event, room=ALWAYS).result(10).seq == one.state().last_seq
        assert one.append(body()).exception(10) is not None


acts = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.sampled_from([None, 1, 2, 9]), st.booleans()),
        st.tuples(st.just("confirm"), st.integers(1, 12), st.integers(0, 6)),
        st.tuples(st.just("restart")),
    ),
    max_size=40,
)


@settings(max_examples=25, deadline=None)
@given(acts)
def test_every_record_told_waits_is_confirmed_or_is_named_by_an_event_as_dropped(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple]
) -> None:
    """Whatever the mixture of classes, stations and receipts; records without a class never go."""
    folder = tmp_path_factory.mktemp("spool")
    told: dict[int, tuple[str, int | None]] = {}
    confirmed: set[int] = set()
    one = Spool(folder / "spool.db", agent="pc1", clock=FixedClock(), max_bytes=4000)
    one.open()
    try:
        for act in acts:
            if act[0] == "append":
                future = one.append(body(f"SN{len(told)}"), room=Room(act[2], act[1]))
                if future.exception(10) is None:
                    told[future.result().seq] = (future.result().sha256, act[1])
            elif act[0] == "confirm" and act[1] + act[2] in told:
                done = one.confirm(receipt(one, (act[1], act[1] + act[2], told[act[1] + act[2]][0])))
                confirmed |= set(done.places)
                settle(one)
            elif act[0] == "restart":
                one.close()
                one = Spool(folder / "spool.db", agent="pc1", clock=FixedClock(), max_bytes=4000)
                one.open()
        waiting = {entry.place for entry in one.waiting(0, 1000)}
        dropped = {
            number
            for entry in one.again(one.epoch, 1, 1000).records
            if b'"records.dropped"' in entry.sealed.data
            for first, last in _ranges(entry.sealed.data)
            for number in range(first, last + 1)
        }
        assert set(told) <= waiting | confirmed | dropped
        assert not waiting & dropped
        assert all(told[number][1] is not None for number in dropped)
        assert len(dropped) == one.state().dropped
        kept = one.again(one.epoch, 1, 1000).records
        assert one.state().bytes == sum(len(entry.sealed.data) for entry in kept)
    finally:
        one.close()


def _ranges(data: bytes) -> list[tuple[int, int]]:
    return [(first, last) for first, last in json.loads(data)["payload"]["ranges"]]


def test_the_status_document_alarms_while_the_spool_refuses_and_once_for_each_loss() -> None:
    """Words for whoever watches the line; the loss itself is in the records."""
    fine = SpoolStatus(epoch="e", last_seq=9, waiting=3, bytes=5_000_000)
    assert spool_alarm(fine, None) is None
    assert "takes no records" in str(spool_alarm(fine.model_copy(update={"full": True}), fine))
    lost = fine.model_copy(update={"dropped": 4})
    assert "unsent records were dropped" in str(spool_alarm(lost, fine))
    assert spool_alarm(lost, lost) is None
    spoilt = fine.model_copy(update={"damaged": 2})
    assert "spoilt records" in str(spool_alarm(spoilt, None))
    assert spool_alarm(spoilt, spoilt) is None
