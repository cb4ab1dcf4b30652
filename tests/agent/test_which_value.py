"""Which value belongs to which part: no part gets another's weight, and none waits without a sentence that says why."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from station_floor import BORE, FORCE, WEIGHT, Floor, setup

from gaugetrail_agent.languages.sentences import ENGLISH, said
from gaugetrail_agent.reading import Reading, Status
from gaugetrail_agent.station.display import display
from gaugetrail_agent.station.freshness import FreshRule
from gaugetrail_agent.station.words.effect import CountBounce, SealIt
from gaugetrail_agent.station.words.happening import Noticed, Recorded, UsedElsewhere, ValueCame
from gaugetrail_agent.station.words.notice import Notice
from gaugetrail_agent.station.words.state import StationState
from gaugetrail_contract.documents.plan import Characteristic
from gaugetrail_contract.record import InspectionBody, Measurement

MS = 1_000_000
SCALE = FreshRule(fresh="return_to_zero", pan=True, placed_before="take", settle_ns=300 * MS, asked=True)
REFUSING = replace(SCALE, placed_before="refuse")
CHANGE = FreshRule(fresh="change", settle_ns=300 * MS, asked=True)
MOTION = FreshRule(fresh="motion", settle_ns=300 * MS, asked=True)
KEY = FreshRule(bounce_ns=300 * MS, repeat_ns=2000 * MS)


class Shift(Floor):
    """A floor where time moves by what is said: frames come ten a second, nothing else takes time."""

    def tick(self, ms: int = 0) -> dict[str, int]:
        self.now += max(ms * 1000, 1)
        return {"at_us": self.now, "mono_ns": self.now * 1000}

    def frame(self, value: str, status: Status = Status.OK, *, device: str = "scale", unit: str = "g", ms: int = 100):
        return self.say(ValueCame(device, Reading(status, b"", value=value, unit=unit), **self.tick(ms)))

    def frames(self, *values: str, **how: object) -> None:
        for value in values:
            self.frame(value, **how)  # type: ignore[arg-type]

    def still(self, value: str, **how: object) -> None:
        """Long enough to count as at rest."""
        self.frames(*[value] * 5, **how)

    def press_on(self, channel: str, status: Status = Status.OK) -> None:
        value = "74.0" if status is Status.OK else None
        reading = Reading(status, b"", value=value, unit="mm" if value else None, channel=channel)
        self.say(ValueCame("bore", reading, **self.tick(1000)))

    def commit(self) -> None:
        sealing = self.state.sealing
        assert sealing is not None, self.asks
        self.say(Recorded("a/e/1", sealing.serial or "", sealing.verdict))

    @property
    def asks(self) -> str:
        return ENGLISH.text(display(self.setup, self.state).asks)

    @property
    def light(self) -> str:
        return display(self.setup, self.state).light

    @property
    def taken(self) -> tuple[Measurement, ...]:
        return self.state.unit.taken if self.state.unit is not None else ()

    @property
    def bodies(self) -> list[InspectionBody]:
        return [e.body for e in self.effects if isinstance(e, SealIt) and isinstance(e.body, InspectionBody)]


def weighing(rule: FreshRule = SCALE, *wanted: Characteristic) -> Shift:
    shift = Shift(setup(*(wanted or (WEIGHT,)), rules={"scale": rule, "bore": KEY, "press": CHANGE}))
    shift.scan("OP-12")
    return shift


def weighed(shift: Shift, serial: str, weight: str) -> None:
    """One part, put on after its scan and taken off once it is recorded."""
    shift.scan(serial)
    shift.still("0.00")
    shift.still(weight)
    shift.commit()


# --- scales


def test_a_part_that_is_left_on_a_streaming_scale_gives_the_next_one_nothing() -> None:
    shift = weighing()
    weighed(shift, "SN000001", "12.00")
    shift.scan("SN000002")
    shift.frames(*["12.00"] * 100)
    assert (shift.taken, shift.light) == ((), "amber")
    assert shift.asks == "scale still holds SN000001: take it off, then put this part on"
    shift.frame("0.00")
    assert (shift.asks, shift.light) == ("put the part on scale", "off")
    shift.still("13.00")
    assert [(b.serial, b.measurements[0].value) for b in shift.bodies] == [("SN000001", "12.00"), ("SN000002", "13.00")]


@pytest.mark.parametrize("nothing", ["0.00", "0.02", "-0.01", "-250.00"])
def test_an_empty_pan_is_never_a_part(nothing: str) -> None:
    shift = weighing()
    shift.scan("SN000001")
    shift.still(nothing)
    assert (shift.taken, shift.asks) == ((), "put the part on scale")


def test_what_lay_there_before_the_start_counts_for_nobody() -> None:
    shift = weighing()
    shift.scan("SN000001")
    shift.still("12.00")
    assert (shift.taken, shift.asks) == ((), "take the part off scale and put it on again")
    assert shift.light == "amber"


def test_a_scale_that_has_said_nothing_is_named() -> None:
    shift = weighing()
    shift.scan("SN000001")
    assert shift.asks == "scale has said nothing yet: is it on and connected? Then measure weight"
    gone = said("notice.not_connected", device="scale", reason="/dev/ttyUSB0: no such port")
    shift.say(Noticed("device scale", Notice("red", gone)))
    assert shift.asks == (
        "weight can't be measured now: scale is not connected: check the cable (/dev/ttyUSB0: no such port)"
    )
    shift.say(Noticed("device scale", None))
    assert shift.asks.startswith("scale has said nothing yet")


def test_a_part_put_on_first_is_taken_once_stable_or_refused_as_the_settings_say() -> None:
    for rule, light, asks in (
        (SCALE, "off", "being recorded"),
        (REFUSING, "amber", "take the part off scale and put it on again"),
    ):
        shift = weighing(rule)
        shift.frame("0.00")
        shift.still("12.00")
        shift.scan("SN000001")
        shift.frame("12.00")
        assert (shift.asks, shift.light) == (asks, light)


def test_a_moving_weight_is_waited_for_and_the_settled_one_is_taken() -> None:
    shift = weighing()
    shift.scan("SN000001")
    shift.frame("0.00")
    shift.frames("7.00", "9.00", status=Status.UNSTABLE)
    assert shift.asks == "wait until scale is still"
    shift.frames("11.00", "11.50", "11.80", "12.00", "12.00", "12.00")
    assert shift.taken == ()
    assert shift.asks == "wait until scale is still"
    shift.frame("12.01")
    assert shift.bodies[0].measurements[0].value == "12.01"


def test_zero_while_moving_is_no_sign_of_an_empty_pan() -> None:
    """A knock can swing a scale through zero with the part on it."""
    shift = weighing()
    weighed(shift, "SN000001", "12.00")
    shift.scan("SN000002")
    shift.frames("0.00", status=Status.UNSTABLE)
    shift.still("12.00")
    assert shift.taken == ()
    assert "still holds SN000001" in shift.asks


def test_a_cancelled_units_part_is_not_the_next_ones() -> None:
    shift = weighing()
    shift.scan("SN000001")
    shift.frames("0.00", "12.00")
    shift.scan("%CANCEL")
    shift.commit()
    shift.still("12.00")
    shift.scan("SN000002")
    shift.still("12.00")
    assert shift.taken == ()
    assert "still holds SN000001" in shift.asks


def test_a_value_of_one_of_several_channels_is_nobodys_where_the_plan_names_none() -> None:
    """Whatever tells of the channels: the settings, the plan, or what has come since the start."""
    told = (("known", {"known": ("1", "2")}, ()), ("planned", {}, ("2",)), ("shown", {}, ()))
    for how, known, planned in told:
        others = [Characteristic(name=f"other{name}", device="bore", channel=name) for name in planned]
        shift = weighing(SCALE, BORE, *others)
        if known:
            facts = replace(shift.setup.devices["bore"], channels=known["known"])
            shift.setup = replace(shift.setup, devices={**shift.setup.devices, "bore": facts})
        if how == "shown":
            shift.press_on("2")
        shift.scan("SN000001")
        shift.press_on("1")
        assert (shift.taken, shift.light) == ((), "amber"), how
        assert shift.message == (
            "bore has several channels (1, 2), this value came on 1: the plan must say which one is bore; "
            "nothing is taken"
        )
    alone = weighing(SCALE, BORE)
    alone.scan("SN000001")
    alone.press_on("1", Status.INFO)
    alone.press_on("9")
    assert len(alone.bodies) == 1, "a channel that brought no value is none of several"
    named = weighing(SCALE, BORE.model_copy(update={"channel": "1"}))
    named.press_on("2")
    named.scan("SN000001")
    named.press_on("1")
    assert len(named.bodies) == 1


@pytest.mark.parametrize(
    ("told", "taken"),
    [
        ({"replayed": True, "age_secs": 2}, True),
        ({"replayed": True, "age_secs": 10}, False),
        ({"replayed": True}, False),
        ({"age_secs": 10}, True),
        ({}, True),
    ],
)
def test_a_result_that_a_device_had_kept_is_a_units_only_if_it_was_made_after_its_scan(
    told: dict[str, int], taken: bool
) -> None:
    shift = weighing(SCALE, BORE)
    shift.scan("SN000001")
    shift.now += 5_000_000
    reading = Reading(Status.OK, b"", value="74.0", unit="mm", extra=told)
    shift.say(ValueCame("bore", reading, **shift.tick()))
    assert bool(shift.bodies) is taken
    if not taken:
        assert shift.message == "bore sent a result from before SN000001 was scanned; it is not taken: do bore now"
        assert shift.light == "amber"


def test_numbered_results_that_come_at_once_are_no_bounce() -> None:
    top, bottom = (BORE.model_copy(update={"name": name}) for name in ("top", "bottom"))
    for extra, bodies in (({"tightening_id": "7"}, 1), ({}, 0)):
        shift = weighing(SCALE, top, bottom)
        shift.scan("SN000001")
        for value in ("74.0", "74.1"):
            reading = Reading(Status.OK, b"", value=value, unit="mm", extra=extra)
            shift.say(ValueCame("bore", reading, **shift.tick(10)))
        assert len(shift.bodies) == bodies


def test_the_same_part_scanned_again_may_stay_where_it_is() -> None:
    """Its weight is its own; a unit of a lot is never the same twice."""
    shift = weighing()
    weighed(shift, "SN000001", "9.00")
    shift.scan("SN000001")
    shift.frame("9.00")
    assert len(shift.bodies) == 2
    lots = weighing()
    lots.setup = replace(lots.setup, unit=re.compile("(?P<lot>L7)"))
    weighed(lots, "L7", "9.00")
    lots.scan("L7")
    lots.still("9.00")
    assert (len(lots.bodies), lots.taken) == (1, ())


def test_one_scale_two_weights_of_a_part_need_two_placements() -> None:
    coated = Characteristic(name="coated", unit="g", device="scale")
    shift = weighing(SCALE, WEIGHT, coated)
    shift.scan("SN000001")
    shift.frame("0.00")
    assert shift.asks == "put the part on scale"
    shift.still("12.00")
    assert [m.characteristic for m in shift.taken] == ["weight"]
    assert shift.asks == "take the part off scale and measure it once more for coated"
    shift.frame("0.00")
    shift.still("12.50")
    assert [(m.characteristic, m.value) for m in shift.sealed().measurements] == [
        ("weight", "12.00"),
        ("coated", "12.50"),
    ]


def test_the_last_parts_red_light_and_words_outlive_what_the_scale_streams() -> None:
    shift = weighing(SCALE, BORE, WEIGHT)
    shift.frame("0.00")
    shift.scan("SN000001")
    shift.frame("80.000", device="bore", unit="mm")
    shift.frames("0.00", "0.00")
    assert (shift.light, shift.message, shift.asks) == ("red", "bore 80.000 mm fail", "put the part on scale")


def test_what_streams_says_nothing_where_nothing_is_wanted_of_it() -> None:
    shift = weighing(SCALE, BORE, WEIGHT)
    shift.frame("12.00")
    assert shift.message == "OP-12 at the station"
    shift.scan("SN000001")
    shift.frame("12.00")
    assert shift.message == ""


def test_a_part_that_another_station_has_weighed_is_not_this_ones() -> None:
    first, second = weighing(), weighing()
    second.now += 7  # no two scans of an agent have the same moment
    for shift in (first, second):
        shift.frame("0.00")
    first.scan("SN000001")
    second.scan("SN000002")
    for _ in range(5):
        first.frame("12.00")
        for told in first.told:
            second.say(UsedElsewhere(told.channel, told.use))
        second.frame("12.00")
    assert (len(first.bodies), second.taken) == (1, ())
    assert second.asks == "scale still holds SN000001: take it off, then put this part on"


@dataclass
class Bench:
    """A scale with whatever lies on it, and an operator who works at random and does what he is told.

    Nothing is flagged as moving where `flags` is false: such scales send what they show.
    """

    shift: Shift
    dice: random.Random
    flags: bool
    on: str | None = None
    shown: Decimal = Decimal(0)
    log: list[str] = field(default_factory=list)

    def weight(self, serial: str | None) -> Decimal:
        return Decimal(0) if serial is None else Decimal(10) + Decimal(int(serial[2:])) / 10

    def put(self, serial: str | None) -> None:
        self.log.append(f"on the pan: {serial}")
        self.on = serial

    def run(self, frames: int) -> None:
        for _ in range(frames):
            target = self.weight(self.on)
            moving = self.shown != target
            step = (target - self.shown) * Decimal(self.dice.choice(("0.4", "0.7", "1")))
            self.shown = (
                target if abs(target - self.shown) < Decimal("0.3") else self.shown + step.quantize(Decimal("0.1"))
            )
            status = Status.UNSTABLE if self.flags and moving else Status.OK
            self.shift.frame(f"{self.shown:.2f}", status)
            if self.shift.state.sealing is not None:
                self.shift.commit()

    def part(self, serial: str) -> None:
        """One part through the station, cancelled now and then."""
        if self.on is not None and self.dice.random() < 0.6:
            self.put(None)
            self.run(self.dice.randrange(12))
        if self.on is None and self.dice.random() < 0.5:
            self.put(serial)
            self.run(self.dice.randrange(12))
        if self.on == serial and self.dice.random() < 0.3:
            self.put(None)
            self.run(self.dice.randrange(12))
        before = len(self.shift.bodies)
        self.log.append(f"scan {serial}")
        self.shift.scan(serial)
        gives_up = self.dice.random() < 0.1
        for _ in range(60):
            self.run(self.dice.randrange(1, 6))
            if len(self.shift.bodies) > before:
                return
            if gives_up and self.dice.random() < 0.3:
                self.shift.scan("%CANCEL")
                self.run(1)
                return
            self.obey(serial)
        raise AssertionError(f"{serial} waits: {self.shift.asks}; {self.log}")

    def obey(self, serial: str) -> None:
        asks = display(self.shift.setup, self.shift.state).asks.id
        assert asks in ("fresh.unseen", "fresh.put_on", "fresh.wait_still", "fresh.off_and_on", "fresh.other_part"), (
            asks
        )
        if asks == "fresh.put_on":
            self.put(serial)
        elif asks in ("fresh.off_and_on", "fresh.other_part"):
            self.put(None)
        elif self.dice.random() < 0.1:
            self.put(None)  # taken off in the middle of it


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(["take", "refuse"]), st.booleans())
@example(seed=0, placed_before="take", flags=True)
def test_no_part_gets_anothers_weight_whatever_is_put_on_taken_off_and_scanned(
    seed: int, placed_before: str, flags: bool
) -> None:
    rule = replace(SCALE, placed_before=placed_before)
    bench = Bench(weighing(rule), random.Random(seed), flags)
    for number in range(1, 16):
        if bench.dice.random() < 0.05:  # the agent starts anew; what lies on the pan stays there
            bench.shift.state = StationState(operator="OP-12")
        bench.part(f"SN{number:06d}")
    for body in bench.shift.bodies:
        for measurement in body.measurements:
            assert body.serial is not None
            assert measurement.value is not None
            assert abs(Decimal(measurement.value) - bench.weight(body.serial)) <= Decimal("0.05"), bench.log


def test_without_bands_the_last_digit_decides() -> None:
    """Five of it stand still, two of it are an empty pan; of counted pieces one is one."""
    shift = weighing(CHANGE)
    shift.still("12.00")
    shift.scan("SN000001")
    shift.still("12.05")
    assert "from before" in shift.asks
    shift.still("12.06")
    assert len(shift.bodies) == 1
    light, pieces = weighing(), weighing(SCALE, Characteristic(name="pieces", unit="pcs", device="scale"))
    for one, unit, value in ((light, "g", "0.03"), (pieces, "pcs", "1")):
        one.scan("SN000001")
        one.frame("0", unit=unit)
        one.still(value, unit=unit)
        assert one.bodies[0].measurements[0].value == value


# --- what is polled


def test_a_polled_gauge_is_taken_when_it_has_changed_since_the_scan_and_stands_still() -> None:
    shift = weighing(CHANGE)
    shift.still("12.00")
    shift.scan("SN000001")
    shift.still("12.00")
    assert (shift.asks, shift.light) == ("scale shows a value from before: measure weight now", "amber")
    shift.frames("15.00", "14.00", "14.03", "14.01")
    assert (shift.taken, shift.asks) == ((), "wait until scale is still")
    shift.frame("14.02")
    shift.commit()
    shift.scan("SN000002")
    shift.still("14.02")
    assert shift.asks == "scale still shows the value of SN000001: measure weight now"
    shift.frame("13.00")
    shift.still("14.02")
    assert [b.measurements[0].value for b in shift.bodies] == ["14.02", "14.02"], "a change was seen in between"


def test_a_change_before_the_scan_counts_only_where_the_settings_take_it() -> None:
    for placed_before, taken in (("take", 1), ("refuse", 0)):
        shift = weighing(replace(CHANGE, placed_before=placed_before))
        shift.frame("12.00")
        shift.still("14.00")
        shift.scan("SN000001")
        shift.still("14.00")
        assert len(shift.bodies) == taken


@pytest.mark.parametrize(
    ("rule", "status", "fresh"),
    [
        (CHANGE, Status.UNSTABLE, False),
        (MOTION, Status.UNSTABLE, True),
        (CHANGE, Status.UNDERRANGE, True),
        (MOTION, Status.OVERRANGE, True),
        (CHANGE, Status.ERROR, False),
        (MOTION, Status.GARBLED, False),
        (MOTION, Status.NO_VALUE, False),
        (SCALE, Status.UNDERRANGE, False),
        (SCALE, Status.UNSTABLE, False),
    ],
)
def test_what_counts_as_moved(rule: FreshRule, status: Status, fresh: bool) -> None:
    """The value is the same before and after; a probe out of its range was lifted, an error moves nothing."""
    shift = weighing(rule)
    shift.frame("0.00")
    shift.still("12.00")
    shift.scan("SN000001")
    shift.frame("0.00")
    shift.still("12.00")
    shift.commit()
    shift.scan("SN000002")
    shift.still("12.00")
    value = "12.00" if status is Status.UNSTABLE else None
    shift.say(ValueCame("scale", Reading(status, b"", value=value, unit="g" if value else None), **shift.tick(100)))
    shift.still("12.00")
    assert len(shift.bodies) == 1 + fresh


def test_a_polled_value_serves_one_characteristic_of_a_part() -> None:
    again = Characteristic(name="again", unit="g", device="scale")
    shift = weighing(CHANGE, WEIGHT, again)
    shift.frame("1.00")
    shift.scan("SN000001")
    shift.still("12.00")
    assert [m.characteristic for m in shift.taken] == ["weight"]
    assert shift.asks == "scale shows a value from before: measure again now"


def test_channels_of_a_plc_are_fresh_each_for_itself() -> None:
    depth = Characteristic(name="depth", unit="mm", device="press", channel="depth")
    shift = weighing(CHANGE, FORCE, depth)

    def poll(force: str, deep: str) -> None:
        for channel, value, unit in (("force", force, "kN"), ("depth", deep, "mm")):
            reading = Reading(Status.OK, b"", value=value, unit=unit, channel=channel)
            shift.say(ValueCame("press", reading, **shift.tick(200)))

    shift.scan("SN000001")
    for force, deep in [("0.0", "0.0")] + [("15.0", "0.0")] * 3:
        poll(force, deep)
    assert [m.characteristic for m in shift.taken] == ["force"]
    assert shift.asks == "press shows a value from before: measure depth now"
    for _ in range(3):
        poll("15.0", "8.5")
    assert [m.value for m in shift.sealed().measurements] == ["15.0", "8.5"]


# --- keys

TOP = Characteristic(name="top", unit="mm", device="bore")
BOTTOM = Characteristic(name="bottom", title="the bottom", unit="mm", device="bore")


def pressing(*wanted: Characteristic) -> Shift:
    shift = weighing(SCALE, *(wanted or (TOP, BOTTOM)))
    shift.scan("SN000001")
    return shift


def press(shift: Shift, value: str, ms: int) -> tuple[object, ...]:
    return shift.frame(value, device="bore", unit="mm", ms=ms)


def test_a_key_that_bounces_fills_one_characteristic_and_is_counted() -> None:
    shift = pressing()
    assert press(shift, "74.01", 5000) == ()
    for late in (150, 149):
        assert press(shift, "74.02", late) == (CountBounce("bore"),)
    assert [(m.characteristic, m.value) for m in shift.taken] == [("top", "74.01")]
    press(shift, "74.02", 1)
    assert [m.value for m in shift.sealed().measurements] == ["74.01", "74.02"]


def test_two_channels_of_a_box_are_no_bounce_of_each_other() -> None:
    one, two = (Characteristic(name=f"c{n}", unit="mm", device="bore", channel=n) for n in "12")
    shift = pressing(one, two)
    for channel in "12":
        reading = Reading(Status.OK, b"", value="1.00", unit="mm", channel=channel)
        assert CountBounce("bore") not in shift.say(ValueCame("bore", reading, **shift.tick(1)))
    assert [m.channel for m in shift.sealed().measurements] == ["1", "2"]


def test_equal_digits_for_another_characteristic_are_asked_about() -> None:
    shift = pressing()
    press(shift, "74.01", 5000)
    press(shift, "74.01", 1999)
    assert len(shift.taken) == 1
    assert shift.message == (
        "bore sent 74.01 again, just after it was taken for top: scan %OK if it is bottom too, or measure bottom"
    )
    shift.scan("%ok")
    assert [(m.characteristic, m.value) for m in shift.sealed().measurements] == [("top", "74.01"), ("bottom", "74.01")]


@pytest.mark.parametrize(("value", "ms"), [("74.02", 400), ("74.01", 2000)])
def test_other_digits_or_a_later_press_answer_the_question_by_themselves(value: str, ms: int) -> None:
    shift = pressing()
    press(shift, "74.01", 5000)
    press(shift, "74.01", 350)
    press(shift, value, ms)
    assert [m.value for m in shift.sealed().measurements] == ["74.01", value]
    assert shift.state.question is None


def test_a_question_ends_with_its_unit() -> None:
    shift = pressing()
    press(shift, "74.01", 5000)
    press(shift, "74.01", 350)
    shift.scan("%CANCEL")
    shift.commit()
    shift.scan("SN000002")
    shift.scan("%OK")
    assert (shift.taken, "unfinished" in shift.message) == ((), True)


def test_the_prompt_names_which_of_two_a_key_fills_now() -> None:
    shift = pressing()
    assert shift.asks == "measure top with bore now; the bottom comes after it"
    press(shift, "74.01", 5000)
    assert shift.asks == "measure the bottom with bore"


def test_a_gauge_with_a_key_is_not_asked_by_the_station() -> None:
    """Its answer would be what it shows: the last part's value."""
    assert pressing().effects == []


def test_a_key_on_an_empty_scale_gives_no_zero() -> None:
    shift = weighing(FreshRule(pan=True))
    shift.scan("SN000001")
    shift.frame("0.00")
    assert (shift.taken, shift.message) == ((), "put the part on scale")


def test_one_press_is_one_units_where_two_stations_wait_for_it() -> None:
    first, second = weighing(KEY, TOP), weighing(KEY, TOP)
    first.scan("SN000001")
    second.now += 7
    second.scan("SN000002")
    press(first, "74.01", 5000)
    (told,) = first.told
    second.say(UsedElsewhere(told.channel, told.use))
    press(second, "74.01", 5000)
    assert (second.taken, second.asks) == ((), "measure top with bore")
    press(second, "74.05", 3000)
    assert second.sealed().measurements[0].value == "74.05"
