"""Derived characteristics and plausible limits: at an operator's station, at an automatic one, and in the record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.agent.station_floor import Floor, block, setup

from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.setup import Setup
from gaugetrail_agent.station.unfinished import journal_text, read_journal
from gaugetrail_agent.station.words.effect import SealIt
from gaugetrail_agent.station.words.happening import ValueCame
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, InspectionBody, Measurement, Verdict


def planned(name: str, **more: object) -> Characteristic:
    return Characteristic.model_validate({"name": name} | more)


LEFT = planned("left", unit="mm", usl="5", device="bore")
RIGHT = planned("right", unit="mm", usl="5", device="bore")
TYPED = planned("pin", unit="mm", capture="typed")
MEAN = planned("wall", unit="mm", formula="mean(left, right)", decimals=2, usl="3.00")
RATIO = planned("ratio", formula="left / right", decimals=3)
LOOKS = planned("looks", kind="attribute")


def at_work(*characteristics: Characteristic, order: str = "strict") -> Floor:
    floor = Floor(setup(*characteristics, order=order))
    floor.scan("OP-12")
    floor.scan("SN000001")
    return floor


def by_name(body: InspectionBody) -> dict[str, Measurement]:
    return {one.characteristic: one for one in body.measurements}


def test_a_derived_value_comes_with_the_last_that_it_is_made_of() -> None:
    """Shown, kept in the journal with it, judged and recorded; nobody is asked for it."""
    floor = at_work(LEFT, RIGHT, MEAN, LOOKS)
    floor.gauge("bore", "2.01", "mm")
    assert floor.message == "left 2.01 mm pass"
    floor.gauge("bore", "4.02", "mm")
    assert floor.message == "right 4.02 mm pass; wall 3.02 mm fail"
    assert floor.state.light == "red"
    assert [one.characteristic for one in floor.kept[-1].measurements] == ["left", "right", "wall"]
    floor.scan("%OK")
    body = floor.sealed()
    wall = by_name(body)["wall"]
    assert (wall.value, wall.unit, wall.usl, wall.verdict) == ("3.02", "mm", "3.00", Verdict.FAIL)
    assert (wall.capture, wall.status, wall.gauge, wall.skipped) == (Capture.DERIVED, "ok", None, None)
    assert wall.time == by_name(body)["right"].time
    assert body.verdict is Verdict.FAIL


def test_what_is_judged_is_the_rounded_value() -> None:
    floor = at_work(LEFT, RIGHT, MEAN)
    floor.gauge("bore", "3.00", "mm")
    floor.gauge("bore", "3.01", "mm")
    wall = by_name(floor.sealed())["wall"]
    assert (wall.value, wall.verdict) == ("3.00", Verdict.PASS)
    assert floor.sealed().verdict is Verdict.PASS


def test_derived_of_derived_and_of_typed() -> None:
    twice = planned("play", formula="wall - pin", decimals=1)
    floor = at_work(LEFT, RIGHT, MEAN, TYPED, twice)
    floor.gauge("bore", "2", "mm")
    floor.gauge("bore", "4.0", "mm")
    floor.scan("1.5")
    assert {name: one.value for name, one in by_name(floor.sealed()).items()} == {
        "left": "2",
        "right": "4.0",
        "wall": "3.00",
        "pin": "1.5",
        "play": "1.5",
    }


def test_a_division_by_zero_is_that_units_fault_and_told() -> None:
    floor = at_work(LEFT, RIGHT, RATIO, LOOKS)
    floor.gauge("bore", "2", "mm")
    floor.gauge("bore", "0.00", "mm")
    assert floor.message == "right 0.00 mm pass; ratio can't be computed: a division by zero"
    assert floor.state.light == "red"
    floor.scan("%OK")
    body = floor.sealed()
    ratio = by_name(body)["ratio"]
    assert (ratio.value, ratio.verdict, ratio.status) == (None, Verdict.INCOMPLETE, "division_by_zero")
    assert ratio.skipped == "not derived: a division by zero"
    assert body.verdict is Verdict.INCOMPLETE


def test_the_last_measurement_s_fault_is_told_with_the_record() -> None:
    """Whoever measured last sees why the part is not through, not just that it is not."""
    from gaugetrail_agent.station.words.happening import Recorded

    floor = at_work(LEFT, RIGHT, RATIO)
    floor.gauge("bore", "2", "mm")
    floor.gauge("bore", "0", "mm")
    floor.say(Recorded("pc/e/1", "SN000001", Verdict.INCOMPLETE))
    assert floor.message == "SN000001 incomplete, recorded: ratio can't be computed: a division by zero"
    assert floor.state.light == "red"


def test_a_unit_that_is_ended_early_has_no_derived_value() -> None:
    floor = at_work(LEFT, RIGHT, MEAN)
    floor.gauge("bore", "2", "mm")
    floor.scan("%CANCEL")
    body = floor.sealed()
    assert (list(by_name(body)), body.verdict) == (["left"], Verdict.INCOMPLETE)


def test_a_derived_value_survives_the_agent() -> None:
    """What the journal holds goes on with what was derived, and derives the rest."""
    play = planned("play", formula="wall - pin", decimals=1)
    floor = at_work(LEFT, RIGHT, MEAN, TYPED, play)
    floor.gauge("bore", "2", "mm")
    floor.gauge("bore", "4", "mm")
    left = read_journal(journal_text(floor.kept[-1]))
    again = Floor(floor.setup)
    again.state = replace(again.state, unfinished=left)
    again.scan("OP-12")
    again.scan("%GO")
    again.scan("1.0")
    assert by_name(again.sealed())["play"].value == "2.0"
    assert [one.characteristic for one in again.sealed().measurements] == ["left", "right", "wall", "pin", "play"]


def test_a_free_plan_derives_whatever_comes_first() -> None:
    floor = at_work(RIGHT.model_copy(update={"device": "scale"}), LEFT, MEAN, order="free")
    floor.gauge("bore", "2", "mm")
    floor.gauge("scale", "4", "mm")
    assert by_name(floor.sealed())["wall"].value == "3.00"


def test_a_plan_with_an_unknown_name_is_never_through() -> None:
    """`check` refuses such a plan; if one came here all the same, nothing passes by it."""
    floor = at_work(LEFT, planned("odd", formula="left + rigth", decimals=1))
    floor.gauge("bore", "2", "mm")
    assert floor.sealed().verdict is Verdict.INCOMPLETE


# --- by itself

FORCE = planned("force", unit="kN", device="press", plausible_low="0", plausible_high="100")
TENTH = planned("tenth", unit="kN", formula="force / 10", decimals=1)


def automatic(*characteristics: Characteristic) -> Setup:
    return setup(*characteristics, mode="automatic")


def offered(at: Setup, force: str | None, status: Status = Status.OK) -> tuple[Floor, InspectionBody]:
    floor = Floor(at)
    floor.say(block("SN000001", force, status))
    return floor, floor.sealed()


def test_an_automatic_station_derives_too() -> None:
    _, body = offered(automatic(FORCE, TENTH), "15.0")
    assert {name: one.value for name, one in by_name(body).items()} == {"force": "15.0", "tenth": "1.5"}
    assert body.verdict is Verdict.PASS


def test_a_missing_input_makes_it_incomplete() -> None:
    _, body = offered(automatic(FORCE, TENTH), None, Status.ERROR)
    tenth = by_name(body)["tenth"]
    assert (tenth.value, tenth.verdict, tenth.status) == (None, Verdict.INCOMPLETE, "no_value")
    assert tenth.skipped == "not derived: force has no value"
    assert body.verdict is Verdict.INCOMPLETE


def test_a_derived_value_that_can_not_be_true_is_none() -> None:
    odd = planned("tenth", formula="force / 10", decimals=1, plausible_high="1.4")
    _, body = offered(automatic(FORCE, odd), "15.0")
    tenth = by_name(body)["tenth"]
    assert (tenth.value, tenth.status) == (None, "implausible")
    assert tenth.skipped == "not derived: 1.5 lies outside what it can be"


def test_a_machine_s_odd_value_is_none_and_a_refusal() -> None:
    """Nobody stands there who could say that it is true: no number in the record, an event that says which it was."""
    floor, body = offered(automatic(FORCE), "100.1")
    force = by_name(body)["force"]
    assert (force.value, force.verdict, force.plausible_low, force.plausible_high) == (
        None,
        Verdict.INCOMPLETE,
        "0",
        "100",
    )
    (refused,) = floor.refused
    assert (refused.why.id, refused.why.values["between"]) == ("block.implausible", "0 … 100")
    (sealed,) = [effect for effect in floor.effects if isinstance(effect, SealIt)]
    assert sealed.answer == ("press", 7)


@pytest.mark.parametrize("value", ["0", "100", "15.0"])
def test_a_machine_s_plausible_value_is_taken(value: str) -> None:
    floor, body = offered(automatic(FORCE), value)
    assert (by_name(body)["force"].value, floor.refused, body.override) == (value, [], None)


# --- what can be, with somebody there

BORE = planned("bore", unit="mm", lsl="73.95", usl="74.05", device="bore", plausible_low="70", plausible_high="80")


def test_an_odd_value_is_asked_about_and_another_one_takes_its_place() -> None:
    floor = at_work(BORE, LOOKS)
    floor.gauge("bore", "7.401", "mm")
    assert floor.message == "bore sent 7.401, which bore can't be (70 … 80): measure it again; scan %OK if it is true"
    assert (floor.state.light, floor.kept, [one.why.id for one in floor.refused]) == (
        "amber",
        [],
        ["value.implausible"],
    )
    floor.gauge("bore", "74.01", "mm")
    assert floor.state.question is None
    floor.scan("%OK")
    body = floor.sealed()
    assert (by_name(body)["bore"].value, body.verdict, body.override) == ("74.01", Verdict.PASS, None)


def test_an_odd_value_that_is_confirmed_is_taken_judged_and_named() -> None:
    floor = at_work(BORE)
    floor.gauge("bore", "81", "mm")
    floor.scan("%ok")
    body = floor.sealed()
    assert (by_name(body)["bore"].value, body.verdict) == ("81", Verdict.FAIL)
    assert body.override is not None
    assert (body.override.who, body.override.why) == ("OP-12", "bore 81: outside what it can be, and confirmed")


def test_a_value_that_fails_but_can_be_is_taken_without_asking() -> None:
    floor = at_work(BORE)
    floor.gauge("bore", "70", "mm")
    assert (by_name(floor.sealed())["bore"].verdict, floor.refused) == (Verdict.FAIL, [])


PIN = planned("pin", unit="mm", capture="typed", plausible_low="10")


def test_an_odd_number_that_was_typed_is_asked_about_too() -> None:
    floor = at_work(PIN, planned("looks", kind="attribute"))
    floor.scan("1.25")
    assert floor.message == "pin can't be 1.25 (10 …): measure it again; scan %OK if it is true"
    floor.scan("12.5")
    assert floor.message == "pin 12.5 mm pass"
    floor.scan("%OK")
    assert floor.sealed().override is None
    assert [one.why.id for one in floor.refused] == ["typed.implausible"]


def test_an_odd_number_that_was_typed_can_be_confirmed() -> None:
    floor = at_work(PIN)
    floor.scan("1.25")
    floor.scan("%OK")
    body = floor.sealed()
    assert (by_name(body)["pin"].value, by_name(body)["pin"].plausible_low) == ("1.25", "10")
    assert body.override is not None
    assert body.override.who == "OP-12"


def test_an_answer_of_one_unit_is_no_other_unit_s() -> None:
    """The question goes with its unit."""
    floor = at_work(BORE)
    floor.gauge("bore", "81", "mm")
    floor.scan("%CANCEL")
    assert floor.state.question is None


# --- what the plan says goes along


def test_the_record_carries_what_the_plan_says_of_a_characteristic() -> None:
    wanted = planned(
        "bore", **{"class": "CC"}, device="bore", lsl="0", usl="0.05", lsl_kind="natural", requirement="DRW-1 D"
    )
    floor = at_work(wanted)
    floor.say(ValueCame("bore", Reading(Status.OK, b"raw", value="0.01"), **floor.tick()))
    bore = by_name(floor.sealed())["bore"]
    assert (bore.class_, bore.requirement, bore.lsl_kind, bore.usl_kind) == ("CC", "DRW-1 D", "natural", None)
