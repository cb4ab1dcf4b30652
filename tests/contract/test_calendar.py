"""Which shift a moment falls into: over midnight, over holidays, and on the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gaugetrail_contract.documents.calendar import WEEKDAYS, Calendar, moment_on_wall

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
HOUR_US = 3_600_000_000
THREE = [("early", "06:00", "14:00"), ("late", "14:00", "22:00"), ("night", "22:00", "06:00")]
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/St_Johns", "Asia/Kolkata", "UTC")
"""Lord Howe's clocks change by half an hour, St John's stand at half hours."""
# 2026: Berlin 29 March and 25 October, New York 8 March and 1 November, Lord Howe 5 April and 4 October.
YEAR = st.integers(us := (datetime(2026, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1), us + 8760 * HOUR_US)


def calendar(zone: str = "Europe/Berlin", shifts: Any = THREE, days: Any = WEEKDAYS, **more: Any) -> Calendar:
    rows = [{"name": name, "begins": begins, "ends": ends, "days": list(days)} for name, begins, ends in shifts]
    return Calendar.model_validate({"id": "CAL-1", "time_zone": zone, "shift": rows, **more})


def us(text: str) -> int:
    return (datetime.fromisoformat(text) - EPOCH) // timedelta(microseconds=1)


def at(one: Calendar, text: str) -> tuple[str, str] | None:
    then = one.shift_at(us(text))
    return None if then is None else (then.shift, str(then.day))


@pytest.mark.parametrize(
    ("moment", "shift"),
    [
        ("2026-11-25T05:59:59.999999+01:00", ("night", "2026-11-24")),
        ("2026-11-25T06:00+01:00", ("early", "2026-11-25")),
        ("2026-11-25T13:59:59.999999+01:00", ("early", "2026-11-25")),
        ("2026-11-25T14:00+01:00", ("late", "2026-11-25")),
        ("2026-11-25T23:59+01:00", ("night", "2026-11-25")),
        ("2026-11-26T00:00+01:00", ("night", "2026-11-25")),
    ],
)
def test_a_shift_is_named_by_the_day_on_which_it_begins_also_after_midnight(
    moment: str, shift: tuple[str, str]
) -> None:
    assert shift == at(calendar(), moment)


@pytest.mark.parametrize(
    ("moment", "shift"),
    [
        ("2026-11-27T21:00+01:00", ("late", "2026-11-27")),
        ("2026-11-27T23:00+01:00", ("night", "2026-11-27")),  # a Friday's
        ("2026-11-28T05:00+01:00", ("night", "2026-11-27")),
        ("2026-11-28T07:00+01:00", None),
        ("2026-11-30T05:00+01:00", None),
        ("2026-11-30T06:00+01:00", ("early", "2026-11-30")),
    ],
)
def test_on_other_days_nobody_works_but_who_began_the_day_before(moment: str, shift: tuple[str, str] | None) -> None:
    assert shift == at(calendar(days=WEEKDAYS[:5]), moment)


def test_an_exception_counts_for_the_shifts_that_begin_on_its_days_and_the_last_one_counts() -> None:
    exceptions = [
        {"day": "2026-12-24", "through": "2026-12-26", "name": "Christmas"},
        {"day": "2026-12-26", "shifts": ["late"]},
    ]
    one = calendar(exception=exceptions)
    assert at(one, "2026-12-24T05:00+01:00") == ("night", "2026-12-23")
    assert at(one, "2026-12-24T06:00+01:00") is None
    assert at(one, "2026-12-26T05:00+01:00") is None
    assert at(one, "2026-12-26T15:00+01:00") == ("late", "2026-12-26")
    assert at(one, "2026-12-26T23:00+01:00") is None
    assert at(one, "2026-12-27T23:00+01:00") == ("night", "2026-12-27")


@pytest.mark.parametrize(
    ("moment", "hours"), [("2026-03-29T00:30+01:00", 7), ("2026-10-25T00:30+02:00", 9), ("2026-10-26T00:30+01:00", 8)]
)
def test_the_night_in_which_clocks_change_has_an_hour_less_or_more(moment: str, hours: int) -> None:
    then = calendar().shift_at(us(moment))
    assert then is not None
    assert (then.shift, hours) == ("night", (then.ends_us - then.begins_us) / HOUR_US)


@given(st.sampled_from(ZONES), YEAR, st.sampled_from(["00:00", "01:00", "01:30", "02:00", "02:15", "02:30", "03:00"]))
@example("Europe/Berlin", us("2026-03-29T02:00+01:00"), "02:30")
@example("Europe/Berlin", us("2026-10-25T02:30+02:00"), "02:30")
@example("Europe/Berlin", us("2026-10-25T02:30+01:00"), "02:30")
@example("Australia/Lord_Howe", us("2026-10-04T02:00+10:30"), "02:15")
@example("America/New_York", us("2026-11-01T01:30-04:00"), "01:30")
def test_shifts_that_follow_each_other_cover_every_moment_once(zone: str, moment: int, change: str) -> None:
    """Also where they change at a time that the clocks skip or show twice."""
    one = calendar(zone, [("night", "20:00", change), ("early", change, "09:00"), ("day", "09:00", "20:00")])
    then = one.shift_at(moment)
    assert then is not None
    assert then.begins_us <= moment < then.ends_us
    after, before = one.shift_at(then.ends_us), one.shift_at(then.begins_us - 1)
    assert after is not None
    assert before is not None
    assert (after.begins_us, before.ends_us) == (then.ends_us, then.begins_us)
    assert one.shift_at(then.begins_us) == one.shift_at(then.ends_us - 1) == then


@given(st.sampled_from(ZONES), YEAR, st.integers(0, 95), st.integers(1, 96), st.sets(st.sampled_from(WEEKDAYS)))
def test_a_shift_is_where_the_clock_on_the_wall_says_so(
    zone: str, moment: int, begins: int, length: int, days: set[str]
) -> None:
    """Asked of the wall itself, on days when it neither skips nor repeats anything."""
    ends = (begins + length) % 96
    words = [f"{quarter // 4:02}:{quarter % 4 * 15:02}" for quarter in (begins, ends)]
    one = calendar(zone, [("only", *words)], days)
    there = (EPOCH + timedelta(microseconds=moment)).astimezone(ZoneInfo(zone))
    if len({(there + timedelta(days=number)).utcoffset() for number in (-3, -2, -1, 0, 1, 2)}) > 1:
        return
    wall = there.replace(tzinfo=None)
    first = wall.replace(hour=begins // 4, minute=begins % 4 * 15, second=0, microsecond=0)
    begun = first if first <= wall else first - timedelta(days=1)
    works = WEEKDAYS[begun.weekday()] in days and wall - begun < timedelta(minutes=15 * length)
    then = one.shift_at(moment)
    assert (begun.date() if works else None) == (None if then is None else then.day)


@pytest.mark.parametrize(
    ("wall", "zone", "moment"),
    [
        ("2026-06-01T12:00", "Europe/Berlin", "2026-06-01T12:00+02:00"),
        ("2026-03-29T02:30", "Europe/Berlin", "2026-03-29T03:00+02:00"),
        ("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T03:00+02:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T02:30+02:00"),
        ("2026-10-04T02:10", "Australia/Lord_Howe", "2026-10-04T02:30+11:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T01:30-04:00"),
        ("2011-12-30T10:00", "Pacific/Apia", "2011-12-31T00:00+14:00"),  # a day that Samoa left out
    ],
)
def test_a_time_that_the_wall_skips_is_the_skip_and_one_that_it_shows_twice_the_first(
    wall: str, zone: str, moment: str
) -> None:
    assert us(moment) == moment_on_wall(datetime.fromisoformat(wall), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("shifts", "days", "exceptions", "says"),
    [
        ([("a", "06:00", "14:00"), ("b", "13:00", "15:00")], ["mon"], [], "a of Mon"),
        ([("a", "22:00", "06:00"), ("b", "05:00", "06:00")], ["mon", "tue"], [], "b of Tue"),
        ([("a", "12:00", "12:00"), ("b", "11:00", "11:30")], ["sun", "mon"], [], "a of Sun"),
    ],
)
def test_two_shifts_at_once_are_a_fault(shifts: Any, days: Any, exceptions: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        calendar(shifts=shifts, days=days, exception=exceptions)


def test_an_exception_that_brings_two_shifts_together_is_a_fault_in_whatever_year() -> None:
    rows = [
        {"name": "night", "begins": "22:00", "ends": "06:00", "days": ["mon"]},
        {"name": "long", "begins": "05:00", "ends": "17:00", "days": ["sat"]},
    ]
    base = {"id": "CAL-1", "time_zone": "UTC", "shift": rows}
    assert Calendar.model_validate(base).shift_at(us("2031-04-08T05:30Z")) is not None
    with pytest.raises(ValueError, match=r"night of Mon 2031-04-07 and long of Tue 2031-04-08 run at once"):
        Calendar.model_validate({**base, "exception": [{"day": "2031-04-08", "shifts": ["long"]}]})


def test_exceptions_all_the_year_leave_the_week_itself_checked() -> None:
    """The week that is looked at is one without exceptions."""
    every = [{"day": f"{year}-01-01", "through": f"{year}-12-31"} for year in (2022, 2023, 2024)]
    with pytest.raises(ValueError, match="run at once"):
        calendar(shifts=[("a", "06:00", "14:00"), ("b", "13:00", "15:00")], exception=every)


def test_a_shift_may_last_a_day() -> None:
    one = calendar(shifts=[("all", "07:00", "07:00")])
    then = one.shift_at(us("2026-11-25T06:30+01:00"))
    assert then is not None
    assert (then.day, then.ends_us - then.begins_us) == (date(2026, 11, 24), 24 * HOUR_US)
