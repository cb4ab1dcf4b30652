"""Words of a script: moments, durations, texts and values. Pure; each raises `ValueError` with what can stand there.

08:00:00  2026-11-28 08:00:00  2026-11-28T08:00:00Z      moments, UTC as in the records
+2s  +1.5 min                                            so long after the line above
10 min  2 h  500 ms                                      durations
SN1  "]C1SN1\\x1d"                                        texts; in quotes with escapes, where signs are not seen
"""

from __future__ import annotations

import re

from gaugetrail_contract.clock import DAY_US, utc_text, utc_us

UNITS_US = {
    "ms": 1_000,
    "s": 1_000_000,
    "sec": 1_000_000,
    "secs": 1_000_000,
    "min": 60_000_000,
    "mins": 60_000_000,
    "h": 3_600_000_000,
    "d": DAY_US,
}
LONGEST_US = 31 * DAY_US
"""More is a slip: a script plays shifts, and a station looks at its clock every second of them."""

_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6})?) ?([a-z]+)")
_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6}))?)?"
_MOMENT = re.compile(rf"(?:([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})[ T])?{_TIME}Z?(?=\s|$)")
_LATER = re.compile(rf"\+{_DURATION.pattern}(?=\s|$)")
_ESCAPE = re.compile(r'\\(x[0-9A-Fa-f]{2}|[rnt"\\]|.?)', re.DOTALL)
_SIGNS = {"r": "\r", "n": "\n", "t": "\t", '"': '"', "\\": "\\"}


def duration_us(text: str) -> int:
    """`10 min` in microseconds."""
    match = _DURATION.fullmatch(text)
    if match is None or match[2] not in UNITS_US:
        raise ValueError(f"{text!r} is no duration: write a number and ms, s, min, h or d, like 10 min")
    found = round(float(match[1]) * UNITS_US[match[2]])
    if found > LONGEST_US:
        raise ValueError(f"{text} is more than 31 days")
    return found


def leading_moment(text: str, now_us: int | None, day: str) -> tuple[int | None, str]:
    """The moment that a line begins with, null where it begins with none, and what follows. `now_us`: of the line
    above; null: there is none, and a time without a date is one of `day`.
    """
    later = _LATER.match(text)
    if later is not None:
        if now_us is None:
            raise ValueError("there is no line above that this could come after: begin with a time of day")
        return now_us + duration_us(later[0][1:]), text[later.end() :].lstrip()
    match = _MOMENT.match(text)
    if match is None:
        return None, text
    date = match[1] or (day if now_us is None else utc_text(now_us)[:10])
    return _moment_us(date, match), text[match.end() :].lstrip()


def _moment_us(date: str, match: re.Match[str]) -> int:
    seconds, micros = match[4] or "00", (match[5] or "").ljust(6, "0")
    try:
        return utc_us(f"{date}T{match[2]}:{match[3]}:{seconds}.{micros}Z")
    except ValueError as error:
        raise ValueError(f"{date} is no day of the calendar") from error


def plain_text(text: str) -> str:
    """What is meant by a text: itself, or in quotes what its escapes say."""
    if not text:
        raise ValueError("says nothing: write the text behind it, in quotes where it has signs that nobody sees")
    if not text.startswith('"'):
        return text
    if len(text) < 2 or not text.endswith('"') or re.fullmatch(r'(?:[^"\\]|\\.)*', text[1:-1]) is None:
        raise ValueError(f'{text[:40]} has no closing quote, or one too many: write \\" for a quote inside')
    return _ESCAPE.sub(lambda found: _sign(found[1]), text[1:-1])


def _sign(name: str) -> str:
    if name in _SIGNS:
        return _SIGNS[name]
    if len(name) == 3:
        return chr(int(name[1:], 16))
    raise ValueError(f'\\{name} is no escape: there are \\xNN, \\r, \\n, \\t, \\" and \\\\')
