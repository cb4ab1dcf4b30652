"""Labels in ISO/IEC 15434 envelopes: read through damage that can be undone, refused where field borders are lost."""

from __future__ import annotations

import pytest

from gaugetrail_agent.barcodes import Scan, read_scan

RS, GS, EOT = "\x1e", "\x1d", "\x04"
YEAR = 2026


def scan(text: str, **wanted: object) -> Scan:
    return read_scan(text.encode("latin-1"), this_year=YEAR, **wanted)  # type: ignore[arg-type]  # the tests' keywords are right


def envelope(number: str, *fields: str) -> str:
    return f"[)>{RS}{number}{GS}{GS.join(fields)}{RS}{EOT}"


def test_label_answers_part_lot_quantity_and_supplier() -> None:
    """An electronics distributor's label, trailer missing as they print it (DigiKey; InvenTree's plug-in tests)."""
    got = scan(
        f"[)>{RS}06{GS}P296-LM358BIDDFRCT-ND{GS}1PLM358BIDDFR{GS}K{GS}1K72991337{GS}4LPH{GS}Q10{GS}1TA1{GS}20Z000"
    )
    assert (got.format, got.valid, got.warnings) == ("iso15434-06", True, ("trailer",))
    assert (got.part_number, got.quantity, got.lot) == ("296-LM358BIDDFRCT-ND", "10", "A1")
    assert (got.fields["K"], got.fields["1P"]) == ("", "LM358BIDDFR")


def test_absent_quantity_is_null() -> None:
    """Not one (Mouser; InvenTree's plug-in tests)."""
    got = scan(envelope("06", "KP0-1337", "14K011", "1PMC34063ADR", "11K073121337", "4LMX", "1VTI"))
    assert (got.valid, got.quantity, got.supplier, got.part_number) == (True, None, "TI", "MC34063ADR")


@pytest.mark.parametrize("quantity", ["1O", "ABC", "-5", "1,5", "1e3", "NaN", "10 pieces"])
def test_quantity_that_is_no_number_is_refused(quantity: str) -> None:
    """The letter O for a zero."""
    got = scan(envelope("06", "Pnonsense", f"Q{quantity}"))
    assert (got.valid, got.errors, got.quantity, got.fields["Q"]) == (False, ("quantity",), None, quantity)


def test_quantity_with_its_unit() -> None:
    """UN/ECE unit behind the number, as material labels of electronics have it."""
    got = scan(envelope("06", "P1", "Q500NAR"))
    assert (got.quantity, got.details["quantity_unit"]) == ("500", "NAR")


@pytest.mark.parametrize(
    "text",
    [
        "[)>06V2812P89131CU217SE251016S1B1A0476217M04",
        f"[)>{RS}06P1234Q10{RS}{EOT}",
        "[)> 06 P1234 Q10",
        ">[)>06P1234Q10",
        "[)>P1234",
        "[)>03006029P1234029Q10030004",  # ALT codes that the host took for digits
        f"[)>{RS}0196841706672840001{RS}{EOT}",
    ],
)
def test_lost_separators_are_refused_with_the_cure(text: str) -> None:
    """The borders of the fields cannot be known again; the message says what to set."""
    got = scan(text)
    assert (got.format, got.valid, got.errors, dict(got.fields)) == ("unknown", False, ("separators_missing",), {})
    assert "control characters" in got.advice[0]


@pytest.mark.parametrize(
    "text",
    [
        "[)><RS>06<GS>P1234<GS>Q10<RS><EOT>",
        "[)>{RS}06{GS}P1234{GS}Q10{RS}{EOT}",
        "[)>[RS]06[GS]P1234[GS]Q10[RS][EOT]",
        "[)>^^06^]P1234^]Q10^^^D",
        r"[)>\x1e06\x1dP1234\x1dQ10\x1e\x04",
        r"[)>\u001e06\u001dP1234\u001dQ10\u001e\u0004",
        "[)>_1E06_1DP1234_1DQ10_1E_04",
        "[)>^06]P1234]Q10^D",
        ">[)>06]P1234]Q10",
        "[)>@06@P1234@Q10@@",
        "[)>~d03006~d029P1234~d029Q10~d030~d004",
        f"[)>{RS}06{GS}P1234{GS}Q10{RS}EOT",
    ],
)
def test_printed_control_characters_are_accepted_with_a_warning(text: str) -> None:
    """As readers, label templates, wedges without Ctrl and material labels write them."""
    got = scan(text)
    assert (got.format, got.valid, got.part_number, got.quantity) == ("iso15434-06", True, "1234", "10")
    assert "printed_controls" in got.warnings


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        (f">[)>06{GS}P1234{GS}Q10", {"header", "trailer"}),
        (f"[)>06{GS}P1234{GS}Q10{RS}{EOT}", {"header"}),
        (f"[)>{GS}{RS}06{GS}P1234{GS}Q10{RS}{EOT}", {"header"}),
        (f"[]>{RS}06{GS}P1234{GS}Q10{RS}{EOT}", {"header"}),
        (f")>{RS}06{GS}P1234{GS}Q10{RS}{EOT}", {"header"}),
        (f"[)>{RS}06P1234{GS}Q10{RS}{EOT}", {"header"}),
        (f"06{GS}P1234{GS}Q10", {"header", "trailer"}),
        (f"P1234{GS}Q10", {"header", "trailer"}),
        (f"[)>{RS}06{GS}P1234{GS}Q10{EOT}", {"trailer"}),
        (f"[)>{RS}06{GS}P1234{GS}Q10{GS}{RS}{EOT}", {"trailer"}),
        (f"[)>{RS}06{GS}P1234{GS}q10{RS}{EOT}", {"case"}),
        (f"]d1[)>{RS}06{GS}P1234{GS}Q10{RS}{EOT}", set()),
    ],
)
def test_malformed_envelopes_are_read_with_a_warning(text: str, warnings: set[str]) -> None:
    """Each as found on labels."""
    got = scan(text)
    assert (got.format, got.valid, got.part_number, got.quantity) == ("iso15434-06", True, "1234", "10")
    assert set(got.warnings) == warnings


@pytest.mark.parametrize("text", ["[)>", f"[)>{RS}06", f"[)>{RS}06{GS}{RS}{EOT}", f"[)>{RS}12{RS}{EOT}"])
def test_envelope_without_fields_is_incomplete(text: str) -> None:
    """A code cut off behind its header."""
    assert (scan(text).valid, scan(text).errors) == (False, ("incomplete",))


def test_field_without_identifier_is_refused() -> None:
    """No field is guessed."""
    assert scan(envelope("06", "P1234", "=Q10")).errors == ("unparsed",)


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("D251231", "date", "2025-12-31"),
        ("6D20251231", "date", "2025-12-31"),
        ("6D20251231050", "date", "2025-12-31"),
        ("9D251231", "date", "2025-12-31"),
        ("9D2552", "date", "2025-W52"),
        ("10D2552", "date_code", "2025-W52"),
        ("14D20251231", "expiry", "2025-12-31"),
        ("16D20251231", "production", "2025-12-31"),
    ],
)
def test_dates_on_labels(field: str, name: str, value: str) -> None:
    """ANS MH10.8.2 category D."""
    assert scan(envelope("06", "P1", field)).details[name] == value


@pytest.mark.parametrize("field", ["D251301", "6D20250230", "9D20251332", "10D2554", "14D20250001", "16DABC"])
def test_impossible_dates_on_labels_are_refused(field: str) -> None:
    """Month 13, 30 February, week 54."""
    assert (scan(envelope("06", "P1", field)).valid, scan(envelope("06", "P1", field)).errors) == (False, ("date",))


def test_identifier_may_mean_something_else_by_configuration() -> None:
    """MH10.8.2 says 4L is the country; some users put a lot there."""
    text = envelope("06", "P1234567890", "4LMIL-LOT-42", "S99887766")
    assert (scan(text).lot, scan(text).serial) == (None, "99887766")
    assert scan(text, roles={"4L": "lot"}).lot == "MIL-LOT-42"


def test_pharmacy_label_has_its_expiry_in_d() -> None:
    """IFA's example: PPN with check digits, lot, expiry, serial."""
    got = scan(envelope("06", "9N110375286414", "1T12345ABCD", "D150600", "S12345ABCDEF98765"))
    assert (got.valid, got.lot, got.serial, got.details["expiry"]) == (
        True,
        "12345ABCD",
        "12345ABCDEF98765",
        "2015-06-30",
    )
    assert scan(envelope("06", "9N110375286415", "1T1")).errors == ("check_digit",)


def test_vehicle_number_in_a_label_is_checked() -> None:
    """Identifier I."""
    assert scan(envelope("06", "I1M8GDM9AXKP042788", "P1")).details["vin"] == "1M8GDM9AXKP042788"
    assert scan(envelope("06", "I1M8GDM9A1KP042788", "P1")).errors == ("check_digit",)


def test_hyundai_kia_s_is_a_sequence_code_never_a_serial() -> None:
    """Recognised by V, P, E and T together, or by name (form of several Korean tools)."""
    got = scan(f"[)>{RS}06{GS}VANFC{GS}P86511BP000T5G{GS}SBUT5{GS}E{GS}TP1PFBUT52604072329{GS}{RS}{EOT}")
    assert (got.profile, got.valid, got.serial, got.supplier) == ("hkmc", True, None, "ANFC")
    assert (got.part_number, got.details["sequence_code"]) == ("86511BP000T5G", "BUT5")
    assert got.details["trace"] == "P1PFBUT52604072329"


def test_hyundai_kia_trace_is_taken_apart() -> None:
    """YYMMDD, 4M, A (singly) or @ (lot), number; a date that cannot be is refused."""
    got = scan(envelope("06", "V2812", "P89131CU217", "S", "E", "T251016S1B1A0476217", "M"), profile="hkmc")
    assert (got.details["production"], got.details["trace_four_m"]) == ("2025-10-16", "S1B1")
    assert (got.details["trace_kind"], got.details["trace_number"], got.serial) == ("serial", "0476217", None)
    lot = scan(envelope("06", "V2812", "P89131CU217", "E", "T251016S1B1@0476217"))
    assert lot.details["trace_kind"] == "lot"
    assert scan(envelope("06", "V2812", "P89131CU217", "E", "T251316S1B1A0476217")).errors == ("date",)


def test_general_motors_label() -> None:
    """Y VPPS, P part, 12V DUNS, T line, shift and day (fields of GMW15862)."""
    got = scan(envelope("06", "Y0123456789ABCD", "P12345678", "12V123456789", "TLS18143A2B4C6000"))
    assert (got.profile, got.valid, got.part_number, got.supplier) == ("gm", True, "12345678", "123456789")
    assert (got.details["production"], got.details["trace_number"], got.serial) == ("2018-05-23", "A2B4C6000", None)
    assert scan(envelope("06", "P1234567", "12V123456789", "TX"), profile="gm").errors == ("unparsed",)


def test_global_transport_label_with_empty_fields_and_1p_twice() -> None:
    """VDA 4994; identifiers and order are those of a printed label, the second 1P as cell makers add it."""
    fields = [
        "12PGTL3", "9K12", "6JUN449113031000007248", "14D", "16D20220803", "P8613013591", "2P10", "1T2200004739",
        "Q448", "3QEA", "K55179602", "4K001", "2S22200203", "15K", "V097201178", "13V449113031", "7Q167.70",
        "2K22200203", "23P", "30P", "12V", "1P", "33TN", "1PCELL-21", "10V", "20P", "2T",
    ]  # fmt: skip
    got = scan(envelope("06", *fields))
    assert (got.profile, got.valid, got.part_number, got.lot) == ("gtl3", True, "8613013591", "2200004739")
    assert (got.quantity, got.supplier, got.details["production"]) == ("448", "097201178", "2022-08-03")
    assert got.details["package"] == "UN449113031000007248"
    assert (got.fields["1P"], got.fields["14D"]) == ("CELL-21", "")
    assert [value for identifier, value in got.elements if identifier == "1P"] == ["", "CELL-21"]


@pytest.mark.parametrize("profile", ["hkmc", "gm", "gtl3"])
def test_label_without_the_customers_fields_is_incomplete(profile: str) -> None:
    """A profile by name asks for its fields."""
    assert "incomplete" in scan(envelope("06", "P12345678", "Q2"), profile=profile).errors


def test_format_05_holds_gs1_identifiers() -> None:
    """Foreign data inside is named; the envelope itself is sound."""
    good = scan(envelope("05", "0107032069804988", "17210526", "10ABC"))
    assert (good.format, good.valid, good.gtin, good.lot) == ("iso15434-05", True, "07032069804988", "ABC")
    other = scan(envelope("05", "ABC123"))
    assert (other.format, other.valid, other.errors) == ("iso15434-05", True, ("gs1",))


@pytest.mark.parametrize("fields", [("MFR 98752", "PNO 10-20", "SER UNIT 1"), ("MFR98752", "PNO10-20", "SERUNIT 1")])
def test_format_12_holds_text_identifiers(fields: tuple[str, ...]) -> None:
    """ATA Spec 2000 and MIL-STD-130, with and without the blank; `DD` is its older number."""
    for number in ("12", "DD"):
        got = scan(envelope(number, *fields))
        assert (got.format, got.valid, got.supplier) == ("iso15434-12", True, "98752")
        assert (got.part_number, got.serial) == ("10-20", "UNIT 1")


def test_format_01_is_a_carriers_label() -> None:
    """Postal code, country, class of service, tracking number (ANS MH10.8.3)."""
    got = scan(envelope("01", "96841706672", "840", "001", "1Z12345675", "UPSN", "12345E"))
    assert (got.format, got.valid) == ("iso15434-01", True)
    assert (got.fields["postal_code"], got.fields["tracking_number"]) == ("841706672", "1Z12345675")


@pytest.mark.parametrize("number", ["02", "03", "04", "07", "08", "10", "11"])
def test_other_formats_are_kept_whole(number: str) -> None:
    """EDI messages, free text and CII have no fields of ours."""
    got = scan(f"[)>{RS}{number}004010\x1cST*856{RS}{EOT}")
    assert (got.format, got.valid, got.fields["data"]) == (f"iso15434-{number}", True, "004010\x1cST*856")


def test_format_09_counts_its_bytes() -> None:
    """Binary data may hold separators; too few bytes are incomplete."""
    got = scan(f"[)>{RS}09{GS}jpg{GS}none{GS}5{GS}\x01{RS}\xff{EOT}\x1d{RS}{EOT}")
    assert (got.valid, got.fields["data_hex"]) == (True, "011eff041d")
    assert scan(f"[)>{RS}09{GS}jpg{GS}none{GS}9{GS}\x01{RS}{EOT}").errors == ("incomplete",)


@pytest.mark.parametrize(
    "formats",
    [
        (f"06{GS}P123-4{GS}S0009", f"05{GS}0109506000134352"),
        (f"05{GS}0109506000134352", f"06{GS}P123-4{GS}S0009"),
        (f"05{GS}0109506000134352", f"12{GS}PNO 123-4{GS}SER 0009"),
        (f"06{GS}P123-4", f"12{GS}SER 0009", f"05{GS}0109506000134352"),
    ],
)
def test_every_format_of_an_envelope_answers(formats: tuple[str, ...]) -> None:
    """ISO/IEC 15434 closes each format with RS; none makes another lose its part or serial."""
    got = scan(f"[)>{RS}{RS.join(formats)}{RS}{EOT}")
    assert (got.format, got.valid) == (f"iso15434-{formats[0][:2]}", True)
    assert (got.part_number, got.serial, got.gtin, got.warnings) == ("123-4", "0009", "09506000134352", ())


def test_formats_that_contradict_each_other_are_named() -> None:
    """The first one's serial is taken, and who looks is told."""
    got = scan(f"[)>{RS}06{GS}S0009{RS}05{GS}010950600013435221AB{RS}{EOT}")
    assert (got.serial, got.warnings, dict(got.fields)["21"]) == ("0009", ("contradiction",), "AB")
    assert "tell the supplier" in got.advice[0]


@pytest.mark.parametrize(
    ("code", "field"),
    [
        (f"06{GS}P1{GS}S0001{GS}S0002", "serial"),
        (f"06{GS}P1{GS}1T77{GS}1T78", "lot"),
        (f"12{GS}PNO 1{GS}SER 1{GS}SER 2", "serial"),
    ],
)
def test_a_label_that_lists_several_units_names_none(code: str, field: str) -> None:
    """The first would be a guess; the same one twice is one."""
    got = scan(f"[)>{RS}{code}{RS}{EOT}")
    assert (got.valid, getattr(got, field), got.part_number, got.warnings) == (True, None, "1", ("several",))
    assert "scan the unit's own code" in got.advice[0]
    once = code.rpartition(GS)[0]
    again = scan(f"[)>{RS}{once}{GS}{once.rpartition(GS)[2]}{RS}{EOT}")
    assert (getattr(again, field) is None, again.warnings) == (False, ())


@pytest.mark.parametrize("code", [f"]d2010950600013435221A1{GS}21A2", f"]d210L1{GS}0109506000134352{GS}10L2"])
def test_a_gs1_identifier_with_two_values_is_neither(code: str) -> None:
    got = scan(code)
    assert (got.valid, got.errors, got.serial, got.lot, got.gtin) == (
        False,
        ("repeated",),
        None,
        None,
        "09506000134352",
    )
    same = scan(f"]d2010950600013435221A1{GS}21A1")
    assert (same.valid, same.serial) == (True, "A1")


def test_a_damaged_second_format_refuses_the_label() -> None:
    """A wrong check digit, foreign GS1 data, a field without identifier: half a label is none."""
    for second in (f"05{GS}0109506000134353", f"05{GS}ABC123", f"12{GS}ser 1", f"06{GS}-", "99x"):
        assert scan(f"[)>{RS}06{GS}S0009{RS}{second}{RS}{EOT}").valid is False, second


def test_text_elements_with_digits_in_their_names_are_read() -> None:
    """PN1 is a part number too."""
    got = scan(envelope("12", "PN1 10-20", "SER 7"))
    assert (got.valid, got.part_number, got.serial) == (True, "10-20", "7")


def test_unknown_format_is_refused() -> None:
    """13 to 99 are not assigned."""
    assert (scan(envelope("99", "P1")).format, scan(envelope("99", "P1")).errors) == ("unknown", ("unparsed",))
