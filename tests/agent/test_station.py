"""What the operator and the PLC are told, and what ends up in the record."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from station_floor import BORE, FORCE, LOOKS, WEIGHT, Floor, block, gauge, measured_unit, on_list, setup

from gaugetrail_agent.languages.sentences import ENGLISH
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.display import prompt, waits_for
from gaugetrail_agent.station.words.effect import AskDevice, SealIt
from gaugetrail_agent.station.words.happening import NotRecorded, Recorded, TryAgain, ValueCame
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.events.registry import payload_of
from gaugetrail_contract.record import Capture, EventBody, InspectionBody, Override, Verdict


def test_badge_unit_and_each_characteristic_make_a_record() -> None:
    body = measured_unit().sealed()
    assert (body.operator, body.serial, body.part, body.verdict) == ("OP-12", "SN000001", "PR-74", Verdict.PASS)
    assert [(m.characteristic, m.value, m.gauge) for m in body.measurements] == [
        ("bore", "74.010", "G-17"),
        ("weight", "12.0", "G-18"),
    ]
    assert (body.measurements[0].lsl, body.measurements[0].usl) == ("73.950", "74.050")


def test_no_green_light_before_the_spool_has_committed() -> None:
    """G1: the operator is told that a part is recorded only after the commit."""
    floor = measured_unit()
    assert floor.state.light != "green"
    assert floor.state.last is None
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))
    assert floor.state.light == "green"
    assert floor.state.last is not None
    assert floor.state.last.record == "a/e/1"


def test_a_full_spool_is_red_says_why_and_recovers_alone() -> None:
    """G8: no green light, the reason in words, and the same body is offered again until it is in."""
    floor = measured_unit()
    body = floor.sealed()
    floor.say(NotRecorded("the spool's disk is full"))
    assert floor.state.light == "red"
    assert "the spool's disk is full" in floor.message
    floor.scan("SN000002")
    assert floor.state.unit is None, "no new unit while one is not recorded"
    assert (SealIt(body),) == floor.say(TryAgain())
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))
    assert (floor.state.sealing, floor.state.refused, floor.state.light) == (None, None, "green")


@pytest.mark.parametrize(
    ("bore", "weight", "verdict"),
    [
        ("73.950", "10.0", Verdict.PASS),
        ("74.050", "10.0", Verdict.PASS),
        ("74.051", "10.0", Verdict.FAIL),
        ("73.9499999", "10.0", Verdict.FAIL),
        ("74.0", "9.99", Verdict.FAIL),
        ("-74.0", "10.0", Verdict.FAIL),
    ],
)
def test_verdict_follows_the_limits_digit_for_digit(bore: str, weight: str, verdict: Verdict) -> None:
    body = measured_unit(bore, weight).sealed()
    assert verdict == body.verdict
    assert bore == body.measurements[0].value


@pytest.mark.parametrize(
    ("status", "value", "words"),
    [
        (Status.OVERRANGE, None, "overrange"),
        (Status.UNDERRANGE, None, "underrange"),
        (Status.NO_VALUE, None, "no value"),
        (Status.ERROR, None, "error"),
        (Status.GARBLED, None, "garbled"),
        (Status.INFO, None, "info"),
        (Status.UNSTABLE, "74.0", "still moving"),
    ],
)
def test_only_a_good_reading_becomes_a_measurement(status: Status, value: str | None, words: str) -> None:
    """G4: everything else is said to the operator and measured again."""
    floor = Floor(setup())
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", value, "mm", status)
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()
    assert words in floor.message


def test_a_gauge_in_another_unit_or_none_is_refused_with_the_cure() -> None:
    floor = Floor(setup())
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "2.9134", "in")
    assert "measures in in, the plan wants mm" in floor.message
    floor.gauge("bore", "74.0", None)
    assert "set settings.unit" in floor.message
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()


def test_strict_plan_takes_the_next_gauge_only_and_a_free_plan_any() -> None:
    strict = Floor(setup())
    free = Floor(setup(order="free"))
    for floor in (strict, free):
        floor.scan("OP-12")
        floor.scan("SN000001")
        floor.gauge("scale", "12.0", "g")
    assert strict.state.unit is not None
    assert free.state.unit is not None
    assert (len(strict.state.unit.taken), len(free.state.unit.taken)) == (0, 1)
    assert "measure bore with bore" in strict.message


def test_two_characteristics_of_one_gauge_are_filled_in_the_plans_order() -> None:
    top = Characteristic(name="top", unit="mm", device="bore")
    bottom = Characteristic(name="bottom", unit="mm", device="bore")
    floor = Floor(setup(top, bottom))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "1.0", "mm")
    floor.gauge("bore", "2.0", "mm")
    assert [(m.characteristic, m.value) for m in floor.sealed().measurements] == [("top", "1.0"), ("bottom", "2.0")]


def test_channel_routes_a_value_to_its_characteristic() -> None:
    one = Characteristic(name="one", unit="mm", device="bore", channel="1")
    floor = Floor(setup(one))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.say(ValueCame("bore", Reading(Status.OK, b"", value="5", unit="mm", channel="2"), **floor.tick()))
    assert floor.state.unit is not None
    floor.say(ValueCame("bore", Reading(Status.OK, b"", value="6", unit="mm", channel="1"), **floor.tick()))
    assert floor.sealed().measurements[0].value == "6"


def test_a_value_without_a_unit_scanned_is_never_recorded() -> None:
    floor = Floor(setup())
    floor.gauge("bore", "74.0", "mm")
    assert "scan your badge first" in floor.message
    floor.scan("OP-12")
    floor.gauge("bore", "74.0", "mm")
    assert "scan a unit first" in floor.message
    assert floor.effects == []


def test_scans_out_of_turn_are_answered_and_change_nothing() -> None:
    floor = Floor(setup(people=on_list("OP-12", qualification="bore gauge 2026")))
    floor.scan("SN000001")
    assert "scan your badge first" in floor.message
    floor.scan("OP-99")
    assert "not in the people list" in floor.message
    floor.scan("OP-12")
    floor.scan("garbage")
    assert "is no unit of this station" in floor.message
    floor.scan("SN000001")
    floor.scan("SN000002")
    assert "SN000001 is unfinished" in floor.message
    floor.scan("SN000001")
    assert "in work already" in floor.message
    floor.scan("OP-12")
    assert "unfinished" in floor.message


def test_qualification_stands_in_the_record_as_it_was() -> None:
    at = setup(people=on_list("OP-12", qualification="bore gauge 2026"))
    assert measured_unit(at=at).sealed().qualification == "bore gauge 2026"


def test_a_structured_code_gives_serial_lot_and_part() -> None:
    """A structured code is taken apart; one for another part, or with lost separators, is refused with the cure."""
    floor = Floor(replace(setup(BORE), code_profile=""))
    floor.scan("OP-12")
    floor.scan("[)>\x1e06\x1dPOTHER\x1dS4711\x1e\x04")
    assert "this is a OTHER; the plan CP-1 is for PR-74" in floor.message
    floor.scan("[)>06PPR-74S4711")
    assert "control characters" in floor.message
    floor.scan("[)>\x1e06\x1dPPR-74\x1dS00012345\x1d1TL7\x1e\x04")
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert (body.serial, body.lot, body.part) == ("00012345", "L7", "PR-74")


def test_a_text_that_is_no_unicode_is_refused_and_stops_nothing() -> None:
    """JSON from a terminal can spell half a character, which no code holds."""
    floor = Floor(replace(setup(BORE), code_profile=""))
    floor.scan("OP-12")
    floor.scan("[)>\x1e06\x1dPPR-74\x1dS4711\ud800\x1e\x04")
    assert "\\ud800\\x1e\\x04 is no unit of this station" in floor.message
    assert floor.state.unit is None


def test_identifier_means_what_the_house_says() -> None:
    """A supplier who puts his lot into 4L gives a lot, and no country."""
    floor = Floor(replace(setup(BORE), code_profile="", code_roles={"4L": "lot"}))
    floor.scan("OP-12")
    floor.scan("[)>\x1e06\x1dPPR-74\x1d4LMIL-LOT-42\x1dS4711\x1e\x04")
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert (body.serial, body.lot) == ("4711", "MIL-LOT-42")


def test_cancel_leaves_an_incomplete_record_rather_than_nothing() -> None:
    floor = Floor(setup())
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    floor.scan("%CANCEL")
    body = floor.sealed()
    assert (body.verdict, len(body.measurements)) == (Verdict.INCOMPLETE, 1)


def test_identifiers_stay_text() -> None:
    """#31: `00012345` and `1E5` reach the record letter for letter."""
    for serial in ("00012345", "1E5"):
        floor = Floor(setup(BORE))
        floor.scan("OP-12")
        floor.scan(serial)
        floor.gauge("bore", "74.0", "mm")
        assert serial == floor.sealed().serial


def test_attribute_result_is_scanned_with_its_defects() -> None:
    floor = Floor(setup(LOOKS))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.scan("maybe")
    assert "scan %OK or %NOK" in floor.message
    floor.scan("%NOK:SCRATCH, DENT")
    (looks,) = floor.sealed().measurements
    assert (looks.result, looks.defects, looks.verdict) == ("nok", ("SCRATCH", "DENT"), Verdict.FAIL)


def test_typed_value_is_marked_as_typed() -> None:
    typed = Characteristic.model_validate({"name": "depth", "unit": "mm", "usl": "5", "capture": "typed"})
    floor = Floor(setup(typed))
    floor.scan("OP-12")
    floor.scan("SN000001")
    for wrong in ("4,9,0", "nan", "1e3", "４"):
        floor.scan(wrong)
        assert "is not a number" in floor.message
    floor.scan("4.90")
    (depth,) = floor.sealed().measurements
    assert (depth.value, depth.capture, depth.unit) == ("4.90", Capture.TYPED, "mm")


def test_an_unfit_gauge_is_refused_unless_the_settings_say_why_not_and_then_the_record_does() -> None:
    gauges = {"G-17": gauge("G-17", "2020-01-01", "active"), "G-18": gauge("G-18", None, "blocked")}
    flagged = measured_unit(at=setup(gauges=gauges, locks=frozenset())).sealed()
    assert flagged.override == Override(who="settings", why="G-17 overdue, G-18 blocked: QE-3: the laboratory is full")
    assert [m.calibration for m in flagged.measurements] == ["overdue", "blocked"]
    assert flagged.measurements[0].calibration_due == "2020-01-01"
    floor = Floor(setup(gauges=gauges))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert "G-17 is overdue" in floor.message
    unknown = measured_unit().sealed()
    assert unknown.override is None
    assert unknown.measurements[0].calibration == "unknown"


def test_the_next_gauge_is_asked_for_its_reading() -> None:
    floor = Floor(setup())
    floor.scan("OP-12")
    assert (AskDevice("bore", None),) == floor.scan("SN000001")
    assert (AskDevice("scale", None),) == floor.gauge("bore", "74.0", "mm")


@pytest.mark.parametrize(("force", "verdict"), [("15.0", Verdict.PASS), ("20.1", Verdict.FAIL)])
def test_a_block_of_a_plc_becomes_a_record_to_be_answered(force: str, verdict: Verdict) -> None:
    (effect,) = Floor(setup(FORCE, mode="automatic")).say(block("SN000001", force))
    assert isinstance(effect, SealIt)
    assert isinstance(effect.body, InspectionBody)
    assert (("press", 7), verdict, None) == (effect.answer, effect.body.verdict, effect.body.operator)


def test_a_value_that_the_plc_lacks_makes_the_record_incomplete_never_a_number() -> None:
    for status in (Status.NO_VALUE, Status.ERROR):
        (effect,) = Floor(setup(FORCE, mode="automatic")).say(block("SN000001", None, status))
        assert isinstance(effect, SealIt)
        assert isinstance(effect.body, InspectionBody)
        (force,) = effect.body.measurements
        assert (Verdict.INCOMPLETE, None, str(status)) == (effect.body.verdict, force.value, force.status)


@pytest.mark.parametrize("serial", [None, "", "bad\x00", "x" * 300, "other"])
def test_a_block_with_no_usable_serial_is_rejected_and_kept_as_an_event(serial: str | None) -> None:
    (effect,) = Floor(setup(FORCE, mode="automatic")).say(block(serial, "15.0"))
    assert isinstance(effect, SealIt)
    assert isinstance(effect.body, EventBody)
    assert effect.body.type == "block_rejected"
    assert payload_of(effect.body.type, effect.body.subject.kind, effect.body.payload) is not None
    assert effect.body.payload["raw"]["force"] == "41"  # type: ignore[call-overload,index]


texts = st.one_of(
    st.text(max_size=30), st.sampled_from(["OP-12", "SN000001", "SN000002", "%CANCEL", "%LOGOFF", "%OK", "1.5"])
)
readings = st.builds(
    lambda status, value, unit, channel: Reading(
        status, b"r", value=value if status in (Status.OK, Status.UNSTABLE) else None, unit=unit, channel=channel
    ),
    st.sampled_from(list(Status)),
    st.sampled_from(["74.0", "0.1", "-3"]),
    st.sampled_from(["mm", "g", None, "in"]),
    st.sampled_from([None, "1", "force"]),
)
acts = st.one_of(
    texts.map(lambda text: ("scan", text)),
    st.tuples(st.just("gauge"), st.sampled_from(["bore", "scale", "press"]), readings),
    st.sampled_from([("commit",), ("refuse",), ("again",)]),
)


@given(st.lists(acts, max_size=40), st.sampled_from(["operator", "automatic"]))
def test_any_shift_seals_only_what_was_measured_and_is_green_only_when_recorded(acts: list[tuple], mode: str) -> None:
    """Whatever people and devices do in whatever order: no value without a good reading, no green without a commit."""
    floor = Floor(replace(setup(BORE, WEIGHT, LOOKS), mode=mode))
    committed = False
    for act in acts:
        if act[0] == "scan":
            effects = floor.scan(act[1])
        elif act[0] == "gauge":
            effects = floor.say(ValueCame(act[1], act[2], **floor.tick()))
        elif act[0] == "again":
            effects = floor.say(TryAgain())
        elif floor.state.sealing is not None and act[0] == "commit":
            effects = floor.say(Recorded("a/e/1", floor.state.sealing.serial or "", floor.state.sealing.verdict))
            committed = True
        elif floor.state.sealing is not None:
            effects = floor.say(NotRecorded("full"))
        else:
            continue
        assert committed or floor.state.light != "green"
        for effect in effects:
            if isinstance(effect, SealIt) and isinstance(effect.body, InspectionBody):
                assert effect.body.operator is not None
                assert all(m.status in (None, "ok") for m in effect.body.measurements)
                complete = {m.characteristic for m in effect.body.measurements} == {"bore", "weight", "looks"}
                assert effect.body.verdict in (Verdict.INCOMPLETE, Verdict.FAIL) or complete
        assert ENGLISH.text(prompt(floor.setup, floor.state))
        assert (floor.message == "") == (floor.state.says is None)
        assert waits_for(floor.state, mode)
