"""One scanned text and its meaning: `Scan`, and the order in which `read_scan` tries the meanings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType

from gaugetrail_agent.barcodes import gs1, iso15434, labels, profiles, repair
from gaugetrail_agent.barcodes.check_digits import code39_holds, looks_like_vin, mod10_holds, vin_holds
from gaugetrail_agent.barcodes.lines import LineKind, classify

_AIM = re.compile(r"\][A-Za-z][0-9A-Za-z]")
# ISO/IEC 15424: FNC1 in first position, and GS1 DataBar and its composites.
_AIM_GS1 = frozenset({"]C1", "]e0", "]e1", "]e2", "]e3", "]d2", "]d5", "]Q3", "]Q4", "]J1", "]L3", "]z1"})
_AIM_EAN = frozenset({"]E0", "]E1", "]E2", "]E3", "]E4", "]I1"})
_AIM_LINEAR = "ACG"
_CODE39_WITH_CHECK = frozenset({"]A1", "]A5"})

_AROUND = "\r\n\t\x00\x02\x03"
_GTIN_LENGTHS = (8, 12, 13, 14)
_DATE_AI = re.compile(r"1[123567][0-9]{6}")
_CHECKED_FIRST = frozenset({"00", "01", "02", "410", "411", "412", "413", "414", "415", "416", "417"})
_MISREAD_VIN = str.maketrans("IOQ", "100")

_ADVICE: Mapping[str, str] = {
    "check_digit": "the check digit is wrong: a character was lost or misread; scan again, never type from memory",
    "date": "a date on the label does not exist: do not use the label, tell the supplier",
    "quantity": "the quantity is no number (letter O for 0?): count, and tell the supplier",
    "gs1": "the GS1 data inside cannot be read: tell the supplier what his label holds",
    "unparsed": "part of the code fits no identifier: check the profile, and the supplier's label",
    "incomplete": "the code ends too early or lacks a field: scan again; if it stays, check the profile",
    "separators_missing": "the scanner drops the control characters between the fields (GS, RS, EOT), so their borders "
    "are lost: set it to send control characters (often 'control characters: transmit' or 'function key mapping: "
    "Ctrl+]'), or use the serial or USB-COM mode",
    "reader_error": "the reader refused a command: see its manual for the code",
    "no_read": "the reader saw no code: clean the label, check distance and light",
    "layout": "the keyboard layout of the host does not fit the scanner's: set both to US, or use the serial or "
    "USB-COM mode or the wedge with its own key map",
    "empty": "the scanner sent an empty line: check its prefix and suffix",
    "header": "the label's envelope is not as ISO/IEC 15434 has it; it was understood all the same",
    "trailer": "the label's envelope does not end with RS EOT; it was understood all the same",
    "printed_controls": "the scanner prints control characters as text: set it to send them as they are",
    "possible_missing_separator": "a value may have swallowed the next one: the label or the scanner drops FNC1 (GS)",
    "case": "caps lock or shift turned the letters round: switch it off on the host or in the scanner",
}


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


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the caller knows of the codes at this station."""

    profile: str | None
    pattern: re.Pattern[str] | None
    roles: Mapping[str, str]
    gs1: bool
    code39_check: bool
    this_year: int


def read_scan(
    raw: bytes,
    *,
    profile: str | None = None,
    pattern: str | None = None,
    roles: Mapping[str, str] | None = None,
    gs1_only: bool = False,
    gs1_separator: str = gs1.GS,
    code39_check: bool = False,
    no_read: frozenset[str] = frozenset(),
    this_year: int | None = None,
) -> Scan:
    """Read what a scanner delivered; any bytes give a `Scan`.

    `profile` is one of `PROFILE_NAMES`; `pattern` (with `plain`) is a regular expression the whole text must match;
    `roles` says that an identifier means something else here (`{"4L": "lot"}`); `gs1_only` reads every code as GS1;
    `gs1_separator` is what the scanner sends for FNC1; `code39_check` says that the codes end with a Code 39 check
    character. Raises `ValueError` only for an unknown profile or a pattern that is no regular expression.
    """
    if profile is not None:
        profiles.named(profile)
    try:
        compiled = None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise ValueError(f"scan pattern {pattern!r} is no regular expression: {error}") from error
    year = datetime.now(UTC).year if this_year is None else this_year
    wanted = _Wanted(profile, compiled, roles or {}, gs1_only, code39_check, year)
    text = _code_line(_decode(raw), no_read)
    line = classify(text, no_read=no_read)
    if line.kind is not LineKind.CODE:
        return _no_code(raw, text, line.kind, line.error_code)
    text, printed = repair.printed_controls(text)
    text, turned = repair.turned_shift(text)
    symbology, text, swapped = _symbology(text)
    if gs1_separator != gs1.GS and not iso15434.is_envelope(text):
        text = text.replace(gs1_separator, gs1.GS)
    scan = replace(_meaning(text, symbology, wanted), raw=raw, symbology_id=symbology)
    extra = [name for name, given in (("printed_controls", printed), ("case", turned or swapped)) if given]
    return replace(scan, warnings=tuple(dict.fromkeys((*scan.warnings, *extra))))


def _decode(raw: bytes) -> str:
    """UTF-8, or Latin-1 where it is none; format 09 carries bytes and is Latin-1 always."""
    if raw.startswith((b"[)>\x1e09", b"[)>09")):
        return raw.decode("latin-1")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _code_line(text: str, no_read: frozenset[str]) -> str:
    """The code without line ends; acknowledgements and empty lines before it are left out."""
    stripped = text.strip(_AROUND)
    lines = re.split(r"[\r\n]+", stripped)
    while len(lines) > 1 and classify(lines[0], no_read=no_read).kind is LineKind.ACK:
        del lines[0]
        stripped = "\n".join(lines)
    return stripped


def _no_code(raw: bytes, text: str, kind: LineKind, error_code: str | None) -> Scan:
    errors: tuple[str, ...] = {
        LineKind.EMPTY: ("empty",),
        LineKind.READER_ERROR: ("reader_error",),
        LineKind.NO_READ: ("no_read",),
    }.get(kind, ())
    details = {} if error_code is None else {"error_code": error_code}
    return Scan(raw, text, "noread", False, errors=errors, details=details)


def _symbology(text: str) -> tuple[str | None, str, bool]:
    """Split the AIM identifier off, put right where caps lock turned it."""
    if not _AIM.match(text):
        return None, text, False
    return repair.turned_case(text[:3], text[3:])


def _meaning(text: str, symbology: str | None, wanted: _Wanted) -> Scan:
    if not text:
        return Scan(b"", text, "noread", False, errors=("empty",))
    if wanted.profile == "plain":
        return _plain(text, wanted)
    layout = repair.wrong_layout(text)
    if layout is not None:
        return Scan(b"", text, "unknown", False, errors=("layout",), details={"layout": layout})
    if iso15434.is_envelope(text):
        return _envelope(text, wanted)
    bare = text.strip(" ")
    if wanted.gs1 or symbology in _AIM_GS1:
        return _gs1(text, bare, wanted, marked=True)
    if symbology in _AIM_EAN or (symbology == "]I0" and len(bare) == 14):
        return _ean_symbol(text, bare, symbology)
    pairs = gs1.split_link(bare)
    if pairs is not None:
        return _gs1_pairs(text, "gs1-digital-link", pairs, wanted)
    pairs = gs1.split_hri(bare)
    if pairs is not None:
        return _gs1_pairs(text, "gs1", pairs, wanted)
    if gs1.GS in bare:
        return _gs1(text, bare, wanted, marked=False)
    if symbology in _CODE39_WITH_CHECK or wanted.code39_check:
        if not code39_holds(bare):
            return Scan(b"", text, "plain", False, errors=("check_digit",))
        text = bare = bare[:-1]
    return _unmarked(text, bare, symbology, wanted)


def _unmarked(text: str, bare: str, symbology: str | None, wanted: _Wanted) -> Scan:
    """A text that does not say what it is."""
    if bare.isascii() and bare.isdigit() and len(bare) in _GTIN_LENGTHS and mod10_holds(bare):
        return Scan(b"", text, "ean", True, gtin=bare, fields={"gtin": bare})
    vin = _vin(text, bare, certain=True)
    if vin is not None:
        return vin
    if _claims_gs1(bare, wanted.this_year):
        return _gs1(text, bare, wanted, marked=False)
    if bare.isascii() and bare.isdigit() and len(bare) in (12, 13, 14):
        return Scan(b"", text, "ean", False, fields={"gtin": bare}, errors=("check_digit",))
    vin = _vin(text, bare, certain=False)
    if vin is not None:
        return vin
    linear = symbology is not None and symbology[1] in _AIM_LINEAR
    single = labels.single(bare, linear=linear, profile=wanted.profile, roles=wanted.roles, this_year=wanted.this_year)
    if single is not None:
        return _labelled(text, "di-single", single)
    return _plain(text, wanted)


def _claims_gs1(bare: str, this_year: int) -> bool:
    """Text without symbology identifier and separators that is GS1, or meant to be and wrong.

    Eight digits may be an EAN-8, which was tried before; as GS1 they count only where they are a date.
    """
    message = gs1.read_message(bare, this_year)
    if len(bare) == 8:
        # Day and month that can be, so that 12345678 stays a text; whether the date exists is the message's to say.
        return _DATE_AI.fullmatch(bare) is not None and message.fault is None
    if gs1.proves_gs1(message):
        return True
    if not message.elements:
        return False
    first = message.elements[0]
    whole = message.fault is None and bare.isdigit()
    if first.ai in _CHECKED_FIRST and (whole or first.fault is None):
        return True
    # A lot or serial filled to its 20 characters with more behind it: its separator is lost.
    return first.ai in ("10", "21") and len(first.value) == 20 and message.fault == "unparsed" and bare.isalnum()


def _gs1(text: str, bare: str, wanted: _Wanted, *, marked: bool) -> Scan:
    """`marked`: symbology or station say that it is GS1, so what cannot be read as such is GS1 gone wrong."""
    message = gs1.read_message(bare, wanted.this_year)
    headless = not message.elements and labels.all_identified(bare)
    if headless and not marked:
        # Data identifiers between separators: an envelope whose header was lost.
        return _envelope(f"06{gs1.GS}{bare.strip(gs1.GS)}", wanted, text_as_read=text)
    if not (message.elements or marked):
        return Scan(b"", text, "unknown", False, errors=("unparsed",))
    return _labelled(text, "gs1", labels.of_gs1(message, wanted.this_year))


def _gs1_pairs(text: str, name: str, pairs: list[tuple[str, str]], wanted: _Wanted) -> Scan:
    message = gs1.read_pairs(pairs, wanted.this_year)
    label = labels.of_gs1(message, wanted.this_year)
    if name == "gs1-digital-link" and "unparsed" in label.errors:
        label.errors[label.errors.index("unparsed")] = "gs1"
    return _labelled(text, name, label)


def _envelope(text: str, wanted: _Wanted, *, text_as_read: str | None = None) -> Scan:
    shown = text if text_as_read is None else text_as_read
    envelope = iso15434.read_envelope(text)
    if envelope is None:
        return Scan(b"", shown, "unknown", False, errors=("separators_missing",))
    if envelope.format not in iso15434.FORMATS:
        return Scan(b"", shown, "unknown", False, errors=tuple(envelope.errors), warnings=tuple(envelope.warnings))
    label = labels.of_envelope(envelope, wanted.profile, wanted.roles, wanted.this_year)
    return _labelled(shown, f"iso15434-{envelope.format}", label)


def _labelled(text: str, name: str, label: labels.Label) -> Scan:
    # Format 05 with foreign data is a sound envelope around GS1 data that cannot be read: named, not refused.
    sound = not label.errors or (label.errors == ["gs1"] and name == "iso15434-05")
    found = dict(label.found)
    return Scan(
        b"",
        text,
        name,
        sound,
        fields=label.fields(),
        elements=tuple(label.elements),
        part_number=found.pop("part_number", None),
        serial=found.pop("serial", None),
        lot=found.pop("lot", None),
        quantity=found.pop("quantity", None),
        supplier=found.pop("supplier", None),
        gtin=found.pop("gtin", None),
        sscc=found.pop("sscc", None),
        details=found,
        profile=label.profile,
        errors=tuple(label.errors),
        warnings=tuple(label.warnings),
    )


def _ean_symbol(text: str, bare: str, symbology: str | None) -> Scan:
    """A code that its symbology says is a GTIN; EAN add-ons of two or five digits stand behind it."""
    digits = bare
    if symbology in ("]E1", "]E2", "]E3") and len(bare) in (15, 18):
        digits = bare[:13]
    expected = {"]E4": (8,), "]I1": (14,), "]I0": (14,)}.get(symbology or "", (8, 12, 13))
    fields = {"gtin": bare}
    if not (bare.isascii() and bare.isdigit()):
        return Scan(b"", text, "ean", False, fields=fields, errors=("unparsed",))
    if len(digits) not in expected:
        error = "incomplete" if len(digits) < max(expected) else "unparsed"
        return Scan(b"", text, "ean", False, fields=fields, errors=(error,))
    if not mod10_holds(digits):
        return Scan(b"", text, "ean", False, fields=fields, errors=("check_digit",))
    return Scan(b"", text, "ean", True, gtin=digits, fields=fields)


def _vin(text: str, bare: str, *, certain: bool) -> Scan | None:
    """A vehicle identification number; `certain` accepts only one whose check digit is right.

    Before the 17 characters may stand an `I`: the data identifier for a VIN, and on some Code 39 labels "import".
    """
    warnings: tuple[str, ...] = ()
    vin = bare
    if len(vin) == 18 and vin[0] in "Ii":
        vin = vin[1:]
    if len(vin) == 17 and vin != vin.upper() and vin == vin.lower():
        vin, warnings = vin.upper(), (*warnings, "case")
    misread = False
    if not looks_like_vin(vin):
        misread = vin_holds(vin.translate(_MISREAD_VIN)) is True and vin.isascii()
        if not misread:
            return None
    valid = False if misread else vin_holds(vin)
    if certain != (valid is True) and not misread:
        return None
    if valid is not True and vin.isdigit():
        return None
    errors = ("check_digit",) if valid is False else ()
    details = {} if valid is False else {"vin": vin}
    return Scan(b"", text, "vin", valid, fields={"vin": vin}, details=details, errors=errors, warnings=warnings)


def _plain(text: str, wanted: _Wanted) -> Scan:
    """Text as it stands; with a pattern, its named groups are the fields."""
    if any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 or char == "\ufffd" for char in text):
        return Scan(b"", text, "unknown", False, errors=("unparsed",), profile=wanted.profile)
    if wanted.pattern is None:
        return Scan(b"", text, "plain", None, profile=wanted.profile)
    match = wanted.pattern.fullmatch(text)
    if match is None:
        return Scan(b"", text, "plain", False, errors=("unparsed",), profile=wanted.profile)
    label = labels.of_groups({name: value for name, value in match.groupdict().items() if value is not None})
    return replace(_labelled(text, "plain", label), profile=wanted.profile)
