"""Which bytes answer a request: real frames, every damage, any noise around them."""

from __future__ import annotations

import pytest
from fuzz_count import FRAMES
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.links.modbus_frames import (
    Ask,
    OutOfStep,
    ascii_answer,
    ascii_frame,
    crc16,
    rtu_answer,
    rtu_frame,
    take_tcp,
    tcp_frame,
    who_spoke,
)

# From an Eastron meter's manual: 230.2 V from input register 0, and the request that it answers.
METER = bytes.fromhex("01 04 04 4366 3334 1B38")
METER_ASK = Ask.of(1, bytes.fromhex("04 0000 0002"))
ASKS = [
    Ask.of(1, bytes.fromhex("03 0000 0001")),
    Ask.of(1, bytes.fromhex("03 0000 007D")),
    Ask.of(247, bytes.fromhex("01 0000 0009")),
    Ask.of(1, bytes.fromhex("06 0010 0005")),
    Ask.of(1, bytes.fromhex("05 0010 FF00")),
    Ask.of(1, bytes.fromhex("10 0010 0002 04 0001 0002")),
]


def answer_to(ask: Ask) -> bytes:
    return ask.starts + bytes(ask.length - len(ask.starts))


def test_frames_are_built_as_the_standard_prints_them() -> None:
    assert rtu_frame(1, bytes.fromhex("03 0000 0002")) == bytes.fromhex("01 03 0000 0002 C40B")
    assert ascii_frame(0xF7, bytes.fromhex("03 1389 000A")) == b":F7031389000A60\r\n"
    assert tcp_frame(1, bytes.fromhex("03 0096 000A"), 1) == bytes.fromhex("0001 0000 0006 01 03 0096 000A")


def test_a_meters_answer_is_found() -> None:
    assert rtu_answer(METER, METER_ASK) == METER[1:-2]


@pytest.mark.parametrize("place", range(len(METER)))
def test_one_wrong_byte_makes_it_no_answer(place: int) -> None:
    damaged = METER[:place] + bytes((METER[place] ^ 0x10,)) + METER[place + 1 :]
    assert rtu_answer(damaged, METER_ASK) is None


@pytest.mark.parametrize(
    "other",
    [
        Ask.of(2, METER_ASK.pdu),
        Ask.of(1, bytes.fromhex("03 0000 0002")),
        Ask.of(1, bytes.fromhex("04 0000 0001")),
        Ask.of(1, bytes.fromhex("04 0000 0003")),
    ],
    ids=["unit", "function", "shorter", "longer"],
)
def test_a_sound_frame_answers_only_its_own_question(other: Ask) -> None:
    assert rtu_answer(METER, other) is None


@pytest.mark.parametrize("ask", ASKS, ids=lambda ask: ask.pdu.hex())
@given(before=st.binary(max_size=40), after=st.binary(max_size=10))
def test_any_bytes_around_an_answer_are_passed_over(ask: Ask, before: bytes, after: bytes) -> None:
    pdu = answer_to(ask)
    assert rtu_answer(before + rtu_frame(ask.unit, pdu) + after, ask) == pdu
    assert ascii_answer(before.replace(b":", b"") + ascii_frame(ask.unit, pdu) + after, ask) == pdu
    refusal = bytes((ask.pdu[0] | 0x80, 2))
    assert rtu_answer(before + rtu_frame(ask.unit, refusal) + after, ask) is not None


@given(st.binary(max_size=300), st.sampled_from(ASKS))
def test_any_bytes_give_an_answer_that_fits_or_none(data: bytes, ask: Ask) -> None:
    FRAMES.add(2)
    for found in (rtu_answer(data, ask), ascii_answer(data, ask)):
        assert found is None or ask.fits(found)
    who_spoke(data, ascii_=True)
    who_spoke(data, ascii_=False)


@given(st.binary(max_size=300))
def test_any_bytes_on_tcp_give_frames_or_out_of_step(data: bytes) -> None:
    buffer = bytearray(data)
    try:
        while (frame := take_tcp(buffer)) is not None:
            assert len(frame[2]) >= 2
    except OutOfStep:
        pass


@given(st.lists(st.tuples(st.integers(0, 65535), st.integers(0, 255), st.binary(min_size=2, max_size=253))), st.data())
def test_tcp_frames_come_whole_however_the_stream_is_cut(
    frames: list[tuple[int, int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(tcp_frame(unit, pdu, number) for number, unit, pdu in frames)
    buffer, found = bytearray(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        buffer += stream[:size]
        stream = stream[size:]
        while (frame := take_tcp(buffer)) is not None:
            found.append(frame)
    assert found == frames


@given(st.sampled_from([1, 2, 3, 4]), st.integers(1, 125), st.sets(st.integers(3, 10), max_size=3))
def test_the_question_after_a_silence_has_an_answer_of_another_length(fc: int, count: int, lost: set[int]) -> None:
    other = Ask.of(1, bytes((fc, 0, 0, 0, count))).of_other_length(lost)
    assert other is not None
    assert other.length not in lost


def test_who_spoke_names_the_unit_of_a_sound_frame() -> None:
    assert who_spoke(b"\xff" + METER, ascii_=False) == {1}
    assert who_spoke(ascii_frame(5, b"\x03\x02\x00\x01"), ascii_=True) == {5}


def test_a_sum_is_low_byte_first() -> None:
    assert crc16(METER[:-2]) == METER[-2:]


def test_a_function_of_unknown_answer_is_not_asked() -> None:
    with pytest.raises(ValueError, match="none of 1-6, 15, 16"):
        Ask.of(1, b"\x17\0\0\0\1")
