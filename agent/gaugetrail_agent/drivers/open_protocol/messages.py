"""Open Protocol telegrams: what stands where, and what it means. No session here, only bytes to facts.

A telegram is a header of 20 ASCII characters, data, and a NUL that the length does not count:

    length(4)  MID(4)  revision(3, blank = 1)  no-ack(1)  station(2)  spindle(2)  sequence(2)  parts(1)  part(1)

Data fields stand in a fixed order, each behind its two-digit number (01, 02 …); results of revision 2 and above have
other fields than those of revision 1. Places and sizes were read off the message classes and test telegrams of the
public OpenProtocolInterpreter project. Torque is an integer times 100,
angle whole degrees.

Promise: `parse` gives fields only if every field number stands at its place, so a telegram that lost or gained a
character is refused as a whole. The header layouts of BMW and Ford are another protocol and not read here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HEADER_SIZE = 20
NUL = 0
LONGEST = 9999

Layout = Sequence[tuple[str, int]]


class BadTelegram(ValueError):
    """The bytes are no telegram of the layout they claim to have."""


@dataclass(frozen=True, slots=True)
class Telegram:
    """A telegram whose header could be read; `data` is what follows the header, without NUL."""

    mid: int
    revision: int
    data: bytes
    raw: bytes
    parts: int = 1
    part: int = 1

    def text(self, start: int, end: int | None = None) -> str:
        """A piece of the data as text; strings are UTF-8, damaged characters show as such."""
        return self.data[start:end].decode("utf-8", "replace").strip()


_HEADER = re.compile(rb"([0-9]{4})([0-9]{4})([0-9]{3}|   )[0-9 ].{8}", re.DOTALL)


def declared_length(header: bytes) -> int | None:
    """The length that a (perhaps unfinished) header declares; null if these bytes can't begin a telegram."""
    digits = header[:4]
    if not re.fullmatch(rb"[0-9]*", digits):
        return None
    if len(digits) < 4:
        return HEADER_SIZE
    length = int(digits)
    if length < HEADER_SIZE or (len(header) >= HEADER_SIZE and not _HEADER.match(header)):
        return None
    return length


def read_telegram(raw: bytes) -> Telegram:
    """`raw` is header and data without NUL. Raises `BadTelegram`."""
    header = _HEADER.match(raw)
    if header is None or int(header[1]) != len(raw):
        raise BadTelegram("the header or its length does not fit")
    parts, part = raw[18:19], raw[19:20]
    return Telegram(
        mid=int(header[2]),
        revision=int(header[3]) if header[3].strip() else 1,
        data=raw[HEADER_SIZE:],
        raw=raw,
        parts=int(parts) if parts.isdigit() and parts != b"0" else 1,
        part=int(part) if part.isdigit() and part != b"0" else 1,
    )


def telegram(mid: int, revision: int = 1, data: bytes = b"") -> bytes:
    """A telegram to send, NUL included."""
    header = f"{HEADER_SIZE + len(data):04d}{mid:04d}{revision:03d}{'':9}"
    return header.encode("ascii") + data + b"\0"


def fields_of(
    message: Telegram, layout: Layout, *, numbered: bool = True, first: int = 1, start: int = 0
) -> dict[str, bytes]:
    """The fields of `layout`, in order, from `start` on. Raises `BadTelegram` where a number or a field is missing."""
    found: dict[str, bytes] = {}
    place = start
    for number, (name, size) in enumerate(layout, first):
        if numbered:
            if message.data[place : place + 2] != b"%02d" % number:
                raise BadTelegram(f"field {number} ({name}) is not at its place")
            place += 2
        value = message.data[place : place + size]
        if len(value) != size:
            raise BadTelegram(f"field {number} ({name}) is cut short")
        found[name] = value
        place += size
    return found


_RESULT_1: Layout = (
    ("cell", 4),
    ("channel_id", 2),
    ("controller", 25),
    ("vin", 25),
    ("job", 2),
    ("pset", 3),
    ("batch_size", 4),
    ("batch_counter", 4),
    ("ok", 1),
    ("torque_status", 1),
    ("angle_status", 1),
    ("torque_low", 6),
    ("torque_high", 6),
    ("torque_target", 6),
    ("torque", 6),
    ("angle_low", 5),
    ("angle_high", 5),
    ("angle_target", 5),
    ("angle", 5),
    ("device_time", 19),
    ("pset_changed", 19),
    ("batch_status", 1),
    ("tightening_id", 10),
)
_STATES_2: Layout = (
    ("strategy", 2),
    ("strategy_options", 5),
    ("batch_size", 4),
    ("batch_counter", 4),
    ("ok", 1),
    ("batch_status", 1),
    ("torque_status", 1),
    ("angle_status", 1),
    ("rundown_angle_status", 1),
    ("current_status", 1),
    ("selftap_status", 1),
    ("prevail_torque_status", 1),
    ("prevail_compensate_status", 1),
    ("tightening_errors", 10),
)
_RESULT_2: Layout = (
    ("cell", 4),
    ("channel_id", 2),
    ("controller", 25),
    ("vin", 25),
    ("job", 4),
    ("pset", 3),
    *_STATES_2,
    ("torque_low", 6),
    ("torque_high", 6),
    ("torque_target", 6),
    ("torque", 6),
    ("angle_low", 5),
    ("angle_high", 5),
    ("angle_target", 5),
    ("angle", 5),
    ("rundown_angle_low", 5),
    ("rundown_angle_high", 5),
    ("rundown_angle", 5),
    ("current_low", 3),
    ("current_high", 3),
    ("current", 3),
    ("selftap_low", 6),
    ("selftap_high", 6),
    ("selftap_torque", 6),
    ("prevail_torque_low", 6),
    ("prevail_torque_high", 6),
    ("prevail_torque", 6),
    ("tightening_id", 10),
    ("job_sequence", 5),
    ("sync_id", 5),
    ("tool_serial", 14),
    ("device_time", 19),
    ("pset_changed", 19),
)
_IDENTIFIERS: Layout = (("identifier_2", 25), ("identifier_3", 25), ("identifier_4", 25))
_ERROR_CODE: Layout = (("customer_error_code", 4),)
_COMPENSATION: Layout = (("prevail_compensate", 6), ("tightening_errors_2", 10))

# What each revision adds to the one before; revision 2 begins anew.
_RESULT_FROM_3: tuple[Layout, ...] = (
    (("pset_name", 25), ("torque_unit", 1), ("result_type", 2)),
    _IDENTIFIERS,
    _ERROR_CODE,
    _COMPENSATION,
    (("compensated_angle", 7), ("final_angle", 7)),
)
_OLD_RESULT_1: Layout = (
    ("tightening_id", 10),
    ("vin", 25),
    ("pset", 3),
    ("batch_counter", 4),
    ("ok", 1),
    ("torque_status", 1),
    ("angle_status", 1),
    ("torque", 6),
    ("angle", 5),
    ("device_time", 19),
    ("batch_status", 1),
)
_OLD_RESULT_2: Layout = (
    ("tightening_id", 10),
    ("vin", 25),
    ("job", 4),
    ("pset", 3),
    *_STATES_2,
    ("torque", 6),
    ("angle", 5),
    ("rundown_angle", 5),
    ("current", 3),
    ("selftap_torque", 6),
    ("prevail_torque", 6),
    ("job_sequence", 5),
    ("sync_id", 5),
    ("tool_serial", 14),
    ("device_time", 19),
)
_OLD_RESULT_FROM_3: tuple[Layout, ...] = (
    (("torque_unit", 1), ("result_type", 2)),
    _IDENTIFIERS,
    _ERROR_CODE,
    _COMPENSATION,
    (("station_id", 10), ("station_name", 25)),
    (("start_final_angle", 6), ("post_view_torque", 1), ("post_view_high", 6), ("post_view_low", 6)),
)
# Revision 999 is the light one: no field numbers.
_RESULT_999: Layout = (
    ("vin", 25),
    ("job", 2),
    ("pset", 3),
    ("batch_size", 4),
    ("batch_counter", 4),
    ("batch_status", 1),
    ("ok", 1),
    ("torque_status", 1),
    ("angle_status", 1),
    ("torque", 6),
    ("angle", 5),
    ("device_time", 19),
    ("pset_changed", 19),
    ("tightening_id", 10),
)
_MULTI_SPINDLE: Layout = (
    ("spindles", 2),
    ("vin", 25),
    ("job", 2),
    ("pset", 3),
    ("batch_size", 4),
    ("batch_counter", 4),
    ("batch_status", 1),
    ("torque_low", 6),
    ("torque_high", 6),
    ("torque_target", 6),
    ("angle_low", 5),
    ("angle_high", 5),
    ("angle_target", 5),
    ("pset_changed", 19),
    ("device_time", 19),
    ("sync_id", 5),
    ("ok", 1),
)
SPINDLE_SIZE = 18
SPINDLE: Layout = (
    ("spindle", 2),
    ("channel_id", 2),
    ("ok", 1),
    ("torque_status", 1),
    ("torque", 6),
    ("angle_status", 1),
    ("angle", 5),
)

# Bit fields that some controllers send as raw bytes, in which a NUL is no end: place in the telegram and length.
RAW_FIELDS = {61: ((101, 5), (147, 10), (516, 10)), 65: ((76, 5), (122, 10), (330, 10))}


def result_fields(message: Telegram) -> dict[str, bytes]:
    """A tightening result, MID 0061 or 0065, of any revision. Raises `BadTelegram`."""
    if message.mid == 61 and message.revision == 999:
        return fields_of(message, _RESULT_999, numbered=False)
    first, second, later = (
        (_RESULT_1, _RESULT_2, _RESULT_FROM_3)
        if message.mid == 61
        else (_OLD_RESULT_1, _OLD_RESULT_2, _OLD_RESULT_FROM_3)
    )
    if message.revision <= 1:
        return fields_of(message, first)
    # 998 is revision 6 with the results of single stages behind, which we leave aside.
    revision = 6 if message.revision == 998 else message.revision
    layout = [*second, *(entry for added in later[: revision - 2] for entry in added)]
    return fields_of(message, layout)


@dataclass(frozen=True, slots=True)
class MultiSpindle:
    """MID 0101: what all spindles share, and one table of fields for each; `press` if these are press results."""

    common: Mapping[str, bytes]
    spindles: Sequence[Mapping[str, bytes]]
    press: bool


def multi_spindle(message: Telegram) -> MultiSpindle:
    """The result of tools that tighten together. Raises `BadTelegram`."""
    common = fields_of(message, _MULTI_SPINDLE)
    count = common["spindles"]
    place = sum(size + 2 for _, size in _MULTI_SPINDLE)
    if not count.isdigit() or message.data[place : place + 2] != b"18":
        raise BadTelegram("the number of spindles or field 18 is missing")
    place += 2
    spindles = []
    for _ in range(int(count)):
        spindles.append(fields_of(message, SPINDLE, numbered=False, start=place))
        place += SPINDLE_SIZE
    # Revision 4 adds the kind of system; 002 is a press, whose fields mean force and stroke.
    press = message.revision >= 4 and fields_of(message, (("kind", 3),), first=19, start=place)["kind"] == b"002"
    return MultiSpindle(common, spindles, press)


_ALARM_1: Layout = (("error_code", 4), ("controller_ready", 1), ("tool_ready", 1), ("device_time", 19))
_ALARM_2: Layout = (
    ("error_code", 5),
    ("controller_ready", 1),
    ("tool_ready", 1),
    ("device_time", 19),
    ("alarm_text", 50),
)


def alarm_fields(message: Telegram) -> dict[str, bytes]:
    """MID 0071 (an alarm) or 0076 (whether one is there). Raises `BadTelegram`."""
    if message.mid == 71:
        return fields_of(message, _ALARM_1 if message.revision <= 1 else _ALARM_2)
    layout = _ALARM_1 if message.revision <= 1 else _ALARM_2[:4]
    return fields_of(message, (("alarm", 1), *layout))


def device_time(field: bytes) -> str | None:
    """`2001-06-02:09:54:09` -> `2001-06-02T09:54:09`, in the controller's own clock; null if it is none."""
    text = field.decode("ascii", "replace")
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}:[0-9]{2}:[0-9]{2}:[0-9]{2}", text):
        return None
    return f"{text[:10]}T{text[11:]}"


TORQUE_UNITS = {
    "1": "N.m",
    "2": "lbf.ft",
    "3": "lbf.in",
    "4": "kgf.m",
    "5": "kgf.cm",
    "6": "ozf.in",
    "7": "%",
    "8": "N.cm",
}

# Results that are no tightening: their numbers must not look like one.
NO_TIGHTENING = {"02": "loosening", "03": "batch increment", "04": "batch decrement", "06": "aborted job"}
