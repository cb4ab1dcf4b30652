"""Times as people ask for them: `2026-11-01`, `2026-11-01T06:00+01:00`, `30d` (ago), `P1DT12H` (ago).

A time without an offset is UTC, as every time that Gaugetrail shows, unless the person asks for a zone.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from gaugetrail_collector.stores.question import Window
from gaugetrail_contract.clock import EPOCH

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SHORT = re.compile(r"([0-9]{1,9})([smhdw])")
_ISO = re.compile(
    r"P(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?(?:T(?=[0-9])(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,9})S)?)?"
)
YEAR_ONE_US = -62_135_596_800_000_000
FORMS = "2026-11-01, 2026-11-01T06:00, 2026-11-01T06:00+01:00 or a duration such as 30d, 12h, 45m, P1DT12H"


def duration_us(text: str) -> int | None:
    """A duration in microseconds; null where the text is none."""
    short = _SHORT.fullmatch(text)
    if short is not None:
        return int(short[1]) * _SECONDS[short[2]] * 1_000_000
    iso = _ISO.fullmatch(text)
    if iso is None or text == "P":
        return None
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups())
    return (((weeks * 7 + days) * 24 + hours) * 3600 + minutes * 60 + seconds) * 1_000_000


def moment_us(text: str, now_us: int, zone: tzinfo = UTC) -> int:
    """A moment in microseconds since 1970; a duration counts back from now, and a time without an offset is of `zone`.
    Raises `ValueError` for what is neither.
    """
    back = duration_us(text)
    if back is not None:
        return max(now_us - back, YEAR_ONE_US)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no time; write {FORMS}") from error
    placed = moment.replace(tzinfo=zone) if moment.tzinfo is None else moment
    return (placed - EPOCH) // timedelta(microseconds=1)


def window_of(since: str | None, until: str | None, last: str | None, now_us: int, zone: tzinfo = UTC) -> Window:
    """The window of these options. Raises `ValueError` with a sentence."""
    if last is not None:
        if since is not None:
            raise ValueError("--last and --since both say where the time begins; give one of them")
        if duration_us(last) is None:
            raise ValueError(f"{last!r} is no duration; write 30d, 12h, 45m or P1DT12H")
    start = since if last is None else last
    window = Window(
        None if start is None else moment_us(start, now_us, zone),
        None if until is None else moment_us(until, now_us, zone),
    )
    if window.since_us is not None and window.until_us is not None and window.since_us >= window.until_us:
        raise ValueError(f"nothing lies between {start} and {until}: the first is not before the second")
    return window


def in_zone(utc: str, zone: tzinfo, timespec: str = "microseconds") -> str:
    """A record's time (`2026-11-01T06:00:00.000000Z`) as it was on the clocks of a zone, with its offset."""
    if zone is UTC:
        return utc if timespec == "microseconds" else f"{utc[:19]}Z"
    return datetime.fromisoformat(utc).astimezone(zone).isoformat(timespec=timespec)
