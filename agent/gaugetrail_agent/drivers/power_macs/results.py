"""Power MACS result telegrams as readings: 0106 (station and bolts), 0107 (one bolt's further results).

0106 has twelve numbered fields, then 67 characters for each bolt: number, status, status of torque and angle, torque
and angle with their limits, each behind its field number 13 to 22; then special values, and from revision 4 on what
kind of system it is. 0107 has twelve numbered fields, then named results (name 20, type 2, value 7) of the bolt and of
its steps.
Places and sizes are those of the public OpenProtocolInterpreter project. Torque is in newton metres, with its point.

Promise: every field number must stand at its place; a telegram that lost or gained a character is refused as a whole.
Blank numbers are no values; a press's force and stroke are no torque and angle, and are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gaugetrail_agent.drivers.open_protocol.messages import BadTelegram, Layout, Telegram, device_time, fields_of
from gaugetrail_agent.reading import Reading, Status, normal_decimal

STATION, BOLT = 106, 107
Extra = dict[str, str | int | bool]

_STATION: Layout = (
    ("messages", 2),
    ("message", 2),
    ("sequence", 10),
    ("station", 2),
    ("station_name", 20),
    ("time", 19),
    ("mode", 2),
    ("mode_name", 20),
    ("ok", 1),
    ("status", 1),
    ("part_id", 40),
    ("bolts", 2),
)
_BOLT: Layout = (
    ("bolt", 2),
    ("bolt_ok", 1),
    ("torque_status", 1),
    ("angle_status", 1),
    ("torque", 7),
    ("angle", 7),
    ("torque_high", 7),
    ("torque_low", 7),
    ("angle_high", 7),
    ("angle_low", 7),
)
BOLT_SIZE, FIRST_BOLT_FIELD = 67, 13
_BOLT_RESULTS: Layout = (
    ("messages", 2),
    ("message", 2),
    ("sequence", 10),
    ("station", 2),
    ("time", 19),
    ("bolt", 4),
    ("bolt_name", 20),
    ("program", 20),
    ("status", 1),
    ("errors", 50),
    ("customer_error_code", 4),
    ("results", 2),
)
RESULT_SIZE, STEP_SIZE = 29, 31
_RESULT = re.compile(rb"(.{20})(I |F |FI|  )(.{7})", re.DOTALL)
JUDGEMENTS = {b"0": "low", b"1": "ok", b"2": "high", b" ": ""}
STATES = {b"0": "OK", b"1": "OKR", b"2": "NOK", b"3": "TERMNOK"}
PRESS = b"002"


def is_last(message: Telegram) -> bool:
    """Whether no further telegram belongs to this result."""
    return message.text(2, 4) == message.text(6, 8)


def station_readings(message: Telegram, raw: bytes) -> list[Reading]:
    """Torque and angle of every bolt of a 0106. Raises `BadTelegram`."""
    fields = fields_of(message, _STATION)
    extra = _common(message, fields) | {"ok": _truth(fields["ok"])}
    count = _count(fields["bolts"])
    start = sum(size + 2 for _, size in _STATION)
    end = start + count * BOLT_SIZE
    if re.fullmatch(rb"23[0-9]{2}", message.data[end : end + 4]) is None:
        raise BadTelegram("the bolts do not end where the special values begin")
    if message.revision >= 4 and message.data[-5:-3] == b"24" and message.data[-3:] == PRESS:
        return [Reading(Status.NO_VALUE, raw, text="a press result; its force and stroke are not read", extra=extra)]
    readings = []
    for number in range(count):
        bolt = fields_of(message, _BOLT, first=FIRST_BOLT_FIELD, start=start + number * BOLT_SIZE)
        suffix = f"/bolt{_count(bolt['bolt']):02d}" if count > 1 else ""
        own = extra | {"bolt": _text(bolt["bolt"]), "bolt_ok": _truth(bolt["bolt_ok"])}
        readings += [_value(raw, bolt, what, unit, suffix, own) for what, unit in (("torque", "N.m"), ("angle", "deg"))]
    return readings or [Reading(Status.INFO, raw, text="a result of no bolts", extra=extra)]


def bolt_readings(message: Telegram, raw: bytes, *, steps: bool) -> list[Reading]:
    """The named results of a 0107, by their names; those of its steps too, if wanted. Raises `BadTelegram`."""
    fields = fields_of(message, _BOLT_RESULTS)
    extra = _common(message, fields) | {"bolt": str(_count(fields["bolt"]))}
    errors = _text(fields["errors"])
    if errors:
        extra["errors"] = errors
    start = sum(size + 2 for _, size in _BOLT_RESULTS) + 2
    end = start + _count(fields["results"]) * RESULT_SIZE
    if message.data[start - 2 : start] != b"13" or message.data[end : end + 2] != b"14":
        raise BadTelegram("the bolt's results do not end where its steps begin")
    readings = [*_named(raw, message.data[start:end], RESULT_SIZE, extra)]
    if steps:
        count = _count(message.data[end + 2 : end + 5])
        begin = end + 10  # 14 with the count, 15 with whether all were sent, 16 before the list
        readings += _named(raw, message.data[begin : begin + count * STEP_SIZE], STEP_SIZE, extra)
    return readings or [Reading(Status.INFO, raw, text="a bolt without further results", extra=extra)]


def _named(raw: bytes, data: bytes, size: int, extra: Extra) -> Iterator[Reading]:
    for place in range(0, len(data), size):
        match = _RESULT.match(data[place : place + size])
        if match is None or place + size > len(data):
            raise BadTelegram("a result of the bolt is not name, type and value")
        name = _text(match[1])
        step = f"/step{_count(data[place + RESULT_SIZE : place + size]):02d}" if size == STEP_SIZE else ""
        unit = "N.m" if name.endswith(" T") else "deg" if name.endswith(" A") else None
        yield _reading(raw, match[3], name + step, unit, extra)


def _value(raw: bytes, bolt: dict[str, bytes], what: str, unit: str, suffix: str, extra: Extra) -> Reading:
    state = bolt[f"{what}_status"]
    if state not in JUDGEMENTS:
        raise BadTelegram(f"{state!r} is no status of a value")
    own: Extra = {"judgement": JUDGEMENTS[state]} if state.strip() else {}
    for limit in ("low", "high"):
        text = _number(bolt[f"{what}_{limit}"])
        if text is not None:
            own[limit] = text
    field = bolt[what] if state.strip() else b""  # a blank status: the bolt was not measured so
    return _reading(raw, field, what + suffix, unit, extra | own)


def _reading(raw: bytes, field: bytes, channel: str, unit: str | None, extra: Extra) -> Reading:
    value = _number(field)
    if value is None:
        return Reading(Status.NO_VALUE, raw, channel=channel, extra=extra)
    return Reading(Status.OK, raw, value=value, unit=unit, channel=channel, extra=extra)


def _common(message: Telegram, fields: dict[str, bytes]) -> Extra:
    if fields["status"] not in STATES:
        raise BadTelegram(f"{fields['status']!r} is no status of a result")
    extra: Extra = {"mid": f"{message.mid:04d}", "rev": f"{message.revision:03d}", "result": STATES[fields["status"]]}
    for name in ("sequence", "station", "station_name", "mode", "mode_name", "part_id", "bolt_name", "program"):
        if name in fields and (text := _text(fields[name])):
            extra[name] = text
    when = device_time(fields["time"])
    if when is not None:
        extra["device_time"] = when
    return extra


def _number(field: bytes) -> str | None:
    text = field.decode("ascii", "replace").strip()
    if not text:
        return None
    try:
        return normal_decimal(text)
    except ValueError as error:
        raise BadTelegram(str(error)) from error


def _count(field: bytes) -> int:
    text = field.decode("ascii", "replace").strip()
    if not (text.isascii() and text.isdigit()):
        raise BadTelegram(f"{field!r} is no count")
    return int(text)


def _truth(field: bytes) -> bool:
    if field not in (b"0", b"1"):
        raise BadTelegram(f"{field!r} is neither 0 nor 1")
    return field == b"1"


def _text(field: bytes) -> str:
    return field.decode("utf-8", "replace").strip(" \0")
