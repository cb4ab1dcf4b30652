"""GS1 codes: each element read or named; a wrong check digit, date or lost separator gives no identifier."""

from __future__ import annotations

import re

import pytest
from biip import ParseConfig, ParseError
from biip.gs1_element_strings import GS1ElementString
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.barcodes import Scan, read_scan
from gaugetrail_agent.barcodes import dates as label_dates
from gaugetrail_agent.barcodes.gs1_identifiers import identifier_at

GS = "\x1d"
YEAR = 2026


def scan(text: str, **wanted: object) -> Scan:
    return read_scan(text.encode(), this_year=YEAR, **wanted)  # type: ignore[arg-type]  # the tests' keywords are right


def test_message_gives_identifiers_lot_and_date() -> None:
    """Example of the library biip's documentation."""
    got = scan("010703206980498815210526100329")
    assert (got.format, got.valid, got.errors) == ("gs1", True, ())
    assert dict(got.fields) == {"01": "07032069804988", "15": "210526", "10": "0329"}
    assert (got.gtin, got.lot, got.details["best_before"]) == ("07032069804988", "0329", "2021-05-26")


@pytest.mark.parametrize("prefix", ["]C1", "]d2", "]Q3", "]e0", "]J1", ""])
def test_symbology_identifiers_say_gs1(prefix: str) -> None:
    """GS1-128, Data Matrix, QR, DataBar, DotCode, and none."""
    got = scan(f"{prefix}0104150123456782101A234B5{GS}17151231211234567890123456a")
    assert (got.lot, got.serial, got.symbology_id) == ("1A234B5", "1234567890123456a", prefix or None)
    assert (got.valid, got.details["expiry"], got.warnings) == (True, "2015-12-31", ())


@pytest.mark.parametrize("text", [f"15210526{GS}100329", f"{GS}15210526100329{GS}", f"15210526{GS}{GS}100329"])
def test_redundant_separators_are_tolerated(text: str) -> None:
    """GS1 General Specifications 7.8.6."""
    assert (scan(text).valid, scan(text).lot) == (True, "0329")


@pytest.mark.parametrize(
    "text",
    ["0107032069804988<GS>10AB", "<F1>010703206980498810AB", "{FNC1}010703206980498810AB", "0107032069804988␝10AB"],
)
def test_printed_fnc1_is_accepted_with_a_warning(text: str) -> None:
    """Readers and verifiers that print control characters."""
    got = scan(text)
    assert (got.valid, got.lot, got.warnings) == (True, "AB", ("printed_controls",))


def test_other_separator_by_configuration() -> None:
    """Some scanners are set to send | for FNC1."""
    got = scan("0107032069804988100329|15210526", gs1_separator="|")
    assert (got.lot, got.details["best_before"]) == ("0329", "2021-05-26")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("010950600013435210AB|21XY", "010950600013435210AB\x1d21XY"),
        ("]C110AB|21XY", "10AB\x1d21XY"),
        ("10AB|21XY", "10AB\x1d21XY"),
        ("[)>06|P123-4|S0009", "[)>06\x1dP123-4\x1dS0009"),
        ("A|B", "A|B"),
        ("10-A|B", "10-A|B"),
        ("]C010AB|21XY", "]C010AB|21XY"),
        ("(10)A|B", "(10)A|B"),
    ],
)
def test_a_remapped_separator_is_gs_in_gs1_codes_and_nowhere_else(text: str, meant: str) -> None:
    """A plain code may hold the same sign."""
    got, plainly = scan(text, gs1_separator="|"), scan(meant)
    assert (got.format, got.text, got.fields) == (plainly.format, plainly.text, plainly.fields)


@pytest.mark.parametrize("symbology", ["]d1", "]C0", "]Q1", "]Q5", "]A0", "]z0", "]L0"])
@pytest.mark.parametrize(
    "data", ["0109506000134352", "010950600013435210AB\x1d21XY", "(01)09506000134352", "5901234123457", "590123412345"]
)
def test_a_symbol_that_says_it_is_not_gs1_is_not_read_as_gs1(symbology: str, data: str) -> None:
    """Without FNC1 in its place the same characters are the house's own; the station may say that they are GS1."""
    got = scan(symbology + data)
    assert (got.gtin, got.serial, got.lot, dict(got.fields)) == (None, None, None, {})
    assert got.format == ("unknown" if "\x1d" in data else "plain")
    if data.startswith("0109"):
        assert scan(symbology + data, gs1_only=True).gtin == "09506000134352"


@pytest.mark.parametrize("text", ["]C0(01)09506000134352(21)AB", "https://id.gs1.org/01/09506000134352/21/AB"])
def test_a_station_of_gs1_codes_reads_brackets_and_links_too(text: str) -> None:
    """Whatever the symbol says of itself."""
    got = scan(text, gs1_only=True)
    assert (got.valid, got.gtin, got.serial) == (True, "09506000134352", "AB")


def test_a_symbol_that_says_nothing_is_read_as_before() -> None:
    """]X and ]Z stand for anything; ]I0 with fourteen digits is an ITF-14; a link is a link in any symbol."""
    for symbology in ("]X0", "]Z0", ""):
        assert scan(symbology + "0109506000134352").gtin == "09506000134352"
    assert scan("]I005901234123457").gtin == "05901234123457"
    assert scan("]Q2\\000026https://id.gs1.org/01/09506000134352/21/AB").serial == "AB"


def test_lost_separator_is_warned_of_where_it_still_parses() -> None:
    """The lot has swallowed a date that fits."""
    got = scan("010703206980498810032915210526")
    assert (got.valid, got.warnings) == (True, ("possible_missing_separator",))
    assert scan("010703206980498810ABCD123421SER1").warnings == ("possible_missing_separator",)


def test_value_before_a_break_is_in_doubt_and_answers_nothing() -> None:
    """A count that swallowed the next identifier is no quantity; a lot cut at its 20 characters is no lot."""
    got = scan("]C10207032069804988372510LOT1")
    assert (got.valid, got.errors, got.quantity) == (False, ("unparsed",), None)
    long = scan("1022222222222222222222aaa")
    assert (long.format, long.valid, long.errors, long.lot) == ("gs1", False, ("unparsed",), None)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("00376130321109103421", "00"),
        ("0107032069804987", "01"),
        ("4101234567890127", "410"),
        ("(01)07032069804987", "01"),
        ("https://id.gs1.org/01/07032069804987", "01"),
        ("[)>\x1e05\x1d0107032069804987\x1e\x04", "01"),
    ],
)
def test_wrong_check_digit_is_refused_and_answers_nothing(text: str, field: str) -> None:
    """In every dress; the field shows what stood there."""
    got = scan(text)
    assert (got.valid, got.errors, got.gtin, got.sscc) == (False, ("check_digit",), None, None)
    assert field in got.fields


@pytest.mark.parametrize("text", ["]d211120230", "]C115990229", "15000000", "]d217991301", "]d270030713011415"])
def test_impossible_dates_are_refused(text: str) -> None:
    """30 February, 29 February 1999, month 0, month 13."""
    got = scan(text)
    assert (got.format, got.valid, got.errors) == ("gs1", False, ("date",))


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("15210200", "best_before", "2021-02-28"),
        ("]d217200200", "expiry", "2020-02-29"),
        ("]d211030201", "production", "2003-02-01"),
        ("]d213030201", "packaging", "2003-02-01"),
        ("70030701021415", "expiry_datetime", "2007-01-02T14:15"),
        ("]C18008000102141516", "production_datetime", "2000-01-02T14:15:16"),
        ("3105123456", "net_weight_kg", "1.23456"),
        ("]C13100000123", "net_weight_kg", "123"),
        ("]e03302023456", "gross_weight_kg", "234.56"),
    ],
)
def test_dates_and_measures_by_name(text: str, name: str, value: str) -> None:
    """Day 00 is the month's last; measures keep the label's digits."""
    assert scan(text).details[name] == value


def test_sscc_counts_and_customer_part() -> None:
    """A count is a quantity; a price per unit (8005) is none."""
    got = scan(f"]C10037340030680998173330250{GS}241ABC-1")
    assert (got.sscc, got.quantity, got.part_number) == ("373400306809981733", "250", "ABC-1")
    assert scan("8005001234").quantity is None


@pytest.mark.parametrize(
    ("text", "error"),
    [("]C1AIMID", "unparsed"), ("]d20107032069", "incomplete"), ("]C13100123", "incomplete"), ("]C130", "incomplete")],
)
def test_gs1_symbol_with_other_content_is_refused(text: str, error: str) -> None:
    """FNC1 in first position promises identifiers."""
    got = scan(text)
    assert (got.format, got.valid, got.errors) == ("gs1", False, (error,))


def test_eight_digits_are_gs1_by_symbology_or_configuration_only() -> None:
    """96385074 is an EAN-8, and the company's own field 96 where the station says so."""
    assert scan("96385074").format == "ean"
    assert dict(scan("]C196385074").fields) == {"96": "385074"}
    assert dict(scan("96385074", gs1_only=True).fields) == {"96": "385074"}


@pytest.mark.parametrize("text", ["100329", "21ABC", "3001", "2012", "10f3c2e1-7a55-4f1d-9c1e-2b1d5a7e8f90"])
def test_texts_that_merely_begin_like_an_identifier_are_texts(text: str) -> None:
    """Without symbology and separators an open-length identifier proves nothing."""
    assert scan(text).format == "plain"


def test_brackets_are_read_and_brackets_in_values_kept() -> None:
    """The human readable line, typed or printed as a code."""
    got = scan("(01)07032069804988(17)210526(10)A(7)B")
    assert (got.valid, got.gtin, got.lot) == (True, "07032069804988", "A(7)B")


@pytest.mark.parametrize(
    "text",
    [
        "https://id.gs1.org/01/09506000134352/10/ABC%2F1/21/4711?17=251231",
        "https://example.com/shop/01/9506000134352/10/ABC%2F1/21/4711?17=251231&lang=de",
        "HTTPS://ID.GS1.ORG/gtin/09506000134352/lot/ABC%2F1/ser/4711?exp=251231",
    ],
)
def test_digital_links_in_old_and_new_spelling(text: str) -> None:
    """Any host, a path before the identifier, short GTINs, names instead of numbers."""
    got = scan(text)
    assert (got.format, got.valid, got.gtin) == ("gs1-digital-link", True, "09506000134352")
    assert (got.lot, got.serial, got.details["expiry"]) == ("ABC/1", "4711", "2025-12-31")


def test_links_without_or_with_wrong_identifiers() -> None:
    """A shop's address is a text; a link that promises a GTIN and has none is refused."""
    assert scan("https://example.com/path").format == "plain"
    assert scan("https://[::1").format == "plain"
    assert scan("https://id.gs1.org/01/ABC").errors == ("gs1",)


def test_years_fall_within_fifty_of_this_one() -> None:
    """GS1 General Specifications 7.12."""
    assert [label_dates.full_year(year, 2026) for year in (26, 76, 77, 0, 99)] == [2026, 2076, 1977, 2000, 1999]
    assert [label_dates.full_year(year, 2060) for year in (60, 10, 9, 11)] == [2060, 2110, 2109, 2011]


NUMBERS = st.integers(0, 9999).map(str) | st.sampled_from(["00", "01", "10", "17", "21", "3103", "3922", "8008", "99"])
CHARACTERS = st.text(st.characters(min_codepoint=32, max_codepoint=126) | st.just(GS), max_size=30)
MESSAGES = st.builds("{}{}".format, NUMBERS, CHARACTERS | st.text("0123456789", max_size=30))


def biips_element(text: str, *, whole: bool) -> tuple[str, str, bool] | None:
    """The library's own answer: identifier, value, whether a separator must follow."""
    config = ParseConfig(gs1_element_strings_verify_date=False)
    try:
        found = (GS1ElementString.parse if whole else GS1ElementString.extract)(text, config=config)
    except ParseError:
        return None
    return found.ai.ai, found.value, found.ai.separator_required


@given(text=MESSAGES, whole=st.booleans())
def test_an_element_is_what_biip_calls_one(text: str, whole: bool) -> None:
    """Its table is read here without its parser: both give the same for any text."""
    known = identifier_at(text)
    value = None if known is None else known.value(text, whole=whole)
    got = None if known is None or value is None else (known.ai, value, known.separator_required)
    assert got == biips_element(text, whole=whole)


def test_the_table_is_biips_to_the_last_line() -> None:
    """Every identifier that the library knows, and each with a value that it takes."""
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

    found = 0
    for number in (f"{value:0{places}}" for places in (2, 3, 4) for value in range(10**places)):
        known = identifier_at(number)
        try:
            theirs = GS1ApplicationIdentifier.extract(number)
        except ParseError:
            assert known is None
            continue
        assert known is not None
        assert (theirs.ai, theirs.pattern, theirs.separator_required) == (
            known.ai,
            known.pattern,
            known.separator_required,
        )
        assert re.compile(known.pattern).groups >= 1
        found += number == theirs.ai
    assert found > 400
