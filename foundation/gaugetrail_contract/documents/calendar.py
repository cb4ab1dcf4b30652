"""A calendar: which shifts run on which days of a line, and which one a moment falls into.

Promise: a shift is named by the day on which it begins, also when it ends after midnight. It lasts by the clock on the
wall: on the night when clocks go forward an eight-hour night has seven hours, on the other one nine; no moment falls
into two shifts, and where shifts follow each other without a gap on the wall, they do so in UTC. A time that the wall
skips is the moment of the skip, one that it shows twice is the first. Two shifts at once are a fault, whatever
exception brings them together. Pure; the zone's rules are the system's (or Python's tzdata).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Annotated, Literal, Self, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from gaugetrail_contract.clock import EPOCH
from gaugetrail_contract.documents.head import DocumentHead
from gaugetrail_contract.settings import Settings
from gaugetrail_contract.text import DayText, Identifier, Text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
WORKING: tuple[Weekday, ...] = WEEKDAYS[:5]
MOST_SHIFTS = 24
MOST_DAYS = 400
"""Of one exception."""
DAY = timedelta(days=1)
A_MONDAY = date(2024, 1, 1)
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


def _clock(text: str) -> str:
    if _CLOCK.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no time of day; write 06:00")
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone, such as Europe/Berlin") from error
    return name


ClockText = Annotated[str, AfterValidator(_clock)]
"""A time of day on the wall, `06:00`."""


class Shift(Settings):
    """One `[[shift]]`."""

    name: Identifier = Field(description="what records and reports call it", examples=["early"])
    begins: ClockText = Field(description="on the wall, in quotes", examples=["06:00"])
    ends: ClockText = Field(
        description="on the wall; not later than begins: on the next day (the same: it lasts a day)", examples=["14:00"]
    )
    days: tuple[Weekday, ...] = Field(WORKING, description="days on which it begins: mon, tue, wed, thu, fri, sat, sun")

    def on(self, day: date) -> WallSpan:
        """When it runs, if it begins on that day."""
        begins, ends = time.fromisoformat(self.begins), time.fromisoformat(self.ends)
        last = day if ends > begins else day + DAY
        return WallSpan(self.name, day, datetime.combine(day, begins), datetime.combine(last, ends))


class CalendarException(Settings):
    """One `[[exception]]`: days on which other shifts begin than by the week; the last that names a day counts."""

    day: DayText = Field(description="the day, YYYY-MM-DD, in quotes", examples=["2026-12-25"])
    through: DayText | None = Field(None, description="the last of several days")
    name: Text = Field("", description="what it is", examples=["Christmas"])
    shifts: tuple[Identifier, ...] = Field((), description="the shifts that begin then; none: nobody works")

    @model_validator(mode="after")
    def _is_some_days(self) -> Self:
        first, last = self.period
        if last < first:
            raise ValueError(f"it ends on {last}, before it begins on {first}")
        if (last - first).days >= MOST_DAYS:
            raise ValueError(f"{first} to {last} are more than {MOST_DAYS} days: that is another calendar")
        return self

    @property
    def period(self) -> tuple[date, date]:
        """Its first and last day."""
        return date.fromisoformat(self.day), date.fromisoformat(self.through or self.day)


@dataclass(frozen=True, slots=True)
class WallSpan:
    """A shift of one day, by the clock on the wall."""

    shift: str
    day: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class ShiftThen:
    """The shift that a moment falls into. `day` is the one on which it began, as people there write it."""

    shift: str
    day: date
    begins_us: int
    ends_us: int


class Calendar(DocumentHead):
    """A calendar as its file says it."""

    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        description="IANA name of the zone whose clocks hang there", examples=["Europe/Berlin"]
    )
    shift: tuple[Shift, ...] = Field((), description="[[shift]]; at least one")
    exception: tuple[CalendarException, ...] = Field((), description="[[exception]]: holidays, extra shifts")

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        if not self.shift:
            raise ValueError("a calendar says when people work: add a [[shift]]")
        if len(self.shift) > MOST_SHIFTS:
            raise ValueError(f"it has {len(self.shift)} shifts; {MOST_SHIFTS} are the most")
        names = [one.name for one in self.shift]
        if twice := sorted({one for one in names if names.count(one) > 1}):
            raise ValueError(f"the shift {', '.join(twice)} stands twice")
        for one in self.exception:
            if strange := [name for name in one.shifts if name not in names]:
                raise ValueError(
                    f"the exception of {one.day} names {', '.join(strange)}; shifts are {', '.join(names)}"
                )
        return self

    @model_validator(mode="after")
    def _nobody_works_twice(self) -> Self:
        for day in self._days_to_look_at():
            spans = sorted((one for near in _around(day) for one in self.spans(near)), key=lambda one: one.begins)
            for one, other in itertools.pairwise(spans):
                if other.begins < one.ends:
                    first, second = (f"{span.shift} of {span.day:%a} {span.day}" for span in (one, other))
                    raise ValueError(f"{first} and {second} run at once: {second} begins before {first} ends")
        return self

    def _days_to_look_at(self) -> Iterator[date]:
        """A week without exceptions, and every day of each exception."""
        excepted = {day for one in self.exception for day in _days(*one.period)}
        monday = A_MONDAY
        while any(monday + DAY * number in excepted for number in range(-1, 8)):
            monday -= DAY * 7
        yield from (monday + DAY * number for number in range(7))
        yield from sorted(excepted)

    @cached_property
    def _excepted(self) -> dict[date, CalendarException]:
        return {day: one for one in self.exception for day in _days(*one.period)}

    def spans(self, day: date) -> tuple[WallSpan, ...]:
        """The shifts that begin on that day."""
        other = self._excepted.get(day)
        if other is not None:
            return tuple(one.on(day) for one in self.shift if one.name in other.shifts)
        return tuple(one.on(day) for one in self.shift if WEEKDAYS[day.weekday()] in one.days)

    def shift_at(self, at_us: int) -> ShiftThen | None:
        """The shift at a moment (microseconds since 1970, UTC); null where nobody works."""
        zone = ZoneInfo(self.time_zone)
        there = (EPOCH + timedelta(microseconds=at_us)).astimezone(zone).date()
        for span in (span for day in _around(there) for span in self.spans(day)):
            begins_us, ends_us = moment_on_wall(span.begins, zone), moment_on_wall(span.ends, zone)
            if begins_us <= at_us < ends_us:
                return ShiftThen(span.shift, span.day, begins_us, ends_us)
        return None


def _around(day: date) -> tuple[date, date, date]:
    return day - DAY, day, day + DAY


def _days(first: date, last: date) -> Iterator[date]:
    return (first + DAY * number for number in range((last - first).days + 1))


def moment_on_wall(wall: datetime, zone: ZoneInfo) -> int:
    """When the clocks of a zone show that time first; where they skip it, the moment of the skip."""
    early, late = sorted(_us(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if _wall(early, zone) == wall:
        return early
    # Skipped: the clocks jump between the two readings of it, at a full second.
    while late - early > 1_000_000:
        middle = (early + late) // 2_000_000 * 1_000_000
        early, late = (middle, late) if _wall(middle, zone) < wall else (early, middle)
    return late


def _us(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _wall(us: int, zone: ZoneInfo) -> datetime:
    return (EPOCH + timedelta(microseconds=us)).astimezone(zone).replace(tzinfo=None)
