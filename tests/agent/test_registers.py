"""What registers mean: a table of real and derived values, and what never becomes a number."""

from __future__ import annotations

import json
import math
import struct
from decimal import Decimal

import pytest
from fuzz_count import FRAMES
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from gaugetrail_agent.cli import app
from gaugetrail_agent.drivers.modbus import registers
from gaugetrail_agent.drivers.modbus.registers import BadRegisters, ValueSpec, decode, registers_answer

BIG, LITTLE = "big", "little"


def spec(
    type_: str, byte: str = BIG, word: str = BIG, scale: str = "1", offset: str = "0", **more: object
) -> ValueSpec:
    sentinel = more.get("sentinel", ())
    assert isinstance(sentinel, tuple)
    return registers.make_spec(type_, byte, word, scale, offset, sentinel, str(more.get("encoding", "ascii")))


def value(words: str, *how: str, **more: object) -> object:
    """The answer's value for registers written as a manual prints them: `46D3 E700`."""
    return registers_answer([int(word, 16) for word in words.split()], spec(*how, **more))["value"]


NUMBERS = [
    # registers, (type, byte order, word order, scale, offset), value
    ("69F3", ("uint16",), 27123),
    ("960D", ("int16",), -27123),
    ("FFB0", ("int16",), -80),
    ("FFFB", ("int16",), -5),
    ("0D69", ("int16", LITTLE), 0x690D),
    ("01EA 810E", ("uint32",), 32145678),
    ("810E 01EA", ("uint32", BIG, LITTLE), 32145678),
    ("3412 7856", ("uint32", LITTLE, BIG), 0x12345678),
    ("7856 3412", ("uint32", LITTLE, LITTLE), 0x12345678),
    ("FE15 7EF2", ("int32",), -32145678),
    ("EEDD EF0B 8216 7EEB", ("int64",), -1234567890123456789),
    ("7EEB 8216 EF0B EEDD", ("int64", BIG, LITTLE), -1234567890123456789),
    ("8115 7DE9 10F4 1122", ("uint64", BIG, LITTLE), 1234567890123456789),
    ("FFFF FFFF FFFF FFFF", ("uint64",), 18446744073709551615),
    ("46D3 E700", ("float32",), 27123.5),
    ("E700 46D3", ("float32", BIG, LITTLE), 27123.5),
    ("D346 00E7", ("float32", LITTLE, BIG), 27123.5),
    ("00E7 D346", ("float32", LITTLE, LITTLE), 27123.5),
    ("436E 3333", ("float32",), 238.2),
    ("40DA 7CE0 0000 0000", ("float64",), 27123.5),
    ("2D11 5444 21FB C009", ("float64", BIG, LITTLE), -3.14159265358979),
    ("3E00", ("float16",), 1.5),
    ("1234", ("bcd16",), 1234),
    ("5678 1234", ("bcd32", BIG, LITTLE), 12345678),
    ("0012 3456 7890 1234", ("bcd64",), 12345678901234),
    ("00AA", ("uint8",), 170),
    ("00AA", ("int8",), -86),
    ("0111", ("uint16", BIG, BIG, "0.1"), 27.3),
    ("00C8", ("int16", BIG, BIG, "0.5", "-40"), 60),
]


@pytest.mark.parametrize(("words", "how", "wanted"), NUMBERS, ids=lambda item: str(item))
def test_a_number_reads_as_its_maker_means_it(words: str, how: tuple[str, ...], wanted: float) -> None:
    assert wanted == value(words, *how)


def test_scenario_32_negative_numbers_all_orders_and_specials() -> None:
    """Minus five stays minus five; each order gives the number; NaN and the infinities are flagged and never 0."""
    assert value("FFFB", "int16") == -5
    for special, words in (("nan", "7FC0 0000"), ("nan", "FFC0 0000"), ("+inf", "7F80 0000"), ("-inf", "FF80 0000")):
        for byte in (BIG, LITTLE):
            for word in (BIG, LITTLE):
                wire = _wire([int(w, 16) for w in words.split()], byte, word)
                shown = registers_answer(wire, spec("float32", byte, word))
                assert (shown["value"], shown["special"]) == (None, special)
                assert "text" not in shown


def _wire(words: list[int], byte: str, word: str) -> list[int]:
    """Big-endian words as a device of that order sends them."""
    ordered = words if word == BIG else words[::-1]
    return ordered if byte == BIG else [(one >> 8) | (one & 0xFF) << 8 for one in ordered]


def test_special_doubles_are_no_value_either() -> None:
    for special in ("nan", "+inf", "-inf"):
        words = list(struct.unpack(">4H", struct.pack(">d", float(special))))
        assert {"value": None, "special": special} == registers_answer(words, spec("float64"))


@pytest.mark.parametrize(
    ("words", "type_", "sentinel"),
    [
        ("8000", "int16", "0x8000"),
        ("8000", "int16", "-32768"),
        ("8000", "int16", "32768"),
        ("FFFF", "uint16", "65535"),
        ("FFFF", "bcd16", "0xFFFF"),
        ("FFC0 0000", "float32", "0xFFC00000"),
        ("C61C 3F9A", "float32", "-9999.9"),
        ("7F7F FFFF", "float32", "3.4028235e38"),
        ("7FFF FFFF", "int32", "0x7FFFFFFF"),
    ],
)
def test_a_declared_sentinel_is_no_value_before_any_scale(words: str, type_: str, sentinel: str) -> None:
    shown = registers_answer(
        [int(word, 16) for word in words.split()], spec(type_, scale="0.1", offset="5", sentinel=(sentinel,))
    )
    assert shown == {"value": None, "special": "sentinel"}


def test_a_sentinel_is_compared_with_the_raw_number_not_the_scaled_one() -> None:
    assert value("000A", "uint16", scale="0.1", sentinel=("1",)) == 1
    assert value("000A", "uint16", scale="0.1", sentinel=("10",)) is None


def test_scaling_is_exact_and_keeps_the_resolution() -> None:
    """273 x 0.1 is 27.3, not 27.300000000000001; 270 x 0.10 keeps two digits; a counter keeps all nineteen."""
    assert registers_answer([273], spec("uint16", scale="0.1"))["text"] == "27.3"
    assert registers_answer([270], spec("uint16", scale="0.10"))["text"] == "27.00"
    big = [0x1122, 0x10F4, 0x7DE9, 0x8115]
    assert registers_answer(big, spec("uint64", scale="0.001"))["text"] == "1234567890123456.789"


def test_scenario_33_a_small_number_keeps_its_digits() -> None:
    """0.00012345 is that text, not 1.2345e-04 and not 0.0001234500057995319."""
    words = list(struct.unpack(">2H", struct.pack(">f", 0.00012345)))
    assert registers_answer(words, spec("float32"))["text"] == "0.00012345"
    assert registers_answer([12345], spec("uint16", scale="0.00000001"))["text"] == "0.00012345"


def test_a_zero_has_no_minus() -> None:
    assert registers_answer([0x8000, 0], spec("float32"))["text"] == "0"
    assert registers_answer([0x8000, 0, 0, 0], spec("float64"))["text"] == "0.0"


@pytest.mark.parametrize(
    ("words", "how", "more", "wanted"),
    [
        ("3037 2D30 352D 3230 3230", ("string",), {}, "07-05-2020"),
        ("3730 302D 2D35 3032 3032", ("string", LITTLE), {}, "07-05-2020"),
        ("3037 2D30 352D 3230 3230", ("string", BIG, LITTLE), {}, "07-05-2020"),
        ("4142 4300 5859 5A00", ("string",), {}, "ABC"),
        ("4142 2020", ("string",), {}, "AB"),
        ("0000 4142", ("string",), {}, ""),
        ("4F4B 0A31", ("string",), {}, "OK\n1"),
        ("6162 6364 C387", ("string",), {"encoding": "utf-8"}, "abcdÇ"),
        ("61C7", ("string",), {"encoding": "latin-1"}, "aÇ"),
        ("61C7", ("string",), {"encoding": "iso-8859-1"}, "aÇ"),
        ("0041 00C7 0000 0058", ("string",), {"encoding": "utf-16"}, "AÇ"),
        ("4142 4344", ("string[2]",), {}, "ABCD"),
        ("3030 3031 3233 3435", ("string",), {}, "00012345"),
        ("3145 3500", ("string",), {}, "1E5"),
    ],
)
def test_text_reads_to_its_first_nul(words: str, how: tuple[str, ...], more: dict[str, str], wanted: str) -> None:
    """What stands behind a NUL is left over from a longer text before; numbers in text stay text (scenario 31)."""
    assert wanted == value(words, *how, **more)


def test_bits_count_from_the_lowest() -> None:
    bits = value("0005", "bitfield")
    assert isinstance(bits, dict)
    assert [str(bit) for bit in range(16)] == list(bits)
    assert [bit for bit, on in bits.items() if on] == ["0", "2"]
    wide = value("0001 8000", "bitfield32", BIG, LITTLE)
    assert isinstance(wide, dict)
    assert [bit for bit, on in wide.items() if on] == ["0", "31"]
    assert wide == value("0001 8000", "bitfield", BIG, LITTLE)
    assert value("0100", "bool") == {"0": True}


def test_an_array_is_a_list_in_the_order_of_the_registers() -> None:
    assert value("0001 FFFF 7FFF", "int16[3]") == [1, -1, 32767]
    assert value("E700 46D3 0000 4040", "float32[2]", BIG, LITTLE) == [27123.5, 3]
    assert value("0001 8000 0003", "int16[3]", sentinel=("0x8000",)) == [1, None, 3]


@pytest.mark.parametrize(
    ("words", "type_", "kind"),
    [
        ("0007 0009", "int16", "length"),
        ("0007", "int32", "length"),
        ("0007 0008 0009", "float32", "length"),
        ("0007", "float32[2]", "length"),
        ("0007", "string[2]", "length"),
        ("12A4", "bcd16", "bcd"),
        ("4180 FF00", "string", "encoding"),
    ],
)
def test_what_is_no_value_of_its_type_is_an_error_and_no_number(words: str, type_: str, kind: str) -> None:
    shown = registers_answer([int(word, 16) for word in words.split()], spec(type_))
    assert (None, kind) == (shown["value"], shown["error"])


@pytest.mark.parametrize("word", [-1, 0x10000])
def test_a_register_is_sixteen_bits(word: int) -> None:
    assert registers_answer([word], spec("uint16"))["error"] == "range"


@pytest.mark.parametrize(
    "wrong",
    [
        {"type_": "uint17"},
        {"type_": "float32[0]"},
        {"type_": "uint16", "byte": "middle"},
        {"type_": "uint16", "word": "ABCD"},
        {"type_": "uint16", "scale": "a tenth"},
        {"type_": "uint16", "offset": "NaN"},
        {"type_": "string", "encoding": "klingon"},
        {"type_": "string", "encoding": "rot13"},
    ],
)
def test_settings_that_cannot_be_say_what_is_allowed(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"known: |big or little|decimal number|finite|not known"):
        spec(**wrong)


@given(
    st.sampled_from(["int16", "uint16", "int32", "uint32", "int64", "uint64"]),
    st.sampled_from([BIG, LITTLE]),
    st.sampled_from([BIG, LITTLE]),
    st.data(),
)
def test_every_integer_comes_back_through_both_switches(type_: str, byte: str, word: str, data: st.DataObject) -> None:
    width = int(type_.lstrip("uint"))
    low = 0 if type_[0] == "u" else -(2 ** (width - 1))
    number = data.draw(st.integers(low, low + 2**width - 1))
    raw = number.to_bytes(width // 8, "big", signed=low < 0)
    words = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]
    assert Decimal(number) == decode(_wire(words, byte, word), spec(type_, byte, word)).number


@given(st.floats(width=32), st.sampled_from([BIG, LITTLE]), st.sampled_from([BIG, LITTLE]))
def test_every_float_comes_back_with_the_fewest_digits(number: float, byte: str, word: str) -> None:
    words = list(struct.unpack(">2H", struct.pack(">f", number)))
    found = decode(_wire(words, byte, word), spec("float32", byte, word)).number
    assert (found is None) == (math.isnan(number) or math.isinf(number))
    if found is not None:
        assert struct.pack(">f", float(found)) == struct.pack(">f", number) or found == 0 == number


TYPES = [
    "int16", "uint32", "int64", "float16", "float32", "float64", "bcd16", "bcd32", "bitfield", "bitfield32", "bool",
    "string", "string[3]", "float32[2]", "uint16[4]", "int8",
]  # fmt: skip


@given(
    st.lists(st.integers(0, 0xFFFF), max_size=8),
    st.sampled_from(TYPES),
    st.sampled_from([BIG, LITTLE]),
    st.sampled_from([BIG, LITTLE]),
    st.sampled_from(["ascii", "utf-8", "utf-16", "shift_jis", "gbk", "latin-1"]),
)
def test_any_bytes_in_registers_give_a_value_or_a_reason(
    words: list[int], type_: str, byte: str, word: str, encoding: str
) -> None:
    FRAMES.add()
    kind = None
    try:
        decode(words, spec(type_, byte, word, encoding=encoding))
    except BadRegisters as error:
        kind = error.kind
    assert kind in {None, "length", "bcd", "encoding", "layout"}


class TestCommand:
    def run(self, *words: str) -> dict[str, object]:
        done = CliRunner().invoke(app, ["registers", *words])
        assert done.exit_code == 0, done.output
        shown = json.loads(done.stdout)
        assert isinstance(shown, dict)
        return shown

    def test_prints_the_value_and_its_exact_text(self) -> None:
        assert self.run("--type", "uint16", "--scale", "0.1", "0x0111") == {"value": 27.3, "text": "27.3"}

    def test_prints_null_for_nan_and_sentinels_and_says_which(self) -> None:
        assert self.run("--type", "float32", "0x7FC0", "0") == {"value": None, "special": "nan"}
        shown = self.run("--type", "int16", "--sentinel", "0x8000", "32768")
        assert shown == {"value": None, "special": "sentinel"}

    def test_prints_an_error_where_there_is_no_value(self) -> None:
        assert self.run("--type", "bcd16", "0x12A4")["error"] == "bcd"

    def test_shows_the_four_ways_side_by_side(self) -> None:
        """Plausible numbers come out of two wrong orders: only the device's display tells which is right."""
        shown = self.run("--type", "float32", "--all-orders", "0x436C", "0xC28F")
        assert list(shown) == [f"byte {byte}, word {word}" for byte in (BIG, LITTLE) for word in (BIG, LITTLE)]
        values = [way["value"] for way in shown.values() if isinstance(way, dict)]
        assert values[0] == pytest.approx(236.76, abs=0.001)
        assert values[1] == pytest.approx(-71.6, abs=0.1)

    @pytest.mark.parametrize("words", [("--type", "uint17", "1"), ("--type", "uint16", "0xZZ"), ("--type", "uint16")])
    def test_a_wrong_question_is_a_usage_error(self, words: tuple[str, ...]) -> None:
        assert CliRunner().invoke(app, ["registers", *words]).exit_code == 2
