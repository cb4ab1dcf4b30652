"""Where a frame ends: every kind of end that gauges have, in pieces, glued, cut off and too long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.drivers.checks import FrameCheck
from gaugetrail_agent.drivers.framing import ENDS, Frame, Framer, FrameRule


def bodies(frames: list[Frame]) -> list[bytes]:
    return [frame.body for frame in frames]


@pytest.mark.parametrize(
    ("name", "stream", "expected"),
    [
        ("cr", b"one\rtwo\r", [b"one", b"two"]),
        ("lf", b"one\ntwo\n", [b"one", b"two"]),
        ("crlf", b"one\r\ntwo\r\n", [b"one", b"two"]),
        ("etx", b"one\x03two\x03", [b"one", b"two"]),
        ("eot", b"one\x04two\x04", [b"one", b"two"]),
        ("nul", b"one\x00two\x00", [b"one", b"two"]),
    ],
)
def test_frame_ends_at_its_end_byte(name: str, stream: bytes, expected: list[bytes]) -> None:
    framer = Framer(FrameRule(end=ENDS[name], drop_cr=name == "crlf"))
    assert expected == bodies(framer.feed(stream))
    assert framer.give_up() == b""


def test_end_of_several_bytes_is_one_end() -> None:
    framer = Framer(FrameRule(end=b"\x04\r\n"))
    assert bodies(framer.feed(b"1000E+1, \x04\r\n")) == [b"1000E+1, "]


def test_crlf_end_is_missed_by_nobody_where_a_device_sends_lf_alone() -> None:
    assert bodies(Framer(FrameRule(end=b"\n", drop_cr=True)).feed(b"one\n")) == [b"one"]


def test_fixed_length_needs_no_end() -> None:
    framer = Framer(FrameRule(length=4))
    assert bodies(framer.feed(b"0+001-112")) == [b"0+00", b"1-11"]
    assert framer.give_up() == b"2"


def test_silence_ends_a_frame_without_an_end() -> None:
    framer = Framer(FrameRule())
    assert framer.feed(b"00NM-09") == []
    assert framer.feed(b".9999") == []
    frame = framer.silence()
    assert frame is not None
    assert frame.body == b"00NM-09.9999"
    assert framer.silence() is None


def test_silence_is_no_end_for_a_protocol_that_has_one() -> None:
    framer = Framer(FrameRule(end=b"\r"))
    framer.feed(b"half")
    assert framer.silence() is None
    assert framer.give_up() == b"half"


def test_checksum_behind_the_end_belongs_to_the_frame() -> None:
    """The two-terminator case: CR, then a byte that may look like anything, CR and the next start included."""
    covered = b"\x02,0 012345000000\r"
    check = FrameCheck("twos-complement-7", at=-1, first=1, last=-2)
    rule = FrameRule(end=b"\r", start=b"\x02", after_end=1, check=check)
    frames = Framer(rule).feed((covered + b"&") * 2)
    assert [frame.fault for frame in frames] == [None, None]
    assert bodies(frames) == [b",0 012345000000"] * 2
    (frame,) = Framer(rule).feed(covered + b"'")
    assert frame.fault == "check is b\"'\", computed b'&'"


def test_check_inside_a_frame_is_proved_and_no_part_of_its_body() -> None:
    """Yaohua: XOR of bytes 2 to 9 as two hex characters before the ETX."""
    rule = FrameRule(end=b"\x03", start=b"\x02", check=FrameCheck("xor-8", at=-3, first=2, last=-4, written="hex"))
    good, damaged = Framer(rule).feed(b"\x02+00123431C\x03" + b"\x02+00923431C\x03")
    assert (good.body, good.fault) == (b"+0012343", None)
    assert damaged.fault is not None


def test_new_start_before_an_end_gives_the_old_bytes_up() -> None:
    noise, frame = Framer(FrameRule(end=b"\x03", start=b"\x02")).feed(b"\x02half\x02whole\x03")
    assert noise.fault == "a new frame began before this one ended"
    assert (frame.body, frame.fault) == (b"whole", None)


def test_single_bytes_are_frames_by_themselves_only_between_frames() -> None:
    framer = Framer(FrameRule(end=b"\r", singles=b"\x06\x15"))
    assert bodies(framer.feed(b"\x06\x15a\x06b\r")) == [b"\x06", b"\x15", b"a\x06b"]


def test_overlong_frame_comes_once_and_the_next_is_whole() -> None:
    """A line that lost its ends (wrong baud, wrong end) can't fill the memory or spoil what follows it."""
    framer = Framer(FrameRule(end=b"\r", max_frame=8))
    frames = framer.feed(b"x" * 1000 + b"\rgood\r")
    assert [frame.fault is None for frame in frames] == [False, True]
    assert len(frames[0].raw) == 9
    assert frames[1].body == b"good"


@given(
    st.sampled_from([b"\r", b"\n", b"\x04\r\n", b"\x03", b""]),
    st.sampled_from([b"", b"\x02"]),
    st.sampled_from([None, 5]),
    st.lists(st.binary(max_size=12), max_size=12),
)
def test_any_bytes_in_any_pieces_give_the_same_frames(
    end: bytes, start: bytes, length: int | None, pieces: list[bytes]
) -> None:
    rule = FrameRule(end=b"" if length else end, start=start, length=length, max_frame=16)
    once, often = Framer(rule), Framer(rule)
    at_once = once.feed(b"".join(pieces))
    assert at_once == [frame for piece in pieces for frame in often.feed(piece)]
    assert all(len(frame.raw) <= 16 + len(rule.end) for frame in at_once)
    assert once.give_up() == often.give_up()
