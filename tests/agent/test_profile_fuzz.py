"""Any bytes in any pieces through every shipped profile: readings, a wait, or a refusal with its reason, never more.

With `make fuzz` the same tests run for long; here each family gets a part of Hypothesis's budget.
"""

from __future__ import annotations

import pytest
from fuzz_count import FRAMES
from hypothesis import given, settings
from hypothesis import strategies as st
from shipped_profiles import SHIPPED
from stream_driver_promises import PLACES, check_any_pieces, damaged

from gaugetrail_agent.drivers.profile.driver import ProfileDriver, run
from gaugetrail_agent.drivers.profile.file import Profile
from gaugetrail_agent.reading import Status

SHARE = settings(max_examples=settings().max_examples // 4, deadline=None)
"""A quarter of the budget for each family, as there are forty."""

ANY_FAMILY = st.sampled_from(list(SHIPPED.values()))
ALL_SAID = st.sampled_from([one for one in SHIPPED.values() if not any(pattern.silent for pattern in one.pattern)])
"""Families of which every line gives a reading; others print totals and dates, which say nothing of a part."""
FAMILIES = pytest.mark.parametrize("profile", SHIPPED.values(), ids=lambda profile: profile.name)


def frames_of(profile: Profile) -> list[bytes]:
    return [example.data for example in profile.example]


def settings_of(profile: Profile) -> list[dict[str, str]]:
    """What users may have set: nothing, what an example sets, another end, another decimal mark."""
    return [
        {},
        {"end": "idle"},
        {"end": "cr"},
        {"decimal": ","},
        *(dict(example.settings) for example in profile.example),
    ]


@FAMILIES
@SHARE
@given(data=st.data(), places=PLACES)
def test_any_bytes_in_any_pieces(profile: Profile, data: st.DataObject, places: list[int]) -> None:
    """However the bytes are cut, the readings are the same, and only ok and unstable carry a value."""
    chosen = data.draw(st.sampled_from(settings_of(profile)))
    stream = data.draw(damaged(frames_of(profile)))
    found = check_any_pieces(lambda: ProfileDriver(profile, chosen), stream, places)
    for reading in found:
        assert reading.status is not Status.INCOMPLETE or profile.framing.end == "idle"
        assert (reading.status is Status.GARBLED) == ("reason" in reading.extra)


@settings(deadline=None)
@given(profile=ALL_SAID, data=st.data())
def test_any_bytes_are_accounted_for(profile: Profile, data: st.DataObject) -> None:
    """What no reading holds in its raw bytes is what stands between frames, or the end of an overlong frame."""
    stream = data.draw(damaged(frames_of(profile)))
    FRAMES.add()
    readings = run(ProfileDriver(profile, {}), stream)
    raws = list(dict.fromkeys(reading.raw for reading in readings))
    commands = profile.commands
    echoes = (commands.poll, *commands.requests.values(), commands.start_stream, commands.stop_stream, commands.trigger)
    between = set((profile.framing.skip + "".join(filter(None, echoes))).encode("latin-1"))
    overlong = any("without an end" in str(reading.extra.get("reason", "")) for reading in readings)
    if not overlong:
        assert set(stream) - between <= {byte for raw in raws for byte in raw}


@settings(deadline=None)
@given(profile=ANY_FAMILY, data=st.data(), noise=st.binary(max_size=30))
def test_fuzz_before_a_frame_spoils_no_more_than_that_frame(
    profile: Profile, data: st.DataObject, noise: bytes
) -> None:
    """Behind noise that has ended, a good frame reads as it always does."""
    example = data.draw(st.sampled_from(profile.example))
    driver = ProfileDriver(profile, example.settings)
    alone = run(ProfileDriver(profile, example.settings), example.data)
    FRAMES.add(2)
    driver.received(noise)
    driver.quiet()
    assert alone == run(driver, example.data)
