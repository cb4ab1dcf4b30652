"""What the operator's screen shows of a station at a moment, on paper: no server, no browser."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from station_floor import BORE, FORCE, LOOKS, WEIGHT, Floor, block, on_list, setup
from station_lives import recorded

from gaugetrail_agent.languages.sentences import said
from gaugetrail_agent.screen.run_chart import run_chart
from gaugetrail_agent.seen.buttons import Button, buttons, pad_of
from gaugetrail_agent.seen.made import Made, MadeHere, ShiftCount, began
from gaugetrail_agent.seen.scale import scale_of
from gaugetrail_agent.seen.snapshot import ShownMoment, Snapshot, charted, snapshot
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.memory import Moment
from gaugetrail_agent.station.memory.bypasses import Bypasses, OpenBypass
from gaugetrail_agent.station.words.happening import Noticed, Recorded
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_contract.documents.bypass import AlternativeControl
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import InspectionBody, Verdict

NOTHING = Made(ShiftCount("06:00"))
DEPTH = Characteristic(name="depth", title="Depth", unit="mm", lsl="8.4", usl="8.6")
HOUR_US = 3_600_000_000


def seen(floor: Floor, made: Made = NOTHING) -> Snapshot:
    return snapshot(ShownMoment(floor.setup, display(floor.setup, floor.state), made))


def pressed(floor: Floor) -> list[str]:
    """What each sends; people can always speak up and hold, and all words be looked at."""
    found = buttons(floor.setup, floor.state)
    always = ("%NOTE", "%CALL", "%SUGGEST", "%HANDOVER", "%HOLD")
    return [one.sends for one in found if one.sends not in always and one.opens not in ("more", "papers")]


def with_unit(*wanted: Characteristic) -> Floor:
    floor = Floor(setup(*wanted, people=on_list("OP-12")))
    floor.scan("OP-12")
    floor.scan("SN000001")
    return floor


def made_of(*bodies: InspectionBody, at_us: int = 0, of: tuple[str, str] = ("", "")) -> Made:
    here = MadeHere(("06:00", "14:00", "22:00"), UTC)
    for body in bodies:
        here.add(body, at_us)
    return here.at(at_us, *of)


def inspected(bore: str, serial: str = "SN000001") -> InspectionBody:
    floor = Floor(setup(BORE, people=on_list("OP-12")))
    floor.scan("OP-12")
    floor.scan(serial)
    floor.gauge("bore", bore, "mm")
    return floor.sealed()


def test_what_is_measured_next_stands_with_its_step_limits_and_place() -> None:
    """A value stands beside the characteristic that it is of, and what is still to come has none."""
    floor = with_unit(BORE, WEIGHT)
    floor.gauge("bore", "74.010", "mm")
    now = seen(floor)
    assert (now.step_number, len(now.steps)) == (2, 2)
    assert now.wanted is not None
    assert (now.wanted.name, now.wanted.lsl, now.wanted.usl, now.wanted.result) == ("weight", "10.0", None, None)
    assert now.last is not None
    assert (now.last.name, now.last.result, now.last.taken.verdict) == ("bore", "74.010", Verdict.PASS)  # type: ignore[union-attr]
    assert now.unit is not None
    assert (now.unit.serial, now.unit.part, now.unit.in_hand) == ("SN000001", "PR-74", True)
    assert now.person == "Ada"


@pytest.mark.parametrize(
    ("bore", "verdict", "answer", "tone"),
    [("74.010", Verdict.PASS, "pass", "good"), ("74.060", Verdict.FAIL, "fail", "bad")],
)
def test_the_verdict_is_said_once_it_is_recorded(bore: str, verdict: Verdict, answer: str, tone: str) -> None:
    floor = with_unit(BORE)
    floor.gauge("bore", bore, "mm")
    assert seen(floor).answer == ""  # it is on its way, and nobody is told a verdict yet
    floor.say(Recorded("pc1/e/1", "SN000001", verdict))
    assert (answer, tone) == (seen(floor).answer, seen(floor).tone)


def test_a_value_out_of_its_limits_in_the_middle_of_a_unit_is_a_fail() -> None:
    floor = with_unit(BORE, WEIGHT)
    floor.gauge("bore", "74.060", "mm")
    assert seen(floor).answer == "fail"


def test_what_is_refused_is_neither_pass_nor_fail() -> None:
    floor = Floor(setup(people=on_list("OP-12")))
    floor.scan("OP-99")
    assert (seen(floor).answer, seen(floor).tone) == ("stop", "refused")
    floor.scan("SN000001")
    assert seen(floor).answer == "look"


def test_an_ended_unit_is_incomplete_and_not_a_fail() -> None:
    floor = with_unit(BORE)
    floor.scan("%CANCEL")
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.INCOMPLETE))
    assert seen(floor).answer == "incomplete"


def test_a_first_piece_that_failed_is_a_fail_and_not_only_refused() -> None:
    floor = with_unit(BORE)
    floor.gauge("bore", "74.060", "mm")
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.FAIL))
    assert floor.state.says is not None
    floor.state = replace(floor.state, says=said("first.not_passed", recorded=floor.state.says))
    assert (seen(floor).answer, seen(floor).tone) == ("fail", "bad")


def test_of_a_recorded_unit_what_failed_is_looked_at() -> None:
    floor = Floor(setup(BORE, DEPTH, people=on_list("OP-12")))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.060", "mm")
    floor.scan("8.5")
    body = floor.sealed()
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.FAIL))
    now = seen(floor, made_of(body))
    assert now.last is not None
    assert (now.last.name, now.last.result) == ("bore", "74.060")
    assert charted(floor.setup, floor.state, body) == ("CP-1", "bore")
    assert now.unit is not None
    assert not now.unit.in_hand


def test_the_worst_that_is_wrong_comes_first() -> None:
    floor = Floor(setup())
    floor.say(Noticed("broker", Notice("amber", said("notice.broker_away"))))
    floor.say(Noticed("device bore", Notice("red", said("notice.silent", device="bore"))))
    assert [one.sign for one in seen(floor).notices] == ["red", "amber"]


def test_a_station_that_nobody_stands_at_shows_what_the_plc_brought_and_has_no_buttons() -> None:
    floor = Floor(setup(FORCE, mode="automatic"))
    floor.say(block("SN000001", "15.0"))
    body = floor.sealed()
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.PASS))
    now = seen(floor, made_of(body))
    assert (now.waits, now.answer, now.buttons, now.pad) == ("wait_plc", "pass", (), "")
    assert now.last is not None
    assert (now.last.name, now.last.result) == ("force", "15.0")


# --- what can be pressed


def test_each_button_sends_what_a_scan_would_and_the_station_takes_it() -> None:
    """Not one leads to the answer that it isn't wanted now."""
    floor = with_unit(LOOKS, DEPTH)
    assert pressed(floor) == ["%OK", "%NOK", "%NOK:", "%CANCEL"]
    floor.scan("%OK")
    assert pressed(floor) == ["%AGAIN", "%UNDO", "%CANCEL"]
    assert pad_of(floor.setup, floor.state) == "number"
    floor.scan("%CANCEL")
    floor.say(Recorded("pc1/e/1", "SN000001", Verdict.INCOMPLETE))
    assert pressed(floor) == ["", "%REASON", "%CHANGED", "%LOGOFF"]
    floor.scan("%LOGOFF")
    assert floor.state.operator is None
    assert pressed(floor) == [""]


def test_defects_that_were_found_of_late_are_tiles() -> None:
    floor = with_unit(LOOKS)
    floor.scan("%NOK:BURR,DENT")
    made = made_of(floor.sealed())
    assert made.defects == ("BURR", "DENT")
    again = with_unit(LOOKS)
    tiles = [one for one in buttons(again.setup, again.state, made.defects) if one.more]
    assert [(one.sends, one.more) for one in tiles] == [("%NOK:BURR", "BURR"), ("%NOK:DENT", "DENT")]


def test_a_plan_says_which_defects_there_are() -> None:
    """Each with its place and how many by tiles, too."""
    floor = with_unit(LOOKS.model_copy(update={"defects": ("BURR",)}))
    assert pressed(floor) == ["%OK", "%NOK", "%NOK:BURR", "%NOK:", "%CANCEL"]
    assert [one.opens for one in buttons(floor.setup, floor.state) if one.sends == "%NOK:"] == ["defects"]
    assert seen(floor).defects == ("BURR",)


def test_places_where_defects_were_found_are_tiles() -> None:
    floor = with_unit(LOOKS)
    floor.scan("%NOK:BURR@A3*2,DENT@B1,BURR@A3")
    assert made_of(floor.sealed()).places == ("A3", "B1")


def test_an_alternative_control_is_begun_with_a_reason_that_is_typed_and_ended_by_touch() -> None:
    at = setup(BORE, LOOKS, people=on_list("OP-12"))
    one = AlternativeControl(id="BP-1", what="plug gauge", instead_of=("bore",), extra=("looks",), most_hours=4)
    floor = Floor(replace(at, plan=replace(at.plan, file=at.plan.file.model_copy(update={"bypass": (one,)}))))
    floor.scan("OP-12")
    offered = [one for one in buttons(floor.setup, floor.state) if one.sends.startswith("%BYPASS")]
    assert [(one.sends, one.opens, one.more) for one in offered] == [("%BYPASS:BP-1 ", "letters", "BP-1")]
    memory = msgspec.structs.replace(
        floor.state.memory, bypasses=Bypasses((OpenBypass("CP-1", "BP-1", "x", "QE-3", Moment(0, 0, "")),))
    )
    floor.state = replace(floor.state, memory=memory)
    assert [one.sends for one in buttons(floor.setup, floor.state) if "%BYPASS" in one.sends] == ["%BYPASS:OFF"]


def test_what_is_asked_is_answered_on_the_letters() -> None:
    floor = with_unit(LOOKS, DEPTH)
    floor.scan("%OK")
    floor.scan("%AGAIN")
    assert (pad_of(floor.setup, floor.state), pressed(floor)) == ("letters", ["%CANCEL"])
    floor.scan("THE LAMP WAS OFF")
    assert pressed(floor) == ["%OK", "%NOK", "%NOK:", "%CANCEL"]


def test_a_question_with_answers_has_a_button_for_each() -> None:
    floor = Floor(setup(people=on_list("OP-12")))
    floor.scan("OP-12")
    floor.scan("%REASON")
    assert {"audit", "special", "%CANCEL"} <= set(pressed(floor))
    assert pad_of(floor.setup, floor.state) == ""
    answers = [one for one in buttons(floor.setup, floor.state) if one.sends and one.sends[0] != "%"]
    assert all(one.says is not None for one in answers)


def test_another_unit_than_those_that_are_offered_can_be_typed() -> None:
    floor = with_unit(LOOKS)
    floor.scan("%OK")
    recorded(floor)
    floor.scan("%HOLD:scratches")
    assert [(one.sends, one.opens) for one in buttons(floor.setup, floor.state)][:2] == [
        ("SN000001", ""),
        ("", "letters"),
    ]
    floor.scan("SN000002")
    held = floor.state.memory.held.of("serial", "SN000002")
    assert held is not None
    assert held.state == "hold"


def test_what_may_be_left_out_has_a_button() -> None:
    floor = with_unit(DEPTH.model_copy(update={"skip": "with_reason"}))
    assert pressed(floor) == ["%SKIP", "%CANCEL"]


def test_who_was_called_can_be_said_to_be_here() -> None:
    floor = with_unit(LOOKS)
    floor.scan("%CALL:QUALITY")
    assert "%CALL:HERE" in pressed(floor)


def test_a_code_that_must_be_scanned_has_no_keys() -> None:
    floor = with_unit(Characteristic.model_validate({"name": "label", "kind": "text", "entry": "scanned"}))
    assert pad_of(floor.setup, floor.state) == ""


def test_an_odd_value_is_asked_about_with_a_button() -> None:
    floor = with_unit(DEPTH.model_copy(update={"plausible_high": "20"}))
    floor.scan("85")
    assert pressed(floor)[0] == "%OK"
    floor.scan("%OK")
    assert floor.sealed().measurements[0].value == "85"


def test_what_is_refused_of_a_person_can_be_asked_for() -> None:
    floor = Floor(setup(people=on_list("OP-12")))
    floor.scan("OP-12")
    assert Button("Log off", "%LOGOFF") in buttons(floor.setup, floor.state)
    assert pad_of(floor.setup, floor.state) == ""


# --- what was made


def test_a_unit_that_is_measured_again_is_one_unit_by_its_last_verdict() -> None:
    made = made_of(inspected("74.060"), inspected("74.010"), inspected("74.020", "SN000002"))
    assert (made.shift.units, made.shift.good, made.shift.first_good) == (2, 2, 1)
    assert made.shift.first_pass == 0.5
    assert [one.serial for one in made.units] == ["SN000002", "SN000001", "SN000001"]


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans())))
def test_counts_are_those_of_each_units_first_and_last_look(looks: list[tuple[int, bool]]) -> None:
    good, bad = inspected("74.010"), inspected("74.090")
    bodies = [msgspec.structs.replace(good if passed else bad, serial=f"SN{unit}") for unit, passed in looks]
    shift = made_of(*bodies).shift
    first = dict(reversed(looks))
    last = dict(looks)
    assert (shift.units, shift.good, shift.first_good) == (len(last), sum(last.values()), sum(first.values()))


def test_units_of_a_lot_have_no_serial_and_each_is_one() -> None:
    lot = msgspec.structs.replace(inspected("74.010"), serial=None, lot="L-1")
    made = made_of(lot, lot)
    assert (made.shift.units, [one.serial for one in made.units]) == (2, ["L-1", "L-1"])
    floor = Floor(setup(BORE))
    unit = seen(floor, made).unit
    assert unit is not None
    assert (unit.serial, unit.in_hand) == ("L-1", False)


def test_ten_units_and_twenty_five_values_are_kept_the_newest() -> None:
    made = made_of(*(inspected(f"74.0{n:02d}", f"SN0000{n:02d}") for n in range(30)), of=("CP-1", "bore"))
    assert [f"SN0000{n}" for n in range(29, 19, -1)] == [one.serial for one in made.units]
    assert [f"74.0{n:02d}" for n in range(5, 30)] == [one.value for one in made.values]


def test_a_shift_begins_at_nought() -> None:
    here = MadeHere(("06:00", "14:00"), UTC)
    here.add(inspected("74.010"), 13 * HOUR_US)
    assert here.at(13 * HOUR_US).shift.units == 1
    after = here.at(15 * HOUR_US)
    assert (after.shift.since, after.shift.units, after.shift.first_pass) == ("14:00", 0, None)
    assert len(after.units) == 1


def test_the_night_shift_began_the_day_before() -> None:
    zone = timezone(timedelta(hours=2))
    assert datetime(2026, 11, 27, 22, tzinfo=zone) == began(
        ("22:00", "06:00"), datetime(2026, 11, 28, 5, 59, tzinfo=zone)
    )
    assert datetime(2026, 11, 28, 6, tzinfo=zone) == began(("22:00", "06:00"), datetime(2026, 11, 28, 6, tzinfo=zone))


# --- drawn


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3))
def test_a_value_is_inside_the_tolerance_on_the_bar_when_it_is_inside(value: Decimal) -> None:
    scale = scale_of("74.000", "73.950", "74.050")
    assert scale is not None
    low, at, high = (scale.place(text) for text in ("73.950", str(value), "74.050"))
    assert 2 <= at <= 98
    assert (
        (low <= at <= high) == (BORE.judge(str(value)) is Verdict.PASS) or abs(at - low) < 0.01 or abs(at - high) < 0.01
    )


def test_a_bar_needs_a_limit() -> None:
    assert scale_of("74.0", None, None) is None
    one_sided = scale_of(None, None, "0.02")
    assert one_sided is not None
    assert one_sided.place("0.01") < one_sided.place("0.02") < one_sided.place("0.03")
    assert scale_of(None, "0", None) is not None


def test_a_value_that_failed_has_another_shape() -> None:
    made = made_of(inspected("74.010"), inspected("74.090", "SN000002"), of=("CP-1", "bore"))
    picture = run_chart(made.values, [("spec", BORE.lsl), ("spec", BORE.usl), ("control", None)], 'bore "<b>"')
    assert picture.count("<circle") == 1
    assert picture.count('<path class="bad"') == 1
    assert picture.count('<line class="spec"') == 2
    assert "<b>" not in picture
    assert run_chart((), [], "none") == ""
