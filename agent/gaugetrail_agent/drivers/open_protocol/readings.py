"""What Open Protocol telegrams say, as readings.

A tightening gives two readings, `torque` and `angle`, a multi-spindle result two for each spindle
(`torque/spindle01` and so on). Low or high is the controller's judgement and stands in `judgement`: the value is valid.
What the telegram tells of the tightening as a whole (`vin`, `pset`, `tightening_id` …) stands with each of its
readings, with the digits as sent. Loosenings, batch corrections and press results carry no value: their numbers are no
torque.
"""

from __future__ import annotations

from collections.abc import Mapping

from gaugetrail_agent.drivers.open_protocol.errors import ERRORS
from gaugetrail_agent.drivers.open_protocol.messages import (
    NO_TIGHTENING,
    TORQUE_UNITS,
    BadTelegram,
    Telegram,
    alarm_fields,
    device_time,
    multi_spindle,
    result_fields,
)
from gaugetrail_agent.reading import Reading, Status, normal_decimal

Extra = dict[str, str | int | bool]

_JUDGEMENT = {b"0": "low", b"1": "ok", b"2": "high"}
_SPINDLE_ANGLE = {b"0": "nok", b"1": "ok"}
_IN_TIMES_100 = frozenset(
    {"selftap_torque", "selftap_low", "selftap_high", "prevail_torque", "prevail_torque_low", "prevail_torque_high"}
    | {"prevail_compensate"}
)
# Fields that the readings carry in a form of their own, or that only steer the decoding.
_SPOKEN_FOR = frozenset(
    {"ok", "device_time", "pset_changed", "torque_unit", "spindles", "torque_status", "angle_status"}
    | {f"{what}{part}" for what in ("torque", "angle") for part in ("", "_low", "_high", "_target")}
)


def readings_of(message: Telegram, raw: bytes, unit: str | None) -> list[Reading]:
    """The readings of one telegram; `raw` is what stood on the wire, `unit` what the settings say torque is in."""
    if message.parts > 1:
        text = f"part {message.part} of {message.parts} of a linked telegram; linking is not supported"
        return [Reading(Status.INFO, raw, text=text, extra=_of(message))]
    try:
        if message.mid in (61, 65):
            return _tightening(message, raw, unit)
        if message.mid == 101:
            return _multi_spindle(message, raw, unit)
        return [_other(message, raw)]
    except BadTelegram as error:
        return [Reading(Status.GARBLED, raw, extra=_of(message) | {"reason": str(error)})]


def _of(message: Telegram) -> Extra:
    return {"mid": f"{message.mid:04d}", "rev": f"{message.revision:03d}"}


def _tightening(message: Telegram, raw: bytes, unit: str | None) -> list[Reading]:
    fields = result_fields(message)
    extra = _of(message) | _common(fields)
    shown = TORQUE_UNITS.get(_text(fields["torque_unit"]), unit) if "torque_unit" in fields else unit or "N.m"
    result_type = _text(fields.get("result_type", b""))
    refusal = NO_TIGHTENING.get(result_type)
    if refusal is not None:
        return [Reading(Status.NO_VALUE, raw, text=f"no tightening: {refusal}", extra=extra)]
    return [
        _value(raw, "torque", shown, fields, extra, _judged(fields["torque_status"], _JUDGEMENT)),
        _value(raw, "angle", "deg", fields, extra, _judged(fields["angle_status"], _JUDGEMENT)),
    ]


def _multi_spindle(message: Telegram, raw: bytes, unit: str | None) -> list[Reading]:
    result = multi_spindle(message)
    extra = _of(message) | _common(result.common)
    if result.press:
        return [Reading(Status.NO_VALUE, raw, text="a press result; its force and stroke are not read", extra=extra)]
    readings = []
    for spindle in result.spindles:
        fields = {**result.common, **spindle}
        name = f"/spindle{_text(spindle['spindle'])}"
        own = extra | {"spindle_ok": _truth(spindle["ok"]), "channel_id": _text(spindle["channel_id"])}
        torque, angle = (
            _judged(spindle["torque_status"], _JUDGEMENT),
            _judged(spindle["angle_status"], _SPINDLE_ANGLE),
        )
        readings.append(_value(raw, "torque", unit or "N.m", fields, own, torque, name))
        readings.append(_value(raw, "angle", "deg", fields, own, angle, name))
    return readings or [Reading(Status.INFO, raw, text="a result of no spindles", extra=extra)]


def _value(
    raw: bytes, what: str, unit: str | None, fields: Mapping[str, bytes], extra: Extra, judgement: str, suffix: str = ""
) -> Reading:
    scaled = _hundredths if what == "torque" else _whole
    own: Extra = {"judgement": judgement}
    for limit in ("low", "high", "target"):
        if f"{what}_{limit}" in fields and (text := scaled(fields[f"{what}_{limit}"])) is not None:
            own[limit] = text
    value = scaled(fields[what])
    status = Status.OK if value is not None else Status.NO_VALUE
    return Reading(
        status, raw, value=value, unit=unit if value is not None else None, channel=what + suffix, extra=extra | own
    )


def _common(fields: Mapping[str, bytes]) -> Extra:
    """What concerns the tightening as a whole, under the names of the layout."""
    extra: Extra = {"ok": _truth(fields["ok"])}
    for name, field in fields.items():
        if name in _SPOKEN_FOR:
            continue
        text = _hundredths(field) if name in _IN_TIMES_100 else _text(field)
        if text:
            extra[name] = text
    when = device_time(fields["device_time"])
    if when is not None:
        extra["device_time"] = when
    return extra


def _other(message: Telegram, raw: bytes) -> Reading:
    """Everything that is no result: answers, alarms, keep-alives, and what we do not know."""
    extra = _of(message)
    if message.mid == 4:
        failed, code = message.text(0, 4), message.text(4, 7)
        if not failed.isdigit() or not code.isdigit():
            raise BadTelegram("the refusal does not say of what")
        text = ERRORS.get(f"{int(code):02d}", "an error number we do not know")
        return Reading(Status.ERROR, raw, error_code=code, text=text, extra=extra | {"failed_mid": failed})
    if message.mid == 5:
        return Reading(Status.ACK, raw, extra=extra | {"accepted_mid": message.text(0, 4)})
    if message.mid == 2:
        # 01 cell, 02 channel, 03 controller name
        return Reading(Status.INFO, raw, text=message.text(12, 37) or None, extra=extra)
    if message.mid in (71, 76):
        return _alarm(message, raw)
    if message.mid == 74:
        return Reading(Status.INFO, raw, text=f"alarm {message.text(0, 5)} acknowledged", extra=extra)
    return Reading(Status.INFO, raw, extra=extra)


def _alarm(message: Telegram, raw: bytes) -> Reading:
    fields = alarm_fields(message)
    extra = _of(message)
    for name in ("controller_ready", "tool_ready"):
        extra[name] = _truth(fields[name])
    when = device_time(fields["device_time"])
    if when is not None:
        extra["device_time"] = when
    text = _text(fields.get("alarm_text", b"")) or None
    if fields.get("alarm") == b"0":
        return Reading(Status.INFO, raw, text="no alarm", extra=extra)
    return Reading(Status.ERROR, raw, error_code=_text(fields["error_code"]), text=text, extra=extra)


def _text(field: bytes) -> str:
    text = field.decode("utf-8", "replace").strip(" \0")
    # Some controllers send bit fields as raw bytes.
    return text if text.isprintable() and "�" not in text else field.hex()


def _truth(field: bytes) -> bool:
    if field not in (b"0", b"1"):
        raise BadTelegram(f"{field!r} is neither 0 nor 1")
    return field == b"1"


def _judged(field: bytes, words: Mapping[bytes, str]) -> str:
    if field not in words:
        raise BadTelegram(f"{field!r} is no status of a value")
    return words[field]


def _whole(field: bytes) -> str | None:
    """Digits, perhaps with a minus somewhere in front; null where the controller left the field blank."""
    text = field.decode("ascii", "replace").strip()
    if not text:
        return None
    try:
        number = int(text) if not set(text) - set("-0123456789") else None
    except ValueError:
        number = None
    if number is None:
        raise BadTelegram(f"{text!r} is no number")
    return str(number)


def _hundredths(field: bytes) -> str | None:
    text = _whole(field)
    if text is None:
        return None
    digits = text.lstrip("-").rjust(3, "0")
    return normal_decimal(f"{'-' if text.startswith('-') else ''}{digits[:-2]}.{digits[-2:]}")
