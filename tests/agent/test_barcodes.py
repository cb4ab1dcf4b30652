"""What a scan means is never guessed: texts stay texts, damage is named with its cure, and no byte raises."""

from __future__ import annotations

import re

import pytest
from fuzz_count import FRAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from gaugetrail_agent.barcodes import PROFILE_NAMES, Scan, read_scan
from gaugetrail_agent.barcodes.check_digits import code39_holds, mod10_holds, ppn_holds, vin_holds
from gaugetrail_agent.barcodes.lines import LineKind, classify
from gaugetrail_agent.barcodes.profiles import OwnLabel
from gaugetrail_agent.barcodes.surroundings import ENCODINGS

YEAR = 2026
LABEL = "[)>\x1e06\x1dP40217372\x1dQ10\x1dS00012345\x1e\x04"


def scan(text: str, **wanted: object) -> Scan:
    return read_scan(text.encode(), this_year=YEAR, **wanted)  # type: ignore[arg-type]  # the tests' keywords are right


@pytest.mark.parametrize("text", ["00012345", "1E5", "SN-4711", "TEST", "12345678", "Gehäuse 7", "WO-2026/000123"])
def test_identifiers_stay_as_they_are(text: str) -> None:
    """Scenario 31: a serial is no number, and a text that says nothing of itself is left alone, undecided."""
    got = scan(text)
    assert (got.format, got.valid, got.text, got.errors) == ("plain", None, text, ())


def test_serial_with_leading_zeros_survives_in_a_label() -> None:
    """Scenario 31 inside an envelope: the serial keeps its zeros, the quantity is a number."""
    got = scan(LABEL.replace("Q10", "Q0010"))
    assert (got.part_number, got.serial, got.quantity) == ("40217372", "00012345", "10")


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"\x02\x03", b"  \r", b"]C1\r"])
def test_empty_scans_are_named(raw: bytes) -> None:
    """Enter alone, or an AIM identifier with nothing behind it."""
    got = read_scan(raw)
    assert (got.format, got.valid, got.errors) == ("noread", False, ("empty",))


@pytest.mark.parametrize(
    ("raw", "errors"),
    [
        (b"ERROR\r", ("no_read",)),
        (b"NOREAD\r\n", ("no_read",)),
        (b"No Read", ("no_read",)),
        (b"NR\r", ("no_read",)),
        (b"???", ("no_read",)),
        (b"ER,LON,00\r", ("reader_error",)),
        (b"OK,LON\r", ()),
        (b"]C0NOREAD\r", ("no_read",)),
        (b"\xef\xbb\xbfNo-Read\r", ("no_read",)),
        (b"<NOREAD>", ("no_read",)),
        (b"BADCODE\r", ("no_read",)),
        (b"No Read d_1, E_2", ("no_read",)),
        (b"ERROR,ERROR", ("no_read",)),
        (b"SN-1,ERROR", ("no_read",)),
        (b"\x18", ("no_read",)),
    ],
)
def test_reader_words_are_no_codes(raw: bytes, errors: tuple[str, ...]) -> None:
    """Never a serial number."""
    got = read_scan(raw)
    assert (got.format, got.valid, got.errors, got.serial) == ("noread", False, errors, None)


def test_code_behind_an_acknowledgement_is_read() -> None:
    """A Keyence reader answers OK,LON before the code."""
    assert read_scan(b"OK,LON\r00012345\r").text == "00012345"


def test_only_whole_answers_are_answers() -> None:
    """`ERROR-4711` may be a part, and words with a comma a text."""
    for text in ("NR,4711", "NR7", "ERRORS", "NOREADS-1", "?4711", "No Read d", "4711?"):
        assert classify(text).kind is LineKind.CODE, text
    assert classify("ERROR-4711").kind is LineKind.CODE
    assert classify("leer", no_read=frozenset({"leer"})).kind is LineKind.NO_READ


@pytest.mark.parametrize(
    ("text", "valid", "gtin"),
    [
        ("96385074", True, "96385074"),
        ("17220200", True, "17220200"),  # an EAN-8 that would be an expiry date as GS1
        ("123601057072", True, "123601057072"),
        ("5901234123457", True, "5901234123457"),
        ("05901234123457", True, "05901234123457"),
        ("]E05901234123457", True, "5901234123457"),
        ("]E496385074", True, "96385074"),
        ("]I105901234123457", True, "05901234123457"),
        ("]E3590123412345705", True, "5901234123457"),
        ("6901028240410", False, None),
        ("690102824041", False, None),  # one key of thirteen lost in wedge mode
        ("]I105901234123458", False, None),
    ],
)
def test_gtins_are_known_by_length_and_check_digit(text: str, valid: bool, gtin: str | None) -> None:
    """A wrong check digit gives no GTIN, only the refusal."""
    got = scan(text)
    assert (got.format, got.valid, got.gtin) == ("ean", valid, gtin)
    assert got.errors == (() if valid else ("check_digit",))


def test_ean_symbol_of_the_wrong_length_is_incomplete() -> None:
    """The symbology says EAN-8, seven digits came."""
    assert scan("]E49638507").errors == ("incomplete",)


@pytest.mark.parametrize(
    ("text", "valid", "errors", "vin"),
    [
        ("1M8GDM9AXKP042788", True, (), "1M8GDM9AXKP042788"),
        ("11111111111111111", True, (), "11111111111111111"),
        ("]A01M8GDM9AXKP042788", True, (), "1M8GDM9AXKP042788"),
        ("I1M8GDM9AXKP042788", True, (), "1M8GDM9AXKP042788"),
        ("1m8gdm9axkp042788", True, (), "1M8GDM9AXKP042788"),
        ("1M8GDM9A1KP042788", False, ("check_digit",), None),
        ("1M8GDM9AXKPO42788", False, ("check_digit",), None),  # the letter O for a zero
        ("WVWZZZ1JZXW000001", None, (), "WVWZZZ1JZXW000001"),  # Europe prescribes no check digit
    ],
)
def test_vins_are_checked_where_a_check_digit_is_prescribed(
    text: str, valid: bool | None, errors: tuple[str, ...], vin: str | None
) -> None:
    """49 CFR 565.15 and GB 16735; elsewhere the text cannot say."""
    got = scan(text)
    assert (got.format, got.valid, got.errors, got.details.get("vin")) == ("vin", valid, errors, vin)


@pytest.mark.parametrize(
    ("text", "fields", "part", "serial", "quantity"),
    [
        ("]A0P40217372", {"P": "40217372"}, "40217372", None, None),
        ("]C0PLM358-N", {"P": "LM358-N"}, "LM358-N", None, None),
        ("]A0S00012345", {"S": "00012345"}, None, "00012345", None),
        ("]A0Q250", {"Q": "250"}, None, None, "250"),
        ("1T2200004739", {"1T": "2200004739"}, None, None, None),
    ],
)
def test_single_data_identifiers_of_linear_labels(
    text: str, fields: dict[str, str], part: str | None, serial: str | None, quantity: str | None
) -> None:
    """AIAG B-10 labels carry one identifier a symbol, scanned in any order."""
    got = scan(text)
    assert (got.format, got.valid, dict(got.fields)) == ("di-single", True, fields)
    assert (got.part_number, got.serial, got.quantity) == (part, serial, quantity)


@pytest.mark.parametrize("text", ["]A0SN-4711", "]A0PN4711", "]C0TEST", "]A0S", "D1234567", "]A0D1234567", "K4711"])
def test_texts_are_not_cut_into_identifiers_by_chance(text: str) -> None:
    """SN-4711 is a serial number that begins with SN, not the serial N-4711."""
    assert scan(text).format == "plain"


@pytest.mark.parametrize("text", ["S1234567", "P40217372", "T12", "Q250", "V4711"])
def test_a_letter_and_digits_are_a_text_unless_data_identifiers_are_asked_for(text: str) -> None:
    """Many a serial looks so; the letter must not be cut off it by a guess."""
    assert (scan(text).format, scan(text).text, scan(text).serial) == ("plain", text, None)
    assert dict(scan(text, data_identifiers=True).fields) == {text[0]: text[1:]}
    assert scan(f"]A0{text}", data_identifiers=False).format == "plain"
    assert scan("1T2200004739", data_identifiers=False).format == "plain"


def test_code39_check_character_is_verified_and_taken_off() -> None:
    """AIM ]A1 sends it; without AIM the configuration says that it is there."""
    assert (scan("]A1CODE39W").text, scan("]A1CODE39W").valid) == ("CODE39", None)
    assert scan("]A1CODE38W").errors == ("check_digit",)
    assert scan("CODE39W", code39_check=True).text == "CODE39"


@pytest.mark.parametrize(
    "text",
    [
        "ü=:06P4711",
        "è=:06P4711",
        "å=:06P4711",
        "^0/06P4711",
        "httpsÖ--id.gs1.org-01-0950",
        "àéàà&çé",
        "+d20107032069804988",
    ],
)
def test_wrong_keyboard_layout_is_named_and_not_undone(text: str) -> None:
    """A US scanner on a German, Italian, Nordic or French host."""
    got = scan(text)
    assert (got.format, got.valid, got.errors) == ("unknown", False, ("layout",))
    assert "keyboard layout" in got.advice[0]


@pytest.mark.parametrize(
    "text",
    [
        "[)>\x1e06\x1dp40217372\x1dq10\x1ds00012345\x1e\x04",
        "{0.\x1e)^\x1dp$)@!&#&@\x1dq!)\x1ds)))!@#$%\x1e\x04",
    ],
    ids=["caps lock", "shift held the wrong way round"],
)
def test_turned_case_is_turned_back_with_a_warning(text: str) -> None:
    """Every letter (and with shift every key) came the other way round."""
    got = scan(text)
    assert (got.part_number, got.quantity, got.serial) == ("40217372", "10", "00012345")
    assert "case" in got.warnings


def test_shifted_digits_are_turned_back() -> None:
    """A stuck shift key types signs for digits."""
    got = scan("%()!@#$!@#$%&")
    assert (got.format, got.gtin, got.warnings) == ("ean", "5901234123457", ("case",))


def test_turned_aim_identifier_is_known() -> None:
    """]c1 and ]D2 do not exist on today's scanners."""
    assert (scan("]c10107032069804988").symbology_id, scan("]D20107032069804988").symbology_id) == ("]C1", "]d2")


def test_plain_profile_takes_the_text_or_refuses_it() -> None:
    """With a pattern the whole text must match; its named groups are the fields."""
    pattern = r"SN(?P<serial>\d{5})(?:/(?P<quantity>\w+))?"
    good = scan("SN00042", profile="plain", pattern=pattern)
    assert (good.format, good.valid, good.serial, good.profile) == ("plain", True, "00042", "plain")
    bad = scan("XN00042", profile="plain", pattern=pattern)
    assert (bad.valid, bad.serial, bad.errors) == (False, None, ("unparsed",))
    assert scan("SN00042/1O", profile="plain", pattern=pattern).errors == ("quantity",)
    assert scan("15210526", profile="plain").format == "plain"


def test_wrong_configuration_is_said_at_once() -> None:
    """An unknown profile lists the known ones."""
    with pytest.raises(ValueError, match="gm, gtl3, hkmc, plain"):
        scan("4711", profile="vw")
    with pytest.raises(ValueError, match="no regular expression"):
        scan("4711", profile="plain", pattern="(")


def test_undecodable_and_control_bytes_are_refused() -> None:
    """Noise on the line is no code."""
    assert read_scan(b"\xff\x00\x01\x1b").errors == ("unparsed",)
    assert (scan("ABC\x1dDEF").format, scan("ABC\x1dDEF").errors) == ("unknown", ("unparsed",))
    assert read_scan(b"4711\r4712\r").valid is False


def test_every_error_and_warning_has_its_cure_in_words() -> None:
    """Whoever reads the refusal knows what to do."""
    for text in ["[)>06P1Q2", "ERROR", "ü=:06P1", "5901234123458", ">[)>06\x1dP1", "[)><RS>06<GS>P1<RS><EOT>"]:
        got = scan(text)
        assert len(got.advice) == len(got.errors) + len(got.warnings) > 0


def test_check_digits_by_their_published_examples() -> None:
    """GS1 General Specifications, 49 CFR 565, ISO/IEC 16388, IFA."""
    assert mod10_holds("9501101531000")
    assert not mod10_holds("9501101531001")
    assert not mod10_holds("٣٣")
    assert vin_holds("1M8GDM9AXKP042788")
    assert code39_holds("CODE39W")
    assert ppn_holds("110375286414")


OWN = OwnLabel("ours", [re.compile(r"(?P<part>[0-9]{4})-(?P<serial>\w+)(?:/(?P<quantity>\S+))?")])


def test_a_customers_own_label_is_read_by_its_named_groups() -> None:
    """Whatever the code looks like otherwise; a quantity that is no number is refused, as is what doesn't fit whole."""
    got = scan("]C04711-00012/5", label=OWN)
    assert (got.format, got.valid, got.profile, got.symbology_id) == ("label", True, "ours", "]C0")
    assert (got.part_number, got.serial, got.quantity) == ("4711", "00012", "5")
    assert dict(got.fields) == {"part": "4711", "serial": "00012", "quantity": "5"}
    assert scan("4711-00012/1O", label=OWN).errors == ("quantity",)
    for other in ("4711-00012 ", "x4711-00012", "0109506000134352", "4711-\u200b12"):
        assert scan(other, label=OWN).valid is False
    assert scan("NOREAD", label=OWN).format == "noread"


PROFILES = st.sampled_from([None, *PROFILE_NAMES])
PIECES = st.sampled_from([
    "[)>", ">", "\x1e", "\x1d", "\x1c", "\x04", "05", "06", "09", "12", "01", "DD", "<GS>", "^]", "_1D", "]", "@",
    "]d2", "]C1", "]E0", "]A1", "]c1", "P40217372", "Q1O", "Q10", "T251316S1B1A0476217", "V2812", "E", "S", "12PGTL3",
    "9N11", "D251301", "14D", "8P123", "MFR 1", "(01)", "(10)", "0107032069804988", "17210526", "10ABC", "7003",
    "30", "9999999999", "https://", "id.gs1.org/01/", "?17=", "%2F", "\u0663", "ü=:", "{0.", "\r", "\n", "ERROR",
    "OK,LON", "\ud7ff", " ", "]C0", "]Q2", "\\000026", "\ufeff", "\u200b", "\u00a0", "|", "\\\\", "S4711",
])  # fmt: skip


@given(
    raw=st.binary() | st.text().map(str.encode),
    profile=PROFILES,
    label=st.sampled_from([None, OWN]),
    encoding=st.sampled_from([None, *ENCODINGS]),
    separator=st.sampled_from(["\x1d", "|", "]", "", "0"]),
    asked=st.sampled_from([None, True, False]),
)
def test_any_bytes_give_a_scan(
    raw: bytes, profile: str | None, label: OwnLabel | None, encoding: str | None, separator: str, asked: bool | None
) -> None:
    """Nothing raises, and what was scanned is kept."""
    FRAMES.add()
    got = read_scan(
        raw,
        profile=profile,
        label=label,
        encoding=encoding,
        gs1_separator=separator,
        data_identifiers=asked,
        this_year=YEAR,
    )
    assert got.raw == raw
    assert got.as_json()["raw_hex"] == raw.hex()


@settings(max_examples=400)
@given(pieces=st.lists(PIECES, max_size=8), profile=PROFILES, gs1_only=st.booleans(), code39=st.booleans())
def test_broken_labels_give_a_scan(pieces: list[str], profile: str | None, gs1_only: bool, code39: bool) -> None:
    """Parts of real codes in any order; a refused scan always says why, and no answer is empty."""
    raw = "".join(pieces).encode()
    got = read_scan(raw, profile=profile, gs1_only=gs1_only, code39_check=code39, this_year=YEAR)
    answers = (got.part_number, got.serial, got.lot, got.quantity, got.supplier, got.gtin, got.sscc)
    assert all(answer != "" for answer in answers)
    assert got.valid is not False or got.errors or got.text.strip().startswith("OK,")
    if got.format in ("noread", "unknown"):
        assert got.valid is False
        assert answers == (None,) * 7
