"""Power MACS over Open Protocol: each bolt's torque and angle by name, blank numbers no values, 0108 each."""

from __future__ import annotations

import pytest
from hypothesis import given
from stream_driver_promises import PLACES, check_any_pieces, damaged, readings, said, sent

from gaugetrail_agent.drivers.catalogue import BadSetting, make_driver
from gaugetrail_agent.drivers.open_protocol.messages import telegram
from gaugetrail_agent.drivers.power_macs.driver import PowerMacsDriver, PowerMacsSettings
from gaugetrail_agent.reading import Status

TIME = "2026-11-28:07:30:00"


def numbered(first: int, *fields: str) -> str:
    return "".join(f"{number:02d}{field}" for number, field in enumerate(fields, first))


def bolt(number: int, torque: str, angle: str, ok: str = "1", states: str = "11") -> str:
    limits = ("  15.00", "  10.00", "    120", "     30")
    return numbered(13, f"{number:02d}", ok, states[0], states[1], f"{torque:>7}", f"{angle:>7}", *limits)


def station(*bolts: str, revision: int = 1, status: str = "0", messages: str = "01", tail: str = "2300") -> bytes:
    head = numbered(
        1, messages, "01", "0000004711", "01", f"{'Station 1':20}", TIME, "03", f"{'Mode three':20}", "1", status,
        f"{'SN000123':40}", f"{len(bolts):02d}",
    )  # fmt: skip
    return telegram(106, revision, (head + "".join(bolts) + tail).encode())


def one_bolt(*results: tuple[str, str, str], steps: str = "") -> bytes:
    named = "".join(f"{name:20}{kind:2}{value:>7}" for name, kind, value in results)
    head = numbered(
        1, "02", "02", "0000004711", "01", TIME, "0001", f"{'Bolt one':20}", f"{'Program':20}", "0", " " * 50, "    ",
        f"{len(results):02d}",
    )  # fmt: skip
    count = len(steps) // 31
    return telegram(107, 1, f"{head}13{named}14{count:03d}15116{steps}1700".encode())


TWO = station(bolt(1, "12.34", "90"), bolt(2, "15.60", "95", ok="0", states="21"))
ONE = station(bolt(1, "0012.34", "0000090"))
RESULTS = one_bolt(("Peak T", "F ", "12.50"), ("Bolt A", "F ", "90.5"), steps=f"{'Peak T':20}F   11.2002")


def test_each_bolt_is_torque_and_angle_by_its_own_name() -> None:
    found = readings(PowerMacsDriver(), TWO)
    assert [(one.channel, one.value, one.unit, one.extra["judgement"]) for one in found] == [
        ("torque/bolt01", "12.34", "N.m", "ok"),
        ("angle/bolt01", "90", "deg", "ok"),
        ("torque/bolt02", "15.60", "N.m", "high"),
        ("angle/bolt02", "95", "deg", "ok"),
    ]
    assert found[0].extra | {"low": "10.00", "high": "15.00", "part_id": "SN000123", "sequence": "0000004711"} == (
        found[0].extra
    )
    assert [one.extra["bolt_ok"] for one in found] == [True, True, False, False]


def test_station_of_one_bolt_has_plain_names() -> None:
    assert [(one.channel, one.value) for one in readings(PowerMacsDriver(), ONE)] == [
        ("torque", "12.34"),
        ("angle", "90"),
    ]


def test_bolt_that_was_not_measured_has_no_value() -> None:
    """Blank numbers, or a blank status whatever the digits say."""
    found = readings(PowerMacsDriver(), station(bolt(1, "", "90"), bolt(2, "9.99", "90", states=" 1")))
    assert [(one.status, one.value) for one in found] == [
        (Status.NO_VALUE, None),
        (Status.OK, "90"),
        (Status.NO_VALUE, None),
        (Status.OK, "90"),
    ]


def test_press_result_is_no_torque() -> None:
    press = station(bolt(1, "12.34", "90"), revision=4, tail="230024002")
    assert [(one.status, one.value) for one in readings(PowerMacsDriver(), press)] == [(Status.NO_VALUE, None)]
    tightening = station(bolt(1, "12.34", "90"), revision=4, tail="230024001")
    assert [one.value for one in readings(PowerMacsDriver(), tightening)] == ["12.34", "90"]


def test_further_results_come_under_the_controllers_names() -> None:
    found = readings(PowerMacsDriver(), RESULTS)
    assert [(one.channel, one.value, one.unit) for one in found] == [
        ("Peak T", "12.50", "N.m"),
        ("Bolt A", "90.5", "deg"),
    ]
    steps = readings(PowerMacsDriver(PowerMacsSettings(step_results=True)), RESULTS)
    assert (steps[2].channel, steps[2].value) == ("Peak T/step02", "11.20")


@pytest.mark.parametrize("place", range(20, len(TWO) - 1))
def test_telegram_that_lost_a_character_is_refused(place: int) -> None:
    body = TWO[20:place] + TWO[place + 1 : -1]
    again = telegram(106, 1, body)
    assert [one.value for one in readings(PowerMacsDriver(), again)] == [None]


@pytest.mark.parametrize(
    "wrong",
    [
        station(bolt(1, "1x.34", "90")),
        station(bolt(1, "1.3", "9"), status="7"),
        station(bolt(1, "1.3", "9", ok="x")),
        station(bolt(1, "1.3", "9", states="91")),
        one_bolt(("Peak T", "X ", "12.50")),
        one_bolt(("Peak T", "F ", "12,50")),
    ],
)
def test_damaged_result_is_garbled(wrong: bytes) -> None:
    assert [(one.status, one.value) for one in readings(PowerMacsDriver(), wrong)] == [(Status.GARBLED, None)]


class TestSession:
    def started(self, *, ask_clock: bool = False, **settings: object) -> PowerMacsDriver:
        driver = PowerMacsDriver(PowerMacsSettings(ask_clock=ask_clock, **settings))  # type: ignore[arg-type]  # the test's own words
        assert sent(driver.opened()) == [telegram(1)]
        return driver

    def test_results_are_subscribed_and_each_answered(self) -> None:
        driver = self.started(alarms=False)
        assert sent(driver.received(telegram(2, 1, b"010001020103" + b"MACS".ljust(25)))) == [telegram(105)]
        driver.received(telegram(5, 1, b"0105"))
        taken = driver.received(TWO)
        assert len(said(taken)) == 4
        assert sent(taken) == [telegram(108, 1, b"0")]

    def test_further_bolts_are_asked_for_until_the_last(self) -> None:
        driver = self.started(alarms=False, bolt_results=True)
        driver.received(telegram(2, 1, b"010001020103" + b"MACS".ljust(25)))
        first = station(bolt(1, "12.34", "90"), messages="02")
        assert sent(driver.received(first)) == [telegram(108, 1, b"1")]
        assert sent(driver.received(RESULTS)) == [telegram(108, 1, b"0")]

    def test_its_clock_is_asked_and_results_from_before_say_how_old_they_may_be(self) -> None:
        driver = self.started(alarms=False, ask_clock=True)
        assert sent(driver.received(telegram(2, 1, b"010001020103" + b"MACS".ljust(25)))) == [telegram(80)]
        assert sent(driver.received(telegram(81, 1, b"2026-11-28:07:30:30"))) == [telegram(105)]
        assert {one.extra["age_secs"] for one in said(driver.received(TWO))} == {32}

    def test_revision_two_begins_after_the_last_result(self) -> None:
        driver = self.started(alarms=False, revision=3, last_sequence=4711)
        asked = sent(driver.received(telegram(2, 1, b"010001020103" + b"MACS".ljust(25))))
        assert asked == [telegram(105, 3, b"00000047111")]

    def test_damaged_result_is_not_answered(self) -> None:
        driver = self.started(alarms=False)
        driver.received(telegram(2, 1, b"010001020103" + b"MACS".ljust(25)))
        assert sent(driver.received(station(bolt(1, "1x.34", "90")))) == []


def test_settings_are_refused_by_name() -> None:
    with pytest.raises(BadSetting, match="power-macs: revision = '9' can't be"):
        make_driver("power-macs", {"revision": "9"})


@given(data=damaged([TWO, ONE, RESULTS]), places=PLACES)
def test_any_bytes_in_any_pieces(data: bytes, places: list[int]) -> None:
    check_any_pieces(lambda: PowerMacsDriver(PowerMacsSettings(step_results=True)), data, places)
