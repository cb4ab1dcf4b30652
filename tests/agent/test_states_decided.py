"""What is decided of a unit at a station: who may, what it sets off, and that nothing held here ever passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spool_bodies import body, events, put, spool
from station_floor import BORE, FORCE, WEIGHT, Floor, block, setup
from station_lives import ShiftLife, asked, inspected, recorded, ticked, told
from test_line_state import NOW, entry
from test_reactions import BAD, GOOD, floor_with, reacting

from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.looking_back import FoundRecords, FoundUnit, RecordSearch, look_back
from gaugetrail_agent.station.memory import memory_text, read_memory
from gaugetrail_agent.station.memory.held import MOST_KNOWN, HeldUnits, KnownState
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import Effect, LookBack, SealIt, TellEvent
from gaugetrail_agent.station.words.happening import HeldKnown, LookedBack, NotKept, PastKnown
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_agent.station.workflow.unit_states.deciding import LOOKING
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.holds.known import HeldNow
from gaugetrail_contract.holds.listing import ListedState
from gaugetrail_contract.questions.answered import LotVisit, LotVoid
from gaugetrail_contract.questions.history import LotFound, UnitHistory
from gaugetrail_contract.record import InspectionBody, Subject, Verdict
from gaugetrail_contract.record.parts import Reason, UnitState

DECIDERS = PeopleList(
    qualifications="not_kept",
    person=(
        Person(badge="OP-12", roles=("operator",)),
        Person(badge="OP-30", roles=("operator", "inspector")),
        Person(badge="OP-31", roles=("quality engineer",)),
    ),
)


def deciding(**more: object) -> Setup:
    return setup(BORE, people=DECIDERS, **more)  # type: ignore[arg-type]


def known(floor: Floor, serial: str, kind: str = "serial") -> str | None:
    one = floor.state.memory.held.of(kind, serial)
    return None if one is None else one.state


def test_anybody_holds_the_last_unit_and_it_is_not_begun_again() -> None:
    floor = floor_with(deciding())
    inspected(floor, "SN000001", GOOD)
    floor.scan("%HOLD:scratches")
    assert asked(floor) == "which unit becomes on hold? Scan it, or type LOT: and the lot"
    assert floor.state.dialog is not None
    assert [one.code for one in floor.state.dialog.choices] == ["SN000001"]
    (event,) = told(floor.scan("SN000001"))
    assert (event.type, event.subject, event.by) == ("unit.state", Subject(kind="unit", id="SN000001"), "OP-12")
    assert (event.payload["state"], event.payload["why"]) == ("hold", "scratches")
    floor.scan("SN000001")
    assert floor.state.unit is None
    assert floor.message == (
        "SN000001 is on hold here: scratches. Set it aside until somebody decides "
        "(%REWORK, %SCRAP, %RELEASE, %CONCESSION)"
    )
    assert floor.refused[-1].subject == ("serial", "SN000001")


def test_a_unit_in_hand_that_is_held_ends_with_it_and_never_passes() -> None:
    floor = floor_with(setup(BORE, WEIGHT, people=DECIDERS))
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    effects = floor.scan("%HOLD:dropped")
    assert [event.payload["state"] for event in told(effects)] == ["hold"]
    sealed = floor.sealed()
    assert (sealed.verdict, sealed.unit_state) == (Verdict.INCOMPLETE, UnitState.HOLD)
    recorded(floor)
    floor.scan("SN000001")
    assert (floor.state.unit, known(floor, "SN000001")) == (None, "hold")


def test_what_the_spool_refuses_was_not_decided_and_the_unit_is_still_in_hand() -> None:
    floor = floor_with(setup(BORE, WEIGHT, people=DECIDERS))
    floor.scan("SN000001")
    before = floor.state
    floor.scan("%HOLD:dropped")
    floor.say(NotKept(before.unit, "the disk is full", before.memory, before.dialog, before.operator))
    assert (floor.state.unit, floor.state.sealing, known(floor, "SN000001")) == (before.unit, None, None)


def test_a_decision_takes_the_role_of_the_table_or_the_badge_of_somebody_who_has_it() -> None:
    floor = floor_with(deciding())
    inspected(floor, "SN000001", GOOD)
    floor.scan("%HOLD:scratches")
    floor.scan("SN000001")
    floor.scan("%RELEASE:polished")
    assert told(floor.scan("SN000001")) == []
    assert asked(floor) == "SN000001 becomes released by the word of: approver or quality engineer. Scan the badge"
    assert told(floor.scan("OP-30")) == []
    assert floor.message == "OP-30 can't decide that, only: approver or quality engineer"
    (event,) = told(floor.scan("OP-31"))
    assert (event.by, event.role, event.payload["state"]) == ("OP-31", "quality engineer", "released")
    assert floor.state.operator == "OP-12"
    floor.scan("SN000001")
    assert floor.state.unit is not None
    assert floor.state.unit.unit_state is UnitState.RELEASED


def test_without_a_people_list_nobody_has_a_role_and_a_hold_is_all_that_can_be_said() -> None:
    floor = floor_with(setup(BORE))
    inspected(floor, "SN000001", GOOD)
    floor.scan("%SCRAP:D12")
    assert told(floor.scan("SN000001")) == []
    assert floor.message == ("nobody can say scrap here: there is no people list, which says who has the role")
    floor.scan("%HOLD:look at it")
    assert len(told(floor.scan("SN000001"))) == 1


def test_scrap_has_its_code_and_what_is_scrap_can_only_be_held() -> None:
    floor = Floor(deciding())
    floor.scan("OP-30")
    inspected(floor, "SN000001", BAD)
    floor.scan("%SCRAP")
    assert asked(floor) == "which scrap code?"
    floor.scan("D12")
    (event,) = told(floor.scan("SN000001"))
    assert (event.payload["state"], event.payload["code"], event.role) == ("scrap", "D12", "inspector")
    floor.scan("SN000001")
    assert floor.message == "SN000001 is scrap: D12. Put it where scrap goes"
    floor.scan("%RELEASE:nice after all")
    floor.scan("SN000001")
    assert floor.message == "SN000001 is scrap, and that can't become released"


@pytest.mark.parametrize("by_list", [True, False], ids=["the line's list", "the store"])
def test_what_others_have_said_of_a_unit_decides_who_may_let_it_go(by_list: bool) -> None:
    floor = Floor(deciding())
    floor.scan("OP-30")
    inspected(floor, "SN000001", GOOD)
    held = entry("SN000001")
    floor.say(HeldKnown(HeldNow.of((held,), NOW)) if by_list else PastKnown("SN000001", UnitHistory(unit=held)))
    floor.scan("%RELEASE:it passed here")
    assert told(floor.scan("SN000001")) == []  # an inspector releases what has passed, and not what is held
    assert asked(floor) == "SN000001 becomes released by the word of: approver or quality engineer. Scan the badge"
    floor.scan("%CANCEL")
    floor.say(HeldKnown(HeldNow.of((entry("SN000001", "scrap", 1),), NOW)))
    floor.scan("%RELEASE:it passed here")
    assert told(floor.scan("SN000001")) == []
    assert "scrap" in floor.message


@pytest.mark.parametrize(("values", "after"), [(GOOD, None), (BAD, None)])
def test_rework_brings_it_back_for_that_reason_and_ends_with_its_inspection(
    values: dict[str, tuple[str, str]], after: str | None
) -> None:
    floor = Floor(deciding())
    floor.scan("OP-30")
    inspected(floor, "SN000001", BAD)
    floor.scan("%REWORK:deburr")
    floor.scan("SN000001")
    sealed = inspected(floor, "SN000001", values)
    assert (sealed.reason, sealed.again_reason, sealed.unit_state) == (Reason.REWORK, "deburr", UnitState.REWORK)
    assert known(floor, "SN000001") == after


def test_a_rework_that_is_not_finished_stays_one() -> None:
    floor = Floor(setup(BORE, WEIGHT, people=DECIDERS))
    floor.scan("OP-30")
    floor.scan("%REWORK:deburr")
    floor.scan("SN000001")
    floor.scan("SN000001")
    floor.scan("%CANCEL")
    recorded(floor)
    assert known(floor, "SN000001") == "rework"


def test_a_reaction_puts_the_unit_on_hold_in_the_records_own_transaction_and_tells_it() -> None:
    floor = floor_with(reacting())
    floor.scan("SN000001")
    floor.gauge("bore", "74.9", "mm")
    effects = recorded(floor)
    (event,) = told(effects)
    assert event.payload == {
        "state": "hold",
        "why": "fail: bore 74.9",
        "reaction": "RP-12",
        "characteristic": "bore",
        "gauge": "G-17",
        "record": "pc1/e1/1",
        "serials": [],
        "piece": 1,
        "pieces": 1,
    }
    assert ticked(floor) == ()
    floor.scan("chips")
    floor.scan("SN000001")
    assert floor.state.unit is None


def test_an_automatic_station_rejects_what_is_held_there() -> None:
    at = replace(setup(FORCE, mode="automatic"), people=None)
    floor = Floor(at)
    held = HeldUnits().told([KnownState("serial", "SN000001", "hold", "scratches", "2026-01-01T00:00:00.000000Z")])
    floor.state = StationState(memory=msgspec.structs.replace(floor.state.memory, held=held))
    effects = floor.say(block("SN000001", "15"))
    (sealed,) = [one for one in effects if isinstance(one, SealIt)]
    assert sealed.body.KIND == "event"
    assert floor.refused[-1].why.id == "held.on_hold"


# --- lots


def lot_floor() -> Floor:
    at = replace(deciding(), unit=re.compile(r"(?P<lot>L\d+)-(?P<serial>SN\d+)"))
    floor = Floor(at)
    floor.scan("OP-30")
    return floor


def test_a_lot_is_released_only_when_all_of_it_has_passed_here() -> None:
    floor = lot_floor()
    floor.scan("%RELEASE")
    effects = floor.scan("LOT:L1")
    assert told(effects) == []
    assert floor.state.dialog is not None  # an inspector may not release what nobody inspected
    (asked_for,) = [one for one in floor.scan("OP-31") if isinstance(one, LookBack)]
    assert asked_for.wanted.lot == "L1"

    def found(*units: FoundUnit, whole: bool = True) -> list[str]:
        before = floor.state
        said = floor.say(LookedBack(asked_for.wanted, FoundRecords(units, whole), **floor.tick()))
        message = floor.message
        floor.state = before
        return [message, *(str(one.payload["state"]) for one in told(said))]

    good = FoundUnit("SN1", "L1", "pc1/e/1", Verdict.PASS, "CP-1", frozenset({"bore"}))
    bad = replace(good, serial="SN2", verdict=Verdict.FAIL, passed=frozenset())
    assert found() == [
        "no unit of lot L1 is recorded here or in the store: release it where it was measured, or in the office"
    ]
    assert found(good, bad) == ["lot L1 is open: SN2 fail"]
    assert found(good, whole=False) == ["not all records of lot L1 are on this PC any more: release it in the office"]
    assert found(replace(good, passed=frozenset())) == ["lot L1 is open: nothing in it has passed for bore"]
    assert found(good) == ["L1 is now: released", "released"]
    held = floor.state.memory.held.told([KnownState("serial", "SN1", "hold", "x", "2026-01-01T00:00:00.000000Z")])
    floor.state = replace(floor.state, memory=msgspec.structs.replace(floor.state.memory, held=held))
    assert found(good) == ["lot L1 is open: not let go yet SN1"]


GOOD_HERE = FoundUnit("SN1", "L1", "pc1/e/1", Verdict.PASS, "CP-1", frozenset({"bore"}), "OP20", "2026-01-01T08:00")


def visited(serial: str, place: str, verdict: str, at: str = "09:00", record: str = "pc2/e/1") -> LotVisit:
    return LotVisit(
        serial=serial, place=place, plan="CP-9", verdict=verdict, time=f"2026-01-01T{at}:00.000000Z", record=record
    )


def lot_looked_at(elsewhere: LotFound | None, *here: FoundUnit, whole: bool = True, **of_plan: object) -> Floor:
    """An engineer releases the lot; its records are found."""
    floor = lot_floor()
    file = floor.setup.plan.file.model_copy(update=of_plan)
    floor.setup = replace(floor.setup, plan=replace(floor.setup.plan, file=file))
    for text in ("%RELEASE", "LOT:L1", "OP-31"):
        floor.scan(text)
    search = RecordSearch(LOOKING, lot="L1")
    floor.say(LookedBack(search, FoundRecords(here or (GOOD_HERE,), whole), **floor.tick(), elsewhere=elsewhere))
    return floor


def of_lot(*visits: LotVisit, voids: tuple[LotVoid, ...] = ()) -> LotFound:
    return LotFound.of(visits, voids)


@pytest.mark.parametrize(
    ("visits", "says"),
    [
        ((visited("SN1", "OP10", "fail"),), "lot L1 is open: SN1 fail"),
        ((visited("SN1", "OP10", "fail"), visited("SN1", "OP10", "pass", "10:00", "pc2/e/2")), "L1 is now: released"),
        ((visited("SN2", "OP10", "incomplete"),), "lot L1 is open: SN2 incomplete"),
        ((visited("SN2", "OP20", "pass", "07:00"),), "L1 is now: released"),
        ((visited("SN1", "OP20", "fail", "07:00"),), "L1 is now: released"),
    ],
)
def test_what_other_stations_measured_of_a_lot_counts_for_its_release(visits: tuple[LotVisit, ...], says: str) -> None:
    """Of each unit the newest inspection at each operation."""
    floor = lot_looked_at(of_lot(*visits), whole=False)
    assert floor.message == says


def test_what_was_voided_elsewhere_counts_for_no_lot_unless_the_void_was() -> None:
    bad, void = visited("SN1", "OP10", "fail"), LotVoid(record="c/e/1", target="pc2/e/1")
    assert lot_looked_at(of_lot(bad, voids=(void,))).message == "L1 is now: released"
    taken_back = LotVoid(record="c/e/2", target="c/e/1")
    assert lot_looked_at(of_lot(bad, voids=(void, taken_back))).message == "lot L1 is open: SN1 fail"


def test_a_unit_that_is_scrap_is_no_part_of_the_lot_and_one_let_go_is_as_good_as_passed() -> None:
    bad = replace(GOOD_HERE, serial="SN2", verdict=Verdict.FAIL, passed=frozenset())
    for state, says in {
        "scrap": "L1 is now: released",
        "concession": "L1 is now: released",
        "hold": "lot L1 is open: SN2 fail",
    }.items():
        floor = lot_floor()
        floor.say(HeldKnown(HeldNow.of([listed("SN2", state)], 1)))
        for text in ("%RELEASE", "LOT:L1", "OP-31"):
            floor.scan(text)
        search = RecordSearch(LOOKING, lot="L1")
        floor.say(LookedBack(search, FoundRecords((GOOD_HERE, bad)), **floor.tick(), elsewhere=LotFound()))
        assert floor.message == says


def listed(serial: str, state: str) -> ListedState:
    return ListedState(kind="unit", id=serial, state=state, since="2026-01-01T00:00:00.000000Z", record="a/e/1")


def test_where_nobody_can_tell_the_plan_decides_and_a_release_says_what_is_not_known() -> None:
    nobody = LotFound(open="no collector has answered within 300 ms")
    asked_for = "nobody could tell what other stations measured of lot L1 (no collector has answered within 300 ms)"
    assert lot_looked_at(nobody, on_unknown="refuse").message.startswith(asked_for)
    floor = lot_looked_at(nobody)
    (event,) = [one.body for one in floor.effects if isinstance(one, TellEvent)]
    assert event.payload["why"] == (
        "released at OP20; what other stations measured of it is not known: no collector has answered within 300 ms"
    )
    assert lot_looked_at(nobody, whole=False).message.startswith("not all records of lot L1 are on this PC any more")


def test_a_note_over_the_search_loses_no_release() -> None:
    floor = lot_floor()
    for text in ("%RELEASE", "LOT:L1", "OP-31", "%NOTE"):
        floor.scan(text)
    search = RecordSearch(LOOKING, lot="L1")
    floor.say(LookedBack(search, FoundRecords((GOOD_HERE,)), **floor.tick(), elsewhere=LotFound()))
    assert floor.message == "L1 is now: released"
    floor.scan("seen to it")
    assert floor.state.dialog is None


def test_a_unit_of_a_held_lot_is_not_begun() -> None:
    floor = lot_floor()
    floor.scan("%HOLD:wrong heat")
    floor.scan("LOT:L1")
    floor.scan("L1-SN1")
    assert floor.state.unit is None
    floor.scan("L2-SN1")
    assert floor.state.unit is not None


# --- what the records say


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_records_are_looked_through_from_the_newest(one: Spool) -> None:
    put(one, 450)
    again = msgspec.structs.replace(body("SN7", lot="L1"), verdict=Verdict.FAIL)
    one.append(again).result(10)
    one.append(body("SN7", lot="L1")).result(10)
    assert [record.seq for record in one.newest_first()] == list(range(452, 0, -1))
    found = look_back(one.newest_first(), RecordSearch("x", lot="L1"))
    assert [(unit.serial, unit.verdict) for unit in found.units] == [("SN7", Verdict.PASS)]
    assert found.whole


def test_a_hold_outlives_the_agent_and_what_was_owed_is_told(one: Spool) -> None:
    at = deciding()
    life = ShiftLife(at, one)
    life.live("OP-12", "SN000001", life.gauge("bore", "74.0"), "%HOLD:scratches", "SN000001")
    owed = KnownState("serial", "SN000002", "hold", "by a kill", "2026-01-01T00:00:00.000000Z", told=False)
    memory = life.runner.state.memory
    memory = msgspec.structs.replace(memory, held=memory.held.told([owed]))
    one.remember("station memory/OP20", memory_text(memory)).result(10)
    again = ShiftLife(at, one)
    again.live("OP-12", "SN000001")
    assert again.runner.state.unit is None
    states = [(e.subject.id, e.payload["why"]) for e in events(one) if e.type == "unit.state"]
    assert states == [("SN000001", "scratches"), ("SN000002", "by a kill")]
    ShiftLife(at, one).live("OP-12")
    assert len([e for e in events(one) if e.type == "unit.state"]) == 2


def test_the_list_is_bounded_and_says_so_and_what_was_let_go_makes_room_first() -> None:
    let_go = [KnownState("serial", f"R{n}", "released", "ok", "2026") for n in range(10)]
    many = [KnownState("serial", f"S{n}", "hold", "x", "2026") for n in range(MOST_KNOWN)]
    held = HeldUnits().told(let_go).told(many)
    assert (len(held.known), held.forgotten, held.of("serial", "R1")) == (MOST_KNOWN, 0, None)
    held = held.told([KnownState("serial", "T", "hold", "x", "2026")])
    assert (len(held.known), held.forgotten, held.of("serial", "S0")) == (MOST_KNOWN, 1, None)
    floor = Floor(setup(BORE))
    floor.state = StationState(memory=msgspec.structs.replace(floor.state.memory, held=held))
    ticked(floor)
    assert floor.state.notices["held units"].sign == "red"


# --- never


ONES = ("SN000001", "SN000002")
ON_EACH = [f"{word}:{one}" for word in ("begin", "whole", "%HOLD") for one in ONES]
ON_FIRST = [f"{word}:{ONES[0]}" for word in ("%SCRAP", "%REWORK", "%RELEASE")]
ACTS = st.lists(st.sampled_from([*ON_EACH, *ON_FIRST, "end", "restart", "%GO", "bad", "%CANCEL"]), max_size=15)


class Shift:
    """A floor whose every record and decision is held against what was decided before."""

    def __init__(self) -> None:
        engineer = Person(badge="OP-31", roles=("quality engineer", "operator"))
        self.floor = Floor(setup(BORE, WEIGHT, people=PeopleList(qualifications="not_kept", person=(engineer,))))
        self.said: dict[str, str] = {}
        self.floor.scan("OP-31")

    def act(self, act: str) -> None:
        word, _, serial = act.partition(":")
        if act == "restart":
            self._restart()
        elif word in ("begin", "whole"):
            self._heed(self.floor.scan(serial))
            self._heed(self.floor.gauge("bore", "74.0", "mm"))
        elif serial:
            self._heed(self.floor.scan(f"{word}:why"))
            if self.floor.state.dialog is not None:
                self._heed(self.floor.scan(serial))
        elif act == "bad":
            self._heed(self.floor.gauge("bore", "75", "mm"))
        elif act != "end":
            self._heed(self.floor.scan(act))
        if word in ("whole", "end"):
            self._heed(self.floor.gauge("scale", "12.0", "g"))

    def _restart(self) -> None:
        state = self.floor.state
        left = self.floor.kept[-1] if state.unit is not None and self.floor.kept else state.unfinished
        if left is not None and state.unit is not None and left.serial != state.unit.serial:
            left = None
        self.floor.state = StationState(memory=read_memory(memory_text(state.memory)), unfinished=left)
        self.floor.scan("OP-31")

    def _heed(self, effects: tuple[Effect, ...]) -> None:
        for event in told(effects):
            self.said[event.subject.id] = str(event.payload["state"])
        for sealed in (one.body for one in effects if isinstance(one, SealIt)):
            assert isinstance(sealed, InspectionBody)
            if sealed.verdict is Verdict.PASS:
                assert self.said.get(sealed.serial or "") not in ("hold", "scrap")
            self._heed(recorded(self.floor))


@given(acts=ACTS)
@settings(max_examples=150, deadline=None)
def test_no_unit_passes_that_is_held_or_scrapped_here(acts: list[str]) -> None:
    """Whatever is scanned, measured, decided and restarted in whatever order."""
    shift = Shift()
    for act in acts:
        shift.act(act)


def test_a_unit_that_was_left_half_measured_and_is_held_since_is_not_gone_on_with() -> None:
    shift = Shift()
    for act in ("begin:SN000001", "restart", "%HOLD:SN000001", "%GO", "end"):
        shift.act(act)
    assert (shift.floor.state.unit, shift.floor.state.unfinished) == (None, None)
    assert shift.floor.sealed().verdict is Verdict.INCOMPLETE
