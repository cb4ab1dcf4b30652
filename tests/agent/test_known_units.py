"""Whether a unit may begin at a station for what others know of it, and what its record says: rules, then a runner."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import events, inspections, spool
from state_words import hold
from station_floor import BORE, FORCE, LOOKS, Floor, block, setup
from station_lives import recorded
from test_line_state import NOW, entry
from test_workflow_ground import Life

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.spool.words import Appended
from gaugetrail_agent.station.keeping.recording import Committed
from gaugetrail_agent.station.keeping.sealing import answer_to
from gaugetrail_agent.station.memory.gauge_checks import BlockedGauge, CheckedGauges
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import SealIt, TellEvent
from gaugetrail_agent.station.words.happening import HeldKnown, PastKnown, Scanned
from gaugetrail_agent.station.workflow.known_units import asks_about
from gaugetrail_contract.clock import utc_text
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.questions.answered import UnitVisit
from gaugetrail_contract.questions.history import UnitHistory
from gaugetrail_contract.record import EventBody, InspectionBody
from gaugetrail_contract.record.parts import Reason, UnitState, Verdict

SERIAL = "SN000001"


def at(*, after: tuple[str, ...] = (), on_unknown: str = "allow_marked", mode: str = "operator") -> Setup:
    made = setup(FORCE if mode == "automatic" else LOOKS, mode=mode)  # type: ignore[arg-type]
    file = made.plan.file.model_copy(update={"after": after, "on_unknown": on_unknown})
    return replace(made, plan=replace(made.plan, file=file), serial_channel="serial")


def floor(known: Setup | None = None, *held: ListedState, past: PastKnown | None = None) -> Floor:
    one = Floor(known or at())
    one.say(HeldKnown(HeldNow.of(held, NOW)))
    if past is not None:
        one.say(past)
    one.scan("OP-12")
    return one


def visit(operation: str, verdict: str = "pass") -> UnitVisit:
    facts = {"station": operation, "operation": operation, "reason": "running", "time": utc_text(NOW), "attempt": 1}
    return UnitVisit.model_validate(facts | {"verdict": verdict, "record": f"a/e1/{operation[2:]}"})


def sealed(one: Floor) -> InspectionBody:
    """The record of the unit that is measured now."""
    one.scan("%OK")
    (body,) = [effect.body for effect in one.effects if isinstance(effect, SealIt)]
    assert isinstance(body, InspectionBody)
    return body


# --- what may begin


@pytest.mark.parametrize(("state", "words"), [("hold", "on hold"), ("scrap", "scrap"), ("fail", "fail")])
def test_a_unit_that_is_held_is_refused_with_state_moment_and_reason(state: str, words: str) -> None:
    one = floor(None, entry(SERIAL, state).model_copy(update={"why": "a burr"}))
    one.scan(SERIAL)
    assert one.state.unit is None
    since = utc_text(NOW)
    assert one.message == (
        f"{SERIAL} is not to be measured on: {words} since {since[:10]} {since[11:16]}Z (a burr); put it aside"
    )
    (refused,) = one.refused
    assert (refused.why.id, refused.subject) == ("unit.held", ("serial", SERIAL))


@pytest.mark.parametrize("state", ["rework", "concession", "released", "pass"])
def test_what_was_let_go_is_measured_and_its_record_says_so(state: str) -> None:
    one = floor(None, entry(SERIAL, state))
    one.scan(SERIAL)
    body = sealed(one)
    assert body.unit_state is UnitState(state)
    assert body.reason is (Reason.REWORK if state == "rework" else Reason.RUNNING)


def test_what_the_store_holds_is_refused_although_the_line_has_not_heard_of_it() -> None:
    one = floor(past=PastKnown(SERIAL, UnitHistory(unit=entry(SERIAL))))
    one.scan(SERIAL)
    assert one.message.startswith(f"{SERIAL} is not to be measured on: on hold")


def test_a_later_release_on_the_list_lifts_what_the_store_says_and_an_earlier_one_does_not() -> None:
    past = PastKnown(SERIAL, UnitHistory(unit=entry(SERIAL, at=5)))
    late, early = (
        floor(None, entry(SERIAL, "released", 6), past=past),
        floor(None, entry(SERIAL, "released", 4), past=past),
    )
    for one in (late, early):
        one.scan(SERIAL)
    assert (late.state.unit is None, early.state.unit is None) == (False, True)


def test_the_past_of_another_unit_says_nothing_of_this_one() -> None:
    one = floor(past=PastKnown("SN000002", UnitHistory(unit=entry("SN000002"))))
    one.scan(SERIAL)
    assert sealed(one).unit_state is None


def test_a_fail_at_another_operation_is_refused_and_one_here_is_measured_again() -> None:
    failed = entry(SERIAL, "fail")
    for place, refused in (("OP10", True), ("OP20", False)):
        one = floor(past=PastKnown(SERIAL, UnitHistory(unit=failed, failed_at=(place,))))
        one.scan(SERIAL)
        assert (one.state.unit is None) is refused


def test_operations_that_have_not_passed_are_named_and_those_that_have_stand_in_the_record() -> None:
    known = at(after=("OP5", "OP10"))
    one = floor(known, past=PastKnown(SERIAL, UnitHistory((visit("OP5"), visit("OP10", "fail")))))
    one.scan(SERIAL)
    assert one.message == f"{SERIAL} has not passed OP10: take it there first"
    one = floor(known, past=PastKnown(SERIAL, UnitHistory((visit("OP5"), visit("OP10")))))
    one.scan(SERIAL)
    assert [(step.operation, step.verdict) for step in sealed(one).route] == [
        ("OP5", Verdict.PASS),
        ("OP10", Verdict.PASS),
    ]


def test_a_concession_goes_before_an_operation_that_lacks() -> None:
    one = floor(at(after=("OP5",)), entry(SERIAL, "concession"), past=PastKnown(SERIAL, UnitHistory()))
    one.scan(SERIAL)
    assert sealed(one).unit_state is UnitState.CONCESSION


def test_without_an_answer_the_plan_decides() -> None:
    nobody = PastKnown(SERIAL, None, said("past.no_answer", ms=300))
    one = floor(at(on_unknown="refuse"), past=nobody)
    one.scan(SERIAL)
    assert one.message == (
        f"nobody could tell the past of {SERIAL} (no collector has answered within 300 ms), and the plan wants to know "
        "it: scan it again in a moment"
    )
    for after, marked in (((), ["*"]), (("OP5", "OP10"), ["OP5", "OP10"])):
        one = floor(at(after=after), past=nobody)
        one.scan(SERIAL)
        assert [(step.operation, step.verdict) for step in sealed(one).route] == [(name, None) for name in marked]


def test_a_plan_that_wants_to_know_refuses_where_nobody_was_asked() -> None:
    one = floor(at(on_unknown="refuse"))
    one.scan(SERIAL)
    assert "(nobody was asked)" in one.message


states = st.sampled_from([*UnitState]).map(str)


@given(states, states, st.integers(0, 9), st.integers(0, 9))
def test_a_unit_that_this_station_knows_to_be_held_never_begins(
    listed: str, stored: str, listed_at: int, stored_at: int
) -> None:
    """Never a unit passed that the station knows to be held: the later word of list and store is no hold or scrap."""
    past = PastKnown(SERIAL, UnitHistory(unit=entry(SERIAL, stored, stored_at), failed_at=("OP10",)))
    one = floor(None, entry(SERIAL, listed, listed_at), past=past)
    one.scan(SERIAL)
    latest = listed if listed_at >= stored_at else stored
    if one.state.unit is not None:
        assert latest not in ("hold", "scrap", "fail")


def held_here(state: str) -> Floor:
    """The unit was held at this station; then the line's list says something of it."""
    one = floor()
    for text in (SERIAL, "%HOLD:scratches"):
        one.scan(text)
    recorded(one)
    at = one.now - NOW
    one.say(HeldKnown(HeldNow.of([entry(SERIAL, state, at + 1_000_000)], NOW)))
    return one


@pytest.mark.parametrize("state", ["hold", "scrap"])
def test_a_unit_that_is_stopped_while_it_is_in_hand_does_not_pass_and_is_put_aside(state: str) -> None:
    one = floor()
    one.scan(SERIAL)
    one.say(HeldKnown(HeldNow.of([entry(SERIAL, state)], NOW)))
    body = sealed(one)
    assert (body.verdict, body.unit_state) == (Verdict.INCOMPLETE, UnitState(state))
    recorded(one)
    assert one.message.endswith(f"It is {'on hold' if state == 'hold' else 'scrap'}: put it aside")
    assert one.state.light == "red"


def test_what_is_let_go_while_it_is_in_hand_passes() -> None:
    one = floor(None, entry(SERIAL, "rework"))
    one.scan(SERIAL)
    one.say(HeldKnown(HeldNow.of([entry(SERIAL, "released", 5)], NOW)))
    assert sealed(one).verdict is Verdict.PASS


@pytest.mark.parametrize("state", ["released", "concession", "rework"])
def test_what_was_held_here_and_let_go_elsewhere_since_is_measured_here(state: str) -> None:
    one = held_here(state)
    one.scan(SERIAL)
    assert one.state.unit is not None, one.message
    assert one.state.unit.unit_state is UnitState(state)
    assert one.state.unit.reason is (Reason.REWORK if state == "rework" else Reason.RUNNING)


def test_a_release_before_the_hold_of_this_station_lifts_nothing() -> None:
    one = floor(None, entry(SERIAL, "released", -1))
    for text in (SERIAL, "%HOLD:scratches"):
        one.scan(text)
    recorded(one)
    one.scan(SERIAL)
    assert one.state.unit is None


def test_a_pass_is_told_with_its_record_to_whoever_keeps_what_is_held(one: Spool) -> None:
    """At one PC the next operation must not wait for the collector's list."""
    life, told = Asked(one), list[Committed]()
    life.runner._doors = replace(life.runner._doors, recorded=told.append)
    life.live("OP-12", SERIAL, "%OK")
    (done,) = told
    (record,) = inspections(one)
    assert done.body is not None
    assert (done.body.serial, done.body.verdict) == (SERIAL, Verdict.PASS)
    assert (done.appended.record_id, done.appended.time_us) == (record.id, record.time_us)


# --- automatic stations


def sealings(one: Floor) -> list[SealIt]:
    return [effect for effect in one.say(block(SERIAL, "15")) if isinstance(effect, SealIt)]


def test_a_plc_is_told_that_a_held_part_is_rejected_and_it_is_a_record() -> None:
    one = Floor(at(mode="automatic"))
    one.say(HeldKnown(HeldNow.of([entry(SERIAL)], NOW)))
    (sealed_,) = sealings(one)
    assert isinstance(sealed_.body, EventBody)
    assert SERIAL in sealed_.body.payload["reason"]
    assert [refusal.why.id for refusal in one.refused] == ["unit.held"]
    assert answer_to(sealed_) is ResultCode.REJECTED


def test_a_part_in_rework_is_measured_for_the_plc_and_marked() -> None:
    one = Floor(at(mode="automatic"))
    one.say(HeldKnown(HeldNow.of([entry(SERIAL, "rework")], NOW)))
    (sealed_,) = sealings(one)
    assert isinstance(sealed_.body, InspectionBody)
    assert (sealed_.body.unit_state, sealed_.body.reason) == (UnitState.REWORK, Reason.REWORK)


# --- gauges


def test_a_gauge_that_failed_its_check_here_is_told_as_that_though_the_line_knows_it_as_blocked() -> None:
    one = floor(
        setup(BORE), ListedState(kind="gauge", id="G-17", state="blocked", since=utc_text(NOW), record="a/e1/1")
    )
    checks = CheckedGauges(blocked={"G-17": BlockedGauge("it measured 74.010", "bore", utc_text(NOW), told=True)})
    one.state = replace(one.state, memory=msgspec.structs.replace(one.state.memory, gauge_checks=checks))
    one.scan(SERIAL)
    one.gauge("bore", "74.000", "mm")
    assert one.refused[-1].why.id == "value.gauge_blocked_here"


def test_a_gauge_that_was_blocked_since_gives_no_value() -> None:
    known = setup(BORE)
    one = floor(known, ListedState(kind="gauge", id="G-17", state="blocked", since=utc_text(NOW), record="a/e1/1"))
    one.scan(SERIAL)
    one.gauge("bore", "74.000", "mm")
    assert one.message.startswith("gauge G-17 is blocked")
    assert one.refused[-1].why.id == "value.gauge_unfit"
    one.say(HeldKnown(HeldNow()))
    one.gauge("bore", "74.000", "mm")
    assert one.state.sealing is not None


# --- when the store is asked


def test_it_is_asked_for_a_unit_that_begins_and_for_nothing_else() -> None:
    def scan(text: str) -> Scanned:
        return Scanned(text, NOW, 0)

    one = Floor(at())
    assert asks_about(one.setup, one.state, scan(SERIAL)) is None, "nobody is logged on"
    one.scan("OP-12")
    assert asks_about(one.setup, one.state, scan(SERIAL)) == SERIAL
    for text in ("OP-13", "%OK", "nonsense", "%CALL:quality"):
        assert asks_about(one.setup, one.state, scan(text)) is None
    one.scan(SERIAL)
    assert asks_about(one.setup, one.state, scan("SN000002")) is None, "one is in hand"


class Asked(Life):
    """A station whose store answers, and what it was asked and has said."""

    def __init__(self, one: Spool, *, known: Setup | None = None, knows: UnitHistory | None = None) -> None:
        super().__init__(one)
        self.asked: list[str] = []
        self.said: list[tuple[EventBody, Appended]] = []
        self.knows = knows
        self.runner.setup = known or at()
        doors = replace(self.runner._doors, past=self._past, said=lambda *what: self.said.append(what))
        self.runner._doors = doors

    async def _past(self, serial: str) -> PastKnown:
        self.asked.append(serial)
        await asyncio.sleep(0)
        return PastKnown(serial, self.knows, "" if self.knows else "nobody")


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_a_unit_is_asked_for_before_it_begins_also_where_its_scan_waited(one: Spool) -> None:
    life = Asked(one, known=at(on_unknown="refuse"), knows=UnitHistory())
    life.live("OP-12", SERIAL, "%OK", "SN000002", "%OK")
    assert life.asked == [SERIAL, "SN000002"]
    assert life.runner.state.last is not None
    assert life.runner.state.last.serial == "SN000002"


def test_scans_made_while_a_record_is_on_its_way_are_asked_for_in_their_turn(one: Spool) -> None:
    life = Asked(one, known=at(on_unknown="refuse"), knows=UnitHistory())

    def at_once() -> None:
        for text in ("%OK", "SN000002", "%OK"):
            life.runner.scanned(text)

    life.live("OP-12", SERIAL, at_once)
    assert life.asked == [SERIAL, "SN000002"]
    assert life.runner.state.last is not None
    assert life.runner.state.last.serial == "SN000002"


def test_what_a_station_says_is_told_once_it_is_in_the_spool(one: Spool) -> None:
    life = Asked(one)
    life.live(lambda: life.runner._do_at_once(TellEvent(hold(SERIAL))))
    ((body, appended),) = life.said
    assert body.type == "unit.state"
    assert appended.record_id == next(event.id for event in events(one) if event.type == "unit.state")
    assert body.subject.id == SERIAL
