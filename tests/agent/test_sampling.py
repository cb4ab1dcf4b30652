"""Which characteristics are measured of which unit: by count, time and occasion; first pieces; through restarts and
clock steps; what falls out is told.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from documents_on_paper import listed, shelf
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import events, records, spool
from station_floor import BORE, WEIGHT, Floor, setup
from station_lives import asked

from gaugetrail_agent.papers.shown import station_reactions
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.finishing import body_of
from gaugetrail_agent.station.memory import Moment, StationMemory, memory_text, read_memory
from gaugetrail_agent.station.memory.samples import Samples
from gaugetrail_agent.station.runner import Doors, StationRunner
from gaugetrail_agent.station.setup import Setup, StationTable
from gaugetrail_agent.station.words.effect import SealIt, TellEvent
from gaugetrail_agent.station.words.happening import Recorded, Tick, ValueCame, Woke
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.words.unit import Unit
from gaugetrail_agent.station.workflow.sampling import counting, reasons
from gaugetrail_agent.station.workflow.sampling.due import upcoming
from gaugetrail_contract.clock import FixedClock
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.documents.plan import Characteristic, LotsLetBy
from gaugetrail_contract.record import EventBody, Inspection, InspectionBody, Measurement, Verdict
from gaugetrail_contract.record.parts import Reason

EVERY_4 = BORE.model_copy(update={"every_units": 4, "sample_size": 2})
HOURLY = WEIGHT.model_copy(update={"every_mins": 60})
AT_TOOL = WEIGHT.model_copy(update={"at": ("tool_change",)})
GAP = Characteristic(name="gap", unit="mm", formula="bore - 70", decimals=3)
HEAD = 'id = "RP-12"\nrevision = "A"\n'
REACTIONS_AT = StationTable(name="OP20", plans="documents", operation="OP20")
MIN_US = 60 * 10**6
DAY_MINS = 24 * 60


def governed(*characteristics: Characteristic, people: PeopleList | None = None, **of_plan: object) -> Setup:
    made = setup(*characteristics, people=people)
    file = made.plan.file.model_copy(update={"sampling": "by_frequency", **of_plan})
    return replace(made, plan=replace(made.plan, file=file))


class Shift(Floor):
    """A shift on paper: each unit that wants something is measured and recorded."""

    def __init__(self, at: Setup) -> None:
        super().__init__(at)
        self.number = 0
        self.sealed_all: list[InspectionBody] = []
        self.say(Woke(self.moment))
        self.scan("OP-12")

    @property
    def moment(self) -> Moment:
        return Moment(self.now, self.now * 1000, "boot 1")

    def tick(self) -> dict[str, int]:
        self.now += 1000
        return {"at_us": self.now, "mono_ns": self.now * 1000}

    def wait(self, mins: float) -> list[EventBody]:
        self.now += int(mins * MIN_US)
        return [one.body for one in self.say(Tick(self.moment)) if isinstance(one, TellEvent)]

    def unit(self, bore: str = "74.000", lot: str | None = None) -> set[str]:
        """The next unit; what was measured of it."""
        self.number += 1
        self.scan(f"SN{self.number:06}" if lot is None else lot)
        measured: set[str] = set()
        while self.state.unit is not None:
            wanted = display(self.setup, self.state).next
            assert wanted is not None
            measured.add(wanted.name)
            value = bore if wanted.name == "bore" else "12.0"
            self.record(self.gauge(wanted.device or "", value, wanted.unit))
        return measured

    def record(self, effects: tuple[object, ...]) -> None:
        for one in effects:
            if isinstance(one, SealIt) and isinstance(one.body, InspectionBody):
                body = one.body
                self.sealed_all.append(body)
                self.say(Recorded(f"pc1/e/{len(self.sealed_all)}", body.serial or "", body.verdict, body=body))

    def restart(self) -> None:
        """What is on the disk is all that is left."""
        memory = read_memory(memory_text(self.state.memory))
        self.state = replace(Floor(self.setup).state, memory=memory)
        self.say(Woke(self.moment))
        self.scan("OP-12")


def test_two_of_every_four_units_are_measured_and_the_others_counted() -> None:
    shift = Shift(governed(EVERY_4))
    assert [bool(shift.unit()) for _ in range(10)] == [True, True, False, False] * 2 + [True, True]
    assert shift.message.startswith("SN000010: recorded") or shift.state.last is not None
    shift.unit()
    assert shift.message == "SN000011: nothing is due of it; it is counted"


def test_the_units_of_a_check_stand_in_their_places() -> None:
    shift = Shift(governed(EVERY_4))
    for _ in range(6):
        shift.unit()
    places = [body.measurements[0].subgroup for body in shift.sealed_all]
    assert [(one.position, one.size) for one in places if one is not None] == [(1, 2), (2, 2)] * 2
    names = [one.id for one in places if one is not None]
    assert names[0] == names[1] != names[2] == names[3]


def test_what_has_no_frequency_is_measured_of_each() -> None:
    shift = Shift(governed(EVERY_4, WEIGHT))
    assert [shift.unit() for _ in range(3)] == [{"bore", "scale", "weight"} - {"scale"}] * 2 + [{"weight"}]
    assert [body.verdict for body in shift.sealed_all] == [Verdict.PASS] * 3


def test_without_the_plans_word_each_unit_is_measured_whole() -> None:
    shift = Shift(setup(EVERY_4, HOURLY))
    assert [shift.unit() for _ in range(3)] == [{"bore", "weight"}] * 3
    assert shift.state.memory.samples.plans == {}


def test_what_is_derived_follows_what_it_is_made_of() -> None:
    shift = Shift(governed(EVERY_4, GAP, WEIGHT))
    for _ in range(3):
        shift.unit()
    assert [len(body.measurements) for body in shift.sealed_all] == [3, 3, 1]
    derived_hourly = GAP.model_copy(update={"every_units": 2})
    shift = Shift(governed(EVERY_4.model_copy(update={"sample_size": 1}), derived_hourly))
    assert [bool(shift.unit()) for _ in range(4)] == [True, False, True, False]


def test_a_check_by_time_is_due_with_the_next_unit_whatever_the_clock_is_set_to() -> None:
    shift = Shift(governed(BORE, HOURLY))
    assert shift.unit() == {"bore", "weight"}
    assert shift.unit() == {"bore"}
    shift.wait(59)
    assert shift.state.notices == {}
    back = replace(shift.state)
    shift.say(Tick(Moment(shift.now + 365 * DAY_MINS * MIN_US, shift.now * 1000, "boot 1")))
    assert shift.state == back, "a clock that is set makes nothing due"
    shift.wait(2)
    assert {about: (one.sign, one.says.id) for about, one in shift.state.notices.items()} == {
        "check weight": ("amber", "notice.check_due")
    }
    shift.restart()
    assert shift.unit() == {"bore", "weight"}
    shift.wait(0)
    assert shift.state.notices == {}


def test_a_check_that_falls_out_is_told_once_and_its_cause_asked() -> None:
    shift = Shift(governed(BORE, HOURLY.model_copy(update={"late_mins": 10})))
    shift.unit()
    assert shift.wait(69) == []
    assert shift.wait(2) == []
    assert shift.state.notices["check weight"].says.id == "notice.check_overdue"
    (missed,) = shift.wait(60)
    assert (missed.type, missed.by) == ("check.missed", "OP-12")
    assert missed.payload == {"characteristic": "weight", "plan": "CP-1", "every_mins": "60", "missed": 1}
    assert shift.wait(1) == []
    assert display(shift.setup, shift.state).asks.id == "check.why_missed"
    shift.restart()
    assert shift.wait(0) == []
    assert display(shift.setup, shift.state).asks.id == "check.why_missed", "a restart doesn't answer it"
    for no_cause in ("%CANCEL", "%HOLD:x", "SN000099"):
        shift.scan(no_cause)
        assert display(shift.setup, shift.state).asks.id == "check.why_missed"
    shift.scan("nobody was here")
    (cause,) = (one for one in shift.effects if isinstance(one, TellEvent) and one.body.type == "check.missed_cause")
    assert cause.body.payload == {"characteristics": ["weight"], "cause": "nobody was here"}


MISSED = """
[[on]]
signal = ["check_missed"]
acknowledge = "cause_and_action"
[[on.step]]
who = "operator"
what = { en = "Measure the next unit." }
"""


def reacting(text: str) -> Setup:
    """The hourly check names a reaction document that says what to do when it was missed."""
    text = HEAD + text
    found, remarks = station_reactions(shelf({listed("RP-12", text, kind="reaction"): text}), REACTIONS_AT)
    assert remarks == ()
    hourly = HOURLY.model_copy(update={"reaction": "RP-12: measure", "late_mins": 10})
    return replace(governed(BORE, hourly), reactions=found)


def missing(at: Setup) -> Shift:
    """A shift that misses its hourly check twice."""
    shift = Shift(at)
    shift.unit()
    shift.wait(71)
    assert [one.type for one in shift.wait(60)] == ["check.missed"]
    return shift


def test_a_check_that_was_missed_calls_for_what_the_reaction_document_says_and_asks_its_cause_once() -> None:
    shift = missing(reacting(MISSED))
    asks = "a check of weight was missed. 1. operator: Measure the next unit. Then write down the cause"
    assert asked(shift) == asks
    assert shift.state.memory.samples.cause == ()
    shift.restart()
    shift.wait(0)
    assert asked(shift) == asks, "a restart doesn't answer it"
    shift.scan("SN000099")
    assert shift.state.unit is None
    assert [one.type for one in shift.wait(60)] == ["check.missed"]
    assert len(shift.state.memory.reactions.open) == 1, "missed again before it is answered"
    shift.scan("the gauge was away")
    (event,) = (one.body for one in shift.scan("measured by hand") if isinstance(one, TellEvent))
    assert (event.type, event.by) == ("reaction.acknowledged", "OP-12")
    assert {key: event.payload[key] for key in ("signal", "characteristics", "cause", "action", "gauge")} == {
        "signal": "check_missed",
        "characteristics": ["weight"],
        "cause": "the gauge was away",
        "action": "measured by hand",
        "gauge": "G-18",
    }
    assert shift.unit() == {"bore", "weight"}


def test_a_reaction_to_a_missed_check_that_asks_nothing_is_shown_and_the_cause_is_asked() -> None:
    shift = missing(reacting(MISSED.replace("cause_and_action", "none")))
    assert shift.state.notices["reaction 1"].sign == "red"
    assert shift.state.dialog is not None
    assert shift.state.dialog.about == "check missed"


def test_nobody_misses_what_falls_due_in_the_night() -> None:
    shift = Shift(governed(BORE, HOURLY))
    shift.unit()
    shift.scan("%LOGOFF")
    assert shift.wait(10 * 60) == []
    shift.scan("OP-12")
    assert shift.unit() == {"bore", "weight"}


def test_an_occasion_makes_due_what_the_plan_wants_after_it_until_it_is_done() -> None:
    shift = Shift(governed(BORE, AT_TOOL))
    assert shift.unit() == {"bore", "weight"}
    assert shift.unit() == {"bore"}
    (told,) = (one for one in shift.scan("%changed:tool_change") if isinstance(one, TellEvent))
    assert told.body.payload == {"occasion": "tool_change"}
    shift.restart()
    shift.scan("%CHANGED:repair")
    assert [shift.unit() for _ in range(2)] == [{"bore", "weight"}, {"bore"}]


def test_a_change_is_chosen_from_a_list_and_an_unknown_one_is_none() -> None:
    shift = Shift(governed(BORE, AT_TOOL))
    shift.scan("%CHANGED:colour")
    assert shift.message.startswith("colour is no change that is known: setup, lot, tool_change")
    shift.scan("%CHANGED")
    shown = display(shift.setup, shift.state)
    assert "tool_change" in [one.code for one in shown.state.dialog.choices]  # type: ignore[union-attr]
    shift.scan("tool_change")
    assert shift.state.memory.samples.happened == {"tool_change": 1}


def test_another_shift_is_an_occasion() -> None:
    """Which shift it is comes with the unit's context."""
    at_shift = WEIGHT.model_copy(update={"at": ("shift",)})
    at = governed(BORE, at_shift)
    samples = Samples()
    wanted = []
    for number, shift in enumerate(("early", "early", "late", "late", None)):
        context = {} if shift is None else {"shift": shift}
        unit = Unit({"serial": f"SN{number}"}, number + 1, number + 1, plan=at.plan, context=context)
        state = StationState(memory=StationMemory(samples=samples))
        state, unit = reasons.begun(at, state, unit)
        wanted.append(unit.wanted is None)
        taken = [
            Measurement(characteristic=one, kind="variable", verdict="pass", time="", capture="gauge")
            for one in ("bore", "weight")
        ]  # type: ignore[arg-type]
        body = body_of(at, replace(unit, taken=tuple(taken[: 1 + wanted[-1]])), Verdict.PASS, 0)
        samples = counting.recorded(at, state.memory, body).samples
    assert wanted == [True, False, True, False, False]


def test_people_can_see_what_comes() -> None:
    shift = Shift(governed(EVERY_4, HOURLY, AT_TOOL.model_copy(update={"name": "w2", "device": "press"})))
    comes = upcoming(shift.state.memory.samples, shift.setup.plan, shift.moment)
    assert [(one.characteristic.name, one.now) for one in comes] == [("bore", True), ("weight", True), ("w2", True)]
    for _ in range(3):
        shift.unit()
    shift.wait(20)
    bore, weight, tool = upcoming(shift.state.memory.samples, shift.setup.plan, shift.moment)
    assert (bore.now, bore.units, bore.at_us) == (False, 1, None)
    assert (weight.now, weight.units) == (False, None)
    assert weight.at_us is not None
    assert 39 < (weight.at_us - shift.now) / MIN_US < 40
    assert (tool.now, tool.units, tool.at_us) == (False, None, None)
    assert upcoming(Samples(), setup(EVERY_4).plan, shift.moment) == []


# --- first pieces and reasons


def test_nothing_else_is_taken_before_a_first_piece_has_passed() -> None:
    shift = Shift(governed(EVERY_4, HOURLY, first_piece="operator"))
    shift.unit(bore="75.0")
    assert shift.message.endswith("no first piece has passed yet: the next unit is one again")
    shift.unit(bore="74.0")
    assert shift.message.endswith("the first piece has passed: go on")
    assert shift.unit() == set()
    assert [body.reason for body in shift.sealed_all] == [Reason.FIRST, Reason.FIRST]
    assert [len(body.measurements) for body in shift.sealed_all[:2]] == [2, 2]
    shift.scan("%CHANGED:tool_change")
    shift.restart()
    shift.unit()
    assert shift.sealed_all[-1].reason is Reason.FIRST


def test_another_lot_asks_for_another_first_piece() -> None:
    at = replace(governed(BORE, first_piece="operator"), unit=re.compile("(?P<lot>L.+)"))
    shift = Shift(at)
    for lot in ("L1", "L1", "L2", "L2"):
        shift.unit(lot=lot)
    assert [body.reason for body in shift.sealed_all] == [Reason.FIRST, Reason.RUNNING] * 2


def test_an_inspectors_first_piece_is_nobody_elses() -> None:
    people = PeopleList(
        qualifications="not_kept",
        person=(Person(badge="OP-12", name="Ada"), Person(badge="OP-20", name="Ida", roles=("inspector",))),
    )
    shift = Shift(governed(BORE, people=people, first_piece="inspector"))
    shift.scan("SN000001")
    assert shift.state.unit is None
    assert shift.refused[-1].why.id == "first.by_inspector"
    shift.scan("OP-20")
    assert shift.unit() == {"bore"}
    shift.scan("OP-12")
    shift.unit()
    assert [body.reason for body in shift.sealed_all] == [Reason.FIRST, Reason.RUNNING]


def test_somebody_with_the_role_may_let_another_measure_the_first_piece() -> None:
    """What is said to be allowed is: the unit begins, and its record says who let it."""
    people = PeopleList(
        qualifications="not_kept",
        person=(Person(badge="OP-12", name="Ada"), Person(badge="OP-3", name="Eve", roles=("quality engineer",))),
    )
    shift = Shift(governed(BORE, people=people, first_piece="inspector"))
    shift.scan("SN000001")
    shift.scan("%ALLOW:the inspector is ill")
    shift.scan("OP-3")
    assert shift.unit() == {"bore"}
    (first,) = shift.sealed_all
    assert first.override is not None
    assert (first.override.who, first.reason) == ("OP-3", Reason.FIRST)


def test_a_second_person_has_to_have_looked_where_the_plan_wants_two() -> None:
    shift = Shift(governed(BORE, first_piece="two_persons"))
    for answer in ("%NOK", "OP-13"):
        shift.scan(f"SN00000{len(shift.sealed_all) + 1}")
        assert shift.gauge("bore", "74.0", "mm")[1:] == ()
        shift.record(shift.scan(answer))
    first, second = shift.sealed_all
    assert (first.verdict, first.verifier, first.reason) == (Verdict.INCOMPLETE, None, Reason.FIRST)
    assert (second.verdict, second.verifier, second.reason) == (Verdict.PASS, "OP-13", Reason.FIRST)
    assert shift.message.endswith("the first piece has passed: go on")
    assert shift.unit() == {"bore"}


def test_another_edition_of_the_plan_begins_with_a_first_piece() -> None:
    shift = Shift(governed(BORE, first_piece="operator"))
    shift.unit()
    plan = shift.setup.plan
    shift.setup = replace(shift.setup, plan=replace(plan, ref=msgspec.structs.replace(plan.ref, sha256="1" * 64)))
    shift.unit()
    assert [body.reason for body in shift.sealed_all] == [Reason.FIRST, Reason.FIRST]


def test_a_reason_that_is_chosen_is_the_next_units_alone_and_all_is_measured() -> None:
    shift = Shift(governed(EVERY_4, HOURLY))
    for _ in range(2):
        shift.unit()
    shift.scan("%REASON:audit")
    assert shift.unit() == {"bore", "weight"}
    shift.unit()
    assert [body.reason for body in shift.sealed_all] == [Reason.RUNNING, Reason.RUNNING, Reason.AUDIT]
    shift.scan("%REASON:first")
    assert shift.message.startswith("first is no reason that is chosen here: running, setup")


def test_lots_are_let_by_after_good_ones_until_one_fails() -> None:
    at = governed(BORE, skip_lot=LotsLetBy(after_good_lots=2, one_in=3))
    shift = Shift(replace(at, unit=re.compile("(?P<lot>L.+)")))
    measured = {lot: bool(shift.unit(lot=lot)) for lot in ("L1", "L2", "L3", "L4", "L5", "L6")}
    assert measured == {"L1": True, "L2": True, "L3": False, "L4": False, "L5": True, "L6": False}
    shift.scan("%REASON:special")
    shift.unit(lot="L6", bore="80.0")
    assert [bool(shift.unit(lot=lot)) for lot in ("L7", "L8", "L9")] == [True, True, False]


# --- counted by a PLC


def test_a_plcs_counter_counts_and_scans_do_not() -> None:
    shift = Shift(replace(governed(EVERY_4.model_copy(update={"sample_size": 1})), counter=("press", "parts")))

    def counter(value: str) -> None:
        shift.say(ValueCame("press", Reading(Status.OK, b"", value=value, channel="parts"), **shift.tick()))

    assert shift.setup.hears("press", "parts")
    counter("100")
    shift.unit()
    assert shift.unit() == set()
    counter("103")
    assert shift.unit() == set()
    counter("2")  # the PLC began anew
    assert shift.unit() == {"bore"}


# --- whatever happens


@given(seed=st.integers(0, 2**32), steps=st.integers(5, 60))
def test_no_due_check_is_lost_or_doubled_through_restarts(seed: int, steps: int) -> None:
    """The same shift with restarts at any moment measures what it measures without."""
    rng = random.Random(seed)
    acts = [rng.choice(["unit", "unit", "unit", "wait", "tool", "restart"]) for _ in range(steps)]
    told: list[list[tuple[int, set[str]]]] = []
    for restarts in (False, True):
        shift = Shift(
            governed(
                EVERY_4, HOURLY, AT_TOOL.model_copy(update={"name": "w2", "device": "press"}), first_piece="operator"
            )
        )
        found: list[tuple[int, set[str]]] = []
        for number, act in enumerate(acts):
            if shift.state.dialog is not None:
                shift.scan("the line stood")
            if act == "unit":
                found.append((number, shift.unit()))
            elif act == "wait":
                shift.wait(25)
            elif act == "tool":
                shift.scan("%CHANGED:tool_change")
            elif restarts:
                shift.restart()
        told.append(found)
    assert told[0] == told[1]


class Life:
    """One life of an agent with one station, over a spool that outlives it."""

    def __init__(self, at: Setup, one: Spool) -> None:
        self.runner = StationRunner(at, one, FixedClock(), Doors(self._no, self._no, lambda *_: {}, lambda _: None))

    async def _no(self, *_: Any) -> None:
        pass

    def live(self, *acts: str | Callable[[], None]) -> None:
        async def whole() -> None:
            task = asyncio.create_task(self.runner.run())
            await asyncio.sleep(0)
            for act in acts:
                self.runner.scanned(act) if isinstance(act, str) else act()
                await self.runner.finish()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        asyncio.run(whole())

    def bore(self) -> None:
        self.runner.measured("bore", Reading(Status.OK, b"", value="74.0", unit="mm"))


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_counts_are_on_the_disk_with_the_record_and_a_unit_let_by_before_it_is_said(one: Spool) -> None:
    """Four lives of one unit each are a shift of four."""
    at = governed(EVERY_4)
    for number in range(1, 6):
        life = Life(at, one)
        life.live("OP-12", f"SN{number:06}", life.bore)
    found = [r.serial for r in records(one) if isinstance(r, Inspection)]
    assert found == ["SN000001", "SN000002", "SN000005"]
    assert [event.payload["cause"] for event in events(one)] == ["value.before_unit"] * 2
