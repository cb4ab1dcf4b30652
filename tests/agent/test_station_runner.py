"""A station in motion: what is told was committed first, a device that is away stops nothing, a re-measure is named."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from spool_bodies import all_events, events, records, spool
from station_floor import BORE, FORCE, LOOKS, block, setup

from gaugetrail_agent.drivers.modbus.device import Batch
from gaugetrail_agent.errors import DeviceGone
from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import Display
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.given.plans_here import NO_PLAN
from gaugetrail_agent.station.keeping.sealing import PIECE_MEASUREMENTS, pieces
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.happening import UsedElsewhere
from gaugetrail_agent.station.words.state import Last
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import (
    Capture,
    CharacteristicKind,
    Inspection,
    InspectionBody,
    Measurement,
    PlanRef,
    Verdict,
)

NOTE = Characteristic.model_validate({"name": "note", "kind": "text"})


class Running:
    """A runner over a real spool; `told` is what the PLC was told and `green` what people saw, each with what was
    on disk by then."""

    def __init__(self, at: Setup, one: Spool) -> None:
        self.spool = one
        self.told: list[tuple[object, ...]] = []
        self.shown: list[str] = []
        self.green: list[tuple[Last | None, int]] = []
        self.asked: list[tuple[str, str | None]] = []
        self.away = False
        doors = Doors(self._ask, self._answer, lambda _, trigger, code: {f"plc/{trigger}": str(int(code))}, self._show)
        self.runner = StationRunner(at, one, FixedClock(), doors)

    async def _ask(self, device: str, channel: str | None) -> None:
        self.asked.append((device, channel))
        if self.away:
            raise DeviceGone(f"{device}: no such port")

    async def _answer(self, device: str, trigger: int, code: ResultCode) -> None:
        self.told.append((device, trigger, code, self.on_disk(), self.spool.recall(f"plc/{trigger}")))

    def _show(self, display: Display) -> None:
        self.shown.append(display.waits)
        if display.state.light == "green":
            self.green.append((display.state.last, self.on_disk()))

    def on_disk(self) -> int:
        """How many records another connection sees, which is after the commit; not who came and went."""
        people = [one for one in all_events(self.spool) if one.type.startswith("person.")]
        return len(records(self.spool)) - len(people)

    def shift(self, *acts: Callable[[], None]) -> None:
        """Let it all happen, each after what the one before caused."""

        async def whole() -> None:
            task = asyncio.create_task(self.runner.run())
            await asyncio.sleep(0)  # the runner's task has begun
            for act in acts:
                act()
                await self.runner.finish()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(whole())

    def scan(self, text: str) -> Callable[[], None]:
        return lambda: self.runner.scanned(text)

    def gauge(self, value: str) -> Callable[[], None]:
        return lambda: self.runner.measured("bore", Reading(Status.OK, b"", value=value, unit="mm"))

    def offer(self, trigger: int, serial: str, force: str) -> Callable[[], None]:
        return lambda: self.runner.offered("press", Batch(block(serial, force).readings, trigger))


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_green_comes_after_the_record_is_on_disk(one: Spool) -> None:
    """G1, through the real spool: there was a record when the light went green, and it is the one that is named."""
    at = Running(setup(BORE), one)
    at.shift(at.scan("OP-12"), at.scan("SN000001"), at.gauge("74.0"))
    ((last, on_disk),) = at.green
    assert last is not None
    assert (last.serial, last.verdict, last.record, on_disk) == ("SN000001", Verdict.PASS, f"pc1/{one.epoch}/2", 1)


def test_a_terminal_sees_the_station_from_the_start_and_each_change_once(one: Spool) -> None:
    at = Running(setup(BORE), one)
    at.shift(at.scan("OP-12"), at.scan("OP-12"), at.scan("SN000001"))
    assert at.shown == ["wait_operator", "wait_unit", "measuring"]


def test_a_lot_is_recorded_each_time_as_if_it_were_the_first(one: Spool) -> None:
    """Several units of one lot without serials are no attempts at one unit."""
    at = Running(replace(setup(BORE), unit=re.compile("(?P<lot>L.+)")), one)
    at.shift(at.scan("OP-12"), *(at.scan("L7"), at.gauge("74.0"), at.scan("L7"), at.gauge("74.0")))
    assert [(r.attempt, r.supersedes) for r in records(one) if isinstance(r, Inspection)] == [(1, None), (1, None)]
    assert [last.serial for last, _ in at.green if last is not None] == ["L7", "L7"]


def test_a_plc_is_answered_after_the_record_and_what_answers_it_again_are_on_disk(one: Spool) -> None:
    at = Running(setup(FORCE, mode="automatic"), one)
    at.shift(at.offer(7, "SN000001", "15.0"), at.offer(8, "SN000002", "99"), at.offer(9, "", "15.0"))
    assert at.told == [
        ("press", 7, ResultCode.STORED_PASS, 1, "1"),
        ("press", 8, ResultCode.STORED_FAIL, 2, "2"),
        ("press", 9, ResultCode.REJECTED, 3, "4"),
    ]
    assert [event.type for event in events(one)] == ["block_rejected"]


def test_a_plc_is_told_to_wait_while_no_plan_is_in_force_and_the_same_trigger_counts_then(one: Spool) -> None:
    """Code 5 is no answer to keep; each refused part is an event under its serial, and no record."""
    ready = setup(FORCE, mode="automatic")
    waits = replace(ready, plan=NO_PLAN, refuses=said("document.not_here", document="CP-1 C, edition 1"))
    at = Running(waits, one)
    at.shift(
        at.offer(7, "SN000001", "15.0"),
        at.offer(8, "", "15.0"),
        lambda: at.runner.renew(ready, lambda: None),
        at.offer(7, "SN000001", "15.0"),
    )
    codes = [(trigger, code, kept) for _, trigger, code, _, kept in at.told]
    waiting = ResultCode.NOT_READY
    assert codes == [(7, waiting, None), (8, waiting, None), (7, ResultCode.STORED_PASS, "1")]
    refused = [event.payload for event in events(one) if event.type == "station.refused"]
    assert [(told["cause"], told.get("serial")) for told in refused] == [
        ("document.not_here", "SN000001"),
        ("document.not_here", None),
    ]
    assert [record.serial for record in records(one) if isinstance(record, Inspection)] == ["SN000001"]


def test_a_unit_measured_again_is_a_new_record_that_names_the_one_before(one: Spool) -> None:
    at = Running(setup(BORE), one)
    at.shift(at.scan("OP-12"), *(at.scan("SN000001"), at.gauge("75"), at.scan("SN000001"), at.gauge("74.0")))
    attempts = [(r.attempt, r.supersedes, r.verdict) for r in records(one) if isinstance(r, Inspection)]
    assert attempts == [(1, None, Verdict.FAIL), (2, f"pc1/{one.epoch}/2", Verdict.PASS)]


def test_a_device_that_can_not_be_asked_is_told_and_stops_nothing(one: Spool, caplog: pytest.LogCaptureFixture) -> None:
    at = Running(setup(BORE), one)
    at.away = True
    with caplog.at_level(logging.WARNING):
        at.shift(at.scan("OP-12"), at.scan("SN000001"), at.gauge("74.0"))
    assert at.asked == [("bore", None)]
    assert [record.getMessage() for record in caplog.records] == ["bore can't be asked: bore: no such port"]
    assert len(at.green) == 1


def many(count: int) -> InspectionBody:
    taken = Measurement(
        characteristic="c",
        kind=CharacteristicKind.TEXT,
        verdict=Verdict.PASS,
        time="2026-11-28T08:00:00.000000Z",
        capture=Capture.PLC,
    )
    return InspectionBody(
        site="s",
        line="l",
        station="OP20",
        part="P",
        serial="SN1",
        plan=PlanRef(id="CP", revision="A", sha256="0" * 64),
        verdict=Verdict.PASS,
        started="2026-11-28T08:00:00.000000Z",
        duration_ms=1,
        measurements=(taken,) * count,
    )


@pytest.mark.parametrize(("count", "sizes"), [(0, [0]), (60, [60]), (61, [60, 1]), (121, [60, 60, 1])])
def test_what_a_record_can_not_hold_goes_in_numbered_pieces(count: int, sizes: list[int]) -> None:
    found = pieces(many(count))
    assert [len(piece.measurements) for piece in found] == sizes
    assert PIECE_MEASUREMENTS == 60
    assert [(piece.piece, piece.pieces) for piece in found] == [(n, len(sizes)) for n in range(1, len(sizes) + 1)]


def test_long_measurements_go_in_more_pieces_whole_and_in_their_order() -> None:
    """A gauge's bytes, the requirement's number, plausible limits: it is bytes that a record has no room for."""
    body = many(61)
    long = [msgspec.structs.replace(one, text=str(n) + "x" * 1000) for n, one in enumerate(body.measurements)]
    found = pieces(msgspec.structs.replace(body, measurements=tuple(long)))
    assert [one for piece in found for one in piece.measurements] == long
    assert max(len(msgspec.json.encode(piece)) for piece in found) < 50_000
    assert len(found) == 2


def test_an_inspection_in_pieces_is_told_by_its_last(one: Spool) -> None:
    wanted = tuple(Characteristic(name=f"c{n}", device="press") for n in range(61))
    at = Running(setup(*wanted, mode="automatic"), one)
    at.shift(at.offer(7, "SN000001", "15.0"))
    assert at.told == [("press", 7, ResultCode.STORED_FAIL, 2, "2")]
    assert [(r.piece, r.pieces, r.attempt) for r in records(one) if isinstance(r, Inspection)] == [(1, 2, 1), (2, 2, 1)]


def test_nothing_that_has_arrived_is_left_when_the_agent_ends(one: Spool) -> None:
    """Stopping steps what has come in and waits for the commit, the runner's own task being gone by then."""
    at = Running(setup(BORE), one)

    async def end() -> None:
        for act in (at.scan("OP-12"), at.scan("SN000001"), at.gauge("74.0")):
            act()
        await at.runner.finish()

    asyncio.run(end())
    assert len(at.green) == 1
    assert at.on_disk() == 1


def test_a_stream_that_changes_nothing_is_shown_once(one: Spool) -> None:
    at = Running(setup(BORE, rules={"bore": FreshRule(fresh="return_to_zero", pan=True, placed_before="take")}), one)
    at.shift(at.scan("OP-12"), at.scan("SN000001"), *[at.gauge("0.000")] * 50, at.gauge("74.0"))
    assert at.shown == ["wait_operator", "wait_unit", "measuring", "measuring", "sealing", "wait_unit"]
    assert len(at.green) == 1


def test_what_is_polled_and_not_measured_here_is_let_go(one: Spool) -> None:
    """A PLC with a hundred values of which the plan wants one; a press for nothing is told, though."""
    polled = FreshRule(fresh="change")
    at = Running(setup(FORCE, rules={"press": polled, "bore": FreshRule()}), one)
    for channel in ("force", "other", None):
        at.runner.measured("press", Reading(Status.OK, b"", value="1", channel=channel))
    at.shift()
    assert list(at.runner.state.sights) == [("press", "force")]
    at.shift(at.gauge("74.0"))
    assert at.runner.state.says is not None
    automatic = Running(setup(FORCE, mode="automatic"), one)
    automatic.runner.measured("press", Reading(Status.OK, b"", value="1", channel="force"))
    automatic.shift()
    assert automatic.runner.state.sights == {}


def test_the_other_stations_hear_of_a_used_value_before_their_next_step(one: Spool) -> None:
    """Both wait for one gauge and hear the same press; it is the value of the one that steps first."""
    heard: list[tuple[str, str | None]] = []

    def used(by: StationRunner, event: UsedElsewhere) -> None:
        heard.append((by.setup.station, event.use.value))
        for other in both:
            if other.runner is not by:
                other.runner.used_elsewhere(event)

    both = [Running(replace(setup(BORE), station=name), one) for name in ("OP10", "OP20")]
    for at in both:
        at.runner._doors = replace(at.runner._doors, used=used)

    async def shift() -> None:
        for act in (at.scan("OP-12") for at in both):
            act()
        for number, at in enumerate(both):
            at.scan(f"SN00000{number}")()
        for at in both:
            at.gauge("74.0")()
        for at in both:
            await at.runner.finish()

    asyncio.run(shift())
    assert heard == [("OP10", "74.0")]
    assert [len(at.green) for at in both] == [1, 0]
    assert both[1].runner.state.unit is not None


def test_scans_that_come_while_the_spool_commits_have_their_turn_after_it(one: Spool) -> None:
    """All at once, as from a reader with a memory: each unit is recorded with its own results, in their order."""
    at = Running(setup(LOOKS, NOTE), one)

    async def shift() -> None:
        for text in ("OP-12", "SN000001", "%NOK", "one", "SN000002", "%OK", "two", "SN000003", "%OK", "three"):
            at.scan(text)()
        await at.runner.finish()

    asyncio.run(shift())
    found = [record for record in records(one) if isinstance(record, Inspection)]
    assert [(r.serial, *(m.result or m.text for m in r.measurements)) for r in found] == [
        ("SN000001", "nok", "one"),
        ("SN000002", "ok", "two"),
        ("SN000003", "ok", "three"),
    ]
    assert at.runner.state.then == ()
    assert at.shown.count("sealing") >= 3


def test_a_bounce_is_logged_and_counted(one: Spool, caplog: pytest.LogCaptureFixture) -> None:
    top = replace_name(BORE, "top")
    at = Running(setup(BORE, top, rules={"bore": FreshRule(bounce_ns=10**18)}), one)
    bounced: list[str] = []
    at.runner._doors = replace(at.runner._doors, bounced=bounced.append)
    with caplog.at_level(logging.INFO):
        at.shift(at.scan("OP-12"), at.scan("SN000001"), at.gauge("74.0"), at.gauge("74.0"))
    assert bounced == ["bore"]
    assert [vars(r)["event"] for r in caplog.records if r.levelname == "INFO"] == ["key_bounced"]
    assert at.on_disk() == 0, "the second characteristic still waits"


def replace_name(characteristic: Characteristic, name: str) -> Characteristic:
    return characteristic.model_copy(update={"name": name})
