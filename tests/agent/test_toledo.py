"""Frames built from the word tables of the Mettler Toledo Wildcat technical manual (tables 6-8 to 6-11), which the
Rice Lake 520 and the Kern FTC manual repeat."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stream_driver_promises import PLACES, check_any_pieces, damaged, readings

from gaugetrail_agent.drivers import StreamDriver
from gaugetrail_agent.drivers.catalogue import make_driver
from gaugetrail_agent.drivers.toledo_cont import checksum_of
from gaugetrail_agent.reading import Status

A, B, C = 0x2C, 0x30, 0x20
"""Two decimals in steps of 1; gross, positive, stable, kg; nothing special."""


def frame(
    a: int = A, b: int = B, c: int = C, weight: bytes = b"012345", tare: bytes = b"000000", cs: bool = True
) -> bytes:
    body = bytes((2, a, b, c)) + weight + tare + b"\r"
    return body + bytes((checksum_of(body),)) if cs else body


def driver(checksum: str = "true", **settings: str) -> StreamDriver:
    return make_driver("toledo-cont", {"checksum": checksum, **settings})


def one(data: bytes, checksum: str = "true", **settings: str) -> dict[str, object]:
    found = readings(driver(checksum, **settings), data)
    assert len(found) == 1, found
    return found[0].as_json()


def test_the_checksum_is_that_of_the_makers_example() -> None:
    """STX `,0 ` 012345 000000 CR is closed by `&`."""
    assert frame() == b"\x02,0 012345000000\r&"


def test_a_stable_gross_weight_in_kg() -> None:
    assert {
        "status": "ok",
        "value": "123.45",
        "unit": "kg",
        "kind": "gross",
        "tare": "0.00",
        "decimals": 2,
    }.items() <= one(frame()).items()


@pytest.mark.parametrize(
    ("code", "value"),
    [
        (0, "1234500"),
        (1, "123450"),
        (2, "12345"),
        (3, "1234.5"),
        (4, "123.45"),
        (5, "12.345"),
        (6, "1.2345"),
        (7, "0.12345"),
    ],
)
def test_the_point_stands_where_word_a_says(code: int, value: str) -> None:
    assert one(frame(a=0x28 | code))["value"] == value


def test_the_sign_stands_in_word_b_and_zero_has_none() -> None:
    assert one(frame(b=B | 0x02))["value"] == "-123.45"
    assert one(frame(b=B | 0x02, weight=b"000000"))["value"] == "0.00"


def test_net_with_its_tare() -> None:
    net = one(frame(b=B | 0x01, tare=b"001050"))
    assert (net["kind"], net["tare"], net["value"]) == ("net", "10.50", "123.45")


@pytest.mark.parametrize(
    ("b", "c", "unit"),
    [(0x20, 0x20, "lb"), (0x30, 0x20, "kg"), (0x20, 0x21, "g"), (0x30, 0x21, "g"), (0x20, 0x22, "t"),
     (0x20, 0x23, "oz"), (0x20, 0x26, "ton"), (0x20, 0x27, None)],
)  # fmt: skip
def test_the_unit_stands_in_words_b_and_c(b: int, c: int, unit: str | None) -> None:
    assert one(frame(b=b, c=c))["unit"] == unit


def test_a_unit_of_the_users_own_comes_from_the_settings() -> None:
    assert one(frame(c=0x27), unit="N")["unit"] == "N"


def test_motion_is_unstable() -> None:
    assert one(frame(b=B | 0x08))["status"] == "unstable"


@pytest.mark.parametrize(
    ("b", "c", "status"),
    [
        (B | 0x04, C, "overrange"),
        (B | 0x06, C, "underrange"),
        (B | 0x0C, C, "overrange"),
        (B | 0x40, C, "no_value"),
        (B, C | 0x10, "no_value"),
    ],
    ids=["above", "below", "above in motion", "not zeroed since power-up", "expanded ten times"],
)
def test_a_weight_that_is_none_has_no_value(b: int, c: int, status: str) -> None:
    found = one(frame(b=b, c=c, weight=b"999999"))
    assert (found["status"], found["value"], found["unit"]) == (status, None, None)


def test_leading_zeros_may_be_blanks() -> None:
    assert one(frame(weight=b"   345"))["value"] == "3.45"
    assert one(frame(weight=b"     5"))["value"] == "0.05"


@pytest.mark.parametrize(
    ("weight", "status"),
    [(b"      ", "no_value"), (b"******", "no_value"), (b"01 345", "garbled"), (b"12A456", "garbled")],
)
def test_six_digits_or_nothing(weight: bytes, status: str) -> None:
    found = one(frame(weight=weight))
    assert (found["status"], found["value"]) == (status, None)


def test_the_print_key_is_told() -> None:
    assert one(frame(c=C | 0x08))["print_request"] is True


@pytest.mark.parametrize("count", [1, 4, 9, 16, 17])
def test_a_tail_cut_off_is_incomplete(count: int) -> None:
    assert one(frame()[:count])["status"] == "incomplete"


@pytest.mark.parametrize("lost", [1, 3, 7])
def test_a_lost_head_is_garbled_once(lost: int) -> None:
    assert one(frame()[lost:])["status"] == "garbled"


@pytest.mark.parametrize("place", range(1, 18))
def test_any_single_changed_bit_is_garbled(place: int) -> None:
    data = bytearray(frame())
    data[place] ^= 0x01
    assert {reading.status for reading in readings(driver(), bytes(data))} == {Status.GARBLED}


def test_a_lost_byte_costs_one_frame_not_two() -> None:
    found = readings(driver(), frame()[:8] + frame()[9:] + frame(weight=b"000100"))
    assert [(reading.status, reading.value) for reading in found] == [(Status.GARBLED, None), (Status.OK, "1.00")]


def test_glued_frames_split() -> None:
    found = readings(driver(), frame(weight=b"000100") + frame(weight=b"000200"))
    assert [reading.value for reading in found] == ["1.00", "2.00"]


@pytest.mark.parametrize("ending", [b"", b"\n"])
def test_auto_finds_out_that_there_is_no_checksum(ending: bytes) -> None:
    data = (frame(weight=b"000100", cs=False) + ending) * 2
    assert [reading.value for reading in readings(driver("auto"), data)] == ["1.00", "1.00"]


def test_auto_finds_out_that_there_is_one_and_then_insists() -> None:
    tested = driver("auto")
    assert [reading.value for reading in readings(tested, frame())] == ["123.45"]
    assert [reading.status for reading in readings(tested, frame()[:-1] + b"\x7f")] == [Status.GARBLED]


def test_without_checksum_a_frame_ends_with_its_cr() -> None:
    found = driver("false").received(frame(cs=False))
    assert [getattr(reading, "value", None) for reading in found] == ["123.45"]


def test_a_new_connection_forgets_half_a_frame() -> None:
    tested = driver()
    tested.received(frame()[:9])
    tested.opened()
    assert [reading.value for reading in readings(tested, frame())] == ["123.45"]


@pytest.mark.parametrize("wrong", [{"cheksum": "true"}, {"checksum": "maybe"}])
def test_settings_are_refused_by_name(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"toledo-cont: .*checksum"):
        make_driver("toledo-cont", wrong)


FRAMES = [
    frame(),
    frame(b=B | 0x02),
    frame(b=B | 0x08),
    frame(b=B | 0x04),
    frame(c=0x21, tare=b"000010"),
    frame(cs=False),
]


@given(data=damaged(FRAMES), places=PLACES, checksum=st.sampled_from(("auto", "true", "false")))
def test_any_bytes_in_any_pieces(data: bytes, places: list[int], checksum: str) -> None:
    check_any_pieces(lambda: driver(checksum), data, places)


@given(data=damaged(FRAMES))
def test_a_value_comes_only_from_a_frame_whose_checksum_fits(data: bytes) -> None:
    for reading in readings(driver(), data):
        if reading.value is not None:
            assert len(reading.raw) == 18
            assert sum(byte & 0x7F for byte in reading.raw) & 0x7F == 0
