"""What a scanned text means: `read_scan`, and the order in which the meanings are tried."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from gaugetrail_agent.barcodes import gs1, iso15434, labels, profiles, repair
from gaugetrail_agent.barcodes.check_digits import code39_holds, looks_like_vin, mod10_holds, vin_holds
from gaugetrail_agent.barcodes.gs1_identifiers import GS
from gaugetrail_agent.barcodes.lines import LineKind, classify
from gaugetrail_agent.barcodes.profiles import OwnLabel
from gaugetrail_agent.barcodes.scan import Scan
from gaugetrail_agent.barcodes.surroundings import FRAME, BareCode, bare, codec_of, decoded

# ISO/IEC 15424: FNC1 in first position, and GS1 DataBar and its composites.
_AIM_GS1 = frozenset({"]C1", "]e0", "]e1", "]e2", "]e3", "]d2", "]d5", "]Q3", "]Q4", "]J1", "]J4", "]L3", "]z1", "]z4"})
_AIM_EAN = frozenset({"]E0", "]E1", "]E2", "]E3", "]E4", "]I1"})
_AIM_SAYS_NOTHING = "XZ"
"""Codes of another kind, and what no symbol is behind: they may be anything."""
_AIM_LINEAR = "ACG"
_CODE39_WITH_CHECK = frozenset({"]A1", "]A5"})

_GTIN_LENGTHS = (8, 12, 13, 14)
_DATE_AI = re.compile(r"1[123567][0-9]{6}")
_CHECKED_FIRST = frozenset({"00", "01", "02", "410", "411", "412", "413", "414", "415", "416", "417"})
_LONG_IDENTIFIER = re.compile(r"[0-9]{1,2}[A-Z]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffd]")
_BINARY = (b"[)>\x1e09", b"[)>09")
_MISREAD_VIN = str.maketrans("IOQ", "100")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the caller knows of the codes at this station."""

    profile: str | None
    label: OwnLabel | None
    pattern: re.Pattern[str] | None
    roles: Mapping[str, str]
    gs1: bool
    code39_check: bool
    data_identifiers: bool | None
    this_year: int


def read_scan(
    raw: bytes,
    *,
    profile: str | None = None,
    label: OwnLabel | None = None,
    pattern: str | None = None,
    roles: Mapping[str, str] | None = None,
    gs1_only: bool = False,
    gs1_separator: str = GS,
    code39_check: bool = False,
    data_identifiers: bool | None = None,
    encoding: str | None = None,
    symbology: str | None = None,
    no_read: frozenset[str] = frozenset(),
    this_year: int | None = None,
) -> Scan:
    """Read what a scanner delivered; any bytes give a `Scan`.

    `profile` is one of `PROFILE_NAMES`, `label` a customer's own; `pattern` (with `plain`) is a regular expression the
    whole text must match; `roles` says that an identifier means something else here (`{"4L": "lot"}`); `gs1_only` reads
    every code as GS1; `gs1_separator` is what the scanner sends for FNC1; `code39_check` says that the codes end with a
    Code 39 check character. A short code is one data identifier with its value where `data_identifiers` is true, never
    where it is false, and else behind a linear symbol's AIM identifier, or where
    digits stand before the letter. `encoding` is the scanner's
    character set (null: UTF-8, or Latin-1 where it is none); `symbology` the AIM identifier that the wire took off.
    Raises `ValueError` only for a setting that can't be.
    """
    if profile is not None:
        profiles.named(profile)
    codec = None if encoding is None else codec_of(encoding)
    year = datetime.now(UTC).year if this_year is None else this_year
    wanted = _Wanted(profile, label, _compiled(pattern), roles or {}, gs1_only, code39_check, data_identifiers, year)
    try:
        code = bare(_code_line(_decode(raw, codec), no_read))
    except UnicodeDecodeError:
        return Scan(raw, raw.decode("latin-1"), "unknown", False, errors=("encoding",))
    line = classify(code.text, no_read=no_read)
    if line.kind is not LineKind.CODE:
        return replace(_no_code(raw, code.text, line.kind, line.error_code), symbology_id=code.symbology)
    return _code(raw, replace(code, symbology=symbology or code.symbology), gs1_separator, wanted)


def _code(raw: bytes, code: BareCode, separator: str, wanted: _Wanted) -> Scan:
    """A code, no reader's word: what was done to it on its way is undone, then it is read."""
    if code.inside is not None and not raw.startswith(_BINARY):
        return Scan(raw, code.text, "unknown", False, errors=(code.inside,), symbology_id=code.symbology)
    text, printed = repair.printed_controls(code.text)
    text, turned = repair.turned_shift(text)
    symbology, swapped = code.symbology, False
    if symbology is not None:
        symbology, text, swapped = repair.turned_case(symbology, text)
    if separator != GS:
        text = with_separators(text, symbology, separator, always=wanted.gs1, this_year=wanted.this_year)
    scan = replace(_meaning(text, symbology, wanted), raw=raw, symbology_id=symbology)
    extra = [name for name, given in (("printed_controls", printed), ("case", turned or swapped)) if given]
    return replace(scan, warnings=tuple(dict.fromkeys((*scan.warnings, *extra))))


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    try:
        return None if pattern is None else re.compile(pattern)
    except re.error as error:
        raise ValueError(f"scan pattern {pattern!r} is no regular expression: {error}") from error


def with_separators(
    text: str, symbology: str | None, separator: str, *, always: bool = False, this_year: int | None = None
) -> str:
    """The text with GS where the scanner sends `separator` for FNC1: in GS1 codes and envelopes, and nowhere else."""
    if not separator or separator not in text or GS in text or (says_other_than_gs1(symbology) and not always):
        return text
    meant = text.replace(separator, GS)
    if always or symbology in _AIM_GS1 or iso15434.is_envelope(text):
        return meant
    message = gs1.read_message(meant, datetime.now(UTC).year if this_year is None else this_year)
    sure = message.elements and (message.fault is None or message.elements[0].ai in _CHECKED_FIRST)
    return meant if sure else text


def says_other_than_gs1(symbology: str | None) -> bool:
    """Whether the symbol itself says that its data are not GS1's: a Code 128 or Data Matrix without FNC1."""
    if symbology is None or symbology[1] in _AIM_SAYS_NOTHING:
        return False
    return symbology not in _AIM_GS1 and symbology not in _AIM_EAN


def _decode(raw: bytes, codec: str | None) -> str:
    """By the codec; without one UTF-8, or Latin-1 where it is none. Format 09 carries bytes and is Latin-1 always."""
    if raw.startswith(_BINARY):
        return raw.decode("latin-1")
    if codec is not None:
        return decoded(raw, codec)
    try:
        return decoded(raw, "utf-8")
    except UnicodeDecodeError:
        return decoded(raw, "latin-1")


def _code_line(text: str, no_read: frozenset[str]) -> str:
    """The code without line ends; acknowledgements and empty lines before it are left out."""
    stripped = text.strip(FRAME)
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


def _meaning(text: str, symbology: str | None, wanted: _Wanted) -> Scan:
    if wanted.label is not None:
        return _own_label(text, wanted.label)
    if wanted.profile == "plain":
        return _plain(text, wanted)
    layout = repair.wrong_layout(text)
    if layout is not None:
        return Scan(b"", text, "unknown", False, errors=("layout",), details={"layout": layout})
    if iso15434.is_envelope(text):
        return _envelope(text, wanted)
    bare_text = text.strip(" ")
    return _by_symbol(text, bare_text, symbology, wanted) or _by_itself(text, bare_text, symbology, wanted)


def _by_symbol(text: str, bare_text: str, symbology: str | None, wanted: _Wanted) -> Scan | None:
    """What symbology or station say that it is, and links, which say it themselves; null where nothing says it."""
    if symbology in _AIM_GS1:
        return _gs1(text, bare_text, wanted, marked=True)
    pairs = gs1.split_link(bare_text)
    if pairs is not None:
        return _gs1_pairs(text, "gs1-digital-link", pairs, wanted)
    if wanted.gs1:
        pairs = gs1.split_hri(bare_text)
        return _gs1(text, bare_text, wanted, marked=True) if pairs is None else _gs1_pairs(text, "gs1", pairs, wanted)
    if symbology in _AIM_EAN or (symbology == "]I0" and len(bare_text) == 14):
        return _ean_symbol(text, bare_text, symbology)
    return None


def _by_itself(text: str, bare_text: str, symbology: str | None, wanted: _Wanted) -> Scan:
    """What the text's own form says; GS1's forms count only where the symbol doesn't say otherwise."""
    if not says_other_than_gs1(symbology):
        pairs = gs1.split_hri(bare_text)
        if pairs is not None:
            return _gs1_pairs(text, "gs1", pairs, wanted)
        if GS in bare_text:
            return _gs1(text, bare_text, wanted, marked=False)
    elif GS in bare_text and labels.all_identified(bare_text):
        return _headless(text, bare_text, wanted)
    if symbology in _CODE39_WITH_CHECK or wanted.code39_check:
        if not code39_holds(bare_text):
            return Scan(b"", text, "plain", False, errors=("check_digit",))
        text = bare_text = bare_text[:-1]
    if says_other_than_gs1(symbology):
        found = _vin(text, bare_text, certain=True) or _vin(text, bare_text, certain=False)
    else:
        found = _unmarked(text, bare_text, wanted)
    return found or _single(text, bare_text, symbology, wanted) or _plain(text, wanted)


def _unmarked(text: str, bare: str, wanted: _Wanted) -> Scan | None:
    """A text that does not say what it is, and may be GS1's or a vehicle's; null where it is neither."""
    if bare.isascii() and bare.isdigit() and len(bare) in _GTIN_LENGTHS and mod10_holds(bare):
        return Scan(b"", text, "ean", True, gtin=bare, fields={"gtin": bare})
    vin = _vin(text, bare, certain=True)
    if vin is not None:
        return vin
    if _claims_gs1(bare, wanted.this_year):
        return _gs1(text, bare, wanted, marked=False)
    if bare.isascii() and bare.isdigit() and len(bare) in (12, 13, 14):
        return Scan(b"", text, "ean", False, fields={"gtin": bare}, errors=("check_digit",))
    return _vin(text, bare, certain=False)


def _single(text: str, bare: str, symbology: str | None, wanted: _Wanted) -> Scan | None:
    """One data identifier and its value: a letter and digits are many a serial too, so it must be asked for."""
    likely = _LONG_IDENTIFIER.match(bare) if symbology is None else symbology[1] in _AIM_LINEAR
    if not (likely if wanted.data_identifiers is None else wanted.data_identifiers):
        return None
    label = labels.single(bare, profile=wanted.profile, roles=wanted.roles, this_year=wanted.this_year)
    return None if label is None else _labelled(text, "di-single", label)


def _own_label(text: str, own: OwnLabel) -> Scan:
    """A customer's own label: the first of its patterns that fits the whole code."""
    groups = own.read(text)
    if groups is None or any(_CONTROL.search(value) for value in groups.values()):
        return Scan(b"", text, "label", False, errors=("unparsed",), profile=own.name)
    return replace(_labelled(text, "label", labels.of_groups(groups)), profile=own.name)


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
    if not message.elements and labels.all_identified(bare) and not marked:
        return _headless(text, bare, wanted)
    if not (message.elements or marked):
        return Scan(b"", text, "unknown", False, errors=("unparsed",))
    return _labelled(text, "gs1", labels.of_gs1(message, wanted.this_year))


def _headless(text: str, bare: str, wanted: _Wanted) -> Scan:
    """Data identifiers between separators: an envelope whose header was lost."""
    return _envelope(f"06{GS}{bare.strip(GS)}", wanted, text_as_read=text)


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
    if _CONTROL.search(text):
        return Scan(b"", text, "unknown", False, errors=("unparsed",), profile=wanted.profile)
    if wanted.pattern is None:
        return Scan(b"", text, "plain", None, profile=wanted.profile)
    match = wanted.pattern.fullmatch(text)
    if match is None:
        return Scan(b"", text, "plain", False, errors=("unparsed",), profile=wanted.profile)
    label = labels.of_groups({name: value for name, value in match.groupdict().items() if value is not None})
    return replace(_labelled(text, "plain", label), profile=wanted.profile)
