"""What a station says, word for word and with its light, and what stands in the record beside the values."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from station_floor import BORE, FORCE, LOOKS, WEIGHT, Floor, block, gauge, measured_unit, on_list, setup

from gaugetrail_agent.barcodes import read_scan
from gaugetrail_agent.languages.sentences import ENGLISH, said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.given.plans_here import PlansHere
from gaugetrail_agent.station.setup import StationTable, station_setup
from gaugetrail_agent.station.words.effect import AskDevice, SealIt
from gaugetrail_agent.station.words.happening import BatchCame, NotRecorded, Recorded, TryAgain, ValueCame
from gaugetrail_contract.documents.gauges import Calibration, Gauge
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import Capture, EventBody, InspectionBody, Verdict

NOTE = Characteristic.model_validate({"name": "note", "title": "the note", "kind": "text"})
COUNT = Characteristic.model_validate({"name": "burrs", "kind": "count", "usl": "3"})
DEPTH = Characteristic.model_validate({"name": "depth", "unit": "mm", "usl": "5", "capture": "typed"})
RATIO = Characteristic(name="ratio", device="scale")
START = "2026-09-21T14:13:20.000000Z"


def says(floor: Floor) -> tuple[str, str]:
    return floor.state.light, floor.message


def at_unit(*characteristics: Characteristic) -> Floor:
    floor = Floor(setup(*characteristics))
    floor.scan("OP-12")
    floor.scan("SN000001")
    return floor


@pytest.mark.parametrize(
    ("scans", "light", "message"),
    [
        (["SN000001"], "amber", "scan your badge first (SN000001 is no badge)"),
        (["OP-1"], "off", "OP-1 at the station"),
        ([" OP-1\r\n"], "off", "OP-1 at the station"),
        (["OP-1", "%logoff"], "off", "logged off"),
        (["OP-1", "%LOGOFF", "SN000001"], "amber", "scan your badge first (SN000001 is no badge)"),
        (["OP-1", "x" * 70], "red", "x" * 60 + " is no unit of this station; scan the unit's code"),
        (["OP-1", "SN000001"], "off", ""),
        (["OP-1", "SN000001", "SN000001"], "off", "SN000001 is in work already"),
        (["OP-1", "SN000001", "SN000002"], "amber", "SN000001 is unfinished: measure it or scan %CANCEL"),
        (["OP-1", "SN000001", "OP-1"], "amber", "SN000001 is unfinished: measure it or scan %CANCEL"),
        (["OP-1", "SN000001", "%LOGOFF"], "amber", "SN000001 is unfinished: measure it or scan %CANCEL"),
        (["OP-1", "SN000001", "%cancel"], "off", "being recorded"),
    ],
)
def test_a_scan_is_answered(scans: list[str], light: str, message: str) -> None:
    floor = Floor(setup())
    for text in scans:
        floor.scan(text)
    assert says(floor) == (light, message)


def test_a_badge_is_in_the_list_and_can_stand_in_a_record() -> None:
    listed = Floor(setup(people=on_list("OP-12")))
    listed.scan("OP-99")
    assert says(listed) == ("red", "OP-99 is not in the people list")
    free = Floor(replace(setup(), badge=re.compile(r"OP-.+")))
    free.scan("OP-\x07")
    assert says(free) == ("red", "the badge can't be used: it holds the control character U+0007 at position 4")
    assert (listed.state.operator, free.state.operator) == (None, None)


@pytest.mark.parametrize(
    ("wanted", "text", "message"),
    [
        (LOOKS, "maybe", "looks: scan %OK or %NOK:<defect>"),
        (LOOKS, "%NOK:" + ",".join(f"d{n}" for n in range(51)), "looks: these defect codes can't be used"),
        (LOOKS, "%NOK:a\x07", "looks: these defect codes can't be used"),
        (NOTE, "a\x07b", "note: it holds the control character U+0007 at position 2"),
        (DEPTH, "x" * 50, "depth: " + "x" * 40 + " is not a number like 12.30"),
        (DEPTH, "1" * 31, "depth: " + "1" * 31 + " is not a number like 12.30"),
        (DEPTH, "1,234", "depth: 1,234 can be 1.234 or 1234; type the one it is, without a comma"),
        (DEPTH, "-12,000", "depth: -12,000 can be -12.000 or -12000; type the one it is, without a comma"),
        (DEPTH, "1.234,5", "depth: 1.234,5 is not a number like 12.30"),
        (DEPTH, "1,234,567", "depth: 1,234,567 is not a number like 12.30"),
        (DEPTH, ",5", "depth: ,5 is not a number like 12.30"),
        (DEPTH, "12,", "depth: 12, is not a number like 12.30"),
        (COUNT, "2,0", "burrs: 2,0 is not a number like 12.30"),
        (COUNT, "1.5", "burrs: 1.5 is not a number like 12.30"),
        (COUNT, "-1", "burrs: -1 is not a number like 12.30"),
    ],
)
def test_a_typed_result_that_can_not_be_is_refused(wanted: Characteristic, text: str, message: str) -> None:
    floor = at_unit(wanted)
    floor.scan(text)
    assert says(floor) == ("amber", message)
    assert floor.state.unit is not None
    assert floor.state.unit.taken == ()


@pytest.mark.parametrize(
    ("wanted", "text", "light", "message"),
    [
        (NOTE, "no burr", "off", "note no burr pass"),
        (COUNT, "3", "off", "burrs 3 pass"),
        (COUNT, "4", "red", "burrs 4 fail"),
        (DEPTH, "-4.90", "off", "depth -4.90 mm pass"),
        (DEPTH, "4,5", "off", "depth 4.5 mm pass"),
        (DEPTH, "-12,50", "off", "depth -12.50 mm pass"),
        (DEPTH, "0,123", "off", "depth 0.123 mm pass"),
        (DEPTH, "1,2345", "off", "depth 1.2345 mm pass"),
        (DEPTH, "1234,567", "red", "depth 1234.567 mm fail"),
        (LOOKS, "%ok", "off", "looks ok pass"),
        (LOOKS, "%NOK:" + ",".join(f"d{n}" for n in range(50)), "red", "looks nok fail"),
    ],
)
def test_a_typed_result_is_shown_with_its_verdict_and_light(
    wanted: Characteristic, text: str, light: str, message: str
) -> None:
    """The next characteristic is not asked of a device, since none measures it."""
    other = Characteristic.model_validate({"name": "more", "kind": "text"})
    floor = at_unit(wanted, other)
    assert floor.scan(text) == ()
    assert says(floor) == (light, message)
    assert floor.state.unit is not None
    assert [m.characteristic for m in floor.state.unit.taken] == [wanted.name]


def test_a_decimal_comma_is_a_point_in_the_record_which_keeps_what_was_typed() -> None:
    floor = at_unit(DEPTH)
    floor.scan("3,50")
    (depth,) = floor.sealed().measurements
    assert (depth.value, bytes.fromhex(depth.raw or "")) == ("3.50", b"3,50")


def test_a_comma_in_a_code_is_no_decimal_point() -> None:
    """Whoever printed it may have meant anything: only a person's own is understood."""
    floor = at_unit(DEPTH)
    floor.scan("3,50", raw=b"3,50\r")
    assert says(floor) == ("amber", "depth: 3,50 is not a number like 12.30")


def test_what_is_typed_stands_in_the_record_as_its_kind() -> None:
    floor = at_unit(NOTE, COUNT, LOOKS)
    for text in ("no burr", "2", "%OK"):
        floor.scan(text)
    note, count, looks = floor.sealed().measurements
    assert (note.text, count.value, count.usl, looks.result, looks.defects) == ("no burr", "2", "3", "ok", ())
    assert {m.capture for m in (note, count, looks)} == {Capture.TYPED}
    assert note.time == "2026-09-21T14:13:23.000000Z"


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (Reading(Status.UNSTABLE, b"", value="1", unit="mm"), "bore is still moving; wait and measure again"),
        (Reading(Status.NO_VALUE, b""), "bore: no value; measure bore again"),
        (Reading(Status.ERROR, b"", error_code="E5"), "bore: error E5; measure bore again"),
        (Reading(Status.OK, b""), "bore: ok; measure bore again"),
        (
            Reading(Status.OK, b"", value="1"),
            "bore sends no unit: set settings.unit of the device (the plan has mm)",
        ),
        (
            Reading(Status.OK, b"", value="1", unit="in"),
            "bore measures in in, the plan wants mm: switch the gauge over",
        ),
    ],
)
def test_a_value_that_is_not_fit_is_said_with_the_cure(reading: Reading, message: str) -> None:
    floor = at_unit(BORE)
    assert floor.say(ValueCame("bore", reading, **floor.tick())) == ()
    assert says(floor) == ("amber", message)


@pytest.mark.parametrize(
    ("gauge", "message"),
    [
        (gauge("G-17", "2026-09-20", "active"), "gauge G-17 is overdue for calibration: use another one"),
        (gauge("G-17", None, "blocked"), "gauge G-17 is blocked for calibration: use another one"),
        (gauge("G-17", "2026-09-21", "active"), "being recorded"),
        (gauge("G-17", None, "active"), "being recorded"),
    ],
)
def test_a_gauge_is_fit_until_the_day_its_calibration_ends(gauge: Gauge, message: str) -> None:
    floor = Floor(setup(BORE, gauges={"G-17": gauge}))
    floor.scan("OP-12")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert floor.message == message


def test_a_gauge_that_is_not_fit_gives_an_automatic_station_no_value_either() -> None:
    """One question, one answer: the PLC's record is incomplete, and says how the calibration stood."""
    gauges = {"G-19": gauge("G-19", "2020-01-01", "active")}
    locked: frozenset[Calibration] = frozenset({"overdue"})
    for locks, value in ((locked, None), (frozenset({"blocked"}), "15.0")):
        at = setup(FORCE, mode="automatic", gauges=gauges, locks=locks)
        (effect,) = Floor(at).say(block("SN000001", "15.0"))
        assert isinstance(effect, SealIt)
        assert isinstance(effect.body, InspectionBody)
        (force,) = effect.body.measurements
        assert (force.value, force.unit, force.calibration) == (value, value and "kN", "overdue")
        assert (effect.body.override is not None) == (value is not None)


def test_a_value_out_of_turn_is_answered_with_what_is_wanted() -> None:
    floor = at_unit(BORE, WEIGHT)
    assert floor.gauge("scale", "12.0", "g") == ()
    assert says(floor) == ("amber", "scale sent a value that is not wanted now: measure bore with bore")
    typed = at_unit(NOTE, WEIGHT)
    typed.gauge("scale", "12.0", "g")
    assert says(typed) == ("amber", "scale sent a value that is not wanted now: enter the note")


def test_a_value_before_badge_or_unit_is_answered_with_what_comes_first() -> None:
    floor = Floor(setup())
    floor.gauge("bore", "74.0", "mm")
    assert says(floor) == ("amber", "bore sent a value, but there is no unit: scan your badge first")
    floor.scan("OP-12")
    floor.gauge("bore", "74.0", "mm")
    assert says(floor) == ("amber", "bore sent a value, but there is no unit: scan a unit first")


def test_a_value_is_shown_with_its_verdict_and_light() -> None:
    floor = at_unit(BORE, RATIO, WEIGHT)
    assert floor.gauge("bore", "74.010", "mm") == (AskDevice("scale", None),)
    assert says(floor) == ("off", "bore 74.010 mm pass")
    floor.gauge("scale", "0.5", None)
    assert says(floor) == ("off", "ratio 0.5 pass")
    bad = at_unit(BORE, NOTE)
    assert bad.gauge("bore", "75", "mm") == (), "nobody is asked for what is typed"
    assert says(bad) == ("red", "bore 75 mm fail")


def test_while_it_is_being_recorded_no_value_is_taken_and_a_press_is_answered() -> None:
    streams = FreshRule(fresh="return_to_zero", pan=True)
    floor = measured_unit(at=setup(rules={"press": streams}))
    before = floor.state
    assert floor.gauge("press", "74.0", "mm") == ()
    assert floor.gauge("bore", None, None, Status.ERROR) == ()
    assert floor.say(TryAgain()) == (), "what is on its way is not sealed twice"
    assert floor.state == before
    assert says(floor) == ("off", "being recorded")
    assert floor.gauge("bore", "74.0", "mm") == ()
    assert says(floor) == ("off", "bore sent a value while SN000001 was being recorded; it is not taken")


def test_a_refused_part_is_offered_again_once_and_not_when_there_is_none() -> None:
    assert Floor(setup()).say(TryAgain()) == ()
    floor = measured_unit()
    body = floor.sealed()
    floor.say(NotRecorded("the disk is full"))
    assert says(floor) == ("red", "NOT RECORDED: the disk is full. Hold the part; trying again")
    assert floor.say(TryAgain()) == (SealIt(body),)
    floor.say(Recorded("a/e/1", "SN000001", Verdict.FAIL))
    assert says(floor) == ("red", "SN000001 fail, recorded")
    assert floor.say(TryAgain()) == ()


def test_the_record_says_how_long_the_unit_was_in_hand() -> None:
    """By the monotonic clock, and never less than nothing."""
    floor = Floor(setup(BORE))
    floor.scan("OP-12")
    floor.scan("SN000001")
    started = floor.state.unit
    assert started is not None
    reading = Reading(Status.OK, b"", value="74.0", unit="mm")
    for later_ns, duration_ms in ((1_999_999, 1), (2_500_000_000, 2500), (-1, 0)):
        at = Floor(floor.setup)
        at.state = floor.state
        at.say(ValueCame("bore", reading, floor.now, started.started_ns + later_ns))
        assert (at.sealed().duration_ms, at.sealed().started) == (duration_ms, "2026-09-21T14:13:22.000000Z")


def test_the_raw_bytes_of_a_value_stand_in_the_record_as_far_as_there_is_room() -> None:
    floor = at_unit(BORE)
    floor.say(ValueCame("bore", Reading(Status.OK, b"\x41" * 5000, value="74.0", unit="mm"), **floor.tick()))
    (bore,) = floor.sealed().measurements
    assert bore.raw == "41" * 4096


# --- what a PLC offers


def test_a_station_that_works_by_itself_takes_blocks_and_nothing_else() -> None:
    floor = Floor(setup(FORCE, mode="automatic"))
    assert floor.scan("SN000001") == ()
    assert says(floor) == ("amber", "this station works by itself; a scan changes nothing")
    before = floor.state
    assert floor.gauge("press", "15.0", "kN") == ()
    assert floor.state == before
    floor.say(block(" SN000001 ", "15.0"))
    assert says(floor) == ("off", "SN000001 offered")


def test_a_block_at_an_operators_station_is_no_unit() -> None:
    floor = Floor(setup(FORCE))
    assert floor.say(block("SN000001", "15.0")) == ()
    assert says(floor) == ("amber", "press offered a block, but this station waits for an operator")


@pytest.mark.parametrize(
    ("serial", "reason"),
    [
        (None, "the serial can't be used: the block has no channel serial"),
        ("", "the serial can't be used: it is empty"),
        ("y" * 90, "the serial can't be used: " + "y" * 60 + " is no unit of this station"),
    ],
)
def test_a_rejected_block_is_red_and_its_record_says_why_in_english(serial: str | None, reason: str) -> None:
    floor = Floor(setup(FORCE, mode="automatic"))
    (effect,) = floor.say(block(serial, "15.0"))
    assert isinstance(effect, SealIt)
    assert isinstance(effect.body, EventBody)
    assert says(floor) == ("red", reason)
    assert effect.answer == ("press", 7)
    assert (effect.body.payload["device"], effect.body.payload["reason"]) == ("press", reason)


def test_a_rejected_block_keeps_its_bytes_as_far_as_there_is_room() -> None:
    """Under the channel's name, or the reading's place where it has none."""
    readings = (Reading(Status.GARBLED, b"\x41" * 300), Reading(Status.GARBLED, b"\x42", channel="force"))
    floor = Floor(replace(setup(FORCE, mode="automatic"), serial_channel="z" * 600))
    (effect,) = floor.say(BatchCame("press", readings, None, (1, 2), 5))
    assert isinstance(effect, SealIt)
    assert effect.answer is None, "a block without a trigger waits for no code"
    assert isinstance(effect.body, EventBody)
    assert effect.body.payload["raw"] == {"0": "41" * 256, "force": "42"}
    assert len(str(effect.body.payload["reason"])) == 500


def test_each_value_of_a_block_has_its_own_moment_and_a_missing_one_the_last() -> None:
    """The unit began with the block's first reading; a characteristic without a channel is found under its name."""
    named = Characteristic(name="weight", unit="kN", device="press")
    gone = Characteristic(name="gone", device="press")
    reading = Reading(Status.OK, b"\x41", value="15.0", unit="kN", channel="force")
    other = replace(reading, channel="weight", value="3")
    serial = Reading(Status.INFO, b"", channel="serial", text="SN000001")
    at = 1_790_000_000_000_000
    floor = Floor(setup(FORCE, named, gone, mode="automatic"))
    (effect,) = floor.say(BatchCame("press", (reading, other, serial), 7, (at, at + 1, at + 2), 5))
    assert isinstance(effect, SealIt)
    assert isinstance(effect.body, InspectionBody)
    assert [(m.value, m.time[-4:], m.channel, m.raw) for m in effect.body.measurements] == [
        ("15.0", "000Z", "force", "41"),
        ("3", "001Z", "weight", "41"),
        (None, "002Z", "gone", ""),
    ]
    assert (effect.body.started, effect.body.duration_ms) == (START, 0)
    assert (effect.body.serial, effect.body.verdict) == ("SN000001", Verdict.INCOMPLETE)


# --- what a terminal gets


def test_a_display_holds_each_sentence_with_its_id_and_what_is_wanted() -> None:
    floor = at_unit(BORE, NOTE)
    assert display(floor.setup, floor.state).document(ENGLISH) == {
        "station": "OP20",
        "state": "measuring",
        "prompt": "measure bore with bore",
        "asks": "prompt.measure",
        "operator": "OP-12",
        "plan": "CP-1",
        "revision": "C",
        "plan_sha256": "0" * 64,
        "serial": "SN000001",
        "next": "bore",
        "device": "bore",
        "unit": "mm",
        "light": "off",
        "message": "",
        "says": None,
        "last": None,
        "sign": "green",
        "notices": [],
        "messages": [],
        "all_well": "all is well again",
        "overrides": 0,
        "order": None,
        "choices": [],
        "masked": False,
    }


def test_a_display_names_the_last_record_and_what_the_station_waits_for() -> None:
    def shown(floor: Floor) -> tuple[object, ...]:
        document = display(floor.setup, floor.state).document(ENGLISH)
        return document["state"], document["prompt"], document["asks"], document["says"]

    floor = Floor(setup(BORE))
    assert shown(floor) == ("wait_operator", "scan your badge", "prompt.scan_badge", None)
    floor.scan("OP-12")
    assert shown(floor) == ("wait_unit", "scan the unit", "prompt.scan_unit", "badge.at_station")
    floor.scan("SN000001")
    floor.gauge("bore", "74.0", "mm")
    assert shown(floor) == ("sealing", "being recorded", "record.being_recorded", "record.being_recorded")
    floor.say(NotRecorded("full"))
    assert shown(floor) == ("refused", "hold the part: not recorded yet", "prompt.not_recorded", "record.not_recorded")
    floor.say(Recorded("a/e/1", "SN000001", Verdict.PASS))
    assert shown(floor) == ("wait_unit", "scan the unit", "prompt.scan_unit", "record.recorded")
    assert display(floor.setup, floor.state).document(ENGLISH)["last"] == {
        "serial": "SN000001",
        "verdict": "pass",
        "record": "a/e/1",
        "recorded": True,
    }
    by_itself = Floor(setup(FORCE, mode="automatic"))
    assert shown(by_itself) == ("wait_plc", "waiting for the PLC", "prompt.wait_plc", None)


# --- what the settings say


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mode": "automatic"}, "name the Modbus device"),
        ({"unit_pattern": "(?P<serial>.)(?P<colour>.)"}, "the group colour; known: ['heat', 'lot', 'order', 'part'"),
        ({"unit_pattern": "(?P<part>.+)"}, "neither serial nor lot"),
        ({"badge_pattern": "("}, "is not a regular expression"),
        ({"on_overdue_gauge": "flag"}, 'on_overdue_gauge = "flag" takes values of unfit gauges: say who allows it'),
        ({"on_blocked_gauge": "flag", "unfit_gauge_reason": " "}, "or leave on_blocked_gauge out"),
    ],
)
def test_a_stations_table_is_refused_where_it_makes_no_sense(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        StationTable.model_validate({"name": "OP20", "plan": "p.toml"} | settings)


@pytest.mark.parametrize(("unit_code", "profile"), [("pattern", None), ("structured", ""), ("gm", "gm")])
def test_a_setup_is_what_the_table_says(unit_code: str, profile: str | None) -> None:
    table = StationTable.model_validate(
        {
            "name": "OP20",
            "plan": "p.toml",
            "unit_code": unit_code,
            "unit_code_roles": {"4L": "lot"},
            "unit_pattern": "(?P<lot>L.+)",
            "on_blocked_gauge": "flag",
            "unfit_gauge_reason": "QE-3: until Monday",
            "on_spool_full": "drop_lowest",
            "serial_channel": "sn",
        }
    )
    like = setup(people={})
    made = station_setup(
        table, PlansHere((like.plan,)), site="s", line="l", devices=like.devices, gauges=like.gauges, people=like.people
    )
    assert made == replace(
        like,
        badge=re.compile("OP-[0-9]+"),
        unit=re.compile("(?P<lot>L.+)"),
        code_profile=profile,
        code_roles={"4L": "lot"},
        gauge_locks=frozenset({"overdue"}),
        unfit_gauge_reason="QE-3: until Monday",
        on_spool_full="drop_lowest",
        serial_channel="sn",
    )


# --- what a code says of a unit


@pytest.mark.parametrize(
    ("pattern", "text", "message"),
    [
        (r"(?P<serial>\w+)/(?P<part>.+)", "SN1/PR-75", "this is a PR-75; the plan CP-1 is for PR-74"),
        (
            r"(?s:(?P<lot>.+))",
            "L\x07",
            "the lot can't be used: it holds the control character U+0007 at position 2",
        ),
    ],
)
def test_a_plain_code_that_can_not_be_this_stations_unit_is_refused(pattern: str, text: str, message: str) -> None:
    floor = Floor(replace(setup(BORE), unit=re.compile(pattern)))
    floor.scan("OP-12")
    floor.scan(text)
    assert says(floor) == ("red", message)


def test_named_groups_of_a_code_become_identifiers_and_a_lot_stands_for_a_serial() -> None:
    pattern = re.compile(r"(?P<lot>L\d+)(/(?P<heat>H\d+))?(/(?P<order>O\d+))?(/(?P<part>PR-74))?")
    floor = Floor(replace(setup(BORE), unit=pattern))
    floor.scan("OP-12")
    floor.scan("L7/H8/O9/PR-74")
    assert display(floor.setup, floor.state).document(ENGLISH)["serial"] == "L7"
    floor.gauge("bore", "74.0", "mm")
    body = floor.sealed()
    assert (body.serial, body.lot, body.heat, body.order, body.part) == (None, "L7", "H8", "O9", "PR-74")
    floor.say(Recorded("a/e/1", "L7", Verdict.PASS))
    floor.scan("L8")
    floor.gauge("bore", "74.0", "mm")
    assert (floor.sealed().lot, floor.sealed().heat) == ("L8", None)


def test_a_structured_code_without_serial_and_lot_is_refused() -> None:
    floor = Floor(replace(setup(BORE), code_profile=""))
    floor.scan("OP-12")
    floor.scan("0109501101530003")
    assert floor.state.light == "red"
    assert "holds neither serial nor lot; scan the unit's own code" in floor.message


def test_a_structured_code_that_breaks_its_own_rules_is_refused_with_the_cure() -> None:
    floor = Floor(replace(setup(BORE), code_profile=""))
    floor.scan("OP-12")
    floor.scan("0109501101530004")
    assert floor.state.light == "red"
    assert floor.state.says == said("unit.code_advice", advice="; ".join(read_scan(b"0109501101530004").advice))
    assert "check digit" in floor.message
    floor.scan("\ud800" + "x" * 70)
    assert says(floor) == ("red", "\\ud800" + "x" * 54 + " is no unit of this station; scan the unit's code")
