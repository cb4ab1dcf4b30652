"""ISO/IEC 15434 envelopes: `[)>` RS, a two-digit format, its data, RS, EOT.

Promise: the fields of an envelope whose separators are there are read even where printer or scanner damaged header or
trailer, and the damage is named; an envelope whose separators are lost is refused, because the borders of its fields
cannot be known again.

Formats: 01 transport, 02-04 EDI messages, 05 GS1 identifiers, 06 data identifiers (ANS MH10.8.2), 07 free text,
08 CII, 09 binary, 10 and 11 kept as they are, 12 text identifiers (`SER 123`, ATA and MIL-STD-130).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gaugetrail_agent.barcodes import identifiers

RS = "\x1e"
GS = "\x1d"
FS = "\x1c"
US = "\x1f"
EOT = "\x04"

_CONTROLS = RS + GS + FS + US + EOT + " "
_SEPARATED = frozenset({"unknown", "01", "05", "06", "12"})
"""Formats whose fields have no borders without GS; a header that cannot be read is one of them."""

FORMATS = frozenset(f"{number:02}" for number in range(1, 13))

# `>[)>06` is Mouser's older label; `[]>` comes from label templates; one lost sign before a whole header is tolerated.
_START = re.compile(r"(?P<before>>?)(?P<start>\[\)>|\[\]>|(?:\)>|\[>|\[\))(?=[\x1d\x1e]*[01][0-9]\x1d))")
_FORMAT = re.compile(r"(?P<between>[\x1c-\x1f ]*)(?P<format>[0-9]{2}|DD)")
# One field alone that ends like a quantity: the separator before it may be lost.
_SWALLOWED = re.compile(r"[0-9A-Z]Q[0-9]+\Z")
_SMALL = re.compile(r"[0-9]{0,3}[a-z]")
_BARE = re.compile(r"06\x1d[0-9]{0,3}[A-Z]")

# Positions of format 01 (ANS MH10.8.3: ship-to postal code, country, class of service, then the carrier's own).
_TRANSPORT = ("postal_code", "country", "service_class", "tracking_number", "carrier", "pickup_location",
              "pickup_day", "shipment", "package", "weight", "address_checked", "street", "city", "state")  # fmt: skip
_TEXT_ELEMENT = re.compile(r"([A-Z][A-Z0-9]{2})[ :]?(.*)", re.DOTALL)

TEXT_ROLES: Mapping[str, Sequence[str]] = {
    "part_number": ("PNO", "PNR", "PDT", "PN1"),
    "serial": ("SER", "SEQ", "UCN"),
    "lot": ("LOT", "BII", "LTN", "BAT"),
    "supplier": ("MFR", "CAG", "SPL", "DUN", "EUC"),
    "quantity": ("QTY",),
    "uid": ("UID", "USN", "UST", "UII"),
}


@dataclass(slots=True)
class Envelope:
    """What an envelope holds. `elements` are the identifiers and values in their order, empty fields included."""

    format: str
    elements: list[tuple[str, str]] = field(default_factory=list)
    gs1: str | None = None
    """Format 05: the element strings inside, for `gs1.read_message`."""
    errors: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    further: list[Envelope] = field(default_factory=list)
    """More formats in the same envelope (ISO/IEC 15434 closes each with RS), each with its own elements."""

    def first(self, *names: str) -> str | None:
        """The first value that is not empty, in the order of `names`."""
        for name in names:
            for identifier, value in self.elements:
                if identifier == name and value:
                    return value
        return None

    def fault(self, error: str) -> None:
        """Name what is wrong, once."""
        if error not in self.errors:
            self.errors.append(error)

    def warn(self, warning: str) -> None:
        """Name what was tolerated, once."""
        if warning not in self.warnings:
            self.warnings.append(warning)


def is_envelope(text: str) -> bool:
    """Whether the text means to be an envelope: header, or format 06 whose header alone was lost."""
    return _START.match(text) is not None or _BARE.match(text) is not None


def read_envelope(text: str) -> Envelope | None:
    """Read an envelope; null where its separators are lost. Text must satisfy `is_envelope`."""
    start = _START.match(text)
    body = text[start.end() :] if start is not None else text
    found = _FORMAT.match(body)
    data = body if found is None else body[found.end() :]
    number = "unknown" if found is None else "12" if found["format"] == "DD" else found["format"]
    envelope = Envelope(number)
    if not data.strip(_CONTROLS):
        envelope.fault("incomplete")
        return envelope
    if GS not in body and (number in _SEPARATED or found is None or RS not in found["between"]):
        return None
    if found is None or number not in FORMATS:
        envelope.fault("unparsed")
        return envelope
    regular = start is not None and not start["before"] and start["start"] == "[)>"
    if not regular or found["between"] != RS or number != found["format"]:
        envelope.warn("header")
    data, further = _without_trailer(data, number, envelope)
    _READERS.get(number, _whole)(data, envelope)
    for segment in further:
        _further(segment, envelope)
    return envelope


def _without_trailer(data: str, number: str, envelope: Envelope) -> tuple[str, list[str]]:
    """Take RS and EOT off, note where they are not as they should be; further format segments come apart."""
    if number == "09":
        body = data.removesuffix(EOT).removesuffix(RS)
        if not data.endswith(RS + EOT):
            envelope.warn("trailer")
        return body, []
    end = data.find(EOT)
    body = data if end < 0 else data[:end]
    if end < 0 or not body.endswith(RS):
        envelope.warn("trailer")
    if end >= 0 and data[end + 1 :].strip(" \t"):
        envelope.fault("unparsed")
    if number in ("06", "12") and body.rstrip(RS).endswith(GS):
        envelope.warn("trailer")
    first, *further = body.split(RS)
    return first, [segment for segment in further if segment.strip(GS)]


def _further(segment: str, envelope: Envelope) -> None:
    """A second format in the same envelope; a wild RS inside a field ends here too, and is refused."""
    number = segment[:2]
    if number not in FORMATS or (number in _SEPARATED and not segment[2:].startswith(GS)):
        envelope.fault("unparsed")
        return
    further = Envelope(number)
    _READERS.get(number, _whole)(segment[2:], further)
    envelope.further.append(further)


def _fields(data: str) -> list[str]:
    """Fields between separators; the empty ones at both ends are separators too many."""
    return data.strip(GS).split(GS)


def _data_identifiers(data: str, envelope: Envelope) -> None:
    if not data.startswith(GS):
        envelope.warn("header")
    fields = _fields(data)
    if all(_SMALL.match(text) for text in fields if text):
        # Caps lock turned every letter around.
        fields = [text.swapcase() for text in fields]
        envelope.warn("case")
    for text in fields:
        if not text:
            continue
        split = identifiers.split(text)
        if split is None:
            split = _turned_identifier(text)
            if split is not None:
                envelope.warn("case")
        if split is None:
            # An entry without identifier: Hyundai/Kia allow the supplier's own text at the end.
            envelope.elements.append(("", text))
            continue
        envelope.elements.append((split.identifier, split.value))
    if len(envelope.elements) == 1 and _SWALLOWED.search(envelope.elements[0][1]):
        envelope.warn("possible_missing_separator")


def _turned_identifier(text: str) -> identifiers.Field | None:
    """A known identifier in small letters (an older Mouser label has `q4`); the value is left as it stands."""
    match = _SMALL.match(text)
    if match is None or match[0].upper() not in identifiers.MEANINGS:
        return None
    return identifiers.Field(match[0].upper(), text[match.end() :])


def _gs1(data: str, envelope: Envelope) -> None:
    envelope.gs1 = data.strip(GS)


def _text_elements(data: str, envelope: Envelope) -> None:
    for text in _fields(data):
        match = _TEXT_ELEMENT.fullmatch(text.strip(" "))
        if match is None:
            envelope.fault("unparsed")
        else:
            envelope.elements.append((match[1], match[2].strip(" ")))


def _transport(data: str, envelope: Envelope) -> None:
    fields = _fields(data)
    version = fields[0][:2]
    if not version.isdigit():
        envelope.fault("unparsed")
    envelope.elements.append(("version", version))
    fields[0] = fields[0][2:]
    if not fields[0] and len(fields) > 1:
        del fields[0]
    for place, value in enumerate(fields):
        name = _TRANSPORT[place] if place < len(_TRANSPORT) else f"field_{place + 1}"
        envelope.elements.append((name, value))
    if len(fields) < 3:
        envelope.fault("incomplete")


def _binary(data: str, envelope: Envelope) -> None:
    """Type, compression, number of bytes, bytes; the text must have been decoded as Latin-1, a character a byte."""
    kind, *others = data.removeprefix(GS).split(GS, 3)
    if len(others) < 3 or not others[1].isascii() or not others[1].isdigit():
        envelope.fault("incomplete")
        return
    compression, length, content = others
    envelope.elements += [("type", kind), ("compression", compression), ("length", length)]
    if len(content) < int(length[:9]):
        envelope.fault("incomplete")
    envelope.elements.append(("data_hex", content.encode("latin-1", "replace").hex()))


def _whole(data: str, envelope: Envelope) -> None:
    envelope.elements.append(("data", data.removeprefix(GS)))


_READERS = {
    "01": _transport,
    "05": _gs1,
    "06": _data_identifiers,
    "09": _binary,
    "12": _text_elements,
}
