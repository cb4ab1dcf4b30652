"""The strings that travel: identifiers, names, decimals, times. What is refused is refused at entry, never altered.

An identifier is never a number (`"00012345"` and `"1E5"` survive), holds no control character or line end, is at most
200 characters long and is NFC-normalised Unicode. A name is an identifier that may also stand in an MQTT topic.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from msgspec import Meta
from pydantic import AfterValidator, StringConstraints

from gaugetrail_contract.clock import moment_us
from gaugetrail_contract.escapes import visible as visible
from gaugetrail_contract.escapes import visible_bytes as visible_bytes

MAX_IDENTIFIER = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value of a record must be beyond its type and length: held by the record's own reading."""

    wanted: str
    """In words, behind `it must be`."""
    holds: Callable[[Any], object]


_CONTROL = r"\p{Cc}\u{2028}\u{2029}"
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")

PRINTABLE = Rule("text without control characters and line ends", lambda text: _FORBIDDEN.search(text) is None)
TOPIC = Rule("a name without /, + and #", re.compile("[^/+#]*").fullmatch)
DECIMAL = Rule("a number in decimal digits", re.compile(r"-?[0-9]+(?:\.[0-9]+)?").fullmatch)
SEAL = Rule("64 lower-case hex digits", re.compile("[0-9a-f]{64}").fullmatch)
HEX = Rule("bytes as lower-case hex digits", re.compile("(?:[0-9a-f]{2})*").fullmatch)
MOMENT = Rule("a moment such as 2026-11-23T08:00:00.000000Z", lambda text: moment_us(text) is not None)
DATE = Rule("a date such as 2026-11-23", re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch)
EPOCH_NAME = Rule("8 to 32 of 0-9 and a-z", re.compile("[0-9a-z]{8,32}").fullmatch)

# Each type says its pattern three times over, once for each reader: pydantic's models, the record's JSON Schema (a
# pattern that msgspec itself checks costs 32 us a record), and the rule that the record's reading holds.
_IDENTIFIER = rf"^[^{_CONTROL}]+$"
Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_IDENTIFIER, pattern=_IDENTIFIER),
    Meta(min_length=1, max_length=MAX_IDENTIFIER, extra_json_schema={"pattern": _IDENTIFIER}),
    PRINTABLE,
]
"""Part, serial, lot, operator …: any printable text of 1 to 200 characters without control characters or line ends."""

_TEXT = rf"^[^{_CONTROL}]*$"
Text = Annotated[
    str,
    StringConstraints(max_length=2000, pattern=_TEXT),
    Meta(max_length=2000, extra_json_schema={"pattern": _TEXT}),
    PRINTABLE,
]
"""A sentence for people: as an identifier, but it may be empty and 2,000 characters long."""

_TOPIC_NAME = rf"^[^/+#{_CONTROL}]+$"
TopicName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_IDENTIFIER, pattern=_TOPIC_NAME),
    Meta(min_length=1, max_length=MAX_IDENTIFIER, extra_json_schema={"pattern": _TOPIC_NAME}),
    PRINTABLE,
    TOPIC,
]
"""A name that stands in an MQTT topic: an identifier without `/`, `+` and `#`."""

_DECIMAL = r"^-?[0-9]+(\.[0-9]+)?$"
DecimalText = Annotated[
    str,
    StringConstraints(max_length=64, pattern=_DECIMAL),
    Meta(max_length=64, extra_json_schema={"pattern": _DECIMAL}),
    DECIMAL,
]
"""A number as decimal digits, the way the gauge or the plan wrote it; never a float, so that 0.10 stays 0.10."""

_SEAL = r"^[0-9a-f]{64}$"
Hex256 = Annotated[str, StringConstraints(pattern=_SEAL), Meta(extra_json_schema={"pattern": _SEAL}), SEAL]
"""A SHA-256 as 64 lower-case hex digits."""

BranchName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
"""A second history of one epoch: the first twelve hex digits of the first seal that differs."""

Branch = Annotated[str, StringConstraints(pattern=r"^$|^[0-9a-f]{12}$")]
"""Which history of an epoch: empty for the ordinary one, which nearly every epoch has alone."""

_HEX = r"^([0-9a-f]{2})*$"
HexBytes = Annotated[
    str,
    StringConstraints(max_length=8192, pattern=_HEX),
    Meta(max_length=8192, extra_json_schema={"pattern": _HEX}),
    HEX,
]
"""Raw bytes of a device as lower-case hex."""

_MOMENT = r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$"
UtcText = Annotated[str, StringConstraints(pattern=_MOMENT), Meta(extra_json_schema={"pattern": _MOMENT}), MOMENT]
"""A moment in UTC, RFC 3339 with microseconds and `Z`; the record's reading wants one that exists."""

_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
DateText = Annotated[str, StringConstraints(pattern=_DATE), Meta(extra_json_schema={"pattern": _DATE}), DATE]
"""A calendar date, ISO 8601."""


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no day of the calendar") from error
    return text


DayText = Annotated[
    str,
    StringConstraints(pattern=_DATE),
    AfterValidator(_day),
]
"""The same for documents: a day that there is."""

IN_WORDS = {
    _DECIMAL: 'must be a number in digits, such as "74.050"',
    _DATE: "must be a day such as 2026-11-23",
    _IDENTIFIER: "holds a control character or a line end",
    _TEXT: "holds a control character or a line end",
}
"""What a text that doesn't fit a pattern is told."""

EpochName = Annotated[str, Meta(extra_json_schema={"pattern": "^[0-9a-z]{8,32}$"}), EPOCH_NAME]
"""The name of an epoch, drawn when a spool is created."""


def is_normal(text: str) -> bool:
    """Whether `text` is in Unicode normal form C, so that two equal-looking serials are equal bytes."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def refuse_identifier(text: str, most: int = MAX_IDENTIFIER) -> str | None:
    """Why `text` can't be an identifier, or a text of at most so many characters in one line, in a sentence that names
    the cure; null when it can.
    """
    if not text:
        return "it is empty"
    if len(text) > most:
        return f"it has {len(text)} characters; {most} are allowed"
    bad = _FORBIDDEN.search(text)
    if bad is not None:
        return f"it holds the control character U+{ord(bad[0]):04X} at position {bad.start() + 1}"
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        return "it is not valid Unicode (a lone surrogate)"
    if not is_normal(text):
        return "its letters are written as base letter plus accent; send them in Unicode normal form C"
    return None


def refuse_name(text: str) -> str | None:
    """Why `text` can't be a name in a topic; null when it can."""
    bad = [sign for sign in "/+#" if sign in text]
    if bad:
        return f"it holds {' and '.join(bad)}, which mean something else in an MQTT topic"
    return refuse_identifier(text)


def _name(text: str) -> str:
    reason = refuse_name(text)
    if reason is not None:
        raise ValueError(f"{text!r} can't be a name: {reason}")
    return text


Name = Annotated[str, AfterValidator(_name)]
"""`TopicName` for settings: the same rule with a message a setter understands."""
