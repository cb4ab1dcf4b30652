"""Checks inside frames: makers' own examples and published check values, and no single hit bit goes unnoticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.drivers.checks import METHODS, FrameCheck

DIGITS = b"123456789"
"""What catalogues of checksums compute their check values from."""


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("sum-8", 0xDD),
        ("sum-7", 0x5D),
        ("sum-16", 0x1DD),
        ("xor-8", 0x31),
        ("xor-7", 0x31),
        ("twos-complement-8", 0x23),
        ("twos-complement-7", 0x23),
        ("ones-complement-8", 0x22),
        ("crc-16-modbus", 0x4B37),
        ("crc-16-ccitt", 0x29B1),
        ("crc-16-xmodem", 0x31C3),
    ],
)
def test_method_gives_its_published_value(method: str, value: int) -> None:
    """The CRCs' values are those of the reveng catalogue; the sums are added up by hand."""
    width = 2 if "16" in method else 1
    check = FrameCheck(method, at=-width, first=1, last=-width - 1)
    assert check.fault(DIGITS + value.to_bytes(width, "big")) is None
    assert check.fault(DIGITS + (value ^ 1).to_bytes(width, "big")) is not None


@pytest.mark.parametrize(
    ("check", "frame"),
    [
        # Cosmo LS-R700 operation manual p. 38: 718 is 2CE, its complement 32.
        (FrameCheck("twos-complement-8", at=-3, first=1, last=-4, written="hex"), b"#00 00 2 -000.4:32\r"),
        # Yaohua XK3190-A12 manual p. 12: WG004.139kg is proved by 3D.
        (FrameCheck("xor-8", at=-4, first=1, last=-5, written="hex"), b"WG004.139kg3D\r\n"),
        (FrameCheck("sum-8", at=10, first=1, last=9, written="decimal"), DIGITS + b"221"),
        (FrameCheck("sum-8", at=10, first=1, last=9, written="nibbles"), DIGITS + b"=="),
        (FrameCheck("sum-8", at=10, first=1, last=9, offset=0x20), DIGITS + b"\xfd"),
        (FrameCheck("sum-16", at=10, first=1, last=9, written="binary-low-first"), DIGITS + b"\xdd\x01"),
        (FrameCheck("xor-8", at=-3, first=1, last=-4, written="hex", unused=(b"**",)), DIGITS + b"**\r"),
        (FrameCheck("xor-8", at=-3, first=1, last=-4, written="hex"), DIGITS + b"31\r"),
    ],
)
def test_check_is_found_where_and_as_it_is_written(check: FrameCheck, frame: bytes) -> None:
    assert check.fault(frame) is None


def test_small_hex_letters_are_the_same() -> None:
    assert FrameCheck("sum-8", at=-2, first=1, last=-3, written="hex").fault(DIGITS + b"dd") is None


def test_parity_in_the_eighth_bit_is_no_fault_of_a_seven_bit_check() -> None:
    assert FrameCheck("xor-7", at=-1, first=1, last=-2).fault(DIGITS + b"\xb1") is None


def test_frame_too_short_for_its_check_does_not_fit() -> None:
    check = FrameCheck("xor-8", at=-3, first=1, last=-4, written="hex")
    assert check.fault(b"1\r") == "a frame of 2 bytes is too short for its check"
    beyond = FrameCheck("xor-8", at=9, first=1, last=8)
    assert beyond.fault(b"12345678") == "a frame of 8 bytes is too short for its check"


@pytest.mark.parametrize("method", METHODS)
@given(covered=st.binary(min_size=1, max_size=20), hit=st.integers(0, 7), place=st.integers(0, 19))
def test_check_finds_every_single_bit(method: str, covered: bytes, hit: int, place: int) -> None:
    """In the bits that it covers: a check of seven bits leaves parity out."""
    compute, bits = METHODS[method]
    mask = (1 << bits) - 1
    place %= len(covered)
    damaged = covered[:place] + bytes([covered[place] ^ 1 << hit]) + covered[place + 1 :]
    unnoticed = bits == 7 and hit == 7
    assert (compute(damaged) & mask == compute(covered) & mask) == unnoticed
