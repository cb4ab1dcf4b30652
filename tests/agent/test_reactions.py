"""What a bad part sets off: the steps are shown, and nothing begins before they are acknowledged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from documents_on_paper import listed, shelf
from spool_bodies import events, spool
from station_floor import BORE, Floor, block, setup
from station_lives import ShiftLife, asked, inspected, recorded, told

from gaugetrail_agent.languages.sentences import read_language
from gaugetrail_agent.papers.shown import station_reactions
from gaugetrail_agent.spool import Spool
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.setup import Setup, StationTable
from gaugetrail_agent.station.signals.reactions_called import SignalSeen, opened
from gaugetrail_agent.station.words.effect import TryPin
from gaugetrail_agent.station.words.happening import PinsKnown, PinTried
from gaugetrail_contract.documents.people import PeopleList, Person
from gaugetrail_contract.documents.reaction import Signal as Named
from gaugetrail_contract.pins import PinFate
from gaugetrail_contract.record import Measurement
from gaugetrail_contract.record.parts import Reason, Signal

HEAD = 'id = "RP-12"\nrevision = "A"\n'
RP = (
    HEAD
    + """
[[on]]
signal = ["fail"]
acknowledge = "cause"
[[on.step]]
who = "operator"
what = { en = "Put it into the red box.", de = "In die rote Kiste." }
hold = "unit"

[[on]]
signal = ["fails_in_row"]
in_row = 3
acknowledge = "cause_and_action"
[[on.step]]
who = "operator"
what = { en = "Stop." }
hold = "since_last_good_check"
[[on.step]]
who = "setter"
what = { en = "Set it anew." }
call = ["quality engineer", "toolroom"]

[[on]]
signal = ["first_piece_fail"]
acknowledge = "cause_and_action"
[[on.step]]
who = "operator"
what = { en = "Don't start." }

[[on]]
signal = ["rule_signal", "value_implausible"]
rules = ["we1"]
[[on.step]]
who = "setter"
what = { en = "Look at the tool." }
"""
)
CODES = (
    RP
    + """
[[cause]]
code = "TOOL"
what = { en = "worn tool", de = "Werkzeug verschlissen" }
[[cause]]
code = "CHIP"
what = { en = "a chip" }
"""
)
GOOD, BAD = {"bore": ("74.01", "mm")}, {"bore": ("74.9", "mm")}
TABLE = StationTable(name="OP20", plans="documents", operation="OP20")
PEOPLE = PeopleList(
    qualifications="not_kept",
    person=(
        Person(badge="OP-12", roles=("operator",)),
        Person(badge="OP-13", roles=("operator", "setter"), language="de"),
    ),
)


def reacting(text: str = RP, reaction: str = "RP-12: stop", people: PeopleList | None = None, **more: object) -> Setup:
    found, remarks = station_reactions(shelf({listed("RP-12", text, kind="reaction"): text}), TABLE)
    assert remarks == ()
    bore = BORE.model_copy(update={"reaction": reaction, **more})
    return replace(setup(bore, people=people), reactions=found)


def floor_with(at: Setup) -> Floor:
    floor = Floor(at)
    floor.scan("OP-12")
    return floor


def test_a_fail_shows_the_steps_and_nothing_begins_before_its_cause_is_written_down() -> None:
    floor = floor_with(reacting())
    inspected(floor, "SN000001", BAD)
    assert asked(floor) == (
        "SN000001: bore 74.9 failed. 1. operator: Put it into the red box. Then write down the cause"
    )
    floor.gauge("bore", "74.0", "mm")
    floor.scan("SN000002")
    assert (floor.state.unit, floor.message) == (None, "that is no answer: type or scan in words what is asked")
    floor.scan("%CANCEL")
    assert floor.state.dialog is not None
    (event,) = told(floor.scan("worn tool"))
    assert (event.type, event.by) == ("reaction.acknowledged", "OP-12")
    assert event.payload == {
        "signal": "fail",
        "characteristics": ["bore"],
        "cause": "worn tool",
        "document": "RP-12",
        "revision": "A",
        "sha256": floor.setup.reactions["RP-12"].edition.sha256,
        "record": "pc1/e1/1",
        "serial": "SN000001",
        "gauge": "G-17",
        "confirmed_by": [],
    }
    floor.scan("SN000002")
    assert floor.state.unit is not None


def test_three_in_a_row_want_cause_action_and_the_badge_of_whom_the_steps_name() -> None:
    floor = floor_with(reacting(people=PEOPLE))
    for number in (1, 2):
        inspected(floor, f"SN00000{number}", BAD)
        floor.scan("no idea")
    inspected(floor, "SN000003", BAD)
    assert asked(floor) == (
        "SN000003: bore failed 3 times in a row (74.9). 1. operator: Stop. 2. setter: Set it anew. "
        "Call quality engineer, toolroom. Then write down the cause"
    )
    floor.scan("insert broken")
    assert asked(floor).endswith("What was done?")
    assert told(floor.scan("insert changed")) == []
    assert asked(floor).endswith("Now a setter scans their badge, who has seen to it")
    floor.scan("OP-12")
    assert floor.message == "OP-12 is no setter: somebody who is must have seen to it"
    (event,) = told(floor.scan("OP-13"))
    assert {key: event.payload[key] for key in ("signal", "in_row", "cause", "action", "confirmed_by")} == {
        "signal": "fails_in_row",
        "in_row": 3,
        "cause": "insert broken",
        "action": "insert changed",
        "confirmed_by": ["OP-13"],
    }
    assert floor.state.operator == "OP-12"


def test_a_good_unit_ends_the_row_and_one_measured_again_is_no_further_one() -> None:
    floor = floor_with(reacting())
    signals = []
    units = ((BAD, {}), (BAD, {}), (GOOD, {}), (BAD, {}), (BAD, {}), (BAD, {"attempt": 2}), (BAD, {}))
    for number, (values, more) in enumerate(units):
        inspected(floor, f"SN00000{number}", values, **more)
        signals.append(floor.state.dialog.asks.values["what"] if floor.state.dialog else None)
        floor.scan("a cause")
        floor.scan("an action")
    ids = [one.values["what"].id if one else None for one in signals]  # type: ignore[union-attr]
    assert ids == ["reaction.fail", "reaction.fail", None, *["reaction.fail"] * 3, "reaction.fails_in_row"]


def test_causes_that_are_listed_are_pressed_and_nothing_else_is_one() -> None:
    floor = floor_with(reacting(CODES))
    inspected(floor, "SN000001", BAD)
    document = display(floor.setup, floor.state).document(read_language("de"))
    assert document["choices"] == [
        {"code": "TOOL", "says": "reaction.code", "text": "Werkzeug verschlissen"},
        {"code": "CHIP", "says": "reaction.code", "text": "a chip"},
    ]
    assert "1. Werker: In die rote Kiste." in str(document["prompt"])
    floor.scan("something")
    assert floor.message == "that is none of the codes: TOOL, CHIP"
    (event,) = told(floor.scan("tool"))
    assert event.payload["cause"] == "TOOL"


@pytest.mark.parametrize(
    ("more", "signal"),
    [
        ({"reason": Reason.FIRST}, "first_piece_fail"),
        ({}, "fail"),
    ],
)
def test_the_narrowest_signal_is_answered(more: dict[str, object], signal: str) -> None:
    floor = floor_with(reacting())
    inspected(floor, "SN000001", BAD, **more)
    assert [one.signal for one in floor.state.memory.reactions.open] == [signal]


def test_what_a_chart_says_is_shown_until_the_next_unit_is_begun() -> None:
    floor = floor_with(reacting())
    floor.scan("SN000001")
    floor.gauge("bore", "74.01", "mm")
    (one,) = floor.sealed().measurements
    broken = replace_signals(one, "we4", "we1")
    recorded(floor, measurements=(broken,))
    notice = floor.state.notices["reaction 1"]
    assert (notice.sign, floor.state.dialog) == ("red", None)
    document = display(floor.setup, floor.state).document(read_language("en"))
    assert [one["text"] for one in document["notices"]] == [  # type: ignore[index, attr-defined]
        "SN000001: the control chart of bore signals we1 (74.01). 1. setter: Look at the tool."
    ]
    floor.scan("SN000002")
    assert floor.state.notices == {}


def replace_signals(one: Measurement, *rules: str) -> Measurement:
    return msgspec.structs.replace(one, signals=tuple(Signal(rule=rule, limits="A") for rule in rules))


def test_a_value_that_was_confirmed_although_it_can_hardly_be_true_is_a_signal() -> None:
    floor = floor_with(reacting(plausible_high="75"))
    floor.scan("SN000001")
    floor.gauge("bore", "76", "mm")
    floor.scan("%OK")
    recorded(floor)
    assert [one.signal for one in floor.state.memory.reactions.open] == ["value_implausible"]


def test_a_plan_that_names_no_document_shows_its_own_words() -> None:
    floor = floor_with(reacting(reaction="set aside, tell the setter"))
    inspected(floor, "SN000001", BAD)
    says = display(floor.setup, floor.state).document(read_language("en"))["notices"]
    assert says[0]["text"] == "SN000001: bore 74.9 failed. the plan says: set aside, tell the setter"  # type: ignore[index]
    floor.scan("SN000002")
    assert (floor.state.unit is not None, floor.state.notices) == (True, {})


def test_scans_that_waited_for_the_record_are_no_answer() -> None:
    floor = floor_with(reacting())
    floor.scan("SN000001")
    floor.gauge("bore", "74.9", "mm")
    floor.scan("SN000002")
    recorded(floor)
    assert floor.message == "SN000001 fail, recorded. Not taken meanwhile: SN000002; scan it again"
    assert floor.state.memory.reactions.open[0].cause is None


def test_somebody_may_be_called_while_the_cause_is_asked() -> None:
    floor = floor_with(reacting())
    inspected(floor, "SN000001", BAD)
    (event,) = told(floor.scan("%CALL:setter"))
    assert event.type == "station.called"
    assert floor.state.memory.reactions.open[0].cause is None


def test_a_badge_with_a_pin_confirms_only_with_it() -> None:
    floor = floor_with(reacting(people=PEOPLE))
    floor.say(PinsKnown(frozenset({"OP-13"})))
    inspected(floor, "SN000001", BAD)
    floor.scan("one")
    inspected(floor, "SN000002", BAD)
    floor.scan("two")
    inspected(floor, "SN000003", BAD)
    floor.scan("three")
    floor.scan("repaired")
    assert floor.scan("OP-13") == ()
    assert floor.scan("471147") == (TryPin("OP-13", "471147"),)
    assert floor.state.operator == "OP-12"
    (event,) = told(floor.say(PinTried("OP-13", PinFate("right"), floor.now)))
    assert event.payload["confirmed_by"] == ["OP-13"]
    assert (floor.state.pin, floor.state.dialog) == (None, None)


def test_an_automatic_station_shows_what_is_to_be_done_and_goes_on() -> None:
    at = reacting()
    force = BORE.model_copy(update={"name": "force", "unit": "kN", "lsl": "10", "usl": "20", "nominal": None,
                                    "device": "press", "channel": "force", "reaction": "RP-12"})  # fmt: skip
    floor = Floor(replace(setup(force, mode="automatic"), reactions=at.reactions))
    floor.say(block("SN000001", "30"))
    recorded(floor)
    assert [one.waits for one in floor.state.memory.reactions.open] == [False]
    assert floor.state.notices["reaction 1"].says.id == "reaction.shown"
    floor.say(block("SN000002", "15", trigger=8))
    recorded(floor)
    assert floor.state.notices == {}


def test_a_document_of_another_part_or_line_is_not_asked() -> None:
    for text in (RP.replace('revision = "A"', 'part = "PR-75"'), RP.replace('revision = "A"', 'line = "elsewhere"')):
        floor = floor_with(reacting(text))
        inspected(floor, "SN000001", BAD)
        assert [one.document for one in floor.state.memory.reactions.open] == [None]


def test_a_document_that_cannot_be_read_is_a_remark() -> None:
    text = 'id = "RP-12"\n'
    found, remarks = station_reactions(shelf({listed("RP-12", text, kind="reaction"): text}), TABLE)
    assert found == {}
    assert remarks == (
        "OP20 shows no step of RP-12 A, edition 1: a reaction plan says what happens when: add an [[on]]",
    )


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Spool]:
    with spool(tmp_path) as opened:
        yield opened


def test_an_open_reaction_survives_a_kill_with_what_was_answered(one: Spool) -> None:
    at = reacting(people=PEOPLE)
    life = ShiftLife(at, one)
    bad = life.gauge("bore", "74.9")
    life.live("OP-12", "SN000001", bad, "a", "SN000002", bad, "b", "SN000003", bad)
    assert life.asks == "reaction.which_cause"
    again = ShiftLife(at, one)
    again.live("OP-12")
    assert again.asks == "reaction.which_cause"
    again.live("tool broken")
    third = ShiftLife(at, one)
    third.live("OP-12", "SN000004")
    assert (third.asks, third.runner.state.unit) == ("reaction.which_action", None)
    third.live("tool changed", "OP-13", "SN000004")
    assert third.runner.state.unit is not None
    acknowledged = [event.payload for event in events(one) if event.type == "reaction.acknowledged"]
    assert [(p["signal"], p["cause"], p.get("action")) for p in acknowledged] == [
        ("fail", "a", None),
        ("fail", "b", None),
        ("fails_in_row", "tool broken", "tool changed"),
    ]
    assert all(str(p["record"]).startswith("pc1/") for p in acknowledged)


def test_three_reactions_are_asked_one_after_the_other_whoever_is_there_and_go_on_is_said_last() -> None:
    floor = floor_with(reacting(people=PEOPLE))
    inspected(floor, "SN000001", BAD)
    memory = floor.state.memory
    signals: tuple[Named, ...] = ("first_piece_fail", "fails_in_row")
    for number, signal in enumerate(signals, 2):
        at, serial = f"2026-01-01T00:00:0{number}.000000Z", f"SN00000{number}"
        seen = SignalSeen((signal,), at, "bore", "PR-74", serial=serial, in_row=3)
        memory = opened(floor.setup, memory, floor.setup.plan, seen)
    floor.state = replace(floor.state, memory=memory)
    said, events_ = list[str](), list[str]()
    for text in ("one", "two", "%LOGOFF", "OP-12", "%HOLD:x", "done two", "three", "done three", "OP-13"):
        events_ += [str(one.payload["serial"]) for one in told(floor.scan(text)) if "serial" in one.payload]
        said.append(floor.message)
    assert events_ == ["SN000001", "SN000002", "SN000003"]
    assert said.count("acknowledged: go on") == 1
    assert said[-1] == "acknowledged: go on"
    assert floor.state.operator == "OP-12"
