"""One scanned text and what it means: `Scan`, and what to do about each of its errors and warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_ADVICE: Mapping[str, str] = {
    "check_digit": "the check digit is wrong: a character was lost or misread; scan again, never type from memory",
    "date": "a date on the label does not exist: do not use the label, tell the supplier",
    "quantity": "the quantity is no number (letter O for 0?): count, and tell the supplier",
    "gs1": "the GS1 data inside cannot be read: tell the supplier what his label holds",
    "repeated": "an identifier stands in the code twice with different values: tell the supplier",
    "unparsed": "part of the code fits no identifier: check the profile, and the supplier's label",
    "incomplete": "the code ends too early or lacks a field: scan again; if it stays, check the profile",
    "separators_missing": "the scanner drops the control characters between the fields (GS, RS, EOT), so their borders "
    "are lost: set it to send control characters (often 'control characters: transmit' or 'function key mapping: "
    "Ctrl+]'), or use the serial or USB-COM mode",
    "reader_error": "the reader refused a command: see its manual for the code",
    "no_read": "the reader saw no code: clean the label, check distance and light",
    "layout": "the keyboard layout of the host does not fit the scanner's: set both to US, or use the serial or "
    "USB-COM mode or the wedge with its own key map",
    "unseen": "a character that nobody sees (zero-width, a no-break space, a byte order mark) stands inside the code, "
    "which would be another than it looks: tell who prints the labels",
    "glued": "an AIM identifier or an ECI stands inside the code: two codes came as one, or the symbol changes its "
    "character set; set the scanner's suffix, scan again, and tell who prints the labels",
    "encoding": "the bytes are not in the character set that is set: look which one the scanner sends",
    "empty": "the scanner sent an empty line: check its prefix and suffix",
    "header": "the label's envelope is not as ISO/IEC 15434 has it; it was understood all the same",
    "trailer": "the label's envelope does not end with RS EOT; it was understood all the same",
    "printed_controls": "the scanner prints control characters as text: set it to send them as they are",
    "possible_missing_separator": "a value may have swallowed the next one: the label or the scanner drops FNC1 (GS)",
    "contradiction": "two parts of the label name different ones; the first was taken: tell the supplier",
    "several": "the label lists several serials or lots, so it names no single unit: scan the unit's own code",
    "case": "caps lock or shift turned the letters round: switch it off on the host or in the scanner",
}


def advice_on(name: str) -> str:
    """What to do about one error or warning."""
    return _ADVICE[name]


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanned text means. `valid` is null where nothing in the text can say.

    Where `valid` is false, an identifier that failed is null, and `fields` still shows what stood there.
    """

    raw: bytes
    text: str
    format: str
    valid: bool | None = None
    fields: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    elements: tuple[tuple[str, str], ...] = ()
    """Identifiers and values in their order, repeated and empty ones included."""
    part_number: str | None = None
    serial: str | None = None
    lot: str | None = None
    quantity: str | None = None
    supplier: str | None = None
    gtin: str | None = None
    sscc: str | None = None
    details: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Dates, measures and what a profile adds, each under its own name."""
    symbology_id: str | None = None
    profile: str | None = None
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do about each error and warning, in words."""
        return tuple(_ADVICE[name] for name in (*self.errors, *self.warnings) if name in _ADVICE)

    def as_json(self) -> dict[str, object]:
        """What `gaugetrail-agent scan` prints."""
        fixed: dict[str, object] = {
            "format": self.format,
            "valid": self.valid,
            "fields": dict(self.fields),
            "part_number": self.part_number,
            "serial": self.serial,
            "lot": self.lot,
            "quantity": self.quantity,
            "supplier": self.supplier,
            "gtin": self.gtin,
            "sscc": self.sscc,
        }
        details = {name: value for name, value in self.details.items() if name not in fixed}
        return {
            **fixed,
            **details,
            "symbology_id": self.symbology_id,
            "profile": self.profile,
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "advice": list(self.advice),
            "elements": [list(element) for element in self.elements],
            "text": self.text,
            "raw_hex": self.raw.hex(),
        }
