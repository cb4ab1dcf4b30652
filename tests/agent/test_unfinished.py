"""A half-measured unit outlives the agent: kept before it is shown, offered at the start, recorded in the end."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import records, spool
from station_floor import BORE, LOOKS, WEIGHT, Floor, setup

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool, SpoolFull
from gaugetrail_agent.station.display import Display, display
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import journal_key, journal_text, read_journal
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import NotKept, Recorded, Unanswered
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.clock import FixedClock, utc_text
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import Inspection, InspectionBody, Verdict

PLAN = setup(BORE, WEIGHT, LOOKS)


def half_measured() -> InspectionBody:
    """What is kept of a unit whose bore failed."""
    floor = Floor(PLAN)
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "80.000", "mm")
    (body,) = floor.kept
    return body


def restarted(*scans: str) -> Floor:
    floor = Floor(PLAN)
    floor.now += 3_600_000_000
    floor.state = StationState(unfinished=half_measured())
    for text in scans:
        floor.scan(text)
    return floor


def asks(floor: Floor) -> str:
    return ENGLISH.text(display(floor.setup, floor.state).asks)


def seals(floor: Floor) -> list[InspectionBody]:
    return [e.body for e in floor.effects if isinstance(e, SealIt) and isinstance(e.body, InspectionBody)]


def commit(floor: Floor) -> None:
    sealing = floor.state.sealing
    assert sealing is not None
    floor.say(Recorded("a/e/1", sealing.serial or "", sealing.verdict))


# --- on paper


def test_what_is_kept_is_the_incomplete_inspection_and_the_last_value_is_sealed_instead() -> None:
    floor = Floor(PLAN)
    floor.scan("OP-12")
    floor.scan("SN000001")
    assert floor.kept == []
    floor.gauge("bore", "74.0", "mm")
    floor.gauge("scale", "12.0", "g")
    floor.scan("%OK")
    assert [[m.value for m in body.measurements] for body in floor.kept] == [["74.0"], ["74.0", "12.0"]]
    assert {(b.verdict, b.operator, b.serial) for b in floor.kept} == {(Verdict.INCOMPLETE, "OP-12", "SN000001")}
    assert [len(body.measurements) for body in seals(floor)] == [3]


def test_the_unit_is_offered_to_whoever_logs_on() -> None:
    floor = restarted()
    assert asks(floor) == "SN000001 is unfinished: scan your badge"
    floor.scan("SN000001")
    assert "scan your badge first" in floor.message
    floor.scan("OP-13")
    assert asks(floor) == "SN000001 is unfinished: scan it, or %GO, to go on; scan %CANCEL to end it"
    floor.gauge("bore", "74.0", "mm")
    assert (floor.state.unit, seals(floor)) == (None, [])


@pytest.mark.parametrize("answer", ["SN000001", "%go"])
def test_it_goes_on_where_it_was_left_and_the_record_says_so(answer: str) -> None:
    floor = restarted("OP-13", answer)
    resumed = utc_text(floor.now)
    assert floor.message == "SN000001 goes on where it was left"
    assert asks(floor) == "measure weight with scale"
    floor.gauge("scale", "12.0", "g")
    assert floor.kept[-1].interruptions == floor.kept[-1].interruptions[:1]
    floor.scan("%OK")
    (body,) = seals(floor)
    left = half_measured()
    assert [m.characteristic for m in body.measurements] == ["bore", "weight", "looks"]
    assert (body.verdict, body.operator, body.started) == (Verdict.FAIL, "OP-13", left.started)
    assert body.measurements[0] == left.measurements[0]
    ((interrupted, again),) = ((one.interrupted, one.resumed) for one in body.interruptions)
    assert (interrupted, again) == (left.measurements[0].time, resumed)
    assert body.duration_ms == left.duration_ms + 2000, "the hour in between is no part of it"


def test_a_unit_that_is_interrupted_for_ever_can_still_be_recorded() -> None:
    """A record holds twenty interruptions; the newest stand in it."""
    floor = restarted()
    for _ in range(22):
        left = floor.kept[-1] if floor.kept else half_measured()
        floor.state = StationState(
            operator="OP-12", unfinished=msgspec.structs.replace(left, verdict=Verdict.INCOMPLETE)
        )
        floor.scan("%GO")
        if not floor.kept:
            floor.gauge("scale", "12.0", "g")
        assert floor.state.unit is not None
        floor.kept.append(msgspec.structs.replace(left, interruptions=floor.state.unit.interruptions))
    assert len(floor.kept[-1].interruptions) == 20
    assert read_journal(journal_text(floor.kept[-1])) == floor.kept[-1]


def test_it_is_asked_for_the_next_value_when_it_goes_on() -> None:
    assert [type(effect).__name__ for effect in restarted("OP-13", "%GO").effects] == ["AskDevice"]


def test_cancelled_or_unanswered_it_is_recorded_as_incomplete_with_what_it_had() -> None:
    left = half_measured()
    cancelled = restarted("OP-13", "%cancel")
    unanswered = restarted()
    unanswered.say(Unanswered())
    for floor in (cancelled, unanswered):
        assert seals(floor) == [left]
        commit(floor)
        assert floor.state.unfinished is None
        assert floor.message == "SN000001 incomplete, recorded"
    unanswered.say(Unanswered())
    assert seals(unanswered) == [left], "once"


def test_another_unit_is_taken_in_hand_once_the_unfinished_one_is_recorded() -> None:
    floor = restarted("OP-13", "SN000002")
    assert seals(floor) == [half_measured()]
    assert floor.state.unit is None
    commit(floor)
    assert floor.state.unit is not None
    assert floor.state.unit.serial == "SN000002"
    assert floor.state.last is not None
    assert floor.state.last.serial == "SN000001"
    assert floor.state.then == ()


def test_what_is_no_unit_ends_nothing() -> None:
    floor = restarted("OP-13", "rubbish")
    assert (floor.state.light, "is no unit of this station" in floor.message, seals(floor)) == ("red", True, [])
    assert floor.state.unfinished is not None


def test_a_value_that_can_not_be_kept_is_not_measured() -> None:
    floor = Floor(PLAN)
    floor.scan("OP-12")
    floor.scan("SN000001")
    before = floor.state.unit
    floor.gauge("bore", "74.0", "mm")
    floor.say(NotKept(before, "the spool's disk refuses: disk full", operator="OP-12"))
    assert (floor.state.light, floor.state.unit) == ("red", before)
    assert floor.message == "NOT KEPT: the spool's disk refuses: disk full. Measure again"


@given(
    st.text(st.characters(exclude_categories=["C", "Z"]), max_size=20),
    st.sampled_from(["74.0", "-0.001"]),
    st.integers(0, 3),
)
def test_the_journal_gives_back_what_was_kept(word: str, value: str, times: int) -> None:
    """Texts of any script, values letter for letter."""
    left = half_measured()
    one = msgspec.structs.replace(
        left.measurements[0], text=word, value=value, raw=word.encode("utf-8", "replace").hex()
    )
    kept = msgspec.structs.replace(left, measurements=(one,) * times, lot=word or None)
    assert read_journal(journal_text(kept)) == kept


# --- in motion


class Life:
    """One life of a station over a spool that outlives it; `shown` is each thing shown with what was kept by then."""

    def __init__(self, at: Setup, one: Spool) -> None:
        self.spool = one
        self.shown: list[tuple[Display, str | None]] = []
        self.runner = StationRunner(at, one, FixedClock(), Doors(self._ask, self._answer, lambda *_: {}, self._show))

    async def _ask(self, device: str, channel: str | None) -> None:
        """Nobody answers."""

    async def _answer(self, device: str, trigger: int, code: ResultCode) -> None:
        raise AssertionError("no PLC is here")

    def _show(self, display: Display) -> None:
        self.shown.append((display, self.spool.recall(journal_key("OP20"))))

    def bore(self, value: str) -> None:
        self.runner.measured("bore", Reading(Status.OK, b"", value=value, unit="mm"))

    def live(self, *acts: object, until_sealed: bool = False) -> None:
        async def whole() -> None:
            task = asyncio.create_task(self.runner.run())
            await asyncio.sleep(0)
            for act in acts:
                self.runner.scanned(act) if isinstance(act, str) else act()  # type: ignore[operator]
                await self.runner.finish()
            async with asyncio.timeout(10):
                while until_sealed and not inspections(self.spool):  # noqa: ASYNC110 (another thread commits)
                    await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self.runner.finish()

        asyncio.run(whole())


def inspections(one: Spool) -> list[Inspection]:
    return [record for record in records(one) if isinstance(record, Inspection)]


def test_a_value_is_on_the_disk_before_it_is_shown(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        life = Life(PLAN, one)
        life.live("OP-12", "SN000001", lambda: life.bore("80.000"))
        display, kept = next((d, k) for d, k in life.shown if d.state.unit is not None and d.state.unit.taken)
        assert display.light == "red"
        assert kept is not None
        assert [m.value for m in read_journal(kept).measurements] == ["80.000"]


def test_a_clean_stop_seals_nothing_and_the_next_life_offers_the_unit_and_forgets_it_once_recorded(
    tmp_path: Path,
) -> None:
    with spool(tmp_path) as one:
        first = Life(PLAN, one)
        first.live("OP-12", "SN000001", lambda: first.bore("74.0"))
        assert inspections(one) == []
    with spool(tmp_path) as one:
        second = Life(PLAN, one)
        second.live("OP-12", "SN000001", lambda: second.runner.measured("scale", Reading(Status.OK, b"", "12.0", "g")))
        assert second.shown[0][0].state.unfinished is not None
        third = Life(PLAN, one)
        third.live("OP-12", "%GO", "%OK")
        (record,) = inspections(one)
        assert (record.verdict, len(record.measurements), len(record.interruptions)) == (Verdict.PASS, 3, 2)
        times = [m.time for m in record.measurements]
        assert sorted(set(times)) == times, "times rise across lives, whatever the clock does"
        fourth = Life(PLAN, one)
        fourth.live("OP-12")
        assert fourth.runner.state.unfinished is None


def test_nobody_answers_and_it_is_recorded_by_itself(tmp_path: Path) -> None:
    with spool(tmp_path) as one:
        first = Life(PLAN, one)
        first.live("OP-12", "SN000001", lambda: first.bore("80.000"))
        Life(replace(PLAN, unfinished_secs=0.05), one).live(until_sealed=True)
        (record,) = inspections(one)
        assert (record.serial, record.verdict, record.operator) == ("SN000001", Verdict.INCOMPLETE, "OP-12")
        assert record.measurements[0].verdict is Verdict.FAIL


def test_a_unit_of_another_plan_is_not_gone_on_with(tmp_path: Path) -> None:
    """The plan was changed between two lives: what was measured by the old one is recorded as such at once."""
    other = setup(BORE, LOOKS)
    newer = replace(other, plan=replace(other.plan, ref=msgspec.structs.replace(other.plan.ref, revision="D")))
    with spool(tmp_path) as one:
        first = Life(PLAN, one)
        first.live("OP-12", "SN000001", lambda: first.bore("74.0"))
        Life(newer, one).live(until_sealed=True)
        assert [(r.plan.revision, r.verdict) for r in inspections(one)] == [("C", Verdict.INCOMPLETE)]


def test_a_journal_that_can_not_be_read_is_told_with_its_text_and_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with spool(tmp_path) as one:
        one.remember(journal_key("OP20"), '{"half": ').result(10)
        life = Life(setup(BORE), one)
        life.live("OP-12", "SN000001", lambda: life.bore("74.0"))
        assert len(inspections(one)) == 1
    (told,) = (vars(r) for r in caplog.records if vars(r).get("event") == "journal_unreadable")
    assert told["journal"] == '{"half": '


def test_a_value_that_no_record_could_hold_is_not_kept_and_not_shown(tmp_path: Path) -> None:
    """Such as a unit that is no identifier, from a driver that was made elsewhere."""
    plain = setup(BORE.model_copy(update={"unit": None}), LOOKS)
    with spool(tmp_path) as one:
        life = Life(plain, one)
        odd = Reading(Status.OK, b"", value="74.0", unit="m\x07m")
        life.live("OP-12", "SN000001", lambda: life.runner.measured("bore", odd))
        assert life.runner.state.says is not None
        assert (life.runner.state.says.id, life.runner.state.light) == ("value.not_kept", "red")


def test_a_disk_that_refuses_shows_no_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(values: object) -> Future[None]:
        refused: Future[None] = Future()
        refused.set_exception(SpoolFull("the spool's disk refuses: disk full"))
        return refused

    with spool(tmp_path) as one:
        life = Life(PLAN, one)
        life.live("OP-12", "SN000001")
        # A full disk can't be had here without a file system of its own; the drills have one.
        monkeypatch.setattr(one, "remember_all", full)
        life.live(lambda: life.bore("74.0"))
        assert all(not (d.state.unit and d.state.unit.taken) for d, _ in life.shown)
        assert life.shown[-1][0].state.says is not None
        assert life.shown[-1][0].state.says.id == "value.not_kept"
