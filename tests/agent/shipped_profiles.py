"""Every shipped gauge profile with the frames of its own examples, for the tests that hold over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from gaugetrail_agent.drivers import catalogue
from gaugetrail_agent.drivers.profile.driver import Profile, ProfileDriver, load_profile, run
from gaugetrail_agent.reading import WITH_VALUE, Reading, Status

SHIPPED: dict[str, Profile] = {path.stem: load_profile(path) for path in catalogue.profile_paths()}


NO_VALUE = frozenset({Status.OVERRANGE, Status.UNDERRANGE, Status.NO_VALUE, Status.ERROR})


@dataclass(frozen=True)
class GoodFrame:
    """One frame as the device sends it, and what the user would have set."""

    profile: Profile
    settings: dict[str, str]
    data: bytes

    def __str__(self) -> str:
        return f"{self.profile.name} {self.data!r}"

    def read(self, data: bytes) -> list[Reading]:
        """What the profile makes of other bytes under the same settings, after a connection of their own."""
        driver = _driver(self.profile.name, tuple(self.settings.items()))
        driver.opened()
        return run(driver, data)

    def ends_by_itself(self) -> bool:
        """Whether the frame has an end of its own, instead of silence."""
        return self.settings.get("end", self.profile.framing.end) != "idle"

    def body(self) -> bytes:
        """The frame without what ends it."""
        return self.data.rstrip(b"\r\n")


@cache
def _driver(profile: str, settings: tuple[tuple[str, str], ...]) -> ProfileDriver:
    """To make one ready takes longer than all that a frame takes, and tests read thousands."""
    return ProfileDriver(SHIPPED[profile], dict(settings))


def good_frames() -> Iterator[GoodFrame]:
    """Every frame of an example that brings a value, each once."""
    yield from _frames(WITH_VALUE)


def frames_without_value() -> Iterator[GoodFrame]:
    """Every frame of an example that says why there is no value, and brings none at all."""
    for frame in _frames(NO_VALUE):
        if not values(frame.read(frame.data)):
            yield frame


def _frames(statuses: frozenset[Status]) -> Iterator[GoodFrame]:
    seen: set[tuple[str, bytes]] = set()
    for profile in SHIPPED.values():
        for example in profile.example:
            for reading in run(ProfileDriver(profile, example.settings), example.data):
                if reading.status in statuses and (profile.name, reading.raw) not in seen:
                    seen.add((profile.name, reading.raw))
                    yield GoodFrame(profile, example.settings, reading.raw)


def values(readings: list[Reading]) -> list[str]:
    """The values that came out."""
    return [reading.value for reading in readings if reading.value is not None]
