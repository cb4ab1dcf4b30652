"""The strings that travel: identifiers, names, decimals, times. What is refused is refused at entry, never altered.

An identifier is never a number (`"00012345"` and `"1E5"` survive), holds no control character or line end, is at most
200 characters long and is NFC-normalised Unicode. A name is an identifier that may also stand in an MQTT topic.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

MAX_IDENTIFIER = 200

_CONTROL = r"\p{Cc}\u{2028}\u{2029}"

Identifier = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_IDENTIFIER, pattern=rf"^[^{_CONTROL}]+$"),
]
"""Part, serial, lot, operator …: any printable text of 1 to 200 characters without control characters or line ends."""

Text = Annotated[str, StringConstraints(max_length=2000, pattern=rf"^[^{_CONTROL}]*$")]
"""A sentence for people: as an identifier, but it may be empty and 2,000 characters long."""

TopicName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_IDENTIFIER, pattern=rf"^[^/+#{_CONTROL}]+$"),
]
"""A name that stands in an MQTT topic: an identifier without `/`, `+` and `#`."""

DecimalText = Annotated[str, StringConstraints(max_length=64, pattern=r"^-?[0-9]+(\.[0-9]+)?$")]
"""A number as decimal digits, the way the gauge or the plan wrote it; never a float, so that 0.10 stays 0.10."""

Hex256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 as 64 lower-case hex digits."""

BranchName = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{12}$")]
"""A second history of one epoch: the first twelve hex digits of the first seal that differs."""

Branch = Annotated[str, StringConstraints(pattern=r"^$|^[0-9a-f]{12}$")]
"""Which history of an epoch: empty for the ordinary one, which nearly every epoch has alone."""

HexBytes = Annotated[str, StringConstraints(max_length=8192, pattern=r"^([0-9a-f]{2})*$")]
"""Raw bytes of a device as lower-case hex."""

UtcText = Annotated[
    str,
    StringConstraints(
        pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z$"
    ),
]
"""A moment in UTC, RFC 3339 with microseconds and `Z`."""

DateText = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
"""A calendar date, ISO 8601."""


def is_normal(text: str) -> bool:
    """Whether `text` is in Unicode normal form C, so that two equal-looking serials are equal bytes."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)


_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def refuse_identifier(text: str) -> str | None:
    """Why `text` can't be an identifier, in a sentence that names the cure; null when it can."""
    if not text:
        return "it is empty"
    if len(text) > MAX_IDENTIFIER:
        return f"it has {len(text)} characters; {MAX_IDENTIFIER} are allowed"
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


def visible(text: str) -> str:
    """`text` as it may be shown on a terminal or in a message: control characters as escapes (`\\x1b`, `\\n`)."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def visible_bytes(raw: bytes) -> str:
    """Raw bytes for people: printable ASCII as it is, everything else as `\\xNN`, `\\r`, `\\n`, `\\t`."""
    names = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0x5C: "\\\\"}
    return "".join(names.get(b) or (chr(b) if 0x20 <= b < 0x7F else f"\\x{b:02x}") for b in raw)
