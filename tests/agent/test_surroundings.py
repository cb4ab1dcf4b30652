"""What a scanner puts around a code is taken off, once and for all; inside it the code is refused, never mended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gaugetrail_agent.barcodes import read_scan
from gaugetrail_agent.barcodes.surroundings import ENCODINGS, bare, codec_of, decoded

UNSEEN = ["\ufeff", "\u200b", "\u200c", "\u200d", "\u2060", "\u00ad", "\u00a0", "\u202f", "\u2007", "\u3164", "\ufe0f"]
AROUND = [*UNSEEN, "\r", "\n", "\t", "\x00", "\x02", "\x03", "\u3000"]
AIM = ["]C0", "]d1", "]Q2", "]A0", "]X0"]
ECI = ["\\000026", "\\000003", "\\000899"]


@pytest.mark.parametrize("piece", [*AROUND, *AIM, *ECI])
def test_each_of_them_is_taken_off_before_the_code(piece: str) -> None:
    assert bare(f"{piece}SN-4711").text == "SN-4711"


@pytest.mark.parametrize("piece", AROUND)
def test_blanks_are_taken_off_behind_the_code_too(piece: str) -> None:
    assert bare(f"SN-4711{piece}").text == "SN-4711"
    assert bare(f" SN-4711 {piece} ").text in ("SN-4711", " SN-4711")


@given(
    st.lists(st.sampled_from([*AROUND, " ", *ECI]), max_size=4), st.lists(st.sampled_from([*AROUND, " "]), max_size=4)
)
def test_in_any_order_and_number(before: list[str], behind: list[str]) -> None:
    """Identifiers of a printer's set-up, an editor's mark, a keyboard's blank: whatever came together."""
    found = bare("".join(before) + "]d1" + "SN-4711" + "".join(behind))
    assert (found.text.strip(" "), found.symbology, found.inside) == ("SN-4711", "]d1", None)


@given(st.text(st.sampled_from([*"]C0[)>\\26d1A ", *AROUND, "\x1d", "\x1e", "\x04"])) | st.text())
def test_twice_is_once(text: str) -> None:
    """The wire takes it off, and the station does it again for what is typed."""
    once = bare(text)
    assert bare(once.text).text == once.text


@given(st.text(st.characters(codec="utf-8")))
def test_only_ends_are_taken_off(text: str) -> None:
    """What is left stands in the text as it came, letter by letter."""
    found = bare(text)
    assert found.text in text or found.eci is not None


@pytest.mark.parametrize("piece", UNSEEN)
def test_inside_they_refuse_the_code(piece: str) -> None:
    """SN4711 with something unseen in it would be another serial than it looks."""
    got = read_scan(f"SN{piece}4711".encode())
    assert (got.valid, got.errors, got.serial) == (False, ("unseen",), None)
    assert "nobody sees" in got.advice[0]


@pytest.mark.parametrize("text", ["SN-1]C0SN-2", "SN-1\\000026SN-2", "]C0SN-1]d2SN-2", "\\000026SN\\000003x"])
def test_two_codes_in_one_are_refused(text: str) -> None:
    got = read_scan(text.encode())
    assert (got.valid, got.errors) == (False, ("glued",))
    assert "two codes came as one" in got.advice[0]


@pytest.mark.parametrize(
    "text",
    [
        "[A]A12",
        "(SN]7",
        "C:\\123456",
        "A]B0",
        "部品\u3000A1",
        "\\123456",
        "SN-4711",
        "1E5",
        "]",
        "]C",
        "A B",
        "[)>06]Q10]P1",
    ],
)
def test_what_only_resembles_them_stays(text: str) -> None:
    """A bracket that closes, a path, a wide blank between words."""
    assert (bare(text).text, bare(text).inside) == (text, None)


def test_an_eci_halves_the_backslashes_that_the_scanner_doubled() -> None:
    """AIM ITS/04-001; without an ECI they are the code's own."""
    assert bare("]Q2\\000026A\\\\B") == bare("]Q2\\000026A\\B")
    assert bare("A\\\\B").text == "A\\\\B"


@pytest.mark.parametrize(
    ("number", "raw", "text"),
    [
        (0, b"\x81", "ü"), (1, b"\xfc", "ü"), (2, b"\x81", "ü"), (3, b"\xfc", "ü"), (4, b"\xa3", "Ł"),
        (5, b"\xa1", "Ħ"), (6, b"\xa5", "Ĩ"), (7, b"\xb6", "Ж"), (8, b"\xc7", "ا"), (9, b"\xd9", "Ω"),
        (10, b"\xe0", "א"),
        (11, b"\xf0", "ğ"), (12, b"\xfe", "þ"), (13, b"\xa1", "ก"), (15, b"\xd9", "Ł"), (16, b"\xa1", "Ḃ"),
        (17, b"\xa4", "€"),
        (18, b"\xaa", "Ș"), (20, b"\x83\x54", "サ"), (21, b"\x8c", "Ś"), (22, b"\xc6", "Ж"), (23, b"\x80", "€"),
        (24, b"\xc7", "ا"), (26, b"\xc3\xbc", "ü"), (27, b"A", "A"), (28, b"\xb9\x73", "零"), (29, b"\xc1\xe3", "零"),
        (30, b"\xba\xce", "부"), (31, b"\xc1\xe3", "零"), (32, b"\xc1\xe3", "零"), (170, b"A", "A"),
    ],
)  # fmt: skip
def test_each_eci_has_its_character_set(number: int, raw: bytes, text: str) -> None:
    """AIM ITS/04-023; the setting is another set each time."""
    assert bare(decoded(b"\\%06d" % number + raw, "ascii" if text != "A" else "gbk")).text == text


def test_the_first_of_several_identifiers_counts() -> None:
    """The outermost is the scanner's own."""
    found = bare("]d1\\000026]C0\\000003SN")
    assert (found.text, found.symbology, found.eci) == ("SN", "]d1", 26)


def test_a_byte_order_mark_says_utf_8_whatever_is_set() -> None:
    """The mark's own bytes are no letters of GBK or cp437."""
    for codec in ("gbk", "cp437", "latin-1", "utf-8"):
        assert decoded(b"\xef\xbb\xbf" + "für".encode(), codec) == "für"
    assert decoded(b"]Q1\xef\xbb\xbfM\xfcller", "latin-1") == "]Q1Müller"


def test_every_character_set_can_be_had_and_a_wrong_one_lists_them() -> None:
    for name in ENCODINGS:
        assert decoded(b"SN-4711", codec_of(name.upper())) == "SN-4711"
    assert {codec_of("Shift_JIS"), codec_of("sjis"), codec_of("CP932")} == {"cp932"}
    assert (codec_of("latin1"), codec_of("ISO-8859-1"), codec_of("euc_kr")) == ("latin-1", "latin-1", "cp949")
    with pytest.raises(ValueError, match=r"'klingon'; allowed are utf-8, .*shift-jis"):
        codec_of("klingon")


@given(st.binary(), st.sampled_from(sorted(ENCODINGS.values())))
def test_any_bytes_are_text_or_no_text_of_that_set(raw: bytes, codec: str) -> None:
    try:
        found = decoded(raw, codec)
    except UnicodeDecodeError:
        return
    assert bare(found).text is not None
