"""The shipped gauge profiles: what they say of themselves holds, and a damaged frame brings no value."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from shipped_profiles import SHIPPED, GoodFrame, frames_without_value, good_frames, values

from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile.driver import run_examples
from gaugetrail_agent.drivers.profile.file import Profile
from gaugetrail_agent.reading import WITH_VALUE, Status

FRAMES = list(good_frames())


@pytest.mark.parametrize("profile", SHIPPED.values(), ids=lambda profile: profile.name)
def test_every_example_of_a_shipped_profile_holds(profile: Profile) -> None:
    failed = [str(result) for result in run_examples(profile) if not result.passed]
    assert failed == []


@pytest.mark.parametrize("profile", SHIPPED.values(), ids=lambda profile: profile.name)
def test_shipped_profile_shows_a_value_a_damaged_frame_and_where_it_is_from(profile: Profile) -> None:
    """A profile that shows only good frames has not been tried on a bad one."""
    shown = {reading.get("status") for example in profile.example for reading in example.readings}
    assert "ok" in shown
    assert "garbled" in shown
    assert "incomplete" in shown
    assert profile.notes.strip(), "the person at the gauge needs a word on menus and limits"
    assert profile.devices
    assert profile.maker
    assert profile.proof is not None


def test_issue_names_are_there() -> None:
    """The families that a shop can name without writing a profile."""
    wanted = (
        "digimatic-13 u-wave mitutoyo-idh mitutoyo-sj gageway gagemux-csv metro-mux magnescale-mg80 magnescale-lt10a "
        "mahr-duplex mahr-m1240 mahr-maxum sylvac tesa-tt cdi-starrett heidenhain-nd heidenhain-nd5 keyence-lk "
        "omron-zw mt-sics and-std and-ad4329 and-csv and-dp and-nu sartorius-sbi ohaus cas-cbl radwag mark10 "
        "imada-dst wagner-fdv andilog hioki-bt hioki-3174 gwinstek-gpt fluke-8840 inficon eh-rsg10 rion toledo-cont "
        "st-gs yaohua-tf0 yaohua-eq yaohua-eq-reversed ww-wn keyence-dl-rs1a rlws-stream scpi ateq-print sma nci-scp "
        "panasonic-hlg cosmo-ls fukuda-fl tohnichi-cem adam-print rinstrum-300 kern-ew cardinal fec-serial cleco-tme "
        "norbar power-macs yaohua-a12 condec wtx-stream toledo-8213 desoutter-delta "
        "chroma-bin open-protocol open-protocol-serial csv-line"
    )
    assert set(wanted.split()) - set(catalogue.driver_names()) == set()


@pytest.mark.parametrize("frame", [f for f in FRAMES if f.ends_by_itself()], ids=str)
def test_frame_without_its_tail_waits(frame: GoodFrame) -> None:
    """No beginning of a frame is a value; silence after it makes it incomplete."""
    for length in range(1, len(frame.body())):
        readings = frame.read(frame.data[:length])
        assert values(readings) == [], frame.data[:length]
        assert all(reading.status is Status.INCOMPLETE for reading in readings), frame.data[:length]


@pytest.mark.parametrize("frame", [f for f in FRAMES if f.profile.width.headless is None], ids=str)
def test_frame_without_its_head_is_no_other_value(frame: GoodFrame) -> None:
    good = values(frame.read(frame.data))
    for start in range(1, len(frame.body())):
        assert set(values(frame.read(frame.data[start:]))) <= set(good), frame.data[start:]


@pytest.mark.parametrize("frame", [f for f in FRAMES if f.profile.width.fixed()], ids=str)
def test_frame_of_fixed_width_that_lost_a_character_is_no_other_value(frame: GoodFrame) -> None:
    """Nothing else tells a shifted field from a whole one: no checksum, only places."""
    good = values(frame.read(frame.data))
    for place in range(len(frame.body().rstrip(b" "))):
        damaged = frame.data[:place] + frame.data[place + 1 :]
        assert set(values(frame.read(damaged))) <= set(good), damaged


@pytest.mark.parametrize("frame", [f for f in frames_without_value() if f.profile.width.near_a_value is None], ids=str)
def test_overload_or_error_that_lost_a_character_is_still_no_value(frame: GoodFrame) -> None:
    """`OL`, `*22`, `1E9`: no single loss turns them into a measurement."""
    for place in range(len(frame.data)):
        damaged = frame.data[:place] + frame.data[place + 1 :]
        assert values(frame.read(damaged)) == [], damaged


def with_top_bit(byte: int) -> int:
    return byte | 0x80


def cleared_to_control(byte: int) -> int:
    return byte & 0x1F | 0x10


@pytest.mark.parametrize("hit", [with_top_bit, cleared_to_control])
@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_character_that_no_gauge_sends_is_never_part_of_a_value(frame: GoodFrame, hit: Callable[[int], int]) -> None:
    """A wrong parity setting sets the top bit; noise makes control characters."""
    good = values(frame.read(frame.data))
    for place, byte in enumerate(frame.body()):
        changed = hit(byte)
        if changed == byte:
            continue
        damaged = frame.data[:place] + bytes([changed]) + frame.data[place + 1 :]
        left = values(frame.read(damaged))
        assert len(left) < len(good), damaged
        assert set(left) <= set(good), damaged


@pytest.mark.parametrize("frame", [f for f in FRAMES if f.ends_by_itself()], ids=str)
def test_glued_frames_are_two(frame: GoodFrame) -> None:
    """Two frames that come at once are read as two."""
    once = values(frame.read(frame.data))
    assert once + once == values(frame.read(frame.data + frame.data))


@pytest.mark.parametrize("profile", SHIPPED.values(), ids=lambda profile: profile.name)
def test_status_other_than_ok_or_unstable_brings_no_value(profile: Profile) -> None:
    for result in run_examples(profile):
        for reading in result.got:
            assert ("value" in reading) == (reading["status"] in {str(status) for status in WITH_VALUE})
