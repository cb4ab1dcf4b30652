"""Frames printed in the Chroma 19071/19072/19073 user's manual, chapter 5 (page in each), and frames of its rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from stream_driver_promises import PLACES, check_any_pieces, damaged, readings, sent

from gaugetrail_agent.drivers.catalogue import make_driver
from gaugetrail_agent.drivers.chroma_bin import ChromaDriver, framed
from gaugetrail_agent.reading import Status

ACK = bytes.fromhex("ab7001027f000e")  # p. 5-5
RESULT = bytes.fromhex("ab700112b1010174d70163005a0000000f001e0018007c")  # p. 5-21
IDENTITY = framed(0x70, 0x01, 0x90, b"CHROMA,19073,0,3.11,0")  # p. 5-5
QUERY = bytes.fromhex("ab017003b100d704")  # p. 5-21


def result(code: int = 0x74, fresh: int = 1, mode: int = 1, volts: int = 99, amps: int = 90, step: int = 1) -> bytes:
    items = bytes((mode,)) + volts.to_bytes(2, "little") + amps.to_bytes(4, "little") + bytes.fromhex("0f001e001800")
    return framed(0x70, 0x01, 0xB1, bytes((fresh, step, code, 0xD7)) + items)


def shown(data: bytes) -> list[tuple[str, str | None, str | None, str | None]]:
    return [(str(r.status), r.value, r.unit, r.channel) for r in readings(ChromaDriver(), data)]


def test_the_manuals_result_gives_voltage_and_current() -> None:
    assert result() == RESULT
    assert shown(RESULT) == [("ok", "0.099", "kV", "voltage"), ("ok", "0.009", "mA", "current")]
    told = readings(ChromaDriver(), RESULT)[0].as_json()
    assert {
        "judgement": "PASS", "step": 1, "mode": "AC", "ramp_secs": "1.5", "test_secs": "3.0", "fall_secs": "2.4",
    }.items() <= told.items()  # fmt: skip


def test_asking_is_the_manuals_query() -> None:
    assert sent(ChromaDriver().ask()) == [QUERY]
    assert sent(make_driver("chroma-bin", {"address": "5"}).ask("3")) == [framed(5, 0x70, 0xB1, b"\x03\xd7")]


def test_a_reply_without_error_is_an_ack() -> None:
    assert shown(ACK) == [("ack", None, None, None)]


@pytest.mark.parametrize(("code", "words"), [(1, "command or execution error"), (2, "parameter error")])
def test_a_reply_with_error_names_it(code: int, words: str) -> None:
    found = readings(ChromaDriver(), framed(0x70, 1, 0x7F, bytes((code,))))
    assert [(r.status, r.error_code, r.text) for r in found] == [(Status.ERROR, str(code), words)]


@pytest.mark.parametrize(("code", "judgement"), [(0x11, "HIGH FAIL"), (0x12, "LOW FAIL"), (0x13, "ARC FAIL")])
def test_a_part_that_failed_has_values_and_the_judgement(code: int, judgement: str) -> None:
    found = readings(ChromaDriver(), result(code))
    assert [(r.status, r.extra["judgement"]) for r in found] == [(Status.OK, judgement)] * 2


def test_a_running_test_is_unstable() -> None:
    assert [status for status, *_ in shown(result(0x73))] == ["unstable"] * 2


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (result(fresh=0), "no_value"),
        (result(0x70), "no_value"),
        (result(0x71), "no_value"),
        (result(0x75), "no_value"),
        (result(0x72), "error"),
        (result(0x79), "error"),
        (result(0x15), "error"),
        (result(0x00), "error"),
        (result(mode=3, code=0x31), "info"),
    ],
    ids=[
        "read before",
        "stopped",
        "interrupted",
        "skipped",
        "can not test",
        "ground fault",
        "no output",
        "unknown",
        "IR",
    ],
)
def test_no_measurement_no_value(frame: bytes, status: str) -> None:
    assert [(state, value) for state, value, *_ in shown(frame)] == [(status, None)]


def test_the_manuals_sentinels_are_no_numbers() -> None:
    assert shown(result(0x11, volts=31_000, amps=1_000_000_000)) == [
        ("no_value", None, None, "voltage"),
        ("overrange", None, None, "current"),
    ]
    assert [state for state, *_ in shown(result(0x11, volts=30_000, amps=1_100_000_000))] == ["overrange", "no_value"]


def test_the_identification_is_no_measurement() -> None:
    found = readings(ChromaDriver(), IDENTITY)
    assert [(r.status, r.text) for r in found] == [(Status.INFO, "CHROMA,19073,0,3.11,0")]


def test_our_own_query_echoed_on_two_wires_is_no_reading() -> None:
    assert [(state, value) for state, value, *_ in shown(QUERY)] == [("info", None)]


@pytest.mark.parametrize("place", range(1, len(RESULT)))
def test_a_changed_byte_never_gives_a_value(place: int) -> None:
    data = bytearray(RESULT)
    data[place] ^= 0x10
    assert all(value is None for _, value, *_ in shown(bytes(data)))


def test_a_wrong_checksum_is_garbled() -> None:
    assert [state for state, *_ in shown(ACK[:-1] + b"\x0f")] == ["garbled"]


def test_a_tail_cut_off_is_incomplete_and_a_lost_head_garbled() -> None:
    assert [state for state, *_ in shown(RESULT[:-3])] == ["incomplete"]
    assert [state for state, *_ in shown(RESULT[2:])] == ["garbled"]


def test_a_frame_behind_damage_is_found() -> None:
    """A damaged length must not swallow the next frame."""
    broken = bytearray(ACK)
    broken[3] = 0x20
    assert [state for state, *_ in shown(bytes(broken) + RESULT + ACK + ACK + ACK)][:3] == ["garbled", "ok", "ok"]


@pytest.mark.parametrize("wrong", [{"adress": "1"}, {"address": "300"}, {"address": "-1"}])
def test_settings_are_refused_by_name(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"chroma-bin: .*address"):
        make_driver("chroma-bin", wrong)


FRAMES = [ACK, RESULT, IDENTITY, QUERY, result(0x73), result(mode=2, amps=123)]


@given(data=damaged(FRAMES), places=PLACES)
def test_any_bytes_in_any_pieces(data: bytes, places: list[int]) -> None:
    for reading in check_any_pieces(ChromaDriver, data, places):
        if reading.value is not None:
            assert sum(reading.raw[1:]) & 0xFF == 0
