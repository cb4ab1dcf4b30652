"""Types of registers beyond plain numbers: what PLCs and meters really send, by independent formulas and by hand.

Sources: Finder 7M.38 manual, p. 54 (T4, T5, T6); Schneider FA146443 and FA212766 (Mod10); SunSpec's scale factors;
Omega DPF20 manual, p. 29 (decimals in a register); Siemens STRING and WSTRING as S7 PLCs keep them.
"""

from __future__ import annotations

import json
import struct
from decimal import Decimal

import pytest
from fuzz_count import FRAMES
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gaugetrail_agent.cli import app
from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.registers import BadRegisters, decode, registers_answer
from gaugetrail_agent.drivers.modbus.types import TYPES, parse

ORDERS = ("big", "little")


def shown(words: str, type_: str, byte: str = "big", word: str = "big", **more: object) -> dict[str, object]:
    sentinel = more.get("sentinel", ())
    assert isinstance(sentinel, tuple)
    texts = (str(more.get("scale", "1")), str(more.get("offset", "0")), sentinel, str(more.get("encoding", "ascii")))
    return registers_answer([int(one, 16) for one in words.split()], registers.make_spec(type_, byte, word, *texts))


def words_of(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 2], "big") for at in range(0, len(data), 2)]


@pytest.mark.parametrize(
    ("words", "type_", "order", "text"),
    [
        ("FD01 E240", "decade-exponent-uint24", "big", "123.456"),
        ("FDFE 1DC0", "decade-exponent-int24", "big", "-123.456"),
        ("E240 FD01", "decade-exponent-uint24", "little", "123.456"),
        ("A710", "decade-exponent-uint14", "big", "1000000"),
        ("04D2 162E", "mod10k32", "big", "12345678"),
        ("11D7 007B 0000 0000", "mod10k64", "little", "1234567"),
        ("FFFF FFFE 0000", "mod10k48-signed", "big", "-100020000"),
        ("0001 0002 03E7", "radix1000-48", "big", "1002999"),
        ("0001 0002 03E7", "radix1000[3]", "big", "1002999"),
        ("0000 04D2 0000 0000", "int64", "dword-little", "1234"),
        ("FFFF FFFE FFFF FFFF", "int64", "dword-little", "-2"),
        ("0000 0000 40DA 7CE0", "float64", "dword-little", "27123.5"),
        ("5678 9012 0012 1234", "bcd64", "dword-little", "12123456789012"),
        ("FBF1 0009 0002", "int32*10^-uint16", "little", "6543.21"),
        ("04D2 FFFE", "int16*10^int16", "big", "12.34"),
        ("04D2 0002", "int16*10^int16", "big", "123400"),
        ("04D2 0003", "int16*uint16", "big", "3702"),
        ("0001 0003", "uint16/uint16", "big", "0.33333333333333333"),
        ("0064 4120 0000", "uint16*float32", "big", "1000"),
        ("0008", "uint16:3", "big", "1"),
        ("FFF7", "bit[3]", "big", "0"),
        ("0001 0000", "bit[16]", "big", "1"),
        ("00A0", "uint16:4-7", "big", "10"),
        ("00A0", "bits[4-7]", "big", "10"),
        ("0000 8000", "uint32:31", "little", "1"),
    ],
)
def test_numbers_as_their_makers_mean_them(words: str, type_: str, order: str, text: str) -> None:
    assert text == shown(words, type_, "big", order).get("text")


@pytest.mark.parametrize(
    ("words", "type_", "kind"),
    [
        ("2710 0000", "mod10k32", "digit"),
        ("FFFF 0001", "mod10k32-signed", "digit"),
        ("03E8 0000", "radix1000-32", "digit"),
        ("7F00 0001", "decade-exponent-uint24", "exponent"),
        ("0001 0013", "int16*10^int16", "exponent"),
        ("0001 0000", "uint16/uint16", "divisor"),
        ("0001", "int16*10^int16", "length"),
    ],
)
def test_what_is_no_number_of_its_type_is_an_error(words: str, type_: str, kind: str) -> None:
    found = shown(words, type_)
    assert (None, kind) == (found["value"], found["error"])


def test_a_scale_that_is_not_implemented_makes_no_value() -> None:
    """SunSpec: a scale factor of 0x8000 says that there is none, and 0x8000 as the value that there is no value."""
    assert shown("04D2 8000", "int16*10^int16") == {"value": None, "special": "no-scale"}
    assert shown("8000 0000", "int16*10^int16", sentinel=("0x8000",)) == {"value": None, "special": "sentinel"}
    assert shown("0001 7FC0 0000", "uint16*float32") == {"value": None, "special": "nan"}


TEXTS = [
    # registers, type, byte order, encoding, text
    ("0603 4142 4358 5858", "s7string[4]", "big", "ascii", "ABC"),
    ("0306 4241 5843 5858", "s7string[4]", "little", "ascii", "ABC"),
    ("FE02 4F4B 6F6C 6421", "s7string[4]", "big", "ascii", "OK"),
    ("0600 5858 5858 5858", "s7string[4]", "big", "ascii", ""),
    ("0606 4142 0000 0000", "s7string[4]", "big", "ascii", "AB"),
    ("0606 4142 2020 2020", "s7string[4]", "big", "ascii", "AB"),
    ("0602 C3C4 0000 0000", "s7string[4]", "big", "latin-1", "ÃÄ"),
    ("0006 0002 0041 03A9 0058", "s7wstring[5]", "big", "ascii", "AΩ"),
    ("0341 4243 5858", "length8-string[3]", "big", "ascii", "ABC"),
    ("4103 4342 5858", "pstring[3]", "little", "ascii", "ABC"),
    ("0003 4142 4358", "length16-string[3]", "big", "ascii", "ABC"),
    ("0003 4241 5843", "length16-string[3]", "little", "ascii", "ABC"),
    ("0000 0003 4142 4358", "length32-string[4]", "big", "ascii", "ABC"),
    ("0041 0042 0000 0058", "char-per-register[4]", "big", "ascii", "AB"),
    ("4100 4200 0000", "char-per-register[3]", "big", "ascii", "AB"),
    ("2041 2042 2020", "char-per-register[3]", "big", "ascii", "AB"),
    ("4120 4220 2020", "char-per-register[3]", "little", "ascii", "AB"),
    ("0041 0020 0042", "char-per-register[3]", "big", "ascii", "A B"),
    ("00C4 00D6", "char-per-register[2]", "big", "cp1252", "ÄÖ"),
    ("0041 00C7 0042", "string[3]", "big", "utf-16", "AÇB"),
    ("8141 0000", "string[2]", "big", "cp437", "üA"),
    ("A4A4 0000", "string[2]", "big", "big5", "中"),
]


@pytest.mark.parametrize(("words", "type_", "byte", "encoding", "text"), TEXTS)
def test_texts_as_plcs_keep_them(words: str, type_: str, byte: str, encoding: str, text: str) -> None:
    assert {"value": text} == shown(words, type_, byte, encoding=encoding)


@pytest.mark.parametrize(
    ("words", "type_", "word", "text"),
    [
        ("0003 0000 4142 4358", "length32-string[4]", "little", "ABC"),
        ("0000 0000", "length32-string[2]", "big", ""),
        ("0000 0004 4142 4344", "length32-string[4]", "big", "ABCD"),
        ("0002 0002 0041 0042", "s7wstring[4]", "big", "AB"),
        ("3FFE 0001 0041", "s7wstring[3]", "big", "A"),
        ("0202 4142", "s7string[2]", "big", "AB"),
        ("0000 4142", "string[2]", "big", ""),
        ("0041 0042", "char-per-register[2]", "little", "AB"),
    ],
)
def test_lengths_are_taken_to_their_ends(words: str, type_: str, word: str, text: str) -> None:
    """Only a length in two registers has a word order; the most that a field can hold is in it."""
    assert shown(words, type_, "big", word) == {"value": text}


def test_the_characters_of_the_part_before_are_no_part_of_this_one() -> None:
    """A captured S7 STRING: seventeen characters, and behind them what is left of a longer name."""
    captured = "1E11 4C5F 3234 305F 544B 3134 5F33 302E 7072 6470 7264 616F 2E70 7264 4C4F 0000"
    assert shown(captured, "s7string[16]") == {"value": "L_240_TK14_30.prd"}


@pytest.mark.parametrize(
    ("words", "type_", "kind"),
    [
        ("0603 4142", "s7string[2]", "length"),  # says three characters, and the field was cut to two
        ("0307 4142 4344", "s7string[3]", "layout"),
        ("FF02 4142 4344", "s7string[3]", "layout"),
        ("4142 4344", "s7string[2]", "layout"),
        ("0003 0004 0041 0042 0043", "s7wstring[5]", "layout"),
        ("0009 0008 0041", "s7wstring[3]", "length"),
        ("3FFF 0001 0041", "s7wstring[3]", "layout"),
        ("0002 0000 0001 4142", "length32-string[4]", "length"),
        ("0006", "s7wstring[1]", "length"),
        ("0941 4243", "length8-string[2]", "length"),
        ("0009 4142", "length16-string[2]", "length"),
        ("0001 0001 4142", "length32-string[3]", "length"),
        ("0000", "length32-string[1]", "length"),
        ("4142 4344", "char-per-register[2]", "layout"),
        ("0641 4242 0000 0000", "s7string[4]", "layout"),
    ],
)
def test_half_a_text_is_no_text(words: str, type_: str, kind: str) -> None:
    found = shown(words, type_)
    assert (None, kind) == (found["value"], found.get("error"))


@pytest.mark.parametrize(
    ("words", "type_", "byte", "encoding", "cure"),
    [
        ("0603 4142 4358 5858", "string[4]", "big", "ascii", "s7string[4]"),
        ("0306 4241 5843 5858", "string", "little", "utf-8", "s7string[4]"),
        ("FE03 4142 4300", "string[3]", "big", "latin-1", "s7string[3]"),
        ("0503 4142 4300 0000", "string[4]", "big", "ascii", "s7string[4]"),
        ("0600 5858 5858 5858", "string[4]", "big", "ascii", "s7string[4]"),
        ("0003 0002 0041 0042 0043", "string[5]", "big", "utf-16", "s7wstring[5]"),
        ("0041 0042 0031 0032", "string[4]", "big", "ascii", "char-per-register[4]"),
        ("4100 4200 3100 0000", "string[4]", "big", "ascii", "char-per-register[4]"),
    ],
)
def test_a_plain_text_that_is_another_layout_is_refused_with_its_name(
    words: str, type_: str, byte: str, encoding: str, cure: str
) -> None:
    found = shown(words, type_, byte, encoding=encoding)
    assert (found["value"], found["error"]) == (None, "layout")
    assert str(found["message"]).endswith(f"say {cure}")


@pytest.mark.parametrize(
    "words", ["0000 0000", "4142 4300 5859 5A00", "4100", "0041 4200", "2020 4142", "0708 4142 4344"]
)
def test_a_plain_text_stays_one(words: str) -> None:
    assert "error" not in shown(words, "string")


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("s7sting[16]", "s7string[16]"),
        ("flot32", "float32"),
        ("uint_16", "uint16"),
        ("mod10k23", "mod10k32"),
        ("decade-exponent-int42", "decade-exponent-int24"),
        ("char-pre-register[4]", "char-per-register[4]"),
        ("Float32", "float32"),
    ],
)
def test_a_name_that_is_none_comes_with_the_nearest_one(wrong: str, meant: str) -> None:
    with pytest.raises(ValueError, match="no type") as caught:
        parse(wrong)
    assert f"did you mean {meant}?" in str(caught.value)
    assert TYPES in str(caught.value)


@pytest.mark.parametrize(
    "wrong",
    ["uint16:16", "uint16:7-4", "bits[7-4]", "bit[64]", "bit[3", "string[0]", "float32[0]", "mod10k16", "string*uint16",
     "uint16*10^float32", "uint16*bcd16", "float32:3", "string[2][2]", "", "radix1000", "s7string[2]x"],
)  # fmt: skip
def test_a_name_that_almost_means_something_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="no type"):
        parse(wrong)


def test_halves_are_swapped_only_where_there_are_two() -> None:
    with pytest.raises(ValueError, match="halves of 64-bit"):
        registers.make_spec("uint32", "big", "dword-little", "1", "0", (), "ascii")


# --- independent formulas


def laid(data: bytes, byte: str, word: str) -> list[int]:
    """Bytes, highest first, as a device of that order sends them: by the letters of the bytes, not by our own way."""
    words = [data[at : at + 2] for at in range(0, len(data), 2)]
    if word == "little":
        words = words[::-1]
    if word == "dword-little":
        words = words[2:] + words[:2]
    return [int.from_bytes(one, "big" if byte == "big" else "little") for one in words]


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from(ORDERS), st.sampled_from((*ORDERS, "dword-little")))
def test_every_64_bit_number_comes_back_through_all_six_orders(number: int, byte: str, word: str) -> None:
    words = laid(number.to_bytes(8, "big", signed=True), byte, word)
    assert Decimal(number) == decode(words, registers.make_spec("int64", byte, word, "1", "0", (), "ascii")).number


@given(st.integers(-127, 127), st.integers(-(2**23), 2**23 - 1), st.sampled_from(ORDERS))
def test_every_decade_exponent_comes_back_or_is_refused_as_too_large(exponent: int, number: int, word: str) -> None:
    data = struct.pack(">b", exponent) + (number & 0xFFFFFF).to_bytes(3, "big")
    found = registers_answer(
        laid(data, "big", word), registers.make_spec("decade-exponent-int24", "big", word, "1", "0", (), "ascii")
    )
    if abs(exponent) > 18:
        assert found["error"] == "exponent"
    else:
        assert Decimal(number).scaleb(exponent) == Decimal(str(found["text"]))


@given(st.sampled_from([("mod10k", 10_000), ("radix1000-", 1_000)]), st.sampled_from([2, 3, 4]), st.data())
def test_every_number_in_a_large_base_comes_back(named: tuple[str, int], count: int, data: st.DataObject) -> None:
    name, base = named
    number = data.draw(st.integers(-(base**count) + 1, base**count - 1))
    digits, rest = [], abs(number)
    for _ in range(count):
        rest, digit = divmod(rest, base)
        digits.append(digit if number >= 0 else -digit & 0xFFFF)
    spec = registers.make_spec(f"{name}{16 * count}-signed", "big", "little", "1", "0", (), "ascii")
    assert decode(digits, spec).number == number


@given(st.integers(0, 2**32 - 1), st.integers(0, 31), st.integers(0, 31), st.sampled_from(ORDERS))
def test_every_range_of_bits_is_the_number_in_them(number: int, one: int, other: int, word: str) -> None:
    first, last = sorted((one, other))
    binary = f"{number:032b}"[::-1]
    wanted = sum(2**place for place, bit in enumerate(binary[first : last + 1]) if bit == "1")
    spec = registers.make_spec(f"uint32:{first}-{last}", "big", word, "1", "0", (), "ascii")
    assert decode(laid(number.to_bytes(4, "big"), "big", word), spec).number == wanted


text_chars = st.text(st.characters(codec="latin-1", exclude_characters="\0"), max_size=20)


@given(text_chars, st.integers(0, 12), st.binary(min_size=0, max_size=40), st.sampled_from(ORDERS))
def test_every_s7_string_is_its_text_whatever_stands_behind(text: str, room: int, old: bytes, byte: str) -> None:
    most = len(text) + room
    body = text.encode("latin-1") + (old + bytes(most))[:room]
    data = bytes((most, len(text))) + body
    data += b"\0" * (len(data) % 2)
    words = laid(data, byte, "big")
    spec = registers.make_spec(f"s7string[{len(words)}]", byte, "big", "1", "0", (), "latin-1")
    assert decode(words, spec).text == text.rstrip(" ")
    if most in (2 * len(words) - 2, 254) and most > 0 and not (len(text) >= 32 and text.endswith(" ")):
        with pytest.raises(BadRegisters, match="s7string"):
            decode(words, registers.make_spec(f"string[{len(words)}]", byte, "big", "1", "0", (), "latin-1"))


@given(st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"], exclude_characters="\0"), max_size=20))
def test_every_wide_s7_string_is_its_text(text: str) -> None:
    words = [30, len(text), *(ord(one) for one in text), *[0x58] * 4]
    spec = registers.make_spec(f"s7wstring[{len(words)}]", "big", "big", "1", "0", (), "ascii")
    assert decode(words, spec).text == text.rstrip(" ")


EVERY_TYPE = [
    "int8", "uint8", "int16", "uint16", "int32", "uint48", "int64", "float16", "float32", "float64", "bcd16", "bcd64",
    "mod10k32", "mod10k48-signed", "radix1000-64", "decade-exponent-uint24", "decade-exponent-int24",
    "decade-exponent-uint14", "bitfield", "bitfield32", "bool", "bit[3]", "uint32:4-20", "uint16:15",
    "int32*10^-uint16", "int16*10^int16", "float64*float32", "uint64/uint16", "float32/float32", "bcd32*10^int16",
    "mod10k32*uint16", "string", "string[3]", "s7string[3]", "s7string", "s7wstring[4]", "s7wstring",
    "length8-string[3]", "length16-string[3]", "length32-string[4]", "length32-string", "char-per-register[4]",
    "float32[2]", "uint16[4]",
    "decade-exponent-int24[2]", "uint16:3[4]", "bits[4]",
]  # fmt: skip
ENCODINGS = [
    "ascii", "utf-8", "utf-16", "utf-16-le", "utf-32", "shift_jis", "gbk", "latin-1", "cp437", "big5", "hz",
    "iso2022_jp",
]  # fmt: skip


@given(
    st.lists(st.integers(0, 0xFFFF), max_size=9),
    st.sampled_from(EVERY_TYPE),
    st.sampled_from(ORDERS),
    st.sampled_from((*ORDERS, "dword-little")),
    st.sampled_from(ENCODINGS),
    st.sampled_from(["1", "0.001", "-1000000"]),
    st.sampled_from([(), ("0x8000",), ("-1", "65535")]),
)
def test_fuzz_any_registers_of_any_type_give_a_value_or_a_reason(
    words: list[int], type_: str, byte: str, word: str, encoding: str, scale: str, sentinel: tuple[str, ...]
) -> None:
    """Never an exception, never a float that is none; what comes out is JSON, in every order side by side too."""
    if word == "dword-little" and not any(width in type_ for width in ("int64", "float64", "bcd64", "1000-64")):
        word = "big"
    spec = registers.make_spec(type_, byte, word, scale, "0", sentinel, encoding)
    FRAMES.add()
    found = registers_answer(words, spec, 1)
    assert "error" not in found or (found["value"] is None and found["message"])
    json.dumps([found, registers.all_orders_answer(words, spec)], allow_nan=False)


@given(st.text(max_size=30))
def test_fuzz_any_text_is_a_type_or_is_refused(name: str) -> None:
    said = ""
    try:
        parse(name)
    except ValueError as error:
        said = str(error)
    assert said == "" or said.startswith(f"{name!r} is no type")


def test_what_is_larger_than_any_number_of_json_is_an_error() -> None:
    huge = "7FEF FFFF FFFF FFFF 7F7F FFFF"
    assert shown(huge, "float64*float32")["error"] == "range"
    assert shown("7FEF FFFF FFFF FFFF", "float64", scale="100")["error"] == "range"


class TestCommand:
    def run(self, *words: str) -> dict[str, object]:
        done = CliRunner().invoke(app, ["registers", *words])
        assert done.exit_code == 0, done.output
        found = json.loads(done.stdout)
        assert isinstance(found, dict)
        return found

    def test_all_orders_of_64_bits_are_six_and_denormals_are_marked(self) -> None:
        ways = self.run("--type", "float64", "--all-orders", "0", "0", "0x40DA", "0x7CE0")
        assert len(ways) == 6
        found = ways["byte big, word dword-little"]
        assert found == {"value": 27123.5, "text": "27123.5"}
        other = ways["byte big, word big"]
        assert isinstance(other, dict)
        assert "denormal" in other["suspicious"]

    def test_a_denormal_of_32_bits_is_marked_and_zero_is_none(self) -> None:
        ways = self.run("--type", "float32", "--all-orders", "0", "0x4178")
        doubted = [way for way, found in ways.items() if isinstance(found, dict) and "suspicious" in found]
        assert doubted == ["byte big, word big", "byte little, word big"]
        ways = self.run("--type", "float32", "--all-orders", "0", "0")
        assert all(isinstance(found, dict) and "suspicious" not in found for found in ways.values())

    def test_a_bit_is_a_number_and_a_result(self) -> None:
        assert self.run("--type", "uint16", "--bit", "3", "--ok", "1", "8") == {"value": 1, "text": "1", "result": "ok"}
        assert self.run("--type", "uint32", "--bits", "4-7", "--ok", "2", "0", "0x30")["result"] == "nok"

    @pytest.mark.parametrize(
        "words", [("--type", "float32", "--bit", "3", "1"), ("--type", "uint16", "--bit", "x", "1")]
    )
    def test_bits_of_what_has_none_are_a_usage_error(self, words: tuple[str, ...]) -> None:
        assert CliRunner().invoke(app, ["registers", *words]).exit_code == 2
