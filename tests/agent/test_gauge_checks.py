"""Gauges are checked with a master piece; what a failed check puts in doubt is held."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from pydantic import ValidationError
from spool_bodies import events, spool
from station_floor import BORE, FORCE, WEIGHT, Floor, block, setup
from station_lives import ShiftLife, asked, inspected, ticked, told
from test_reactions import GOOD, RP, reacting
from test_states_decided import DECIDERS

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.keeping.sealing import answer_to
from gaugetrail_agent.station.looking_back import FoundRecords, FoundUnit
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import AnswerPlc, AskDevice, Effect, LookBack, SealIt
from gaugetrail_agent.station.words.happening import EventKept, LookedBack, Woke
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.master_check import MasterCheck
from gaugetrail_contract.events.nonconformity import GaugeStateSaid, SuspectWindow
from gaugetrail_contract.plc_codes import ResultCode
from gaugetrail_contract.record import InspectionBody, Subject, Verdict

DEPTH = FORCE.model_copy(update={"name": "depth", "unit": "mm", "lsl": "1", "usl": "2", "channel": "depth"})
CHECK = {"characteristic": "bore", "master": "M-74", "nominal": "74.001", "low": "73.999", "high": "74.003"}
HOURLY = MasterCheck.model_validate({**CHECK, "every_mins": 60, "grace_mins": 5})


def checked(one: MasterCheck = HOURLY, at: Setup | None = None) -> Setup:
    at = at or setup(BORE, people=DECIDERS)
    return replace(at, plan=replace(at.plan, file=at.plan.file.model_copy(update={"check": (one,)})))


def floor_at(at: Setup | None = None, badge: str = "OP-12") -> Floor:
    floor = Floor(at or checked())
    floor.say(Woke(Moment(floor.now, floor.now * 1000, "boot")))
    floor.scan(badge)
    return floor


def master(floor: Floor, value: str, number: int = 1) -> tuple[object, ...]:
    """The master is measured, and its event is in the spool."""
    floor.scan("%CHECK")
    effects = floor.gauge("bore", value, "mm")
    (event,) = told(effects)
    return floor.say(EventKept(event, f"pc1/e1/{number}"))


def test_nothing_is_measured_before_the_gauge_has_passed_its_check() -> None:
    floor = floor_at()
    floor.scan("SN000001")
    floor.gauge("bore", "74.01", "mm")
    assert floor.message == "gauge G-17 must be checked with the master M-74 first (%CHECK)"
    assert floor.refused[-1].names["gauge"] == "G-17"
    floor.scan("%CHECK")
    assert floor.message == "finish the unit in hand, then check the gauge"
    floor.scan("%CANCEL")
    floor.state = replace(floor.state, sealing=None)
    effects = floor.scan("%CHECK")
    assert effects == (AskDevice("bore", None),)
    assert asked(floor) == "measure the master M-74 with G-17 (bore)"
    (event,) = told(floor.gauge("bore", "74.003", "mm"))
    assert (event.type, event.subject, event.by) == ("gauge.checked", Subject(kind="gauge", id="G-17"), "OP-12")
    assert event.payload == {
        "result": "pass",
        "characteristic": "bore",
        "master": "M-74",
        "value": "74.003",
        "unit": "mm",
        "nominal": "74.001",
        "low": "73.999",
        "high": "74.003",
        "device": "bore",
        "plan": "CP-1",
    }
    floor.say(EventKept(event, "pc1/e1/9"))
    sealed = inspected(floor, "SN000002", GOOD)
    assert [one.gauge_check for one in sealed.measurements] == ["pc1/e1/9"]


def test_a_check_falls_due_then_overdue_by_the_monotonic_clock() -> None:
    floor = floor_at()
    master(floor, "74.0")
    ticked(floor, 3590)
    assert "master check G-17" not in floor.state.notices
    ticked(floor, 60)
    assert floor.state.notices["master check G-17"].sign == "amber"
    inspected(floor, "SN000001", GOOD)
    ticked(floor, 300)
    assert floor.state.notices["master check G-17"].sign == "red"
    floor.scan("SN000002")
    floor.gauge("bore", "74.01", "mm")
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()
    floor.scan("%ALLOW:the master is at the laboratory")
    floor.scan("OP-31")
    floor.gauge("bore", "74.01", "mm")
    (override,) = [floor.sealed().override]
    assert override is not None
    assert "must be checked with the master" in override.why


def test_each_shift_wants_its_check() -> None:
    floor = floor_at(checked(MasterCheck.model_validate({**CHECK, "per_shift": True})))
    master(floor, "74.0")
    inspected(floor, "SN000001", GOOD)
    samples = msgspec.structs.replace(floor.state.memory.samples, happened={"shift": 1})
    floor.state = replace(floor.state, memory=msgspec.structs.replace(floor.state.memory, samples=samples))
    floor.scan("SN000002")
    floor.gauge("bore", "74.01", "mm")
    assert floor.message.startswith("gauge G-17 must be checked")


def test_a_failed_check_blocks_the_gauge_at_once_and_a_later_pass_lifts_it() -> None:
    floor = floor_at()
    master(floor, "74.0")
    effects = master(floor, "74.01", 2)
    (blocked,) = told(effects)
    assert GaugeStateSaid.read(blocked.payload) == GaugeStateSaid(
        state="blocked",
        why="the master M-74 measured 74.01, and must lie between 73.999 and 74.003",
        check="pc1/e1/2",
        characteristic="bore",
    )
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert floor.message == (
        "gauge G-17 is blocked here: the master M-74 measured 74.01, and must lie between 73.999 and 74.003. "
        "Check it with its master (%CHECK), or use another one"
    )
    floor.scan("%CANCEL")
    floor.state = replace(floor.state, sealing=None)
    (lifted,) = told(master(floor, "74.001", 3))
    assert GaugeStateSaid.read(lifted.payload) == GaugeStateSaid(
        state="fit", why="master M-74: 74.001", check="pc1/e1/3"
    )
    inspected(floor, "SN000002", GOOD)
    assert floor.sealed().verdict is Verdict.PASS


def test_somebody_who_judges_lifts_a_block_with_a_reason() -> None:
    floor = floor_at()
    floor.scan("%UNBLOCK:why not")
    assert floor.message == "no gauge is blocked here"
    master(floor, "75")
    floor.scan("%UNBLOCK")
    assert floor.message == "say why: %UNBLOCK:reason"
    floor.scan("%UNBLOCK:the master was dirty")
    assert asked(floor).startswith("G-17 may measure again by the word of:")
    assert told(floor.scan("OP-12")) == []
    (lifted,) = told(floor.scan("OP-31"))
    assert (lifted.by, lifted.role, lifted.payload["state"]) == ("OP-31", "quality engineer", "fit")
    assert floor.state.memory.gauge_checks.blocked == {}


def test_a_failed_check_holds_all_that_its_gauge_measured_since_the_last_good_one() -> None:
    floor = floor_at()
    master(floor, "74.0", 1)
    good_at = floor.state.memory.gauge_checks.of("G-17", "bore").good_at
    effects = master(floor, "75", 2)
    (search,) = [one for one in effects if isinstance(one, LookBack)]
    assert (search.wanted.gauge, search.wanted.characteristic, search.wanted.since) == ("G-17", "bore", good_at)
    units = tuple(FoundUnit(f"SN{n:06}", None, f"pc1/e1/{n}", Verdict.PASS, "CP-1") for n in range(1200))
    said = told(floor.say(LookedBack(search.wanted, FoundRecords(units), **floor.tick())))
    window = SuspectWindow.read(said[0].payload)
    assert window is not None
    assert (window.units, window.complete, window.good_check, window.failed_check) == (
        1200,
        False,
        "pc1/e1/1",
        "pc1/e1/2",
    )
    assert window.open_ == f"what other PCs measured with G-17 since {good_at} is not known here"
    holds = [one for one in said if one.type == "unit.state"]
    assert len(holds) == 3
    named = {serial for one in holds for serial in (one.subject.id, *one.payload["serials"])}  # type: ignore[misc]
    assert named == {one.serial for one in units}
    assert {one.payload["window_until"] for one in holds} == {window.until}
    floor.scan("SN000007")
    assert floor.state.unit is None
    assert told(floor.say(LookedBack(search.wanted, FoundRecords(units), **floor.tick()))) == []


def test_what_is_shown_all_the_time_is_taken_by_a_word_and_is_no_units_value_after() -> None:
    at = checked(at=setup(BORE, people=DECIDERS, rules={"bore": FreshRule(fresh="motion")}))
    floor = floor_at(at)
    floor.scan("%CHECK")
    assert asked(floor) == "measure the master M-74 with G-17 (bore), and scan %OK when it stands still"
    floor.scan("%OK")
    assert floor.state.memory.gauge_checks.checks == {}
    floor.gauge("bore", "74.0", "mm")
    floor.gauge("bore", "74.001", "mm")
    (event,) = told(floor.scan("%OK"))
    assert event.payload["value"] == "74.001"
    floor.scan("SN000001")
    floor.gauge("bore", "74.001", "mm")
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()


def test_a_value_in_another_unit_is_no_check() -> None:
    floor = floor_at()
    floor.scan("%CHECK")
    assert told(floor.gauge("bore", "2.9", "in")) == []
    assert floor.message == "bore measures in in, the plan wants mm: switch the gauge over"


def test_of_several_gauges_one_is_chosen() -> None:
    both = checked(at=setup(BORE, WEIGHT, people=DECIDERS))
    weight = MasterCheck(characteristic="weight", master="M-10", low="9.9", high="10.1", every_mins=60)
    file = both.plan.file.model_copy(update={"check": (HOURLY, weight)})
    floor = floor_at(replace(both, plan=replace(both.plan, file=file)))
    floor.scan("%CHECK")
    assert floor.state.dialog is not None
    assert [one.code for one in floor.state.dialog.choices] == ["G-17", "G-18"]
    floor.scan("G-18")
    assert asked(floor) == "measure the master M-10 with G-18 (scale)"


def test_three_failures_in_a_row_open_the_window_of_their_gauge() -> None:
    at = reacting(RP)
    floor = floor_at(at)
    for number in (1, 2):
        inspected(floor, f"SN00000{number}", {"bore": ("74.9", "mm")})
        floor.scan("a cause")
    inspected(floor, "SN000003", {"bore": ("74.9", "mm")})
    searches = [one.wanted for one in floor.effects if isinstance(one, LookBack)]
    assert [(one.gauge, one.characteristic, one.since) for one in searches] == [("G-17", "bore", None)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"low": "74.002", "nominal": None, "high": "74.001"}, "low 74.002 is above high 74.001"),
        ({"nominal": "75"}, "the master itself, 75, would fail"),
        ({"every_mins": None}, "say how often"),
    ],
)
def test_a_check_that_makes_no_sense_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MasterCheck.model_validate({**CHECK, "every_mins": 60, **change})


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_checks_blocks_and_windows_come_back_after_a_kill(one: Spool) -> None:
    """The failed check is on disk, and the agent is killed before anything else: all is told by the next life."""
    at, clock = checked(), FixedClock()
    life = ShiftLife(at, one, clock)
    life.live("OP-12", "%CHECK", life.gauge("bore", "74.0"), "SN000001", life.gauge("bore", "74.01"))
    clock.advance(60)
    again = ShiftLife(at, one, clock)
    again.live("OP-12", "SN000002", again.gauge("bore", "74.01"))
    records = [e.id for e in events(one) if e.type == "gauge.checked"]
    clock.advance(60)
    third = ShiftLife(at, one, clock)
    third.live("OP-12", "%CHECK", third.gauge("bore", "75"))
    assert third.runner.state.memory.gauge_checks.of("G-17", "bore").good_record == records[0]
    told_of = [(e.type, e.subject.id, e.payload.get("state")) for e in events(one) if e.type != "gauge.checked"]
    assert ("gauge.state", "G-17", "blocked") in told_of
    assert ("suspect.window", "G-17", None) in told_of
    fourth = ShiftLife(at, one, clock)
    fourth.live("OP-12", "SN000003", fourth.gauge("bore", "74.0"))
    assert fourth.runner.state.unit is not None
    assert fourth.runner.state.unit.taken == ()
    holds = [e for e in events(one) if e.type == "unit.state"]
    assert {s for e in holds for s in (e.subject.id, *e.payload["serials"])} == {"SN000001", "SN000002"}  # type: ignore[misc]
    assert fourth.runner.state.memory.gauge_checks.windows == ()


# --- at a station where a PLC offers the master

FORCED = MasterCheck.model_validate(
    {"characteristic": "force", "master": "M-15", "low": "14.9", "high": "15.1", "every_mins": 60, "grace_mins": 5}
)


def at_a_press(one: MasterCheck = FORCED) -> Floor:
    floor = Floor(checked(one, setup(FORCE, mode="automatic")))
    floor.say(Woke(Moment(floor.now, floor.now * 1000, "boot")))
    return floor


def press(floor: Floor, serial: str, force: str | None) -> tuple[Effect, ...]:
    """A block, at the floor's own time."""
    at, came = floor.tick(), block(serial, force)
    times = tuple(at["at_us"] + number for number in range(len(came.readings)))
    return floor.say(replace(came, times_us=times, mono_ns=at["mono_ns"]))


def offered_master(floor: Floor, force: str, number: int = 1) -> ResultCode:
    """The master's block, its event in the spool, and what the PLC is told."""
    effects = press(floor, "M-15", force)
    (event,), (answer,) = told(effects), [one for one in effects if isinstance(one, AnswerPlc)]
    floor.say(EventKept(event, f"pc1/e1/{number}"))
    return answer.code


def pressed(floor: Floor, serial: str, force: str = "15.2") -> tuple[Verdict, ResultCode]:
    """What a part comes to, and what its PLC is told."""
    (sealing,) = [one for one in press(floor, serial, force) if isinstance(one, SealIt)]
    assert isinstance(sealing.body, InspectionBody)
    return sealing.body.verdict, answer_to(sealing)


def test_a_part_has_no_value_before_the_plc_has_offered_the_master() -> None:
    floor = at_a_press()
    assert pressed(floor, "SN000001") == (Verdict.INCOMPLETE, ResultCode.REJECTED)
    assert floor.refused[-1].why.id == "value.gauge_check_overdue"
    assert offered_master(floor, "15.0") is ResultCode.MASTER_PASS
    assert (floor.state.light, floor.state.says.id) == ("off", "check.passed")
    assert pressed(floor, "SN000002") == (Verdict.PASS, ResultCode.STORED_PASS)
    assert [one.gauge_check for one in floor.sealed().measurements] == ["pc1/e1/1"]


def test_a_check_by_a_plc_is_the_same_event_as_one_by_hand() -> None:
    floor = at_a_press()
    (event,) = told(press(floor, "M-15", "15.0"))
    assert (event.type, event.subject, event.by) == ("gauge.checked", Subject(kind="gauge", id="G-19"), None)
    assert {key: event.payload[key] for key in ("result", "master", "value", "device")} == {
        "result": "pass",
        "master": "M-15",
        "value": "15.0",
        "device": "press",
    }


def test_a_failed_check_blocks_the_gauge_before_the_plc_hears_of_it() -> None:
    floor = at_a_press()
    offered_master(floor, "15.0")
    effects = press(floor, "M-15", "15.2")
    assert [type(one).__name__ for one in effects][-1] == "AnswerPlc", "the PLC comes last"
    assert floor.state.memory.gauge_checks.blocked["G-19"].characteristic == "force"
    assert [one.code for one in effects if isinstance(one, AnswerPlc)] == [ResultCode.MASTER_FAIL]
    assert floor.message == "the master M-15 measured 15.2, and must lie between 14.9 and 15.1"
    assert pressed(floor, "SN000003") == (Verdict.INCOMPLETE, ResultCode.REJECTED)
    assert floor.refused[-1].why.id == "value.gauge_blocked_here"
    assert "let the machine measure it" in ENGLISH.text(floor.refused[-1].why)
    assert offered_master(floor, "14.9", 2) is ResultCode.MASTER_PASS
    assert floor.state.memory.gauge_checks.blocked == {}


def test_a_check_by_a_plc_falls_due_and_overdue_by_the_clock() -> None:
    floor = at_a_press()
    offered_master(floor, "15.0")
    ticked(floor, 3650)
    assert floor.state.notices["master check G-19"].sign == "amber"
    assert pressed(floor, "SN000001") == (Verdict.PASS, ResultCode.STORED_PASS)
    ticked(floor, 300)
    assert floor.state.notices["master check G-19"].sign == "red"
    assert pressed(floor, "SN000002") == (Verdict.INCOMPLETE, ResultCode.REJECTED)


@pytest.mark.parametrize("force", [None, "15.0 in another unit"])
def test_a_masters_block_without_a_value_is_no_check(force: str | None) -> None:
    floor = at_a_press()
    came = block("M-15", None if force is None else "15.0")
    if force is not None:
        readings = (replace(came.readings[0], unit="N"), *came.readings[1:])
        came = replace(came, readings=readings)
    (sealing,) = [one for one in floor.say(came) if isinstance(one, SealIt)]
    assert (sealing.body.KIND, answer_to(sealing)) == ("event", ResultCode.REJECTED)
    assert floor.state.memory.gauge_checks.checks == {}


def test_one_master_may_check_several_values_and_the_worst_is_shown() -> None:
    twice = checked(FORCED, setup(FORCE, DEPTH, mode="automatic"))
    other = MasterCheck.model_validate({**FORCED.model_dump(), "characteristic": "depth", "low": "1", "high": "2"})
    file = twice.plan.file.model_copy(update={"check": (FORCED, other)})
    floor = Floor(replace(twice, plan=replace(twice.plan, file=file)))
    floor.say(Woke(Moment(floor.now, floor.now * 1000, "boot")))
    came = block("M-15", "16.0")
    depth = replace(came.readings[0], value="1.5", unit="mm", channel="depth")
    came = replace(came, readings=(came.readings[0], depth, came.readings[1]), times_us=(*came.times_us, floor.now))
    effects = floor.say(came)
    assert [one.payload["result"] for one in told(effects)] == ["fail", "pass"]
    assert [one.code for one in effects if isinstance(one, AnswerPlc)] == [ResultCode.MASTER_FAIL]
    assert (floor.state.light, floor.state.says.id) == ("red", "check.failed")


def test_a_plc_without_a_trigger_is_told_nothing_of_its_master() -> None:
    floor = at_a_press()
    effects = floor.say(replace(block("M-15", "15.0"), trigger=None))
    assert [type(one).__name__ for one in effects] == ["TellEvent"]
