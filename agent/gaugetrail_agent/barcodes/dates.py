"""Dates on labels: two-digit years, day 00, and dates that cannot be.

Every function answers with an ISO 8601 text, or null for a date that does not exist; none raises.
"""

from __future__ import annotations

import calendar
import re
from datetime import date

_DIGITS = re.compile(r"[0-9]+")


def full_year(two_digits: int, this_year: int) -> int:
    """The year within 49 before and 50 after this one (GS1 General Specifications 7.12)."""
    year = this_year - this_year % 100 + two_digits
    if two_digits - this_year % 100 >= 51:
        return year - 100
    if two_digits - this_year % 100 <= -50:
        return year + 100
    return year


def _iso(year: int, month: int, day: int, *, day_zero: bool) -> str | None:
    if not 1 <= year <= 9999 or not 1 <= month <= 12:
        return None
    if day == 0 and day_zero:
        day = calendar.monthrange(year, month)[1]
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


def yymmdd(text: str, this_year: int, *, day_zero: bool = False) -> str | None:
    """`210526` -> `2021-05-26`; with `day_zero`, day 00 is the last of the month."""
    if len(text) != 6 or not _DIGITS.fullmatch(text):
        return None
    return _iso(full_year(int(text[:2]), this_year), int(text[2:4]), int(text[4:]), day_zero=day_zero)


def yyyymmdd(text: str, *, day_zero: bool = False) -> str | None:
    """`20210526` -> `2021-05-26`."""
    if len(text) != 8 or not _DIGITS.fullmatch(text):
        return None
    return _iso(int(text[:4]), int(text[4:6]), int(text[6:]), day_zero=day_zero)


def yyddd(text: str, this_year: int) -> str | None:
    """Year and day of the year: `21146` -> `2021-05-26`."""
    if len(text) != 5 or not _DIGITS.fullmatch(text):
        return None
    year, day = full_year(int(text[:2]), this_year), int(text[2:])
    if not 1 <= day <= 365 + calendar.isleap(year):
        return None
    return date.fromordinal(date(year, 1, 1).toordinal() + day - 1).isoformat()


def week(text: str, this_year: int) -> str | None:
    """Year and ISO week, `2121` or `202121` -> `2021-W21`."""
    if len(text) not in (4, 6) or not _DIGITS.fullmatch(text):
        return None
    year = full_year(int(text[:2]), this_year) if len(text) == 4 else int(text[:4])
    number = int(text[-2:])
    try:
        date.fromisocalendar(year, number, 1)
    except ValueError:
        return None
    return f"{year:04}-W{number:02}"


def yymmdd_time(text: str, this_year: int) -> str | None:
    """YYMMDDHH, with minutes and seconds if there: `0701021415` -> `2007-01-02T14:15`; hour and minute 99 mean none."""
    if len(text) not in (8, 10, 12) or not _DIGITS.fullmatch(text):
        return None
    day = yymmdd(text[:6], this_year)
    if day is None:
        return None
    if text[6:10] == "9999":
        return day
    clock = [text[6:8], text[8:10] or "00"] + ([text[10:12]] if len(text) == 12 else [])
    if int(clock[0]) > 23 or any(int(part) > 59 for part in clock[1:]):
        return None
    return f"{day}T{':'.join(clock)}"
