"""What is asked before a unit is measured: context, components, a change-over, why it is here again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spool_bodies import events, inspections, spool
from station_floor import BORE, Floor, setup
from workflow_lives import Life

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.memory import Moment, StationMemory, memory_text, read_memory
from gaugetrail_agent.station.memory.context import MOST_BUILT_IN
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.words.effect import AskDevice, KeepIt, RecallUnit, SealIt, TellEvent
from gaugetrail_agent.station.words.happening import UnitRecalled, Woke
from gaugetrail_agent.station.workflow.before_unit.components import remembers_components
from gaugetrail_contract.documents.calendar import Calendar
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.documents.plan import PlanFile
from gaugetrail_contract.record import Verdict
from gaugetrail_contract.record.parts import BuiltIn

PIN = {"part": "PIN-9", "title": "pin", "quantity": 2, "pattern": "(?P<part>[A-Z]+-[0-9]+)/(?P<id>.+)"}
OIL = {"part": "OIL-1", "kind": "lot", "each": "change", "pattern": "(?P<part>[A-Z]+-[0-9]+)/(?P<id>.+)"}


def at(people: PeopleList | None = None, part: str = "PR-74", plan_id: str = "CP-1", **asks: Any) -> Setup:
    """A station whose plan asks that beside one value."""
    base = setup(BORE, people=people)
    told = base.plan.file.model_dump() | {"id": plan_id, "part": part} | asks
    file = PlanFile.model_validate(told)
    ref = replace_ref(base.plan.ref, plan_id)
    return replace(base, plan=replace(base.plan, file=file, ref=ref))


def replace_ref(ref: Any, plan_id: str) -> Any:
    return type(ref)(id=plan_id, revision=ref.revision, sha256=ref.sha256)


def floor_at(**asks: Any) -> Floor:
    floor = Floor(at(**asks))
    floor.scan("OP-1")
    return floor


def scan(floor: Floor, *texts: str) -> Floor:
    for text in texts:
        floor.scan(text)
    return floor


def asks(floor: Floor) -> str:
    return display(floor.setup, floor.state).asks.id


def prompt(floor: Floor) -> str:
    return ENGLISH.text(display(floor.setup, floor.state).asks)


def told(floor: Floor) -> list[dict[str, Any]]:
    return [dict(e.body.payload) for e in floor.effects if isinstance(e, TellEvent)]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


# --- context


def test_context_is_asked_before_anything_is_measured_and_stands_in_the_record() -> None:
    floor = floor_at(context=[{"kind": "cavity", "pattern": "C[1-8]"}, {"kind": "heat"}, {"kind": "customer"}])
    assert floor.scan("SN000001") == ()
    floor.gauge("bore", "74.0", "mm")
    assert (asks(floor), prompt(floor)) == ("context.which", "scan cavity")
    floor.scan("C9")
    assert floor.message == "C9 is no code of cavity; scan cavity"
    scan(floor, "C3", "H-7")
    assert floor.scan("ACME") == (AskDevice("bore", None),)
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert (body.cavity, body.heat, body.customer) == ("C3", "H-7", "ACME")
    assert [one.why.id for one in floor.refused] == ["context.other"]
    assert floor.refused[0].subject == ("serial", "SN000001")


def test_the_value_of_a_code_is_its_named_group_and_nothing_that_no_record_takes() -> None:
    floor = scan(floor_at(context=[{"kind": "tool", "title": "cutter", "pattern": "T:(?P<value>.*)"}]), "SN000001")
    floor.scan("T:" + "x" * 300)
    assert "this can't be cutter" in floor.message
    floor.scan("T:42")
    assert floor.state.unit is not None
    assert floor.state.unit.context == {"tool": "42"}


def test_what_the_code_says_is_not_asked() -> None:
    floor = floor_at(context=[{"kind": "heat"}, {"kind": "lot"}])
    floor.setup = replace(floor.setup, unit=re.compile(r"(?P<serial>\w+)/(?P<heat>\w+)/(?P<lot>\w+)"))
    floor.scan("SN1/H1/L1")
    assert floor.state.dialog is None


def test_what_holds_is_asked_once_and_again_where_somebody_says_that_it_changed() -> None:
    floor = scan(floor_at(context=[{"kind": "tool", "each": "change"}]), "SN000001", "T1")
    floor.gauge("bore", "74.0", "mm")
    first = floor.sealed()
    floor.state = replace(floor.state, sealing=None, unit=None)
    scan(floor, "%CHANGE")
    assert [one.code for one in display(floor.setup, floor.state).state.dialog.choices] == ["tool"]  # type: ignore[union-attr]
    scan(floor, "tool", "T2")
    assert floor.message == "tool is T2 from here on"
    scan(floor, "SN000002")
    floor.gauge("bore", "74.0", "mm")
    assert (first.tool, floor.sealed().tool) == ("T1", "T2")
    assert told(floor) == [{"what": "tool", "to": "T1"}, {"what": "tool", "before": "T1", "to": "T2"}]
    changes = floor.state.memory.changes
    assert changes.last["tool_change"].to == "T2"
    assert floor.state.memory.samples.happened["tool_change"] == 2


@pytest.mark.parametrize(
    ("asked", "scans", "message"),
    [
        ([], ["%CHANGE"], "no plan here asks for anything that holds until it is changed"),
        ([{"kind": "tool", "each": "change"}], ["%CHANGE:wool"], "wool is nothing that changes here; there are: tool"),
        (
            [{"kind": "tool", "each": "change"}],
            ["SN000001", "T1", "%CHANGE:tool"],
            "SN000001 is in hand: finish it first, or scan %CANCEL",
        ),
        (
            [{"kind": "tool", "each": "change", "pattern": "T."}],
            ["%CHANGE:tool", "X"],
            "X is no code of tool; scan tool",
        ),
    ],
)
def test_what_can_not_be_changed_is_refused(asked: list[dict[str, str]], scans: list[str], message: str) -> None:
    assert scan(floor_at(context=asked), *scans).message == message


def test_a_unit_that_is_cancelled_while_it_is_asked_is_incomplete() -> None:
    for asked in ({"context": [{"kind": "cavity"}]}, {"component": [PIN]}):
        floor = scan(floor_at(**asked), "SN000001", "%cancel")
        assert (floor.sealed().verdict, floor.state.dialog) == (Verdict.INCOMPLETE, None)


def test_the_shift_goes_by_the_calendar_and_is_asked_where_there_is_none() -> None:
    shifts = {
        "shift": [{"name": "day", "begins": "00:00", "ends": "00:00", "days": ["mon", "tue", "wed", "thu", "fri"]}]
    }
    calendar = Calendar.model_validate({"id": "CAL", "revision": "1", "time_zone": "Europe/Berlin"} | shifts)
    floor = floor_at(context=[{"kind": "shift"}])
    floor.setup = replace(floor.setup, calendar=calendar)
    scan(floor, "SN000001")
    assert floor.state.unit is not None
    assert (floor.state.dialog, floor.state.unit.context) == (None, {"shift": "day"})
    assert floor.state.memory.changes.last["shift"].to == "day"
    assert asks(scan(floor_at(context=[{"kind": "shift"}]), "SN000001")) == "context.which"


def test_context_that_holds_survives_a_restart(one: Spool) -> None:
    here = at(context=[{"kind": "tool", "each": "change"}, {"kind": "cavity"}])
    first = Life(one, here)
    first.live("OP-12", "SN000001", "T1", "C1", lambda: first.gauge("bore", "74.0"))
    second = Life(one, here)
    second.live("SN000002", "C2", lambda: second.gauge("bore", "74.0"))
    assert [(r.serial, r.tool, r.cavity) for r in inspections(one)] == [
        ("SN000001", "T1", "C1"),
        ("SN000002", "T1", "C2"),
    ]
    assert [event.type for event in events(one)] == ["station.in_use"]


@pytest.mark.parametrize("text", ["%OK", "%UNDO", "SN000001"])
def test_a_word_of_the_station_and_the_units_own_code_are_no_answer(text: str) -> None:
    floor = scan(floor_at(context=[{"kind": "cavity"}]), "SN000001", text)
    assert floor.state.unit is not None
    assert floor.state.unit.context == {}
    assert asks(floor) == "context.which"
    floor = scan(floor_at(component=[PIN]), "SN000001", text)
    assert floor.state.unit is not None
    assert floor.state.unit.built_in == ()


# --- components


def test_each_piece_is_scanned_and_stands_in_the_record() -> None:
    floor = scan(floor_at(component=[PIN]), "SN000001")
    assert prompt(floor) == "scan pin 1 of 2 for SN000001"
    scan(floor, "PIN-9/A1")
    assert (asks(floor), floor.message) == ("component.piece", "A1 is built in")
    scan(floor, "PIN-9/A2")
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert body.built_in == (
        BuiltIn(id="A1", kind="serial", part="PIN-9"),
        BuiltIn(id="A2", kind="serial", part="PIN-9"),
    )
    assert body.components == ("A1", "A2")
    assert "material_change" not in floor.state.memory.changes.last, "a piece with a serial is no lot"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("PIN-8/A1", "this is a PIN-8, and PIN-9 is built in here: take the right one"),
        ("A1", "A1 is no code of pin: scan its label"),
        ("PIN-9/" + "x" * 300, "this can't be a number of pin: it has 300 characters; 200 are allowed"),
        ("PIN-9/A0", "A0 is in SN000001 already: scan another one"),
    ],
)
def test_a_component_that_can_not_be_is_refused(code: str, message: str) -> None:
    floor = scan(floor_at(component=[PIN]), "SN000001", "PIN-9/A0", code)
    assert floor.message == message
    assert floor.state.unit is not None
    assert len(floor.state.unit.built_in) == 1
    assert floor.refused[-1].subject == ("serial", "SN000001")


def test_a_structured_code_names_the_component_without_a_pattern() -> None:
    floor = scan(floor_at(component=[{"part": "PIN-9"}]), "SN000001")
    scan(floor, "[)>\x1e06\x1dPPIN-8\x1dSA1\x1e\x04")
    assert "PIN-9 is built in here" in floor.message
    scan(floor, "[)>\x1e06\x1dPPIN-9\x1dSA1\x1e\x04")
    assert floor.state.unit is not None
    assert floor.state.unit.built_in == (BuiltIn(id="A1", kind="serial", part="PIN-9"),)
    assert "is no code of PIN-9" in scan(floor_at(component=[{"part": "PIN-9"}]), "SN000001", "A1").message


def test_a_piece_that_is_in_another_unit_is_refused_and_one_of_the_same_unit_is_not(one: Spool) -> None:
    here = at(component=[PIN | {"quantity": 1}])
    life = Life(one, here)
    life.live("OP-12", "SN000001", "PIN-9/A1", lambda: life.gauge("bore", "74.0"))
    again = Life(one, here)
    again.live("SN000002", "PIN-9/A1")
    assert again.runner.state.says is not None
    assert again.runner.state.says.id == "component.elsewhere"
    again.live("%CANCEL", "SN000001", "PIN-9/A1", lambda: again.gauge("bore", "74.0"))
    assert [(r.serial, r.attempt, r.components) for r in inspections(one)] == [
        ("SN000001", 1, ("A1",)),
        ("SN000002", 1, ()),
        ("SN000001", 2, ("A1",)),
    ]


def test_a_unit_that_was_left_books_no_component() -> None:
    floor = scan(floor_at(component=[PIN]), "SN000001", "PIN-9/A1", "%CANCEL")
    assert remembers_components(floor.setup, StationMemory(), floor.sealed()) == StationMemory()


@given(serials=st.lists(st.integers(0, 3 * MOST_BUILT_IN), min_size=1, max_size=30))
def test_no_more_pieces_are_remembered_than_are_promised_and_the_newest_always(serials: list[int]) -> None:
    floor = scan(floor_at(component=[PIN | {"quantity": 1}]), "SN000001", "PIN-9/A1")
    floor.gauge("bore", "74.0", "mm")
    memory, body = StationMemory(), floor.sealed()
    many = tuple(BuiltIn(id=str(n), kind="serial", part="P") for n in range(MOST_BUILT_IN))
    memory = remembers_components(floor.setup, memory, type(body)(**_fields(body) | {"built_in": many[:500]}))
    for n in serials:
        made = _fields(body) | {"built_in": (BuiltIn(id=str(n), kind="serial", part="P"),), "serial": f"U{n}"}
        memory = remembers_components(floor.setup, memory, type(body)(**made))
        assert memory.context.built_in[f"P {n}"] == f"U{n}"
        assert len(memory.context.built_in) <= MOST_BUILT_IN
    assert read_memory(memory_text(memory)) == memory


def _fields(body: Any) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.__struct_fields__}


def test_a_lot_that_holds_is_scanned_once_and_changed_by_word() -> None:
    floor = scan(floor_at(component=[OIL]), "SN000001", "OIL-1/L1")
    floor.gauge("bore", "74.0", "mm")
    first = floor.sealed()
    floor.state = replace(floor.state, sealing=None)
    scan(floor, "SN000002")
    assert floor.state.dialog is None
    floor.gauge("bore", "74.0", "mm")
    assert first.built_in == floor.sealed().built_in == (BuiltIn(id="L1", kind="lot", part="OIL-1"),)
    assert floor.sealed().components == ()
    floor.state = replace(floor.state, sealing=None)
    scan(floor, "%CHANGE:component OIL-1", "OIL-1/L2")
    assert floor.state.memory.changes.last["material_change"].to == "L2"


# --- why it is here again


def test_a_unit_that_was_here_is_asked_why_and_its_record_says_so() -> None:
    floor = floor_at(repeat="ask", repeat_reasons=("reworked", "doubt"))
    (recall,) = floor.scan("SN000001")
    assert isinstance(recall, RecallUnit)
    assert (recall.part, recall.serial, floor.state.unit) == ("PR-74", "SN000001", None)
    assert floor.say(UnitRecalled(2, recall.scan)) == ()
    shown = display(floor.setup, floor.state)
    assert (floor.message, [one.code for one in floor.state.dialog.choices]) == (  # type: ignore[union-attr]
        "",
        ["reworked", "doubt"],
    )
    assert shown.asks.id == "repeat.why"
    assert floor.scan("reworked") == (AskDevice("bore", None),)
    floor.gauge("bore", "74.0", "mm")
    assert floor.sealed().again_reason == "reworked"


def test_a_unit_that_was_never_here_is_asked_nothing() -> None:
    floor = floor_at(repeat="ask")
    (recall,) = floor.scan("SN000001")
    assert isinstance(recall, RecallUnit)
    assert floor.say(UnitRecalled(0, recall.scan)) == (AskDevice("bore", None),)
    assert floor_at().scan("SN000001") == (AskDevice("bore", None),), "a plan that doesn't ask costs no look-up"


def test_only_who_has_the_role_measures_again() -> None:
    people = PeopleList(
        qualifications="not_kept",
        person=(Person(badge="OP-1", name="Ada"), Person(badge="OP-2", name="Bo", roles=("inspector",))),
    )
    floor = floor_at(people=people, repeat="ask", repeat_roles=("inspector",))
    (recall,) = floor.scan("SN000001")
    assert isinstance(recall, RecallUnit)
    floor.say(UnitRecalled(1, recall.scan))
    assert floor.message == (
        "SN000001 was inspected here before (1 times): only inspector inspects it again; let them log on"
    )
    assert floor.state.unit is None
    scan(floor, "OP-2")
    floor.say(UnitRecalled(1, recall.scan))
    assert asks(floor) == "repeat.why"


def test_the_spool_knows_who_was_here(one: Spool) -> None:
    here = at(repeat="ask")
    life = Life(one, here)
    life.live("OP-12", "SN000001", lambda: life.gauge("bore", "74.0"))
    life.live("SN000001", "reworked", lambda: life.gauge("bore", "74.0"))
    assert [(r.attempt, r.again_reason) for r in inspections(one)] == [(1, None), (2, "reworked")]


# --- change-over

CHECKS = [
    {"text": "jaws 74 in"},
    {"text": "torque", "answer": "text", "pattern": "40|41"},
    {"text": "tool is sharp", "on": ["tool"]},
]


def test_another_part_waits_for_its_checks_and_each_answer_is_in_the_event() -> None:
    floor = scan(floor_at(change_over=CHECKS), "SN000001")
    assert (floor.state.unit, prompt(floor)) == (None, "change-over to PR-74, 1 of 2: jaws 74 in")
    scan(floor, "hello")
    assert floor.message == "scan %OK, or %NOK if it isn't well"
    scan(floor, "%nok")
    assert floor.message.startswith("production can't begin: put right what was checked (jaws 74 in)")
    scan(floor, "%ok")
    assert prompt(floor) == "change-over to PR-74, 2 of 2: torque"
    scan(floor, "39", "41")
    assert (floor.state.light, floor.message) == ("green", "the change-over to PR-74 is done: scan the unit")
    (event,) = told(floor)
    assert (event["changed"], event["to"], event["plan"]) == ("part", "PR-74", "CP-1")
    assert [(c["check"], c["answer"], c["by"]) for c in event["checks"]] == [
        ("jaws 74 in", "%NOK", "OP-1"),
        ("jaws 74 in", "%OK", "OP-1"),
        ("torque", "39", "OP-1"),
        ("torque", "41", "OP-1"),
    ]
    scan(floor, "SN000001")
    assert floor.state.unit is not None
    assert floor.state.memory.samples.happened == {"setup": 1}


def test_the_same_part_needs_no_change_over_and_another_one_does() -> None:
    plans = at(change_over=CHECKS[:1]).plan, at(part="PR-75", plan_id="CP-2", change_over=CHECKS[:1]).plan
    floor = floor_at()
    floor.setup = replace(floor.setup, plan=plans[0], choice=plans, unit=re.compile(r"(?P<serial>\w+)/(?P<part>.+)"))
    for serial, part in (("S1", "PR-74"), ("S2", "PR-74"), ("S3", "PR-75"), ("S4", "PR-74")):
        scan(floor, f"{serial}/{part}")
        if floor.state.unit is None:
            scan(floor, "%OK", f"{serial}/{part}")
        floor.gauge("bore", "74.0", "mm")
        assert floor.sealed().serial == serial
        floor.state = replace(floor.state, sealing=None)
    assert [(event.get("before"), event["to"]) for event in told(floor)] == [
        (None, "PR-74"),
        ("PR-74", "PR-75"),
        ("PR-75", "PR-74"),
    ]


def test_who_goes_back_in_the_middle_of_a_change_over_makes_the_checks_of_what_is_made() -> None:
    plans = at(change_over=CHECKS[:1]).plan, at(part="PR-75", plan_id="CP-2", change_over=CHECKS[:1]).plan
    floor = floor_at()
    floor.setup = replace(floor.setup, plan=plans[0], choice=plans, unit=re.compile(r"(?P<serial>\w+)/(?P<part>.+)"))
    scan(floor, "S1/PR-74", "%OK", "S1/PR-74", "%CANCEL")
    floor.state = replace(floor.state, sealing=None)
    scan(floor, "S2/PR-75", "%CANCEL", "S3/PR-74")
    assert (floor.state.unit, prompt(floor)) == (None, "change-over to PR-74, 1 of 1: jaws 74 in")
    scan(floor, "%OK", "S3/PR-74")
    assert floor.state.unit is not None


def test_another_tool_asks_the_checks_of_a_tool() -> None:
    asked = {"context": [{"kind": "tool", "each": "change"}], "change_over": CHECKS[2:]}
    floor = scan(floor_at(**asked), "SN000001", "T1")
    floor.gauge("bore", "74.0", "mm")
    floor.state = replace(floor.state, sealing=None)
    scan(floor, "%CHANGE:tool", "T2")
    assert prompt(floor) == "change-over to T2, 1 of 1: tool is sharp"
    scan(floor, "%CANCEL")
    assert floor.message == (
        "the change-over isn't done, 1 checks are left; it goes on with the next unit that is scanned"
    )
    scan(floor, "SN000002")
    assert (floor.state.unit, asks(floor)) == (None, "change_over.check")
    scan(floor, "%OK", "SN000002")
    assert floor.state.unit is not None
    assert floor.state.unit.context == {"tool": "T2"}


def test_the_checks_are_made_whenever_somebody_wants_them() -> None:
    floor = scan(floor_at(change_over=CHECKS[:1]), "%CHANGEOVER")
    assert asks(floor) == "change_over.check"
    assert scan(floor_at(), "%CHANGEOVER").message == "no plan here asks for checks"


def test_a_restart_in_the_middle_asks_on_where_it_stopped(one: Spool) -> None:
    here = at(change_over=CHECKS)
    Life(one, here).live("OP-12", "SN000001", "%OK")
    again = Life(one, here)
    again.live()
    assert (again.runner.state.dialog is not None, again.runner.state.memory.change_over.left[0].text) == (
        True,
        "torque",
    )
    again.live("40", "SN000001", lambda: again.gauge("bore", "74.0"))
    assert [event.type for event in events(one)] == ["station.change_over"]
    assert [r.serial for r in inspections(one)] == ["SN000001"]


def test_what_wakes_with_no_change_over_asks_nothing() -> None:
    floor = Floor(at(change_over=CHECKS))
    floor.say(Woke(Moment(1, 1, "b")))
    assert floor.state.dialog is None


# --- the plan


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"context": [{"kind": "tool"}, {"kind": "tool"}]}, "the context tool is asked twice"),
        ({"component": [PIN, PIN]}, "the component PIN-9 is asked twice"),
        ({"component": [PIN | {"pattern": "(?P<part>.+)"}]}, "its pattern says by groups what is what"),
        ({"component": [OIL | {"quantity": 2}]}, "leave quantity out"),
        ({"component": [PIN | {"each": "change"}]}, "leave each out"),
        ({"context": [{"kind": "tool", "pattern": "("}]}, "is not a regular expression"),
        ({"context": [{"kind": "tool", "pattern": "(?P<x>.)"}]}, "names the group x; known: ['value']"),
        ({"change_over": [{"text": "a"}, {"text": "a"}]}, "stands twice"),
        ({"change_over": [{"text": "a", "pattern": "."}]}, 'say answer = "text"'),
        ({"repeat_reasons": ["x"]}, 'where repeat = "ask"'),
    ],
)
def test_a_plan_that_asks_nonsense_is_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        at(**asked)


def test_nothing_of_it_is_kept_as_measured_before_it_is() -> None:
    floor = scan(floor_at(component=[PIN]), "SN000001", "PIN-9/A1", "PIN-9/A2")
    assert [effect for effect in floor.effects if isinstance(effect, KeepIt | SealIt)] == []
